# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from c7n_mfa.investigation.records import Who, actor_of, parse, who_signed_in
from investigated import (
    ACCOUNT,
    ALICE,
    AT,
    call,
    event,
    parsed,
    signed_in,
    the_root_sign_in,
    the_sign_in,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Engineer"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/alice"
AS_ROLE = {
    "type": "AssumedRole",
    "arn": SESSION,
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "userName": "Engineer"}},
}
FEDERATED = {
    "type": "FederatedUser",
    "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": ALICE, "userName": "alice"}},
}
WHO_ALICE = Who("user", ALICE, ACCOUNT, user="alice", lookup="alice")
WHO_ROLE = Who("role", ROLE, ACCOUNT, role="Engineer", lookup="alice")


def who(record):
    return who_signed_in(record, signed_in(record))


def as_identity(identity):
    return the_sign_in(userIdentity=identity)


def test_a_user_is_asked_about_by_name():
    assert who(the_sign_in()) == WHO_ALICE


def test_root_is_looked_up_as_root_and_is_no_user():
    arn = f"arn:aws:iam::{ACCOUNT}:root"
    assert who(the_root_sign_in()) == Who("root", arn, ACCOUNT, lookup="root")


def test_a_role_is_looked_up_by_its_session():
    assert who(as_identity(AS_ROLE)) == WHO_ROLE


def test_a_role_without_an_issuer_is_known_by_its_session():
    identity = {**AS_ROLE, "sessionContext": None}
    expected = Who("role", SESSION, ACCOUNT, role="Engineer", lookup="alice")
    assert who(as_identity(identity)) == expected


def test_a_federated_user_leads_to_the_user_who_opened_the_session():
    expected = Who("federated", ALICE, ACCOUNT, user="alice", lookup="bob")
    assert who(as_identity(FEDERATED)) == expected


@pytest.mark.parametrize(
    "name", ["HIDDEN_DUE_TO_SECURITY_REASONS", "a b", "a/b", "x" * 129, "", None, 7, ["alice"]]
)
def test_a_name_that_iam_cannot_have_is_nobody(name):
    identity = {"type": "IAMUser", "accountId": ACCOUNT, "userName": name}
    assert who(as_identity(identity)) == Who("unknown", None, ACCOUNT)


@pytest.mark.parametrize("identity", [{}, None, "alice", [], {"type": "AWSService"}, {"type": 3}])
def test_an_odd_identity_is_nobody(identity):
    assert who(as_identity(identity)).kind == "unknown"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"CloudTrailEvent": None},
        {"CloudTrailEvent": "{"},
        event([]),
        event("7"),
        event({}),
        event(call("ListUsers", "iam", AT, eventTime="yesterday")),
        event(call("ListUsers", "iam", AT, eventTime="1970-01-01T00:00:00Z")),
        event(call("ListUsers", "iam", AT, eventName=None)),
        event("[" * 200_000),
    ],
)
def test_nonsense_is_no_record(odd):
    assert parse(odd) is None


def test_a_record_keeps_what_it_touched():
    resources = [{"ResourceType": "AWS::IAM::User", "ResourceName": "bob"}, {"ResourceName": None}]
    record = parse(event(call("CreateUser", "iam", AT), resources))
    assert record.resources == ("AWS::IAM::User bob",)


@pytest.mark.parametrize(
    ("whose", "identity", "expected"),
    [
        (WHO_ALICE, {"type": "IAMUser", "userName": "alice"}, "own"),
        (WHO_ALICE, {"type": "IAMUser", "userName": "Alice"}, "own"),
        (WHO_ALICE, {"type": "IAMUser", "userName": "bob"}, "other"),
        (WHO_ALICE, {"type": "IAMUser"}, "other"),
        (WHO_ALICE, AS_ROLE, "session"),
        (WHO_ALICE, {"type": "Root"}, "other"),
        (WHO_ALICE, {}, "other"),
        (WHO_ROLE, AS_ROLE, "own"),
        (WHO_ROLE, {**AS_ROLE, "arn": SESSION.replace("Engineer", "Other")}, "session"),
        (WHO_ROLE, {**AS_ROLE, "arn": SESSION.replace("alice", "bob")}, "other"),
        (WHO_ROLE, {"type": "IAMUser", "userName": "alice"}, "other"),
        (Who("root", lookup="root"), {"type": "Root"}, "own"),
        (Who("root", lookup="root"), {"type": "IAMUser", "userName": "root"}, "other"),
        (Who("federated", lookup="bob"), FEDERATED, "own"),
        (Who("federated", lookup="eve"), FEDERATED, "other"),
    ],
)
def test_a_name_alone_makes_no_record_the_identitys_own(whose, identity, expected):
    (record,) = parsed(call("ListBuckets", "s3", AT, userIdentity=identity))
    assert actor_of(record, whose) == expected
