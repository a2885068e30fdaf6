# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What one condition says about the value of one field."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, NoReturn, TypeAlias

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import undocumented as u
from c7n_mfa.pattern.message import double, exact, is_number, number_texts
from c7n_mfa.pattern.nodes import Atom, Compare, Is, Number, Operator, Regex, Text, Value
from c7n_mfa.pattern.regex import TooLarge, search
from c7n_mfa.pattern.undocumented import Behaviour


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
"""Stands for the value of a field that does not exist."""


@frozen
class Doubt:
    """An answer that depends on undocumented behaviours."""

    behaviours: tuple[Behaviour, ...]

    def __bool__(self) -> NoReturn:
        raise TypeError("a doubt is neither true nor false")


Answer: TypeAlias = bool | Doubt


def known(answer: Answer) -> bool | None:
    """The answer, None when it is in doubt."""
    return answer if isinstance(answer, bool) else None


def doubt_of(answers: Iterable[Answer], *more: Behaviour) -> Doubt:
    """One doubt out of several answers, each behaviour named once."""
    names = [name for answer in answers if isinstance(answer, Doubt) for name in answer.behaviours]
    return Doubt(tuple(dict.fromkeys([*names, *more])))


def settle(behaviour: Behaviour, *readings: Answer) -> Answer:
    """What all readings of a behaviour agree on, else a doubt that names it."""
    first = readings[0]
    if all(reading == first for reading in readings):
        return first
    return doubt_of(readings, behaviour)


def negated(answer: Answer) -> Answer:
    return answer if isinstance(answer, Doubt) else not answer


def all_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's and."""
    listed = list(answers)
    if any(answer is False for answer in listed):
        return False
    return True if all(answer is True for answer in listed) else doubt_of(listed)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's or."""
    listed = list(answers)
    if any(answer is True for answer in listed):
        return True
    return False if all(answer is False for answer in listed) else doubt_of(listed)


# Atoms


def evaluate_atom(atom: Atom, value: object) -> bool | None:
    """Whether an atom holds when its selector leads to ``value`` (or ``MISSING``).

    For selectors without wildcards. ``value`` is what ``json.loads`` makes of a field.
    None means that it depends on undocumented behaviour; ``judge_atom`` says on which.
    """
    return known(judge_atom(atom, value))


def judge_atom(atom: Atom, value: object) -> Answer:
    """Like ``evaluate_atom``, naming the behaviours a doubtful answer depends on."""
    if isinstance(atom, Compare):
        return judge_comparison(atom.op, atom.value, value)
    if isinstance(atom, Is):
        return _judge_is(atom.what, value)
    return value is MISSING


def _judge_is(what: str, value: object) -> Answer:
    if what == "NULL":
        if isinstance(value, list) and None in value:
            return Doubt((u.NULL_IN_ARRAY,))
        return value is None
    return value is (what == "TRUE")


def judge_comparison(op: Operator, literal: Value, value: object) -> Answer:
    """``value op literal``: false unless the value is a string or a number."""
    if isinstance(value, bool):
        return _judge_boolean(op, literal, value)
    if not isinstance(value, str) and not is_number(value):
        return False
    if op not in ("=", "!="):
        return isinstance(literal, Number) and _judge_order(op, literal, value)
    if isinstance(literal, Regex) and not isinstance(value, str):
        return _judge_regex_on_number(op, literal, value)
    equal = _judge_equal(literal, value)
    return equal if op == "=" else negated(equal)


def _judge_boolean(op: Operator, literal: Value, value: bool) -> Answer:
    if isinstance(literal, Regex):
        answer = judge_regex(literal, "true" if value else "false")
        return settle(u.BOOLEAN_REGEX, False, answer if op == "=" else negated(answer))
    if isinstance(literal, Text) and literal.is_presence and op == "=":
        return Doubt((u.BOOLEAN_PRESENCE,))
    return False


def _judge_equal(literal: Value, value: object) -> Answer:
    if isinstance(literal, Regex):
        return judge_regex(literal, str(value))
    if isinstance(literal, Number):
        return judge_number(literal, value)
    if isinstance(value, str):
        return judge_text(literal, value)
    return _judge_text_of_number(literal, value)


# Text

_HALF_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\t\r\n\f\v]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def judge_text(text: Text, value: str) -> Answer:
    """Whether a string is what the text says, in every reading of the text."""
    answer = _judge_spellings(text, value)
    if is_half_number(text):
        answer = settle(u.NUMBER_WITHOUT_DIGITS, answer, judge_number(Number(text.value), value))
    return answer


def _judge_spellings(text: Text, value: str) -> Answer:
    answer = _judge_wildcards(text.value, value)
    for behaviour, other in other_readings(text):
        answer = settle(behaviour, answer, _judge_wildcards(other, value))
    return answer


def is_half_number(text: Text) -> bool:
    """Whether this is a bare ``5.`` or ``.5``: a number to some, a word to others."""
    return not text.quoted and _HALF_NUMBER.fullmatch(text.value) is not None


def is_plain(text: Text) -> bool:
    """Whether the text means itself and nothing else: no wildcard, no second reading."""
    return "*" not in text.value and not is_half_number(text) and not other_readings(text)


