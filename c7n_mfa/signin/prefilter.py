# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which sign-ins EventBridge lets through: its event patterns, and what they match.

A prefilter only saves work.  It may let through what is no single-factor sign-in, and must never
stop what is one, or might be.  It therefore names what is certainly none, a failure and a `Yes`,
and lets everything else pass, fields that are absent included: `anything-but` alone asks for the
field to be there.

EventBridge does not tell a list from what it holds: a record whose `MFAUsed` were a list with `Yes`
in it would be stopped.  CloudTrail writes no lists there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from c7n_mfa.aws.answers import all_of, any_of

SOURCE = "aws.signin"
# The first is what is delivered, and what custodian puts into its rules; the second stands in the
# EventBridge user guide.
DETAIL_TYPES = ("AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail")

_CANDIDATE: Mapping[str, Any] = {
    "responseElements": {"ConsoleLogin": [{"exists": False}, {"anything-but": ["Failure"]}]},
    "additionalEventData": {"MFAUsed": [{"exists": False}, {"anything-but": ["Yes"]}]},
}

FORWARDED: Mapping[str, Any] = {
    "source": [SOURCE],
    "detail-type": list(DETAIL_TYPES),
    "detail": {"eventName": ["ConsoleLogin"], **_CANDIDATE},
}
"""The event pattern of the rules that forward sign-ins to the home Region."""

MODE: Mapping[str, Any] = {"detail-type": [DETAIL_TYPES[1]], "detail": _CANDIDATE}
"""`mode.pattern` of a policy that responds: custodian adds source, name and the other spelling."""


def envelope(
    record: object, region: str, account: str, detail_type: str = DETAIL_TYPES[0]
) -> dict[str, Any]:
    """The event that EventBridge delivers for a CloudTrail record."""
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": detail_type,
        "source": SOURCE,
        "account": account,
        "time": "2026-01-15T08:30:05Z",
        "region": region,
        "resources": [],
        "detail": record,
    }


def matches(pattern: Mapping[str, Any], event: object) -> bool | None:
    """Does the event match?  ``None`` where that hangs on what is not understood here.

    Understood are exact values, ``exists``, ``anything-but``, ``prefix``, ``suffix``,
    ``equals-ignore-case``, ``wildcard`` and ``$or``.

    >>> matches({"detail": {"MFAUsed": [{"anything-but": ["Yes"]}]}}, {"detail": {}})
    False
    """
    objects = (
        [each for each in event if isinstance(each, Mapping)] if isinstance(event, list) else []
    )
    if objects:
        return any_of(matches(pattern, each) for each in objects)
    node = event if isinstance(event, Mapping) else {}
    return all_of(_field(name, wanted, node) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, node: Mapping[str, Any]) -> bool | None:
    if name == "$or":
        alternatives = wanted if isinstance(wanted, list) else []
        if len(alternatives) < 2 or not all(isinstance(each, Mapping) for each in alternatives):
            return None
        return any_of(matches(each, node) for each in alternatives)
    if "." in name:
        return None  # a path in one name
    if isinstance(wanted, Mapping):
        return matches(wanted, node.get(name))
    if not isinstance(wanted, list) or not wanted:
        return None  # EventBridge takes no such pattern
    values = tuple(_leaves(node[name])) if name in node else ()
    return any_of(_alternative(each, values) for each in wanted)


def _leaves(value: Any) -> Iterator[Any]:
    """The values of a field; an object is none, nor is an empty list."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, Mapping):
        yield value


def _alternative(wanted: Any, values: tuple[Any, ...]) -> bool | None:
    if not isinstance(wanted, Mapping):
        return any(_equal(wanted, value) for value in values)
    if len(wanted) != 1:
        return None
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return bool(values) is operand if isinstance(operand, bool) else None
    if operator != "anything-but":
        test = _test(operator, operand)
        return any(map(test, values)) if test else None
    unwanted = _unwanted(operand)
    return not all(map(unwanted, values)) if unwanted else None


def _unwanted(operand: Any) -> Callable[[Any], bool] | None:
    if isinstance(operand, Mapping):
        if len(operand) != 1:
            return None
        return _test(*next(iter(operand.items())))
    listed = operand if isinstance(operand, list) else [operand]
    return lambda value: any(_equal(each, value) for each in listed)


def _equal(wanted: Any, value: Any) -> bool:
    """As in JSON: ``true`` is not 1."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _test(operator: str, operand: Any) -> Callable[[Any], bool] | None:
    """The test of one value; only a text can pass it."""
    if isinstance(operand, list):
        tests = [_test(operator, each) for each in operand]
        known = [test for test in tests if test]
        if not tests or len(known) < len(tests):
            return None
        return lambda value: any(test(value) for test in known)
    compare = _COMPARISONS.get(operator)
    fold: Callable[[str], str] = str
    if isinstance(operand, Mapping) and operator in ("prefix", "suffix"):
        operand, fold = operand.get("equals-ignore-case"), str.lower
    if compare is None or not isinstance(operand, str):
        return None
    text = fold(operand)
    return lambda value: isinstance(value, str) and compare(fold(value), text)


def _wildcard(value: str, pattern: str) -> bool:
    """``*`` stands for any text; a backslash takes that away from it."""
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    expression = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, value, re.DOTALL) is not None


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, text: value.lower() == text.lower(),
    "wildcard": _wildcard,
}
