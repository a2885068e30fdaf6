# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The message that a person gets about a sign-in.  Pure.

The message is an e-mail in plain text: what happened, why it counts, what was found, what was done
and how to undo it, what to do next, and what was not checked.  Names and agents are
written by others, an intruder among them, and are cleaned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from c7n_mfa.alerting.ledger import IN_PLACE, outcome_of
from c7n_mfa.aws.text import command, one_line, shorten
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.advice import STOPS, Uncontainable, deny_all, uncontainable
from c7n_mfa.investigation.dossier import LEVELS, Level
from c7n_mfa.signin.criteria import identity
from c7n_mfa.signin.record import SignIn

SUBJECT_LENGTH = 100
"""The longest subject that SNS takes; it has to be ASCII."""

MESSAGE_LENGTH = 30_000
"""Far below the 256 KB that SNS takes, and far above what is read."""

_CUT = "\n\n(cut here; the rest is in the policy's output)\n"
_TEXT_LENGTH = 300
_KINDS = {
    "root": "the root user",
    "iam-user": "IAM user",
    "assumed-role": "role session",
    "federated-user": "federated user",
    "unknown": "identity of an unknown type",
}
_WAYS = {
    "password": "with a password",
    "saml": "through SAML",
    "identity-center": "through IAM Identity Center",
    "web-identity": "through a web identity provider",
    "broker": "through a federation broker",
    "unknown": "in an unknown way",
}
_FACTORS = {
    "single": "without MFA",
    "multi": "with MFA",
    "unknown": "MFA unknown (the record does not say)",
}
_OUTCOMES = {
    "success": "successful",
    "failure": "failed",
    "unknown": "outcome unknown (the record does not say)",
}


@frozen
class Sender:
    """Whose message it is, and whether the policy contains.

    ``undescribed`` says why custodian could not describe the resource, ``unrecorded`` why the
    ledger does not work.
    """

    policy: str
    region: str
    contains: bool = False
    undescribed: str | None = None
    unrecorded: str | None = None


@frozen
class Alert:
    """One message: what SNS takes, and what subscriptions can be filtered by.

    ``severity`` is `high` where nothing was investigated, so that no filter drops it; the text
    claims none then.
    """

    severity: Level
    subject: str
    message: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def alert(
    sign_in: SignIn,
    dossier: Mapping[str, Any] | None,
    receipts: Sequence[Mapping[str, Any]],
    sender: Sender,
    now: datetime,
) -> Alert:
    """The alert about one sign-in, from whatever is known of it."""
    severity = severity_of(sign_in, dossier)
    happened = f"{_what_happened(sign_in)}{_containment(receipts, sender.contains)}"
    headline = f"{clean(sign_in.identity.name)} {happened}"
    # SNS takes no attribute that is empty.
    account = clean(sign_in.identity.account or "") or "unknown"
    level = severity.upper() if _is_root(sign_in) or _dossier_level(dossier) else ""
    blocks = [
        f"{level and f'{level}: '}{headline}, account {account}",
        "\n".join(_circumstances(sign_in)),
        *_section("Why this is reported", _reasons(sign_in, dossier)),
        *_section("What was found", _summary(dossier)),
        *_section("What was done", _done(sign_in, receipts, sender, now)),
        *_section("What to do next", _numbered(_next(sign_in, dossier, receipts, now))),
        *_section("What was not checked", _not_searched(dossier, sender)),
        f"Sent by the policy {sender.policy} in {sender.region}.",
    ]
    return Alert(
        severity=severity,
        subject=_subject(f"{level and f'[{level}] '}{headline} ({account})"),
        message=_fit("\n\n".join(blocks) + "\n"),
        attributes={"severity": severity, "identity": identity(sign_in), "account": account},
    )


def severity_of(sign_in: SignIn, dossier: Mapping[str, Any] | None) -> Level:
    """That of the dossier; without one, high.  Root is critical whatever was found."""
    if _is_root(sign_in):
        return "critical"
    return _dossier_level(dossier) or "high"


def _is_root(sign_in: SignIn) -> bool:
    return identity(sign_in) == "root" and sign_in.is_single_factor is not False


def _dossier_level(dossier: Mapping[str, Any] | None) -> Level | None:
    severity = dossier.get("severity") if dossier else None
    return next((level for level in LEVELS if level == severity), None)


def clean(text: object) -> str:
    """Somebody else's text on one line, cut short.

    >>> clean("a\\nb")
    'a b'
    """
    return shorten(one_line(str(text)), _TEXT_LENGTH)


