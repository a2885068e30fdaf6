# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Reads JSON that may hold anything, and says where it is not what it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from c7n_mfa.frozen import frozen

Word = TypeVar("Word", bound=str)

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
    """The JSON is not of the expected shape; the message says where and what is there."""


@frozen
class Node:
    """A JSON value and the path that led to it.

    ``clean`` is applied to every text that is read, and to what an error quotes.
    """

    value: Any
    path: str = ""
    clean: Callable[[str], str] = str

    @classmethod
    def of(cls, value: Any) -> Node:
        """The value as a node; a node stays what it is."""
        return value if isinstance(value, Node) else cls(value)

    def __getitem__(self, key: str) -> Node:
        """The member of an object; a missing one is null."""
        member = self._expect(dict).get(key)
        return Node(member, f"{self.path}.{_key(key)}", self.clean)

    def items(self) -> Iterator[Node]:
        """The elements of a list; null is an empty one."""
        if self.value is None:
            return
        for index, element in enumerate(self._expect(list)):
            yield Node(element, f"{self.path}[{index}]", self.clean)

    def texts(self) -> tuple[str, ...]:
        """The elements of a list of texts."""
        return tuple(element.text() for element in self.items())

    def text(self) -> str:
        return self.clean(self._expect(str))

    def maybe_text(self) -> str | None:
        """A text or null."""
        return None if self.value is None else self.text()

    def maybe_number(self) -> int | None:
        """A whole number or null."""
        return None if self.value is None else self._expect(int)

    def maybe_answer(self) -> bool | None:
        """True, false or null."""
        return None if self.value is None else self._expect(bool)

    def mapping(self) -> Mapping[str, Any]:
        """An object as it is; null is an empty one."""
        return {} if self.value is None else self._expect(dict)

    def one_of(self, words: Sequence[Word]) -> Word:
        """One of a few words."""
        for word in words:
            if self.value == word:
                return word
        raise self.error(f"one of {', '.join(words)}")

    def error(self, expected: str) -> ShapeError:
        """What to raise where something else was expected here."""
        actual = repr(self.value) if isinstance(self.value, str) else _KINDS[type(self.value)]
        place = self.clean(self.path.removeprefix(".")) or "the top"
        return ShapeError(
            f"is not what was expected: at {place}, {expected}, not {self.clean(actual)}."
        )

    def _expect(self, kind: type) -> Any:
        if not isinstance(self.value, kind):
            raise self.error(_KINDS[kind])
        return self.value


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)
