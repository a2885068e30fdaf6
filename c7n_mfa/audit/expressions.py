# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Two small languages of CloudWatch: metric math, and a metric filter's field selection criteria.

Of metric math what is a plain function of one metric is read: ``m1``, ``m1 * 2``, ``SUM([m1])``,
``FILL(m1, 0)`` and what these make together.  ``fieldSelectionCriteria`` select events by account
and Region; the API reference names the fields, ``@aws.account`` and ``@aws.region``, and the
operators ``=``, ``!=``, ``IN``, ``NOT IN``, ``AND`` and ``OR``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from c7n_mfa.aws.arn import is_region
from c7n_mfa.frozen import frozen


class ExpressionError(ValueError):
    """The expression is none that is read here."""


class _Reader:
    """The tokens that are left of an expression."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def take(self) -> str:
        if not self.tokens:
            raise ExpressionError("the expression ends too early")
        return self.tokens.pop(0)

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise ExpressionError(f"{token} was expected")

    def end(self) -> None:
        if self.tokens:
            raise ExpressionError(f"unexpected {self.tokens[0]}")


def _tokens(rule: re.Pattern[str], text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        token = rule.match(text, position)
        if token is None:
            raise ExpressionError(f"cannot read {text[position:]}")
        tokens.append(token[0].strip())
        position = token.end()
    return tokens


# Metric math

_MATH_TOKENS = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z]\w*)|(?P<sign>[][()*/,]))"
)
# Over an array of one time series each of these is that time series.
_OF_AN_ARRAY = ("SUM", "MAX", "MIN", "AVG")


@frozen
class Plain:
    """``id`` times ``scale``; where it has no value, ``fill``."""

    id: str
    scale: float = 1.0
    fill: float | None = None


def plain(expression: str) -> Plain | None:
    """The expression as a plain function of one id; ``None`` where it is more than that.

    >>> plain("FILL(m1, 0) * 2")
    Plain(id='m1', scale=2.0, fill=0.0)
    """
    try:
        reader = _MathReader(_tokens(_MATH_TOKENS, expression))
        product = reader.product()
        reader.end()
    except ExpressionError:
        return None
    return product if isinstance(product, Plain) else None


class _MathReader(_Reader):
    def product(self) -> Plain | float:
        """``product = factor { ("*" | "/") factor }``"""
        left = self._factor()
        while self.tokens[:1] in (["*"], ["/"]):
            divided = self.take() == "/"
            left = _times(left, self._factor(), divided)
        return left

    def _factor(self) -> Plain | float:
        """``factor = number | id | "(" product ")" | function``"""
        token = self.take()
        if token == "(":
            inner = self.product()
            self.expect(")")
            return inner
        if token[0].isdigit():
            return float(token)
        if not token[0].isalpha():
            raise ExpressionError(f"unexpected {token}")
        if self.tokens[:1] != ["("]:
            return Plain(token)
        return self._function(token.upper())

    def _function(self, name: str) -> Plain:
        """``function = ("SUM" | …) "([" product "])" | "FILL(" product "," number ")"``"""
        self.expect("(")
        if name == "FILL":
            inner = self._plain()
            self.expect(",")
            number = self._number()
            filled = replace(inner, fill=number) if inner.fill is None else inner
        elif name in _OF_AN_ARRAY:
            self.expect("[")
            filled = self._plain()
            self.expect("]")
        else:
            raise ExpressionError(f"{name} is not read")
        self.expect(")")
        return filled

    def _plain(self) -> Plain:
        inner = self.product()
        if not isinstance(inner, Plain):
            raise ExpressionError("a metric was expected")
        return inner

    def _number(self) -> float:
        token = self.take()
        if not token[0].isdigit():
            raise ExpressionError("a number was expected")
        return float(token)


def _times(left: Plain | float, right: Plain | float, divided: bool) -> Plain | float:
    if isinstance(right, Plain):
        left, right = right, left
        if divided:
            raise ExpressionError("a number divided by a metric")
    if isinstance(right, Plain) or right == 0:
        raise ExpressionError("a product of metrics, or of zero")
    factor = 1 / right if divided else right
    if not isinstance(left, Plain):
        return left * factor
    fill = None if left.fill is None else left.fill * factor
    return Plain(left.id, left.scale * factor, fill)


# Field selection criteria

Decision = Literal["keeps", "excludes-account", "excludes-region", "open"]
Event = Mapping[str, str]
Test = Callable[[Event], bool]

ACCOUNT, REGION = "@aws.account", "@aws.region"
# Regions of the sign-in endpoints that the user guide names, and one that no text can name.
REGIONS = ("us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2", "any-other-1")

_CRITERIA_TOKENS = re.compile(
    r"""\s*(?:(?P<field>@[\w.]+)|(?P<text>"[^"]*"|'[^']*')|(?P<word>[A-Za-z]+)|(?P<sign>!=|[=(),[\]]))"""
)


