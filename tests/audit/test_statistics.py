# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Statistics over one sign-in among equal values: exact, or open."""

from __future__ import annotations

import pytest

from c7n_mfa.audit.simulation import OPEN, Period, statistic

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
