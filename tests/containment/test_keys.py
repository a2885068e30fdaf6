# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Access keys made after a sign-in are deactivated; all others are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from c7n_mfa.aws.read import Reader
from c7n_mfa.containment.apply import Containment
from c7n_mfa.containment.exclude import Exclusion
from c7n_mfa.containment.release import release
from c7n_mfa.containment.values import Occasion, User
from calls import denied, watched

SIGNED_IN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ARN = "arn:aws:iam::123456789012:user/alice"
ALICE = User("alice", ARN)
NONE = "no access key was made since 2026-11-21T09:30:00Z that was not looked at before"


class Alice:
    """A user with access keys that were made when the test says."""

    def __init__(self) -> None:
        self.session = boto3.Session(region_name="us-east-1")
        self.iam = self.session.client("iam")
        self.iam.create_user(UserName="alice")
        self.made: dict[str, datetime] = {}

    def makes_a_key(self, at: datetime) -> str:
        key = self.iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
        self.made[key] = at
        return key

    def keys(self) -> dict[str, str]:
        listed = self.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def tag(self) -> str | None:
        tags = self.iam.list_user_tags(UserName="alice")["Tags"]
        return next((t["Value"] for t in tags if t["Key"] == "c7n-mfa-new-keys"), None)

    def is_contained(self, signed_in=SIGNED_IN, late=20 * SECOND, faults=None, user=ALICE):
        """The receipts about keys, of what `revoke-sessions` does for a sign-in."""
        now = (signed_in or SIGNED_IN) + late
        occasion = Occasion(now, "contain-now", "11111111-aaaa", signed_in)
        exclusion = Exclusion(names=("break-glass-*",))
        containment = Containment(Reader(self.session), occasion, exclusion)
        with watched(faults, answers={"iam:ListAccessKeys": self._dated}):
            receipts = containment.revoke_sessions(user, new_keys=True)
        return [receipt for receipt in receipts if receipt.action == "new-keys"]

    def _dated(self, answer):
        for key in answer["AccessKeyMetadata"]:
            key["CreateDate"] = self.made[key["AccessKeyId"]]
        return answer


@pytest.fixture
def alice():
    with mock_aws():
        yield Alice()


def said(receipts):
    return [(receipt.result, receipt.why) for receipt in receipts]


def test_a_key_made_after_the_sign_in_is_deactivated_and_the_one_before_is_not(alice):
    old = alice.makes_a_key(SIGNED_IN - SECOND)
    new = alice.makes_a_key(SIGNED_IN + 5 * SECOND)

    (receipt,) = alice.is_contained()

    assert alice.keys() == {old: "Active", new: "Inactive"}
    assert receipt.to_dict() == {
        "action": "new-keys",
        "result": "done",
        "resource": ARN,
        "why": f"the access key {new}, made 2026-11-21T09:30:05Z, after the sign-in, is inactive "
        "now",
        "error": None,
        "undo": [
            {
                "service": "iam",
                "operation": "update_access_key",
                "parameters": {"UserName": "alice", "AccessKeyId": new, "Status": "Active"},
                "effect": f"the access key {new} works again",
            }
        ],
        "by_hand": [],
        "at": "2026-11-21T09:30:20Z",
    }
    assert alice.tag() == f"2026-11-21T09:30:00Z {new}"


def test_a_key_of_the_same_second_was_made_after(alice):
    new = alice.makes_a_key(SIGNED_IN)
    alice.is_contained()
    assert alice.keys() == {new: "Inactive"}


def test_both_keys_of_a_user_may_be_new(alice):
    keys = [alice.makes_a_key(SIGNED_IN + seconds * SECOND) for seconds in (1, 2)]
    assert [receipt.result for receipt in alice.is_contained()] == ["done", "done"]
    assert alice.keys() == dict.fromkeys(keys, "Inactive")


