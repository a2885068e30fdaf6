# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The dossier in short lines, and as a page that a person reads in a minute.  Pure.

Agents, names and tags are written by others, an intruder among them: they are cut short and put
into code spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.text import unlinked
from c7n_mfa.aws.times import format_minute
from c7n_mfa.investigation.dossier import (
    LEVELS,
    Activity,
    Count,
    Credentials,
    DangerousCall,
    Dossier,
    EarlierSignIns,
    Finding,
    Gap,
    Origin,
    Owner,
    Privileges,
    Reach,
    Related,
    Seen,
)

NOT_READ = "could not be read"
_LONGEST = 120
_LONGEST_SENTENCE = 400
_DELAY = timedelta(minutes=15)
SO_FAR = ", so far: CloudTrail delivers calls 5 to 15 minutes late"
_MOST = 6
_MARKUP = re.compile(r"[\\*\[\]<>&|~]")
_MOST_DANGEROUS = 12


def headline(dossier: Dossier) -> str:
    """The verdict: how bad, who, and what happened."""
    name = dossier.sign_in.identity.name
    return f"{dossier.severity.upper()}: {_clean(name)} {_what_happened(dossier)}"


def circumstances(dossier: Dossier) -> str:
    """When, where and from where."""
    sign_in = dossier.sign_in
    when = format_minute(dossier.at) if dossier.at else "at an unknown time"
    address = quoted(sign_in.address) if sign_in.address else "an unknown address"
    agent = f", with {quoted(sign_in.user_agent)}" if sign_in.user_agent else ""
    account = _clean(sign_in.identity.account or "unknown")
    region = _clean(sign_in.region or "unknown")
    return f"{when}, account {account}, Region {region}, from {address}{agent}."


def steps(dossier: Dossier) -> tuple[str, ...]:
    """One line for each of the six steps of the investigation."""
    facts, now = dossier.facts, dossier.written
    is_early = dossier.at is None or now - dossier.at < _DELAY
    so_far = SO_FAR if is_early else ""
    return (
        f"Related alerts, 48 h: {_related(facts.related, is_early, now)}",
        f"Earlier sign-ins without MFA: {_earlier(facts.earlier, now)}",
        f"Address, browser and hour: {_origin(facts.origin, now)}",
        f"API calls: {_activity(facts.activity, so_far, now)}",
        f"Owner: {_owner(facts.owner)}",
        f"Reach: {_reach(facts.reach, so_far, now)}",
    )


def standing(dossier: Dossier) -> tuple[str, ...]:
    """What the identity is and has."""
    facts = dossier.facts
    return (
        f"Privileges: {_privileges(facts.privileges, dossier.kind)}",
        f"Credentials: {_credentials(facts.credentials)}",
    )


def not_checked(gaps: Iterable[Gap]) -> tuple[str, ...]:
    return tuple(map(_gap, gaps))


def sections(dossier: Dossier) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of what follows the headline; what is empty is left out."""
    steps_and_standing = [
        *(f"{number}. {line}" for number, line in enumerate(steps(dossier), 1)),
        *_listed(standing(dossier)),
    ]
    advice = [f"{number}. {line}" for number, line in enumerate(dossier.advice, 1)]
    found = {
        "Why": _listed(f"{r.level}: {_sentence(r.sentence)}" for r in dossier.reasons),
        "What was found": steps_and_standing,
        "Dangerous calls": _listed(dangerous_calls(dossier)),
        "What was not checked": _listed(not_checked(dossier.gaps)),
        "What to do next": advice,
    }
    yield from ((title, lines) for title, lines in found.items() if lines)


def markdown(dossier: Dossier) -> str:
    """The page: verdict, circumstances, reasons, the six steps, what is missing, what to do."""
    blocks = [f"# {headline(dossier)}", circumstances(dossier)]
    for title, lines in sections(dossier):
        blocks += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(map(_escaped, blocks)) + "\n"


def to_dict(dossier: Dossier) -> dict[str, Any]:
    """The dossier as JSON has it, with its short lines for the alert."""
    data = dossier.to_dict()
    reasons = [{**r, "sentence": _sentence(r["sentence"])} for r in data["reasons"]]
    return {
        "headline": headline(dossier),
        "summary": [circumstances(dossier), *steps(dossier), *standing(dossier)],
        **data,
        "reasons": reasons,
    }


def quoted(text: str) -> str:
    """Somebody else's text: cut short, and unable to be more than text."""
    return f"`{_clean(text)}`"


