# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From nodes to closures: the fast way to match parsed events.

Nearly every event fails the first condition, so that is where the speed is: one call, one
look-up, one comparison. Whatever is unusual is left to ``values``, which decides slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from c7n_mfa.pattern.judge import judge_at, judge_event, resolve, vetoing
from c7n_mfa.pattern.nodes import (
    And,
    Atom,
    Compare,
    Condition,
    Field,
    JsonPattern,
    NotExists,
    Or,
    PatternNode,
    Selector,
    Text,
)
from c7n_mfa.pattern.values import (
    MISSING,
    evaluate_atom,
    is_decimal,
    is_half_number,
    is_plain,
    known,
    other_readings,
)

Match: TypeAlias = Callable[[Any], bool | None]
_Test: TypeAlias = Callable[[Any], bool | None]


def compile_pattern(node: PatternNode, *, doubtful: bool = False) -> Match:
    """A function from an event to the answer; ``doubtful`` if AWS may refuse the pattern."""
    match = _compile_json(node) if isinstance(node, JsonPattern) else _compile_text(node)
    if not doubtful:
        return match

    # A pattern that AWS refuses matches nothing: what matches here may match there.
    def match_if_accepted(event: Any) -> bool | None:
        return False if match(event) is False else None

    return match_if_accepted


def _compile_text(node: PatternNode) -> Match:
    def match(event: Any) -> bool | None:
        return known(judge_event(node, event))

    return match


def _compile_json(node: JsonPattern) -> Match:
    head, rest = _split(node.condition)
    if head is None:
        return _guarded(node, _with_veto(node.condition))
    (step,) = head.selector.steps
    assert isinstance(step, Field)
    name, literal = step.name, _literal(head)
    remaining = _always if rest is None else _with_veto(rest)

    def match(event: Any) -> bool | None:
        if isinstance(event, dict):
            if event.get(name) != literal:
                return False
            return remaining(event)
        return known(judge_event(node, event))

    return match


def _guarded(node: JsonPattern, test: _Test) -> Match:
    def match(event: Any) -> bool | None:
        return test(event) if isinstance(event, dict) else known(judge_event(node, event))

    return match


def _always(_: Any) -> bool:
    return True


def _split(condition: Condition) -> tuple[Compare | None, Condition | None]:
    """A cheap equality that must hold, and the rest of the condition."""
    if isinstance(condition, Compare):
        return (condition, None) if _is_cheap(condition) else (None, condition)
    if not isinstance(condition, And):
        return None, condition
    for operand in condition.operands:
        if isinstance(operand, Compare) and _is_cheap(operand):
            rest = tuple(x for x in condition.operands if x is not operand)
            return operand, rest[0] if len(rest) == 1 else And(rest)
    return None, condition


def _is_cheap(atom: Compare) -> bool:
    """Whether this is ``$.name = "text"`` with a text that only itself can equal."""
    steps = atom.selector.steps
    return len(steps) == 1 and isinstance(steps[0], Field) and _is_sheer_equality(atom)


def _is_sheer_equality(atom: Compare) -> bool:
    value = atom.value
    return (
        atom.op == "="
        and isinstance(value, Text)
        and is_plain(value)
        and not is_decimal(value.value)
        # The text of a number may also be inf or nan once it is beyond floating point.
        and value.value.lstrip("-") not in ("inf", "nan")
    )


def _literal(atom: Compare) -> str:
    assert isinstance(atom.value, Text)
    return atom.value.value


def _with_veto(condition: Condition) -> _Test:
    test = _compile(condition)
    # Without '||' a comparison with an array or object fails the whole condition anyway.
    if not _has_or(condition):
        return test

    getters = [_getter(selector) for selector in vetoing(condition)]

    def vetoed(event: Any) -> bool | None:
        answer = test(event)
        if answer is True and any(isinstance(get(event), dict | list) for get in getters):
            return None
        return answer

    return vetoed


def _has_or(condition: Condition) -> bool:
    if isinstance(condition, And):
        return any(_has_or(operand) for operand in condition.operands)
    return isinstance(condition, Or)


def _compile(condition: Condition) -> _Test:
    if isinstance(condition, And):
        return _all([_compile(operand) for operand in condition.operands])
    if isinstance(condition, Or):
        return _any([_compile(operand) for operand in condition.operands])
    if condition.selector.has_wildcard:
        return lambda event: known(judge_at(condition, event))
    return _compile_atom(condition)


def _all(tests: list[_Test]) -> _Test:
    def test(event: Any) -> bool | None:
        answer: bool | None = True
        for inner in tests:
            one = inner(event)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    return test


def _any(tests: list[_Test]) -> _Test:
    def test(event: Any) -> bool | None:
        answer: bool | None = False
        for inner in tests:
            one = inner(event)
            if one:
                return True
            if one is None:
                answer = None
        return answer

    return test


def _compile_atom(atom: Atom) -> _Test:
    get = _getter(atom.selector)
    if isinstance(atom, NotExists):
        return lambda event: get(event) is MISSING
    check = _value_test(atom)
    return lambda event: check(get(event))


def _getter(selector: Selector) -> Callable[[Any], object]:
    """The value a selector leads to; the shapes that real patterns have get their own."""
    steps = selector.steps
    names = [step.name for step in steps if isinstance(step, Field)]
    if len(names) < len(steps) or len(steps) > 2:
        return lambda event: resolve(event, steps)
    if len(names) == 1:
        (name,) = names
        return lambda event: event.get(name, MISSING)
    outer, inner = names

    def get(event: Any) -> object:
        parent = event.get(outer)
        return parent.get(inner, MISSING) if isinstance(parent, dict) else MISSING

    return get


def _value_test(atom: Atom) -> _Test:
    if isinstance(atom, Compare) and _is_sheer_equality(atom):
        literal = _literal(atom)
        return lambda value: bool(value == literal)
    on_string = _string_test(atom)

    def check(value: Any) -> bool | None:
        if value is MISSING:
            return False
        if on_string is not None and isinstance(value, str):
            return on_string(value)
        return evaluate_atom(atom, value)

    return check


def _string_test(atom: Atom) -> Callable[[str], bool | None] | None:
    """The quick test of a string, where the comparison has one."""
    if not isinstance(atom, Compare) or not isinstance(atom.value, Text):
        return None
    equal = _equality(atom.value)
    if equal is None or atom.op == "=":
        return equal
    return _negated(equal)


def _negated(test: Callable[[str], bool | None]) -> Callable[[str], bool | None]:
    def negated(value: str) -> bool | None:
        answer = test(value)
        return None if answer is None else not answer

    return negated


def _equality(text: Text) -> Callable[[str], bool | None] | None:
    if is_plain(text):
        literal = text.value
        return lambda value: value == literal
    body = text.value.strip("*")
    if other_readings(text) or not body or "*" in body or is_half_number(text):
        return None
    shapes: dict[str, Callable[[str], bool | None]] = {
        f"{body}*": lambda value: value.startswith(body),
        f"*{body}*": lambda value: body in value,
        f"*{body}": lambda value: _ends(value, body),
    }
    return shapes.get(text.value)


def _ends(value: str, body: str) -> bool | None:
    if not value.endswith(body):
        return False
    # Where the body also occurs earlier, AWS was observed not to look further.
    return True if value.find(body) + len(body) == len(value) else None
