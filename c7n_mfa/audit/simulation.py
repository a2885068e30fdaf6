# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarm, simulated: does one matching event bring it from OK into ALARM?

One sign-in gives one value in one minute.  Every other minute gives the filter's default value if
it has one and the log group is busy, else nothing.  The rules for missing data are those of the
table in the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from c7n_mfa.audit.values import Alarm
from c7n_mfa.frozen import frozen

Answer = Literal["fires", "silent", "always", "undecided"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_SIGNS = {"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">"}
_SIGNS |= {"LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<="}


_RESOLUTION = 60
"""Seconds; PutMetricAlarm says of shorter periods that they often lapse into INSUFFICIENT_DATA."""


@frozen
class Simulation:
    """What one sign-in does to an alarm, and the sentence that says why."""

    answer: Answer
    because: str


@frozen
class _Scene:
    """The period of the sign-in, and every other one."""

    name: str
    hit: Period
    rest: Period


def simulate(alarm: Alarm, value: float, default: float | None) -> Simulation:
    """Simulate one sign-in of metric value ``value`` on a quiet and on a busy log group.

    ``default`` is the filter's default value, published while other events arrive.
    """
    if alarm.undecided:
        return Simulation("undecided", alarm.undecided)
    if alarm.comparison not in _COMPARISONS:
        return Simulation("undecided", f"comparison {alarm.comparison} needs a model of the metric")
    if statistic(alarm.statistic) is None:
        return Simulation("undecided", f"statistic {alarm.statistic} is not simulated")
    if alarm.period < _RESOLUTION:
        because = f"{_rule(alarm)}: a metric filter writes one value a minute, and most attempts "
        return Simulation("undecided", because + "in between get no data")
    if alarm.low_samples_ignored and alarm.statistic[:1].lower() == "p":
        because = f"{_rule(alarm)}: with low samples ignored, one value changes nothing"
        return Simulation("silent", because)
    if alarm.wall_clock and alarm.datapoints_to_alarm > 1:
        because = f"{_rule(alarm)} over a wall clock window is not simulated"
        return Simulation("undecided", because)
    answers = [(scene.name, _scene(alarm, scene)) for scene in _scenes(alarm, value, default)]
    simulation = _worst(alarm, answers)
    if simulation.answer == "fires" and _latches(alarm, default):
        because = f"{_rule(alarm)}, missing data ignore: after one sign-in it stays in ALARM"
        return Simulation("always", because + " and reports no other")
    return simulation


def _scenes(alarm: Alarm, value: float, default: float | None) -> Iterator[_Scene]:
    yield _Scene("a quiet log group", Period(value), Period(None))
    if default is None:
        return
    minutes = max(alarm.period // 60, 1)
    # The user guide speaks of one default a minute; an emulator that claims to follow AWS
    # publishes one for every event that does not match.  Both have to fire.
    for beside, rest in ((minutes - 1, minutes), (60 * minutes, 60 * minutes)):
        busy = Period(value, default, beside)
        yield _Scene("a busy log group", busy, Period(None, default, rest))


def _latches(alarm: Alarm, default: float | None) -> bool:
    """Only matches are data, and all of them breach: nothing ever brings the alarm back."""
    return alarm.missing == "ignore" and default is None and alarm.fill is None


def _worst(alarm: Alarm, answers: list[tuple[str, Answer]]) -> Simulation:
    """The worst of the scenes decides: an alarm has to fire on all of them."""
    for decisive in ("always", "silent", "undecided"):
        for scene, answer in answers:
            if answer == decisive:
                return Simulation(answer, _because(alarm, answer, scene))
    return Simulation("fires", _rule(alarm))


def _rule(alarm: Alarm) -> str:
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    scale = f" * {alarm.scale:g}" if alarm.scale != 1 else ""
    return (
        f"{alarm.statistic}{scale} {sign} {alarm.threshold:g} "
        f"over {alarm.period} s, {alarm.datapoints_to_alarm} of {alarm.evaluation_periods} periods"
    )


def _because(alarm: Alarm, answer: Answer, scene: str) -> str:
    missing = f", missing data {alarm.missing}"
    if answer == "undecided":
        return f"{_rule(alarm)}: what {alarm.statistic} is on {scene} cannot be said"
    if answer == "always":
        return f"{_rule(alarm)}{missing}: in ALARM on {scene} without any sign-in"
    return f"{_rule(alarm)}{missing}: one sign-in on {scene} does not fire it"


def _scene(alarm: Alarm, scene: _Scene) -> Answer:
    quiet = None if scene.rest.empty and alarm.fill is None else _breaches(alarm, scene.rest)
    if quiet == "open":
        return "undecided"
    if _resting(alarm, quiet):
        return "always"
    hit = _breaches(alarm, scene.hit)
    if hit == "open":
        return "undecided"
    return "fires" if _fires(alarm, hit == "yes", quiet) else "silent"


_Breach = Literal["yes", "no", "open"]


def _breaches(alarm: Alarm, period: Period) -> _Breach:
    """Does this period breach the threshold?"""
    value = alarm.fill if period.empty else _measured(alarm, period)
    if value is None:
        return "open"
    return "yes" if _COMPARISONS[alarm.comparison](value, alarm.threshold) else "no"


def _measured(alarm: Alarm, period: Period) -> float | None:
    measure = statistic(alarm.statistic)
    value = measure(period) if measure else None
    return None if value is None else value * alarm.scale


def _resting(alarm: Alarm, quiet: _Breach | None) -> bool:
    """Is the alarm in ALARM while nobody signs in?"""
    if quiet is None:
        return alarm.missing == "breaching"
    return quiet == "yes"


def _fires(alarm: Alarm, hit: bool, quiet: _Breach | None) -> bool:
    """Does one breaching period among resting ones make M of N?"""
    if not hit:
        return False
    if alarm.datapoints_to_alarm <= 1:
        return True
    # One of M needed.  With data in the other periods, they do not breach: never M.  Without data,
    # "missing" goes by the points there are, and "ignore" and "notBreaching" wait for more.
    return quiet is None and alarm.missing == "missing"


OPEN = None
_Measured = float | None
# From here on one value among the others is too few to reach the highest percentile asked for.
_HIGHEST = 99.0


@frozen
class Period:
    """The values of one period: ``count`` times ``rest``, and ``value`` once if it is not None."""

    value: float | None
    rest: float = 0.0
    count: int = 0

    @property
    def empty(self) -> bool:
        return self.value is None and not self.count


Statistic = Callable[[Period], _Measured]


def statistic(name: str) -> Statistic | None:
    """The statistic of this name, ``Sum`` or ``p99.9`` or ``TM(10%:90%)``; ``None`` if unknown."""
    if name in _PLAIN:
        return _PLAIN[name]
    extended = _EXTENDED.fullmatch(name)
    if name.upper() == "IQM":
        return _within("TM", 25.0, 75.0)
    if extended is None:
        return None
    kind, short = extended["kind"].upper(), extended["short"]
    if short is not None:
        return _percentile(float(short)) if kind == "P" else _within(kind, 0.0, float(short))
    return _ranged(kind, extended["low"], extended["high"])


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
    def answer(period: Period) -> _Measured:
        only = _uniform(period)
        if only is not None:
            return only
        if at == 100:
            return max(_values(period))
        return _buried(period, at)

    return answer


def _buried(period: Period, highest: float) -> _Measured:
    """The others' value, where the one value is higher and too rare to be among those taken."""
    assert period.value is not None
    taken = (period.count + 1) * (100 - highest) / 100
    if period.value > period.rest and highest <= _HIGHEST and taken >= 2:
        return period.rest
    return OPEN


def _within(kind: str, low: float, high: float) -> Statistic:
    """A mean, a count or a sum of the values between two percentiles."""

    def answer(period: Period) -> _Measured:
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

    def answer(period: Period) -> _Measured:
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
