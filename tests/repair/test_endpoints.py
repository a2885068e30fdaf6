# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from c7n_mfa.repair.element import endpoint_problem

QUEUE = "arn:aws:sqs:us-east-1:123456789012:security"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:page"


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("email", "security@example.com"),
        ("email", "security+aws@mail.example.com"),
        ("email", "{owner}@example.com"),
        ("email-json", "security@example.com"),
        ("http", "http://192.0.2.1/hook"),
        ("https", "https://example.com"),
        ("https", "https://user:secret@example.com/hook?key=1"),
        ("sms", "+15555550100"),
        ("sms", "+1 (555) 555-0100"),
        ("sqs", QUEUE),
        ("sqs", "arn:{partition}:sqs:{region}:{account_id}:security"),
        ("sqs", QUEUE.replace("arn:aws:", "arn:aws-us-gov:")),
        ("lambda", FUNCTION),
        ("lambda", f"{FUNCTION}:live"),
        ("application", "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/5e3e9847"),
    ],
)
def test_what_sns_takes(protocol, endpoint):
    assert endpoint_problem(protocol, endpoint) is None


@pytest.mark.parametrize(
    ("protocol", "endpoint", "wanted"),
    [
        ("email", "security", "an e-mail address"),
        ("email", "@example.com", "an e-mail address"),
        ("email", "security@", "an e-mail address"),
        ("email", "one@example.com, two@example.com", "an e-mail address"),
        ("email-json", QUEUE, "an e-mail address"),
        ("http", "https://example.com", "an address that begins with http://"),
        ("https", "http://example.com", "an address that begins with https://"),
        ("https", "example.com/hook", "an address that begins with https://"),
        ("https", "https://", "an address that begins with https://"),
        ("sms", "security", "a phone number such as +15555550100"),
        ("sms", "911", "a phone number such as +15555550100"),
        ("sqs", "security", "the ARN of a queue"),
        ("sqs", FUNCTION, "the ARN of a queue"),
        ("sqs", "https://sqs.us-east-1.amazonaws.com/123456789012/security", "the ARN of a queue"),
        ("lambda", QUEUE, "the ARN of a function"),
        ("lambda", "page", "the ARN of a function"),
        ("application", QUEUE, "the ARN of a mobile app's endpoint"),
    ],
)
def test_what_sns_refuses(protocol, endpoint, wanted):
    assert endpoint_problem(protocol, endpoint) == f"{endpoint} is not {wanted}"
