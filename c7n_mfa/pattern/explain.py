# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Why an event matches, clause by clause, and what a doubtful answer hangs on.

Slower than the closures of ``compile``, and says more; the answers are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import undocumented as u
from .message import NotJson, TooDeep, read_json, text_of_message, texts_of_event
from .nodes import (
    And,
    Atom,
    Condition,
    EverythingPattern,
    JsonPattern,
    NotExists,
    Or,
    PatternNode,
    Selector,
    TermPattern,
    atoms,
)
from .select import judge_at, resolve
from .space import judge_space
from .terms import judge_terms
from .undocumented import Behaviour
from .values import Answer, Doubt, all_of, any_of, known, settle


@dataclass(frozen=True, slots=True)
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
    """Whether a pattern matches an event, parsed or raw, naming what a doubt hangs on."""
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
        return all_of(_judge(each, event) for each in condition.operands)
    if isinstance(condition, Or):
        return any_of(_judge(each, event) for each in condition.operands)
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
