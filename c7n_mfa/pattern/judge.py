# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether an event matches, clause by clause, and what a doubtful answer depends on.

Slower than the closures of ``compile``, and says more; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import undocumented as u
from c7n_mfa.pattern.message import NotJson, TooDeep, read_json, text_of_message, texts_of_event
from c7n_mfa.pattern.nodes import (
    And,
    AnyElement,
    AnyField,
    Atom,
    Compare,
    Condition,
    EverythingPattern,
    Field,
    Index,
    Is,
    JsonPattern,
    NotExists,
    Or,
    PatternNode,
    Selector,
    Step,
    TermPattern,
    atoms,
)
from c7n_mfa.pattern.text_patterns import judge_space, judge_terms
from c7n_mfa.pattern.undocumented import Behaviour
from c7n_mfa.pattern.values import (
    MISSING,
    Answer,
    Doubt,
    all_of,
    any_of,
    judge_atom,
    known,
    negated,
    settle,
)

# One condition: following its selector into the event


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


@frozen
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
    resolved = [resolve(element, rest) for element in elements]
    values = tuple(value for value in resolved if value is not MISSING)
    return Selection(values, lacking=len(values) < len(resolved))


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


# Whole patterns


@frozen
class Clause:
    """One condition of a JSON pattern, held against one event."""

    atom: Atom
    value: object
    """What the selector leads to; ``MISSING``, or None for a selector with a wildcard."""
    holds: bool | None
    depends_on: tuple[Behaviour, ...]


def clauses(condition: Condition, event: object) -> tuple[Clause, ...]:
    """Each condition on its own, from left to right."""
    return tuple(_clause(atom, event) for atom in atoms(condition))


def _clause(atom: Atom, event: object) -> Clause:
    answer = judge_at(atom, event)
    steps = atom.selector.steps
    value = None if atom.selector.has_wildcard else resolve(event, steps)
    behaviours = answer.behaviours if isinstance(answer, Doubt) else ()
    return Clause(atom, value, known(answer), behaviours)


def judge_event(node: PatternNode, event: object) -> Answer:
    """Whether a pattern matches an event, parsed or raw, naming what a doubt depends on."""
    if isinstance(node, EverythingPattern):
        return True
    try:
        if isinstance(node, JsonPattern):
            return _judge_json(node.condition, event)
        return settle(u.EVENT_TEXT, *(_judge_text(node, text) for text in _texts(event)))
    except TooDeep:
        return Doubt((u.EVENT_TOO_DEEP,))


def _texts(event: object) -> list[str]:
    return [text_of_message(event)] if isinstance(event, str | bytes) else texts_of_event(event)


def _judge_text(node: PatternNode, text: str) -> Answer:
    if isinstance(node, TermPattern):
        return judge_terms(node, text)
    assert not isinstance(node, JsonPattern | EverythingPattern)
    return judge_space(node, text)


def _judge_json(condition: Condition, event: object) -> Answer:
    try:
        readings = read_json(event) if isinstance(event, str | bytes) else [event]
    except NotJson:
        return False
    return settle(u.DUPLICATE_KEYS, *(_judge_root(condition, root) for root in readings))


def _judge_root(condition: Condition, root: object) -> Answer:
    if isinstance(root, list):
        return settle(u.TOP_LEVEL_ARRAY, False, judge_condition(condition, root))
    return judge_condition(condition, root) if isinstance(root, dict) else False


def judge_condition(condition: Condition, event: object) -> Answer:
    """Whether a condition holds of a parsed event."""
    answer = _judge(condition, event)
    if answer is True and _meets_container(condition, event):
        return Doubt((u.CONTAINER_VETO,))
    return answer


def _judge(condition: Condition, event: object) -> Answer:
    if isinstance(condition, And):
        return all_of(_judge(operand, event) for operand in condition.operands)
    if isinstance(condition, Or):
        return any_of(_judge(operand, event) for operand in condition.operands)
    return judge_at(condition, event)


def _meets_container(condition: Condition, event: object) -> bool:
    """Whether any comparison meets an array or object, which may spoil the whole match."""
    values = (resolve(event, selector.steps) for selector in vetoing(condition))
    return any(isinstance(value, dict | list) for value in values)


def vetoing(condition: Condition) -> list[Selector]:
    """The selectors that may spoil the match if they lead to an array or object."""
    selectors = [
        atom.selector
        for atom in atoms(condition)
        if not isinstance(atom, NotExists) and not atom.selector.has_wildcard
    ]
    return list(dict.fromkeys(selectors))
