# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Does a resource policy let a service act?  Just enough of IAM's evaluation to say yes or no.

Three answers: ``None`` where a condition uses a key or an operator whose value for the request is
not known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from c7n_mfa.aws.three_valued import all_of, any_of

Context = Mapping[str, str]


def parse(text: str | None) -> Mapping[str, Any] | None:
    """A policy document from the API's text; ``None`` when there is none or it is no JSON object.

    >>> parse('{"Statement": []}')
    {'Statement': []}
    """
    try:
        document = json.loads(text or "null")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def allows(
    policy: Mapping[str, Any], service: str, action: str, resource: str, context: Context
) -> bool | None:
    """May ``service`` (``cloudwatch.amazonaws.com``) do ``action`` on ``resource``?

    ``context`` holds the condition keys of the request, in lower case.
    """
    verdicts: dict[str, list[bool | None]] = {"Allow": [], "Deny": []}
    for statement in statements(policy):
        if _concerns(statement, service, action, resource):
            verdict = _conditions(statement.get("Condition") or {}, context)
            verdicts.setdefault(str(statement.get("Effect")), []).append(verdict)
    denied = any_of(verdicts["Deny"])
    if denied is None:
        return None
    return False if denied else any_of(verdicts["Allow"])


def statements(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy, one or many, whatever else stands in their place left out."""
    for statement in _listed(policy.get("Statement")):
        if isinstance(statement, Mapping):
            yield statement


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _concerns(statement: Mapping[str, Any], service: str, action: str, resource: str) -> bool:
    return (
        _principal(statement, service)
        and _named(statement, "Action", action)
        and _named(statement, "Resource", resource)
    )


def _principal(statement: Mapping[str, Any], service: str) -> bool:
    if "NotPrincipal" in statement:
        return not _is_principal(statement["NotPrincipal"], service)
    return _is_principal(statement.get("Principal"), service)


def _is_principal(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    # {"AWS": "*"} is everybody, services too: SNS's own default policy relies on it.
    return "*" in _listed(principal.get("AWS")) or service in _listed(principal.get("Service"))


def _named(statement: Mapping[str, Any], key: str, value: str) -> bool:
    """Actions are compared without regard to case, resources with it."""
    fold: Callable[[Any], str] = (lambda v: str(v).lower()) if key == "Action" else str
    if f"Not{key}" in statement:
        return not _globs(fold(value), map(fold, _listed(statement[f"Not{key}"])))
    patterns = _listed(statement.get(key, "*" if key == "Resource" else None))
    return _globs(fold(value), map(fold, patterns))


def _globs(value: str, patterns: Iterable[str]) -> bool:
    # "[" is no wildcard in IAM.
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in patterns)


_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "stringequals": lambda value, expected: value in expected,
    "stringnotequals": lambda value, expected: value not in expected,
    "stringequalsignorecase": lambda value, expected: (
        value.lower() in [w.lower() for w in expected]
    ),
    "stringlike": _globs,
    "stringnotlike": lambda value, expected: not _globs(value, expected),
    "arnequals": _globs,
    "arnlike": _globs,
    "arnnotequals": lambda value, expected: not _globs(value, expected),
    "arnnotlike": lambda value, expected: not _globs(value, expected),
    "bool": lambda value, expected: value.lower() in [w.lower() for w in expected],
}


def _conditions(block: Any, context: Context) -> bool | None:
    if not isinstance(block, Mapping):
        return None
    return all_of(
        _condition(operator, key, [str(v) for v in _listed(value)], context)
        for operator, keys in block.items()
        for key, value in (keys.items() if isinstance(keys, Mapping) else (("", None),))
    )


def _condition(operator: str, key: str, expected: list[str], context: Context) -> bool | None:
    test = _OPERATORS.get(operator.lower().removesuffix("ifexists"))
    value = context.get(key.lower())
    if operator.lower() == "null" and value is not None:
        return [w.lower() for w in expected] == ["false"]
    if test is None or value is None:
        return None
    expected = [w.lower() for w in expected] if operator.lower() == "bool" else expected
    return test(value, expected)
