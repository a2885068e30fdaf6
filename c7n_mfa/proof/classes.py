# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The classes of values that a pattern's atoms can tell apart on one field of a family.

A free field takes any text of a regular language (``Free.like``), and what an atom says of a text
depends on whether it is in a few regular languages: the literal, the wildcard, the regex.  So the
classes are the intersections of those languages and their complements that are not empty, which
automata decide exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from c7n_mfa.pattern import MISSING, evaluate_atom
from c7n_mfa.pattern.automaton import (
    ASCII,
    END,
    NON_ASCII,
    START,
    Automaton,
    Piece,
    charset,
    find_text,
    text_automaton,
)
from c7n_mfa.pattern.automaton import TooLarge as AutomatonTooLarge
from c7n_mfa.pattern.judge import judge_at
from c7n_mfa.pattern.nodes import (
    AnyElement,
    AnyField,
    Atom,
    Compare,
    Field,
    Number,
    Regex,
    Selector,
    Text,
)
from c7n_mfa.pattern.regex import automaton_of
from c7n_mfa.pattern.values import known, other_readings
from c7n_mfa.proof.families import Family, Free

Answer = bool | None

# No literal in anybody's pattern; tried first, because a person can read them.
_FRESH = ("zq7-fresh", "9", "ZQ7/fresh", "zq7fresh@example.com")
_MOST_STATES = 2_000
_MOST_SEARCHES = 48


class TooLarge(Exception):
    """The search was given up: the product of classes is too large to decide."""

    name = "too-large"
    sentence = "the pattern tests too many fields in combination to decide"


class Unrelated(TooLarge):
    """An event was found, and only one that no identity can cause."""

    name = "beyond-the-proof"
    sentence = "the pattern tests both a name and an ARN, and how they go together is not decided"


def with_field(event: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of the event with one field set, or taken out when ``value`` is ``MISSING``."""
    changed = dict(event)
    if value is MISSING and value_at(event, path) is MISSING:
        return changed
    *parents, last = path
    here = changed
    for name in parents:
        inner = here.get(name)
        here[name] = dict(inner) if isinstance(inner, Mapping) else {}
        here = here[name]
    if value is MISSING:
        here.pop(last, None)
    else:
        here[last] = value
    return changed


def path_of(selector: Selector) -> tuple[str, ...] | None:
    """The names along a selector; ``None`` when it has an index or a wildcard."""
    if all(isinstance(step, Field) for step in selector.steps):
        return tuple(step.name for step in selector.steps if isinstance(step, Field))
    return None


def value_at(event: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The field's value, or ``MISSING``."""
    here: Any = event
    for name in path:
        if not isinstance(here, Mapping) or name not in here:
            return MISSING
        here = here[name]
    return here


def answer_of(atom: Atom, event: Mapping[str, Any]) -> Answer:
    """What one atom alone says of the event."""
    return known(judge_at(atom, event))


def ranges_over_free_fields(selector: Selector, family: Family) -> bool:
    """Does a wildcard in the selector reach a field that is not the same in all records?

    Such a selector is not split into classes.
    """
    names = [step.name if isinstance(step, Field) else None for step in selector.steps]
    wild = [isinstance(step, AnyField | AnyElement) for step in selector.steps]
    if True not in wild:
        return False
    return any(
        len(path) == len(names)
        and all(star or name == part for star, name, part in zip(wild, names, path, strict=True))
        for path in family.free
    )


def split(
    family: Family, selector: Selector, atoms: Sequence[Atom], exact: bool
) -> Iterator[tuple[tuple[Answer, ...], Any]]:
    """One representative value for each class, with the atoms' answers on it.

    The witness's own value comes first, so that a counterexample stays as near to it as it can.
    Only with ``exact`` is no class left out; without, only values that come to mind are tried.
    """
    path = path_of(selector)
    free = family.free.get(path) if path else None
    if path is None or free is None:
        # The same in every record of the family.
        yield tuple(answer_of(atom, family.witness) for atom in atoms), None
        return
    signatures: set[tuple[Answer, ...]] = set()
    for value in _candidates(free, value_at(family.witness, path), tuple(atoms), exact):
        signature = tuple(evaluate_atom(atom, value) for atom in atoms)
        if signature not in signatures:
            signatures.add(signature)
            yield signature, value


def other_value(free: Free, witness: Any) -> Any:
    """A value of the field that the witness does not have; ``MISSING`` where it may be absent."""
    if free.optional:
        return MISSING
    return next(_readable(free, witness if isinstance(witness, str) else ""), witness)


def _candidates(free: Free, witness: Any, atoms: tuple[Atom, ...], exact: bool) -> Iterator[Any]:
    if witness is not MISSING:
        yield witness
    if free.optional:
        yield MISSING
    text = witness if isinstance(witness, str) else ""
    literals = tuple(_literals(atoms))
    # Only words that a pattern names: what automata make up may hold any.
    words = [word for word in free.unlike if any(word in literal for literal in literals)]
    known = tuple(value for value in _known(free, text, literals) if not _holds(value, words))
    yield from known
    if exact:
        found = _one_of_each(free.like, known, atoms)
        yield from (value for value in found if not _holds(value, words))


def _holds(value: str, words: Sequence[str]) -> bool:
    return any(word in value for word in words)


@lru_cache(maxsize=1024)
def _known(free: Free, witness: str, literals: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*filter(None, [witness]), *_readable(free, witness, literals)]))


