# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a person should do next, in order.  Pure.

An IAM user can be contained by a policy.  Nobody else can: root is above all policies, the roles of
Identity Center cannot be edited, and the session of a role is no session of a user.  What to do
about those is written down here once, for the dossier and for the alert.

Commands are in code spans; nothing else in a line has a backtick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.text import command, named, one_line, shorten
from c7n_mfa.aws.times import format_time
from c7n_mfa.containment.documents import revoke_older, text_of
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.activity import OAUTH
from c7n_mfa.investigation.dossier import Credentials, DangerousCall, Facts, Kind, Reach
from c7n_mfa.investigation.records import Who
from c7n_mfa.signin.criteria import role_name
from c7n_mfa.signin.record import OUR_NAMES, SignIn

ROLE_POLICY = "AWSRevokeOlderSessions"
"""The name that the IAM console gives to the policy with which it revokes a role's sessions."""

STOPS = (
    "denies everything, in open sessions and with access keys too; detach-user-policy revives both"
)
"""What `deny_all` does."""

_STOP = "If not, stop the user with AWSDenyAll"
LOOK_AGAIN = (
    "Investigate again in a quarter of an hour, since CloudTrail delivers calls some minutes late, "
    "by the ID of the event: `c7n-mfa investigate EVENT`"
)

_DELETE_ROOT = "arn:{partition}:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"
_MOST_CALLS = 5
_LONGEST_NAME = 120
_LONGEST_COMMAND = 1000

Call = Mapping[str, Any]


@frozen
class Step:
    """A sentence, and the call that does it, as boto3 names it."""

    sentence: str
    call: Call | None = None


@frozen
class Uncontainable:
    """Somebody whom no policy on an IAM user contains: why, and what to do if it was not them."""

    why: str
    steps: tuple[Step, ...]

    def lines(self, now: datetime) -> Iterator[str]:
        """The steps, each with its command; the shell puts in the time at which it is pasted."""
        for step in self.steps:
            if step.call:
                yield f"{step.sentence.removesuffix('.')}: {_code(command(step.call, now))}"
            else:
                yield step.sentence


def uncontainable(sign_in: SignIn, now: datetime) -> Uncontainable | None:
    """What to do about whoever signed in; None for an IAM user, who can be contained."""
    kind = (sign_in.identity.type or "").lower()
    if kind == "iamuser":
        return None
    if kind == "root":
        return _root(sign_in)
    if sign_in.path == "identity-center":
        return _IDENTITY_CENTER
    role = role_name(sign_in)
    if role:
        return _role(role, now)
    return _FEDERATED if kind == "federateduser" else _UNKNOWN


def _root(sign_in: SignIn) -> Uncontainable:
    partition = Arn.parse(sign_in.identity.arn or "").partition or "aws"
    call = {
        "service": "sts",
        "operation": "assume_root",
        "parameters": {
            "TargetPrincipal": sign_in.identity.account or "<account>",
            "TaskPolicyArn": {"arn": _DELETE_ROOT.format(partition=partition)},
        },
    }
    return Uncontainable(
        "No policy in an account restricts its root user.",
        (
            Step(
                "If not, recover root: sign in as root, with its mailbox if need be, and change "
                "its password and e-mail address. No API call ends an open session of root."
            ),
            Step(
                "As root, delete every access key and MFA device that is not the owner's, and "
                "enrol MFA."
            ),
            Step(
                "In a member account, a service control policy that denies * where "
                "aws:PrincipalArn is like arn:*:iam::*:root stops root at once."
            ),
            Step("Then, in the management account, delete root's password and access keys.", call),
        ),
    )


_IDENTITY_CENTER = Uncontainable(
    "Roles of IAM Identity Center cannot be edited in IAM.",
    (
        Step(
            "If not, disable the user in IAM Identity Center and delete the user's active sessions."
        ),
        Step(
            "Open console sessions last as long as the permission set allows: end them with a deny "
            "on aws:TokenIssueTime in the permission set or in a service control policy."
        ),
        Step("In IAM Identity Center, require MFA at every sign-in."),
    ),
)


