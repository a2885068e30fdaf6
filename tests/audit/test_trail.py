# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Event selectors, in the shapes of GetEventSelectors; written by hand from its API reference."""

from __future__ import annotations

import pytest

from c7n_mfa.audit.trail import carries_sign_ins, records_reads

MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


ACCOUNT = "123456789012"


def carried(basic=(), advanced=()) -> str:
    return carries_sign_ins(basic, advanced, ACCOUNT)


def advanced(*fields: dict) -> str:
    return carried(advanced=({"FieldSelectors": [MANAGEMENT, *fields]},))


def test_a_trail_without_selectors_records_management_events():
    assert carried((), ()) == "all"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, "all"),
        ({"ReadWriteType": "All", "IncludeManagementEvents": True}, "all"),
        ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}, "all"),
        ({"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}, "none"),
        ({"ReadWriteType": "All", "IncludeManagementEvents": False}, "none"),
        ({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}, "all"),
        ({"ExcludeManagementEventSources": ["signin.amazonaws.com"]}, "none"),
        ({"ExcludeManagementEventSources": None}, "all"),
    ],
)
def test_basic_selectors(selector, expected):
    assert carried((selector,), ()) == expected


def test_one_basic_selector_of_several_is_enough():
    assert carried(({"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "All"}), ()) == "all"


def test_advanced_selectors_decide_when_there_are_any():
    data = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}

    assert carried(({"ReadWriteType": "All"},), (data,)) == "none"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"Field": "readOnly", "Equals": ["false"]}, "all"),
        ({"Field": "readOnly", "Equals": ["true"]}, "none"),
        ({"Field": "eventSource", "Equals": ["signin.amazonaws.com"]}, "all"),
        ({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "x"]}, "all"),
        (
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "signin.amazonaws.com"]},
            "none",
        ),
        ({"Field": "eventSource", "StartsWith": ["s3", "signin"]}, "all"),
        ({"Field": "eventSource", "NotStartsWith": ["s3", "signin"]}, "none"),
        ({"Field": "eventSource", "EndsWith": [".amazonaws.com"]}, "all"),
        ({"Field": "eventSource", "NotEndsWith": [".amazonaws.com"]}, "none"),
        ({"Field": "eventName", "NotEquals": ["ConsoleLogin"]}, "none"),
        ({"Field": "eventName", "Equals": ["ConsoleLogin"], "NotEquals": ["CheckMfa"]}, "all"),
        ({"Field": "eventName", "StartsWith": ["Console"], "NotEndsWith": ["Login"]}, "none"),
        ({"Field": "eventType", "NotEquals": ["AwsServiceEvent"]}, "all"),
        ({"Field": "eventType", "Equals": ["AwsApiCall"]}, "none"),
        ({"Field": "sessionCredentialFromConsole", "Equals": ["true"]}, "none"),
        ({"Field": "sessionCredentialFromConsole", "NotEquals": ["true"]}, "all"),
        ({"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:sts::"]}, "some"),
        ({"Field": "userIdentity.arn", "StartsWith": ["arn:aws:"]}, "all"),
        ({"Field": "userIdentity.arn", "StartsWith": [f"arn:aws:iam::{ACCOUNT}:"]}, "some"),
        ({"Field": "userIdentity.arn", "StartsWith": ["arn:aws:iam::210987654321:"]}, "none"),
        ({"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:iam::2"]}, "all"),
        ({"Field": "userIdentity.arn", "NotStartsWith": ["arn:"]}, "none"),
        ({"Field": "userIdentity.arn", "Equals": [f"arn:aws:iam::{ACCOUNT}:root"]}, "some"),
        ({"Field": "userIdentity.arn", "NotEquals": [f"arn:aws:iam::{ACCOUNT}:root"]}, "some"),
        ({"Field": "userIdentity.arn", "NotEquals": [f"arn:aws:iam::{ACCOUNT}:user/"]}, "all"),
        ({"Field": "userIdentity.arn", "NotEquals": [f"arn:aws:iam::{ACCOUNT}:role/x"]}, "all"),
        ({"Field": "userIdentity.arn", "EndsWith": [":root"]}, "some"),
        ({"Field": "userIdentity.arn", "NotEndsWith": ["/alice"]}, "some"),
        ({"Field": "something.new", "Equals": ["x"]}, "open"),
    ],
)
def test_advanced_selectors(field, expected):
    assert advanced(field) == expected


def test_a_field_that_is_known_decides_before_one_that_is_not():
    unknown = {"Field": "userIdentity.arn", "NotStartsWith": ["x"]}

    assert advanced(unknown, {"Field": "readOnly", "Equals": ["true"]}) == "none"


def test_one_advanced_selector_of_several_is_enough():
    reads = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}]}
    writes = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["false"]}]}

    assert carried((), (reads, writes)) == "all"


def test_a_selector_that_keeps_some_beside_one_that_keeps_none_keeps_some():
    reads = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}]}
    some = {"FieldSelectors": [MANAGEMENT, {"Field": "userIdentity.arn", "EndsWith": ["x"]}]}

    assert carried((), (reads, some)) == "some"


def test_two_selectors_that_keep_some_each_may_keep_all():
    some = {"FieldSelectors": [MANAGEMENT, {"Field": "userIdentity.arn", "StartsWith": ["x"]}]}
    root = {"FieldSelectors": [MANAGEMENT, {"Field": "userIdentity.arn", "EndsWith": [":root"]}]}
    users = {"FieldSelectors": [MANAGEMENT, {"Field": "userIdentity.arn", "EndsWith": ["e"]}]}

    assert carried((), (some, root)) == "some"
    assert carried((), (root, users)) == "open"


def test_a_field_that_drops_some_decides_before_one_that_is_not_known():
    some = {"Field": "userIdentity.arn", "EndsWith": [":root"]}

    assert advanced(some, {"Field": "something.new", "Equals": ["x"]}) == "some"


@pytest.mark.parametrize(
    ("basic", "advanced", "expected"),
    [
        ((), (), True),
        (({"ReadWriteType": "All"},), (), True),
        (({"ReadWriteType": "WriteOnly"},), (), False),
        (({"IncludeManagementEvents": False},), (), False),
        ((), ({"FieldSelectors": [MANAGEMENT]},), False),
    ],
)
def test_a_trail_that_surely_records_reads(basic, advanced, expected):
    assert records_reads(basic, advanced) is expected
