# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""CloudTrail records as LookupEvents returns them: whose they are, and what they say of the time
before a sign-in.  Pure.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.times import parse_time
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import EarlierSignIns, Kind, Origin, Place, Related, Seen
from c7n_mfa.signin.parts import at
from c7n_mfa.signin.record import HIDDEN, SignIn, text

Actor = Literal["own", "session", "other"]

_IAM_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
# CloudTrail is of 2013; a record that claims to be older does not know what time it is.
_OLDEST = datetime(2013, 1, 1, tzinfo=UTC)

DAY = timedelta(hours=24)
RELATED = timedelta(hours=48)
# What happened in the day before is under investigation itself, and nothing to compare with.
UNDER_SUSPICION = DAY

_BURST = 3
_BURST_WITHIN = timedelta(minutes=15)
# Fewer sign-ins than these say nothing about somebody's hours.
_ENOUGH_DAYS = 5
_USUAL_NETWORKS = 3
_VERSIONS = re.compile(r"[\d._]+")

_Places = Callable[[str], Place | None]
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@frozen
class Who:
    """Whom AWS is queried about.

    `user` and `role` are names that IAM knows.  `lookup` is what LookupEvents takes for Username:
    the user's name, ``root``, or the name of the session of a role.
    """

    kind: Kind
    arn: str | None = None
    account: str | None = None
    user: str | None = None
    role: str | None = None
    lookup: str | None = None

    @property
    def partition(self) -> str:
        return Arn.parse(self.arn or "").partition or "aws"


