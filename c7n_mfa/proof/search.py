# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Search the product of value classes for an event that patterns answer in a given way.

What is the same in every record of a family is put in first, and what is left is taken apart: an
"and" is false as soon as one of its parts is, and parts that share no field are solved each by
itself.  Only conditions on the same fields need a search over combinations of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from c7n_mfa.pattern import Pattern
from c7n_mfa.pattern.automaton import find_text
from c7n_mfa.pattern.judge import vetoing
from c7n_mfa.pattern.nodes import Atom, JsonPattern, Regex, Selector, TermPattern
from c7n_mfa.pattern.regex import automaton_of
from c7n_mfa.proof.classes import (
    Answer,
    TooLarge,
    Unrelated,
    answer_of,
    other_value,
    path_of,
    ranges_over_free_fields,
    split,
    value_at,
    with_field,
)
from c7n_mfa.proof.families import Family
from c7n_mfa.proof.names import agreeing
from c7n_mfa.proof.parts import (
    ANY,
    FALSE,
    TRUE,
    UNKNOWN,
    All,
    Doubted,
    Either,
    Not,
    Part,
    apart,
    atoms_of,
    doubted,
    evaluate,
    joined,
    negated,
    simplify,
)

__all__ = ["FALSE", "TRUE", "UNKNOWN", "Budget", "Question", "TooLarge", "ordinary"]

_BIT: Mapping[Answer, int] = {True: TRUE, False: FALSE, None: UNKNOWN}
_MOST_EVALUATIONS = 500_000

# Values for some fields; the others keep the witness's.
Choice: TypeAlias = dict[Selector, Any]
Class: TypeAlias = tuple[tuple[Answer, ...], Any]


@dataclass(slots=True)
class Budget:
    """How many answers of atoms a proof may look up before it gives up."""

    left: int = _MOST_EVALUATIONS

    def spend(self, evaluations: int) -> None:
        self.left -= evaluations
        if self.left < 0:
            raise TooLarge


