# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Expressions that are a plain function of one metric, and those that are not."""

from __future__ import annotations

import pytest

from c7n_mfa.audit.expressions import Plain, plain


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1", Plain("m1")),
        (" ( m1 ) ", Plain("m1")),
        ("m1*1", Plain("m1")),
        ("2 * m1 * 3", Plain("m1", 6.0)),
        ("m1 / 4", Plain("m1", 0.25)),
        ("SUM([m1])", Plain("m1")),
        ("max([ m1 * 2 ])", Plain("m1", 2.0)),
        ("FILL(m1, 0)", Plain("m1", 1.0, 0.0)),
        ("FILL(m1,1)*2", Plain("m1", 2.0, 2.0)),
        ("FILL(m1*2,1)", Plain("m1", 2.0, 1.0)),
        ("FILL(FILL(m1,0),1)", Plain("m1", 1.0, 0.0)),
        ("SUM([FILL(m1,0)])", Plain("m1", 1.0, 0.0)),
    ],
)
def test_a_plain_function_is_read(expression, expected):
    assert plain(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1",
        "m1 + m2",
        "m1 * m2",
        "m1 m2",
        "m1 * 0",
        "1 / m1",
        "SUM([m1, m2])",
        "SUM(m1)",
        "SUM(METRICS())",
        "FILL(m1, REPEAT)",
        "FILL(m1)",
        "FILL(m1, 0",
        "RATE(m1)",
        "IF(m1 > 0, 1)",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        'SELECT SUM(SignIns) FROM "Security"',
        "-m1",
        "*",
        "((m1)",
        "(",
    ],
)
def test_any_other_expression_is_not(expression):
    assert plain(expression) is None