def other_readings(text: Text) -> list[tuple[Behaviour, str]]:
    """What else a text may say, and the behaviour on which that depends."""
    readings = []
    if text.spelling is not None:
        readings.append((u.UNKNOWN_ESCAPE, _ESCAPE.sub(r"\1", text.spelling)))
    if _CONTROL.search(text.value):
        readings.append((u.CONTROL_CHARACTER, _CONTROL.sub(" ", text.value)))
    return readings


def _judge_wildcards(text: str, value: str) -> Answer:
    if "*" not in text:
        return value == text
    if text == "*":
        return True
    if not text.strip("*"):
        return settle(u.REPEATED_ASTERISK, True, "*" in value)
    leading, trailing = text.startswith("*"), text.endswith("*")
    if not leading and not trailing:
        return value == text
    body = text[leading : len(text) - trailing]
    literal = _judge_ends(body, leading, trailing, value)
    if "*" not in body:
        return literal
    return settle(u.INNER_ASTERISK_MIXED, literal, _glob(text, value))


def _judge_ends(body: str, leading: bool, trailing: bool, value: str) -> Answer:
    if leading and trailing:
        return body in value
    if trailing:
        return value.startswith(body)
    at_first = value.find(body) == len(value) - len(body) if body in value else False
    return settle(u.SUFFIX_FIRST_OCCURRENCE, value.endswith(body), at_first)


def _glob(text: str, value: str) -> bool:
    """Whether the value matches with every asterisk a wildcard; linear, not recursive."""
    first, *middle, last = text.split("*")
    if len(value) < len(first) + len(last):
        return False
    if not (value.startswith(first) and value.endswith(last)):
        return False
    position, limit = len(first), len(value) - len(last)
    for part in middle:
        position = value.find(part, position, limit)
        if position < 0:
            return False
        position += len(part)
    return True


def glob_search(text: str, value: str) -> bool:
    """Whether the parts between asterisks occur in the value, one after the other."""
    return _glob(f"*{text}*", value)


# Numbers

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def judge_number(literal: Number, value: object) -> Answer:
    """Whether a string or number equals an unquoted number."""
    if not isinstance(value, str):
        return _judge_order("=", literal, value)
    if value == literal.text:
        return True
    same = is_decimal(value) and float(value) == literal.value
    return settle(u.NUMERIC_STRING, False, same)


def is_decimal(text: str) -> bool:
    """Whether a string reads as a number."""
    return _DECIMAL.fullmatch(text) is not None


def _judge_order(op: Operator, literal: Number, value: object) -> Answer:
    if isinstance(value, str):
        return False
    compare = _ORDER[op]
    rounded = compare(double(value), literal.value)
    left, right = exact(value), literal.integer
    if left is None or right is None:
        return rounded
    return settle(u.LARGE_NUMBER, rounded, compare(left, right))


def _judge_text_of_number(text: Text, value: object) -> Answer:
    answers = [_judge_spellings(text, spelled) for spelled in number_texts(value)]
    answer = settle(u.NUMBER_TEXT, *answers)
    if "*" in text.value.strip("*"):
        globbed = any(_glob(text.value, spelled) for spelled in number_texts(value))
        answer = settle(u.INNER_ASTERISK_ON_NUMBER, answer, globbed)
    if is_half_number(text):
        numeric = judge_number(Number(text.value), value)
        answer = settle(u.NUMBER_WITHOUT_DIGITS, answer, numeric)
    return answer


# Regexes

_LINE_SENSITIVE = re.compile(r"[.^$]")
_HIGH_ESCAPE = re.compile(r"\\x[89A-Fa-f]")


def judge_regex(regex: Regex, text: str) -> Answer:
    """Whether a regex is found in a text, in every reading of line breaks and bytes."""
    try:
        answer: Answer = search(regex.body, text)
        if _LINE_SENSITIVE.search(regex.body) and ("\n" in text or "\r" in text):
            answer = settle(u.REGEX_LINE_BREAK, answer, *_line_readings(regex, text))
        if not text.isascii():
            answer = _in_bytes_too(regex, text, answer)
    except TooLarge:
        return Doubt((u.REGEX_TOO_LARGE,))
    return answer


def _in_bytes_too(regex: Regex, text: str, answer: Answer) -> Answer:
    if _HIGH_ESCAPE.search(regex.body):
        return doubt_of([answer], u.REGEX_NON_ASCII_TEXT)
    octets = text.encode("utf-8", "surrogatepass").decode("latin-1")
    return settle(u.REGEX_NON_ASCII_TEXT, answer, search(regex.body, octets))


def _line_readings(regex: Regex, text: str) -> list[bool]:
    return [
        search(regex.body, text, dot_all=dot_all, multi_line=multi_line)
        for dot_all, multi_line in ((True, False), (False, True), (True, True))
    ]


def _judge_regex_on_number(op: Operator, regex: Regex, value: object) -> Answer:
    answers = [judge_regex(regex, spelled) for spelled in number_texts(value)]
    answer = settle(u.NUMBER_TEXT, *answers)
    return settle(u.REGEX_ON_NUMBER, False, answer if op == "=" else negated(answer))