def dangerous_calls(dossier: Dossier) -> list[str]:
    """The worst of them, one a line: those since the sign-in first."""
    worst = worst_first(dossier.facts.dangerous)
    shown = [dangerous_call(call) for call in worst[:_MOST_DANGEROUS]]
    more = len(worst) - len(shown)
    return [*shown, f"{more} more, in the JSON"] if more else shown


def worst_first(calls: Iterable[DangerousCall]) -> list[DangerousCall]:
    return sorted(calls, key=lambda c: (not c.since, -LEVELS.index(c.level), not c.done))


def dangerous_call(call: DangerousCall) -> str:
    when = "" if call.since else ", before the sign-in"
    refused = "" if call.done else ", refused"
    target = f" {quoted(call.target)}" if call.target else ""
    return (
        f"{format_minute(call.at)}{when}: {call.service}:{call.name}{target}{refused}: "
        f"{call.why} ({call.technique})"
    )


def _what_happened(dossier: Dossier) -> str:
    sign_in = dossier.sign_in
    if sign_in.outcome == "failure":
        return "failed to sign in"
    if sign_in.is_single_factor:
        return "signed in without MFA"
    if sign_in.factor == "multi":
        return "signed in with MFA"
    if sign_in.path in ("saml", "identity-center", "web-identity"):
        return "signed in through an identity provider, which alone knows about MFA"
    return "may have signed in without MFA: the record does not say"


def _related(related: Related, is_early: bool, now: datetime) -> str:
    if related.findings is None:
        findings = f"findings {NOT_READ}"
    elif not related.findings:
        findings = "no findings"
    else:
        findings = _some(map(finding_line, related.findings), len(related.findings))
    seen = related.seen
    if seen is None:
        return f"{findings}; failed attempts {NOT_READ}."
    if related.failed is None:
        return f"{findings}; failed attempts unknown{_read_back(seen, now)}."
    last = f", the last {format_minute(related.last_failed)}" if related.last_failed else ""
    burst = ", in quick succession" if related.burst else ""
    so_far = ", so far" if is_early and not related.failed else ""
    attempts = f"{_least(seen.complete)}{counted(related.failed, 'failed attempt')}"
    return f"{findings}; {attempts} before{last}{burst}{so_far}{_read_back(seen, now)}."


def _read_back(seen: Seen, now: datetime) -> str:
    """How far back what stands before was seen, where that is not all."""
    if seen.complete:
        return ""
    if seen.since >= now:
        return " (not every Region answered)"
    return f" (read back to {format_minute(seen.since)})"


def _least(complete: bool) -> str:
    return "" if complete else "at least "


def finding_line(finding: Finding) -> str:
    return f"{finding.severity} {quoted(finding.title)} ({finding.region})"


def _earlier(earlier: EarlierSignIns | None, now: datetime) -> str:
    if earlier is None:
        return f"{NOT_READ}."
    seen, least = earlier.seen, _least(earlier.seen.complete)
    if earlier.count is None:
        return f"unknown{_read_back(seen, now)}."
    first, last = earlier.first_without_mfa, earlier.last_without_mfa
    times = f", first {format_minute(first)}, last {format_minute(last)}" if first and last else ""
    without = "unknown" if earlier.without_mfa is None else f"{least}{earlier.without_mfa}"
    since = _read_back(seen, now) or f" since {seen.since.date().isoformat()}"
    unsaid = f"; of {earlier.unknown} the record does not say" if earlier.unknown else ""
    return f"{without} of {least}{counted(earlier.count, 'sign-in')}{since}{times}{unsaid}."


def _origin(origin: Origin | None, now: datetime) -> str:
    if origin is None:
        return f"{NOT_READ}."
    parts = [
        f"address {_newness(origin.new_address)}",
        f"network {origin.network or 'unknown'} {_newness(origin.new_network)}",
        f"browser {_newness(origin.new_agent)}",
        f"hour {_newness(origin.unusual_hour, ('usual', 'unusual'))}",
    ]
    if origin.place:
        where = " ".join(filter(None, (origin.place.country, origin.place.network)))
        parts.append(f"country {_newness(origin.new_country)} ({_clean(where)})")
    usual = f"; usual networks {', '.join(origin.usual)}" if origin.usual else ""
    if origin.compared_with is None:
        compared = "earlier calls unknown"
    else:
        number = counted(origin.compared_with, "earlier call")
        compared = f"{_least(origin.seen.complete)}{number} compared"
    return f"{', '.join(parts)}{usual}; {compared}{_read_back(origin.seen, now)}."


