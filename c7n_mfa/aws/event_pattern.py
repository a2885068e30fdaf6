# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Subscription filter policies and event patterns: JSON that says which JSON gets through.

The two languages share their matchers; three answers, ``None`` where one is not known here or the
document does not say what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from c7n_mfa.aws.answers import all_of, any_of

Document = Mapping[str, Any]


class OneOf(tuple[Any, ...]):
    """A field that may hold any of these values: a match has to hold for all of them."""


class Unsaid:
    """A field of which nothing is known, not even whether it is there."""


UNSAID = Unsaid()


def matches(pattern: Any, document: Any, closed: bool = False) -> bool | None:
    """Does the document match the pattern?

    A field that the document does not name is unknown, or absent where the document is ``closed``.
    """
    if not isinstance(pattern, Mapping):
        return None
    return all_of(_field(name, wanted, document, closed) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, document: Any, closed: bool) -> bool | None:
    if name.startswith("$"):
        return None
    inner: Any = document.get(name, None if closed else UNSAID)
    if isinstance(wanted, Mapping):
        if inner is UNSAID:
            return None
        return matches(wanted, inner if isinstance(inner, Mapping) else {}, closed)
    if not isinstance(wanted, list | tuple):
        return None
    if isinstance(inner, OneOf):
        answers = {any_of(_matcher(each, value) for each in wanted) for value in inner}
        return answers.pop() if len(answers) == 1 else None
    return any_of(_matcher(each, inner) for each in wanted)


def _matcher(wanted: Any, value: Any) -> bool | None:
    if value is UNSAID or isinstance(value, Mapping | list):
        return None
    if not isinstance(wanted, Mapping):
        return bool(value == wanted) and value is not None
    if len(wanted) != 1:
        return None
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return (value is not None) == bool(operand)
    if value is None:
        return False
    if operator == "anything-but":
        return _anything_but(operand, value)
    test = _TESTS.get(operator)
    if test is None or not isinstance(operand, str) or not isinstance(value, str):
        return None
    return test(value, operand)


def _anything_but(operand: Any, value: Any) -> bool | None:
    if isinstance(operand, Mapping):
        answer = _matcher(operand, value)
        return None if answer is None else not answer
    return value not in (operand if isinstance(operand, list) else [operand])


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, operand: value.lower() == operand.lower(),
    # "?" and "[" are no wildcards in these languages.
    "wildcard": lambda value, operand: fnmatchcase(
        value, operand.replace("[", "[[]").replace("?", "[?]")
    ),
}
