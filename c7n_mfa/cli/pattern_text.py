# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Findings about patterns, for a person: the verdict, then why, then what to write instead."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from c7n_mfa.cli.pattern_result import Difference, Findings
from c7n_mfa.cli.terminal import indented, section, unbroken
from c7n_mfa.pattern import MISSING, Clause, Pattern
from c7n_mfa.proof import Comparison, Dependency, Spot
from c7n_mfa.proof.classes import path_of, value_at, with_field

_STYLES = {"covers": "green", "misses": "bold red", "unknown": "yellow", "invalid": "bold red"}
_IDENTIFYING_FIELDS = (
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
_ANSWERS = {True: "matches", False: "does not match", None: "depends on undocumented behaviour"}


def findings(result: Findings) -> RenderableType:
    """The verdict, the blind spots with one event each, the noise, and the canonical pattern."""
    parts: list[RenderableType] = [_headline(result)]
    if result.error:
        return Group(*parts, "", Text(str(result.error)))
    assert result.coverage is not None
    parts += _spots("Nobody is notified when", result.coverage.blind_spots, result.patterns)
    parts += _spots("Possible, and nobody would be notified when", result.coverage.advice)
    parts += _spots("Noise: it also fires when", result.coverage.noise)
    parts += _depends_on(result.coverage.depends_on)
    if result.verdict != "covers" or result.too_broad:
        canonical = unbroken(result.requirement.canonical_for(result.strict))
        parts += section(f"A pattern that covers {result.requirement.name}", [canonical])
    return Group(*parts)


def _headline(result: Findings) -> Text:
    one = len(result.texts) == 1
    what = "The pattern" if one else f"The {len(result.texts)} patterns together"
    catch = "catches" if one else "catch"
    rest = {
        "covers": f"{what} {catch} {result.requirement.sentence}.",
        "misses": f"{what} {'lets' if one else 'let'} sign-ins through that have to be caught.",
        "unknown": f"Whether {what.lower()} {catch} what must be caught is open.",
        "invalid": "AWS would refuse this pattern.",
    }[result.verdict]
    if result.verdict == "invalid":
        return Text.assemble(("INVALID.", _STYLES["invalid"]), f" {rest}")
    if result.too_broad:
        return _too_broad(result, rest)
    return Text.assemble(
        (result.verdict.upper(), _STYLES[result.verdict]), f" {result.requirement.name}. {rest}"
    )


def _too_broad(result: Findings, rest: str) -> Text:
    """What is too broad comes first: whoever reads no further must not take it for covered."""
    word = {"covers": "COVERS, BUT", "unknown": "UNKNOWN, AND"}.get(result.verdict, "MISSES, AND")
    one = len(result.texts) == 1
    fires, means = (
        ("it also fires", "its alarm means") if one else ("they also fire", "alarms mean")
    )
    when = f"{fires} when {result.too_broad[0].sentence}, so {means} nothing"
    return Text.assemble(
        (f"{word} TOO BROAD", "bold red"), f": {when}. {result.requirement.name}: {rest}"
    )


def _spots(
    title: str, spots: Sequence[Spot], patterns: Sequence[Pattern] = ()
) -> list[RenderableType]:
    """A sentence each; with the patterns, also the reason and the example event."""
    lines: list[RenderableType] = []
    for spot in spots:
        lines.append(indented(spot.sentence))
        if patterns:
            example = json.dumps(_essence(spot.event, patterns))
            lines += [
                indented(f"because {spot.because}", by=4),
                indented(f"for example {example}", "dim", by=4),
            ]
    return section(title, lines)


def _depends_on(dependencies: Sequence[Dependency]) -> list[RenderableType]:
    lines = [indented(f"{dependency.name}: {dependency.sentence}") for dependency in dependencies]
    return section("The answer depends on", lines)


def _essence(event: Mapping[str, Any], patterns: Sequence[Pattern]) -> dict[str, Any]:
    """The part of an event that says what it is and that the patterns look at.

    The whole event is in the JSON form.
    """
    tested = (path_of(selector) for pattern in patterns for selector in pattern.selectors())
    small: dict[str, Any] = {}
    for path in sorted(filter(None, {*_IDENTIFYING_FIELDS, *tested})):
        value = value_at(event, path)
        if value is not MISSING and not isinstance(value, dict):
            small = with_field(small, path, value)
    return small


def explanation(pattern: Pattern, event: Mapping[str, Any]) -> RenderableType:
    """Whether one event matches one pattern, and each condition on its own."""
    answer = pattern.match(event)
    parts: list[RenderableType] = [Text(f"The event {_ANSWERS[answer]}.", style="bold")]
    parts += [Text(f"  {_clause(clause)}") for clause in pattern.explain(dict(event))]
    parts += [Text(f"  open: {behaviour}") for behaviour in pattern.explain_unknown(dict(event))]
    return Group(*parts)


def _clause(clause: Clause) -> str:
    mark, word = {True: ("✓", "true"), False: ("✗", "false"), None: ("?", "open")}[clause.holds]
    if clause.value is MISSING:
        return f"{mark} {clause.atom}: {word}, the field is absent"
    if clause.atom.selector.has_wildcard:
        return f"{mark} {clause.atom}: {word}"
    return f"{mark} {clause.atom}: {word}, the field is {json.dumps(clause.value)}"


def change(comparison: Comparison, new: Findings) -> RenderableType:
    """What a change of patterns loses and gains, what must be caught apart from what is noise."""
    required = {family.name for family in new.requirement.must_catch}
    lost, less_noise = _parted(comparison.lost, required)
    gained, more_noise = _parted(comparison.gained, required)
    # What is possible and not observed decides no more here than it does in the verdict.
    decisive = [spot for spot in lost if new.strict or spot.grade == "observed"]
    possible = [spot for spot in lost if spot not in decisive]
    parts: list[RenderableType] = [_relation(comparison, decisive, possible)]
    parts += _spots("Lost, and must be caught: no longer caught when", decisive, new.patterns)
    parts += _spots("Lost (possible): no longer caught when", possible, new.patterns)
    parts += _spots("Gained, and must be caught: now also caught when", gained)
    parts += _spots("More noise: now also caught when", more_noise)
    parts += _spots("Less noise: no longer caught when", less_noise)
    parts += _depends_on(comparison.depends_on)
    return Group(*parts)


def _relation(comparison: Comparison, decisive: Sequence[Spot], possible: Sequence[Spot]) -> Text:
    style = _RELATION_STYLES[comparison.relation]
    rest = _RELATIONS[comparison.relation]
    if possible and not decisive:
        style = "yellow"
        rest += " Of what must be caught it loses only what is possible and not observed."
    return Text.assemble((f"{comparison.relation.upper()}.", style), f" {rest}")


def _parted(spots: Sequence[Spot], families: set[str]) -> tuple[list[Spot], list[Spot]]:
    return (
        [spot for spot in spots if spot.family in families],
        [spot for spot in spots if spot.family not in families],
    )


def live(compared: int, differences: Sequence[Difference]) -> RenderableType:
    """What AWS answered, where c7n-mfa answers otherwise."""
    bugs = [difference for difference in differences if difference.is_bug]
    parts: list[RenderableType] = [
        "",
        Text(f"AWS was asked {compared} times and differs in {len(bugs)}.", style="bold"),
    ]
    for bug in bugs:
        answers = f"{_ANSWERS[bug.actual]}, c7n-mfa that it {_ANSWERS[bug.predicted]}"
        parts += [
            Text(f"  AWS says that it {answers}"),
            Text(f"    {json.dumps(bug.event)}", style="dim"),
            Text("    This is a bug of c7n-mfa: please report the pattern and this event."),
        ]
    settled = len(differences) - len(bugs)
    if settled:
        parts.append(Text(f"  AWS settles {settled} answers that no document does."))
    return Group(*parts)
