# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The alarm, simulated.  Missing data by the table in the CloudWatch user guide, "Configuring how
CloudWatch alarms treat missing data"; the other cases written by hand.

Statistics over one sign-in among equal values: exact, or open.
"""

from __future__ import annotations

import pytest

from c7n_mfa.audit.simulation import OPEN, Period, Simulation, simulate, statistic
from chains import an_alarm


def answer(value: float = 1.0, default: float | None = None, **changes) -> str:
    return simulate(an_alarm(**changes), value, default).answer


@pytest.mark.parametrize("statistic", ["Sum", "Maximum", "Minimum", "Average", "SampleCount"])
def test_every_statistic_of_one_value_fires(statistic):
    assert answer(statistic=statistic) == "fires"


@pytest.mark.parametrize(
    ("comparison", "threshold", "expected"),
    [
        ("GreaterThanOrEqualToThreshold", 1.0, "fires"),
        ("GreaterThanOrEqualToThreshold", 2.0, "silent"),
        ("GreaterThanThreshold", 0.0, "fires"),
        ("GreaterThanThreshold", 1.0, "silent"),
        ("LessThanThreshold", 2.0, "fires"),
        ("LessThanThreshold", 0.0, "silent"),
        ("LessThanOrEqualToThreshold", 1.0, "fires"),
        ("LessThanOrEqualToThreshold", 0.0, "silent"),
        ("GreaterThanUpperThreshold", 1.0, "undecided"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 1.0, "undecided"),
        ("", 1.0, "undecided"),
    ],
)
def test_comparisons_with_the_threshold(comparison, threshold, expected):
    assert answer(comparison=comparison, threshold=threshold) == expected


@pytest.mark.parametrize("statistic", ["", "XX", "p", "TM(a:b)", "SUM", "Total"])
def test_other_statistics_are_not_simulated(statistic):
    assert answer(statistic=statistic) == "undecided"


@pytest.mark.parametrize(
    ("value", "threshold", "expected"),
    [(1.0, 1.0, "fires"), (5.0, 5.0, "fires"), (0.5, 1.0, "silent"), (1.0, 5.0, "silent")],
)
def test_the_value_of_the_filter_counts(value, threshold, expected):
    assert answer(value, threshold=threshold) == expected


@pytest.mark.parametrize(
    ("statistic", "default", "expected"),
    [
        ("Sum", 0.0, "fires"),
        ("Sum", 1.0, "always"),
        # Five minutes of 0.1 stay below 1, sixty times as many do not.
        ("Sum", 0.1, "always"),
        ("Maximum", 0.0, "fires"),
        ("Maximum", 1.0, "always"),
        ("Minimum", 0.0, "silent"),
        ("Average", 0.0, "silent"),
        ("SampleCount", 0.0, "always"),
    ],
)
def test_the_default_value_on_a_busy_log_group(statistic, default, expected):
    assert answer(default=default, statistic=statistic) == expected


def test_less_than_is_always_true_of_the_zeroes_of_a_busy_log_group():
    assert answer(default=0.0, comparison="LessThanThreshold", threshold=2.0) == "always"


@pytest.mark.parametrize(
    ("missing", "needed", "periods", "expected"),
    [
        # - - X - - with all three needed.
        ("missing", 3, 3, "fires"),
        ("ignore", 3, 3, "silent"),
        ("notBreaching", 3, 3, "silent"),
        ("breaching", 3, 3, "always"),
        # - - - - X with two of three needed.
        ("missing", 2, 3, "fires"),
        ("ignore", 2, 3, "silent"),
        ("notBreaching", 2, 3, "silent"),
        ("breaching", 2, 3, "always"),
        # One needed.
        ("missing", 1, 3, "fires"),
        ("notBreaching", 1, 3, "fires"),
        ("notBreaching", 1, 12, "fires"),
        ("breaching", 1, 1, "always"),
        ("notBreaching", 1, 1, "fires"),
    ],
)
def test_missing_data(missing, needed, periods, expected):
    changes = {"datapoints_to_alarm": needed, "evaluation_periods": periods}

    assert answer(missing=missing, **changes) == expected


def test_data_in_the_other_periods_keeps_one_of_three_from_being_enough():
    assert answer(default=0.0, evaluation_periods=3, datapoints_to_alarm=3) == "silent"


def test_ignored_missing_data_keeps_the_alarm_in_alarm_after_the_first_sign_in():
    assert simulate(an_alarm(missing="ignore"), 1.0, None) == Simulation(
        "always",
        "Sum >= 1 over 300 s, 1 of 1 periods, missing data ignore: after one sign-in it stays in "
        "ALARM and reports no other",
    )


def test_zeroes_bring_an_alarm_back_that_ignores_missing_data():
    assert answer(default=0.0, missing="ignore") == "fires"


@pytest.mark.parametrize("period", [60, 300, 3600, 86400])
def test_any_period_of_minutes_fires(period):
    assert answer(period=period) == "fires"
    assert answer(period=period, default=0.0) == "fires"


@pytest.mark.parametrize("period", [10, 20, 30])
def test_a_period_below_the_resolution_of_the_metric_is_undecided(period):
    assert answer(period=period) == "undecided"


def test_why_it_fires():
    assert simulate(an_alarm(), 1.0, None) == Simulation(
        "fires", "Sum >= 1 over 300 s, 1 of 1 periods"
    )


def test_why_it_is_silent():
    assert simulate(an_alarm(statistic="Average"), 1.0, 0.0) == Simulation(
        "silent",
        "Average >= 1 over 300 s, 1 of 1 periods, missing data missing: one sign-in on a busy log "
        "group does not fire it",
    )


def test_why_it_is_always_in_alarm():
    assert simulate(an_alarm(missing="breaching"), 1.0, None) == Simulation(
        "always",
        "Sum >= 1 over 300 s, 1 of 1 periods, missing data breaching: in ALARM on a quiet log "
        "group without any sign-in",
    )


ONE = Period(1.0)
AMONG_FEW = Period(1.0, 0.0, 4)
AMONG_MANY = Period(1.0, 0.0, 300)
ZEROES = Period(None, 0.0, 300)


@pytest.mark.parametrize(
    ("name", "one", "few", "many", "zeroes"),
    [
        ("Sum", 1.0, 1.0, 1.0, 0.0),
        ("SampleCount", 1.0, 5.0, 301.0, 300.0),
        ("Average", 1.0, 0.2, 1 / 301, 0.0),
        ("Maximum", 1.0, 1.0, 1.0, 0.0),
        ("Minimum", 1.0, 0.0, 0.0, 0.0),
        ("p50", 1.0, 0.0, 0.0, 0.0),
        ("p90", 1.0, OPEN, 0.0, 0.0),
        ("p99", 1.0, OPEN, 0.0, 0.0),
        ("p99.9", 1.0, OPEN, OPEN, 0.0),
        ("p100", 1.0, 1.0, 1.0, 0.0),
        ("tm90", 1.0, OPEN, 0.0, 0.0),
        ("TM(10%:90%)", 1.0, OPEN, 0.0, 0.0),
        ("TM(90%:)", 1.0, OPEN, OPEN, 0.0),
        ("WM(10%:90%)", 1.0, OPEN, 0.0, 0.0),
        ("IQM", 1.0, OPEN, 0.0, 0.0),
        ("tc90", 1.0, OPEN, OPEN, OPEN),
        ("TC(0.5:2)", 1.0, OPEN, OPEN, OPEN),
        ("TC(:2)", 1.0, 5.0, 301.0, 300.0),
        ("TS(:2)", 1.0, 1.0, 1.0, 0.0),
        ("TM(:0.5)", OPEN, OPEN, OPEN, 0.0),
        ("PR(0.5:)", 100.0, OPEN, OPEN, OPEN),
        ("PR(:2)", 100.0, 100.0, 100.0, 100.0),
    ],
)
def test_a_statistic_is_exact_or_open(name, one, few, many, zeroes):
    measure = statistic(name)

    found = [measure(period) for period in (ONE, AMONG_FEW, AMONG_MANY, ZEROES)]
    assert found == [one, few, many, zeroes]


@pytest.mark.parametrize(
    "name", ["", "sum", "q99", "p", "TM", "TM(1)", "TM(1:2", "TM(.:.)", "p1.2.3"]
)
def test_what_is_no_statistic_is_none(name):
    assert statistic(name) is None


def test_a_value_below_the_others_is_open():
    assert statistic("p50")(Period(1.0, 5.0, 300)) is OPEN
