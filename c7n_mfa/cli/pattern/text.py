# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Findings about patterns, for a person: the verdict, then why, then what to write instead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from c7n_mfa.cli.pattern.findings import Findings
from c7n_mfa.cli.pattern.live import Difference
from c7n_mfa.pattern import MISSING, Pattern
from c7n_mfa.pattern.explain import Clause
from c7n_mfa.proof import Spot
from c7n_mfa.proof.classes import path_of, value_at, with_field
from c7n_mfa.proof.compare import Comparison

_STYLES = {"covers": "green", "misses": "bold red", "unknown": "yellow", "invalid": "bold red"}
_TELLING = (
    ("eventName",),
    ("userIdentity", "type"),
    ("userIdentity", "userName"),
    ("responseElements", "ConsoleLogin"),
    ("additionalEventData", "MFAUsed"),
    ("additionalEventData", "SamlProviderArn"),
    ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
    ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
)
_RELATIONS = {
    "equal": "The change is one of spelling: over the space of sign-ins nothing is lost or gained.",
    "narrower": "The new pattern catches less than the old one.",
    "wider": "The new pattern catches more than the old one.",
    "both": "The new pattern loses some of what the old one catches and catches other things.",
    "unknown": "No difference can be ruled out.",
}
_RELATION_STYLES = {
    "equal": "green",
    "narrower": "bold red",
    "wider": "yellow",
    "both": "bold red",
    "unknown": "yellow",
}
_ANSWERS = {True: "matches", False: "does not match", None: "hangs on undocumented behaviour"}


def findings(found: Findings) -> RenderableType:
    """The verdict, the blind spots with one event each, the noise, and the canonical pattern."""
    parts: list[RenderableType] = [_headline(found)]
    if found.error:
        return Group(*parts, "", Text(str(found.error)))
    assert found.coverage is not None
    parts += _spots("Nobody hears when", found.coverage.blind_spots, found.patterns)
    parts += _spots("Conceivable, and nobody would hear when", found.coverage.advice)
    parts += _spots("Noise: it also fires when", found.coverage.noise)
    if found.coverage.depends_on:
        parts += ["", Text("The answer hangs on:", style="bold")]
        parts += [Text(f"  {each.name}: {each.sentence}") for each in found.coverage.depends_on]
    if found.verdict != "covers":
        parts += ["", Text(f"A pattern that covers {found.requirement.name}:", style="bold")]
        parts += [Text(f"  {found.requirement.canonical_for(found.strict)}")]
    return Group(*parts)


def _headline(found: Findings) -> Text:
    what = "The pattern" if len(found.texts) == 1 else f"The {len(found.texts)} patterns together"
    rest = {
        "covers": f"{what} catch{_s(found)} {found.requirement.sentence}.",
        "misses": f"{what} let{_s(found, 's')} sign-ins through that have to be caught.",
        "unknown": f"Whether {what.lower()} catch{_s(found)} what must be caught is open.",
        "invalid": "AWS would refuse this pattern.",
    }[found.verdict]
    if found.verdict == "invalid":
        return Text.assemble(("INVALID.", _STYLES["invalid"]), f" {rest}")
    if found.drowned:
        return _drowned(found, rest)
    return Text.assemble(
        (found.verdict.upper(), _STYLES[found.verdict]), f" {found.requirement.name}. {rest}"
    )


def _drowned(found: Findings, rest: str) -> Text:
    """Drowning comes first: whoever reads no further must not take it for covered."""
    word = {"covers": "COVERS, BUT DROWNED", "unknown": "UNKNOWN, AND DROWNED"}
    said = word.get(found.verdict, "MISSES, AND DROWNED")
    one = len(found.texts) == 1
    fires, its = ("it also fires", "its alarm tells") if one else ("they also fire", "alarms tell")
    when = f": {fires} when {found.drowned[0].sentence}, so {its} of nothing."
    return Text.assemble((said, "bold red"), f"{when} {found.requirement.name}: {rest}")


def _s(found: Findings, ending: str = "es") -> str:
    return ending if len(found.texts) == 1 else ""


def _spots(
    title: str, spots: Sequence[Spot], patterns: Sequence[Pattern] = ()
) -> Iterator[RenderableType]:
    """A sentence each; with the patterns, also the reason and the example event."""
    if not spots:
        return
    yield ""
    yield Text(f"{title}:", style="bold")
    for spot in spots:
        yield Text(f"  {spot.sentence}")
        if patterns:
            yield Text(f"    because {spot.because}")
            yield Text(f"    for example {json.dumps(essence(spot.event, patterns))}", style="dim")