def _role(role: str, now: datetime) -> Uncontainable:
    call = {
        "service": "iam",
        "operation": "put_role_policy",
        "parameters": {
            "RoleName": role,
            "PolicyName": ROLE_POLICY,
            "PolicyDocument": text_of(revoke_older(now)),
        },
    }
    return Uncontainable(
        f"No policy on an IAM user affects a session of the role {_name(role)}.",
        (
            Step(
                "If not, revoke the role's sessions; everybody else in the role has to sign in "
                "again too.",
                call,
            ),
            Step(
                "At the identity provider, or at the broker that hands out sessions, sign the "
                "person out and require MFA."
            ),
        ),
    )


_FEDERATED = Uncontainable(
    "A federated user has no policies of its own: the session has at most the permissions of the "
    "IAM user whose access key created it.",
    (
        Step(
            "If not, contain the IAM user that created the federated session: find it by the "
            "GetFederationToken event before the sign-in; revoke-sessions on it stops the session."
        ),
        Step("Deactivate the access key that created the session; it can create another."),
    ),
)
_UNKNOWN = Uncontainable(
    "The record names nobody to whom a policy could be attached.",
    (
        Step(
            "If not, look the event up in CloudTrail by its eventID, and follow its access keys "
            "from there."
        ),
    ),
)


def deny_all(name: str, arn: str | None) -> str:
    """Stops an IAM user at once, without a document to write: AWS's own policy that denies.

    >>> deny_all("alice", "arn:aws-cn:iam::123456789012:user/alice")[27:]
    '--user-name alice --policy-arn arn:aws-cn:iam::aws:policy/AWSDenyAll'
    """
    partition = Arn.parse(arn or "").partition or "aws"
    policy = f"arn:{partition}:iam::aws:policy/AWSDenyAll"
    parameters = {"UserName": name, "PolicyArn": policy}
    return command({"service": "iam", "operation": "attach_user_policy", "parameters": parameters})


def advice_for(sign_in: SignIn, who: Who, moment: datetime, facts: Facts) -> tuple[str, ...]:
    """The next steps after an investigation, the most urgent first."""
    if sign_in.outcome == "failure":
        return ("Nobody came in. Ask the owner whether they tried.",)
    return (
        _ask(sign_in, who, facts),
        *_contain(sign_in, who, moment),
        *_undo(facts.dangerous),
        *_follow(sign_in, facts.reach),
        *_second_factor(sign_in, who.kind, facts.credentials, moment),
        LOOK_AGAIN,
    )


def without_looking_again(advice: Iterable[str]) -> tuple[str, ...]:
    """The advice of a dossier to which nobody has to come back."""
    return tuple(line for line in advice if line != LOOK_AGAIN)


def advice_when_contained(advice: Sequence[str], sign_in: SignIn) -> Iterator[str]:
    """The same next steps once the user is contained: who is stopped need not be stopped."""
    for line in advice:
        if line.startswith(_STOP):
            yield from _contained(sign_in)
        else:
            yield line


def advice_without_investigation(sign_in: SignIn, contained: bool, now: datetime) -> Iterator[str]:
    """The next steps where nothing has been looked up."""
    other = uncontainable(sign_in, now)
    name = _name(sign_in.identity.name)
    asked = f"the owner of {name}" if other else name
    yield f"Ask {asked} whether this was them, by a way outside AWS."
    if sign_in.outcome == "failure":
        return
    if other:
        yield from other.lines(now)
    elif contained:
        yield from _contained(sign_in)
        yield "Look at what the session did (CloudTrail, by user name)."
    else:
        typed = _code(deny_all(_user(sign_in), sign_in.identity.arn))
        yield "If it was, have them enrol MFA."
        yield f"{_STOP} ({STOPS}), and look at what the session did: {typed}"


def _contained(sign_in: SignIn) -> Iterator[str]:
    typed = _code(deny_all(_user(sign_in), sign_in.identity.arn))
    yield "If it was, let them enrol MFA with an administrator's help, and release the user."
    yield (
        "If not, leave the user contained. Access keys may still work, and so may an MFA device "
        f"enrolled since the sign-in; this stops them too ({STOPS}): {typed}"
    )


def _user(sign_in: SignIn) -> str:
    """The name as IAM knows it, for a command."""
    return one_line(sign_in.identity.user_name or sign_in.identity.name)


def _ask(sign_in: SignIn, who: Who, facts: Facts) -> str:
    name = "the owner of the account" if who.kind == "root" else _name(sign_in.identity.name)
    question = f"Ask {name} whether this was them, by a way outside AWS"
    if facts.owner and facts.owner.contacts:
        contacts = ", ".join(f"{_name(key)} {_name(value)}" for key, value in facts.owner.contacts)
        return f"{question}: {contacts}."
    return f"{question}; no contact was found."


