# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/reference.md: our filters and actions, as custodian itself describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from c7n.resources.account import actions, filters
from c7n.schema import ElementSchema

from c7n_mfa.entry import initialize
from docs.build import text

_INTRODUCTION = """\
The filters and actions that c7n-mfa adds to Cloud Custodian, all of them on the resource \
`aws.account`.
`custodian schema aws.account.filters.signin-monitoring` prints the same in a terminal."""
_EXAMPLE = re.compile(r":example:\s+\.\. code-block:: yaml\n\n((?:    .*\n?|\n)+)")


def page() -> str:
    initialize()
    return text.page("Reference", [_INTRODUCTION, *_elements("filter"), *_elements("action")])


def elements(kind: str) -> list[type]:
    """Our filters, or our actions, by name."""
    registry = filters if kind == "filter" else actions
    ours = [cls for cls in registry.values() if cls.__module__.startswith("c7n_mfa.")]
    return sorted(ours, key=ElementSchema.name)


def _elements(kind: str) -> Iterator[str]:
    for cls in elements(kind):
        yield f"## {kind} `{ElementSchema.name(cls)}`"
        yield from _documentation(ElementSchema.doc(cls))
        yield "### Options"
        yield text.code(_options(cls), "yaml")
        yield "### Permissions"
        yield "\n".join(f"- `{permission}`" for permission in sorted(cls.permissions))


def _documentation(doc: str) -> Iterator[str]:
    prose, example = _EXAMPLE.sub("", doc), _EXAMPLE.search(doc)
    for paragraph in prose.strip().split("\n\n"):
        yield text.sentences(paragraph)
    if example:
        lines = example[1].splitlines()
        yield text.code("\n".join(line.removeprefix("    ") for line in lines), "yaml")


def _options(cls: type) -> str:
    schema = ElementSchema.schema({}, cls)
    return str(yaml.safe_dump(schema["properties"], sort_keys=True))
