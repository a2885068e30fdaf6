# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Records of the families of sign-ins, taken apart and checked field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from c7n_mfa.pattern import MISSING
from c7n_mfa.proof.families import FAMILIES, Family

BY_NAME = {family.name: family for family in FAMILIES}


def fields(event: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple]:
    """Every field of a record that is no object, with its path."""
    for name, value in event.items():
        if isinstance(value, Mapping):
            yield from fields(value, (*path, name))
        else:
            yield (*path, name), value


def may_be(family: Family, path: tuple[str, ...], value: Any) -> bool:
    """May a record of the family have this value there?"""
    free = family.free.get(path)
    if free is None:
        return value == dict(fields(family.witness)).get(path, MISSING)
    if value is MISSING:
        return free.optional
    return free.like is None or re.fullmatch(free.like, value) is not None


def belongs(event: Mapping[str, Any], family: Family) -> bool:
    """Is the event a record of the family?"""
    seen, witness = dict(fields(event)), dict(fields(family.witness))
    return all(may_be(family, path, seen.get(path, MISSING)) for path in {**seen, **witness})
