# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The classes of values that a pattern's atoms can tell apart on one field of a family."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from c7n_mfa.families import Family, Free
from c7n_mfa.pattern import Pattern, parse
from c7n_mfa.pattern.nodes import Atom, Compare, Field, Number, Selector, Text

Answer = bool | None
MISSING = object()

# No literal in anybody's pattern.
_FRESH = ("zq7-fresh", "9", "ZQ7/fresh", "zq7fresh@example.com")
_MOST_COMBINED = 5


def with_field(event: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of the event with one field set, or taken out when ``value`` is ``MISSING``."""
    changed = copy.copy(dict(event))
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


@lru_cache(maxsize=4096)
def _atom_pattern(atom: Atom) -> Pattern:
    return parse(f"{{ {atom} }}")


def answers(atoms: Sequence[Atom], event: Mapping[str, Any]) -> tuple[Answer, ...]:
    """What each atom alone says of the event."""
    return tuple(_atom_pattern(atom).match(event) for atom in atoms)


def value_at(event: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The field's value, or ``MISSING``."""
    here: Any = event
    for name in path:
        if not isinstance(here, Mapping) or name not in here:
            return MISSING
        here = here[name]
    return here


def split(
    family: Family, selector: Selector, atoms: Sequence[Atom]
) -> Iterator[tuple[tuple[Answer, ...], Any]]:
    """One representative value for each class, with the atoms' answers on it.

    The witness's own value comes first, so that a counterexample stays as near to it as it can.
    """
    path = path_of(selector)
    free = family.free.get(path) if path else None
    if path is None or free is None:
        # The same in every record of the family, as far as its fields are named.
        yield answers(atoms, family.witness), None
        return
    seen: set[tuple[Answer, ...]] = set()
    for value in _candidates(free, value_at(family.witness, path), atoms):
        signature = answers(atoms, with_field(family.witness, path, value))
        if signature not in seen:
            seen.add(signature)
            yield signature, value


def _candidates(free: Free, witness: Any, atoms: Sequence[Atom]) -> Iterator[Any]:
    if witness is not MISSING:
        yield witness
    likely = witness if isinstance(witness, str) else ""
    for value in dict.fromkeys(_texts(likely, [a for a in atoms if isinstance(a, Compare)])):
        if free.like is None or re.fullmatch(free.like, value):
            yield value
    if free.optional:
        yield MISSING


def _texts(witness: str, comparisons: Sequence[Compare]) -> Iterator[str]:
    yield from _FRESH
    yield from _variants(witness)
    globs: list[str] = []
    for comparison in comparisons:
        value = comparison.value
        if isinstance(value, Number):
            yield value.text
        elif isinstance(value, Text):
            globs.append(value.value)
            yield from _completions(value.value, witness)
    for size in range(2, min(len(globs), _MOST_COMBINED) + 1):
        for chosen in itertools.combinations(globs, size):
            yield from _meetings(chosen)


def _variants(witness: str) -> Iterator[str]:
    """Texts of the witness's shape: its last letters changed."""
    for position in range(len(witness) - 1, -1, -1):
        other = "b" if witness[position] == "a" else "a"
        if witness[position].isdigit():
            other = "1" if witness[position] == "2" else "2"
        if witness[position].isalnum():
            yield witness[:position] + other + witness[position + 1 :]


def _completions(glob: str, witness: str) -> Iterator[str]:
    """Texts that a wildcard value matches, built around the witness so that they fit its shape."""
    core = glob.strip("*") or glob
    for cut in range(len(witness) + 1):
        head = witness[:cut] if glob.startswith("*") else ""
        for tail in ("", witness[cut:], "zq7") if glob.endswith("*") else ("",):
            yield head + core + tail


def _meetings(globs: Sequence[str]) -> Iterator[str]:
    """Texts that several wildcard values match at once, where one text can."""
    heads = [g.strip("*") for g in globs if not g.startswith("*")]
    tails = [g.strip("*") for g in globs if not g.endswith("*")]
    middles = [g.strip("*") for g in globs if g.startswith("*") and g.endswith("*")]
    head = max(heads, key=len, default="")
    tail = max(tails, key=len, default="")
    yield head + "-".join(middles) + tail