@frozen
class Record:
    """One record; `raw` is the whole of it, for what only some records have."""

    id: str
    at: datetime
    service: str
    name: str
    region: str | None
    address: str | None
    agent: str | None
    error: str | None
    raw: Mapping[str, Any]
    resources: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The ARN of who made the call, or what comes nearest to one."""
        identity = "userIdentity"
        return (
            text(at(self.raw, identity, "arn")) or text(at(self.raw, identity, "type")) or "unknown"
        )

    @property
    def in_console(self) -> bool:
        """Was it made with a console session, by a person?"""
        from_console = at(self.raw, "sessionCredentialFromConsole")
        return self.name == "ConsoleLogin" or str(from_console).lower() == "true"


def who_signed_in(record: Mapping[str, Any], sign_in: SignIn) -> Who:
    """The identity behind a sign-in, as far as AWS can be queried about it."""
    account, arn = sign_in.identity.account, sign_in.identity.arn
    issuer = at(record, "userIdentity", "sessionContext", "sessionIssuer")
    match (sign_in.identity.type or "").lower():
        case "root":
            return Who("root", arn, account, lookup="root")
        case "iamuser":
            name = _iam_name(sign_in.identity.user_name)
            if name:
                return Who("user", arn, account, user=name, lookup=name)
        case "assumedrole":
            _, role, session = [*(arn or "").split("/", 2), "", ""][:3]
            role_name = _iam_name(text(at(issuer, "userName")) or role)
            if role_name:
                known = text(at(issuer, "arn")) or arn
                return Who("role", known, account, role=role_name, lookup=session or None)
        case "federateduser":
            parent = at(issuer, "userName") if at(issuer, "type") == "IAMUser" else None
            session = (arn or "").partition("/")[2]
            return Who(
                "federated",
                text(at(issuer, "arn")) if parent else arn,
                account,
                user=_iam_name(text(parent)),
                lookup=session or None,
            )
    return Who("unknown", arn, account)


def parse(event: Any) -> Record | None:
    """The record of one event of LookupEvents; None when it makes no sense."""
    try:
        raw = json.loads(at(event, "CloudTrailEvent"))
    except (ValueError, TypeError, RecursionError):
        return None
    when, name = record_time(at(raw, "eventTime")), text(at(raw, "eventName"))
    if when is None or name is None:
        return None
    return Record(
        id=text(at(raw, "eventID")) or text(at(event, "EventId")) or "",
        at=when,
        service=(text(at(raw, "eventSource")) or "unknown").partition(".")[0],
        name=name,
        region=text(at(raw, "awsRegion")),
        address=text(at(raw, "sourceIPAddress")),
        agent=text(at(raw, "userAgent")),
        error=text(at(raw, "errorCode")) or text(at(raw, "errorMessage")),
        raw=raw,
        resources=_resources(at(event, "Resources")),
    )


def actor_of(record: Record, who: Who) -> Actor:
    """Whether a record that the lookup found is the identity's own.

    LookupEvents compares names, and a name is no identity: the session of a role may be named as a
    user is.  It often is the user then, since the console names the sessions of switched roles so.
    """
    kind = (text(at(record.raw, "userIdentity", "type")) or "").lower()
    if who.kind == "root":
        return "own" if kind == "root" else "other"
    if kind == "iamuser":
        name = text(at(record.raw, "userIdentity", "userName")) or ""
        # No two users differ in case alone.
        is_own = who.user is not None and name.lower() == who.user.lower()
        return "own" if who.kind == "user" and is_own else "other"
    if kind == "assumedrole":
        _, role, session = [*record.actor.split("/", 2), "", ""][:3]
        if who.kind == "role" and (role, session) == (who.role, who.lookup):
            return "own"
        return "session" if session == who.lookup else "other"
    if kind == "federateduser":
        mine = record.actor.partition("/")[2] == who.lookup
        return ("own" if who.kind == "federated" else "session") if mine else "other"
    return "other"


def record_time(text: object) -> datetime | None:
    """The time that CloudTrail writes; None for anything else, and for one before CloudTrail."""
    time = parse_time(text)
    return time if time and time >= _OLDEST else None


def _iam_name(name: str | None) -> str | None:
    if name is None or name == HIDDEN or not _IAM_NAME.fullmatch(name):
        return None
    return name


def _resources(listed: object) -> tuple[str, ...]:
    items = listed if isinstance(listed, list) else ()
    pairs = ((text(at(item, "ResourceType")), text(at(item, "ResourceName"))) for item in items)
    return tuple(f"{kind or 'resource'} {name}" for kind, name in pairs if name)


def failed_attempts(records: Iterable[Record], moment: datetime, since: datetime) -> Related:
    """Failed sign-ins and second factors in the 48 hours before the sign-in."""
    seen = Seen.of(since, moment - RELATED)
    times = sorted(r.at for r in records if _failed(r) and moment - RELATED <= r.at <= moment)
    last_of_burst = zip(times, times[_BURST - 1 :], strict=False)
    is_burst = any(last - first <= _BURST_WITHIN for first, last in last_of_burst)
    return Related(
        failed=seen.number(len(times)),
        last_failed=times[-1] if times else None,
        burst=True if is_burst else False if seen.complete else None,
        seen=seen,
    )


def earlier_sign_ins(own: Iterable[Record], moment: datetime, seen: Seen) -> EarlierSignIns:
    """Successful sign-ins before this one, and those of them with a single factor."""
    earlier = sorted((r for r in own if r.at < moment and _succeeded(r)), key=lambda r: r.at)
    verdicts = [_sign_in(r).is_single_factor for r in earlier]
    single = [r.at for r, verdict in zip(earlier, verdicts, strict=True) if verdict]
    return EarlierSignIns(
        count=seen.number(len(earlier)),
        without_mfa=seen.number(len(single)),
        first_without_mfa=single[0] if single else None,
        last_without_mfa=single[-1] if single else None,
        seen=seen,
        unknown=seen.number(verdicts.count(None)),
    )


def judge_origin(
    sign_in: SignIn, moment: datetime, own: Iterable[Record], places: _Places, seen: Seen
) -> Origin:
    """Address, network, agent and hour of the sign-in against the identity's own history."""
    usual = [r for r in own if r.at < moment - UNDER_SUSPICION and _is_by_the_identity(r)]
    address = _address(sign_in.address)
    known = [a for r in usual if (a := _address(r.address))]
    networks = Counter(map(_network, known))
    place = places(str(address)) if address else None
    return Origin(
        compared_with=seen.number(len(usual)),
        seen=seen,
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


def _is_by_the_identity(record: Record) -> bool:
    """Anybody may fail to sign in, and may have the mail for a forgotten password sent to root."""
    return not _failed(record) and record.name != "PasswordRecoveryRequested"


def _is_new(value: object, known: Collection[object]) -> bool | None:
    """Did the value never occur?  None without the value, and without anything to compare with."""
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
    times = [r.at.astimezone(UTC) for r in usual if r.in_console]
    if len({time.date() for time in times}) < _ENOUGH_DAYS:
        return None
    hour = moment.astimezone(UTC).hour
    return not {time.hour for time in times} & {(hour - 1) % 24, hour, (hour + 1) % 24}


def _is_new_country(place: Place | None, known: Iterable[_Ip], places: _Places) -> bool | None:
    if place is None or place.country is None:
        return None
    usual = (places(str(address)) for address in dict.fromkeys(known))
    return _is_new(place.country, [p.country for p in usual if p and p.country])


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
