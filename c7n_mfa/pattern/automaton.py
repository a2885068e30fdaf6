# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Automata over texts: regexes and wildcards as sets of strings that can be intersected.

An automaton is a handful of chains of positions, and its state a set of positions kept as
the bits of one integer, so that one step is a few operations on integers however long the
regex is (the extended Shift-And of Navarro and Raffinot). Steps taken once are remembered.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence

from c7n_mfa.frozen import frozen

MOST_POSITIONS = 2_000
"""An automaton with more positions than this is refused as ``TooLarge``."""

MOST_STEPS = 50_000
"""A text that needs more steps than this, not taken before, is refused as ``TooLarge``."""

_MOST_REMEMBERED = 1_000
_MATCHED = 0
_HOPELESS = -1

# A set of characters is an integer: bit n for the ASCII character n, one bit for all others.
ASCII = (1 << 128) - 1
NON_ASCII = 1 << 128
START = 1 << 129
"""An anchor in place of a set of characters: the start of the text."""
END = 1 << 130
"""An anchor in place of a set of characters: the end of the text."""

_OTHER = "é"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# The order in which characters are tried when a text is made up: readable ones first.
_PREFERRED = tuple(
    dict.fromkeys(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=,;# "
        + "".join(map(chr, range(128)))
        + _OTHER
    )
)


class TooLarge(Exception):
    """The question takes more than this module is willing to spend."""


def charset(chars: str) -> int:
    """The set of some characters."""
    bits = 0
    for char in chars:
        bits |= 1 << ord(char) if char.isascii() else NON_ASCII
    return bits


@frozen
class Piece:
    """Characters of one set, repeated ``least`` to ``most`` times, or an anchor."""

    chars: int
    least: int = 1
    most: int | None = 1


class Automaton:
    """Accepts the texts in which any of its sequences is found.

    A state is an integer: ``start``, then one of ``steps`` for each character, and
    ``accepting`` tells whether the text may end there. State 0 means matched already.
    """

    def __init__(self, sequences: Iterable[Iterable[Piece]], *, multi_line: bool = False):
        self._multi_line = multi_line
        self._sets: list[int] = []
        self._optional = self._repeated = self._initial = self._final = 0
        self._starts = self._ends = 0
        for sequence in sequences:
            self._add_sequence(sequence)
        self._masks: dict[str, tuple[int, int]] = {}
        self._rows: dict[int, dict[str, int]] = {}
        # Says that a line starts here: at the start of the text, and after a line break.
        self._fresh = 1 << (len(self._sets) + 1)
        bits = self._closed(self._initial, self._starts)
        self._afresh = self._closed(self._initial, 0)
        self.start = _MATCHED if bits & self._final else bits | self._fresh

    def accepts(self, text: str) -> bool:
        """Whether a text is in the set. Linear in its length; ``TooLarge`` if that is long."""
        if not text.isascii():
            text = _BEYOND_ASCII.sub(_OTHER, text)
        state = self.start
        row = self._row(state)
        steps = 0
        for char in text:
            following = row.get(char)
            if following is None:
                steps += 1
                if steps > MOST_STEPS:
                    raise TooLarge
                following = row[char] = self._advanced(state, char)
            if following != state:
                if following == _MATCHED:
                    return True
                state = following
                row = self._row(state)
        return self.accepting(state)

    def steps(self, state: int, chars: Sequence[str]) -> list[int]:
        """The states after one more character, for each of some."""
        row = self._row(state)
        for char in chars:
            if char not in row:
                row[char] = self._advanced(state, char)
        return [row[char] for char in chars]

    def accepting(self, state: int) -> bool:
        """Whether the text may end in this state."""
        if state == _MATCHED:
            return True
        return bool(self._closed(state, self._ends | self._starts_in(state)) & self._final)

    def dead(self, state: int) -> bool:
        """Whether no text that goes on from this state is ever accepted.

        True where only the beginnings are left, and each of them needs the start of the text.
        """
        only_beginnings = state == self._initial
        return only_beginnings and not self._multi_line and not self._initial & ~self._starts

    def charsets(self) -> set[int]:
        """The sets of characters that the automaton tells apart."""
        return {*self._sets, *([charset("\n")] if self._multi_line else [])}

    # Construction

    def _add_sequence(self, sequence: Iterable[Piece]) -> None:
        self._initial |= 1 << len(self._sets)
        for piece in sequence:
            self._add_piece(piece)
        self._final |= 1 << len(self._sets)
        self._sets.append(0)

    def _add_piece(self, piece: Piece) -> None:
        if piece.chars == START:
            self._starts |= self._add_position(0)
        elif piece.chars == END:
            self._ends |= self._add_position(0)
        else:
            self._add_repeated(piece)

    def _add_repeated(self, piece: Piece) -> None:
        most = max(piece.least, 1) if piece.most is None else piece.most
        if len(self._sets) + most > MOST_POSITIONS:
            raise TooLarge
        at = 0
        for number in range(most):
            at = self._add_position(piece.chars)
            self._optional |= at if number >= piece.least else 0
        self._repeated |= at if piece.most is None else 0

    def _add_position(self, chars: int) -> int:
        self._sets.append(chars)
        return 1 << (len(self._sets) - 1)

    # Steps. Bit n of a state: everything before position n is matched, n comes next.

    def _row(self, state: int) -> dict[str, int]:
        """The steps already taken from a state."""
        row = self._rows.get(state)
        if row is None:
            if len(self._rows) >= _MOST_REMEMBERED:
                self._rows = {}
            row = self._rows[state] = {}
        return row

    def _advanced(self, state: int, char: str) -> int:
        if state == _MATCHED:
            return _MATCHED
        at_break = self._multi_line and char == "\n"
        if at_break:
            state = self._closed(state, self._ends | self._starts_in(state))
            if state & self._final:
                return _MATCHED
        taken, repeated = self._mask(char)
        if not (at_break or state & taken or state & repeated):
            return self._afresh
        moved = (state & taken) << 1 | (state & repeated) | self._initial
        bits = self._closed(moved, self._starts if at_break else 0)
        if bits & self._final:
            return _MATCHED
        return bits | self._fresh if at_break else bits

    def _starts_in(self, state: int) -> int:
        return self._starts if state & self._fresh else 0

    def _mask(self, char: str) -> tuple[int, int]:
        """The positions that take a character, and the states that stay over it."""
        mask = self._masks.get(char)
        if mask is None:
            chars = charset(char)
            taken = sum(1 << at for at, taking in enumerate(self._sets) if taking & chars)
            mask = self._masks[char] = taken, (taken & self._repeated) << 1
        return mask

    def _closed(self, bits: int, skippable: int) -> int:
        """The state, after skipping whatever may be skipped.

        Adding a bit to a run of ones carries to the end of the run: exactly the positions
        that skipping reaches.
        """
        skippable |= self._optional
        return bits | (((bits & skippable) + skippable) ^ skippable)


