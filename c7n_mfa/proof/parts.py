# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Conditions taken apart: what is decided already, and what depends on different fields.

A condition is simplified with the answers that are the same in every record of a family.  What is
left is a tree of atoms on free fields, with sets of possible answers as bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern.nodes import And, Atom, Condition, Or, Selector

# Sets of possible answers, as bits.
TRUE, FALSE, UNKNOWN = 1, 2, 4
ANY = TRUE | FALSE | UNKNOWN


@frozen
class All:
    """Every part holds."""

    parts: tuple[Part, ...]


@frozen
class Either:
    """Some part holds."""

    parts: tuple[Part, ...]


@frozen
class Doubted:
    """Where the part holds, AWS may answer otherwise: never true, but unknown."""

    part: Part


@frozen
class Not:
    """The part does not hold; the language has no such word, but a question may need it."""

    part: Part


# An int is an answer, or several possible ones, that no choice of values changes.
Part: TypeAlias = "All | Either | Doubted | Not | Atom | int"


def simplify(condition: Condition, fixed: Callable[[Atom], int | None]) -> Part:
    """The condition with the answers that ``fixed`` knows put in their places."""
    if isinstance(condition, And):
        return joined(All, [simplify(operand, fixed) for operand in condition.operands])
    if isinstance(condition, Or):
        return joined(Either, [simplify(operand, fixed) for operand in condition.operands])
    answer = fixed(condition)
    return condition if answer is None else answer


def joined(kind: type[All] | type[Either], parts: Iterable[Part]) -> Part:
    """Parts under one "and" or "or", without those that decide nothing."""
    neutral, final = (TRUE, FALSE) if kind is All else (FALSE, TRUE)
    left = [part for part in parts if part != neutral]
    if final in left:
        return final
    if not left:
        return neutral
    if all(isinstance(part, int) for part in left):
        return evaluate(kind(tuple(left)), {})
    return left[0] if len(left) == 1 else kind(tuple(left))


def doubted(part: Part) -> Part:
    return evaluate(Doubted(part), {}) if isinstance(part, int) else Doubted(part)


def negated(part: Part) -> Part:
    return evaluate(Not(part), {}) if isinstance(part, int) else Not(part)


def evaluate(part: Part, possible: dict[Atom, int]) -> int:
    """What the part may answer, from what its atoms may."""
    if isinstance(part, int):
        return part
    if isinstance(part, Doubted):
        bits = evaluate(part.part, possible)
        return bits & ~TRUE | (UNKNOWN if bits & TRUE else 0)
    if isinstance(part, Not):
        bits = evaluate(part.part, possible)
        return bits & UNKNOWN | (TRUE if bits & FALSE else 0) | (FALSE if bits & TRUE else 0)
    if isinstance(part, All):
        return _and([evaluate(inner, possible) for inner in part.parts])
    if isinstance(part, Either):
        return _or([evaluate(inner, possible) for inner in part.parts])
    return possible[part]


def atoms_of(part: Part) -> Iterator[Atom]:
    if isinstance(part, Doubted | Not):
        yield from atoms_of(part.part)
    elif isinstance(part, All | Either):
        for inner in part.parts:
            yield from atoms_of(inner)
    elif not isinstance(part, int):
        yield part


def apart(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts in groups that share no field: what one group answers is nothing to another."""
    groups: list[tuple[set[Selector], list[Part]]] = []
    for part in parts:
        selectors = {atom.selector for atom in atoms_of(part)}
        together = [part]
        rest = []
        for others, members in groups:
            if others & selectors:
                selectors |= others
                together = [*members, *together]
            else:
                rest.append((others, members))
        groups = [*rest, (selectors, together)]
    return [members for _, members in groups]


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
