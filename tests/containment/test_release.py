# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a release gives back, and what stays denied, by what IAM then allows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from c7n_mfa.aws.read import Reader
from c7n_mfa.containment import documents
from c7n_mfa.containment.apply import Containment
from c7n_mfa.containment.documents import Form
from c7n_mfa.containment.exclude import Exclusion
from c7n_mfa.containment.release import release
from c7n_mfa.containment.values import Occasion, User
from calls import denied, watched
from sessions import Credentials, may

SIGNED_IN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CONTAINED = SIGNED_IN + timedelta(seconds=20)
RELEASED = CONTAINED + timedelta(hours=1)
REVOKE, REQUIRE = "c7n-mfa-revoke-sessions", "c7n-mfa-require-mfa"

HOUR = timedelta(hours=1)
ALICE = User("alice", "arn:aws:iam::123456789012:user/alice")
SESSION = "arn:aws:signin:us-east-1:123456789012:session/11111111-aaaa"

INTRUDER = Credentials(SIGNED_IN + timedelta(seconds=5))
"""GetSessionToken gives the longest there are."""
WHILE_CONTAINED = Credentials(RELEASED - timedelta(minutes=1))
WITH_MFA = Credentials(SIGNED_IN - HOUR, mfa=True)
KEY = Credentials()


def refreshed(issued):
    """What `aws login` has after a refresh: new credentials of a session from before."""
    return Credentials(issued, lives=timedelta(minutes=15), of=SESSION)


@pytest.fixture
def iam():
    with mock_aws():
        client = boto3.client("iam", region_name="us-east-1")
        client.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
        yield client


def contain(*actions, at=SIGNED_IN, event="11111111-aaaa"):
    occasion = Occasion(at + timedelta(seconds=20), "contain-now", event, at)
    containment = Containment(Reader(boto3.Session()), occasion, Exclusion())
    for action in actions or ("revoke-sessions", "require-mfa"):
        if action == "revoke-sessions":
            containment.revoke_sessions(ALICE)
        else:
            containment.require_mfa(ALICE, Form(), False)


def let_go(at=RELEASED, finish=False):
    return release(Reader(boto3.Session()), ALICE, at, finish)


def policies(iam):
    return iam.list_user_policies(UserName="alice")["PolicyNames"]


def put(iam, policy, document):
    text = json.dumps(document)
    iam.put_user_policy(UserName="alice", PolicyName=policy, PolicyDocument=text)


def tags(iam):
    return {t["Key"]: t["Value"] for t in iam.list_user_tags(UserName="alice")["Tags"]}


CONTAINING = pytest.mark.parametrize(
    "actions",
    [("revoke-sessions", "require-mfa"), ("require-mfa",), ("revoke-sessions",)],
    ids=" and ".join,
)


@CONTAINING
def test_no_session_from_before_a_release_works_after_it_and_one_from_after_does(iam, actions):
    contain(*actions)
    let_go()

    new = Credentials(RELEASED + timedelta(seconds=1))
    assert may(iam, "alice", new, new.issued)
    for hours in (0, 1, 30, 37, 1000):
        later = RELEASED + hours * HOUR
        if hours >= 37:
            let_go(later)
        for old in (INTRUDER, WHILE_CONTAINED, WITH_MFA):
            assert not may(iam, "alice", old, later), (old, hours)
        # A session of `aws login` ends after 12 hours.
        assert hours > 12 or not may(iam, "alice", refreshed(later), later)


def test_an_access_key_works_while_contained_and_after_a_release(iam):
    contain()
    assert may(iam, "alice", KEY, CONTAINED)
    let_go()

    assert may(iam, "alice", KEY, RELEASED)


@pytest.mark.parametrize("finish", [False, True])
def test_what_is_left_is_removed_once_no_session_from_before_can_live(iam, finish):
    contain()
    let_go()
    until = RELEASED + timedelta(hours=36, seconds=1)

    early, late = let_go(until - timedelta(seconds=1)), let_go(until, finish)

    assert (early.result, late.result) == ("already", "done")
    assert early.why.startswith("nothing created by c7n-mfa was removed; c7n-mfa-revoke-sessions")
    assert "; it stays until 2026-11-22T22:30:21Z, because" in early.why
    assert late.why == "removed c7n-mfa-revoke-sessions"
    assert [call.effect for call in late.undo] == [
        "sessions issued before 2026-11-21T10:30:21Z are denied again"
    ]
    assert policies(iam) == []
    # And now `aws login` of the owner works too.
    assert may(iam, "alice", refreshed(until), until)


