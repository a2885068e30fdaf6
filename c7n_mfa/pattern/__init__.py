# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch Logs filter-pattern language: parse a pattern, match events.

>>> pattern = parse('{ $.eventName = "ConsoleLogin" }')
>>> pattern.match({"eventName": "ConsoleLogin"})
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import nodes
from c7n_mfa.pattern.compile import compile_pattern
from c7n_mfa.pattern.json_pattern import parse_json_pattern
from c7n_mfa.pattern.judge import Clause, clauses, judge_condition, judge_event
from c7n_mfa.pattern.nodes import (
    MAX_LENGTH,
    Atom,
    EverythingPattern,
    JsonPattern,
    PatternNode,
    Selector,
    atoms,
)
from c7n_mfa.pattern.text_patterns import parse_space_pattern, parse_term_pattern
from c7n_mfa.pattern.tokenizer import PatternSyntaxError
from c7n_mfa.pattern.undocumented import BEHAVIOURS, Behaviour
from c7n_mfa.pattern.values import MISSING, Doubt, evaluate_atom, judge_atom

__all__ = [
    "BEHAVIOURS",
    "MISSING",
    "Behaviour",
    "Clause",
    "Doubt",
    "Pattern",
    "PatternSyntaxError",
    "evaluate_atom",
    "judge_atom",
    "judge_condition",
    "nodes",
    "parse",
]


@frozen
class Pattern:
    """A filter pattern that AWS accepts.

    ``match`` takes an event parsed into a dict, or its raw message as ``str`` or ``bytes``,
    and returns True, False, or None where the answer depends on undocumented behaviour.
    """

    text: str = field(compare=False)
    """The pattern as it was written."""
    node: PatternNode
    """What it means; see ``nodes``."""
    doubts: tuple[Behaviour, ...] = ()
    """Why AWS may refuse it after all. An event it would match is then None."""
    match: Callable[[Any], bool | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        match = compile_pattern(self.node, doubtful=bool(self.doubts))
        object.__setattr__(self, "match", match)

    def __str__(self) -> str:
        # Another spelling of a doubtful pattern would be another pattern.
        return self.text if self.doubts else str(self.node)

    def __reduce__(self) -> tuple[Callable[[str], Pattern], tuple[str]]:
        return parse, (self.text,)

    def atoms(self) -> tuple[Atom, ...]:
        """The comparisons and tests of a JSON pattern, from left to right."""
        return tuple(atoms(self.node.condition)) if isinstance(self.node, JsonPattern) else ()

    def selectors(self) -> tuple[Selector, ...]:
        """The selectors of a JSON pattern, each once, in order of appearance."""
        return tuple(dict.fromkeys(atom.selector for atom in self.atoms()))

    def explain(self, event: dict[str, Any]) -> tuple[Clause, ...]:
        """Each condition of a JSON pattern held against a parsed event."""
        if not isinstance(self.node, JsonPattern):
            return ()
        return clauses(self.node.condition, event)

    def explain_unknown(self, event: Any) -> tuple[Behaviour, ...]:
        """The undocumented behaviours an answer of None depends on; empty for other answers."""
        return tuple(self._behaviours(event))

    def _behaviours(self, event: Any) -> Iterator[Behaviour]:
        answer = judge_event(self.node, event)
        if answer is not False:
            yield from self.doubts
        if isinstance(answer, Doubt):
            yield from (b for b in answer.behaviours if b not in self.doubts)


def parse(text: str) -> Pattern:
    """Read a filter pattern, or raise ``PatternSyntaxError`` where AWS would refuse it."""
    if len(text) > MAX_LENGTH:
        raise PatternSyntaxError(
            f"Expected at most {MAX_LENGTH} characters, found {len(text)}",
            text,
            (MAX_LENGTH, len(text)),
        )
    node, doubts = _parse_node(text)
    return Pattern(text, node, doubts)


def _parse_node(text: str) -> tuple[PatternNode, tuple[Behaviour, ...]]:
    """The first character decides the language."""
    if not text:
        return EverythingPattern(), ()
    if text[0] == "{":
        return parse_json_pattern(text)
    if text[0] == "[":
        return parse_space_pattern(text)
    return parse_term_pattern(text)
