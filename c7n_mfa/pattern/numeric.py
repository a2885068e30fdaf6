# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""JSON numbers: their value, and the text or texts they may have."""

from __future__ import annotations

import math

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
    """The texts a comparison may see; more than one if AWS does not say which."""
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