class Question:
    """What can patterns, joined by "or", answer on the events of one family?

    With ``without``: on the events that none of those patterns matches.
    """

    def __init__(
        self,
        patterns: Sequence[Pattern],
        family: Family,
        budget: Budget | None = None,
        without: Sequence[Pattern] = (),
    ) -> None:
        self._patterns = patterns
        self._without = without
        self.family = family
        self.all_patterns = (*patterns, *without)
        self._budget = budget or Budget()
        texts = [p for p in self.all_patterns if not isinstance(p.node, JsonPattern)]
        # Patterns that read the record as text are tried on events that stand for all.
        self._backgrounds = _backgrounds(texts, family) if texts else [dict(family.witness)]

    def find(self, answer: int) -> Mapping[str, Any] | None:
        """The event nearest to the witness on which the answer is ``answer``; or proof of none.

        An event for ``UNKNOWN`` may be one whose answer this search could not decide.
        """
        witness = self.family.witness
        if self._answer(witness) == answer:
            return dict(witness)
        unrelated = False
        for background in self._backgrounds:
            part = self._part(background)
            choice = self._solve(part, answer)
            if choice is None:
                continue
            event = self._event(background, choice)
            if answer == UNKNOWN:
                return event
            if self._answer(event) != answer:
                continue
            agreed = next((e for e in agreeing(event) if self._answer(e) == answer), None)
            if agreed is not None:
                return agreed
            unrelated = True
        if unrelated:
            raise Unrelated
        return None

    def _answer(self, event: Mapping[str, Any]) -> int:
        """What the patterns themselves say of one event."""
        matched = joined(Either, [_BIT[pattern.match(event)] for pattern in self._patterns])
        left_out = joined(Either, [_BIT[pattern.match(event)] for pattern in self._without])
        return evaluate(joined(All, [matched, negated(left_out)]), {})

    def _part(self, background: Mapping[str, Any]) -> Part:
        matched = joined(Either, [self._pattern(p, background) for p in self._patterns])
        left_out = joined(Either, [self._pattern(p, background) for p in self._without])
        return joined(All, [matched, negated(left_out)])

    def _pattern(self, pattern: Pattern, background: Mapping[str, Any]) -> Part:
        if not isinstance(pattern.node, JsonPattern):
            return _BIT[pattern.match(background)]
        part = simplify(pattern.node.condition, self._fixed)
        return doubted(part) if self._is_doubted(pattern) else part

    def _is_doubted(self, pattern: Pattern) -> bool:
        """May AWS refuse the pattern, or an object that a comparison meets spoil its match?"""
        if pattern.doubts:
            return True
        assert isinstance(pattern.node, JsonPattern)
        paths = (path_of(selector) for selector in vetoing(pattern.node.condition))
        met = (value_at(self.family.witness, path) for path in paths if path)
        return any(isinstance(value, dict | list) for value in met)

    def _fixed(self, atom: Atom) -> int | None:
        """The atom's answer where it is the same in all records of the family."""
        if ranges_over_free_fields(atom.selector, self.family):
            return ANY
        if path_of(atom.selector) in self.family.free:
            return None
        return _BIT[answer_of(atom, self.family.witness)]

    def _solve(self, part: Part, answer: int) -> Choice | None:
        """Values with which the part answers ``answer``; ``None`` when there are none."""
        if isinstance(part, int):
            return {} if part & answer else None
        if isinstance(part, Not):
            return self._solve(part.part, {TRUE: FALSE, FALSE: TRUE}.get(answer, answer))
        if isinstance(part, Doubted):
            return self._solve_doubted(part, answer)
        if answer == UNKNOWN:
            return self._choose(part, answer) if self._may_be_unknown(part) else None
        if not isinstance(part, All | Either):
            return self._choose(part, answer)
        if answer == (FALSE if isinstance(part, All) else TRUE):
            return self._solve_some(part, answer)
        return self._solve_every(part, answer)

    def _solve_doubted(self, part: Doubted, answer: int) -> Choice | None:
        if answer != UNKNOWN:
            return None if answer == TRUE else self._solve(part.part, FALSE)
        choice = self._solve(part.part, TRUE)
        return self._solve(part.part, UNKNOWN) if choice is None else choice

    def _solve_some(self, part: All | Either, answer: int) -> Choice | None:
        """One part is enough."""
        for inner in part.parts:
            choice = self._solve(inner, answer)
            if choice is not None:
                return choice
        return None

    def _solve_every(self, part: All | Either, answer: int) -> Choice | None:
        """All parts have to answer; those that share no field do so independently."""
        whole: Choice = {}
        for group in apart(part.parts):
            together: Part = group[0] if len(group) == 1 else type(part)(tuple(group))
            alone = len(group) == 1
            choice = self._solve(together, answer) if alone else self._choose(together, answer)
            if choice is None:
                return None
            whole |= choice
        return whole

    def _may_be_unknown(self, part: Part) -> bool:
        if isinstance(part, int):
            return bool(part & UNKNOWN)
        if isinstance(part, Doubted):
            return True
        if isinstance(part, Not):
            return self._may_be_unknown(part.part)
        if isinstance(part, All | Either):
            return any(self._may_be_unknown(inner) for inner in part.parts)
        return any(None in signature for signature, _ in self._classes([part], exact=True))

    def _choose(self, part: Part, answer: int) -> Choice | None:
        """Search the combinations of values; first only values that come to mind."""
        fields: dict[Selector, list[Atom]] = {}
        for atom in dict.fromkeys(atoms_of(part)):
            fields.setdefault(atom.selector, []).append(atom)
        choice = self._combine(part, answer, fields, exact=False)
        return self._combine(part, answer, fields, exact=True) if choice is None else choice

    def _combine(
        self, part: Part, answer: int, fields: Mapping[Selector, list[Atom]], exact: bool
    ) -> Choice | None:
        classes = {selector: self._classes(atoms, exact) for selector, atoms in fields.items()}
        possible: dict[Atom, int] = {}
        for selector, atoms in fields.items():
            for position, atom in enumerate(atoms):
                bits = 0
                for signature, _ in classes[selector]:
                    bits |= _BIT[signature[position]]
                possible[atom] = bits
        order = sorted(fields, key=lambda selector: len(classes[selector]))
        return self._descend(part, answer, fields, classes, possible, order)

    def _classes(self, atoms: Sequence[Atom], exact: bool) -> list[Class]:
        return list(split(self.family, atoms[0].selector, atoms, exact))

    def _descend(
        self,
        part: Part,
        answer: int,
        fields: Mapping[Selector, list[Atom]],
        classes: Mapping[Selector, list[Class]],
        possible: dict[Atom, int],
        order: Sequence[Selector],
    ) -> Choice | None:
        self._budget.spend(len(possible))
        if not evaluate(part, possible) & answer:
            return None
        if not order:
            return {}
        selector, *rest = order
        for signature, value in classes[selector]:
            answers = zip(fields[selector], map(_BIT.__getitem__, signature), strict=True)
            tried = {**possible, **dict(answers)}
            choice = self._descend(part, answer, fields, classes, tried, rest)
            if choice is not None:
                return {selector: value, **choice}
        return None

    def _event(self, background: Mapping[str, Any], choice: Choice) -> Mapping[str, Any]:
        event = background
        for selector, value in choice.items():
            path = path_of(selector)
            assert path is not None
            event = with_field(event, path, value)
        return event


def ordinary(family: Family) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The witness, and an event that shares with it only what all records of the family share."""
    witness: Mapping[str, Any] = dict(family.witness)
    other = witness
    for path, free in family.free.items():
        other = with_field(other, path, other_value(free, value_at(witness, path)))
    return witness, other


def _backgrounds(patterns: Sequence[Pattern], family: Family) -> list[Mapping[str, Any]]:
    """The events that stand for the family where patterns read the record as text.

    Two ordinary ones, and one in which a free text holds every excluded term.
    """
    witness, other = ordinary(family)
    if not patterns:
        return [witness]
    excluded = [text for pattern in patterns for text in _excluded(pattern)]
    poisoned = with_field(witness, _TEXT_OF_ANYBODY, " ".join(["Mozilla/5.0", *excluded]))
    return [witness, other, poisoned]


# The browser says what it likes.
_TEXT_OF_ANYBODY = ("userAgent",)


def _excluded(pattern: Pattern) -> list[str]:
    if not isinstance(pattern.node, TermPattern):
        return []
    values = [term.value for term in pattern.node.terms if term.sign == "-"]
    return [
        (find_text([automaton_of(v.body)]) or "") if isinstance(v, Regex) else v.value
        for v in values
    ]
