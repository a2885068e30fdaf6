# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the raw message of a log event to what patterns match, and back.

Numbers keep the text they were written with: AWS compares some of them as text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

Pairs = list[tuple[str, object]]


class NotJson(Exception):
    """The message is no JSON."""


class TooDeep(Exception):
    """The message is nested too deep to be read."""


def text_of_message(message: str | bytes) -> str:
    """The text of a raw message; bytes that are not UTF-8 are replaced."""
    return message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")


def read_json(message: str | bytes) -> list[object]:
    """What a message may mean as JSON: once, or twice if a key stands in it twice."""
    try:
        text = message if isinstance(message, str) else bytes(message).decode("utf-8")
        repeated: list[Pairs] = []
        last_wins = _loads(text, lambda pairs: _noting(pairs, repeated))
        if not repeated:
            return [last_wins]
        return [last_wins, _loads(text, lambda pairs: dict(reversed(pairs)))]
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise NotJson from None


def _loads(text: str, hook: Callable[[Pairs], object]) -> object:
    return json.loads(
        text,
        object_pairs_hook=hook,
        parse_int=read_integer,
        parse_float=read_decimal,
        parse_constant=_refuse,
    )


def _noting(pairs: Pairs, repeated: list[Pairs]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        repeated.append(pairs)
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def texts_of_event(event: object) -> list[str]:
    """The likely spellings of an event that was handed over parsed."""
    spellings: list[dict[str, Any]] = [
        {"separators": separators, "ensure_ascii": ascii_only}
        for separators in ((",", ":"), (", ", ": "))
        for ascii_only in (False, True)
    ]
    try:
        texts = [json.dumps(event, default=str, skipkeys=True, **how) for how in spellings]
    except RecursionError:
        raise TooDeep from None
    return list(dict.fromkeys(texts))


# Numbers

_EXACT = 2**53
_LONG = 400


class WrittenNumber(float):
    """A number whose text in the event is not the one Python would write."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> WrittenNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def read_integer(text: str) -> int | float:
    """The value of a JSON integer; ``json.loads(parse_int=…)``."""
    # Python refuses to convert integers of thousands of digits, and is slow before that.
    if len(text) > _LONG or text == "-0":
        return WrittenNumber(text)
    return int(text)


def read_decimal(text: str) -> float:
    """The value of any other JSON number; ``json.loads(parse_float=…)``."""
    value = float(text)
    return value if repr(value) == text else WrittenNumber(text)


def is_number(value: object) -> bool:
    """Whether this is a JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def double(value: object) -> float:
    """A number as floating point, infinite when it is beyond that."""
    assert isinstance(value, int | float)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def exact(value: object) -> int | None:
    """The number itself if it is whole and not already rounded."""
    return value if isinstance(value, int) else None


def number_texts(value: object) -> tuple[str, ...]:
    """The texts a comparison may read; more than one if AWS does not say which."""
    if isinstance(value, WrittenNumber):
        return tuple(dict.fromkeys((value.text, *_float_texts(float(value)))))
    if isinstance(value, float):
        shown = repr(value)
        return (shown,) if "e" not in shown else _float_texts(value)
    assert isinstance(value, int)
    if abs(value) <= _EXACT:
        return (str(value),)
    rounded = _float_texts(double(value))
    return rounded if value.bit_length() > 4 * _LONG else (str(value), *rounded)


def _float_texts(value: float) -> tuple[str, ...]:
    if not math.isfinite(value):
        return (repr(value),)
    whole = (str(int(value)),) if value.is_integer() else ()
    return (repr(value), format(value, "f"), *whole)
