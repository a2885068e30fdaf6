# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One look: how long it waits, and what becomes of an answer that is none."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError

from c7n_mfa.aws.read import Reader, ReadFailure
from calls import denied, watched


@pytest.fixture
def reader():
    return Reader(boto3.Session(region_name="us-east-1"))


def user(reader):
    return reader.one(
        "iam", "us-east-1", "get_user", "alice", lambda a: a["User"]["UserName"], UserName="alice"
    )


def test_a_service_that_never_answers_is_given_up_soon(reader):
    config = reader.client("iam", "us-east-1").meta.config

    assert (config.connect_timeout, config.read_timeout) == (5, 10)


def test_how_often_is_tried_is_what_the_session_says(reader):
    reader.session._session.set_default_client_config(
        Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
    )

    config = reader.client("iam", "us-east-1").meta.config

    assert (config.retries["total_max_attempts"], config.read_timeout) == (2, 10)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (denied("GetUser"), "AccessDenied", "User is not authorized to perform GetUser"),
        (
            ReadTimeoutError(endpoint_url="https://example.com"),
            "ReadTimeoutError",
            'Read timeout on endpoint URL: "https://example.com"',
        ),
        # What a proxy says in place of AWS.
        (ResponseParserError("Unable to parse response"), "MalformedAnswer", "Unable to parse"),
    ],
    ids=["denied", "timed out", "not XML"],
)
def test_a_call_that_fails_is_a_value(reader, error, code, message):
    def fail(_):
        raise error

    with watched({"iam:GetUser": fail}):
        found = user(reader)

    assert found == ReadFailure("iam:GetUser", "alice", code, found.message)
    assert found.message.startswith(message)


def test_an_answer_without_what_it_promises_is_malformed(reader):
    with watched(stubs={"iam:GetUser": {}}):
        assert user(reader) == ReadFailure(
            "iam:GetUser", "alice", "MalformedAnswer", "KeyError: 'User'"
        )


def test_a_mistake_of_ours_flies(reader):
    def fail(_):
        raise ZeroDivisionError

    with watched({"iam:GetUser": fail}), pytest.raises(ZeroDivisionError):
        user(reader)
