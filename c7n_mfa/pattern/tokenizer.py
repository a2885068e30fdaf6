# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A cursor over a pattern, driven by a table of named rules, and the error that it raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern.undocumented import Behaviour

Span = tuple[int, int]


@frozen
class Token:
    """A piece of the source that a rule matched."""

    rule: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        return self.start, self.end


_COMMON_RULES = {
    "BLANK": r"[ \t\r\n\f\v]+",
    "LEFT_PAREN": r"\(",
    "RIGHT_PAREN": r"\)",
    "LEFT_BRACKET": r"\[",
    "RIGHT_BRACKET": r"\]",
    "RIGHT_BRACE": r"\}",
    "COMMA": r",",
    "AND": r"&&",
    "OR": r"\|\|",
    "OPERATOR": r"!=|<=|>=|=|<|>",
    "STRING": r'"(?:[^"\\]|\\.)*"',
    "QUOTE": r'"',
    "REGEX": r"%[^%]*%",
    "PERCENT": r"%",
    "NUMBER": r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.*-])",
    "BARE": r"[A-Za-z0-9_.*-]+",
    "WORD": r"[A-Za-z]+",
    "ANYTHING": r"[A-Za-z0-9_.$*-]+|[^\s]",
}


def compile_rules(rules: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """The common rules and a language's own."""
    return {name: re.compile(rule, re.DOTALL) for name, rule in {**_COMMON_RULES, **rules}.items()}


class Tokenizer:
    """Look ahead with ``check``, move on with ``take``, ``consume`` and ``expect``."""

    def __init__(self, source: str, rules: Mapping[str, re.Pattern[str]], position: int = 0):
        self.source = source
        self.rules = rules
        self.position = position
        self.doubts: list[Behaviour] = []

    def check(self, rule: str) -> bool:
        """Whether the rule matches here."""
        return self.rules[rule].match(self.source, self.position) is not None

    def take(self, rule: str) -> Token | None:
        """The token the rule matches here, after moving past it."""
        match = self.rules[rule].match(self.source, self.position)
        if match is None:
            return None
        self.position = match.end()
        return Token(rule, match[0], match.start())

    def consume(self, rule: str) -> bool:
        """Move past the rule, if it matches here."""
        return self.take(rule) is not None

    def expect(self, rule: str, expected: str) -> Token:
        """The token the rule matches here, or an error that says what was expected."""
        token = self.take(rule)
        if token is None:
            self.fail(f"Expected {expected}")
        return token

    def at_end(self) -> bool:
        return self.position >= len(self.source)

    def here(self) -> Span:
        """The span of whatever stands here, empty at the end."""
        match = self.rules["ANYTHING"].match(self.source, self.position)
        return match.span() if match else (self.position, self.position)

    def doubt(self, behaviour: Behaviour) -> None:
        """Remember that it is not documented whether AWS takes what was just read."""
        if behaviour not in self.doubts:
            self.doubts.append(behaviour)

    def fail(self, message: str, span: Span | None = None) -> NoReturn:
        raise PatternSyntaxError(message, self.source, span or self.here())


# The error: what is wrong, in which source, and exactly where.

_INDENT = "    "
_WIDEST = 1024
_MARGIN = 60


class PatternSyntaxError(ValueError):
    """AWS would refuse this pattern; ``str()`` shows it with a marker under the fault."""

    def __init__(self, message: str, source: str, span: tuple[int, int]) -> None:
        super().__init__(message, source, span)
        self.message = message
        self.source = source
        self.span = span

    def __str__(self) -> str:
        return "\n".join([self.message, *_marked_lines(self.source, *self.span)])


def _marked_lines(source: str, start: int, end: int) -> list[str]:
    """Every line of the source, the marker below the line on which the span starts."""
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    if line_end < 0:
        line_end = len(source)
    before = source[: line_start - 1].split("\n") if line_start else []
    after = source[line_end + 1 :].split("\n") if line_end < len(source) else []
    line, start, end = _clipped(
        source[line_start:line_end], start - line_start, min(end, line_end) - line_start
    )
    marked = [*map(_shown, before), line, _marker(line, start, end), *map(_shown, after)]
    return [(_INDENT + shown).rstrip() for shown in marked]


def _marker(line: str, start: int, end: int) -> str:
    # A tab stays a tab, so that the marker lines up however wide a terminal draws it.
    indent = "".join("\t" if char == "\t" else " " for char in line[:start])
    return indent + "~" * (end - start - 1) + "^"


def _clipped(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The line, cut around the fault when it is far longer than any legal pattern."""
    if len(line) <= _WIDEST:
        return line, start, end
    left = max(0, start - _MARGIN)
    piece = line[left : start + _MARGIN]
    return f"...{piece}...", start - left + 3, min(end - left, len(piece)) + 3


def _shown(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_MARGIN]}..."
