# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One name in several fields of a record: the proof chooses fields one by one, AWS does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c7n_mfa.proof.classes import value_at, with_field

_IDENTITY = ("userIdentity",)
_ISSUER = (*_IDENTITY, "sessionContext", "sessionIssuer")

# By type of identity: the fields with the name, and which part of an ARN is the name.
_WHOLE, _LAST, _SECOND = None, -1, 1
_PLACES: Mapping[str, tuple[tuple[tuple[str, ...], int | None], ...]] = {
    "IAMUser": (((*_IDENTITY, "userName"), _WHOLE), ((*_IDENTITY, "arn"), _LAST)),
    "AssumedRole": (
        ((*_ISSUER, "userName"), _WHOLE),
        ((*_ISSUER, "arn"), _LAST),
        ((*_IDENTITY, "arn"), _SECOND),
    ),
}


def agreeing(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The event with one name wherever it stands; itself, when its names agree.

    The ARN of an IAM user ends in the user name.  That of a role ends in the role's name, which is
    also in the middle of the ARN of its session.
    """
    places = _PLACES.get(value_at(event, (*_IDENTITY, "type")), ())
    names = [_name(event, path, part) for path, part in places]
    if not any(names):
        yield event
    for name in dict.fromkeys(filter(None, names)):
        changed = event
        for (path, part), present in zip(places, names, strict=True):
            if present is not None:
                changed = _renamed(changed, path, part, name)
        yield changed


def _name(event: Mapping[str, Any], path: tuple[str, ...], part: int | None) -> str | None:
    value = value_at(event, path)
    if not isinstance(value, str):
        return None
    parts = value.split("/")
    return value if part is None else parts[part] if len(parts) > 1 else None


def _renamed(
    event: Mapping[str, Any], path: tuple[str, ...], part: int | None, name: str
) -> Mapping[str, Any]:
    parts = value_at(event, path).split("/")
    parts[slice(None) if part is None else slice(part, part + 1 or None)] = [name]
    return with_field(event, path, "/".join(parts))
