# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""EventBridge's event patterns and SNS's filter policies: JSON that says which JSON gets through.

The answer is ``None`` where it depends on something that AWS does not document, or that the
document does not say.  What is documented:

- a field passes by any of its values, and an object by all of its fields; of a list of objects, one
  alone has to pass (Event Ruler, "JSON Array Matching");
- ``anything-but`` needs a value, and takes texts, numbers or one operator inside;
- ``exists`` is about leaves: an object in that place counts as absent;
- ``$or`` is one only with two objects or more, none of them with an operator's name for a field;
  else it is a field like any other.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
https://github.com/aws/event-ruler
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from c7n_mfa.aws.three_valued import Answer, all_of, any_of
from c7n_mfa.frozen import frozen

Test = Callable[[Any], Answer]


class OneOf(tuple[Any, ...]):
    """A field that may hold any of these values: a match has to hold for all of them."""


class Partial(dict[str, Any]):
    """An object that may have more fields than these."""


@frozen
class Language:
    """What EventBridge and SNS do not share.

    ``ignoring_case``: the operators that take ``{"equals-ignore-case": …}``.
    ``blank_exists``: whether null and the empty text are values that exist.
    ``any_of_list``: whether ``anything-but`` passes by one value of a list, whatever the others.
    """

    operators: frozenset[str]
    inside_anything_but: frozenset[str]
    ignoring_case: frozenset[str]
    largest_number: float
    blank_exists: bool
    any_of_list: bool


