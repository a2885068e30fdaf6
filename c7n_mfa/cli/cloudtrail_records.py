# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records out of a stream of text, one at a time.

The text holds JSON documents one after another, on lines of their own or not: a trail file
(`{"Records": [...]}`), single records, lists of these, or what `cloudtrail_envelopes` unwraps; or
it is a table (CSV) with a line of column names, or packed and in base64.  What cannot be understood
is a `Fault` with its line, and reading goes on with the next line that begins a document.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from c7n_mfa.cli.cloudtrail_envelopes import (
    LONG_LISTS,
    PACKED,
    Fault,
    Record,
    unwrapped,
)
from c7n_mfa.cli.cloudtrail_tables import is_table, rows_in

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
# Behind a fault, also what is left over of the list or object that it stood in.
_LOOSE_SPACE = re.compile(r"[ \t\r\n\ufeff,\]}]*")
_RECORDS = re.compile(rf'\{{[ \t\r\n]*"(?:{"|".join(LONG_LISTS)})"[ \t\r\n]*:[ \t\r\n]*\[')
# Far enough from the end of what has been read that no further text could complete it.
_MARGIN = 32
_START = re.compile(r"\n(?=[{\[])")
_LONGEST_HEAD = 1 << 16
_CUT_SHORT = "it ends in the middle of a value"


class _Unfinished(Exception):
    """The text read so far ends inside a value."""


class _Broken(Exception):
    """The text is no JSON, from some place on."""

    def __init__(self, what: str, place: int) -> None:
        super().__init__(what)
        self.what = what
        self.place = place


def records_in(chunks: Iterable[str]) -> Iterator[Record | Fault]:
    """Every record of a text that comes in pieces, and what is in between and is none."""
    chunks = iter(chunks)
    head = _head(chunks)
    pieces = itertools.chain([head], chunks)
    if is_table(head):
        return rows_in(pieces)
    if head.lstrip().startswith(PACKED):
        return unwrapped("".join(pieces).strip(), 1)
    return _DocumentReader(pieces).documents()


def _head(chunks: Iterator[str]) -> str:
    """The text up to the end of its first line at least, or as much as tells what it is."""
    head = ""
    while "\n" not in head[:_LONGEST_HEAD] and len(head) < _LONGEST_HEAD:
        piece = next(chunks, None)
        if piece is None:
            break
        head += piece
        if head.lstrip(" \t\r\n\ufeff")[:1] in ("{", "["):
            break
    return head


class _DocumentReader:
    """Holds no more of the text than the value that is being read."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self._decode = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0  # how far into the text _line counts
        self._record: int | None = None
        self._space = _SPACE
        self._ended = False

    def documents(self) -> Iterator[Record | Fault]:
        if not self._next_sign():
            yield Fault(1, "there is nothing in it")
        while self._next_sign():
            self._record = None
            try:
                yield from self._document()
            except _Broken as broken:
                yield Fault(self._line_of(broken.place), broken.what, self._record)
                self._skip_to_start()

    def _document(self) -> Iterator[Record | Fault]:
        if self._text[self._at] == "[":
            self._at += 1
            yield from self._elements()
        elif self._opens_records():
            yield from self._elements()
            self._close_records()
        else:
            line = self._line_now()
            yield from unwrapped(self._value(), line)

    def _opens_records(self) -> bool:
        """Go into a list such as `{"Records": [...]}`, so that it is never held as a whole."""
        while not (opening := _RECORDS.match(self._text, self._at)):
            # Not enough text to see whether it is one.
            if len(self._text) - self._at > 2 * _MARGIN or not self._more():
                return False
        self._at = opening.end()
        return True

    def _elements(self) -> Iterator[Record | Fault]:
        """The rest of a list, behind its bracket."""
        sign, self._record = self._next_sign(), 0
        while sign != "]":
            self._record += 1
            line = self._line_now()
            yield from unwrapped(self._value(), line, self._record)
            sign = self._next_sign()
            if sign == ",":
                self._at += 1
                self._next_sign()
            elif sign != "]":
                raise self._unexpected("a comma or the end of the list", sign)
        self._at += 1
        self._record = None

    def _close_records(self) -> None:
        """Whatever stands beside the list, up to the end of the object."""
        sign = self._next_sign()
        if sign == "}":
            self._at += 1
        elif sign == ",":
            # Read as an object of its own, of which nothing is kept.
            self._line_now()
            self._text = "{" + self._text[self._at + 1 :]
            self._at = self._counted = 0
            self._value()
        else:
            raise self._unexpected("the end of the object", sign)

    def _unexpected(self, expected: str, sign: str) -> _Broken:
        what = f"{expected} was expected" if sign else _CUT_SHORT
        return _Broken(what, self._at)

    def _value(self) -> Any:
        while True:
            try:
                value, self._at = self._decoded()
            except _Unfinished:
                self._more()  # without more, the next try says what is wrong
            else:
                return value

    def _decoded(self) -> tuple[Any, int]:
        try:
            value, end = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            if not self._ended and self._may_be_unfinished(error):
                raise _Unfinished from None
            raise self._broken(error) from None
        except RecursionError:
            raise _Broken("it is nested too deeply", self._at) from None
        except ValueError:
            raise _Broken("it holds a number of too many digits", self._at) from None
        if end == len(self._text) and not self._ended and not isinstance(value, dict | list | str):
            raise _Unfinished  # a number may go on
        return value, end

    def _may_be_unfinished(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated") or error.pos > len(self._text) - _MARGIN

    def _broken(self, error: json.JSONDecodeError) -> _Broken:
        if error.msg.startswith("Unterminated") or error.pos >= len(self._text.rstrip()):
            return _Broken(_CUT_SHORT, len(self._text))
        reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        return _Broken(f"this is no JSON: {reason}", error.pos)

    def _next_sign(self) -> str:
        """The first character that is no space; empty at the end of the text."""
        while True:
            self._at = self._space.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on, at least as much as is held, so that a long value is not parsed too often."""
        missing = max(1, len(self._text) - self._at)
        pieces: list[str] = []
        while missing > 0:
            piece = next(self._chunks, None)
            if piece is None:
                self._ended = True
                break
            pieces.append(piece)
            missing -= len(piece)
        if not pieces:
            return False
        self._line_now()
        self._text = "".join([self._text[self._at :], *pieces])
        self._at = self._counted = 0
        return True

    def _line_now(self) -> int:
        self._line, self._counted = self._line_of(self._at), self._at
        return self._line

    def _line_of(self, place: int) -> int:
        return self._line + self._text.count("\n", self._counted, place)

    def _skip_to_start(self) -> None:
        """To the next line that begins as a document does, behind the start of what is broken."""
        self._space = _LOOSE_SPACE
        while not (start := _START.search(self._text, self._at)):
            # The line break at the end may be the one.
            self._at = max(self._at, len(self._text) - 1)
            if not self._more():
                self._at = len(self._text)
                return
        self._at = start.end()
