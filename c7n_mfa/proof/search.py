# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Search the product of value classes for an event that patterns answer in a wanted way.

Conditions are evaluated on partial choices with sets of possible answers, so a choice that cannot
lead to the wanted answer is given up at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.families import Family
from c7n_mfa.pattern import Pattern
from c7n_mfa.pattern.nodes import (
    And,
    Atom,
    Condition,
    EverythingPattern,
    JsonPattern,
    Or,
    Selector,
    atoms,
)
from c7n_mfa.proof.classes import Answer, path_of, split, with_field

# Sets of possible answers, as bits.
TRUE, FALSE, UNKNOWN = 1, 2, 4
_BIT: Mapping[Answer, int] = {True: TRUE, False: FALSE, None: UNKNOWN}
_BUDGET = 20_000


class TooLarge(Exception):
    """The search was given up: the product of classes is too large to decide."""

    sentence = "the pattern tests too many fields in combination to decide"


@dataclass(slots=True)
class _Variable:
    """A selector, its atoms, and the classes that they tell apart."""

    selector: Selector
    atoms: list[Atom]
    classes: list[tuple[tuple[Answer, ...], Any]] = field(default_factory=list)


class Question:
    """What can patterns, joined by "or", answer on the events of one family?"""

    def __init__(self, patterns: Sequence[Pattern], family: Family) -> None:
        self._patterns = patterns
        self._family = family
        self._conditions = [p.node.condition for p in patterns if isinstance(p.node, JsonPattern)]
        # A pattern that is no JSON pattern reads the text of the record, which the witness stands
        # for: fields come and go in it, but the text that such patterns look for does not.
        self._others = self._answer_of_others()
        self._possible: dict[Atom, int] = {}
        self._budget = _BUDGET
        self._variables = self._split_variables()

    def find(self, wanted: int) -> Mapping[str, Any] | None:
        """The event nearest to the witness on which the patterns answer ``wanted``."""
        return self._search(0, wanted, [])

    def _answer_of_others(self) -> int:
        answer = FALSE
        for pattern in self._patterns:
            if isinstance(pattern.node, EverythingPattern):
                return TRUE
            if not isinstance(pattern.node, JsonPattern):
                answer = _or([answer, _BIT[pattern.match(self._family.witness)]])
        return answer

    def _split_variables(self) -> list[_Variable]:
        variables: dict[Selector, _Variable] = {}
        for condition in self._conditions:
            for atom in atoms(condition):
                variable = variables.setdefault(atom.selector, _Variable(atom.selector, []))
                if atom not in variable.atoms:
                    variable.atoms.append(atom)
        for variable in variables.values():
            variable.classes = list(split(self._family, variable.selector, variable.atoms))
            for position, atom in enumerate(variable.atoms):
                bits = 0
                for signature, _ in variable.classes:
                    bits |= _BIT[signature[position]]
                self._possible[atom] = bits
        return sorted(variables.values(), key=lambda variable: len(variable.classes))

    def _search(
        self, depth: int, wanted: int, chosen: list[tuple[Selector, Any]]
    ) -> Mapping[str, Any] | None:
        self._budget -= 1
        if self._budget < 0:
            raise TooLarge
        if not self._evaluate() & wanted:
            return None
        if depth == len(self._variables):
            return self._event(chosen, wanted)
        variable = self._variables[depth]
        before = [self._possible[atom] for atom in variable.atoms]
        for signature, value in variable.classes:
            for atom, answer in zip(variable.atoms, signature, strict=True):
                self._possible[atom] = _BIT[answer]
            found = self._search(depth + 1, wanted, [*chosen, (variable.selector, value)])
            if found is not None:
                return found
        for atom, bits in zip(variable.atoms, before, strict=True):
            self._possible[atom] = bits
        return None

    def _evaluate(self) -> int:
        return _or([self._others, *(self._bits(c) for c in self._conditions)])

    def _bits(self, condition: Condition) -> int:
        if isinstance(condition, And):
            return _and([self._bits(operand) for operand in condition.operands])
        if isinstance(condition, Or):
            return _or([self._bits(operand) for operand in condition.operands])
        return self._possible[condition]

    def _event(
        self, chosen: Sequence[tuple[Selector, Any]], wanted: int
    ) -> Mapping[str, Any] | None:
        """The event of a choice, if the patterns themselves agree on it."""
        event: Mapping[str, Any] = dict(self._family.witness)
        for selector, value in chosen:
            path = path_of(selector)
            if path is not None and path in self._family.free and value is not None:
                event = with_field(event, path, value)
        real = _or([FALSE, *(_BIT[pattern.match(event)] for pattern in self._patterns)])
        return event if real == wanted else None


def _and(sets: Sequence[int]) -> int:
    result = 0
    if all(bits & TRUE for bits in sets):
        result |= TRUE
    if any(bits & FALSE for bits in sets):
        result |= FALSE
    if any(bits & UNKNOWN for bits in sets) and all(bits & (TRUE | UNKNOWN) for bits in sets):
        result |= UNKNOWN
    return result


def _or(sets: Sequence[int]) -> int:
    result = 0
    if any(bits & TRUE for bits in sets):
        result |= TRUE
    if all(bits & FALSE for bits in sets):
        result |= FALSE
    if any(bits & UNKNOWN for bits in sets) and all(bits & (FALSE | UNKNOWN) for bits in sets):
        result |= UNKNOWN
    return result
