# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which sign-ins a policy selects, whose they are, and what a resource carries of one.  Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.signin.parts import read_parts
from c7n_mfa.signin.record import SignIn

ACCOUNT = "c7n:account-id"
"""On a user or role that could not be described: the account in which it was looked for."""

IDENTITIES: Mapping[str, str] = {
    "root": "root",
    "iamuser": "iam-user",
    "assumedrole": "assumed-role",
    "federateduser": "federated-user",
}
"""userIdentity.type in lower case, and what the filter calls it."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Verdict = bool | str

_LONGEST_AGENT = 200


@frozen
class SigninCriteria:
    """The sign-ins that a policy selects: those that meet every condition that is not None.

    ``within`` and ``outside`` are about the address; one that is no IP address is in no network.
    """

    single_factor: frozenset[Verdict] | None = None
    requirement: str | None = None
    factors: frozenset[str] | None = None
    paths: frozenset[str] | None = None
    outcomes: frozenset[str] | None = None
    identities: frozenset[str] | None = None
    within: tuple[Network, ...] | None = None
    outside: tuple[Network, ...] | None = None

    def match(self, sign_in: SignIn, record: object) -> bool:
        return (
            (self.requirement is None or _must_catch(self.requirement, record))
            and _is_in(single_factor(sign_in), self.single_factor)
            and _is_in(sign_in.factor, self.factors)
            and _is_in(sign_in.path, self.paths)
            and _is_in(sign_in.outcome, self.outcomes)
            and _is_in(identity(sign_in), self.identities)
            and (self.within is None or is_from(sign_in.address, self.within))
            and (self.outside is None or not is_from(sign_in.address, self.outside))
        )


def _must_catch(requirement: str, record: object) -> bool:
    # Not above: requirements come with the whole language of patterns.
    from c7n_mfa.proof.requirements import REQUIREMENTS

    # Where the answer depends on undocumented behaviour, a notification is better than none.
    readable = read_parts(record)[0] if isinstance(record, dict) else record
    caught: bool | None = REQUIREMENTS[requirement].catch_pattern.match(readable)
    return caught is not False


def single_factor(sign_in: SignIn) -> Verdict:
    """The verdict as policies spell it."""
    verdict = sign_in.is_single_factor
    return "unknown" if verdict is None else verdict


def identity(sign_in: SignIn) -> str:
    """What kind of identity signed in, as policies spell it."""
    return IDENTITIES.get((sign_in.identity.type or "").lower(), "unknown")


def is_of(sign_in: SignIn, resource: Mapping[str, Any]) -> bool:
    """Is it the resource that signed in: the account, the IAM user, or the role?

    Names are unique within an account, whatever the path; of users, no two differ in case alone.
    An event on the bus may come from another account.  The alias of an account, which stands in the
    place of a user name when root signs in, may be the name of a user too.
    """
    if "UserName" in resource:
        user = (sign_in.identity.user_name or "") if identity(sign_in) == "iam-user" else ""
        is_user = bool(resource["UserName"].lower() == user.lower())
        return is_user and _is_account_of(sign_in, resource)
    if "RoleName" in resource:
        is_role = bool(resource["RoleName"] == role_name(sign_in))
        return is_role and _is_account_of(sign_in, resource)
    return True


def _is_account_of(sign_in: SignIn, resource: Mapping[str, Any]) -> bool:
    """Where either does not say, the name decides."""
    accounts = (
        _account(resource.get("Arn")) or resource.get(ACCOUNT),
        sign_in.identity.account or _account(sign_in.identity.arn),
    )
    return not all(accounts) or accounts[0] == accounts[1]


def _account(arn: str | None) -> str | None:
    return [*(arn or "").split(":", 5), "", "", "", "", ""][4] or None


def role_name(sign_in: SignIn) -> str | None:
    """The role of a session, from an ARN like `…:assumed-role/Engineer/user@example.com`."""
    kind, _, rest = (sign_in.identity.arn or "").rpartition(":")[2].partition("/")
    return rest.partition("/")[0] or None if kind == "assumed-role" else None


def annotation(sign_in: SignIn) -> dict[str, Any]:
    """What a resource carries of a sign-in: flat, and the most useful fields first.

    Security Hub keeps the first 1,024 characters of it.
    """
    return {
        "address": sign_in.address,
        "region": sign_in.region,
        "factor": sign_in.factor,
        "path": sign_in.path,
        "outcome": sign_in.outcome,
        "single_factor": single_factor(sign_in),
        "who": sign_in.identity.name,
        "identity": identity(sign_in),
        "account": sign_in.identity.account,
        "event_id": sign_in.event_id,
        "event_time": sign_in.event_time,
        "principal": sign_in.principal,
        "reasons": ", ".join(sign_in.reasons),
        "user_agent": (sign_in.user_agent or "")[:_LONGEST_AGENT] or None,
    }


def is_from(address: str | None, networks: Iterable[Network]) -> bool:
    """
    >>> is_from("192.0.2.7", networks(["192.0.2.0/24"])[0])
    True
    >>> is_from("AWS Internal", networks(["0.0.0.0/0"])[0])
    False
    """
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return any((mapped or ip) in network for network in networks)


def networks(texts: Iterable[object]) -> tuple[tuple[Network, ...], tuple[object, ...]]:
    """The networks, and what is not one; a single address is a network of one."""
    valid: list[Network] = []
    invalid: list[object] = []
    for text in texts:
        try:
            valid.append(ipaddress.ip_network(text.strip()))  # type: ignore[attr-defined]
        except (ValueError, AttributeError):
            invalid.append(text)
    return tuple(valid), tuple(invalid)


def nearest(text: object) -> str:
    """What may have been meant by a text that is not a network.

    >>> nearest("10.0.0.5/8")
    '10.0.0.0/8'
    """
    try:
        return str(ipaddress.ip_network(str(text).strip(), strict=False))
    except ValueError:
        return "192.0.2.0/24"


def _is_in(value: Verdict, allowed: frozenset[Any] | None) -> bool:
    return allowed is None or value in allowed