def test_the_time_of_the_release_stays_that_of_the_release(iam):
    contain()
    let_go()
    let_go(RELEASED + HOUR)
    let_go(RELEASED + 37 * HOUR)

    assert tags(iam) == {"team": "red", "c7n-mfa-released": "2026-11-21T10:30:20Z"}


def test_a_third_release_finds_nothing(iam):
    contain()
    for hours in (0, 37):
        let_go(RELEASED + hours * HOUR)

    receipt = let_go(RELEASED + 38 * HOUR)

    assert (receipt.result, receipt.why, receipt.undo) == (
        "already",
        "nothing created by c7n-mfa was removed",
        (),
    )


def test_a_sign_in_after_the_release_contains_again_and_the_sessions_since_too(iam):
    contain()
    let_go()
    again = RELEASED + 2 * HOUR
    contain(at=again, event="22222222-bbbb")

    for credentials in (INTRUDER, Credentials(RELEASED + HOUR), Credentials(again)):
        assert not may(iam, "alice", credentials, again + timedelta(minutes=5))
    assert "c7n-mfa-contained" in tags(iam)


def test_a_user_contained_again_is_released_from_the_later_time_on(iam):
    contain()
    let_go()
    contain(at=RELEASED + 2 * HOUR, event="22222222-bbbb")
    let_go(RELEASED + 40 * HOUR)

    assert not may(iam, "alice", Credentials(RELEASED + 39 * HOUR), RELEASED + 41 * HOUR)
    assert policies(iam) == [REVOKE]


def test_who_is_contained_again_meanwhile_is_not_released_by_what_only_finishes(iam):
    contain()
    let_go()
    contain(at=RELEASED + 37 * HOUR, event="22222222-bbbb")
    before = sorted(policies(iam)), tags(iam)

    receipt = let_go(RELEASED + 38 * HOUR, finish=True)

    assert (receipt.result, receipt.why) == (
        "skipped",
        "the user is contained, or was never released",
    )
    assert (sorted(policies(iam)), tags(iam)) == before == ([REQUIRE, REVOKE], before[1])


@pytest.mark.parametrize("hours", [1, 37])
def test_what_somebody_changed_after_the_release_is_left_as_it_is(iam, hours):
    contain()
    let_go()
    stricter = documents.revoke_sessions(RELEASED)
    del stricter["Statement"][0]["Condition"]
    put(iam, REVOKE, stricter)

    receipt = let_go(RELEASED + hours * HOUR)

    assert (receipt.result, receipt.error) == (
        "failed",
        "somebody changed c7n-mfa-revoke-sessions after the release, and it is left as it is; "
        "delete it by hand if nothing else needs it",
    )
    assert policies(iam) == [REVOKE]


def test_a_time_far_ahead_is_not_ours_and_a_release_does_not_keep_it(iam):
    contain()
    put(iam, REVOKE, documents.revoke_sessions(datetime(2099, 1, 1, tzinfo=UTC)))

    let_go()

    later = RELEASED + timedelta(seconds=1)
    assert may(iam, "alice", Credentials(later), later)
    assert not may(iam, "alice", INTRUDER, later)


def test_where_the_old_sessions_cannot_be_denied_the_user_stays_contained(iam):
    contain("require-mfa")
    before = policies(iam), tags(iam)

    with watched({"iam:PutUserPolicy": denied}):
        receipt = let_go()

    assert (receipt.result, receipt.why) == (
        "failed",
        "nothing created by c7n-mfa was removed; c7n-mfa-require-mfa stays: until "
        "c7n-mfa-revoke-sessions denies the sessions from before, they would work again without it",
    )
    assert (policies(iam), tags(iam)) == before


@pytest.mark.parametrize("hours", [1, 37])
def test_what_is_left_of_a_release_stays_where_it_cannot_be_read(iam, hours):
    contain()
    let_go()

    with watched({"iam:GetUserPolicy": denied}):
        receipt = let_go(RELEASED + hours * HOUR)

    assert receipt.result == "failed"
    assert "grant iam:GetUserPolicy on" in receipt.error
    assert may(iam, "alice", Credentials(RELEASED + HOUR), RELEASED + HOUR)
    assert policies(iam) == [REVOKE]


def test_every_undo_of_a_release_says_what_it_does(iam):
    contain()

    assert [(call.operation, call.effect) for call in let_go().undo] == [
        ("put_user_policy", "sessions without MFA are denied again"),
        ("tag_user", "the user is marked as contained again"),
        ("untag_user", "an earlier sign-in that is delivered again contains"),
    ]
