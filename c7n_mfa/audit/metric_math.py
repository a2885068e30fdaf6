# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Metric-math expressions that are a plain function of one metric.

``m1``, ``m1 * 2``, ``SUM([m1])``, ``FILL(m1, 0)`` and what these make together are read; any other
expression is left undecided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_TOKENS = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z]\w*)|(?P<sign>[][()*/,]))")
# Over an array of one time series each of these is that time series.
_OF_AN_ARRAY = ("SUM", "MAX", "MIN", "AVG")


@dataclass(frozen=True, slots=True)
class Plain:
    """``id`` times ``scale``; where it has no value, ``fill``."""

    id: str
    scale: float = 1.0
    fill: float | None = None


class _NotPlain(ValueError):
    """The expression is none of those that are read here."""


def plain(expression: str) -> Plain | None:
    """The expression as a plain function of one id; ``None`` where it is more than that.

    >>> plain("FILL(m1, 0) * 2")
    Plain(id='m1', scale=2.0, fill=0.0)
    """
    try:
        reader = _Reader(_tokens(expression))
        found = reader.product()
        return found if reader.done and isinstance(found, Plain) else None
    except _NotPlain:
        return None


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        token = _TOKENS.match(text, position)
        if token is None:
            raise _NotPlain
        found.append(token[0].strip())
        position = token.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    @property
    def done(self) -> bool:
        return not self.tokens

    def product(self) -> Plain | float:
        """``product = factor { ("*" | "/") factor }``"""
        left = self._factor()
        while self.tokens[:1] in (["*"], ["/"]):
            divided = self._take() == "/"
            left = _times(left, self._factor(), divided)
        return left

    def _factor(self) -> Plain | float:
        """``factor = number | id | "(" product ")" | function``"""
        token = self._take()
        if token == "(":
            inner = self.product()
            self._expect(")")
            return inner
        if token[0].isdigit():
            return float(token)
        if not token[0].isalpha():
            raise _NotPlain
        if self.tokens[:1] != ["("]:
            return Plain(token)
        return self._function(token.upper())

    def _function(self, name: str) -> Plain:
        """``function = ("SUM" | …) "([" product "])" | "FILL(" product "," number ")"``"""
        self._expect("(")
        if name == "FILL":
            inner = self._plain()
            self._expect(",")
            number = self._number()
            filled = replace(inner, fill=number) if inner.fill is None else inner
        elif name in _OF_AN_ARRAY:
            self._expect("[")
            filled = self._plain()
            self._expect("]")
        else:
            raise _NotPlain
        self._expect(")")
        return filled

    def _plain(self) -> Plain:
        inner = self.product()
        if not isinstance(inner, Plain):
            raise _NotPlain
        return inner

    def _number(self) -> float:
        token = self._take()
        if not token[0].isdigit():
            raise _NotPlain
        return float(token)

    def _take(self) -> str:
        if not self.tokens:
            raise _NotPlain
        return self.tokens.pop(0)

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise _NotPlain


def _times(left: Plain | float, right: Plain | float, divided: bool) -> Plain | float:
    if isinstance(right, Plain):
        left, right = right, left
        if divided:
            raise _NotPlain
    if isinstance(right, Plain) or right == 0:
        raise _NotPlain
    factor = 1 / right if divided else right
    if not isinstance(left, Plain):
        return left * factor
    fill = None if left.fill is None else left.fill * factor
    return Plain(left.id, left.scale * factor, fill)
