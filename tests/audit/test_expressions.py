# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Expressions that are a plain function of one metric, and those that are not.

fieldSelectionCriteria of a log group in us-east-1, written by hand from the API reference.
"""

from __future__ import annotations

import pytest

from c7n_mfa.audit.expressions import ExpressionError, Plain, parse_criteria, plain, select


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


ACCOUNT = "123456789012"
OTHER = "210987654321"


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (f'@aws.account = "{ACCOUNT}"', "keeps"),
        (f"@aws.account = '{ACCOUNT}'", "keeps"),
        (f'@aws.account != "{OTHER}"', "keeps"),
        (f'@aws.account IN ["{OTHER}", "{ACCOUNT}"]', "keeps"),
        (f'@aws.account NOT IN ["{OTHER}"]', "keeps"),
        (f'@aws.account="{OTHER}" OR @aws.account="{ACCOUNT}"', "keeps"),
        (f'(@aws.account = "{ACCOUNT}") AND (@aws.region != "mars-1")', "keeps"),
        (f'@aws.account = "{OTHER}"', "excludes-account"),
        (f'@aws.account != "{ACCOUNT}"', "excludes-account"),
        (f'@aws.account NOT IN ["{ACCOUNT}"]', "excludes-account"),
        (f'@aws.account = "{OTHER}" AND @aws.region = "us-east-1"', "excludes-account"),
        ('@aws.region = "eu-west-1"', "excludes-region"),
        ('@aws.region != "us-east-1"', "excludes-region"),
        ('@aws.region NOT IN ["us-east-1", "us-east-2"]', "excludes-region"),
        ('@aws.region IN ["us-east-1"]', "open"),
        ('@aws.region = "us-east-1" OR @aws.region = "us-east-2"', "open"),
        ('@aws.region != "us-east-2"', "open"),
        ('@aws.region != "us-west-2"', "open"),
        ('@aws.region NOT IN ["us-west-2"]', "open"),
        ('@aws.region != "eusc-de-east-1"', "open"),
        ("", "open"),
        ("@aws.account", "open"),
        ('@aws.account LIKE "1"', "open"),
        ('@aws.account = "1" XOR @aws.region = "x"', "open"),
        ('@aws.zone = "x"', "open"),
        ('@aws.account IN "1"', "open"),
        ('@aws.account IN ["1"', "open"),
        ('(@aws.account = "1"', "open"),
        ("@aws.account = 1", "open"),
    ],
)
def test_what_the_criteria_keep(criteria, expected):
    assert select(criteria, ACCOUNT, ACCOUNT, "us-east-1") == expected


def test_and_binds_before_or():
    text = f'@aws.account = "{ACCOUNT}" OR @aws.account = "x" AND @aws.region = "y"'

    assert select(text, ACCOUNT, ACCOUNT, "us-east-1") == "keeps"


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (f'@aws.account = "{ACCOUNT}"', "open"),
        (f'@aws.account = "{OTHER}"', "open"),
        (f'@aws.account IN ["{ACCOUNT}", "{OTHER}"]', "keeps"),
        ('@aws.account = "1"', "excludes-account"),
    ],
)
def test_a_log_group_of_another_account_may_mean_either(criteria, expected):
    assert select(criteria, ACCOUNT, OTHER, "us-east-1") == expected


def test_criteria_that_cannot_be_read_say_where():
    with pytest.raises(ExpressionError) as caught:
        parse_criteria('@aws.account = "1" x')

    assert str(caught.value) == "unexpected x"