def _contain(sign_in: SignIn, who: Who, moment: datetime) -> Iterator[str]:
    other = uncontainable(sign_in, moment)
    if other:
        yield from other.lines(moment)
    elif who.user:
        typed = _code(deny_all(who.user, sign_in.identity.arn))
        yield f"{_STOP} ({STOPS}): {typed}"


def _undo(dangerous: Sequence[DangerousCall]) -> Iterator[str]:
    since = [call for call in dangerous if call.since and call.done]
    for call in since[:_MOST_CALLS]:
        target = f" ({_name(call.target)})" if call.target else ""
        what = f"{_name(call.name)}{target} at {format_time(call.at)}"
        yield f"Check, and undo: {what}, which {call.why}."
    if len(since) > _MOST_CALLS:
        yield f"Check {len(since) - _MOST_CALLS} more dangerous calls, listed in the dossier."


def _follow(sign_in: SignIn, reach: Reach | None) -> Iterator[str]:
    if reach is None:
        return
    if reach.roles:
        listed = ", ".join(map(_name, reach.roles))
        yield f"Revoke the sessions of {listed} too: what is denied to the user is not to a role."
    tokens = reach.tokens or ()
    if not OAUTH.isdisjoint(tokens):
        yield from _end_oauth_sessions(sign_in)
    others = [token for token in tokens if token not in OAUTH]
    if others:
        listed = ", ".join(map(_name, others))
        yield f"Expect other sessions that are still open: {listed} was called."
    if reach.accounts:
        yield f"Look into the accounts {', '.join(map(_name, reach.accounts))} as well."


def _end_oauth_sessions(sign_in: SignIn) -> Iterator[str]:
    """The sessions of `aws login`; these operations are newer than the boto3 that custodian has.

    Only users and roles own sessions by name; the form with a star takes all of the account.
    """
    arn = Arn.parse(sign_in.identity.arn or "")
    owner = f"arn:{arn.partition or 'aws'}:iam::{sign_in.identity.account or '<account>'}:*"
    if (sign_in.identity.type or "").lower() == "iamuser" and sign_in.identity.arn:
        owner = sign_in.identity.arn
    listing = _signin("list_sessions", principalArn=owner)
    revoking = _signin("batch_revoke_sessions", principalArn=owner, sessionArns=["<session-arn>"])
    yield (
        "Expect credentials of aws login, which refresh themselves for up to 12 hours; list its "
        f"sessions, with an AWS CLI that has the command: {_code(command(listing))}"
    )
    yield (
        "Revoke those that began with the sign-in or later, up to five at once; what they have "
        "works up to an hour more, unless a policy denies aws:SignInSessionArn: "
        f"{_code(command(revoking))}"
    )


def _signin(operation: str, **parameters: Any) -> Call:
    return {"service": "signin", "operation": operation, "parameters": parameters}


def _second_factor(
    sign_in: SignIn, kind: Kind, credentials: Credentials | None, moment: datetime
) -> Iterator[str]:
    if sign_in.path in ("saml", "identity-center", "web-identity"):
        yield "Whether MFA was asked for only the identity provider knows: read its log."
    elif sign_in.path == "broker" and sign_in.factor == "unknown":
        yield "Whether MFA was asked for before only the broker knows: read its log."
    elif (
        kind == "root"
        or credentials is None
        or credentials.mfa is None
        or sign_in.is_single_factor is False
    ):
        return
    elif not credentials.mfa:
        yield "Have the owner enrol MFA: nobody else can, though a policy can force it."
    elif all(device.enrolled and device.enrolled > moment for device in credentials.mfa):
        yield "Have the owner confirm that the MFA device enrolled since is theirs; else remove it."
    elif sign_in.is_single_factor:
        yield (
            "AWS asks every user with an MFA device for it, and this record says it did not: look "
            "for DeactivateMFADevice and EnableMFADevice around the sign-in."
        )


def _name(text: str) -> str:
    return text if OUR_NAMES.fullmatch(text) else named(text, _LONGEST_NAME)


def _code(text: str) -> str:
    return f"`{shorten(one_line(text.replace('`', ' ')), _LONGEST_COMMAND)}`"
