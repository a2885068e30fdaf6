# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The meaning of a JSON pattern, as directly as it can be written down.

An oracle for the compiled closures and the yardstick of the benchmark. It walks the tree
for every event, takes nothing from ``compile``, and knows only what a field can hold that
is settled: no asterisk but at the ends, no wildcard selector, no regex.
"""

from __future__ import annotations

from typing import Any

from c7n_mfa.pattern import nodes

_MISSING = object()


def treewalk(condition: nodes.Condition, event: Any) -> bool:
    """Whether a condition holds of a parsed event."""
    match condition:
        case nodes.And(operands):
            return all(treewalk(each, event) for each in operands)
        case nodes.Or(operands):
            return any(treewalk(each, event) for each in operands)
        case nodes.NotExists(selector):
            return _resolve(selector, event) is _MISSING
        case nodes.Is(selector, what):
            return _resolve(selector, event) is {"NULL": None, "TRUE": True, "FALSE": False}[what]
        case nodes.Compare(selector, op, value):
            return _compare(op, value, _resolve(selector, event))
    raise AssertionError(condition)


def _resolve(selector: nodes.Selector, event: Any) -> Any:
    value = event
    for step in selector.steps:
        match step, value:
            case nodes.Field(name), dict() if name in value:
                value = value[name]
            case nodes.Index(number), list() if number < len(value):
                value = value[number]
            case _:
                return _MISSING
    return value


def _compare(op: str, literal: nodes.Value, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if op == "=":
        return _equal(literal, value)
    if op == "!=":
        return not _equal(literal, value)
    if isinstance(value, str):
        return False
    number = float(str(literal))
    return {"<": value < number, ">": value > number, "<=": value <= number}.get(
        op, value >= number
    )


def _equal(literal: nodes.Value, value: str | float) -> bool:
    if isinstance(literal, nodes.Number):
        return value == literal.text if isinstance(value, str) else value == float(literal.text)
    assert isinstance(literal, nodes.Text)
    pattern, text = literal.value, str(value)
    if pattern == "*":
        return True
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern[1:-1] in text
    if pattern.startswith("*"):
        return text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
