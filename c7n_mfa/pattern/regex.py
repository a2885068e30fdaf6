# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The regular expressions AWS allows between percent signs, read into plain values.

No parentheses, so no nesting: a regex is a choice between sequences of characters,
character classes and anchors, each repeated or not. Matching is left to automata, whose
time is linear in the text; a backtracking engine would need minutes for ``a*a*a*a*b``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern.automaton import (
    ASCII,
    END,
    NON_ASCII,
    START,
    Automaton,
    Piece,
    TooLarge,
    charset,
)
from c7n_mfa.pattern.tokenizer import PatternSyntaxError

__all__ = ["Alternatives", "TooLarge", "automaton_of", "parse_regex", "search"]

_MOST_REPEATS = 1_000_000
_ALPHABET = re.compile(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+. ]")
_COUNT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_DIGITS = charset("0123456789")
_BLANKS = charset(" \t\n\r\f\v")
_WORDS = _DIGITS | charset("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LINE_BREAKS = charset("\n\r")
_EVERYTHING = ASCII | NON_ASCII
_CLASSES = {
    "d": _DIGITS,
    "D": _EVERYTHING & ~_DIGITS,
    "s": _BLANKS,
    "S": _EVERYTHING & ~_BLANKS,
    "w": _WORDS,
    "W": _EVERYTHING & ~_WORDS,
}
_DOT = -1


@frozen
class Alternatives:
    """A choice between sequences of pieces."""

    sequences: tuple[tuple[Piece, ...], ...]


@lru_cache(maxsize=512)
def parse_regex(body: str) -> Alternatives:
    """A regex, given without its percent signs."""
    return read_regex(body, 0, len(body))


def read_regex(source: str, start: int, end: int) -> Alternatives:
    """The regex between two positions of a pattern."""
    return _Reader(source, start, end).read()


@lru_cache(maxsize=64)
def automaton_of(body: str, dot_all: bool = False, multi_line: bool = False) -> Automaton:
    """An automaton that accepts the texts in which the regex is found."""
    dot = _EVERYTHING if dot_all else _EVERYTHING & ~_LINE_BREAKS
    sequences = [
        [Piece(dot, each.least, each.most) if each.chars == _DOT else each for each in sequence]
        for sequence in parse_regex(body).sequences
    ]
    return Automaton(sequences, multi_line=multi_line)


def search(body: str, text: str, *, dot_all: bool = False, multi_line: bool = False) -> bool:
    """Whether the regex is found in the text. ``TooLarge`` if it repeats beyond measure."""
    quick = None if multi_line else _quick(body, dot_all)
    if quick is not None:
        return quick.search(text) is not None
    return automaton_of(body, dot_all, multi_line).accepts(text)


@lru_cache(maxsize=512)
def _quick(body: str, dot_all: bool) -> re.Pattern[str] | None:
    """Python's own engine for a short regex that repeats nothing, so cannot backtrack."""
    sequences = parse_regex(body).sequences
    pieces = [piece for sequence in sequences for piece in sequence]
    if len(sequences) > 4 or len(pieces) > 40:
        return None
    if any((piece.least, piece.most) != (1, 1) for piece in pieces):
        return None
    return re.compile("|".join(_spelled(sequence, dot_all) for sequence in sequences))


def _spelled(sequence: tuple[Piece, ...], dot_all: bool) -> str:
    return "".join(_spelled_piece(piece.chars, dot_all) for piece in sequence)


def _spelled_piece(chars: int, dot_all: bool) -> str:
    if chars in (START, END):
        return r"\A" if chars == START else r"\Z"
    if chars == _DOT:
        chars = _EVERYTHING if dot_all else _EVERYTHING & ~_LINE_BREAKS
    listed = "".join(rf"\x{code:02x}" for code in range(128) if chars >> code & 1)
    if chars & NON_ASCII:
        listed += r"\x80-\U0010ffff"
    return f"[{listed}]" if listed else r"(?!)"


class _Reader:
    """Recursive descent over a regex."""

    def __init__(self, source: str, start: int, end: int) -> None:
        self._source = source
        self._start = start
        self._position = start
        self._end = end

    def read(self) -> Alternatives:
        """regex := sequence ( '|' sequence )*"""
        if self._start == self._end:
            self._fail("Expected a regex between the percent signs", -1, 1)
        self._check_alphabet()
        sequences = [self._sequence()]
        while self._skip("|"):
            sequences.append(self._sequence())
        return Alternatives(tuple(sequences))

    def _check_alphabet(self) -> None:
        for at in range(self._start, self._end):
            char = self._source[at]
            if not _ALPHABET.match(char):
                self._position = at
                self._fail(_refusal(char))

    def _sequence(self) -> tuple[Piece, ...]:
        """sequence := ( '^' | '$' | item count? )*"""
        pieces = []
        while self._position < self._end and self._peek() != "|":
            if self._skip("^"):
                pieces.append(Piece(START))
            elif self._skip("$"):
                pieces.append(Piece(END))
            else:
                item = self._item()
                pieces.append(Piece(item, *self._count()))
        return tuple(pieces)

    def _item(self) -> int:
        """item := '.' | '[' class ']' | escape | char"""
        char = self._peek()
        if char in "*+?{":
            self._fail(f"Expected something to repeat before {char!r}")
        if char == "\\":
            return self._escape()
        if self._skip("["):
            return self._class()
        self._position += 1
        return _DOT if char == "." else charset(char)

    def _escape(self) -> int:
        r"""escape := '\' ( 'x' hex hex | [dDsSwW] | symbol )"""
        hexadecimal = _HEX.match(self._source, self._position, self._end)
        if hexadecimal:
            self._position = hexadecimal.end()
            return charset(chr(int(hexadecimal[1], 16)))
        char = self._source[self._position + 1 : self._end][:1]
        if not char or (char.isalnum() and char not in _CLASSES):
            self._fail(
                r"Expected \d, \D, \s, \S, \w, \W, \xhh or a symbol after the backslash",
                0,
                1 + len(char),
            )
        self._position += 2
        return _CLASSES[char] if char in _CLASSES else charset(char)

    def _class(self) -> int:
        """class := '^'? ( member ( '-' member )? )+"""
        opened = self._position - 1
        inverted = self._skip("^")
        chars = 0
        while not self._skip("]"):
            if self._position >= self._end:
                self._fail_at("Expected ']' to close this character class", opened, self._end)
            chars |= self._range()
        if not chars:
            self._fail_at("Expected at least one character in the class", opened, self._position)
        return _EVERYTHING & ~chars if inverted else chars

    def _range(self) -> int:
        begin = self._position
        low = self._member()
        following = self._source[self._position : self._end][:2]
        if not following.startswith("-") or following in ("-", "-]"):
            return low
        self._position += 1
        high = self._member()
        if low.bit_count() != 1 or high.bit_count() != 1 or low > high:
            self._fail_at("Expected a range from a lower to a higher character", begin)
        return (high << 1) - low

    def _member(self) -> int:
        if self._peek() == "\\":
            return self._escape()
        self._position += 1
        return charset(self._source[self._position - 1])

    def _count(self) -> tuple[int, int | None]:
        """count := ( '?' | '*' | '+' | '{' m? ','? n? '}' ) '?'?"""
        begin = self._position
        bounds = self._bounds()
        if bounds is None:
            return 1, 1
        # Lazy or not, the same texts contain a match.
        self._skip("?")
        if self._position < self._end and self._peek() in "*+?{":
            self._fail_at("Expected one quantifier, not several", begin, self._position + 1)
        return bounds

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        for char, bounds in simple.items():
            if self._skip(char):
                return bounds
        if self._position >= self._end or self._peek() != "{":
            return None
        return self._counted()

    def _counted(self) -> tuple[int, int | None]:
        count = _COUNT.match(self._source, self._position, self._end)
        if count is None or not (count[1] or count[3]):
            self._fail("Expected a count such as {2}, {2,} or {2,5}")
        least, most = (_bounded(each) for each in (count[1] or "0", count[3] or "0"))
        if count[3] and most < least:
            self._fail_at("Expected bounds in rising order", self._position, count.end())
        self._position = count.end()
        if not count[2]:
            return least, least
        return least, most if count[3] else None

    def _peek(self) -> str:
        return self._source[self._position]

    def _skip(self, char: str) -> bool:
        if self._position < self._end and self._peek() == char:
            self._position += 1
            return True
        return False

    def _fail(self, message: str, before: int = 0, after: int = 1) -> NoReturn:
        self._fail_at(message, self._position + before, self._position + after)

    def _fail_at(self, message: str, start: int, end: int | None = None) -> NoReturn:
        span = max(start, 0), min(end or self._position, len(self._source))
        raise PatternSyntaxError(message, self._source, span)


def _bounded(digits: str) -> int:
    # Beyond this the automaton is too large anyway; a longer number only costs time.
    return int(digits) if len(digits) < 7 else _MOST_REPEATS


def _refusal(char: str) -> str:
    if char in "()":
        code = "28" if char == "(" else "29"
        return rf"Expected no parenthesis in a regex; \x{code} stands for the character"
    if not char.isascii():
        return "Expected ASCII characters in a regex"
    return rf"Expected a character allowed in a regex; \x{ord(char):02x} stands for this one"
