# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a filter pattern is made of: plain frozen values, no behaviour but their own text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias, cast

from c7n_mfa.frozen import frozen

MAX_LENGTH = 1024
"""The longest filter pattern the API takes, in characters."""

Operator: TypeAlias = Literal["=", "!=", "<", ">", "<=", ">="]
Sign: TypeAlias = Literal["", "-", "?"]

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


# Selectors


@frozen
class Field:
    """``.name``, or ``.['na.me']`` when the name holds other characters."""

    name: str

    def __str__(self) -> str:
        if _PLAIN_NAME.fullmatch(self.name):
            return f".{self.name}"
        quote = '"' if "'" in self.name else "'"
        return f".[{quote}{self.name}{quote}]"


@frozen
class Index:
    """``[n]``, counted from zero."""

    number: int

    def __str__(self) -> str:
        return f"[{self.number}]"


@frozen
class AnyElement:
    """``[*]``: each element of an array."""

    def __str__(self) -> str:
        return "[*]"


@frozen
class AnyField:
    """``.*``: each field of an object."""

    def __str__(self) -> str:
        return ".*"


Step: TypeAlias = Field | Index | AnyElement | AnyField


@frozen
class Selector:
    """``$.a.b[0]``: a way from the root of an event to a field."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "$" + "".join(map(str, self.steps))

    @property
    def has_wildcard(self) -> bool:
        return any(isinstance(step, AnyElement | AnyField) for step in self.steps)


# Values


@frozen
class Text:
    """A string, quoted or bare; ``*`` at its start or end stands for any characters.

    ``spelling`` is what stood between the quotes, kept only when it holds a backslash
    before anything but a quote or a backslash: AWS does not say what that means.
    """

    value: str
    quoted: bool = True
    spelling: str | None = None

    def __str__(self) -> str:
        if not self.quoted:
            return self.value
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped if self.spelling is None else self.spelling}"'

    @property
    def is_presence(self) -> bool:
        """Whether this is the lone ``*`` that any value matches."""
        return self.value == "*"

    @property
    def has_wildcard(self) -> bool:
        return self.value.startswith("*") or self.value.endswith("*")

    def matches(self, value: str) -> bool | None:
        """Whether a string equals this text, wildcards understood; None if AWS does not say."""
        from c7n_mfa.pattern.values import judge_text, known

        return known(judge_text(self, value))


@frozen
class Number:
    """An unquoted number, kept as it was written."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def value(self) -> float:
        return float(self.text)

    @property
    def integer(self) -> int | None:
        """The exact number when it was written without point or exponent."""
        return int(self.text) if self.text.lstrip("+-").isdigit() else None


@frozen
class Regex:
    """``%body%``: a search, not a full match."""

    body: str

    def __str__(self) -> str:
        return f"%{self.body}%"


Value: TypeAlias = Text | Number | Regex


# Conditions


@frozen
class Compare:
    """``$.a = "b"`` and its kin; never true of a field that is missing."""

    selector: Selector
    op: Operator
    value: Value

    def __str__(self) -> str:
        return f"{self.selector} {self.op} {self.value}"


@frozen
class Is:
    """``$.a IS NULL``, ``IS TRUE`` or ``IS FALSE``."""

    selector: Selector
    what: Literal["NULL", "TRUE", "FALSE"]

    def __str__(self) -> str:
        return f"{self.selector} IS {self.what}"


@frozen
class NotExists:
    """``$.a NOT EXISTS``."""

    selector: Selector

    def __str__(self) -> str:
        return f"{self.selector} NOT EXISTS"


@frozen
class And:
    """All operands; at least two, none of them an ``And``."""

    operands: tuple[Condition, ...]

    def __str__(self) -> str:
        return " && ".join(f"({operand})" for operand in self.operands)


@frozen
class Or:
    """Any operand; at least two, none of them an ``Or``."""

    operands: tuple[Condition, ...]

    def __str__(self) -> str:
        return " || ".join(f"({operand})" for operand in self.operands)


Atom: TypeAlias = Compare | Is | NotExists
Condition: TypeAlias = Atom | And | Or


def atoms(condition: Condition) -> Iterator[Atom]:
    """The comparisons and tests of a condition, from left to right."""
    if isinstance(condition, And | Or):
        for operand in condition.operands:
            yield from atoms(operand)
    else:
        yield condition


# Patterns


@frozen
class JsonPattern:
    """``{ condition }``."""

    condition: Condition

    def __str__(self) -> str:
        spaced = f"{{ {self.condition} }}"
        if len(spaced) <= MAX_LENGTH:
            return spaced
        return f"{{{_terse(self.condition, _terse_atom, '')}}}"


@frozen
class Term:
    """A word, phrase or regex that must occur, must not (``-``), or may (``?``)."""

    sign: Sign
    value: Text | Regex

    def __str__(self) -> str:
        return f"{self.sign}{self.value}"


@frozen
class TermPattern:
    """Terms searched for in the raw text of an event."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


@frozen
class Entry:
    """A named field of a space-delimited event; its condition only selects that name."""

    name: str
    condition: Condition | None = None

    def __str__(self) -> str:
        return _entry(self, " ")


@frozen
class Ellipsis:
    """``...``: any number of fields."""

    def __str__(self) -> str:
        return "..."


@frozen
class SpacePattern:
    """``[entry, entry, ...]``."""

    entries: tuple[Entry | Ellipsis, ...]

    def __str__(self) -> str:
        spaced = f"[{', '.join(map(str, self.entries))}]"
        if len(spaced) <= MAX_LENGTH:
            return spaced
        return f"[{','.join(_entry(entry, '') for entry in self.entries)}]"


@frozen
class EverythingPattern:
    """The empty pattern: it matches every event."""

    def __str__(self) -> str:
        return ""


PatternNode: TypeAlias = JsonPattern | TermPattern | SpacePattern | EverythingPattern


# The terse spelling: parentheses only where they decide something. Space-delimited
# entries always have it (no document shows a parenthesis in one), JSON patterns when
# the readable spelling would be too long to be legal.


def _terse(condition: Condition, spell: Callable[[Atom], str], gap: str) -> str:
    if isinstance(condition, Or):
        return f"{gap}||{gap}".join(_terse(operand, spell, gap) for operand in condition.operands)
    if isinstance(condition, And):
        return f"{gap}&&{gap}".join(
            f"({_terse(operand, spell, gap)})"
            if isinstance(operand, Or)
            else _terse(operand, spell, gap)
            for operand in condition.operands
        )
    return spell(condition)


def _terse_atom(atom: Atom) -> str:
    return f"{atom.selector}{atom.op}{atom.value}" if isinstance(atom, Compare) else str(atom)


def _entry(entry: Entry | Ellipsis, gap: str) -> str:
    if isinstance(entry, Ellipsis):
        return "..."
    if entry.condition is None:
        return entry.name

    def spell(atom: Atom) -> str:
        comparison = cast(Compare, atom)
        return f"{entry.name}{gap}{comparison.op}{gap}{comparison.value}"

    return _terse(entry.condition, spell, gap)