def _newness(new: bool | None, words: tuple[str, str] = ("known", "new")) -> str:
    return "unknown" if new is None else words[new]


def _activity(activity: Activity | None, so_far: str, now: datetime) -> str:
    if activity is None:
        return f"{NOT_READ}."
    complete, complete_since = activity.seen.complete, activity.complete_since
    dangerous = activity.dangerous or ()
    since = len([call for call in dangerous if call.since])
    before = len(dangerous) - since
    return (
        f"{_calls(activity.since, complete_since)} since{so_far}; "
        f"{_calls(activity.before, complete)} in the 24 h before; "
        f"{_seen_number(since, complete_since)} dangerous since, "
        f"{_seen_number(before, complete)} before{_read_back(activity.seen, now)}."
    )


def _calls(counts: Sequence[Count] | None, complete: bool) -> str:
    if counts is None:
        return "unknown"
    if not counts:
        return "none"
    listed = (f"{c.service}:{c.name} {c.calls}" for c in counts)
    number = sum(c.calls for c in counts)
    return f"{_least(complete)}{number} ({_clean(_some(listed, len(counts)))})"


def _seen_number(number: int, complete: bool) -> str:
    return f"{_least(complete)}{number}" if number or complete else "unknown"


def _owner(owner: Owner | None) -> str:
    if owner is None:
        return f"{NOT_READ}."
    contacts = ", ".join(f"{_clean(key)} {quoted(value)}" for key, value in owner.contacts)
    return f"{contacts}." if contacts else "no contact in the tags."


def _reach(reach: Reach | None, so_far: str, now: datetime) -> str:
    if reach is None:
        return f"{NOT_READ}."
    parts = (
        ("roles", reach.roles),
        ("tokens", reach.tokens),
        ("keys", reach.keys),
        ("users", reach.users),
        ("other accounts", reach.accounts),
        ("touched", reach.touched),
    )
    reached = [f"{name} {_some(map(quoted, items), len(items))}" for name, items in parts if items]
    if reached:
        more = "" if reach.seen.complete else f"; perhaps more{_read_back(reach.seen, now)}"
        return f"{'; '.join(reached)}{more}."
    if not reach.seen.complete:
        return f"unknown{_read_back(reach.seen, now)}."
    return f"nothing beyond the session{so_far}."


def _privileges(privileges: Privileges | None, kind: str) -> str:
    if kind == "root":
        return "full access, as root."
    if privileges is None:
        return f"{NOT_READ}."
    words = {True: "administrator", False: "no administrator", None: "administrator or not unknown"}
    allowed = ", ".join(privileges.may or ()) or "none of the dangerous actions that were simulated"
    may = "" if privileges.may is None else f"; allowed to call {allowed}"
    return f"{words[privileges.administrator]}, {_clean(privileges.because)}{may}."


def _credentials(credentials: Credentials | None) -> str:
    if credentials is None:
        return f"{NOT_READ}."
    words = {True: "a password", False: "no password", None: f"password {NOT_READ}"}
    password = words[credentials.password]
    devices, keys = credentials.mfa, credentials.keys
    mfa = f"MFA {NOT_READ}" if devices is None else counted(len(devices), "MFA device")
    if keys is None:
        return f"{password}, {mfa}, access keys {NOT_READ}."
    listed = ", ".join(f"{k.id} {'active' if k.active else 'inactive'}" for k in keys)
    after = f" ({listed})" if listed else ""
    return f"{password}, {mfa}, {counted(len(keys), 'access key')}{after}."


def _gap(gap: Gap) -> str:
    regions = f" in {_some(gap.regions, len(gap.regions))}" if gap.regions else ""
    grant = f"; grant {gap.permission}" if gap.permission else ""
    return f"{_clean(gap.what)}{regions}: {_clean(gap.why)}{grant}"


def _escaped(text: str) -> str:
    """Markdown that shows the text as it is, with its code spans left alone."""
    parts = text.split("`")
    parts[::2] = [_MARKUP.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


def _listed(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _some(items: Iterable[str], number: int) -> str:
    """The first few of them, and how many more there are."""
    shown = [item for item, _ in zip(items, range(_MOST), strict=False)]
    more = f" and {number - _MOST} more" if number > _MOST else ""
    return ", ".join(shown) + more


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _sentence(text: str) -> str:
    return _clean(text, _LONGEST_SENTENCE)


def _clean(text: str, longest: int = _LONGEST) -> str:
    # Not only in quotations: names of services and accounts come out of records as well.
    return unlinked(text, longest)
