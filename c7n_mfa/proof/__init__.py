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
from functools import lru_cache
from typing import Any, Literal

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import Pattern
from c7n_mfa.proof.classes import TooLarge
from c7n_mfa.proof.everyday import everyday_calls
from c7n_mfa.proof.examples import Dependency, Spot, missed
from c7n_mfa.proof.families import FAMILIES, Account, Family
from c7n_mfa.proof.requirements import REQUIREMENTS, Requirement
from c7n_mfa.proof.search import FALSE, TRUE, UNKNOWN, Budget, Question, ordinary

__all__ = [
    "EVERYDAY",
    "Comparison",
    "Coverage",
    "Dependency",
    "Spot",
    "assess",
    "compare",
    "may_catch",
    "may_match",
]

Verdict = Literal["covers", "misses", "unknown"]


@frozen
class Coverage:
    """What patterns catch, together, of a requirement.

    ``blind_spots`` decide the verdict; ``advice`` are blind spots of the grade *possible*, which
    decide nothing unless the judgement is strict.  ``caught`` names the families caught whole,
    ``too_broad`` is the noise that makes an alarm meaningless.
    """

    requirement: str
    blind_spots: tuple[Spot, ...]
    advice: tuple[Spot, ...]
    noise: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]
    caught: tuple[str, ...]
    too_broad: tuple[Spot, ...]

    @property
    def verdict(self) -> Verdict:
        if self.blind_spots:
            return "misses"
        return "unknown" if self.depends_on else "covers"


_CALLS = "api-call"
# What happens every day.  Federated sign-ins and failures are noise too, but an alarm on them still
# reports single-factor sign-ins; the CIS benchmark's own text fires on them.  Root is rare: an
# alarm on everything that root does (CIS 3.3) reports its sign-ins without MFA well enough.
EVERYDAY = frozenset({"iam-user-mfa", _CALLS, "check-mfa", "switch-role"})


def assess(patterns: Sequence[Pattern], requirement: Requirement, strict: bool = False) -> Coverage:
    """What the patterns catch, together, of the requirement.

    With ``strict`` possible sign-ins decide too.  No pattern at all catches nothing.
    """
    return _assess(tuple(patterns), requirement.name, requirement.account, strict)


# An audit asks the same of the same few patterns again and again.
@lru_cache(maxsize=256)
def _assess(
    patterns: tuple[Pattern, ...], name: str, account: Account | None, strict: bool
) -> Coverage:
    requirement = REQUIREMENTS[name].of(account) if account else REQUIREMENTS[name]
    budget = Budget()
    blind: list[Spot] = []
    undecided: list[Dependency] = []
    caught: list[str] = []
    for family in requirement.must_catch:
        question = Question(patterns, family, budget)
        spots, dependencies = _examples(question, FALSE, patterns, "there is no metric filter")
        blind += spots
        if strict or family.grade == "observed":
            undecided += dependencies
        if not spots and not dependencies:
            caught.append(family.name)
            blind += _under_odd_names(patterns, family, budget)
    decisive = tuple(spot for spot in blind if strict or spot.grade == "observed")
    noise = tuple(_noise(patterns, requirement, budget))
    return Coverage(
        requirement=requirement.name,
        blind_spots=decisive,
        advice=tuple(spot for spot in blind if spot not in decisive),
        noise=noise,
        depends_on=tuple(dict.fromkeys(undecided)),
        caught=tuple(caught),
        too_broad=tuple(_too_broad(patterns, requirement, noise)),
    )


def _examples(
    question: Question, answer: int, missed_by: Sequence[Pattern], of_none: str
) -> tuple[list[Spot], list[Dependency]]:
    """An event with this answer, and why patterns miss it; or what the answer depends on.

    Neither is a proof that there is no such event.
    """
    try:
        event = question.find(answer)
        if event is not None:
            return [missed(question.family, event, missed_by, of_none)], []
        doubtful = question.find(UNKNOWN)
    except TooLarge as error:
        return [], [Dependency(error.name, error.sentence)]
    return [], [] if doubtful is None else _dependencies(question.all_patterns, doubtful)


def _under_odd_names(patterns: Sequence[Pattern], family: Family, budget: Budget) -> Sequence[Spot]:
    """What of a family that is caught is missed under names that nobody is known to have."""
    odd = family.with_odd_names()
    if odd is None:
        return ()
    return _examples(Question(patterns, odd, budget), FALSE, patterns, "")[0]


