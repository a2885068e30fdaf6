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
from c7n_mfa.pattern.automaton import find_text
from c7n_mfa.pattern.nodes import (
    And,
    Atom,
    Condition,
    JsonPattern,
    Or,
    Regex,
    Selector,
    TermPattern,
)
from c7n_mfa.pattern.regex import automaton_of
from c7n_mfa.proof.classes import (
    Answer,
    TooLarge,
    other_value,
    path_of,
    ranges_over_free_fields,
    split,
    value_at,
    with_field,
)

# Sets of possible answers, as bits.
TRUE, FALSE, UNKNOWN = 1, 2, 4
_BIT: Mapping[Answer, int] = {True: TRUE, False: FALSE, None: UNKNOWN}
_BUDGET = 20_000


@dataclass(slots=True)
class _Variable:
    """A selector, its atoms, and the classes that they tell apart."""

    selector: Selector
    atoms: list[Atom]
    classes: list[tuple[tuple[Answer, ...], Any]] = field(default_factory=list)


class Question:
    """What can patterns, joined by "or", answer on the events of one family?

    Without ``exact`` an event that is found is real, but none being found proves nothing.
    """

    def __init__(self, patterns: Sequence[Pattern], family: Family, exact: bool) -> None:
        self._patterns = patterns
        self._family = family
        self._exact = exact
        # Whether not finding an event proves that there is none.
        self.complete = True
        self._texts = [p for p in patterns if not isinstance(p.node, JsonPattern)]
        self._backgrounds = _backgrounds(self._texts, family)
        self._others = self._answer_of_texts()
        self._possible: dict[Atom, int] = {}
        self._budget = _BUDGET
        self._variables = self._split_variables()

    def find(self, wanted: int) -> Mapping[str, Any] | None:
        """The event nearest to the witness on which the patterns answer ``wanted``."""
        self._budget = _BUDGET
        return self._search(0, wanted, [])

    def _answer_of_texts(self) -> int:
        """What the patterns that read the record as text answer on each background."""
        answers = 0
        for event in self._backgrounds:
            answers |= _or([FALSE, *(_BIT[pattern.match(event)] for pattern in self._texts)])
        return answers

    def _split_variables(self) -> list[_Variable]:
        variables: dict[Selector, _Variable] = {}
        for pattern in self._patterns:
            for atom in pattern.atoms():
                variable = variables.setdefault(atom.selector, _Variable(atom.selector, []))
                if atom not in variable.atoms:
                    variable.atoms.append(atom)
        decided = [v for v in variables.values() if self._split(v)]
        return sorted(decided, key=lambda variable: len(variable.classes))

    def _split(self, variable: _Variable) -> bool:
        """Note what the variable's atoms may answer; whether they can be decided."""
        if ranges_over_free_fields(variable.selector, self._family):
            self._possible.update(dict.fromkeys(variable.atoms, TRUE | FALSE | UNKNOWN))
            return False
        if path_of(variable.selector) in self._family.free:
            self.complete = self._exact
        variable.classes = list(split(self._family, variable.selector, variable.atoms, self._exact))
        for position, atom in enumerate(variable.atoms):
            bits = 0
            for signature, _ in variable.classes:
                bits |= _BIT[signature[position]]
            self._possible[atom] = bits
        return True

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
        found = None
        for signature, value in variable.classes:
            for atom, answer in zip(variable.atoms, signature, strict=True):
                self._possible[atom] = _BIT[answer]
            found = self._search(depth + 1, wanted, [*chosen, (variable.selector, value)])
            if found is not None:
                break
        for atom, bits in zip(variable.atoms, before, strict=True):
            self._possible[atom] = bits
        return found

    def _evaluate(self) -> int:
        return _or([self._others, *(self._pattern_bits(p) for p in self._patterns)])

    def _pattern_bits(self, pattern: Pattern) -> int:
        if not isinstance(pattern.node, JsonPattern):
            return FALSE
        bits = self._bits(pattern.node.condition)
        # A match of the condition is none of the pattern when AWS may refuse the pattern, or when
        # a comparison meets an object: the pattern itself has the last word, in _event.
        return bits | UNKNOWN if bits & TRUE else bits

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
        for background in self._backgrounds:
            event = background
            for selector, value in chosen:
                path = path_of(selector)
                if path is not None and path in self._family.free and value is not None:
                    event = with_field(event, path, value)
            real = _or([FALSE, *(_BIT[pattern.match(event)] for pattern in self._patterns)])
            if real == wanted or (wanted == UNKNOWN and self._undecided()):
                return event
        return None

    def _undecided(self) -> bool:
        """Does the answer hang on a selector that was not split?"""
        conditions = [p.node.condition for p in self._patterns if isinstance(p.node, JsonPattern)]
        bits = _or([self._others, *map(self._bits, conditions)])
        return bits not in (TRUE, FALSE, UNKNOWN)


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
