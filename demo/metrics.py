# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A metric filter at work: log events in, the values of its metric out.

The pattern is matched by `c7n_mfa.pattern`; the rest is from the CloudWatch Logs user guide,
"Creating metrics from log events using filters".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from c7n_mfa.audit.shapes import metric_filter
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse

Dimensions = tuple[tuple[str, str], ...]
_MINUTE = 60


class Publisher:
    """One metric filter, and what it has published: by dimensions, minute by minute."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self.group = str(item["logGroupName"])
        self.filter = metric_filter(item, self.group)
        self.since = int(item.get("creationTime") or 0)
        self.why_not = _why_not(item)
        self._pattern = None if self.why_not else parse(self.filter.pattern)
        self._dimensions = dict(item["metricTransformations"][0].get("dimensions") or {})
        self._published: dict[Dimensions, dict[int, list[float]]] = {}
        self._read: set[int] = set()

    def take(self, message: str, at: float) -> bool:
        """Look at one log event of this time, in seconds; whether a value was published."""
        minute = int(at // _MINUTE * _MINUTE)
        self._read.add(minute)
        if self._pattern is None or not _matches(self._pattern, message):
            return False
        record = _record(message)
        value, dimensions = self._value(record), self._of(record)
        if value is None or dimensions is None:
            return False
        self._published.setdefault(dimensions, {}).setdefault(minute, []).append(value)
        return True

    def values(self, dimensions: Dimensions) -> Mapping[int, list[float]]:
        """The metric with these dimensions; the default stands for minutes without a match."""
        published = self._published.get(dimensions, {})
        if self.filter.default is None or self._dimensions or self._pattern is None:
            return published
        return {minute: [self.filter.default] for minute in self._read} | published

    def _value(self, record: Any) -> float | None:
        text = self.filter.value
        value = _field(record, text) if text.startswith("$") else text
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None

    def _of(self, record: Any) -> Dimensions | None:
        """The dimensions of an event; none is published of an event that lacks one."""
        values = {name: _field(record, field) for name, field in self._dimensions.items()}
        if None in values.values():
            return None
        return tuple(sorted((name, str(value)) for name, value in values.items()))


def _why_not(item: Mapping[str, Any]) -> str | None:
    for option in ("fieldSelectionCriteria", "applyOnTransformedLogs", "emitSystemFieldDimensions"):
        if item.get(option):
            return f"its {option}"
    try:
        parse(item.get("filterPattern") or "")
    except PatternSyntaxError as error:
        return f"its pattern: {error.message}"
    return None


def _matches(pattern: Pattern, message: str) -> bool:
    # What hangs on undocumented behaviour is no match: nobody may count on it.
    return pattern.match(message) is True


def _record(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None


def _field(record: Any, selector: str) -> Any:
    """`$.userIdentity.userName` of a record; ``None`` where there is no such field."""
    for name in selector.removeprefix("$").lstrip(".").split("."):
        record = record.get(name) if isinstance(record, Mapping) else None
    return record
