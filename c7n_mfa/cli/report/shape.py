# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Walks JSON that may hold anything, and says where it is not what it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from c7n_mfa.aws.text import one_line

from .values import VERDICTS, Verdict

_DEEPEST = 64
_TOO_DEEP = "is nested too deeply to be custodian's output."
_PREFIXES = ("trail/", "log-group:", "alarm:")
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class ShapeError(ValueError):
    """The JSON is not of the expected shape; the message says where and what was found."""


def load(text: str) -> Any:
    """Parse JSON; anything that is none is a `ShapeError` with the position."""
    try:
        value = json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        fault = error.msg.removesuffix(" at")
        raise ShapeError(f"is not whole JSON: {fault} at {place}.") from error
    except RecursionError as error:
        raise ShapeError(_TOO_DEEP) from error
    except ValueError as error:
        raise ShapeError("holds a number too long to be custodian's output.") from error
    return _shallow(value)


def _shallow(value: Any) -> Any:
    """The value, if whoever walks it later can do so without running out of stack."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise ShapeError(_TOO_DEEP)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and the way that led to it."""

    value: Any
    path: str = ""

    def __getitem__(self, key: str) -> Node:
        """The member of an object; a missing one is null."""
        return Node(self._expect(dict).get(key), f"{self.path}.{_key(key)}")

    def items(self) -> Iterator[Node]:
        """The elements of a list; null is an empty one."""
        if self.value is None:
            return
        for index, element in enumerate(self._expect(list)):
            yield Node(element, f"{self.path}[{index}]")

    def text(self) -> str:
        """A text, made safe to print."""
        return one_line(self._expect(str))

    def maybe_text(self) -> str | None:
        """A text or null."""
        return None if self.value is None else self.text()

    def verdict(self) -> Verdict:
        """One of the three verdicts."""
        for verdict in VERDICTS:
            if self.value == verdict:
                return verdict
        raise self._error(f"one of {', '.join(VERDICTS)}")

    def _expect(self, kind: type) -> Any:
        if not isinstance(self.value, kind):
            raise self._error(_KINDS[kind])
        return self.value

    def _error(self, expected: str) -> ShapeError:
        found = repr(self.value) if isinstance(self.value, str) else _KINDS[type(self.value)]
        place = one_line(self.path.removeprefix(".")) or "the top"
        return ShapeError(
            f"is not what was expected: at {place}, {expected}, not {one_line(found)}."
        )


def short_name(resource: str) -> str:
    """The name at the end of an ARN; anything else as it is."""
    if not resource.startswith("arn:"):
        return resource
    parts = [*resource.split(":", 5), ""]
    name = parts[5].removesuffix(":*")
    for kind in _PREFIXES:
        name = name.removeprefix(kind)
    return name or resource


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)
