# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Alarms stepped through time: by the tables of the CloudWatch user guide, and against the audit.

The audit answers in one go whether one sign-in fires an alarm (`simulate`); here the same alarm
lives through quiet time, two sign-ins and the time after them, evaluation by evaluation.  The two
share the alarm as a value, and what a percentile or a trimmed mean makes of one period.
"""

from __future__ import annotations

from itertools import product

import pytest

from c7n_mfa.audit.simulation import simulate
from chains import an_alarm
from demo.alarm_state import NotEvaluated, datapoints, evaluate, next_state, why_not

# "Alarm evaluation" in the CloudWatch user guide; the newest point is on the right.
TABLES = [
    # points, needed of 3, with missing data treated as missing, ignore, breaching, notBreaching
    ("0 - X - X", 3, "OK", "OK", "OK", "OK"),
    ("0 - - - -", 3, "OK", "OK", "OK", "OK"),
    ("- - - - -", 3, "INSUFFICIENT_DATA", "kept", "ALARM", "OK"),
    ("0 X X - X", 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", 3, "ALARM", "kept", "ALARM", "OK"),
    ("0 - X - X", 2, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", 2, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", 2, "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", 2, "OK", "OK", "ALARM", "OK"),
    ("- - - X -", 2, "ALARM", "kept", "ALARM", "OK"),
    # "The alarm does not go immediately into ALARM state."
    ("- - - - X", 3, "kept", "kept", "ALARM", "OK"),
    ("- - - X -", 3, "kept", "kept", "ALARM", "OK"),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
KINDS = {"0": False, "X": True, "-": None}


@pytest.mark.parametrize(
    ("points", "needed", "treatment", "expected"),
    [
        (row[0], row[1], treatment, expected)
        for row in TABLES
        for treatment, expected in zip(TREATMENTS, row[2:], strict=True)
    ],
)
@pytest.mark.parametrize("current", ["OK", "INSUFFICIENT_DATA"])
def test_a_row_of_the_user_guide(points, needed, treatment, expected, current):
    alarm = an_alarm(evaluation_periods=3, datapoints_to_alarm=needed, missing=treatment)
    newest_first = [KINDS[sign] for sign in reversed(points.split())]

    state = next_state(alarm, newest_first, current)

    assert state == (current if expected == "kept" else expected)


def test_a_point_is_the_statistic_of_its_period_and_the_current_minute_counts():
    alarm = an_alarm(period=300, evaluation_periods=1)

    # At 12:09:30 the newest period is 12:05 to 12:10.
    values = {0: [1.0], 240: [1.0], 300: [2.0, 3.0], 540: [4.0]}

    assert datapoints(alarm, values, 570) == [9.0, 2.0, None]


def test_the_scale_and_the_fill_of_an_expression_count():
    alarm = an_alarm(period=60, evaluation_periods=1, scale=2.0, fill=0.5)

    assert datapoints(alarm, {60: [3.0]}, 90) == [6.0, 0.5, 0.5]


def test_a_percentile_of_values_of_three_kinds_is_not_evaluated():
    alarm = an_alarm(statistic="p99", period=60)

    with pytest.raises(NotEvaluated) as caught:
        evaluate(alarm, {0: [1.0, 2.0, 3.0]}, 0, "OK")

    assert str(caught.value) == "p99 of 3 values"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"statistic": "TM(10%:90%)"}, None),
        ({"undecided": "m1 + m2 is no plain function of one metric"}, "m1 + m2 is no plain"),
        ({"comparison": "GreaterThanUpperThreshold"}, "comparison GreaterThanUpperThreshold"),
        ({"statistic": "XM(1:2)"}, "statistic XM(1:2)"),
        ({"wall_clock": True}, "its evaluation window"),
        ({"low_samples_ignored": True}, "its evaluation window"),
    ],
)
def test_what_is_not_evaluated_says_why(changes, why):
    said = why_not(an_alarm(**changes))

    assert said is None if why is None else said.startswith(why)


def lived(alarm, value, default):
    """What becomes of the alarm: it fires twice, is silent, or is in ALARM without a sign-in."""
    answers = {_lived(alarm, value, default, events_a_minute=0)}
    if default is not None:
        # One default value a minute, as the user guide says, and one for each of many events.
        answers |= {_lived(alarm, value, default, each) for each in (1, 60)}
    return next(answer for answer in ("always", "silent", "fires") if answer in answers)


def _lived(alarm, value, default, events_a_minute):
    """Two sign-ins, far apart, in a log group with so many other events."""
    length = (alarm.evaluation_periods + 4) * alarm.period
    first, second, end = 2 * length, 4 * length, 6 * length
    # A quiet log group has other events too: for a while, between the two.
    busy = range(0, end, 60) if events_a_minute else range(3 * length, 3 * length + alarm.period)
    defaults = {} if default is None else {m: [default] * max(events_a_minute, 1) for m in busy}
    state, fired = "INSUFFICIENT_DATA", []
    for now in range(0, end, 60):
        values = {minute: some for minute, some in defaults.items() if minute <= now}
        # The minute of a sign-in has its value in place of a default.
        values |= {at: [value, *values.get(at, ())[1:]] for at in (first, second) if at <= now}
        before, state = state, evaluate(alarm, values, now, state)
        if before != state == "ALARM":
            fired.append(now)
    if any(at < first for at in fired) or (len(fired) == 1 and state == "ALARM"):
        return "always"
    return "fires" if len(fired) >= 2 else "silent"


GRID = [
    {
        "statistic": statistic,
        "comparison": comparison,
        "threshold": threshold,
        "missing": missing,
        "evaluation_periods": periods,
        "datapoints_to_alarm": needed,
        "period": 60,
    }
    for statistic, comparison, threshold, missing, (periods, needed) in product(
        ("Sum", "Average", "Maximum", "Minimum", "SampleCount"),
        ("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"),
        (0.0, 1.0, 2.0),
        TREATMENTS,
        ((1, 1), (3, 1), (3, 2), (3, 3)),
    )
]


@pytest.mark.parametrize("default", [None, 0.0, 1.0])
def test_the_judgement_in_one_go_agrees_with_time(default):
    differing = {}
    for changes in GRID:
        alarm = an_alarm(**changes)
        judged = simulate(alarm, 1.0, default).answer
        if judged != (stepped := lived(alarm, 1.0, default)):
            differing[tuple(changes.values())] = (judged, stepped)

    assert differing == {}
