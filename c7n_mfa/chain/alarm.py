# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarm, simulated: does one matching event bring it from OK into ALARM?

One sign-in gives one value in one minute.  Every other minute gives the filter's default value if
it has one and the log group is busy, else nothing.  The rules for missing data are those of the
table in the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from c7n_mfa.chain.values import Alarm

Answer = Literal["fires", "silent", "always", "undecided"]
Scene = tuple[str, tuple[float, ...], tuple[float, ...]]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True, slots=True)
class Simulation:
    """What one sign-in does to an alarm, and the sentence that says why."""

    answer: Answer
    because: str


def simulate(alarm: Alarm, value: float, default: float | None) -> Simulation:
    """Simulate one sign-in of metric value ``value`` on a quiet and on a busy log group.

    ``default`` is the filter's default value, published while other events arrive.
    """
    if alarm.comparison not in _COMPARISONS:
        return Simulation("undecided", f"comparison {alarm.comparison} needs a model of the metric")
    if alarm.statistic not in _STATISTICS:
        return Simulation("undecided", f"statistic {alarm.statistic} is not simulated")
    scenes: list[Scene] = [("a quiet log group", (), ())]
    if default is not None:
        minutes = max(alarm.period // 60, 1)
        scenes += [
            # The user guide speaks of one default a minute; an emulator that claims to follow AWS
            # publishes one for every event that does not match.  Both have to fire.
            ("a busy log group", (default,) * (minutes - 1), (default,) * minutes),
            ("a busy log group", (default,) * (60 * minutes), (default,) * (60 * minutes)),
        ]
    answers = [(name, _scene(alarm, value, beside, rest)) for name, beside, rest in scenes]
    simulation = _worst(alarm, answers)
    if simulation.answer == "fires" and alarm.missing == "ignore" and default is None:
        # Only matches are data, and all of them breach: nothing ever brings the alarm back.
        because = f"{_rule(alarm)}, missing data ignore: after one sign-in it stays in ALARM"
        return Simulation("always", because + " and tells of no other")
    return simulation


def _worst(alarm: Alarm, answers: list[tuple[str, Answer]]) -> Simulation:
    """The worst of the scenes decides: an alarm has to fire on all of them."""
    for wanted in ("always", "silent", "undecided"):
        for scene, answer in answers:
            if answer == wanted:
                return Simulation(answer, _because(alarm, answer, scene))
    return Simulation("fires", _rule(alarm))


def _rule(alarm: Alarm) -> str:
    sign = {"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">"}
    sign |= {"LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<="}
    return (
        f"{alarm.statistic} {sign.get(alarm.comparison, alarm.comparison)} {alarm.threshold:g} "
        f"over {alarm.period} s, {alarm.datapoints_to_alarm} of {alarm.evaluation_periods} periods"
    )


def _because(alarm: Alarm, answer: Answer, scene: str) -> str:
    missing = f", missing data {alarm.missing}"
    if answer == "always":
        return f"{_rule(alarm)}{missing}: in ALARM on {scene} without any sign-in"
    return f"{_rule(alarm)}{missing}: one sign-in on {scene} does not fire it"


def _scene(
    alarm: Alarm, value: float, beside: tuple[float, ...], rest: tuple[float, ...]
) -> Answer:
    """``beside``: the other values in the period of the sign-in; ``rest``: those in any other."""
    breaches = _COMPARISONS[alarm.comparison]
    statistic = _STATISTICS[alarm.statistic]
    hit = breaches(statistic((value, *beside)), alarm.threshold)
    quiet = breaches(statistic(rest), alarm.threshold) if rest else None
    if _resting(alarm, quiet):
        return "always"
    return "fires" if _fires(alarm, hit, quiet) else "silent"


def _resting(alarm: Alarm, quiet: bool | None) -> bool:
    """Is the alarm in ALARM while nobody signs in?"""
    if quiet is None:
        return alarm.missing == "breaching"
    return quiet


def _fires(alarm: Alarm, hit: bool, quiet: bool | None) -> bool:
    """Does one breaching period among resting ones make M of N?"""
    if not hit:
        return False
    if alarm.datapoints_to_alarm <= 1:
        return True
    # One of M needed.  With data in the other periods, they do not breach: never M.  Without data,
    # "missing" goes by the points there are, and "ignore" and "notBreaching" wait for more.
    return quiet is None and alarm.missing == "missing"
