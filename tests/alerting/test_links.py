# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The only links of a message: made of a Region, a user's name and an event's id, or not at all."""

from __future__ import annotations

import pytest

from c7n_mfa.alerting.links import event_link, user_link
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, EVENT_ID, record


def sign_in(partition="aws", region="us-east-1", name="alice", kind="iam-user", **changes):
    found = record(kind, awsRegion=region, **changes)
    found["userIdentity"]["arn"] = f"arn:{partition}:iam::{ACCOUNT}:user/{name}"
    if kind == "iam-user":
        found["userIdentity"]["userName"] = name
    return SignIn.from_record(found)


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws", "ap-southeast-2", "ap-southeast-2.console.aws.amazon.com"),
        ("aws-cn", "cn-northwest-1", "cn-northwest-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_a_console(partition, region, host):
    found = sign_in(partition, region)

    assert user_link(found) == f"https://{host}/iam/home?region={region}#/users/details/alice"
    assert event_link(found) == (
        f"https://{host}/cloudtrailv2/home?region={region}#/events/{EVENT_ID}"
    )


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "cn-north-1"),
        ("aws", "us-gov-west-1"),
        ("aws", "us-iso-east-1"),
        ("aws-cn", "us-east-1"),
        ("aws-iso", "us-iso-east-1"),
        ("evil", "us-east-1"),
        ("", "us-east-1"),
        ("aws", "evil.example/x"),
        ("aws", "us-east-1.evil.example/#"),
        ("aws", "US-EAST-1"),
        ("aws", "us-east-१"),
        ("aws", ""),
    ],
)
def test_an_odd_region_or_partition_has_no_link(partition, region):
    found = sign_in(partition, region or None)

    assert (user_link(found), event_link(found)) == (None, None)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("first.last+x@example.com", "first.last%2Bx%40example.com"),
        ("a=b,c_d-e", "a%3Db%2Cc_d-e"),
    ],
)
def test_the_name_of_a_user_is_quoted(name, end):
    assert user_link(sign_in(name=name)).endswith(f"#/users/details/{end}")


@pytest.mark.parametrize("name", ["a/b", "a b", "a#b", "a?b", "ä", "x" * 65, "a%2fb", "<a>"])
def test_a_name_that_no_user_can_have_has_no_link(name):
    assert user_link(sign_in(name=name)) is None


@pytest.mark.parametrize("kind", ["root", "broker"])
def test_nobody_but_a_user_has_a_link(kind):
    assert user_link(sign_in(kind=kind)) is None


@pytest.mark.parametrize(
    "event_id", [None, "", "x", f"{EVENT_ID}/", f"{EVENT_ID}\n/x", EVENT_ID[1:]]
)
def test_an_odd_id_of_an_event_has_no_link(event_id):
    assert event_link(sign_in(eventID=event_id)) is None
