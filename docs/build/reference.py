# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/reference.md: the filters and actions, as custodian itself describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from c7n.resources.aws import AWS
from c7n.schema import ElementSchema

from c7n_mfa.entry import initialize
from docs.build import text

_INTRODUCTION = """\
The filters and actions that c7n-mfa adds to Cloud Custodian.
`custodian schema aws.account.filters.signin-monitoring` prints the same in a terminal."""
_EXAMPLE = re.compile(r":example:\s+\.\. code-block:: yaml\n\n((?:    .*\n?|\n)+)")


_PACKED = """\
A policy that runs as a Lambda function names the plugin in its `mode`: `packages: [c7n_mfa]` and `handler: c7n_mfa.handler.run`.
`custodian validate` refuses a policy whose function would not find a filter or action of the plugin."""  # noqa: E501


def page() -> str:
    blocks = [_INTRODUCTION, "## In a Lambda function", _PACKED]
    for registered in _together(elements()):
        blocks += _element(registered)
    return text.page("Reference", blocks)


@dataclass(frozen=True, slots=True)
class Element:
    """A filter or action, and the resource it is registered on."""

    resource: str
    kind: str
    cls: type

    @property
    def name(self) -> str:
        return str(ElementSchema.name(self.cls))


def _together(registered: list[Element]) -> list[list[Element]]:
    """What is one class for several resources is described once."""
    by_class: dict[type, list[Element]] = {}
    for element in registered:
        by_class.setdefault(element.cls, []).append(element)
    return list(by_class.values())


def elements() -> list[Element]:
    """All of the plugin's, by resource, filters before actions, by name."""
    initialize()
    registered = [
        Element(f"aws.{resource}", kind, cls)
        for resource, manager in AWS.resources.items()
        for kind, registry in (
            ("filter", manager.filter_registry),
            ("action", manager.action_registry),
        )
        for cls in registry.values()
        if cls.__module__.startswith("c7n_mfa.")
    ]
    return sorted(registered, key=lambda e: (e.resource, e.kind != "filter", e.name))


def _element(registered: list[Element]) -> Iterator[str]:
    element = registered[0]
    resources = ", ".join(element.resource for element in registered)
    yield f"## {resources}: {element.kind} `{element.name}`"
    yield from _documentation(ElementSchema.doc(element.cls))
    yield "### Options"
    required = set(ElementSchema.schema({}, element.cls)["required"]) - {"type"}
    yield f"Required: {text.listing(sorted(required))}."
    yield text.code(_options(element.cls), "yaml")
    permissions = sorted(element.cls.permissions)  # type: ignore[attr-defined]
    if permissions:
        yield "### Permissions"
        yield "\n".join(f"- `{permission}`" for permission in permissions)


def _documentation(doc: str) -> Iterator[str]:
    prose, example = _EXAMPLE.sub("", doc), _EXAMPLE.search(doc)
    for paragraph in prose.strip().split("\n\n"):
        yield paragraph if paragraph.startswith("- ") else text.sentences(paragraph)
    if example:
        lines = example[1].splitlines()
        yield text.code("\n".join(line.removeprefix("    ") for line in lines), "yaml")


def _options(cls: type) -> str:
    schema = ElementSchema.schema({}, cls)
    return str(yaml.safe_dump(schema["properties"], sort_keys=True))