def test_a_new_key_that_is_inactive_is_left_so(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.iam.update_access_key(UserName="alice", AccessKeyId=new, Status="Inactive")

    (receipt,) = alice.is_contained()

    assert (receipt.result, receipt.undo) == ("already", ())


def test_without_a_new_key_nothing_is_done(alice):
    old = alice.makes_a_key(SIGNED_IN - HOUR)
    assert said(alice.is_contained()) == [("skipped", NONE)]
    assert alice.keys() == {old: "Active"}


def test_without_the_time_of_a_sign_in_no_key_is_touched(alice):
    key = alice.makes_a_key(SIGNED_IN + SECOND)

    assert said(alice.is_contained(signed_in=None)) == [
        (
            "skipped",
            "the time of the sign-in is not known, so no access key is known to be newer; none is "
            "touched",
        )
    ]
    assert alice.keys() == {key: "Active"}


def test_the_undo_of_a_receipt_makes_the_key_work(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    (receipt,) = alice.is_contained()

    for call in receipt.undo:
        getattr(alice.iam, call.operation)(**call.parameters)

    assert alice.keys() == {new: "Active"}


# An event that is delivered again


def test_an_event_that_comes_again_leaves_the_owners_later_key_alone(alice):
    alice.is_contained()
    later = alice.makes_a_key(SIGNED_IN + HOUR)

    assert said(alice.is_contained(late=2 * HOUR)) == [("skipped", NONE)]
    assert alice.keys() == {later: "Active"}


def test_an_event_that_comes_again_leaves_a_key_that_was_activated_again_alone(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.is_contained()
    alice.iam.update_access_key(UserName="alice", AccessKeyId=new, Status="Active")

    alice.is_contained(late=2 * HOUR)

    assert alice.keys() == {new: "Active"}


def test_a_second_sign_in_is_looked_into_as_well(alice):
    first = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.is_contained()
    second = alice.makes_a_key(SIGNED_IN + HOUR + SECOND)

    alice.is_contained(SIGNED_IN + HOUR)

    assert alice.keys() == {first: "Inactive", second: "Inactive"}
    assert alice.tag() == f"2026-11-21T10:30:00Z {first} {second}"


def test_an_earlier_sign_in_that_comes_later_is_looked_into_up_to_the_other(alice):
    between = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.is_contained(SIGNED_IN + HOUR)
    after = alice.makes_a_key(SIGNED_IN + 2 * HOUR)

    alice.is_contained(late=3 * HOUR)

    assert alice.keys() == {between: "Inactive", after: "Active"}
    assert alice.tag() == f"2026-11-21T10:30:00Z {between}"


def test_a_memory_of_the_future_is_none(alice):
    value = {"Key": "c7n-mfa-new-keys", "Value": "2099-01-01T00:00:00Z"}
    alice.iam.tag_user(UserName="alice", Tags=[value])
    new = alice.makes_a_key(SIGNED_IN + SECOND)

    alice.is_contained()

    assert alice.keys() == {new: "Inactive"}


def test_a_look_that_failed_is_not_remembered_and_done_by_the_next(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    (failed,) = alice.is_contained(faults={"iam:UpdateAccessKey": denied})
    assert (failed.result, alice.tag(), alice.keys()) == ("failed", None, {new: "Active"})

    alice.is_contained(late=HOUR)

    assert alice.keys() == {new: "Inactive"}


# Whom it concerns, and faults


def test_the_keys_of_an_excluded_user_are_left_alone(alice):
    key = alice.makes_a_key(SIGNED_IN + SECOND)
    assert alice.is_contained(user=User("break-glass-1", ARN)) == []
    assert alice.keys() == {key: "Active"}


def test_the_keys_of_a_sign_in_that_is_too_old_are_left_alone(alice):
    key = alice.makes_a_key(SIGNED_IN + SECOND)
    assert alice.is_contained(late=31 * HOUR) == []
    assert alice.keys() == {key: "Active"}


def test_where_the_sessions_cannot_be_revoked_the_key_is_still_deactivated(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.is_contained(faults={"iam:PutUserPolicy": denied})
    assert alice.keys() == {new: "Inactive"}


@pytest.mark.parametrize("permission", ["iam:ListAccessKeys", "iam:UpdateAccessKey"])
def test_a_denied_call_is_a_failed_receipt_that_names_the_permission(alice, permission):
    new = alice.makes_a_key(SIGNED_IN + SECOND)

    (receipt,) = alice.is_contained(faults={permission: denied})

    assert (receipt.result, receipt.error) == (
        "failed",
        f"access denied: grant {permission} on {ARN}",
    )
    assert alice.keys() == {new: "Active"}


def test_a_key_that_cannot_be_remembered_is_told(alice):
    alice.makes_a_key(SIGNED_IN + SECOND)

    done, unmarked = alice.is_contained(faults={"iam:TagUser": denied})

    assert (done.result, unmarked.result, unmarked.why) == (
        "done",
        "failed",
        "which access keys were deactivated is not noted on the user; an event that is delivered "
        "again looks for new ones again",
    )


# The release


def test_a_release_names_the_keys_and_leaves_them_inactive(alice):
    new = alice.makes_a_key(SIGNED_IN + SECOND)
    alice.is_contained()

    receipt = release(Reader(alice.session), ALICE, SIGNED_IN + HOUR)

    assert f"; the access keys {new}, made after the sign-in, stay inactive; " in receipt.why
    assert "aws iam update-access-key --user-name alice --access-key-id … --status" in receipt.why
    assert (alice.keys(), alice.tag()) == ({new: "Inactive"}, None)


def test_a_release_says_nothing_of_keys_where_none_was_deactivated(alice):
    alice.is_contained()
    assert "access keys" not in release(Reader(alice.session), ALICE, SIGNED_IN + HOUR).why
