# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The user who signed in is contained, whatever its name is by then, and nobody else, on moto."""

from __future__ import annotations

from datetime import datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from c7n_mfa.containment import element as containment
from calls import denied, watched
from deployed import Function, Inbox, event, record, seed_alice, shipped
from signin.records import RECORDS

SIGNED_IN = datetime.fromisoformat(record()["eventTime"])
PUT = ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"]
ID = record()["userIdentity"]["principalId"]


@pytest.fixture(autouse=True)
def iam(monkeypatch):
    """Alice, who has signed in twenty seconds ago."""
    monkeypatch.setattr(containment, "now", lambda: SIGNED_IN + timedelta(seconds=20))
    with mock_aws():
        yield seed_alice()


@pytest.fixture
def sign_in(tmp_path, monkeypatch):
    """Deliver the sign-in to the shipped policy: the calls that are made, and the message."""

    def sign_in(faults=None, found=None, exclude=None, stubs=None):
        policy, inbox = shipped("signin-single-factor-contain"), Inbox()
        for action in policy["actions"][:2]:
            action["exclude"] = exclude or action["exclude"]
        with watched(faults, stubs=stubs) as calls:
            Function(policy, tmp_path, monkeypatch).deliver(event(found or record()))
        (message,) = inbox.read()
        return calls.counts(), message

    return sign_in


def policies(iam, name):
    return sorted(iam.list_user_policies(UserName=name)["PolicyNames"])


def make_again(iam):
    iam.delete_user(UserName="alice")
    return iam.create_user(UserName="alice")["User"]["UserId"]


def test_nobody_is_listed_for_a_user_who_still_has_the_name(iam, sign_in):
    calls, message = sign_in()

    assert policies(iam, "alice") == PUT
    assert (calls["iam:ListUsers"], calls["iam:GetUser"]) == (0, 2)
    assert "is called" not in message["Message"]


def test_a_renamed_user_is_contained_under_the_new_name(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="bob")

    _, message = sign_in()

    assert policies(iam, "bob") == PUT
    assert message["Subject"].startswith("alice signed in without MFA, contained (")
    assert (
        "- require-mfa: done. c7n-mfa-require-mfa denies everything in console sessions without "
        "MFA; who signed in as alice is called bob now\n"
        "  undo (console sessions without MFA work again): aws iam delete-user-policy --user-name "
        "bob --policy-name c7n-mfa-require-mfa\n"
    ) in message["Message"]
    assert "put bob into users: in policies/respond/signin-user-release.yml" in message["Message"]


def test_a_name_that_was_typed_in_another_case_is_the_same(iam, sign_in):
    found = record()
    found["userIdentity"]["userName"] = "Alice"

    # IAM compares names without regard to case; moto does not.
    described = iam.get_user(UserName="alice")
    _, message = sign_in(found=found, stubs={"iam:GetUser": lambda _: described})

    assert policies(iam, "alice") == PUT
    assert "is called" not in message["Message"]


def test_a_renamed_user_is_contained_and_whoever_took_the_name_is_not(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="bob")
    iam.create_user(UserName="alice")

    sign_in()

    assert (policies(iam, "bob"), policies(iam, "alice")) == (PUT, [])


def test_a_renamed_user_is_found_on_a_later_page(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="zoe")
    users = iam.list_users()["Users"]

    def pages(parameters):
        """moto has all users on one page."""
        if parameters == {"MaxItems": 1000}:
            return {"Users": [], "IsTruncated": True, "Marker": "second"}
        assert parameters == {"MaxItems": 1000, "Marker": "second"}
        return {"Users": users, "IsTruncated": False}

    sign_in(stubs={"iam:ListUsers": pages})

    assert policies(iam, "zoe") == PUT


def test_a_user_made_again_under_the_same_name_is_left_alone_and_told_of(iam, sign_in):
    other = make_again(iam)

    _, message = sign_in()

    assert policies(iam, "alice") == []
    assert message["Subject"].startswith("alice signed in without MFA, NOT contained (")
    assert (
        f"- require-mfa: FAILED. NOT contained: the user who signed in as alice ({ID}) no longer "
        f"exists; who has the name now is another user ({other}), and is left alone\n"
    ) in message["Message"]