_SHARED = frozenset(
    {"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}
)
EVENT_PATTERN = Language(
    operators=_SHARED | {"wildcard"},
    inside_anything_but=frozenset({"equals-ignore-case", "prefix", "suffix", "wildcard"}),
    ignoring_case=frozenset({"prefix", "suffix"}),
    largest_number=5e9,
    blank_exists=True,
    any_of_list=True,
)
# SNS documents no wildcard, wants a value of `exists` not to be null or empty ("Key matching"), and
# has said both of a list under `anything-but` ("String value matching", in two revisions).
FILTER_POLICY = Language(
    operators=_SHARED,
    inside_anything_but=frozenset({"prefix", "suffix"}),
    ignoring_case=frozenset(),
    largest_number=1e9,
    blank_exists=False,
    any_of_list=False,
)

_UNKNOWN = object()


def matches(pattern: object, document: object, language: Language = EVENT_PATTERN) -> Answer:
    """Does the document match the pattern?

    >>> matches({"detail": {"MFAUsed": [{"anything-but": ["Yes"]}]}}, {"detail": {}})
    False
    >>> matches({"source": ["aws.signin"]}, Partial(region="us-east-1")) is None
    True
    """
    if not isinstance(pattern, Mapping):
        return None
    node = document if isinstance(document, Mapping) else {}
    return all_of(_field(name, condition, node, language) for name, condition in pattern.items())


def _field(name: str, condition: Any, node: Mapping[str, Any], language: Language) -> Answer:
    if name == "$or" and _is_or(condition, language):
        return any_of(matches(branch, node, language) for branch in condition)
    if "." in name:
        return None  # a path in one name
    # A field that is absent is like an empty list.
    value = node.get(name, _UNKNOWN if isinstance(node, Partial) else [])
    if value is _UNKNOWN:
        return None
    if isinstance(condition, Mapping):
        return _object(condition, value, language)
    if not isinstance(condition, list | tuple) or not condition:
        return None  # AWS takes no such pattern
    if isinstance(value, OneOf):
        answers = {_leaf(condition, (possible,), language) for possible in value}
        return answers.pop() if len(answers) == 1 else None
    return _leaf(condition, tuple(_leaves(value)), language)


def _is_or(branches: Any, language: Language) -> bool:
    return (
        isinstance(branches, list | tuple)
        and len(branches) > 1
        and all(isinstance(b, Mapping) and not b.keys() & language.operators for b in branches)
    )


def _object(pattern: Mapping[str, Any], value: Any, language: Language) -> Answer:
    if not pattern:
        return None  # AWS takes no such pattern
    objects = list(_objects(value)) or [value]
    return any_of(matches(pattern, item, language) for item in objects)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a field, those of lists in lists too."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    elif isinstance(value, Mapping):
        yield value


def _leaves(value: Any) -> Iterator[Any]:
    """The values of a field; an object is none, nor is an empty list."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, Mapping):
        yield value


def _leaf(conditions: Any, values: tuple[Any, ...], language: Language) -> Answer:
    return any_of(_condition(condition, values, language) for condition in conditions)


def _condition(condition: Any, values: tuple[Any, ...], language: Language) -> Answer:
    if not isinstance(condition, Mapping):
        return any_of(_equal(condition, value) for value in values)
    if len(condition) != 1:
        return None
    ((name, operand),) = condition.items()
    if name not in language.operators:
        return None
    if name == "exists":
        return _exists(operand, values, language)
    if name == "anything-but":
        return _anything_but(operand, values, language)
    test = _test(name, operand, language)
    return any_of(map(test, values)) if test else None


def _exists(operand: Any, values: tuple[Any, ...], language: Language) -> Answer:
    if not isinstance(operand, bool):
        return None
    if values and not language.blank_exists and all(value in (None, "") for value in values):
        # That it does not exist either is not documented.
        return False if operand else None
    return bool(values) is operand


def _anything_but(operand: Any, values: tuple[Any, ...], language: Language) -> Answer:
    unwanted = _unwanted(operand, language)
    if unwanted is None:
        return None
    answers = [_not(unwanted(value)) for value in values]
    if not language.any_of_list and len(set(answers)) > 1:
        return None
    return any_of(answers)


def _unwanted(operand: Any, language: Language) -> Test | None:
    """The test of one value that may not pass; None where the operand is no documented one."""
    if isinstance(operand, Mapping):
        if len(operand) != 1 or not operand.keys() <= language.inside_anything_but:
            return None
        ((name, inner),) = operand.items()
        tests = [_test(name, text, language) for text in _listed(inner)]
        known = [test for test in tests if test]
        if not tests or len(known) < len(tests):
            return None
        return lambda value: any_of(test(value) for test in known)
    listed = _listed(operand)
    of_one_kind = all(isinstance(v, str) for v in listed) or all(map(_is_number, listed))
    if not listed or not of_one_kind:
        return None
    return lambda value: any_of(_equal(other, value) for other in listed)


def _test(name: str, operand: Any, language: Language) -> Test | None:
    """The test of one value by an operator; None where the operand is no documented one."""
    if name == "numeric":
        return _numeric(operand, language)
    if name == "cidr":
        return _cidr(operand)
    fold: Callable[[str], str] = str
    if isinstance(operand, Mapping) and name in language.ignoring_case:
        operand, fold = operand.get("equals-ignore-case"), str.lower
    if not isinstance(operand, str):
        return None
    if name == "wildcard":
        expression = _wildcard(operand)
        return expression and _of_text(lambda value: expression.fullmatch(value) is not None)
    compare, text = _COMPARISONS[name], fold(operand)
    return _of_text(lambda value: compare(fold(value), text))


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, text: value.lower() == text.lower(),
}


def _of_text(compare: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and compare(value)


def _numeric(operand: Any, language: Language) -> Test | None:
    """``["=", 5]``, ``[">", 0]`` or ``[">", 0, "<=", 5]``; only a number can pass."""
    names, bounds = list(_listed(operand)[::2]), _listed(operand)[1::2]
    if names not in _NUMERIC or len(bounds) != len(names):
        return None
    if not all(_is_number(bound) and abs(bound) <= language.largest_number for bound in bounds):
        return None

    def test(value: Any) -> Answer:
        if not _is_number(value):
            return False
        if abs(value) > language.largest_number:
            return None
        pairs = zip(names, bounds, strict=True)
        return all(_ORDERS[name](value, bound) for name, bound in pairs)

    return test


_NUMERIC = [
    *(["="], ["<"], ["<="], [">"], [">="]),
    *([low, high] for low in (">", ">=") for high in ("<", "<=")),
]
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def _cidr(operand: Any) -> Test | None:
    if not isinstance(operand, str) or "/" not in operand:
        return None
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        return None

    def test(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _of_text(test)


def _wildcard(pattern: str) -> re.Pattern[str] | None:
    """``*`` stands for any text, and a backslash takes that away from it; AWS takes no ``**``."""
    parts = re.findall(r"\\[\\*]|[^\\]", pattern, re.DOTALL)
    if "".join(parts) != pattern or ("*", "*") in pairwise(parts):
        return None
    expression = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return re.compile(expression, re.DOTALL)


def _equal(literal: Any, value: Any) -> Answer:
    """As in JSON, where ``true`` is not 1.

    AWS compares numbers as they are written, 300 is not 300.0, and Event Ruler by their value; and
    how a fraction was written is not kept.
    """
    if isinstance(literal, bool) or isinstance(value, bool):
        return literal is value
    if isinstance(literal, float) or isinstance(value, float):
        return None if literal == value else False
    return bool(literal == value)


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> list[Any] | tuple[Any, ...]:
    return value if isinstance(value, list | tuple) else [value]
