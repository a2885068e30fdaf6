# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A sign-in as an example: which family it is of, and why a pattern does not match it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import MISSING, Pattern
from c7n_mfa.pattern.nodes import And, Atom, Compare, Condition, Is, JsonPattern, NotExists, Or
from c7n_mfa.proof.classes import answer_of, path_of, value_at
from c7n_mfa.proof.families import GRADES, Family, Grade
from c7n_mfa.shape import Node


@frozen
class Spot:
    """A sign-in that is missed, or caught and should not be: its family, one event, and why."""

    family: str
    grade: Grade
    sentence: str
    event: Mapping[str, Any]
    because: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "family": self.family,
            "grade": self.grade,
            "sentence": self.sentence,
            "event": dict(self.event),
            "because": self.because,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Spot:
        """What ``to_dict`` gave; where it is not, ``ShapeError`` says so."""
        node = Node.of(data)
        return cls(
            family=node["family"].text(),
            grade=_grade(node["grade"]),
            sentence=node["sentence"].maybe_text() or "",
            event=node["event"].mapping(),
            because=node["because"].maybe_text() or "",
        )


def _grade(node: Node) -> Grade:
    """What earlier versions called conceivable is possible."""
    return "possible" if node.value == "conceivable" else node.one_of(GRADES)


@frozen
class Dependency:
    """Undocumented behaviour, or a limit of this proof, that an answer depends on."""

    name: str
    sentence: str

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "sentence": self.sentence}

    @classmethod
    def from_dict(cls, data: Any) -> Dependency:
        node = Node.of(data)
        return cls(node["name"].maybe_text() or "", node["sentence"].maybe_text() or "")


def missed(
    family: Family, event: Mapping[str, Any], patterns: Iterable[Pattern], of_none: str
) -> Spot:
    """An event of the family that none of the patterns matches; ``of_none`` is why without any."""
    reasons = dict.fromkeys(because(pattern, event) for pattern in patterns)
    why = "; ".join(reasons) or of_none
    return Spot(family.name, family.grade, family.sentence, event, why)


def because(pattern: Pattern, event: Mapping[str, Any]) -> str:
    """One sentence, without a full stop, for an event that the pattern does not match."""
    if not isinstance(pattern.node, JsonPattern):
        return f"the text of the record does not match {pattern.text!r}"
    return _blame(pattern.node.condition, event) or "the pattern does not match it"


def _blame(condition: Condition, event: Mapping[str, Any]) -> str:
    if isinstance(condition, And):
        return next((why for c in condition.operands if (why := _blame(c, event))), "")
    if isinstance(condition, Or):
        parts = [_blame(operand, event) for operand in condition.operands]
        return " and ".join(dict.fromkeys(parts)) if all(parts) else ""
    if answer_of(condition, event) is not False:
        return ""
    return _atom(condition, event)


def _atom(atom: Atom, event: Mapping[str, Any]) -> str:
    path = path_of(atom.selector)
    if path is None:
        return f"{atom} is not true"
    value = value_at(event, path)
    if isinstance(atom, NotExists):
        return f"{atom.selector} is there ({_shown(value)})"
    if value is MISSING:
        if isinstance(atom, Compare):
            return f"{atom.selector} is absent, and a comparison with a missing field is false"
        return f"{atom.selector} is absent"
    if isinstance(value, dict | list | bool) or value is None:
        return f"{atom.selector} is {_kind(value)}, which {atom} is never true of"
    if isinstance(atom, Compare) and atom.op == "!=":
        return f"{atom.selector} is {_shown(value)}, which {atom.op} {atom.value} leaves out"
    return f"{atom.selector} is {_shown(value)}, not {_expected(atom)}"


def _expected(atom: Compare | Is) -> str:
    if isinstance(atom, Compare):
        return f"{atom.value}" if atom.op == "=" else f"{atom.op} {atom.value}"
    return atom.what


def _shown(value: Any) -> str:
    return json.dumps(value)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else json.dumps(value)