def test_a_user_deleted_since_is_told_of(iam, sign_in):
    iam.delete_user(UserName="alice")

    _, message = sign_in()

    assert message["Subject"].startswith("alice signed in without MFA, NOT contained (")
    assert (
        f"- require-mfa: FAILED. NOT contained: the user alice who signed in ({ID}) no longer "
        "exists\n"
    ) in message["Message"]


def test_a_user_who_has_no_name_any_more_and_may_not_be_looked_for_is_told_of(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="bob")

    _, message = sign_in({"iam:ListUsers": denied})

    assert policies(iam, "bob") == []
    assert (
        "- require-mfa: FAILED. NOT contained: the user no longer exists, or has another name "
        "(access denied: grant iam:ListUsers on alice)\n"
    ) in message["Message"]


def test_another_user_is_left_alone_when_the_right_one_may_not_be_looked_for(iam, sign_in):
    other = make_again(iam)

    _, message = sign_in({"iam:ListUsers": denied})

    assert policies(iam, "alice") == []
    assert (
        f"- require-mfa: FAILED. NOT contained: who has the name alice now is another user "
        f"({other}) than signed in ({ID}), and is left alone; the right one could not be looked "
        "for (access denied: grant iam:ListUsers on alice)\n"
    ) in message["Message"]


def test_a_user_who_may_not_be_described_is_known_by_the_list(iam, sign_in):
    calls, message = sign_in({"iam:GetUser": denied})

    assert policies(iam, "alice") == PUT
    assert message["Subject"].startswith("alice signed in without MFA, contained (")
    assert calls["iam:ListUsers"] == 2


def test_a_user_of_whom_nothing_is_known_but_the_name_is_contained_and_told_of(iam, sign_in):
    """A permission that is missing must not spare anybody."""
    _, message = sign_in({"iam:GetUser": denied, "iam:ListUsers": denied})

    assert policies(iam, "alice") == PUT
    assert (
        "- require-mfa: FAILED. the action went on without reading what is there (access denied: "
        "grant iam:ListUsers on alice)\n"
    ) in message["Message"]


def test_without_a_principal_the_name_decides(iam, sign_in):
    make_again(iam)
    found = record()
    del found["userIdentity"]["principalId"]

    sign_in(found=found)

    assert policies(iam, "alice") == PUT


@pytest.mark.parametrize(
    ("exclude", "name", "put"),
    [
        ({"names": ["break-glass-*"]}, "break-glass-1", PUT),
        ({"names": ["alice"]}, "bob", []),
    ],
    ids=["renamed to one that is excluded", "renamed from one that is excluded"],
)
def test_a_user_is_excluded_by_the_name_of_the_sign_in(iam, sign_in, exclude, name, put):
    iam.update_user(UserName="alice", NewUserName=name)

    sign_in(exclude=exclude)

    assert policies(iam, name) == put


def test_a_renamed_user_is_excluded_by_its_own_tags(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="bob")
    iam.tag_user(UserName="bob", Tags=[{"Key": "break-glass", "Value": "yes"}])

    sign_in()

    assert policies(iam, "bob") == []


def test_a_renamed_user_whose_tags_may_not_be_read_may_be_excluded(iam, sign_in):
    iam.update_user(UserName="alice", NewUserName="bob")

    _, message = sign_in({"iam:ListUserTags": denied})

    assert policies(iam, "bob") == []
    assert "NOT contained: whether the user is excluded is not known" in message["Message"]


def test_the_role_of_a_sign_in_that_is_gone_is_told_of(tmp_path, monkeypatch):
    policy, inbox = shipped("signin-single-factor-root"), Inbox()
    policy["resource"] = "iam-role"
    policy["mode"]["events"][0]["ids"] = "userIdentity.sessionContext.sessionIssuer.arn"
    policy["filters"] = [{"type": "signin", "single-factor": [True, "unknown"]}]
    policy["actions"] = [{"type": "alert-signin", "topic": inbox.topic}]

    signed_in = next(
        each.record
        for each in RECORDS
        if each.kind == "broker" and each.record["userIdentity"]["type"] == "AssumedRole"
    )
    Function(policy, tmp_path, monkeypatch).deliver(event(signed_in))

    (message,) = inbox.read()
    assert "renamed or deleted since the sign-in" in message["Message"]


def test_a_user_of_the_records_is_as_iam_says(iam):
    assert iam.get_user(UserName="alice")["User"]["UserId"] == ID
    assert boto3.client("iam").list_users()["Users"][0]["UserId"] == ID
