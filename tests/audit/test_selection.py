# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""fieldSelectionCriteria of a log group in us-east-1, written by hand from the API reference."""

from __future__ import annotations

import pytest

from c7n_mfa.audit.expressions import ExpressionError, parse_criteria, select

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
