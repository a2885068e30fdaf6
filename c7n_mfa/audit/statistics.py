# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a CloudWatch statistic makes of one value among many equal ones.

The user guide, "CloudWatch statistics definitions", says which values each statistic takes, not how
it interpolates between them; where that matters the answer is :data:`OPEN`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

OPEN = None
Answer = float | None
# From here on one value among the others is too few to reach the highest percentile asked for.
_HIGHEST = 99.0


@dataclass(frozen=True, slots=True)
class Period:
    """The values of one period: ``count`` times ``rest``, and ``value`` once if it is not None."""

    value: float | None
    rest: float = 0.0
    count: int = 0

    @property
    def empty(self) -> bool:
        return self.value is None and not self.count


Statistic = Callable[[Period], Answer]


def statistic(name: str) -> Statistic | None:
    """The statistic of this name, ``Sum`` or ``p99.9`` or ``TM(10%:90%)``; ``None`` if unknown."""
    if name in _PLAIN:
        return _PLAIN[name]
    found = _EXTENDED.fullmatch(name)
    if name.upper() == "IQM":
        return _within("TM", 25.0, 75.0)
    if found is None:
        return None
    kind, short = found["kind"].upper(), found["short"]
    if short is not None:
        return _percentile(float(short)) if kind == "P" else _within(kind, 0.0, float(short))
    return _ranged(kind, found["low"], found["high"])


def _count(period: Period) -> float:
    return period.count + (period.value is not None)


def _sum(period: Period) -> float:
    return period.count * period.rest + (period.value or 0)


def _values(period: Period) -> list[float]:
    rest = [period.rest] if period.count else []
    return rest if period.value is None else [*rest, period.value]


_PLAIN: Mapping[str, Statistic] = {
    "Sum": _sum,
    "SampleCount": _count,
    "Average": lambda period: _sum(period) / _count(period),
    "Maximum": lambda period: max(_values(period)),
    "Minimum": lambda period: min(_values(period)),
}
_EXTENDED = re.compile(
    r"(?P<kind>p|tm|wm|tc|ts|pr)"
    r"(?:(?P<short>\d+(?:\.\d+)?)|\((?P<low>[\d.]*%?):(?P<high>[\d.]*%?)\))",
    re.IGNORECASE,
)


def _uniform(period: Period) -> float | None:
    """The one value that all values of a period have, if they do."""
    values = set(_values(period))
    return values.pop() if len(values) == 1 else None


def _percentile(at: float) -> Statistic:
    def answer(period: Period) -> Answer:
        only = _uniform(period)
        if only is not None:
            return only
        if at == 100:
            return max(_values(period))
        return _buried(period, at)

    return answer


def _buried(period: Period, highest: float) -> Answer:
    """The others' value, where the one value is higher and too rare to be among those taken."""
    assert period.value is not None
    taken = (period.count + 1) * (100 - highest) / 100
    if period.value > period.rest and highest <= _HIGHEST and taken >= 2:
        return period.rest
    return OPEN


def _within(kind: str, low: float, high: float) -> Statistic:
    """A mean, a count or a sum of the values between two percentiles."""

    def answer(period: Period) -> Answer:
        if period.value is not None and not period.count:
            return {"TM": period.value, "WM": period.value, "TC": 1.0, "TS": period.value}.get(kind)
        if kind not in ("TM", "WM"):
            return OPEN
        only = _uniform(period)
        return only if only is not None else _buried(period, high)

    return answer


def _ranged(kind: str, low: str, high: str) -> Statistic | None:
    try:
        if low.endswith("%") or high.endswith("%"):
            return _within(kind, float(low.rstrip("%") or 0), float(high.rstrip("%") or 100))
        return _between(kind, float(low or "-inf"), float(high or "inf"))
    except ValueError:
        return None


def _between(kind: str, low: float, high: float) -> Statistic:
    """The same between two values of the metric: above the lower, up to the upper."""

    def answer(period: Period) -> Answer:
        inside = [low < value <= high for value in _values(period)]
        if not all(inside):
            return OPEN
        if kind == "PR":
            return 100.0
        same: Mapping[str, Statistic] = {
            "TM": _PLAIN["Average"],
            "WM": _PLAIN["Average"],
            "TC": _count,
            "TS": _sum,
        }
        return same[kind](period) if kind in same else OPEN

    return answer
