# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The parts of a CloudTrail record that should be objects, where they were stored as JSON texts.

Athena's table of CloudTrail, Sentinel and Security Lake hold them so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SESSION = ("userIdentity", "sessionContext")
_PARTS = (
    ("responseElements",),
    ("additionalEventData",),
    ("userIdentity",),
    _SESSION,
    (*_SESSION, "sessionIssuer"),
    (*_SESSION, "attributes"),
    (*_SESSION, "webIdFederationData"),
    ("userIdentity", "webIdFederationData"),
)


def read_parts(record: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """The record with its parts as objects, and the names of those that cannot be read.

    These are None in it.  The record that is given stays as it is.

    >>> read_parts({"responseElements": '{"ConsoleLogin": "Success"}', "additionalEventData": [1]})
    ({'responseElements': {'ConsoleLogin': 'Success'}, 'additionalEventData': None}, \
frozenset({'additionalEventData'}))
    """
    readable, unreadable = dict(record), set()
    for path in _PARTS:
        given = at(readable, *path)
        if given is None or isinstance(given, dict):
            continue
        part = json_object(given)
        if part is False:
            unreadable.add(path[-1])
        readable = _with(readable, path, None if part is False else part)
    return readable, frozenset(unreadable)


def json_object(given: object) -> dict[str, Any] | bool | None:
    """The object of a JSON text, None for null, and False for all that is neither."""
    try:
        value = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return False
    return value if value is None or isinstance(value, dict) else False


def at(value: object, *keys: str) -> Any:
    """What lies under these keys; None where there is nothing, or nothing to look into."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _with(record: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = path
    return {**record, key: _with(record[key], tuple(rest), value) if rest else value}
