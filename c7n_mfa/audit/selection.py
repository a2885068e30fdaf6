# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A metric filter's ``fieldSelectionCriteria``: which events it looks at by account and Region.

The API reference names the fields, ``@aws.account`` and ``@aws.region``, and the operators ``=``,
``!=``, ``IN``, ``NOT IN``, ``AND`` and ``OR``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Decision = Literal["keeps", "excludes-account", "excludes-region", "open"]
Event = Mapping[str, str]
Test = Callable[[Event], bool]

ACCOUNT, REGION = "@aws.account", "@aws.region"
# Regions of the sign-in endpoints that the user guide names, and one that no text can name.
REGIONS = ("us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2", "any-other-1")

_TOKENS = re.compile(
    r"""\s*(?:(?P<field>@[\w.]+)|(?P<text>"[^"]*"|'[^']*')|(?P<word>[A-Za-z]+)|(?P<sign>!=|[=(),[\]]))"""
)


class SelectionError(ValueError):
    """The criteria cannot be read."""


def decide(text: str, account: str, group_account: str, group_region: str) -> Decision:
    """Do the criteria keep every sign-in of ``account``, in a log group of that account and Region?

    Whether the fields are those of the log group or those of the event is not documented: only
    what holds of both is decided.
    """
    try:
        test = parse(text)
    except SelectionError:
        return "open"
    accounts = dict.fromkeys((group_account, account))
    regions = dict.fromkeys((group_region, *REGIONS))
    if all(test(_event(a, r)) for a in accounts for r in regions):
        return "keeps"
    named = [token[1:-1] for token in _tokens(text) if token[0] in "\"'"]
    if not any(test(_event(a, r)) for a in accounts for r in (*regions, *named)):
        return "excludes-account"
    if not any(test(_event(a, group_region)) for a in accounts):
        return "excludes-region"
    return "open"


def _event(account: str, region: str) -> Event:
    return {ACCOUNT: account, REGION: region}


def parse(text: str) -> Test:
    """The criteria as a test of an event's two fields."""
    reader = _Reader(_tokens(text))
    test = reader.either()
    if reader.tokens:
        raise SelectionError(f"unexpected {reader.tokens[0]}")
    return test


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        token = _TOKENS.match(text, position)
        if token is None:
            raise SelectionError(f"cannot read {text[position:]}")
        found.append(token[0].strip())
        position = token.end()
    return found


@dataclass
class _Reader:
    tokens: list[str]

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
        token = self._take()
        if token == "(":
            inner = self.either()
            self._expect(")")
            return inner
        if token not in (ACCOUNT, REGION):
            raise SelectionError(f"unexpected {token}")
        if self.tokens[:1] in (["="], ["!="]):
            wanted = self._take() == "="
            return _one_of(token, [self._text()], wanted)
        wanted = not self._word("NOT")
        if not self._word("IN"):
            raise SelectionError("an operator was expected")
        return _one_of(token, self._list(), wanted)

    def _list(self) -> list[str]:
        """``list = "[" text { "," text } "]"``"""
        self._expect("[")
        texts = [self._text()]
        while self.tokens[:1] == [","]:
            self._take()
            texts.append(self._text())
        self._expect("]")
        return texts

    def _text(self) -> str:
        token = self._take()
        if token[0] not in "\"'":
            raise SelectionError(f"a text was expected, not {token}")
        return token[1:-1]

    def _word(self, word: str) -> bool:
        if self.tokens and self.tokens[0].upper() == word:
            self.tokens.pop(0)
            return True
        return False

    def _take(self) -> str:
        if not self.tokens:
            raise SelectionError("the criteria end too early")
        return self.tokens.pop(0)

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise SelectionError(f"{token} was expected")


def _one_of(field: str, texts: Iterable[str], wanted: bool) -> Test:
    known = frozenset(texts)
    return lambda event: (event[field] in known) == wanted
