# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The message that a person gets about a sign-in.  Pure.

The message is an e-mail in plain text: what happened, what to do next, what was done and how to
undo it, why it counts, what was found, and what was not checked.  Names and agents are written by
others, an intruder among them; they are shown as :mod:`c7n_mfa.aws.text` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from c7n_mfa.alerting.circumstances import circumstances
from c7n_mfa.alerting.ledger import outcome_of
from c7n_mfa.alerting.payload import Said, for_machines
from c7n_mfa.alerting.subject import nth, ordinal, subject_of
from c7n_mfa.alerting.values import Alert, Conversation, Report, Sender
from c7n_mfa.aws.change import IN_PLACE
from c7n_mfa.aws.text import command, named, one_line, relayed, unlinked
from c7n_mfa.investigation.advice import (
    Uncontainable,
    advice_when_contained,
    advice_without_investigation,
    uncontainable,
)
from c7n_mfa.investigation.dossier import LEVELS, Level
from c7n_mfa.investigation.page import NOT_READ, SO_FAR
from c7n_mfa.signin.criteria import identity
from c7n_mfa.signin.record import OUR_NAMES, SignIn

MESSAGE_LENGTH = 30_000
"""Far above what is read."""

_CUT = "\n\n(cut here; the rest is in the policy's output)\n"
_TEXT_LENGTH = 300
_NAME_LENGTH = 64
_TITLES = {2: "Second", 3: "Third"}
_MOST_REGIONS = 5
_SAID_BY_THE_RECORD = ("single-factor", "factor-unknown")
# The step that stands above already, as the first to take.
_OWNER = "Owner: "
# What no investigation looks at, whatever is granted: said in one line.
_STANDING = re.compile(
    r"other Regions|more than \d+ days back|data events\b.*|the last minutes"
    r"|the country and the network of the address"
)


def alert(
    sign_in: SignIn,
    dossier: Mapping[str, Any] | None,
    receipts: Sequence[Mapping[str, Any]],
    sender: Sender,
    now: datetime,
    account_name: str | None = None,
    conversation: Conversation = Conversation(),  # noqa: B008  frozen
) -> Alert:
    """The alert about one sign-in, from whatever is known of it."""
    report = Report(sign_in, dossier, receipts, sender, now, account_name, conversation)
    severity = severity_of(sign_in, dossier, receipts)
    look = _look(dossier)
    known = _is_root(sign_in) or _dossier_level(dossier) or _is_left_to_a_person(receipts)
    level = severity.upper() if known else ""
    # SNS takes no attribute that is empty.
    account = unlinked(sign_in.identity.account or "", _NAME_LENGTH) or "unknown"
    name, happened = _name(sign_in), _happened(report, look)
    title = f"{_title(look)}{name} {happened}"
    called = f" ({unlinked(account_name, _NAME_LENGTH)})" if account_name else ""
    headline = f"{level and f'{level}: '}{title}, account {account}{called}"
    steps = tuple(_next(sign_in, dossier, receipts, now))
    head = f"{level and f'[{level}] '}{_title(look)}"
    said = Said(
        subject=subject_of(head, name, happened, nth(conversation), account, account_name),
        title=title,
        text=_fit("\n\n".join(_blocks(report, severity, headline, steps)) + "\n"),
        steps=steps,
        found=tuple(_summary(dossier)),
        new=tuple(_new(look)),
        containment=_contained_how(receipts, sender.contains),
    )
    attributes = {
        "severity": severity,
        "identity": identity(sign_in),
        "account": account,
        "complete": _is_complete(dossier),
    }
    payload = for_machines(report, said, severity, attributes)
    return Alert(severity, said.subject, said.text, attributes, payload)


def _happened(report: Report, look: Mapping[str, Any] | None) -> str:
    if look:
        return f"- {look['news']['summary']}"
    contained = _containment(report.receipts, report.sender.contains)
    return f"{_what_happened(report.sign_in)}{contained}"


def _blocks(report: Report, severity: Level, headline: str, steps: Sequence[str]) -> Iterator[str]:
    """The message in its order: what to do stands above what was found."""
    sign_in, dossier, sender = report.sign_in, report.dossier, report.sender
    look = _look(dossier)
    yield headline
    yield from _again(_name(sign_in), report.conversation)
    yield "\n".join(circumstances(sign_in))
    yield from _section("What is new", _listed(_new(look)))
    yield from _section("What to do next", _numbered(steps))
    if not look:
        done = _done(sign_in, report.receipts, sender, report.now)
        yield from _section("What was done", done)
        yield from _section("Why this is reported", _reasons(sign_in, dossier))
    yield from _findings(dossier, sender, _is_known(severity, report.conversation))
    yield f"Sent by the policy {sender.policy} in {sender.region}.{_looks_again(dossier)}"


