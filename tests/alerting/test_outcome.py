# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is over in a minute, and what needs a person."""

from __future__ import annotations

import pytest

from c7n_mfa.alerting.ledger import outcome_of, passing
from c7n_mfa.aws.read import ReadFailure

ARN = "arn:aws:iam::123456789012:user/alice"


def failed(code):
    error = ReadFailure("iam:PutUserPolicy", ARN, code, "what AWS wrote").sentence()
    return {"action": "require-mfa", "result": "failed", "error": error}


@pytest.mark.parametrize(
    "code",
    [
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ReadTimeoutError",
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "ConnectionClosedError",
        "SSLError",
        "ServiceFailure",
        "ServiceUnavailable",
        "InternalFailure",
        "503",
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiableException",
        "MalformedAnswer",
    ],
)
def test_what_passes_is_tried_again(code):
    assert passing([failed(code)]) == [failed(code)["error"]]


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "LimitExceeded",
        "MalformedPolicyDocument",
        "NoSuchOperation",
        "ExpiredToken",
        "InvalidClientTokenId",
        "NoCredentialsError",
        "ValidationError",
    ],
)
def test_what_needs_a_person_is_not(code):
    assert passing([failed(code)]) == []


def test_what_aws_wrote_beside_a_code_does_not_count():
    error = "iam:PutUserPolicy on x failed with LimitExceeded: failed with Throttling: 503: "

    assert passing([{"result": "failed", "error": error}]) == []


@pytest.mark.parametrize("receipt", [{"result": "failed"}, {"result": "failed", "error": None}])
def test_a_failure_without_an_error_is_not_tried_again(receipt):
    assert passing([receipt]) == []


def test_what_did_not_fail_is_not_tried_again():
    assert passing([{**failed("Throttling"), "result": "done"}]) == []


@pytest.mark.parametrize(
    ("results", "contains", "outcome"),
    [
        ([], False, ""),
        ([], True, "not-contained"),
        (["done"], True, ""),
        (["already", "skipped"], True, ""),
        (["skipped"], True, ""),
        (["done", "failed"], True, "partly-contained"),
        (["failed", "skipped"], True, "not-contained"),
    ],
)
def test_the_outcome(results, contains, outcome):
    assert outcome_of([{"result": each} for each in results], contains) == outcome
