# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""An answer of AWS held to botocore's model of the API, before anybody reads it.

What is not of the type that the model says is malformed, and so is what a reader asks for that is
not there: neither is a mistake of ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class MalformedAnswer(Exception):
    """An answer that lacks what the API promises."""


class Answer(dict[str, Any]):
    """An answer or an object in it."""

    def __missing__(self, key: str) -> Any:
        raise MalformedAnswer(f"{key} is missing")


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
_NUMBERS = ("integer", "long", "float", "double")
# botocore decodes these into what IAM had encoded in a text.
_DECODED = "policyDocumentType"


def checked(answer: Any, client: Any, operation: str) -> Any:
    """The answer of a client's operation, with what its model does not name as it is."""
    name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(name).output_shape
    return answer if shape is None else _part(answer, shape, "the answer")


def _part(value: Any, shape: Any, name: str) -> Any:
    kind = shape.type_name
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        members = shape.members
        return Answer(
            (key, _part(part, members[key], key) if key in members else part)
            for key, part in _expect(value, dict, name).items()
            if part is not None
        )
    if kind == "map":
        parts = _expect(value, dict, name).items()
        return Answer((key, _part(part, shape.value, key)) for key, part in parts)
    if kind == "list":
        return [_item(part, shape.member, name) for part in _expect(value, list, name)]
    if shape.name == _DECODED or kind not in _TYPES:
        return value
    if kind in _NUMBERS and isinstance(value, bool):
        raise MalformedAnswer(f"{name} is no number")
    return _expect(value, _TYPES[kind], name)


def _item(value: Any, shape: Any, name: str) -> Any:
    """What is no object in a list of objects has nothing in it, and the others may be read."""
    is_lost = shape.type_name == "structure" and not isinstance(value, dict)
    return _part({} if is_lost else value, shape, name)


def _expect(value: Any, kind: type | tuple[type, ...], name: str) -> Any:
    """The value, when it is of this type; it is not quoted otherwise, since it may name people."""
    if not isinstance(value, kind):
        raise MalformedAnswer(f"{name} is of another type: {type(value).__name__}")
    return value


def first(items: list[Any]) -> Any:
    """The first item of a list in an answer that is never empty."""
    if not items:
        raise MalformedAnswer("a list is empty")
    return items[0]


def json_object(text: str) -> Answer:
    """The JSON object in a text of an answer."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise MalformedAnswer("a text is no JSON") from error
    return Answer(_expect(value, dict, "a text"))


def policy_document(holder: Mapping[str, Any], key: str = "PolicyDocument") -> Answer:
    """A policy document of IAM, which botocore has decoded."""
    return Answer(_expect(holder[key], dict, key))
