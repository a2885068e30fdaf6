# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Event selectors, in the shapes of GetEventSelectors; written by hand from its API reference."""

from __future__ import annotations

import pytest

from c7n_mfa.chain.selectors import carries_sign_ins

MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


def advanced(*fields: dict) -> bool | None:
    return carries_sign_ins((), ({"FieldSelectors": [MANAGEMENT, *fields]},))


def test_a_trail_without_selectors_records_management_events():
    assert carries_sign_ins((), ()) is True


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"ReadWriteType": "All", "IncludeManagementEvents": True}, True),
        ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}, True),
        ({"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}, False),
        ({"ReadWriteType": "All", "IncludeManagementEvents": False}, False),
        ({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}, True),
    ],
)
def test_basic_selectors(selector, expected):
    assert carries_sign_ins((selector,), ()) is expected


def test_one_basic_selector_of_several_is_enough():
    assert carries_sign_ins(({"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "All"}), ()) is True


def test_advanced_selectors_decide_when_there_are_any():
    data = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}

    assert carries_sign_ins(({"ReadWriteType": "All"},), (data,)) is False


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"Field": "readOnly", "Equals": ["false"]}, True),
        ({"Field": "readOnly", "Equals": ["true"]}, False),
        ({"Field": "eventSource", "Equals": ["signin.amazonaws.com"]}, True),
        ({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "x"]}, True),
        (
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "signin.amazonaws.com"]},
            False,
        ),
        ({"Field": "eventSource", "StartsWith": ["s3", "signin"]}, True),
        ({"Field": "eventSource", "NotStartsWith": ["s3", "signin"]}, False),
        ({"Field": "eventSource", "EndsWith": [".amazonaws.com"]}, True),
        ({"Field": "eventSource", "NotEndsWith": [".amazonaws.com"]}, False),
        ({"Field": "eventName", "NotEquals": ["ConsoleLogin"]}, False),
        ({"Field": "eventName", "Equals": ["ConsoleLogin"], "NotEquals": ["CheckMfa"]}, True),
        ({"Field": "eventName", "StartsWith": ["Console"], "NotEndsWith": ["Login"]}, False),
        ({"Field": "eventType", "NotEquals": ["AwsServiceEvent"]}, True),
        ({"Field": "eventType", "Equals": ["AwsApiCall"]}, False),
        ({"Field": "sessionCredentialFromConsole", "Equals": ["true"]}, False),
        ({"Field": "sessionCredentialFromConsole", "NotEquals": ["true"]}, True),
        ({"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:sts::"]}, None),
        ({"Field": "something.new", "Equals": ["x"]}, None),
    ],
)
def test_advanced_selectors(field, expected):
    assert advanced(field) is expected


def test_a_field_that_is_known_decides_before_one_that_is_not():
    unknown = {"Field": "userIdentity.arn", "NotStartsWith": ["x"]}

    assert advanced(unknown, {"Field": "readOnly", "Equals": ["true"]}) is False


def test_one_advanced_selector_of_several_is_enough():
    reads = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}]}
    writes = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["false"]}]}

    assert carries_sign_ins((), (reads, writes)) is True


def test_an_open_selector_beside_one_that_drops_is_open():
    reads = {"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}]}
    some = {"FieldSelectors": [MANAGEMENT, {"Field": "userIdentity.arn", "StartsWith": ["x"]}]}

    assert carries_sign_ins((), (reads, some)) is None
