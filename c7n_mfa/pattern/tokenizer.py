# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A cursor over a pattern, driven by a table of named rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from .errors import PatternSyntaxError
from .undocumented import Behaviour

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
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
