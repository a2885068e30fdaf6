# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What changes in meaning when one set of patterns takes the place of another.

Decided over the space of sign-ins and of the calls beside them
(:mod:`c7n_mfa.proof.families`), like everything else here: patterns that differ only on records
outside it are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from c7n_mfa.pattern import Pattern
from c7n_mfa.proof import Dependency, Spot
from c7n_mfa.proof.blame import because
from c7n_mfa.proof.families import FAMILIES, Family
from c7n_mfa.proof.search import TRUE, UNKNOWN, Budget, Question, TooLarge

Relation = Literal["equal", "narrower", "wider", "both", "unknown"]


@dataclass(frozen=True, slots=True)
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
            "depends_on": [each.to_dict() for each in self.depends_on],
        }


def compare(old: Sequence[Pattern], new: Sequence[Pattern]) -> Comparison:
    """What the new patterns, together, are to the old ones, together."""
    budget = Budget()
    lost, open_lost = _only(old, new, budget)
    gained, open_gained = _only(new, old, budget)
    depends_on = tuple(dict.fromkeys([*open_lost, *open_gained]))
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


def _only(
    ours: Sequence[Pattern], theirs: Sequence[Pattern], budget: Budget
) -> tuple[tuple[Spot, ...], tuple[Dependency, ...]]:
    """For each family, an event that only our patterns match; and what is open."""
    spots: list[Spot] = []
    open_ends: list[Dependency] = []
    for family in FAMILIES:
        for found in _in_family(ours, theirs, family, budget):
            (spots if isinstance(found, Spot) else open_ends).append(found)  # type: ignore[arg-type]
    return tuple(spots), tuple(open_ends)


def _in_family(
    ours: Sequence[Pattern], theirs: Sequence[Pattern], family: Family, budget: Budget
) -> Iterator[Spot | Dependency]:
    question = Question(ours, family, budget, without=theirs)
    try:
        event = question.find(TRUE)
        if event is not None:
            reasons = dict.fromkeys(because(pattern, event) for pattern in theirs)
            why = "; ".join(reasons) or "there is no pattern"
            yield Spot(family.name, family.grade, family.sentence, event, why)
            return
        doubtful = question.find(UNKNOWN)
    except TooLarge as error:
        yield Dependency("too-large", error.sentence)
        return
    if doubtful is not None:
        for pattern in (*ours, *theirs):
            for behaviour in pattern.explain_unknown(doubtful):
                yield Dependency(behaviour.name, behaviour.sentence)