def _look(dossier: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The later look that has found something new; None for a first one."""
    look: Mapping[str, Any] = (dossier or {}).get("look", {})
    return look if look.get("news") else None


def _title(look: Mapping[str, Any] | None) -> str:
    return f"{_TITLES.get(look['number'], 'Later')} look: " if look else ""


def _new(look: Mapping[str, Any] | None) -> Iterator[str]:
    for line in look["news"]["lines"] if look else ():
        yield relayed(line, _LINE_LENGTH)


def _looks_again(dossier: Mapping[str, Any] | None) -> str:
    again = (dossier or {}).get("looks_again")
    return f" It looks again at {again}, and tells only what is new." if again else ""


def severity_of(
    sign_in: SignIn,
    dossier: Mapping[str, Any] | None,
    receipts: Iterable[Mapping[str, Any]] = (),
) -> Level:
    """That of the dossier; without one, high.  Root is critical whatever was found, and so is a
    user who is not contained because too many were.
    """
    if _is_root(sign_in) or _is_left_to_a_person(receipts):
        return "critical"
    return _dossier_level(dossier) or "high"


def _name(sign_in: SignIn) -> str:
    name = sign_in.identity.name
    return name if OUR_NAMES.fullmatch(name) else named(name, _NAME_LENGTH)


def _is_complete(dossier: Mapping[str, Any] | None) -> str:
    """Was all seen that decides over the severity?  It is high at least where not."""
    return "yes" if dossier and dossier.get("unseen") == [] else "no"


def _is_root(sign_in: SignIn) -> bool:
    return identity(sign_in) == "root" and sign_in.is_single_factor is not False


def _is_left_to_a_person(receipts: Iterable[Mapping[str, Any]]) -> bool:
    return any(receipt.get("by_hand") for receipt in receipts)


def _dossier_level(dossier: Mapping[str, Any] | None) -> Level | None:
    severity = dossier.get("severity") if dossier else None
    return next((level for level in LEVELS if level == severity), None)


def _is_known(severity: Level, conversation: Conversation) -> bool:
    """Has as much been told of the identity within the hour?"""
    told = conversation.told
    return told is not None and LEVELS.index(severity) <= LEVELS.index(told)


def _again(name: str, conversation: Conversation) -> Iterator[str]:
    if conversation.count > 1 and conversation.since:
        since = conversation.since.strftime("%H:%M UTC")
        yield (
            f"This is the {ordinal(conversation.count)} sign-in of {name} that is reported since "
            f"{since}."
        )


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
    return ", contained" if _is_contained(receipts) else ", left alone"


def _contained_how(receipts: Sequence[Mapping[str, Any]], contains: bool) -> str | None:
    """The same for a machine; None where nothing was to be contained."""
    outcome = outcome_of(receipts, contains)
    if outcome or not receipts:
        return outcome or None
    return "contained" if _is_contained(receipts) else "left-alone"


def _is_contained(receipts: Sequence[Mapping[str, Any]]) -> bool:
    return any(receipt["result"] in IN_PLACE for receipt in receipts)


def _reasons(sign_in: SignIn, dossier: Mapping[str, Any] | None) -> Iterator[str]:
    yield f"- {'; '.join(sign_in.sentences)}"
    for reason in (dossier or {}).get("reasons", ()):
        if reason.get("code") not in _SAID_BY_THE_RECORD:
            yield f"- {reason['level']}: {clean(reason['sentence'])}"


def _findings(dossier: Mapping[str, Any] | None, sender: Sender, is_known: bool) -> Iterator[str]:
    if is_known and not _look(dossier):
        yield "What was found is in the dossier; the messages before are of other sign-ins."
    elif not _look(dossier):
        yield from _section("What was found", _listed(_summary(dossier)))
    # Of this sign-in: the one before may have been looked into without a gap.
    yield from _section("What was not checked", _not_searched(dossier, sender))


def _summary(dossier: Mapping[str, Any] | None) -> Iterator[str]:
    """The dossier's own short lines, but for what stands above."""
    for line in (dossier or {}).get("summary", ())[1:]:
        # What could not be read is among what was not checked.
        if not line.startswith(_OWNER) and not line.endswith(_UNREAD):
            yield relayed(line.replace(SO_FAR, ", so far"), _LINE_LENGTH)


def _done(
    sign_in: SignIn, receipts: Sequence[Mapping[str, Any]], sender: Sender, now: datetime
) -> Iterator[str]:
    for receipt in receipts:
        error = f" ({clean(receipt['error'])})" if receipt.get("error") else ""
        result = receipt["result"].upper() if receipt["result"] == "failed" else receipt["result"]
        yield f"- {receipt['action']}: {result}. {unlinked(receipt['why'], _LINE_LENGTH)}{error}"
        for call in receipt.get("by_hand", ()):
            yield f"  by hand: {command(call)}"
        for call in receipt.get("undo", ()):
            effect = f" ({unlinked(call['effect'], _LINE_LENGTH)})" if call.get("effect") else ""
            yield f"  undo{effect}: {command(call)}"
    if _is_contained(receipts):
        # The user may have been renamed since the sign-in.
        arn = next(each["resource"] for each in receipts if each["result"] in IN_PLACE)
        yield _RELEASE.format(one_line(arn.rpartition("/")[2]))
    if receipts:
        return
    if sender.contains:
        yield "- FAILED: nothing was contained, and no receipt says why; see the function's log."
    elif identity(sign_in) == "iam-user":
        yield f"- {_ONLY_NOTIFIES}. signin-single-factor-contain, if deployed, sends its own."
    else:
        other = _uncontainable(sign_in, now)
        yield f"- {_ONLY_NOTIFIES}. {other.why}" if other else f"- {_ONLY_NOTIFIES}."


_LINE_LENGTH = 1000
_UNREAD = f": {NOT_READ}."
_ONLY_NOTIFIES = "Nothing: this policy only notifies"
_UNINVESTIGATED = (
    "- Anything: this policy does not investigate. signin-single-factor, if deployed, does."
)
_RELEASE = (
    "- To release the user: put {} into users: in policies/respond/signin-user-release.yml, then\n"
    "  custodian run --cache-period 0 -s output/released policies/respond/signin-user-release.yml"
)


def _uncontainable(sign_in: SignIn, now: datetime) -> Uncontainable | None:
    return None if sign_in.outcome == "failure" else uncontainable(sign_in, now)


def _next(
    sign_in: SignIn,
    dossier: Mapping[str, Any] | None,
    receipts: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Iterator[str]:
    contained = _is_contained(receipts)
    advice = (dossier or {}).get("advice", ())
    if advice and contained:
        advice = advice_when_contained(advice, sign_in)
    elif not advice:
        advice = advice_without_investigation(sign_in, contained, now)
    yield from map(_command_below, advice)


def _command_below(line: str) -> str:
    """A line of advice, and the command that stands in its code span on a line of its own."""
    sentence, _, typed = line.partition("`")
    below = f"\n   {one_line(typed.rstrip('`'))}" if typed else ""
    return f"{relayed(sentence, _LINE_LENGTH)}{below}"


def _not_searched(dossier: Mapping[str, Any] | None, sender: Sender) -> Iterator[str]:
    if sender.undescribed:
        yield f"- The account, user or role could not be described: {clean(sender.undescribed)}"
    if sender.unrecorded:
        why = clean(sender.unrecorded)
        yield f"- This message could not be recorded as sent, and may be sent again: {why}"
    if dossier is None:
        yield _UNINVESTIGATED
        return
    standing = []
    for gap in dossier.get("not_searched", ()):
        if _STANDING.fullmatch(gap["what"]) and not (gap.get("permission") or gap.get("regions")):
            standing.append(gap["what"])
            continue
        regions = f" in {_places(gap['regions'])}" if gap.get("regions") else ""
        grant = f"; grant {gap['permission']}" if gap.get("permission") else ""
        yield f"- {clean(gap['what'])}{regions}: {clean(gap['why'])}{grant}"
    if standing:
        yield f"- As always: {', '.join(standing)}."


def _places(regions: Sequence[str]) -> str:
    few = len(regions) <= _MOST_REGIONS
    return ", ".join(regions) if few else f"{len(regions)} Regions, {regions[0]} among them"


def clean(text: object) -> str:
    """Somebody else's text on one line, cut short, and no link.

    >>> clean("a\\nb")
    'a b'
    """
    return unlinked(text, _TEXT_LENGTH)


def _listed(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in lines)


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        yield f"{number}. {line}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = "\n".join(lines)
    if body:
        yield f"{title}\n{body}"
