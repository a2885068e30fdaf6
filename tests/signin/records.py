# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The labelled sign-in records: one base record, named changes to it, and what each record is."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("records.json")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record, where it comes from, and what is to be said of it.

    ``kind`` names a row of the matrix in docs/signins.md.
    ``expect`` is None where the record is no console sign-in.
    """

    name: str
    kind: str
    source: str
    record: dict[str, Any]
    expect: Mapping[str, Any] | None

    @property
    def single_factor(self) -> bool | None:
        return self.expect["single_factor"] if self.expect else False


def read(path: Path = _FILE) -> tuple[Labelled, ...]:
    """Every labelled record of the file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return tuple(_labelled(data, entry) for entry in data["records"])


def _labelled(data: Any, entry: Any) -> Labelled:
    record = copy.deepcopy(data["base"])
    for change in (*(data["changes"][name] for name in entry["of"]), entry):
        _change(record, change)
    return Labelled(entry["name"], entry["kind"], entry["source"], record, entry["expect"])


def _change(record: dict[str, Any], change: Any) -> None:
    """Lay a change over a record: fields to keep, dotted paths to set, and dotted paths to drop."""
    for name in [name for name in record if name not in change.get("keep", record)]:
        del record[name]
    for path, value in change.get("set", {}).items():
        parent, key = _parent(record, path)
        parent[key] = copy.deepcopy(value)
    for path in change.get("drop", ()):
        parent, key = _parent(record, path)
        parent.pop(key, None)


def _parent(record: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *steps, key = path.split(".")
    for step in steps:
        record = record[step]
    return record, key


RECORDS = read()