def text_automaton(body: str, *, leading: bool = False, trailing: bool = False) -> Automaton:
    """Accepts one text, or with wildcards all that end with, start with or contain it."""
    anything = Piece(ASCII | NON_ASCII, 0, None)
    pieces = [Piece(START), *([anything] if leading else [])]
    pieces += [Piece(charset(char)) for char in body]
    pieces += [*([anything] if trailing else []), Piece(END)]
    return Automaton([pieces])


def find_text(
    inside: Sequence[Automaton], outside: Sequence[Automaton] = (), *, limit: int = 50_000
) -> str | None:
    """A shortest text that all of ``inside`` accept and none of ``outside``, or None.

    None is a proof that there is no such text. ``TooLarge`` after ``limit`` states.
    """
    chars = _representatives([*inside, *outside])
    walks = [*(_Walk(a, True, chars) for a in inside), *(_Walk(a, False, chars) for a in outside)]
    first = tuple(walk.automaton.start for walk in walks)
    paths: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {first: None}
    queue = deque([first])
    while queue:
        states = queue.popleft()
        if all(walk.may_end(state) for walk, state in zip(walks, states, strict=True)):
            return _spell(paths, states)
        rows = [walk.row(state) for walk, state in zip(walks, states, strict=True)]
        for char, following in zip(chars, zip(*rows, strict=True), strict=True):
            if _HOPELESS not in following and following not in paths:
                paths[following] = states, char
                queue.append(following)
        if len(paths) > limit:
            raise TooLarge
    return None


class _Walk:
    """One automaton's part of a search: what is asked of it at each of its states, once."""

    def __init__(self, automaton: Automaton, inside: bool, chars: Sequence[str]) -> None:
        self.automaton = automaton
        self._inside = inside
        self._chars = chars
        self._rows: dict[int, list[int]] = {}
        self._ends: dict[int, bool] = {}

    def may_end(self, state: int) -> bool:
        """Whether the text may end in this state, and is accepted or not as it should be."""
        if state not in self._ends:
            self._ends[state] = self.automaton.accepting(state) == self._inside
        return self._ends[state]

    def row(self, state: int) -> list[int]:
        """The states after each of the characters; ``_HOPELESS`` where no text can go on."""
        if state not in self._rows:
            following = self.automaton.steps(state, self._chars)
            # Most characters lead to the same state.
            after = {each: _HOPELESS if self._lost(each) else each for each in set(following)}
            self._rows[state] = [after[each] for each in following]
        return self._rows[state]

    def _lost(self, state: int) -> bool:
        """What is matched stays matched, and what can no longer be matched never will be."""
        return self.automaton.dead(state) if self._inside else state == _MATCHED


def _representatives(automata: Iterable[Automaton]) -> list[str]:
    """One character of each class that the automata can tell apart, readable if possible."""
    sets = sorted(set().union(*(automaton.charsets() for automaton in automata)))
    kinds: dict[tuple[bool, ...], str] = {}
    for char in _PREFERRED:
        bit = charset(char)
        kinds.setdefault(tuple(bool(chars & bit) for chars in sets), char)
    return list(kinds.values())


def _spell(
    paths: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], states: tuple[int, ...]
) -> str:
    chars = []
    while (step := paths[states]) is not None:
        states, char = step
        chars.append(char)
    return "".join(reversed(chars))