def essence(event: Mapping[str, Any], patterns: Sequence[Pattern]) -> dict[str, Any]:
    """The part of an event that says what it is and that the patterns look at.

    The whole event is in the JSON form.
    """
    wanted = {*_TELLING, *(path_of(s) for pattern in patterns for s in pattern.selectors())}
    small: dict[str, Any] = {}
    for path in sorted(filter(None, wanted)):
        value = value_at(event, path)
        if value is not MISSING and not isinstance(value, dict):
            small = with_field(small, path, value)
    return small


def explanation(pattern: Pattern, event: Mapping[str, Any]) -> RenderableType:
    """Whether one event matches one pattern, and each condition on its own."""
    answer = pattern.match(event)
    parts: list[RenderableType] = [Text(f"The event {_ANSWERS[answer]}.", style="bold")]
    parts += [Text(f"  {_clause(clause)}") for clause in pattern.explain(dict(event))]
    parts += [Text(f"  open: {each}") for each in pattern.explain_unknown(dict(event))]
    return Group(*parts)


def _clause(clause: Clause) -> str:
    mark = {True: "✓", False: "✗", None: "?"}[clause.holds]
    word = {True: "true", False: "false", None: "open"}[clause.holds]
    if clause.value is MISSING:
        return f"{mark} {clause.atom}: {word}, the field is absent"
    if clause.atom.selector.has_wildcard:
        return f"{mark} {clause.atom}: {word}"
    return f"{mark} {clause.atom}: {word}, the field is {json.dumps(clause.value)}"


def change(found: Comparison, new: Findings) -> RenderableType:
    """What a change of patterns loses and gains, what must be caught apart from what is noise."""
    wanted = {family.name for family in new.requirement.must_catch}
    lost, less_noise = _parted(found.lost, wanted)
    gained, more_noise = _parted(found.gained, wanted)
    # What is only conceivable decides no more here than it does in the verdict.
    decisive = [spot for spot in lost if new.strict or spot.grade == "observed"]
    conceivable = [spot for spot in lost if spot not in decisive]
    parts: list[RenderableType] = [_relation(found, decisive, conceivable)]
    parts += _spots("Lost, and must be caught: no longer caught when", decisive, new.patterns)
    parts += _spots("Lost (conceivable): no longer caught when", conceivable, new.patterns)
    parts += _spots("Gained, and must be caught: now also caught when", gained)
    parts += _spots("More noise: now also caught when", more_noise)
    parts += _spots("Less noise: no longer caught when", less_noise)
    if found.depends_on:
        parts += ["", Text("The answer hangs on:", style="bold")]
        parts += [Text(f"  {each.name}: {each.sentence}") for each in found.depends_on]
    return Group(*parts)


def _relation(found: Comparison, decisive: Sequence[Spot], conceivable: Sequence[Spot]) -> Text:
    style = _RELATION_STYLES[found.relation]
    rest = _RELATIONS[found.relation]
    if conceivable and not decisive:
        style = "yellow"
        rest += " Of what must be caught it loses only what is conceivable."
    return Text.assemble((f"{found.relation.upper()}.", style), f" {rest}")


def _parted(spots: Sequence[Spot], wanted: set[str]) -> tuple[list[Spot], list[Spot]]:
    return (
        [spot for spot in spots if spot.family in wanted],
        [spot for spot in spots if spot.family not in wanted],
    )


def live(compared: int, differences: Sequence[Difference]) -> RenderableType:
    """What AWS said beside what this project said."""
    bugs = [each for each in differences if each.is_bug]
    settled = [each for each in differences if not each.is_bug]
    parts: list[RenderableType] = [
        "",
        Text(f"AWS was asked {compared} times and differs in {len(bugs)}.", style="bold"),
    ]
    for each in bugs:
        parts += [
            Text(
                f"  AWS says that it {_ANSWERS[each.theirs]}, c7n-mfa that it {_ANSWERS[each.ours]}"
            ),
            Text(f"    {json.dumps(each.event)}", style="dim"),
            Text("    This is a bug of c7n-mfa: please report the pattern and this event."),
        ]
    if settled:
        parts.append(Text(f"  AWS settles {len(settled)} answers that no document does."))
    return Group(*parts)
