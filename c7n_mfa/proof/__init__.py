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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from c7n_mfa.families import Family, Grade
from c7n_mfa.pattern import Pattern
from c7n_mfa.proof.blame import because
from c7n_mfa.proof.search import FALSE, TRUE, UNKNOWN, Question, TooLarge
from c7n_mfa.requirements import Requirement

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


@dataclass(frozen=True, slots=True)
class Dependency:
    """Undocumented behaviour, or a limit of this proof, that an answer hangs on."""

    name: str
    sentence: str

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What patterns catch, together, of a requirement.

    ``blind_spots`` decide the verdict; ``advice`` are blind spots of the conceivable grade, which
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

    @property
    def drowned(self) -> tuple[Spot, ...]:
        """Noise of every day: sign-ins with MFA by password, and calls that are no sign-ins."""
        return tuple(spot for spot in self.noise if spot.family in DROWNING)


# Federated sign-ins and failures are noise too, but an alarm on them still tells of single-factor
# sign-ins; the CIS benchmark's own text fires on them.
DROWNING = frozenset({"iam-user-mfa", "root-mfa", "api-call", "check-mfa", "switch-role"})


def assess(patterns: Sequence[Pattern], requirement: Requirement, strict: bool = False) -> Coverage:
    """What the patterns catch, together, of the requirement.

    With ``strict`` the conceivable sign-ins decide too.  No pattern at all catches nothing.
    """
    blind: list[Spot] = []
    open_ends: list[tuple[Family, Dependency]] = []
    caught: list[str] = []
    for family in requirement.must_catch:
        miss = _first_miss(patterns, family)
        if miss is None:
            caught.append(family.name)
        elif isinstance(miss, Spot):
            blind.append(miss)
        else:
            open_ends += [(family, dependency) for dependency in miss]
    decisive = [spot for spot in blind if strict or spot.grade == "observed"]
    hanging = [d for family, d in open_ends if strict or family.grade == "observed"]
    return Coverage(
        requirement=requirement.name,
        verdict="misses" if decisive else "unknown" if hanging else "covers",
        blind_spots=tuple(decisive),
        advice=tuple(spot for spot in blind if spot not in decisive),
        noise=tuple(_noise(patterns, requirement)),
        depends_on=tuple(dict.fromkeys(hanging)),
        caught=tuple(caught),
    )


def may_catch(pattern: Pattern, requirement: Requirement) -> bool:
    """Is there any sign-in of the requirement that the pattern matches, or might match?"""
    return any(
        _find((pattern,), family, TRUE) is not None
        or _find((pattern,), family, UNKNOWN) is not None
        for family in requirement.must_catch
    )


def _first_miss(
    patterns: Sequence[Pattern], family: Family
) -> Spot | tuple[Dependency, ...] | None:
    """A sign-in of the family that no pattern matches; what the answer hangs on; or nothing."""
    missed = _find(patterns, family, FALSE)
    if isinstance(missed, TooLarge):
        return (Dependency("too-large", missed.sentence),)
    if missed is not None:
        reasons = dict.fromkeys(because(pattern, missed) for pattern in patterns)
        why = "; ".join(reasons) or "there is no metric filter"
        return Spot(family.name, family.grade, family.sentence, missed, why)
    doubtful = _find(patterns, family, UNKNOWN)
    if doubtful is None:
        return None
    if isinstance(doubtful, TooLarge):
        return (Dependency("too-large", doubtful.sentence),)
    return tuple(_dependencies(patterns, doubtful))


def _dependencies(patterns: Sequence[Pattern], event: Mapping[str, Any]) -> Iterator[Dependency]:
    found = False
    for pattern in patterns:
        for behaviour in pattern.explain_unknown(event):
            found = True
            yield Dependency(behaviour.name, behaviour.sentence)
    if not found:
        yield Dependency(
            "beyond-the-proof",
            "the values that a wildcard selector or a regular expression may meet were not split",
        )


def _noise(patterns: Iterable[Pattern], requirement: Requirement) -> Iterator[Spot]:
    patterns = tuple(patterns)
    for family in requirement.must_leave:
        caught = _find(patterns, family, TRUE)
        if caught is not None and not isinstance(caught, TooLarge):
            why = "the pattern matches it"
            yield Spot(family.name, family.grade, family.sentence, caught, why)


def _find(
    patterns: Sequence[Pattern], family: Family, wanted: int
) -> Mapping[str, Any] | TooLarge | None:
    """An event of the family on which the patterns, joined by "or", answer ``wanted``."""
    try:
        return Question(patterns, family).find(wanted)
    except TooLarge as error:
        return error
