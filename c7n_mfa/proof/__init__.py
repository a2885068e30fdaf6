# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Do metric-filter patterns catch every sign-in of a requirement?  Decided by search, not samples.

A pattern only tests atoms over selectors.  For every selector that the patterns mention, the values
its field may take in a family are split into the classes that the atoms can tell apart
(:mod:`c7n_mfa.proof.classes`).  If no choice of classes slips through, the family is caught;
otherwise the first choice found, the one nearest to the family's witness, is the counterexample.
Every counterexample is evaluated against the patterns themselves before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from c7n_mfa.pattern import Pattern
from c7n_mfa.proof.blame import because
from c7n_mfa.proof.classes import TooLarge
from c7n_mfa.proof.families import GRADES, Family, Grade
from c7n_mfa.proof.requirements import REQUIREMENTS, Requirement
from c7n_mfa.proof.search import FALSE, TRUE, UNKNOWN, Budget, Question, ordinary
from c7n_mfa.shape import Node

Verdict = Literal["covers", "misses", "unknown"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A sign-in that is missed, or caught and should not be: its family, one event, and why."""

    family: str
    grade: Grade
    sentence: str
    event: Mapping[str, Any]
    because: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "family": self.family,
            "grade": self.grade,
            "sentence": self.sentence,
            "event": dict(self.event),
            "because": self.because,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Spot:
        """What ``to_dict`` gave; where it is not, ``ShapeError`` says so."""
        node = Node.of(data)
        return cls(
            family=node["family"].text(),
            grade=_grade(node["grade"]),
            sentence=node["sentence"].maybe_text() or "",
            event=node["event"].mapping(),
            because=node["because"].maybe_text() or "",
        )


def _grade(node: Node) -> Grade:
    """What earlier versions called conceivable is possible."""
    return "possible" if node.value == "conceivable" else node.one_of(GRADES)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Undocumented behaviour, or a limit of this proof, that an answer hangs on."""

    name: str
    sentence: str

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "sentence": self.sentence}

    @classmethod
    def from_dict(cls, data: Any) -> Dependency:
        node = Node.of(data)
        return cls(node["name"].maybe_text() or "", node["sentence"].maybe_text() or "")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What patterns catch, together, of a requirement.

    ``blind_spots`` decide the verdict; ``advice`` are blind spots of the grade *possible*, which
    decide nothing unless the judgement is strict.  ``caught`` names the families caught whole,
    ``drowned`` is the noise that makes an alarm say nothing.
    """

    requirement: str
    verdict: Verdict
    blind_spots: tuple[Spot, ...]
    advice: tuple[Spot, ...]
    noise: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]
    caught: tuple[str, ...]
    drowned: tuple[Spot, ...]


# The events of every day.  Federated sign-ins and failures are noise too, but an alarm on them
# still tells of single-factor sign-ins; the CIS benchmark's own text fires on them.  Root is rare:
# an alarm on everything that root does (CIS 3.3) tells of its sign-ins without MFA well enough.
DROWNING = frozenset({"iam-user-mfa", "api-call", "check-mfa", "switch-role"})


def assess(patterns: Sequence[Pattern], requirement: Requirement, strict: bool = False) -> Coverage:
    """What the patterns catch, together, of the requirement.

    With ``strict`` possible sign-ins decide too.  No pattern at all catches nothing.
    """
    return _assess(tuple(patterns), requirement.name, strict)


# An audit asks the same of the same few patterns again and again.
@lru_cache(maxsize=256)
def _assess(patterns: tuple[Pattern, ...], name: str, strict: bool) -> Coverage:
    requirement = REQUIREMENTS[name]
    budget = Budget()
    blind: list[Spot] = []
    open_ends: list[tuple[Family, Dependency]] = []
    caught: list[str] = []
    for family in requirement.must_catch:
        miss = _first_miss(patterns, family, budget)
        if miss is None:
            caught.append(family.name)
        elif isinstance(miss, Spot):
            blind.append(miss)
        else:
            open_ends += [(family, dependency) for dependency in miss]
    decisive = [spot for spot in blind if strict or spot.grade == "observed"]
    hanging = [d for family, d in open_ends if strict or family.grade == "observed"]
    noise = tuple(_noise(patterns, requirement, budget))
    return Coverage(
        requirement=requirement.name,
        verdict="misses" if decisive else "unknown" if hanging else "covers",
        blind_spots=tuple(decisive),
        advice=tuple(spot for spot in blind if spot not in decisive),
        noise=noise,
        depends_on=tuple(dict.fromkeys(hanging)),
        caught=tuple(caught),
        drowned=tuple(_drowned(patterns, requirement, noise)),
    )


def may_catch(pattern: Pattern, requirement: Requirement) -> bool:
    """Is there any sign-in of the requirement that the pattern matches, or might match?"""
    return may_match(pattern, requirement.must_catch)


def may_match(pattern: Pattern, families: Sequence[Family]) -> bool:
    """Is there any record of the families that the pattern matches, or might match?"""
    return any(_may_match(pattern, family) for family in families)


def _may_match(pattern: Pattern, family: Family) -> bool:
    question = Question((pattern,), family)
    try:
        return question.find(TRUE) is not None or question.find(UNKNOWN) is not None
    except TooLarge:
        return True


def _first_miss(
    patterns: Sequence[Pattern], family: Family, budget: Budget
) -> Spot | tuple[Dependency, ...] | None:
    """A sign-in of the family that no pattern matches; what the answer hangs on; or nothing."""
    question = Question(patterns, family, budget)
    try:
        missed = question.find(FALSE)
        if missed is not None:
            reasons = dict.fromkeys(because(pattern, missed) for pattern in patterns)
            why = "; ".join(reasons) or "there is no metric filter"
            return Spot(family.name, family.grade, family.sentence, missed, why)
        doubtful = question.find(UNKNOWN)
    except TooLarge as error:
        return (Dependency("too-large", error.sentence),)
    return None if doubtful is None else tuple(_dependencies(patterns, doubtful))


def _dependencies(patterns: Sequence[Pattern], event: Mapping[str, Any]) -> Iterator[Dependency]:
    found = False
    for pattern in patterns:
        for behaviour in pattern.explain_unknown(event):
            found = True
            yield Dependency(behaviour.name, behaviour.sentence)
    if not found:
        yield Dependency(
            "beyond-the-proof",
            "the values that a wildcard selector may meet were not split into classes",
        )


def _noise(patterns: Sequence[Pattern], requirement: Requirement, budget: Budget) -> Iterator[Spot]:
    for family in requirement.must_leave:
        caught = _caught(patterns, family, budget)
        if caught is not None:
            why = "the pattern matches it"
            yield Spot(family.name, family.grade, family.sentence, caught, why)


def _drowned(
    patterns: Sequence[Pattern], requirement: Requirement, noise: Sequence[Spot]
) -> Iterator[Spot]:
    """Noise of every day, and not only of one user, one Region or one rare call."""
    ordinaries = {f.name: ordinary(f) for f in requirement.must_leave if f.name in DROWNING}
    for spot in noise:
        events = ordinaries.get(spot.family, ())
        if any(pattern.match(event) is True for pattern in patterns for event in events):
            yield spot


def _caught(
    patterns: Sequence[Pattern], family: Family, budget: Budget
) -> Mapping[str, Any] | None:
    """An event of the family that some pattern certainly matches, if one was found."""
    try:
        return Question(patterns, family, budget).find(TRUE)
    except TooLarge:
        return None
