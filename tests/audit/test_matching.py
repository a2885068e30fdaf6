# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Filter policies and event patterns on a document of which not everything is known."""

from __future__ import annotations

import pytest

from c7n_mfa.aws.event_pattern import OneOf, matches

BODY = {"Name": "SignIns", "Was": OneOf(("OK", "UNKNOWN")), "Trigger": {"Metric": "Count"}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"Name": ["SignIns"]}, True),
        ({"Name": ["Other", "SignIns"]}, True),
        ({"Name": ["Other"]}, False),
        ({"Name": [{"prefix": "Sign"}]}, True),
        ({"Name": [{"suffix": "Ins"}]}, True),
        ({"Name": [{"suffix": "Out"}]}, False),
        ({"Name": [{"equals-ignore-case": "signins"}]}, True),
        ({"Name": [{"wildcard": "S*n*s"}]}, True),
        ({"Name": [{"wildcard": "Sign??s"}]}, False),
        ({"Name": [{"anything-but": ["SignIns"]}]}, False),
        ({"Name": [{"anything-but": "Other"}]}, True),
        ({"Name": [{"anything-but": {"prefix": "Sign"}}]}, False),
        ({"Name": [{"exists": True}]}, True),
        ({"Name": [{"exists": False}]}, False),
        ({"Name": [{"numeric": [">", 1]}]}, None),
        ({"Name": [{"cidr": "192.0.2.0/24"}]}, None),
        ({"Was": ["OK", "UNKNOWN"]}, True),
        ({"Was": ["OK"]}, None),
        ({"Was": ["ALARM"]}, False),
        ({"Trigger": {"Metric": ["Count"]}}, True),
        ({"Trigger": {"Metric": ["Other"]}}, False),
        ({"Trigger": {"Other": ["x"]}}, None),
        ({"Other": ["x"]}, None),
        ({"Other": {"Deep": ["x"]}}, None),
        ({"Other": ["x"], "Name": ["Other"]}, False),
        ({"$or": [{"Name": ["SignIns"]}]}, None),
        ({"Name": "SignIns"}, None),
        (["Name"], None),
    ],
)
def test_what_gets_through(pattern, expected):
    assert matches(pattern, BODY) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"Other": ["x"]}, False),
        ({"Other": [{"exists": False}]}, True),
        ({"Other": [{"exists": True}]}, False),
        ({"Other": [{"anything-but": ["x"]}]}, False),
        ({"Other": {"Deep": ["x"]}}, False),
    ],
)
def test_a_closed_document_lacks_what_it_does_not_name(pattern, expected):
    assert matches(pattern, BODY, closed=True) is expected
