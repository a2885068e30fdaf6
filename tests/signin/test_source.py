# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The source of a policy that is started by a sign-in, when AWS does not describe its resource."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError
from c7n.testing import PyTestUtils
from c7n.utils import local_session
from moto import mock_aws

from calls import denied, watched

ACCOUNT = "123456789012"


@pytest.fixture
def source(request):
    def source(resource):
        policy = PyTestUtils(request).load_policy(
            {"name": "signed-in", "resource": resource, "filters": ["signin"]},
            config={"region": "us-east-1", "account_id": ACCOUNT},
            validate=True,
        )
        return policy.resource_manager.source

    return source


def timed_out(_):
    return ReadTimeoutError(endpoint_url="https://example.com")


def unreadable(_):
    return ResponseParserError("Unable to parse response")


@mock_aws
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (denied, "iam:GetUser failed with AccessDenied"),
        (timed_out, "ReadTimeoutError"),
        (unreadable, "ResponseParserError"),
    ],
)
def test_a_user_who_is_not_described_is_known_by_name_and_account(source, fault, why):
    with watched({"iam:GetUser": fault}):
        (found,) = source("iam-user").get_resources(["alice"])

    assert found == {
        "UserName": "alice",
        "c7n:account-id": ACCOUNT,
        "c7n:signin-undescribed": why,
    }


@mock_aws
@pytest.mark.parametrize("fault", [denied, timed_out, unreadable])
def test_an_account_that_is_not_described_is_there_all_the_same(source, fault):
    with watched({"iam:ListAccountAliases": fault}):
        (found,) = source("account").get_resources(["ConsoleLogin"])

    del found["c7n:signin-undescribed"]
    assert found == {"account_id": ACCOUNT, "account_name": ""}


@mock_aws
def test_whatever_is_asked_for_an_event_is_tried_twice_and_not_for_long(source):
    boto3.client("iam").create_user(UserName="alice")
    users = source("iam-user")

    users.get_resources(["alice"])

    config = local_session(users.manager.session_factory).client("iam").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 10)
    assert config.retries["total_max_attempts"] == 2