def _subject(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return plain if len(plain) <= SUBJECT_LENGTH else f"{plain[: SUBJECT_LENGTH - 3]}..."


def _fit(message: str) -> str:
    if len(message) <= MESSAGE_LENGTH:
        return message
    return message[: MESSAGE_LENGTH - len(_CUT)] + _CUT


def _what_happened(sign_in: SignIn) -> str:
    if sign_in.outcome == "failure":
        return "failed to sign in"
    if sign_in.is_single_factor:
        return "signed in without MFA"
    if sign_in.factor == "multi":
        return "signed in with MFA"
    how = " without MFA" if sign_in.factor == "single" else ", MFA unknown"
    return f"{'may have ' if sign_in.outcome == 'unknown' else ''}signed in{how}"


def _containment(receipts: Sequence[Mapping[str, Any]], contains: bool) -> str:
    """What follows "signed in without MFA" in the subject."""
    outcome = outcome_of(receipts, contains)
    if outcome:
        return ", NOT contained" if outcome == "not-contained" else ", only PARTLY contained"
    if not receipts:
        return ""
    in_place = any(receipt["result"] in IN_PLACE for receipt in receipts)
    return ", contained" if in_place else ", left alone"


def _circumstances(sign_in: SignIn) -> Iterator[str]:
    kind = _KINDS[identity(sign_in)]
    agent = f", {clean(sign_in.user_agent)}" if sign_in.user_agent else ""
    yield f"Who:    {kind}, {clean(sign_in.principal)}"
    yield f"When:   {clean(sign_in.event_time or 'unknown')}"
    yield f"From:   {clean(sign_in.address or 'an unknown address')}{agent}"
    yield f"Region: {clean(sign_in.region or 'unknown')}"
    how = _WAYS[sign_in.path], _FACTORS[sign_in.factor], _OUTCOMES[sign_in.outcome]
    yield f"How:    {', '.join(how)}"
    yield f"Event:  {clean(sign_in.event_id or 'without an id')}"


def _reasons(sign_in: SignIn, dossier: Mapping[str, Any] | None) -> Iterator[str]:
    for sentence in sign_in.sentences:
        yield f"- {sentence}"
    for reason in (dossier or {}).get("reasons", ()):
        yield f"- {reason['level']}: {clean(reason['sentence'])}"


def _summary(dossier: Mapping[str, Any] | None) -> Iterator[str]:
    """The dossier's own short lines, but for the circumstances, which stand above."""
    for line in (dossier or {}).get("summary", ())[1:]:
        yield f"- {one_line(line)}"


def _done(
    sign_in: SignIn, receipts: Sequence[Mapping[str, Any]], sender: Sender, now: datetime
) -> Iterator[str]:
    for receipt in receipts:
        error = f" ({clean(receipt['error'])})" if receipt.get("error") else ""
        result = receipt["result"].upper() if receipt["result"] == "failed" else receipt["result"]
        yield f"- {receipt['action']}: {result}. {one_line(receipt['why'])}{error}"
        for call in receipt.get("undo", ()):
            effect = f" ({one_line(call['effect'])})" if call.get("effect") else ""
            yield f"  undo{effect}: {command(call)}"
    if any(receipt["result"] in IN_PLACE for receipt in receipts):
        yield _RELEASE.format(clean(sign_in.identity.name))
    if receipts:
        return
    if sender.contains:
        yield "- FAILED: nothing was contained, and no receipt says why; see the function's log."
    elif identity(sign_in) == "iam-user":
        yield (
            f"- {_ONLY_NOTIFIES}. If signin-single-factor-contain is deployed, it contains the "
            "user and sends its own message."
        )
    else:
        other = _uncontainable(sign_in, now)
        yield f"- {_ONLY_NOTIFIES}. {other.why}" if other else f"- {_ONLY_NOTIFIES}."


_ONLY_NOTIFIES = "Nothing: this policy only notifies"
_UNINVESTIGATED = (
    "- This policy does not investigate. If signin-single-factor is deployed, its message has the "
    "results of an investigation."
)
_RELEASE = (
    "- To release the user: put {} into users: in policies/respond/signin-user-release.yml, then "
    "custodian run --cache-period 0 -s output/released policies/respond/signin-user-release.yml"
)


def _uncontainable(sign_in: SignIn, now: datetime) -> Uncontainable | None:
    return None if sign_in.outcome == "failure" else uncontainable(sign_in, now)


def _next(
    sign_in: SignIn,
    dossier: Mapping[str, Any] | None,
    receipts: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Iterator[str]:
    advice = (dossier or {}).get("advice", ())
    if advice:
        yield from map(_plain, advice)
        return
    name = clean(sign_in.identity.name)
    if identity(sign_in) != "iam-user":
        yield f"Ask the owner of {name} whether this was them, by a way outside AWS."
        other = _uncontainable(sign_in, now)
        yield from map(_plain, other.lines(now) if other else ())
        return
    yield f"Ask {name} whether this was them, by a way outside AWS."
    if any(receipt["result"] in IN_PLACE for receipt in receipts):
        yield "If it was: let them enrol MFA with an administrator's help, and release the user."
        yield (
            "If it was not: leave the user contained, and look at what the session did "
            "(CloudTrail, by user name). Access keys may still work: " + _stop(sign_in)
        )
    else:
        yield "If it was: have them enrol MFA."
        yield "If it was not: stop the user, and look at what the session did: " + _stop(sign_in)


def _plain(line: str) -> str:
    """A line of advice without the marks around its command."""
    return one_line(line.replace("`", ""))


def _stop(sign_in: SignIn) -> str:
    typed = one_line(deny_all(clean(sign_in.identity.name), sign_in.identity.arn))
    return f"{typed} ({STOPS})"


def _not_searched(dossier: Mapping[str, Any] | None, sender: Sender) -> Iterator[str]:
    if sender.undescribed:
        yield f"- The account, user or role could not be described: {clean(sender.undescribed)}"
    if sender.unrecorded:
        why = clean(sender.unrecorded)
        yield f"- This message could not be recorded as sent, and may be sent again: {why}"
    if dossier is None:
        yield _UNINVESTIGATED
        return
    for gap in dossier.get("not_searched", ()):
        regions = f" in {', '.join(gap['regions'])}" if gap.get("regions") else ""
        grant = f"; grant {gap['permission']}" if gap.get("permission") else ""
        yield f"- {clean(gap['what'])}{regions}: {clean(gap['why'])}{grant}"


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        yield f"{number}. {line}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = "\n".join(lines)
    if body:
        yield f"{title}\n{body}"