def select(text: str, account: str, group_account: str, group_region: str) -> Decision:
    """Do the criteria keep every sign-in of ``account``, in a log group of that account and Region?

    Whether the fields are those of the log group or those of the event is not documented: only
    what holds of both is decided.
    """
    try:
        test = parse_criteria(text)
    except ExpressionError:
        return "open"
    accounts = dict.fromkeys((group_account, account))
    regions = dict.fromkeys((group_region, *REGIONS))
    named = [token[1:-1] for token in _tokens(_CRITERIA_TOKENS, text) if token[0] in "\"'"]
    # A Region that is left out by its name is one like the others.
    everywhere = (*regions, *filter(is_region, named))
    if all(test(_event(a, r)) for a in accounts for r in everywhere):
        return "keeps"
    if not any(test(_event(a, r)) for a in accounts for r in (*regions, *named)):
        return "excludes-account"
    if not any(test(_event(a, group_region)) for a in accounts):
        return "excludes-region"
    return "open"


def _event(account: str, region: str) -> Event:
    return {ACCOUNT: account, REGION: region}


def parse_criteria(text: str) -> Test:
    """The criteria as a test of an event's two fields."""
    reader = _CriteriaReader(_tokens(_CRITERIA_TOKENS, text))
    test = reader.either()
    reader.end()
    return test


class _CriteriaReader(_Reader):
    def either(self) -> Test:
        """``either = both { "OR" both }``"""
        tests = [self._both()]
        while self._word("OR"):
            tests.append(self._both())
        return lambda event: any(test(event) for test in tests)

    def _both(self) -> Test:
        """``both = term { "AND" term }``"""
        tests = [self._term()]
        while self._word("AND"):
            tests.append(self._term())
        return lambda event: all(test(event) for test in tests)

    def _term(self) -> Test:
        """``term = "(" either ")" | field ("=" | "!=") text | field ["NOT"] "IN" list``"""
        token = self.take()
        if token == "(":
            inner = self.either()
            self.expect(")")
            return inner
        if token not in (ACCOUNT, REGION):
            raise ExpressionError(f"unexpected {token}")
        if self.tokens[:1] in (["="], ["!="]):
            inside = self.take() == "="
            return _one_of(token, [self._text()], inside)
        inside = not self._word("NOT")
        if not self._word("IN"):
            raise ExpressionError("an operator was expected")
        return _one_of(token, self._list(), inside)

    def _list(self) -> list[str]:
        """``list = "[" text { "," text } "]"``"""
        self.expect("[")
        texts = [self._text()]
        while self.tokens[:1] == [","]:
            self.take()
            texts.append(self._text())
        self.expect("]")
        return texts

    def _text(self) -> str:
        token = self.take()
        if token[0] not in "\"'":
            raise ExpressionError(f"a text was expected, not {token}")
        return token[1:-1]

    def _word(self, word: str) -> bool:
        if self.tokens and self.tokens[0].upper() == word:
            self.tokens.pop(0)
            return True
        return False


def _one_of(field: str, texts: Iterable[str], inside: bool) -> Test:
    known = frozenset(texts)
    return lambda event: (event[field] in known) == inside
