# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What an identity's own records say of the time before a sign-in.  Pure."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta

from c7n_mfa.investigation.dossier import EarlierSignIns, Origin, Place, Related
from c7n_mfa.investigation.records import Record
from c7n_mfa.signin.record import SignIn, at, text

RELATED = timedelta(hours=48)
# What happened in the day before is under investigation itself, and nothing to compare with.
UNDER_SUSPICION = timedelta(hours=24)

_BURST = 3
_BURST_WITHIN = timedelta(minutes=15)
# Fewer sign-ins than these say nothing about somebody's hours.
_ENOUGH_DAYS = 5
_USUAL_NETWORKS = 3
_VERSIONS = re.compile(r"[\d._]+")

_Places = Callable[[str], Place | None]
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def failed_attempts(records: Iterable[Record], moment: datetime) -> Related:
    """Failed sign-ins and second factors in the 48 hours before the sign-in."""
    times = sorted(r.at for r in records if _failed(r) and moment - RELATED <= r.at <= moment)
    last_of_burst = zip(times, times[_BURST - 1 :], strict=False)
    return Related(
        failed=len(times),
        last_failed=times[-1] if times else None,
        burst=any(last - first <= _BURST_WITHIN for first, last in last_of_burst),
    )


def earlier_sign_ins(own: Iterable[Record], moment: datetime, since: datetime) -> EarlierSignIns:
    """Successful sign-ins before this one, and those of them with a single factor."""
    seen = sorted((r for r in own if r.at < moment and _succeeded(r)), key=lambda r: r.at)
    single = [r.at for r in seen if _sign_in(r).is_single_factor]
    return EarlierSignIns(
        count=len(seen),
        without_mfa=len(single),
        first_without_mfa=single[0] if single else None,
        last_without_mfa=single[-1] if single else None,
        since=since,
    )


def judge_origin(
    sign_in: SignIn, moment: datetime, own: Iterable[Record], places: _Places
) -> Origin:
    """Address, network, agent and hour of the sign-in against the identity's own history."""
    usual = [r for r in own if r.at < moment - UNDER_SUSPICION and not _failed(r)]
    address = _address(sign_in.address)
    known = [a for r in usual if (a := _address(r.address))]
    networks = Counter(map(_network, known))
    place = places(str(address)) if address else None
    return Origin(
        compared_with=len(usual),
        new_address=_is_new(address, known),
        network=_network(address) if address else None,
        new_network=_is_new(_network(address) if address else None, networks),
        usual=tuple(network for network, _ in networks.most_common(_USUAL_NETWORKS)),
        new_agent=_is_new(_agent(sign_in.user_agent), _agents(usual)),
        hour=moment.astimezone(UTC).hour,
        unusual_hour=_is_unusual_hour(moment, usual),
        place=place,
        new_country=_is_new_country(place, known, places),
    )


def _is_new(value: object, known: Collection[object]) -> bool | None:
    """Was the value never seen?  None without the value, and without anything to compare with."""
    return None if value is None or not known else value not in known


def _address(value: str | None) -> _Ip | None:
    # AWS writes the name of a service, or "AWS Internal", for calls that it makes on its own.
    try:
        return ipaddress.ip_address(value or "")
    except ValueError:
        return None


def _network(address: _Ip) -> str:
    """The /24 or /48 that an address is in: about what one provider hands to one place."""
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False))


def _agent(value: str | None) -> str | None:
    """A user agent without its versions: browsers change them every month."""
    return _VERSIONS.sub("", value) if value else None


def _agents(usual: Iterable[Record]) -> list[str]:
    """Those of sign-ins: other calls come from tools and from the consoles' own servers."""
    return [a for r in usual if r.name == "ConsoleLogin" and (a := _agent(r.agent))]


def _is_unusual_hour(moment: datetime, usual: Iterable[Record]) -> bool | None:
    """Was the person never here at this hour of the day, UTC, nor in those next to it?"""
    here = [r.at.astimezone(UTC) for r in usual if r.in_console]
    if len({each.date() for each in here}) < _ENOUGH_DAYS:
        return None
    hour = moment.astimezone(UTC).hour
    return not {each.hour for each in here} & {(hour - 1) % 24, hour, (hour + 1) % 24}


def _is_new_country(place: Place | None, known: Iterable[_Ip], places: _Places) -> bool | None:
    if place is None or place.country is None:
        return None
    found = (places(str(address)) for address in dict.fromkeys(known))
    return _is_new(place.country, [p.country for p in found if p and p.country])


def _sign_in(record: Record) -> SignIn:
    sign_in = SignIn.from_record(record.raw)
    assert sign_in is not None
    return sign_in


def _is_sign_in(record: Record) -> bool:
    return SignIn.from_record(record.raw) is not None


def _succeeded(record: Record) -> bool:
    return _is_sign_in(record) and _sign_in(record).outcome == "success"


def _failed(record: Record) -> bool:
    if record.name == "CheckMfa":
        answer = text(at(record.raw, "responseElements", "CheckMfa")) or ""
        return answer.lower() == "failure"
    return _is_sign_in(record) and _sign_in(record).outcome == "failure"
