# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The state of an alarm, stepped through time: what CloudWatch does at every evaluation.

The rules are those of the CloudWatch user guide, "Alarm evaluation" with its two tables of missing
data.  The audit answers the same question in one go (`c7n_mfa.audit.simulation`).  The two share
the alarm as a value and what a percentile makes of a period; that they agree is a test.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Literal

from c7n_mfa.audit.simulation import Period, statistic
from c7n_mfa.audit.values import Alarm

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
# Minutes (their first second) with what was published in them.
Values = Mapping[int, Sequence[float]]

# CloudWatch retrieves more points than it needs, "in case some are missing"; how many more is not
# documented. In the tables of the user guide it is two.
EXTRA_PERIODS = 2

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_WORDS: Mapping[str, str] = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "SampleCount": len,
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
}


class NotEvaluated(Exception):
    """The alarm is of a kind that is not evaluated here; the message says which."""


def evaluate(alarm: Alarm, values: Values, now: float, current: State) -> State:
    """The state of the alarm at ``now``, in seconds, which is ``current`` until then."""
    points = datapoints(alarm, values, now)
    return next_state(alarm, [None if p is None else _breaches(alarm, p) for p in points], current)


def reason(alarm: Alarm, values: Values, now: float) -> str:
    """Why the alarm is in its state at ``now``, much as CloudWatch says it."""
    points = [point for point in datapoints(alarm, values, now) if point is not None]
    taken = points[: alarm.evaluation_periods]
    if not taken:
        return f"No datapoints were received, and missing ones are treated as {alarm.missing}."
    breaching = sum(_breaches(alarm, point) for point in taken)
    return (
        f"Threshold Crossed: {breaching} out of the last {len(taken)} datapoints "
        f"[{', '.join(map(str, taken))}] was {_WORDS[alarm.comparison]} the threshold "
        f"({alarm.threshold}) (minimum {alarm.datapoints_to_alarm} to ALARM)."
    )


def datapoints(alarm: Alarm, values: Values, now: float) -> list[float | None]:
    """The points of the evaluation range, the newest first; ``None`` where data is missing."""
    step = min(alarm.period, 60)
    end = (now // step + 1) * step
    return [
        _point(alarm, values, end - (age + 1) * alarm.period, end - age * alarm.period)
        for age in range(alarm.evaluation_periods + EXTRA_PERIODS)
    ]


def next_state(alarm: Alarm, points: Sequence[bool | None], current: State) -> State:
    """What the points make of the state: ``True`` is a breaching one, ``None`` a missing one."""
    periods, needed = alarm.evaluation_periods, alarm.datapoints_to_alarm
    real = [point for point in points if point is not None]
    missing = periods - len(real)
    if missing <= 0:
        return _state(real[:periods].count(True) >= needed)
    breaching = real.count(True)
    if alarm.missing in ("breaching", "notBreaching"):
        return _state(breaching + (missing if alarm.missing == "breaching" else 0) >= needed)
    if not real:
        return current if alarm.missing == "ignore" else "INSUFFICIENT_DATA"
    if breaching >= needed or breaching < len(real):
        return _state(breaching >= needed)
    oldest = max(age for age, point in enumerate(points) if point)
    return "ALARM" if alarm.missing == "missing" and oldest + 1 >= needed else current


def _state(alarming: bool) -> State:
    return "ALARM" if alarming else "OK"


def _point(alarm: Alarm, values: Values, start: float, end: float) -> float | None:
    inside = [value for at, some in values.items() if start <= at < end for value in some]
    return _measure(alarm.statistic, inside) * alarm.scale if inside else alarm.fill


def _measure(name: str, values: Sequence[float]) -> float:
    if name in _STATISTICS:
        return float(_STATISTICS[name](values))
    measure, period = statistic(name), _period(values)
    answer = measure(period) if measure and period else None
    if answer is None:
        raise NotEvaluated(f"{name} of {len(values)} values")
    return answer


def _period(values: Sequence[float]) -> Period | None:
    """The values as one among many equal ones, if that is what they are."""
    rest, *others = Counter(values).most_common()
    if not others:
        return Period(rest[0], rest[0], len(values) - 1)
    return Period(others[0][0], rest[0], rest[1]) if [n for _, n in others] == [1] else None


def _breaches(alarm: Alarm, point: float) -> bool:
    return _COMPARISONS[alarm.comparison](point, alarm.threshold)


def why_not(alarm: Alarm) -> str | None:
    """Why an alarm is not evaluated here; ``None`` when it is."""
    if alarm.undecided:
        return alarm.undecided
    if alarm.comparison not in _COMPARISONS:
        return f"comparison {alarm.comparison}"
    if alarm.wall_clock or alarm.low_samples_ignored:
        return "its evaluation window or its treatment of few samples"
    known = alarm.statistic in _STATISTICS or statistic(alarm.statistic)
    return None if known else f"statistic {alarm.statistic}"
