# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a person should do next, in order.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from c7n_mfa.aws.commands import STOPS, deny_all
from c7n_mfa.aws.times import format_time
from c7n_mfa.investigation.dossier import Credentials, DangerousCall, Facts, Kind, Reach
from c7n_mfa.investigation.records import Who
from c7n_mfa.signin.record import SignIn

_MOST_CALLS = 5


def advice_for(sign_in: SignIn, who: Who, moment: datetime, facts: Facts) -> tuple[str, ...]:
    """The next steps, the most urgent first."""
    if sign_in.outcome == "failure":
        return ("Nobody came in. Ask the owner whether they tried.",)
    return (
        _ask(sign_in, who, facts),
        *_contain(sign_in, who),
        *_undo(facts.activity.dangerous if facts.activity else ()),
        *_follow(facts.reach),
        *_second_factor(sign_in, who.kind, facts.credentials, moment),
        "Investigate again in a quarter of an hour: CloudTrail tells of calls some minutes late.",
    )


def _ask(sign_in: SignIn, who: Who, facts: Facts) -> str:
    name = "the owner of the account" if who.kind == "root" else sign_in.identity.name
    question = f"Ask {name} whether this was them, by a way that does not pass through AWS"
    if facts.owner and facts.owner.contacts:
        contacts = ", ".join(f"{key} {value}" for key, value in facts.owner.contacts)
        return f"{question}: {contacts}."
    return f"{question}; no contact was found."


def _contain(sign_in: SignIn, who: Who) -> Iterator[str]:
    kind = who.kind
    if kind == "root":
        yield (
            "If not, recover root: change its password and e-mail address, and delete its access "
            "keys. No IAM policy stops root; an organization's service control policy does, in "
            "member accounts."
        )
    elif kind == "user":
        stop = deny_all(who.user or sign_in.identity.name, sign_in.identity.arn)
        yield f"If not, stop the user: {stop} ({STOPS})."
    elif sign_in.path == "identity-center":
        yield "If not, end the session and disable the user in IAM Identity Center."
    elif kind == "role":
        yield (
            "If not, revoke the role's sessions, and close the way in at the identity provider or "
            "broker that opened it."
        )
    elif kind == "federated":
        yield "If not, contain the IAM user that opened the federated session."


def _undo(dangerous: Sequence[DangerousCall]) -> Iterator[str]:
    since = [call for call in dangerous if call.since and call.done]
    for call in since[:_MOST_CALLS]:
        target = f" ({call.target})" if call.target else ""
        what = f"{call.name}{target} at {format_time(call.at)}"
        yield f"Check, and take back: {what}, which {call.why}."
    if len(since) > _MOST_CALLS:
        yield f"Check {len(since) - _MOST_CALLS} more dangerous calls, listed in the dossier."


def _follow(reach: Reach | None) -> Iterator[str]:
    if reach is None:
        return
    if reach.roles:
        listed = ", ".join(reach.roles)
        yield f"Revoke the sessions of {listed} too: what is denied to the user is not to a role."
    if reach.tokens:
        listed = ", ".join(reach.tokens)
        yield f"Expect sessions that live on elsewhere: {listed} was called."
    if reach.accounts:
        yield f"Look into the accounts {', '.join(reach.accounts)} as well."


def _second_factor(
    sign_in: SignIn, kind: Kind, credentials: Credentials | None, moment: datetime
) -> Iterator[str]:
    if sign_in.path in ("saml", "identity-center"):
        yield "Whether MFA was asked for only the identity provider knows: read its log."
    elif kind == "root":
        yield "Enrol MFA for root."
    elif credentials is None or credentials.mfa is None or not sign_in.is_single_factor:
        return
    elif not credentials.mfa:
        yield "Have the owner enrol MFA: nobody else can, though a policy can force it."
    elif all(device.enrolled and device.enrolled > moment for device in credentials.mfa):
        yield "Have the owner confirm that the MFA device enrolled since is theirs; else remove it."
    else:
        yield (
            "AWS asks every user with an MFA device for it, and this record says it did not: look "
            "for DeactivateMFADevice and EnableMFADevice around the sign-in."
        )
