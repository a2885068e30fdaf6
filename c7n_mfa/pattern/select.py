# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Following a selector into an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import undocumented as u
from .nodes import AnyElement, AnyField, Atom, Compare, Field, Index, Is, Selector, Step
from .values import MISSING, Answer, any_of, judge_atom, negated, settle


def resolve(event: object, steps: Sequence[Step]) -> object:
    """The value that steps without wildcards lead to, or ``MISSING``."""
    value = event
    for step in steps:
        if isinstance(step, Field):
            value = value.get(step.name, MISSING) if isinstance(value, dict) else MISSING
        elif isinstance(step, Index):
            value = _element(value, step.number)
    return value


def _element(value: object, number: int) -> object:
    return value[number] if isinstance(value, list) and number < len(value) else MISSING


@dataclass(frozen=True, slots=True)
class Selection:
    """The values that a wildcard selects, and whether it passed elements without one."""

    values: tuple[object, ...]
    lacking: bool


def judge_at(atom: Atom, event: object) -> Answer:
    """Whether an atom holds of an event; selectors with wildcards have several values."""
    if not atom.selector.has_wildcard:
        return judge_atom(atom, resolve(event, atom.selector.steps))
    readings = _readings(atom.selector, event)
    answers = [_judge_selection(atom, selection) for selection in readings]
    return settle(u.ANY_FIELD_ON_ARRAY, *answers)


def _readings(selector: Selector, event: object) -> list[Selection | None]:
    """What a selector selects; None if there is nothing for its wildcard to range over."""
    at = next(n for n, s in enumerate(selector.steps) if isinstance(s, AnyElement | AnyField))
    container = resolve(event, selector.steps[:at])
    rest = selector.steps[at + 1 :]
    if isinstance(selector.steps[at], AnyElement):
        return [_select(container, rest) if isinstance(container, list) else None]
    if isinstance(container, list):
        return [None, _select(container, rest)]
    return [_select([*container.values()], rest) if isinstance(container, dict) else None]


def _select(elements: list[object], rest: Sequence[Step]) -> Selection:
    found = [resolve(element, rest) for element in elements]
    values = tuple(value for value in found if value is not MISSING)
    return Selection(values, lacking=len(values) < len(found))


def _judge_selection(atom: Atom, selection: Selection | None) -> Answer:
    if isinstance(atom, Compare | Is):
        if selection is None:
            return False
        holds = any_of(judge_atom(atom, value) for value in selection.values)
        if isinstance(atom, Is) or atom.op != "!=":
            return holds
        equal = Compare(atom.selector, "=", atom.value)
        none_equal = negated(any_of(judge_atom(equal, value) for value in selection.values))
        return settle(u.WILDCARD_NOT_EQUAL, holds, none_equal)
    if selection is None:
        return True
    return settle(u.WILDCARD_NOT_EXISTS, not selection.values, selection.lacking)
