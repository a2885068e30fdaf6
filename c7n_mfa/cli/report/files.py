# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The files that custodian wrote for one run of one policy, which may hold anything."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from c7n_mfa.aws.text import one_line
from c7n_mfa.frozen import frozen
from c7n_mfa.shape import Node, ShapeError

from .values import Problem, Source

AGAIN = "Run the policy again."

_DEEPEST = 64
_TOO_DEEP = "is nested too deeply to be custodian's output."

_Parsed = TypeVar("_Parsed")


class Folder:
    """The files of one run; a file that cannot be read becomes a problem and is absent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def text(self, name: str) -> str | None:
        for path in (self.path / name, self.path / f"{name}.gz"):
            if path.is_file():
                return self._content(path)
        return None

    def read(self, name: str, parse: Callable[[Node], _Parsed]) -> _Parsed | None:
        """What a JSON file says; `None` where there is none or it is not as expected."""
        text = self.text(name)
        return None if text is None else self.parsed(name, lambda: parse(_load(text)))

    def parsed(self, name: str, parse: Callable[[], _Parsed]) -> _Parsed | None:
        try:
            return parse()
        except ShapeError as error:
            self.problem(str(error), AGAIN, name)
            return None

    def problem(self, what: str, fix: str, name: str = "") -> None:
        self.problems.append(Problem(shown(self.path / name), what, fix))

    def _content(self, path: Path) -> str | None:
        try:
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problem(f"cannot be read: {one_line(reason)}.", AGAIN, path.name)
            return None
        return content.decode("utf-8", errors="replace")


def shown(path: Path) -> str:
    """A path as the person gave it, without anything that could steer a terminal."""
    return one_line(str(path)).replace("s3:/", "s3://", 1)


def _load(text: str) -> Node:
    """The JSON of a text; anything that is none is a `ShapeError` with the position."""
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
    return Node(_shallow(value), clean=one_line)


def _shallow(value: Any) -> Any:
    """The value, if whoever walks it later can do so without running out of stack."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return value
    raise ShapeError(_TOO_DEEP)


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


@frozen
class Metadata:
    """What custodian noted in `metadata.json`: which policy, and how far the run got."""

    source: Source
    resource: str
    elements: frozenset[str]
    function: str
    dry_run: bool
    serverless: bool
    metrics: frozenset[str]

    @property
    def failed(self) -> bool:
        return "PolicyException" in self.metrics

    @property
    def filtered(self) -> bool:
        """Whether this run got past its filters.

        Custodian leaves the files of an earlier run in place when a later one fails.
        """
        return not self.failed or "ResourceCount" in self.metrics


def metadata_of(folder: Folder) -> Metadata | None:
    return folder.read("metadata.json", lambda node: _metadata(node, shown(folder.path)))


def _metadata(node: Node, place: str) -> Metadata:
    policy, config = node["policy"], node["config"]
    mode = policy["mode"].value if isinstance(policy["mode"].value, dict) else {}
    name = policy["name"].text()
    return Metadata(
        source=Source(
            place=place,
            policy=name,
            region=config["region"].maybe_text() or None,
            account_id=config["account_id"].maybe_text() or None,
            started=_seconds(node["execution"]["start"].value),
        ),
        resource=str(policy["resource"].value).removeprefix("aws."),
        elements=frozenset(_names([policy["filters"].value, policy["actions"].value])),
        function=f"{_prefix(mode)}{name}",
        dry_run=config["dryrun"].value is True,
        serverless=mode.get("type", "pull") != "pull",
        metrics=frozenset(str(metric["MetricName"].value) for metric in node["metrics"].items()),
    )


def _seconds(start: Any) -> float:
    return float(start) if isinstance(start, int | float) and abs(start) < 1e12 else 0.0


def _names(value: Any) -> Iterator[str]:
    """The names of filters and actions, however they are nested: a text, or a `type`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for block in value:
            yield from _names(block)
    elif isinstance(value, dict):
        yield from _names(value.get("type"))
        for key in ("and", "or", "not"):
            yield from _names(value.get(key))


def _prefix(mode: dict[str, Any]) -> str:
    """What custodian puts before a policy's name to name its function."""
    prefix = mode.get("function-prefix")
    return one_line(prefix) if isinstance(prefix, str) else "custodian-"
