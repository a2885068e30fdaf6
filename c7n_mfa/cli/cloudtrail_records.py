# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records out of a stream of text, one at a time.

The text holds JSON documents one after another, on lines of their own or not: a trail file
(`{"Records": [...]}`), single records, lists of these, or what AWS wraps around them: the answer of
`aws cloudtrail lookup-events` (`{"Events": [...]}`, each with its record as a text), events of
EventBridge (`detail`), and messages of queues, topics and log groups (a record or an event as a
text).  What cannot be understood is a `Fault` with its line, and reading goes on with the next line
that begins a document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from c7n_mfa.frozen import frozen

Record: TypeAlias = dict[str, Any]

# What an envelope holds: records or events in a list, or one of them as a text.
_LISTS = ("Records", "Events", "events", "Messages")
_TEXTS = ("CloudTrailEvent", "Message", "Body", "body", "message")
_RECORD_FIELDS = frozenset({"eventName", "eventVersion", "eventSource", "eventID", "eventType"})
_DIGEST_FIELD = "digestStartTime"
# S3 and others name themselves in notifications as CloudTrail names no source.
_NOTIFICATION_SOURCE = "aws:"
_NOTIFICATION = "it only names a file in a bucket; fetch that, and name it here"
_DEEPEST = 8
_NO_RECORD = "this is no CloudTrail record, and holds none"

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
# Behind a fault, also what is left over of the list or object that it stood in.
_LOOSE_SPACE = re.compile(r"[ \t\r\n\ufeff,\]}]*")
_RECORDS = re.compile(rf'\{{[ \t\r\n]*"(?:{"|".join(_LISTS)})"[ \t\r\n]*:[ \t\r\n]*\[')
# Far enough from the end of what has been read that no further text could complete it.
_MARGIN = 32
_START = re.compile(r"\n(?=[{\[])")
_CUT_SHORT = "it ends in the middle of a value"


@frozen
class Fault:
    """What could not be understood: on which line, and its number in a list."""

    line: int
    what: str
    record: int | None = None


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
    return _DocumentReader(chunks).documents()


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
            yield from _unwrapped(self._value(), line)

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
            yield from _unwrapped(self._value(), line, self._record)
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


def _unwrapped(
    value: Any, line: int, number: int | None = None, depth: int = 0
) -> Iterator[Record | Fault]:
    """The records of a document, or a fault where it holds none."""
    if depth > _DEEPEST:
        yield Fault(line, "it is nested too deeply", number)
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        yield from _parsed_text("text", value, line, number, depth)
    elif not isinstance(value, dict):
        yield Fault(line, f"a CloudTrail record was expected, not {_kind(value)}", number)
    elif str(value.get("eventSource", "")).startswith(_NOTIFICATION_SOURCE):
        yield Fault(line, _NOTIFICATION, number)
    elif not _RECORD_FIELDS.isdisjoint(value):
        yield value
    elif "detail-type" in value:
        yield _detail(value, line, number)
    else:
        yield from _inside(value, line, number, depth)


def _inside(value: Record, line: int, number: int | None, depth: int) -> Iterator[Record | Fault]:
    """The records of an object that is none itself."""
    for key in _LISTS:
        if key in value:
            yield from _listed(key, value[key], line, depth)
            return
    for key in _TEXTS:
        if key in value:
            yield from _parsed_text(key, value[key], line, number, depth)
            return
    if _DIGEST_FIELD not in value:  # CloudTrail lays digests beside its files
        yield Fault(line, _NO_RECORD, number)


def _listed(key: str, records: Any, line: int, depth: int) -> Iterator[Record | Fault]:
    if not isinstance(records, list):
        yield Fault(line, f"{key} was expected to be a list, not {_kind(records)}")
        return
    for number, record in enumerate(records, 1):
        yield from _unwrapped(record, line, number, depth + 1)


def _parsed_text(
    key: str, text: Any, line: int, number: int | None, depth: int
) -> Iterator[Record | Fault]:
    """What a record that stands in a text says."""
    try:
        value = _parsed(key, text)
    except ValueError as error:
        yield Fault(line, str(error), number)
    else:
        yield from _unwrapped(value, line, number, depth + 1)


def _parsed(key: str, text: Any) -> Any:
    """The JSON of a text; a `ValueError` says what is wrong with it and how to fix it."""
    if not isinstance(text, str):
        raise ValueError(f"its {key} was expected to be a text, not {_kind(text)}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        place = f"character {error.pos + 1}"
    except RecursionError:
        reason, place = "nested too deeply", "at some depth"
    except ValueError:
        reason, place = "a number of too many digits", "somewhere"
    raise ValueError(
        f"its {key} is no JSON ({reason}, {place}); it was cut or changed, so fetch it again"
    )


def _detail(event: Record, line: int, number: int | None) -> Record | Fault:
    detail = event.get("detail")
    if isinstance(detail, dict):
        return detail
    return Fault(line, f"a record was expected as detail, not {_kind(detail)}", number)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    kinds = ((dict, "an object"), (list, "a list"), (str, "a text"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "a number")