def _readable(free: Free, witness: str, literals: Sequence[str] = ()) -> Iterator[str]:
    """Texts that a person would rather read than what automata make up."""
    made = (text for body in literals for text in (body, witness + body, body + witness))
    for value in (*_FRESH, *_variants(witness), *made):
        if free.like is None or re.fullmatch(free.like, value):
            yield value


def _literals(atoms: Sequence[Atom]) -> Iterator[str]:
    for atom in atoms:
        if isinstance(atom, Compare) and isinstance(atom.value, Text):
            # Both, because an asterisk may be itself, and because automata do not tell letters
            # beyond ASCII apart.
            yield from (atom.value.value, atom.value.value.strip("*"))


def _variants(witness: str) -> Iterator[str]:
    """Texts of the witness's shape: one letter or digit changed, the last ones first."""
    for position in range(len(witness) - 1, -1, -1):
        other = "b" if witness[position] == "a" else "a"
        if witness[position].isdigit():
            other = "1" if witness[position] == "2" else "2"
        if witness[position].isalnum():
            yield witness[:position] + other + witness[position + 1 :]


def _one_of_each(
    like: str | None, known: tuple[str, ...], atoms: tuple[Atom, ...]
) -> tuple[str, ...]:
    """A text of every class in which none is known; each is found by automata or proven empty."""
    try:
        languages = dict.fromkeys(language for atom in atoms for language in _languages(atom))
        return _of_each_cell(like, known, tuple(languages))
    except AutomatonTooLarge as error:
        raise TooLarge from error


# Atoms that differ may depend on the same languages.
@lru_cache(maxsize=1024)
def _of_each_cell(
    like: str | None, known: tuple[str, ...], languages: tuple[Automaton, ...]
) -> tuple[str, ...]:
    cells = _Cells()
    cells.split(known, [_whole(like)] if like is not None else [], [], languages)
    return tuple(cells.texts)


@lru_cache(maxsize=1024)
def _whole(like: str) -> Automaton:
    return automaton_of("|".join(f"^{alternative}$" for alternative in like.split("|")))


@dataclass(slots=True)
class _Cells:
    """Splits texts by languages, one after the other, and finds a text for every cell."""

    searches: int = 0
    texts: list[str] = field(default_factory=list)

    def split(
        self,
        known: Sequence[str],
        inside: list[Automaton],
        outside: list[Automaton],
        languages: Sequence[Automaton],
    ) -> None:
        if not known:
            self.searches += 1
            if self.searches > _MOST_SEARCHES:
                raise TooLarge
            text = find_text(inside, outside, limit=_MOST_STATES)
            if text is None:
                return
            self.texts.append(text)
            known = [text]
        if languages:
            first, *rest = languages
            within = [text for text in known if first.accepts(text)]
            without = [text for text in known if text not in within]
            self.split(without, inside, [*outside, first], rest)
            self.split(within, [*inside, first], outside, rest)


def _languages(atom: Atom) -> list[Automaton]:
    """The languages on which the atom's answer for a text depends."""
    if not isinstance(atom, Compare) or atom.op not in ("=", "!="):
        return []
    value = atom.value
    if isinstance(value, Regex):
        return [automaton_of(value.body)]
    if isinstance(value, Number):
        # "5.0" for 5: equal as numbers, but not as texts; undocumented.
        return [_exactly(value.text), _exactly(repr(value.value)), _exactly(f"{value.text}.0")]
    readings = [value.value, *(reading for _, reading in other_readings(value))]
    return [language for reading in readings for language in _glob_languages(reading)]


@lru_cache(maxsize=1024)
def _glob_languages(text: str) -> tuple[Automaton, ...]:
    leading, trailing = text.startswith("*"), text.endswith("*")
    if not text.strip("*") or not (leading or trailing):
        return (_exactly(text),)
    body = text[leading : len(text) - trailing]
    languages = [text_automaton(body, leading=leading, trailing=trailing)]
    if leading and not trailing:
        # What stands at the end and earlier too: undocumented.
        languages.append(_globbed(["", body, ""], least=1))
    if "*" in body:
        languages.append(_globbed(text.split("*")))
    return tuple(languages)


@lru_cache(maxsize=1024)
def _exactly(text: str) -> Automaton:
    return text_automaton(text)


def _globbed(parts: Sequence[str], least: int = 0) -> Automaton:
    """The parts one after the other with anything between, at least ``least`` at the end."""
    pieces = [Piece(START)]
    for position, part in enumerate(parts):
        if position:
            last = position == len(parts) - 1
            pieces.append(Piece(ASCII | NON_ASCII, least if last else 0, None))
        pieces += [Piece(charset(char)) for char in part]
    return Automaton([[*pieces, Piece(END)]])