def _dependencies(patterns: Sequence[Pattern], event: Mapping[str, Any]) -> list[Dependency]:
    behaviours = [b for pattern in patterns for b in pattern.explain_unknown(event)]
    return [Dependency(b.name, b.sentence) for b in behaviours] or [
        Dependency(
            "beyond-the-proof",
            "the values that a wildcard selector may meet were not split into classes",
        )
    ]


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


def _noise(patterns: Sequence[Pattern], requirement: Requirement, budget: Budget) -> Iterator[Spot]:
    for family in requirement.must_leave:
        caught = _caught(patterns, family, budget)
        if caught is not None:
            yield Spot(family.name, family.grade, family.sentence, caught, _MATCHED)


_MATCHED = "the pattern matches it"


def _too_broad(
    patterns: Sequence[Pattern], requirement: Requirement, noise: Sequence[Spot]
) -> Iterator[Spot]:
    """Noise of every day, and not only of one user, one Region or one rare call."""
    ordinaries = {f.name: ordinary(f) for f in requirement.must_leave if f.name in EVERYDAY}
    families = set()
    for spot in noise:
        events = ordinaries.get(spot.family, ())
        if any(pattern.match(event) is True for pattern in patterns for event in events):
            families.add(spot.family)
            yield spot
    if _CALLS not in families:
        yield from _everyday_call(patterns, requirement.account)


def _everyday_call(patterns: Sequence[Pattern], account: Account | None) -> Iterator[Spot]:
    """The first call of every day that a pattern matches."""
    for call in everyday_calls(account):
        if any(pattern.match(call.event) is True for pattern in patterns):
            yield Spot("everyday-call", "observed", call.sentence, call.event, _MATCHED)
            return


def _caught(
    patterns: Sequence[Pattern], family: Family, budget: Budget
) -> Mapping[str, Any] | None:
    """An event of the family that some pattern certainly matches, if one was found."""
    try:
        return Question(patterns, family, budget).find(TRUE)
    except TooLarge:
        return None


# What changes in meaning when one set of patterns takes the place of another

Relation = Literal["equal", "narrower", "wider", "both", "unknown"]


@frozen
class Comparison:
    """``lost``: events that only the old patterns match; ``gained``: only the new ones.

    ``relation`` is what the new patterns are to the old ones; unknown where no difference was found
    and ``depends_on`` says why there may be one.
    """

    relation: Relation
    lost: tuple[Spot, ...]
    gained: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "relation": self.relation,
            "lost": [spot.to_dict() for spot in self.lost],
            "gained": [spot.to_dict() for spot in self.gained],
            "depends_on": [dependency.to_dict() for dependency in self.depends_on],
        }


def compare(
    old: Sequence[Pattern], new: Sequence[Pattern], account: Account | None = None
) -> Comparison:
    """What the new patterns, together, are to the old ones, together; of one account, if given.

    Decided over the families of sign-ins and of the calls beside them, like everything else here:
    patterns that differ only on records outside them are equal.
    """
    budget = Budget()
    families = [family.of(account) for family in FAMILIES] if account else FAMILIES
    lost, undecided_lost = _only_matched(old, new, families, budget)
    gained, undecided_gained = _only_matched(new, old, families, budget)
    depends_on = tuple(dict.fromkeys([*undecided_lost, *undecided_gained]))
    return Comparison(_relation(lost, gained, depends_on), lost, gained, depends_on)


def _relation(
    lost: Sequence[Spot], gained: Sequence[Spot], depends_on: Sequence[Dependency]
) -> Relation:
    if lost and gained:
        return "both"
    if depends_on:
        # A difference the other way may hide behind what is not known.
        return "unknown"
    if lost:
        return "narrower"
    return "wider" if gained else "equal"


def _only_matched(
    patterns: Sequence[Pattern],
    without: Sequence[Pattern],
    families: Sequence[Family],
    budget: Budget,
) -> tuple[tuple[Spot, ...], tuple[Dependency, ...]]:
    """For each family an event that only ``patterns`` match, and what is undecided."""
    spots: list[Spot] = []
    undecided: list[Dependency] = []
    for family in families:
        question = Question(patterns, family, budget, without=without)
        examples, dependencies = _examples(question, TRUE, without, "there is no pattern")
        spots += examples
        undecided += dependencies
    return tuple(spots), tuple(undecided)
