# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/requirements.md: what must be caught, and how each family relates to each requirement."""

from __future__ import annotations

from collections.abc import Iterator

from c7n_mfa.pattern import parse
from c7n_mfa.proof import EVERYDAY, Spot, assess
from c7n_mfa.proof.everyday import everyday_calls
from c7n_mfa.proof.families import FAMILIES, Family
from c7n_mfa.proof.requirements import DEFAULT, REQUIREMENTS, Requirement
from docs.build import text

_INTRODUCTION = """\
A requirement says which console sign-ins the metric filters of an account must catch between \
them, and which they should leave alone.
It is written in the filter-pattern language itself, so that one question decides: does every \
sign-in that matches the requirement match one of the account's patterns?
The answer is a proof over the families below, not a text comparison: see [why](why.md)."""
_FAMILIES = """\
A family is a class of CloudTrail records of one kind.
Its grade is *observed* (seen in real logs of today) or *possible* (documented as optional, or \
seen only in old records and in the fixtures of other projects).
A blind spot in an observed family breaks the chain.
A blind spot in a possible one is advice, and breaks the chain only with `strict: true`.

A missed *must catch* is a blind spot; a caught *must leave* is noise; *either* is neither.
Noise is reported and breaks nothing, except for {everyday} and the [calls that every account \
makes all day](#calls-of-every-day): an alarm on these means nothing, so the filter is too broad, \
and broken with the reason `filter-catches-everything`."""
_CALLS = """\
A filter that one of these sets off is too broad, whatever else it catches.
Rare calls are not here (`DeleteTrail`, `StopLogging`, whatever root does): an alarm that they set \
off too still means something."""


def page() -> str:
    blocks = [_INTRODUCTION, "## The requirements"]
    for requirement in REQUIREMENTS.values():
        blocks += _requirement(requirement)
    blocks += ["## Families", _FAMILIES.format(everyday=text.listing(_everyday()))]
    return text.page(
        "Requirements",
        [
            *blocks,
            _places(),
            "## Where the families come from",
            _sources(),
            "## Calls of every day",
            _CALLS,
            text.table(("Call", "Source"), [(c.sentence, c.source) for c in everyday_calls()]),
        ],
    )


def _requirement(requirement: Requirement) -> Iterator[str]:
    default = ", the default" if requirement.name == DEFAULT else ""
    yield f"### `{requirement.name}`{default}"
    sentence = requirement.sentence[0].upper() + requirement.sentence[1:]
    yield f"{sentence}.\nSource: {requirement.source}."
    yield "What must be caught:"
    yield text.code(requirement.catch)
    yield "What should be left alone:"
    yield text.code(requirement.leave)
    yield from _canonical(requirement)


def _canonical(requirement: Requirement) -> Iterator[str]:
    strict = requirement.canonical_strict
    if requirement.canonical == strict:
        yield "What repair provisions, `strict` or not:"
        yield text.code(strict)
        yield _said_of(requirement, strict, strict=True)
        return
    yield "What repair provisions:"
    yield text.code(requirement.canonical)
    yield _said_of(requirement, requirement.canonical, strict=False)
    yield "What repair provisions with `strict: true`:"
    yield text.code(strict)
    yield _said_of(requirement, strict, strict=True)


def _said_of(requirement: Requirement, pattern: str, strict: bool) -> str:
    """The proof's own verdict on the pattern."""
    coverage = assess([parse(pattern)], requirement, strict)
    lines = [
        f"Proven: it {coverage.verdict} the requirement, with {len(pattern)} of 1024 characters."
    ]
    lines += [f"Blind spots: {_names(coverage.blind_spots)}."] if coverage.blind_spots else []
    lines += [f"Advice, because it misses: {_names(coverage.advice)}."] if coverage.advice else []
    lines += [f"Noise: {_names(coverage.noise)}."] if coverage.noise else ["Noise: none."]
    return "\n".join(lines)


def _names(spots: tuple[Spot, ...]) -> str:
    return text.listing(spot.family for spot in spots)


def _everyday() -> list[str]:
    return [family.name for family in FAMILIES if family.name in EVERYDAY]


def _places() -> str:
    names = [f"`{name}`" for name in REQUIREMENTS]
    rows = [
        (f"`{family.name}`", family.grade, *(place(family, r) for r in REQUIREMENTS.values()))
        for family in FAMILIES
    ]
    return text.table(("Family", "Grade", *names), rows)


def place(family: Family, requirement: Requirement) -> str:
    """Whether the requirement asks for the family's sign-ins."""
    if family in requirement.must_catch:
        return "**must catch**"
    return "must leave" if family in requirement.must_leave else "either"


def _sources() -> str:
    rows = [(f"`{f.name}`", f.sentence, f.kind, f.source) for f in FAMILIES]
    return text.table(("Family", "A record of it says that", "Kind", "Source"), rows)
