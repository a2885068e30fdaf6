# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The IAM-user actions and their release, through c7n's own policy loading, on moto.

moto takes the password away when a login profile is updated without one; tests of that use a stub.
"""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.containment import decide, documents
from c7n_mfa.containment import element as containment
from c7n_mfa.containment import release_element as release
from c7n_mfa.containment.documents import Form
from calls import denied, watched

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:iam::{ACCOUNT}:user/alice"
PAGE = Path(__file__).parents[2] / "docs" / "containment.md"
KEY = "c7n:containment"
NOW = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
ALL = ["revoke-sessions", "reset-password", "require-mfa"]
OTHER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def iam():
    return boto3.client("iam", region_name=REGION)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that the tests set."""

    class Clock:
        now = NOW

    monkeypatch.setattr(containment, "now", lambda: Clock.now)
    return Clock


@pytest.fixture
def user():
    """Alice, who has a password, an access key, a policy and a tag of her own."""
    with mock_aws():
        client = iam()
        client.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
        client.create_login_profile(UserName="alice", Password="Correct-Horse-1")
        client.create_access_key(UserName="alice")
        text = json.dumps(OTHER_POLICY)
        client.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=text)
        yield client


def snapshot(client, name="alice"):
    """Everything about the user that containment could touch."""
    policies = client.list_user_policies(UserName=name)["PolicyNames"]
    profile = client.get_login_profile(UserName=name)["LoginProfile"]
    return {
        "policies": {
            policy: client.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
            for policy in policies
        },
        "tags": tags(client, name),
        "keys": client.list_access_keys(UserName=name)["AccessKeyMetadata"],
        "password": {k: v for k, v in profile.items() if k != "CreateDate"},
        "attached": client.list_attached_user_policies(UserName=name)["AttachedPolicies"],
        "groups": client.list_groups_for_user(UserName=name)["Groups"],
    }


def tags(client, name="alice"):
    return {t["Key"]: t["Value"] for t in client.list_user_tags(UserName=name)["Tags"]}


def policy_document(client, name):
    return client.get_user_policy(UserName="alice", PolicyName=name)["PolicyDocument"]


@pytest.fixture
def load(request):
    def load(*actions, filters=EVERYBODY, mode=None, **config):
        data = {
            "name": "contain-now",
            "resource": "aws.iam-user",
            "filters": list(filters),
            "actions": list(actions),
        }
        if mode:
            data["mode"] = mode
        return PyTestUtils(request).load_policy(
            data, config={"region": REGION, "account_id": ACCOUNT, **config}
        )

    return load


@pytest.fixture
def contain(load):
    """Run actions on every user: the receipts by user."""

    def contain(*actions):
        return {found["UserName"]: found[KEY] for found in load(*actions).run()}

    return contain


# A filter that keeps all: without any, a policy that contains is refused.
EVERYBODY = [{"type": "value", "key": "UserName", "value": "present"}]
SIGNIN = [{"type": "signin"}]
EVENTS = {
    "type": "cloudtrail",
    "role": f"arn:aws:iam::{ACCOUNT}:role/c7n-mfa",
    "packages": ["c7n_mfa"],
    "handler": "c7n_mfa.handler.run",
    "events": [
        {
            "event": "ConsoleLogin",
            "source": "signin.amazonaws.com",
            "ids": "userIdentity.userName",
        }
    ],
    "pattern": {"source": ["aws.signin"]},
}


def sign_in(event_id="11111111-aaaa", at=NOW - timedelta(seconds=20), name="alice"):
    return {
        "detail-type": "AWS Console Sign In via CloudTrail",
        "account": ACCOUNT,
        "detail": {
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "eventID": event_id,
            "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "userIdentity": {"type": "IAMUser", "userName": name},
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MFAUsed": "No"},
        },
    }


@pytest.fixture
def deliver(load):
    """Deliver an event to a policy in Lambda mode: the receipts of its one user."""

    def deliver(event, *actions):
        found = load(*actions, filters=SIGNIN, mode=EVENTS).push(event, None)
        return found[0][KEY] if found else []

    return deliver


def results(receipts):
    return [(receipt["action"], receipt["result"]) for receipt in receipts]


# Containing


def test_a_sign_in_contains_its_user_and_leaves_the_rest_alone(user, deliver):
    before = snapshot(user)

    receipts = deliver(sign_in(), *ALL)

    after = snapshot(user)
    assert results(receipts) == [(action, "done") for action in ALL]
    assert after == {
        **before,
        "policies": {
            "own": OTHER_POLICY,
            "c7n-mfa-require-mfa": documents.require_mfa(Form("console", "closed")),
            "c7n-mfa-revoke-sessions": documents.revoke_sessions(NOW + timedelta(seconds=40)),
        },
        "password": {"UserName": "alice", "PasswordResetRequired": True},
        "tags": {
            "team": "red",
            "c7n-mfa-contained": "2026-11-21T09:30:20Z",
            "c7n-mfa-event": "11111111-aaaa 2026-11-21T09:30:00Z",
            "c7n-mfa-password-reset": "2026-11-21T09:30:20Z",
        },
    }


def test_a_receipt_has_the_keys_that_others_rely_on(user, deliver):
    (receipt,) = deliver(sign_in(), "require-mfa")

    assert receipt == {
        "action": "require-mfa",
        "result": "done",
        "resource": ARN,
        "why": "c7n-mfa-require-mfa denies everything in console sessions without MFA",
        "error": None,
        "undo": [
            {
                "service": "iam",
                "operation": "delete_user_policy",
                "parameters": {"UserName": "alice", "PolicyName": "c7n-mfa-require-mfa"},
                "effect": "console sessions without MFA work again",
            }
        ],
        "by_hand": [],
        "at": "2026-11-21T09:30:20Z",
    }
    assert json.loads(json.dumps(receipt)) == receipt


def test_the_undo_of_a_receipt_takes_the_policy_off(user, deliver):
    before = snapshot(user)["policies"]
    receipts = deliver(sign_in(), "require-mfa", "revoke-sessions")

    for receipt in receipts:
        for call in receipt["undo"]:
            getattr(boto3.client(call["service"]), call["operation"])(**call["parameters"])

    assert snapshot(user)["policies"] == before


def test_the_scope_of_all_reaches_access_keys(user, deliver):
    deliver(sign_in(), {"type": "require-mfa", "scope": "all"})

    assert policy_document(user, "c7n-mfa-require-mfa") == documents.require_mfa(
        Form("all", "closed")
    )


def test_without_an_event_users_are_contained_too(user, contain):
    assert results(contain(*ALL)["alice"]) == [(action, "done") for action in ALL]
    assert tags(user)["c7n-mfa-event"] == "policy:contain-now"
    assert policy_document(user, "c7n-mfa-revoke-sessions") == documents.revoke_sessions(
        NOW + timedelta(seconds=1)
    )


def test_the_new_password_is_written_nowhere(user, load, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger="custodian")
    policy = load(*ALL)
    policy.options["output_dir"] = str(tmp_path)
    seen = []
    real = decide.random_password

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "random_password", lambda: seen.append(real()) or seen[-1])
        policy.run()

    (password,) = seen
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not any(password.encode() in content for content in written)
    assert not any(json.dumps(password).encode() in content for content in written)
    assert password not in caplog.text


def test_receipts_are_left_in_custodians_output(user, load, tmp_path):
    policy = load("revoke-sessions")
    policy.options["output_dir"] = str(tmp_path)

    (found,) = policy.run()

    left = json.loads(next(tmp_path.rglob("action-revokesessions")).read_text())
    assert left == found[KEY]


# Forced change of the password, which moto takes for none


def test_a_forced_change_keeps_the_password(user, deliver):
    with watched(stubs={"iam:UpdateLoginProfile": {}}) as calls:
        receipts = deliver(sign_in(), {"type": "reset-password", "random": False})

    assert results(receipts) == [("reset-password", "done")]
    assert receipts[0]["undo"] == [
        {
            "service": "iam",
            "operation": "update_login_profile",
            "parameters": {"UserName": "alice", "PasswordResetRequired": False},
            "effect": "whoever knows the present password can go on using it",
        }
    ]
    assert calls.counts()["iam:UpdateLoginProfile"] == 1
    assert "c7n-mfa-password-reset" not in tags(user)


# Enrolment

OPEN = {"type": "require-mfa", "enrolment": "open"}
OPEN_FORM = documents.require_mfa(Form("console", "open"))


def test_enrolment_is_open_once_sessions_are_revoked_and_the_password_reset(user, deliver):
    receipts = deliver(sign_in(), "revoke-sessions", "reset-password", OPEN)

    assert {result for _, result in results(receipts)} == {"done"}
    assert policy_document(user, "c7n-mfa-require-mfa") == OPEN_FORM


def test_enrolment_is_open_for_a_user_without_a_password(user, deliver):
    user.delete_login_profile(UserName="alice")

    deliver(sign_in(), "revoke-sessions", "reset-password", OPEN)

    assert policy_document(user, "c7n-mfa-require-mfa") == OPEN_FORM


@pytest.mark.parametrize("permission", ["iam:PutUserPolicy", "iam:UpdateLoginProfile"])
def test_enrolment_stays_closed_when_either_fails(user, deliver, permission):
    """With one of them failing for good, the third is asked for and reports what it did."""
    failing = {
        "iam:PutUserPolicy": "revoke-sessions",
        "iam:UpdateLoginProfile": "reset-password",
    }[permission]

    def fail_once(operation):
        del calls.faults[permission]
        return denied(operation)

    with watched({permission: fail_once}) as calls:
        receipts = deliver(sign_in(), "revoke-sessions", "reset-password", OPEN)

    assert (failing, "failed") in results(receipts)
    assert policy_document(user, "c7n-mfa-require-mfa") == documents.require_mfa(Form())
    assert results(receipts)[-2:] == [("require-mfa", "done"), ("require-mfa", "failed")]
    assert receipts[-1]["why"] == (
        "enrolment stays closed: revoke-sessions and reset-password have not both succeeded before"
    )


def refusal(load, *actions):
    with pytest.raises(PolicyValidationError) as caught:
        load(*actions)
    return str(caught.value)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (
            [OPEN],
            "needs the action revoke-sessions before it: whoever has the session could enrol a "
            "device of their own",
        ),
        (
            ["reset-password", OPEN],
            "needs the action revoke-sessions before it: whoever has the session could enrol a "
            "device of their own",
        ),
        (
            [OPEN, "revoke-sessions", "reset-password"],
            "needs the action revoke-sessions before it: whoever has the session could enrol a "
            "device of their own",
        ),
        (
            ["revoke-sessions", OPEN],
            "needs the action reset-password, not with random: false, before it: whoever has the "
            "password could enrol a device of their own",
        ),
        (
            ["revoke-sessions", {"type": "reset-password", "random": False}, OPEN],
            "needs the action reset-password, not with random: false, before it: whoever has the "
            "password could enrol a device of their own",
        ),
        (
            ["revoke-sessions", "reset-password", {**OPEN, "scope": "all"}],
            "is not for scope: all, where an access key could enrol a device of its own and then "
            "do everything; use scope: console, and remove-keys for the keys",
        ),
    ],
    ids=str,
)
def test_open_enrolment_is_refused_unless_it_is_safe(load, actions, message):
    assert refusal(load, *actions) == f"policy:contain-now require-mfa enrolment: open {message}"


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ({"type": "require-mfa", "scope": "console-only"}, "console-only"),
        ({"type": "require-mfa", "enrollment": "open"}, "enrollment"),
        ({"type": "revoke-sessions", "exclude": {}}, "exclude"),
        ({"type": "revoke-sessions", "exclude": {"names": []}}, "names"),
        ({"type": "revoke-sessions", "exclude": {"names": [ARN]}}, ARN),
        ({"type": "revoke-sessions", "exclude": {"tags": {"break-glass": True}}}, "True"),
        ({"type": "revoke-sessions", "exclude": {"users": ["alice"]}}, "users"),
        ({"type": "revoke-sessions", "max-age-hours": 0.5}, "max-age-hours"),
        ({"type": "revoke-sessions", "max-age-hours": "30"}, "max-age-hours"),
        ({"type": "reset-password", "random": "no"}, "no"),
        ({"type": "release", "exclude": {"names": ["alice"]}}, "exclude"),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_name(load, action, named):
    assert named in refusal(load, action)


# Exclusions


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize(
    ("exclude", "why"),
    [
        ({"names": ["Ali*"]}, "excluded by name: Ali*"),
        ({"tags": {"team": "red"}}, "excluded by tag: team=red"),
        ({"tags": {"team": "*"}}, "excluded by tag: team=*"),
    ],
    ids=str,
)
def test_a_break_glass_user_is_left_alone(user, deliver, action, exclude, why):
    before = snapshot(user)

    (receipt,) = deliver(sign_in(), {"type": action, "exclude": exclude})

    assert (receipt["result"], receipt["why"], receipt["undo"]) == ("skipped", why, [])
    assert snapshot(user) == before


def test_a_break_glass_tag_counts_from_the_moment_it_is_set(user, load):
    policy = load({"type": "require-mfa", "exclude": {"tags": {"break-glass": "*"}}})
    (stale,) = policy.resource_manager.resources()
    user.tag_user(UserName="alice", Tags=[{"Key": "break-glass", "Value": "yes"}])

    (receipt,) = policy.resource_manager.actions[0].process([stale])

    assert receipt["result"] == "skipped"


def test_a_break_glass_user_is_left_alone_when_tags_may_not_be_listed(user, deliver):
    exclude = {"tags": {"team": "red"}}

    with watched({"iam:ListUserTags": denied}):
        (receipt,) = deliver(sign_in(), {"type": "require-mfa", "exclude": exclude})

    # custodian's own GetUser has told the tags.
    assert receipt["result"] == "skipped"


def undescribed(load, *actions):
    """Deliver a sign-in to a function that may not describe the user: the receipts."""
    with watched({"iam:GetUser": denied, "iam:ListUserTags": denied}):
        (found,) = load(*actions, filters=SIGNIN, mode=EVENTS).push(sign_in(), None)
    return found[KEY]


@pytest.mark.parametrize("action", ALL)
def test_a_user_whose_tags_nobody_knows_may_be_break_glass_and_is_not_contained(user, load, action):
    before = snapshot(user)

    (receipt,) = undescribed(load, {"type": action, "exclude": {"tags": {"team": "red"}}})

    assert (receipt["result"], receipt["why"], receipt["error"]) == (
        "failed",
        "NOT contained: whether the user is excluded is not known",
        "access denied: grant iam:ListUserTags on alice",
    )
    assert snapshot(user) == before


@pytest.mark.parametrize("exclude", [{}, {"exclude": {"names": ["break-glass-*"]}}], ids=str)
def test_where_names_alone_are_excluded_unknown_tags_do_not_matter(user, load, exclude):
    receipts = undescribed(load, {"type": "require-mfa", **exclude})

    assert results(receipts) == [("require-mfa", "done"), ("require-mfa", "failed")]


def test_where_custodian_has_described_the_tags_they_decide(user, deliver):
    with watched({"iam:ListUserTags": denied}):
        receipts = deliver(
            sign_in(), {"type": "require-mfa", "exclude": {"tags": {"team": "blue"}}}
        )

    assert results(receipts) == [("require-mfa", "done"), ("require-mfa", "failed")]


def test_others_are_contained_beside_a_break_glass_user(user, contain):
    user.create_user(UserName="break-glass-1")

    found = contain({"type": "require-mfa", "exclude": {"names": ["break-glass-*"]}})

    assert {name: results(receipts) for name, receipts in found.items()} == {
        "alice": [("require-mfa", "done")],
        "break-glass-1": [("require-mfa", "skipped")],
    }


# Once and again


def test_ten_deliveries_are_one_containment(user, deliver, clock):
    deliver(sign_in(), *ALL)
    after_one = snapshot(user)

    for number in range(1, 10):
        clock.now = NOW + timedelta(hours=number)
        receipts = deliver(sign_in(), *ALL)
        assert results(receipts) == [(action, "already") for action in ALL]

    assert snapshot(user) == after_one


def test_ten_deliveries_write_once(user, deliver):
    with watched() as calls:
        for _ in range(10):
            deliver(sign_in(), *ALL)

    writes = ("iam:PutUserPolicy", "iam:UpdateLoginProfile", "iam:TagUser")
    counts = calls.counts()
    # Both policies, the password, and the tags with and without the date of the reset.
    assert {name: counts[name] for name in writes} == dict(zip(writes, (2, 1, 2), strict=True))


def test_ten_deliveries_at_once_are_one_containment(user, load):
    policies = [load(*ALL, filters=SIGNIN, mode=EVENTS) for _ in range(10)]

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda policy: policy.push(sign_in(), None), policies))

    after = snapshot(user)
    assert {result for (each,) in found for _, result in results(each[KEY])} <= {"done", "already"}
    assert after["policies"] == {
        "own": OTHER_POLICY,
        "c7n-mfa-require-mfa": documents.require_mfa(Form()),
        "c7n-mfa-revoke-sessions": documents.revoke_sessions(NOW + timedelta(seconds=40)),
    }
    assert sorted(after["tags"]) == [
        "c7n-mfa-contained",
        "c7n-mfa-event",
        "c7n-mfa-password-reset",
        "team",
    ]


def test_a_second_sign_in_moves_the_time_and_keeps_the_date(user, deliver, clock):
    deliver(sign_in(), *ALL)
    clock.now = NOW + timedelta(hours=1)

    receipts = deliver(sign_in("22222222-bbbb", clock.now - timedelta(seconds=5)), *ALL)

    assert results(receipts) == [
        ("revoke-sessions", "done"),
        ("reset-password", "done"),
        ("require-mfa", "already"),
    ]
    assert policy_document(user, "c7n-mfa-revoke-sessions") == documents.revoke_sessions(
        clock.now + timedelta(seconds=55)
    )
    assert tags(user) == {
        "team": "red",
        "c7n-mfa-contained": "2026-11-21T09:30:20Z",
        "c7n-mfa-event": "22222222-bbbb 2026-11-21T10:30:15Z",
        "c7n-mfa-password-reset": "2026-11-21T10:30:20Z",
    }


def test_an_older_event_that_comes_late_takes_nothing_back(user, deliver, clock):
    clock.now = NOW + timedelta(hours=1)
    deliver(sign_in("22222222-bbbb", clock.now - timedelta(seconds=5)), "revoke-sessions")
    before = snapshot(user)["policies"]

    receipts = deliver(sign_in(), "revoke-sessions")

    assert results(receipts) == [("revoke-sessions", "already")]
    assert snapshot(user)["policies"] == before


def test_the_tag_keeps_the_later_sign_in(user, deliver, clock):
    deliver(sign_in(), "require-mfa")
    clock.now = NOW + timedelta(hours=2)
    for event_id, hours in (("22222222-bbbb", 1), ("33333333-cccc", 2), ("22222222-bbbb", 1)):
        deliver(sign_in(event_id, NOW + timedelta(hours=hours)), "require-mfa")
    deliver(sign_in(), "require-mfa", "revoke-sessions")

    assert tags(user)["c7n-mfa-event"] == "33333333-cccc 2026-11-21T11:30:20Z"


@pytest.mark.parametrize("before", ["iam:PutUserPolicy", "iam:TagUser"])
def test_of_two_sign_ins_at_once_the_later_one_is_revoked(user, load, clock, before):
    """The later one is dealt with whole while the earlier one is about to write."""
    earlier, later = sign_in(), sign_in("22222222-bbbb", NOW + timedelta(seconds=25))
    policy, other = (load("revoke-sessions", filters=SIGNIN, mode=EVENTS) for _ in range(2))

    def meanwhile(parameters):
        del stubs[before]
        clock.now = NOW + timedelta(seconds=30)
        other.push(later, None)
        return getattr(user, {"iam:TagUser": "tag_user"}.get(before, "put_user_policy"))(
            **parameters
        )

    stubs = {before: meanwhile}
    with watched(stubs=stubs):
        policy.push(earlier, None)

    assert policy_document(user, "c7n-mfa-revoke-sessions") == documents.revoke_sessions(
        NOW + timedelta(seconds=85)
    )


# What is there and not to be loosened


@pytest.mark.parametrize(
    ("action", "policy"),
    [
        ("require-mfa", "c7n-mfa-require-mfa"),
        ("revoke-sessions", "c7n-mfa-revoke-sessions"),
    ],
)
def test_a_policy_of_a_contained_user_that_cannot_be_read_is_not_written_over(
    user, deliver, clock, action, policy
):
    deliver(sign_in(), {"type": "require-mfa", "scope": "all"}, "revoke-sessions")
    before = snapshot(user)
    clock.now = NOW + timedelta(hours=1)

    with watched({"iam:GetUserPolicy": denied}):
        (receipt,) = deliver(sign_in("22222222-bbbb", clock.now), action)

    assert (receipt["result"], receipt["why"], receipt["error"]) == (
        "failed",
        f"the user was contained before, and what {policy} says cannot be read; it is not written "
        "over",
        f"access denied: grant iam:GetUserPolicy on {ARN}",
    )
    assert snapshot(user) == before


def test_a_first_containment_is_done_though_nothing_can_be_read(user, deliver):
    """The tag is that of the action before, a moment ago."""
    with watched({"iam:GetUserPolicy": denied}):
        receipts = deliver(sign_in(), "revoke-sessions", "require-mfa")

    done = [receipt["action"] for receipt in receipts if receipt["result"] == "done"]
    assert done == ["revoke-sessions", "require-mfa"]
    assert sorted(snapshot(user)["policies"]) == [
        "c7n-mfa-require-mfa",
        "c7n-mfa-revoke-sessions",
        "own",
    ]


@pytest.mark.parametrize(
    ("action", "policy"),
    [
        ("require-mfa", "c7n-mfa-require-mfa"),
        ("revoke-sessions", "c7n-mfa-revoke-sessions"),
    ],
)
def test_a_policy_of_our_name_that_somebody_changed_is_left_alone(user, deliver, action, policy):
    tightened = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    user.put_user_policy(UserName="alice", PolicyName=policy, PolicyDocument=json.dumps(tightened))
    before = snapshot(user)

    (receipt,) = deliver(sign_in(), action)

    assert (receipt["result"], receipt["why"], receipt["error"]) == (
        "failed",
        f"somebody changed {policy}, and it is left as it is; delete it, or release the user, to "
        "have it put as it was",
        None,
    )
    assert snapshot(user) == before


# A password is reset once


@pytest.fixture
def owner_has_a_new_password(user):
    """An administrator gives the owner a new password, who changes it."""

    def owner_has_a_new_password():
        user.update_login_profile(
            UserName="alice", Password="Owner-Knows-1!", PasswordResetRequired=False
        )

    return owner_has_a_new_password


def test_the_tag_is_set_before_the_password(user, deliver):
    with watched() as calls:
        deliver(sign_in(), "reset-password")

    writes = [made for made in calls.made if made in ("iam:TagUser", "iam:UpdateLoginProfile")]
    assert writes == ["iam:TagUser", "iam:UpdateLoginProfile", "iam:TagUser"]


@pytest.mark.parametrize(("minutes", "result"), [(15, "done"), (16, "failed"), (120, "failed")])
def test_without_a_tag_only_a_fresh_sign_in_resets(user, deliver, clock, minutes, result):
    clock.now = NOW + timedelta(minutes=minutes)

    with watched({"iam:TagUser": full}):
        receipts = deliver(sign_in(at=NOW), "reset-password")

    assert receipts[0]["result"] == result
    assert user.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"] is (
        result == "done"
    )
    if result == "failed":
        assert receipts[0]["why"] == (
            "the password is not reset: that cannot be noted on the user, the sign-in is more than "
            "15 minutes old, and its owner may have a new password by now"
        )
        assert "TagUser" in receipts[0]["error"]


def test_an_event_that_comes_again_never_takes_the_owners_password(
    user, deliver, clock, owner_has_a_new_password
):
    with watched({"iam:TagUser": full}):
        deliver(sign_in(), "reset-password")
        owner_has_a_new_password()
        before = snapshot(user)
        clock.now = NOW + timedelta(hours=2)
        receipts = deliver(sign_in(), "reset-password")

    assert results(receipts) == [("reset-password", "failed")]
    assert snapshot(user) == before


def test_a_reset_that_failed_is_not_remembered_and_done_by_the_next_delivery(user, deliver):
    before = tags(user)
    with watched({"iam:UpdateLoginProfile": denied}):
        receipts = deliver(sign_in(), "reset-password")

    assert results(receipts) == [("reset-password", "failed")]
    assert tags(user) == before
    assert results(deliver(sign_in(), "reset-password")) == [("reset-password", "done")]


def test_a_reset_that_failed_leaves_the_memory_of_the_one_before(user, deliver, clock):
    deliver(sign_in(), "reset-password")
    before = tags(user)
    clock.now = NOW + timedelta(hours=1)

    with watched({"iam:UpdateLoginProfile": denied}):
        deliver(sign_in("22222222-bbbb", clock.now), "reset-password")

    assert tags(user) == before


def test_a_memory_that_cannot_be_taken_back_is_told(user, deliver):
    with watched({"iam:UpdateLoginProfile": denied, "iam:UntagUser": denied}):
        receipts = deliver(sign_in(), "reset-password")

    assert [receipt["why"] for receipt in receipts] == [
        "the user is not contained by this action",
        "the tag c7n-mfa-password-reset stays and speaks of what was not done; take it off",
    ]


# Too late

BY_HAND = (
    "to contain the user all the same, run the action in a policy without mode, with the filter "
    "UserName: alice (docs/containment.md, By hand)"
)


@pytest.mark.parametrize(
    ("options", "age", "said"),
    [
        ({}, timedelta(hours=31), "31 hours ago, and max-age-hours is 30"),
        ({}, timedelta(days=80), "80 days ago, and max-age-hours is 30"),
        ({"max-age-hours": 1.5}, timedelta(hours=2), "2 hours ago, and max-age-hours is 1.5"),
    ],
    ids=str,
)
@pytest.mark.parametrize("action", ALL)
def test_nobody_is_contained_for_an_old_sign_in(user, deliver, action, options, age, said):
    before = snapshot(user)

    (receipt,) = deliver(sign_in(at=NOW - age), {"type": action, **options})

    assert (receipt["result"], receipt["why"], receipt["error"]) == (
        "failed",
        f"NOT contained: the sign-in was {said}; {BY_HAND}",
        None,
    )
    assert snapshot(user) == before


@pytest.mark.parametrize(
    ("options", "age"),
    [({}, timedelta(hours=30)), ({"max-age-hours": 2000}, timedelta(days=80))],
    ids=str,
)
@pytest.mark.parametrize("action", ALL)
def test_a_sign_in_that_is_not_too_old_contains(user, deliver, action, options, age):
    receipts = deliver(sign_in(at=NOW - age), {"type": action, **options})

    assert results(receipts) == [(action, "done")]


@pytest.mark.parametrize(
    ("field", "lacks"), [("account", "account"), ("eventID", "event id"), ("eventTime", "time")]
)
def test_a_sign_in_that_does_not_say_whose_which_or_when_contains_nobody(
    user, deliver, field, lacks
):
    before, event = snapshot(user), sign_in()
    for part in (event, event["detail"]):
        part.pop(field, None)

    receipts = deliver(event, *ALL)

    assert results(receipts) == [(action, "failed") for action in ALL]
    assert {receipt["why"] for receipt in receipts} == {
        f"NOT contained: the event has no {lacks}, as all of AWS's have; to contain the user all "
        "the same, run the action in a policy without mode, with the filter UserName: alice "
        "(docs/containment.md, By hand)"
    }
    assert snapshot(user) == before


# After a release


def test_the_event_of_a_released_user_contains_nobody_when_it_comes_again(
    user, deliver, contain, clock
):
    deliver(sign_in(), *ALL)
    clock.now = NOW + timedelta(hours=1)
    contain("release")
    before = snapshot(user)
    clock.now = NOW + timedelta(hours=2)

    receipts = deliver(sign_in(), *ALL)

    assert results(receipts) == [(action, "failed") for action in ALL]
    assert {receipt["why"] for receipt in receipts} == {
        "NOT contained: the user was released on 2026-11-21T10:30:20Z, after the sign-in of "
        f"2026-11-21T09:30:00Z; {BY_HAND}"
    }
    assert snapshot(user) == before


@pytest.mark.parametrize(("seconds", "result"), [(0, "failed"), (1, "done")])
def test_a_sign_in_later_than_the_release_contains(user, deliver, contain, clock, seconds, result):
    deliver(sign_in(), "require-mfa")
    contain("release")
    clock.now = NOW + timedelta(minutes=1)

    receipts = deliver(sign_in("22222222-bbbb", NOW + timedelta(seconds=seconds)), *ALL)

    assert results(receipts) == [(action, result) for action in ALL]


def test_a_later_containment_keeps_the_memory_of_the_release(user, deliver, contain, clock):
    deliver(sign_in(), "require-mfa")
    contain("release")
    clock.now = NOW + timedelta(hours=1)
    second = sign_in("22222222-bbbb", clock.now - timedelta(seconds=20))
    deliver(second, "require-mfa", "revoke-sessions")
    before = snapshot(user)

    receipts = deliver(sign_in(), "require-mfa") + deliver(second, "require-mfa")

    assert [receipt["result"] for receipt in receipts] == ["failed", "already"]
    assert snapshot(user) == before
    assert before["tags"]["c7n-mfa-released"] == "2026-11-21T09:30:20Z"


def test_a_released_user_is_contained_by_hand(user, deliver, contain):
    deliver(sign_in(), "require-mfa")
    contain("release")

    assert results(contain("require-mfa")["alice"])[-1] == ("require-mfa", "done")


# Tags of the future

LATER = "2099-01-01T00:00:00Z"


def ahead(key, value=LATER):
    return (
        f"; the tag {key} lies in the future: {value}; it counts as absent, and somebody else "
        "wrote it"
    )


@pytest.fixture
def tagged(user):
    """Alice, with a tag that somebody has set."""

    def tagged(key, value=LATER):
        user.tag_user(UserName="alice", Tags=[{"Key": key, "Value": value}])

    return tagged


@pytest.mark.parametrize("action", ALL)
def test_a_release_in_the_future_spares_nobody(user, deliver, tagged, action):
    tagged("c7n-mfa-released")

    (receipt,) = deliver(sign_in(), action)

    assert receipt["result"] == "done"
    assert receipt["why"].endswith(ahead("c7n-mfa-released"))


def test_a_sign_in_in_the_future_locks_nobody_out(user, deliver, tagged):
    value = f"22222222-bbbb {LATER}"
    tagged("c7n-mfa-event", value)

    (receipt,) = deliver(sign_in(), "revoke-sessions")

    assert receipt["why"] == (
        "c7n-mfa-revoke-sessions denies everything in sessions issued before 2026-11-21T09:31:00Z, "
        "and in those of aws login" + ahead("c7n-mfa-event", value)
    )
    assert policy_document(user, "c7n-mfa-revoke-sessions") == documents.revoke_sessions(
        NOW + timedelta(seconds=40)
    )
    assert tags(user)["c7n-mfa-event"] == "11111111-aaaa 2026-11-21T09:30:00Z"


def test_a_reset_in_the_future_spares_no_password(user, deliver, tagged):
    tagged("c7n-mfa-password-reset")

    (receipt,) = deliver(sign_in(), "reset-password")

    assert receipt["result"] == "done"
    assert receipt["why"].endswith(ahead("c7n-mfa-password-reset"))
    assert tags(user)["c7n-mfa-password-reset"] == "2026-11-21T09:30:20Z"


def test_a_containment_in_the_future_is_dated_anew(user, deliver, tagged):
    tagged("c7n-mfa-contained")

    (receipt,) = deliver(sign_in(), "require-mfa")

    assert receipt["why"].endswith(ahead("c7n-mfa-contained"))
    assert tags(user)["c7n-mfa-contained"] == "2026-11-21T09:30:20Z"


def test_a_policy_that_cannot_be_read_is_written_when_the_mark_is_not_believed(
    user, deliver, tagged
):
    tagged("c7n-mfa-contained")

    with watched({"iam:GetUserPolicy": denied}):
        receipts = deliver(sign_in(), "require-mfa")

    assert results(receipts) == [("require-mfa", "done"), ("require-mfa", "failed")]


def test_a_release_takes_off_a_tag_of_the_future_and_says_so(user, contain, tagged):
    before = tags(user)
    tagged("c7n-mfa-password-reset")

    (receipt,) = contain("release")["alice"]

    assert (receipt["result"], receipt["why"]) == (
        "done",
        f"removed c7n-mfa-password-reset{ahead('c7n-mfa-password-reset')}",
    )
    assert tags(user) == {**before, "c7n-mfa-released": "2026-11-21T09:30:20Z"}


def test_the_filter_finds_a_user_with_a_tag_of_the_future_and_says_so(user, kept, tagged, caplog):
    tagged("c7n-mfa-contained")

    assert kept(days=365) == {
        "alice": {
            "state": "contained",
            "since": None,
            "event": None,
            "password-reset": None,
            "policies": [],
        }
    }
    assert f"user:{ARN} contained{ahead('c7n-mfa-contained').replace(';', ':', 1)}" in caplog.text


# Faults

CALLS = {
    "require-mfa": ["iam:ListUserTags", "iam:GetUserPolicy", "iam:PutUserPolicy", "iam:TagUser"],
    "revoke-sessions": [
        "iam:ListUserTags",
        "iam:GetUserPolicy",
        "iam:PutUserPolicy",
        "iam:TagUser",
    ],
    "reset-password": [
        "iam:ListUserTags",
        "iam:GetLoginProfile",
        "iam:UpdateLoginProfile",
        "iam:TagUser",
    ],
}
EVERY_CALL = [(action, call) for action, made in CALLS.items() for call in made]


@pytest.mark.parametrize(("action", "permission"), EVERY_CALL)
def test_a_denied_call_is_a_failed_receipt_that_names_the_permission(
    user, deliver, action, permission
):
    with watched({permission: denied}):
        receipts = deliver(sign_in(), action)

    (failed,) = [receipt for receipt in receipts if receipt["result"] == "failed"]
    assert failed["error"] == f"access denied: grant {permission} on {ARN}"
    # The write itself decides whether the user is contained; all else is beside it.
    decisive = permission in ("iam:PutUserPolicy", "iam:UpdateLoginProfile")
    assert receipts[0]["result"] == ("failed" if decisive else "done")
    assert ("c7n-mfa-contained" in tags(user)) is (not decisive and permission != "iam:TagUser")


@pytest.mark.parametrize(("action", "permission"), EVERY_CALL)
def test_after_a_denied_call_the_other_actions_are_done(user, deliver, action, permission):
    others = [other for other in ALL if other != action and permission not in CALLS[other]]

    with watched({permission: denied}):
        receipts = deliver(sign_in(), action, *others)

    assert [r for r in results(receipts) if r[0] != action] == [(o, "done") for o in others]


@pytest.mark.parametrize(("action", "permission"), EVERY_CALL)
def test_a_network_that_fails_is_a_failed_receipt(user, deliver, action, permission):
    def unreachable(operation):
        return EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")

    with watched({permission: unreachable}):
        receipts = deliver(sign_in(), action)

    (failed,) = [receipt for receipt in receipts if receipt["result"] == "failed"]
    assert failed["error"].startswith(f"{permission} on {ARN} failed with EndpointConnectionError")


def test_everything_denied_is_one_failure_for_each_call(user, deliver):
    made = {call for calls in CALLS.values() for call in calls}

    with watched(dict.fromkeys(made, denied)):
        receipts = deliver(sign_in(), *ALL)

    assert {result for _, result in results(receipts)} == {"failed"}
    # Nothing is contained, so nobody tries to tag.
    named = {receipt["error"].split()[3] for receipt in receipts}
    assert named == made - {"iam:TagUser"}


@pytest.mark.parametrize("action", ALL)
def test_a_user_deleted_before_is_not_contained(user, load, action):
    policy = load(action)
    (gone,) = policy.resource_manager.resources()
    user.delete_login_profile(UserName="alice")
    user.delete_user_policy(UserName="alice", PolicyName="own")
    (key,) = user.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    user.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    user.delete_user(UserName="alice")

    (receipt,) = policy.resource_manager.actions[0].process([gone])

    assert (receipt["result"], receipt["why"]) == (
        "failed",
        "NOT contained: the user no longer exists",
    )


def not_found(operation):
    message = "The user with name alice cannot be found."
    return ClientError({"Error": {"Code": "NoSuchEntity", "Message": message}}, operation)


@pytest.mark.parametrize(
    ("action", "permission", "why"),
    [
        ("require-mfa", "iam:PutUserPolicy", "the user no longer exists"),
        ("revoke-sessions", "iam:PutUserPolicy", "the user no longer exists"),
        (
            "reset-password",
            "iam:UpdateLoginProfile",
            "the user no longer exists, or has no password any more",
        ),
    ],
)
def test_a_user_deleted_in_between_is_not_contained(user, deliver, action, permission, why):
    with watched({permission: not_found}):
        receipts = deliver(sign_in(), action)

    assert [(r["result"], r["why"]) for r in receipts] == [("failed", f"NOT contained: {why}")]


def test_a_user_without_a_password_needs_no_reset(user, deliver):
    user.delete_login_profile(UserName="alice")

    (receipt,) = deliver(sign_in(), "reset-password")

    assert (receipt["result"], receipt["why"]) == (
        "already",
        "the user has no password, and cannot sign in with one",
    )
    assert tags(user) == {"team": "red"}


def full(operation):
    message = "Maximum policy size of 2048 bytes exceeded for user alice"
    return ClientError({"Error": {"Code": "LimitExceeded", "Message": message}}, operation)


def test_a_policy_that_does_not_fit_says_so_and_how_much_room_it_takes(user, deliver):
    with watched({"iam:PutUserPolicy": full}):
        (receipt,) = deliver(sign_in(), "require-mfa")

    size = documents.size_of(documents.require_mfa(Form()))
    assert (receipt["result"], receipt["why"]) == (
        "failed",
        f"c7n-mfa-require-mfa takes {size} characters and does not fit: the inline policies of a "
        "user may have 2048 together; make room among them, or attach a managed policy that denies",
    )
    assert receipt["error"] == (
        f"iam:PutUserPolicy on {ARN} failed with LimitExceeded: "
        "Maximum policy size of 2048 bytes exceeded for user alice"
    )


def test_when_open_enrolment_does_not_fit_it_is_closed(user, deliver):
    def full_for_the_larger(operation):
        del calls.faults["iam:PutUserPolicy"]
        return full(operation)

    deliver(sign_in(), "revoke-sessions", "reset-password")
    with watched({"iam:PutUserPolicy": full_for_the_larger}) as calls:
        receipts = deliver(sign_in(), "revoke-sessions", "reset-password", OPEN)

    assert receipts[-1]["result"] == "done"
    assert receipts[-1]["why"] == (
        "c7n-mfa-require-mfa denies everything in console sessions without MFA; leaving enrolment "
        "open does not fit into the user's policies"
    )
    assert policy_document(user, "c7n-mfa-require-mfa") == documents.require_mfa(Form())


def test_fifty_tags_leave_no_room_for_ours_and_the_user_contained(user, deliver):
    with watched({"iam:TagUser": full}):
        receipts = deliver(sign_in(), "require-mfa")

    assert results(receipts) == [("require-mfa", "done"), ("require-mfa", "failed")]
    assert receipts[1]["why"] == (
        "the user does not carry the tags of c7n-mfa; `contained` and `release` know the policies "
        "by name"
    )


def test_tags_that_failed_come_with_the_next_delivery(user, deliver):
    with watched({"iam:TagUser": denied}):
        deliver(sign_in(), "require-mfa")

    receipts = deliver(sign_in(), "require-mfa")

    assert results(receipts) == [("require-mfa", "already")]
    assert tags(user)["c7n-mfa-event"] == "11111111-aaaa 2026-11-21T09:30:00Z"


@pytest.mark.parametrize("code", ["ConcurrentModification", "EntityTemporarilyUnmodifiable"])
def test_iam_that_is_busy_is_asked_again(user, deliver, monkeypatch, code):
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def busy(operation):
        del calls.faults["iam:PutUserPolicy"]
        return ClientError({"Error": {"Code": code, "Message": "come again"}}, operation)

    with watched({"iam:PutUserPolicy": busy}) as calls:
        receipts = deliver(sign_in(), "require-mfa")

    assert results(receipts) == [("require-mfa", "done")]


def test_iam_that_stays_busy_is_a_failed_receipt(user, deliver, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def busy(operation):
        error = {"Code": "ConcurrentModification", "Message": "come again"}
        return ClientError({"Error": error}, operation)

    with watched({"iam:PutUserPolicy": busy}) as calls:
        (receipt,) = deliver(sign_in(), "require-mfa")

    assert receipt["result"] == "failed"
    assert calls.counts()["iam:PutUserPolicy"] == 4


def test_an_answer_that_is_not_as_promised_stops_nothing(user, deliver):
    def no_document(answer):
        return {"PolicyDocument": "no object"}

    deliver(sign_in(), "require-mfa")
    user.untag_user(UserName="alice", TagKeys=["c7n-mfa-contained"])
    with watched(answers={"iam:GetUserPolicy": no_document}):
        receipts = deliver(sign_in(), "require-mfa")

    assert results(receipts) == [("require-mfa", "done"), ("require-mfa", "failed")]
    assert "MalformedAnswer" in receipts[1]["error"]


# Release


def released(before, denied_before=NOW + timedelta(seconds=1)):
    """The user as before but for the one tag that stays, and what denies the old sessions."""
    revoked = documents.revoke_sessions(denied_before)
    return {
        **before,
        "policies": {**before["policies"], "c7n-mfa-revoke-sessions": revoked},
        "tags": {**before["tags"], "c7n-mfa-released": "2026-11-21T09:30:20Z"},
    }


# A minute after the sign-in, and later than the release.
TILL_A_MINUTE_LATER = NOW + timedelta(seconds=40)


def left(before, until):
    return (
        f"c7n-mfa-revoke-sessions denies everything in sessions issued before {before}, and in "
        f"those of aws login; it stays until {until}, because temporary credentials live 36 hours "
        "at most (https://docs.aws.amazon.com/IAM/latest/UserGuide/"
        "id_credentials_temp_control-access_disable-perms.html), and a release after that removes "
        "it"
    )


LEFT = left("2026-11-21T09:31:00Z", "2026-11-22T21:31:00Z")
LEFT_AT_ONCE = left("2026-11-21T09:30:21Z", "2026-11-22T21:30:21Z")


def test_a_release_restores_the_user_object_by_object(user, deliver, contain):
    before = snapshot(user)
    deliver(sign_in(), "revoke-sessions", "require-mfa")
    assert snapshot(user) != before

    (receipt,) = contain("release")["alice"]

    assert snapshot(user) == released(before, TILL_A_MINUTE_LATER)
    assert (receipt["result"], receipt["why"], receipt["error"]) == (
        "done",
        f"removed c7n-mfa-require-mfa, c7n-mfa-contained, c7n-mfa-event; {LEFT}",
        None,
    )


def test_a_release_says_that_the_password_is_not_put_back(user, deliver, contain):
    before = snapshot(user)
    deliver(sign_in(), *ALL)

    (receipt,) = contain("release")["alice"]

    assert receipt["why"] == (
        "removed c7n-mfa-require-mfa, c7n-mfa-contained, c7n-mfa-event, c7n-mfa-password-reset; "
        "the password that was reset on 2026-11-21T09:30:20Z is not put back: an owner who has "
        "none yet gets one from an administrator: aws iam update-login-profile --user-name alice "
        f"--password … --password-reset-required; {LEFT}"
    )
    password = {"UserName": "alice", "PasswordResetRequired": True}
    assert snapshot(user) == {**released(before, TILL_A_MINUTE_LATER), "password": password}


def test_the_undo_of_a_release_contains_again(user, deliver, contain):
    deliver(sign_in(), "revoke-sessions", "require-mfa")
    contained = snapshot(user)
    (receipt,) = contain("release")["alice"]

    for call in receipt["undo"]:
        getattr(boto3.client(call["service"]), call["operation"])(**call["parameters"])

    assert snapshot(user) == contained


def test_a_second_release_finds_nothing(user, deliver, contain):
    deliver(sign_in(), *ALL)
    contain("release")

    with watched() as calls:
        (receipt,) = contain("release")["alice"]

    assert (receipt["result"], receipt["undo"]) == ("already", [])
    assert [made for made in calls.made if made.startswith(("iam:Delete", "iam:Untag"))] == []


def test_a_release_finds_policies_without_our_tags(user, deliver, contain):
    with watched({"iam:TagUser": denied}):
        deliver(sign_in(), "require-mfa")

    (receipt,) = contain("release")["alice"]

    assert (receipt["result"], receipt["why"]) == (
        "done",
        f"removed c7n-mfa-require-mfa; {LEFT_AT_ONCE}",
    )


RELEASE_CALLS = {
    "iam:ListUserTags": "failed",
    "iam:GetUserPolicy": "done",
    "iam:PutUserPolicy": "failed",
    "iam:DeleteUserPolicy": "failed",
    "iam:TagUser": "failed",
    "iam:UntagUser": "failed",
}


@pytest.mark.parametrize("permission", RELEASE_CALLS)
def test_a_release_with_a_denied_call_names_the_permission(user, deliver, contain, permission):
    deliver(sign_in(), *ALL)

    with watched({permission: denied}):
        (receipt,) = contain("release")["alice"]

    assert receipt["result"] == RELEASE_CALLS[permission]
    if receipt["result"] == "failed":
        sentence = f"access denied: grant {permission} on {ARN}"
        assert set(receipt["error"].split("; ")) == {sentence}


def test_as_long_as_a_policy_of_ours_is_there_the_user_stays_marked(user, deliver, contain):
    deliver(sign_in(), *ALL)
    before = snapshot(user)

    with watched({"iam:DeleteUserPolicy": denied}):
        contain("release")

    assert snapshot(user) == before


def test_a_release_that_failed_halfway_is_finished_by_the_next(user, deliver, contain):
    before = snapshot(user)
    deliver(sign_in(), "revoke-sessions", "require-mfa")
    with watched({"iam:UntagUser": denied}):
        contain("release")

    contain("release")

    assert snapshot(user) == released(before, TILL_A_MINUTE_LATER)


def test_a_release_that_is_not_noted_says_so_and_is_finished_by_the_next(user, deliver, contain):
    before = snapshot(user)
    deliver(sign_in(), "revoke-sessions", "require-mfa")
    with watched({"iam:TagUser": denied}):
        (receipt,) = contain("release")["alice"]

    assert receipt["why"] == (
        f"removed c7n-mfa-require-mfa; {LEFT}; the release is not noted on the user, and an event "
        "that comes again contains it again"
    )
    contain("release")
    assert snapshot(user) == released(before, TILL_A_MINUTE_LATER)


def test_our_own_tags_make_room_for_that_of_the_release(user, deliver, contain):
    def full_once(operation):
        del calls.faults["iam:TagUser"]
        return full(operation)

    before = snapshot(user)
    deliver(sign_in(), "require-mfa")
    with watched({"iam:TagUser": full_once}) as calls:
        (receipt,) = contain("release")["alice"]

    assert receipt["result"] == "done"
    assert snapshot(user) == released(before)


def test_a_user_who_is_not_contained_is_not_tagged(user, contain):
    before = snapshot(user)

    assert contain("release")["alice"][0]["result"] == "already"
    assert snapshot(user) == before


@pytest.fixture
def release_named(load, tmp_path):
    """Release by name, as the shipped policy does: the receipts of the action."""

    def release_named(*users, filters=("contained",)):
        policy = load({"type": "release", "users": list(users)}, filters=filters)
        policy.options["output_dir"] = str(tmp_path)
        policy.run()
        left = next(tmp_path.rglob("action-release"), None)
        receipts = json.loads(left.read_text()) if left else []
        return [(each["resource"], each["result"], each["why"]) for each in receipts]

    return release_named


REMOVED = f"removed c7n-mfa-require-mfa, c7n-mfa-contained, c7n-mfa-event; {LEFT_AT_ONCE}"
NOT_FOUND = "no such user, or not contained"


def test_only_those_who_are_named_are_released(user, deliver, release_named):
    """`ali` is within `alice`, and is somebody else."""
    user.create_user(UserName="ali")
    deliver(sign_in(), "require-mfa")
    deliver(sign_in(name="ali"), "require-mfa")

    assert release_named("ALICE", "carol") == [
        (ARN, "done", REMOVED),
        ("carol", "skipped", NOT_FOUND),
    ]
    assert "c7n-mfa-contained" in tags(user, "ali")


def test_whoever_is_named_and_not_contained_is_told_of_when_nobody_is(user, release_named, caplog):
    assert release_named("alice") == []
    assert f"user:alice release skipped: {NOT_FOUND}" in caplog.text


def test_without_the_filter_each_name_is_told_of_too(user, release_named):
    assert release_named("alice", "carol", filters=EVERYBODY) == [
        (ARN, "already", "nothing created by c7n-mfa was removed"),
        ("carol", "skipped", NOT_FOUND),
    ]


def test_a_user_deleted_before_the_release_is_skipped(user, load):
    policy = load("release")
    (gone,) = policy.resource_manager.resources()

    with watched({"iam:ListUserTags": not_found}):
        (receipt,) = policy.resource_manager.actions[0].process([gone])

    assert (receipt["result"], receipt["why"]) == ("skipped", "the user no longer exists")


# The filter


@pytest.fixture
def kept(load):
    def kept(**options):
        policy = load(filters=[{"type": "contained", **options}])
        return {found["UserName"]: found["c7n:contained"] for found in policy.run()}

    return kept


def test_a_contained_user_is_kept_and_told_about(user, deliver, kept):
    user.create_user(UserName="bob")
    deliver(sign_in(), *ALL)

    assert kept() == {
        "alice": {
            "state": "contained",
            "since": "2026-11-21T09:30:20Z",
            "event": "11111111-aaaa 2026-11-21T09:30:00Z",
            "password-reset": "2026-11-21T09:30:20Z",
            "policies": ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"],
        }
    }


@pytest.mark.parametrize(("days", "found"), [(6, ["alice"]), (7, ["alice"]), (8, [])])
def test_users_are_kept_by_the_days_they_are_contained(user, deliver, kept, clock, days, found):
    deliver(sign_in(), "require-mfa")
    clock.now = NOW + timedelta(days=7)

    assert list(kept(days=days)) == found


def test_a_user_without_our_tags_is_kept_by_the_policy(user, deliver, kept):
    with watched({"iam:TagUser": denied}):
        deliver(sign_in(), "require-mfa")

    assert kept(days=30)["alice"] == {
        "state": "contained",
        "since": None,
        "event": None,
        "password-reset": None,
        "policies": ["c7n-mfa-require-mfa"],
    }


def test_a_released_user_is_not_kept(user, deliver, contain, kept):
    deliver(sign_in(), *ALL)
    contain("release")

    assert kept() == {}
    assert (
        list(kept(state=["released"])) == list(kept(state=["contained", "released"])) == ["alice"]
    )


def test_a_contained_user_is_not_kept_as_released(user, deliver, kept):
    deliver(sign_in(), *ALL)

    assert kept(state=["released"]) == {}


def test_policies_that_may_not_be_listed_are_logged_and_tags_decide(user, deliver, kept, caplog):
    user.create_user(UserName="bob")
    deliver(sign_in(), "require-mfa")

    with watched({"iam:ListUserPolicies": denied}):
        assert list(kept()) == ["alice"]

    assert "user:arn:aws:iam::123456789012:user/bob contained: access denied: grant " in caplog.text


# The page


def test_the_policies_of_the_page_load(load):
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    policies = [p for block in blocks for p in yaml.safe_load(block).get("policies", ())]
    actions = [each["actions"] for each in map(yaml.safe_load, blocks) if "actions" in each]

    loaded = [load(*each["actions"], filters=each["filters"]) for each in policies]
    loaded += [load(*each) for each in actions]

    assert len(loaded) == 4


@pytest.mark.parametrize(
    ("element", "name"),
    [
        (containment.RequireMfa, "`require-mfa`"),
        (containment.RevokeSessions, "`revoke-sessions`"),
        (containment.ResetPassword, "`reset-password`"),
        (release.Release, "`release`"),
        (release.ContainedFilter, "`contained`"),
    ],
)
def test_the_page_lists_the_declared_permissions(element, name):
    rows = re.findall(r"^\| (.+?) \| (`iam:.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert dict(rows)[name] == ", ".join(f"`{permission}`" for permission in element.permissions)


# Permissions


# custodian's own, of which it declares none.
CUSTODIANS = {"iam:ListAccountAliases", "iam:ListUsers", "iam:GetUser"}


@pytest.mark.parametrize("action", [*ALL, "release"])
def test_the_calls_are_the_declared_permissions(user, deliver, load, action):
    deliver(sign_in(), "revoke-sessions", *["require-mfa"][: action == "release"])
    policy = load(action)

    with watched() as calls:
        policy.run()

    declared = set(policy.resource_manager.actions[0].permissions)
    # Taking back the memory of a reset is for one that failed.
    rare = {"iam:UntagUser"} if action == "reset-password" else set()
    # Users are counted in a function only, and what a person chose is not.
    rare |= {permission for permission in declared if permission.startswith("logs:")}
    # No MFA device is newer than a sign-in where there is none.
    rare |= {"iam:ListMFADevices"} & declared
    # Looking for a renamed user is a call of custodian's too.
    assert set(calls.made) - CUSTODIANS == declared - rare - CUSTODIANS
    assert declared <= policy.get_permissions()


def test_the_filters_calls_are_a_subset_of_its_permissions(user, load):
    policy = load(filters=["contained"])

    with watched() as calls:
        policy.run()

    assert set(calls.made) - CUSTODIANS == {"iam:ListUserPolicies"}


def test_what_finishes_releases_calls_and_declares_less(user, deliver, contain, load, clock):
    deliver(sign_in(), *ALL)
    contain("release")
    clock.now = NOW + timedelta(hours=37)
    policy = load({"type": "release", "finish": True}, filters=EVERYBODY)

    with watched() as calls:
        policy.run()

    assert list(snapshot(user)["policies"]) == ["own"]
    declared = {"iam:DeleteUserPolicy", "iam:GetUserPolicy", "iam:ListUserTags"}
    assert set(calls.made) - CUSTODIANS == declared
    assert policy.get_permissions() - load(filters=EVERYBODY).get_permissions() == declared


def test_new_keys_are_deactivated_by_choice_and_by_permission(user, deliver, load):
    (key,) = user.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    new_keys = {"type": "revoke-sessions", "new-keys": "deactivate"}

    def dated(answer):
        return {**answer, "AccessKeyMetadata": [{**key, "CreateDate": NOW}]}

    assert results(deliver(sign_in(), "revoke-sessions")) == [("revoke-sessions", "done")]
    with watched(answers={"iam:ListAccessKeys": dated}) as calls:
        receipts = deliver(sign_in(), new_keys)

    assert results(receipts) == [("revoke-sessions", "already"), ("new-keys", "done")]
    (after,) = user.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    assert (key["Status"], after["Status"]) == ("Active", "Inactive")
    besides = {"iam:ListAccessKeys", "iam:UpdateAccessKey"}
    assert besides <= set(calls.made)
    assert load(new_keys).get_permissions() - load("revoke-sessions").get_permissions() == besides


def test_a_dry_run_writes_nothing(user, load):
    before = snapshot(user)
    policy = load(*ALL)
    policy.options["dryrun"] = True

    policy.run()

    assert snapshot(user) == before


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {"eventTime": 5}}], ids=str)
def test_what_is_no_event_contains_nobody(user, load, event):
    before, policy = snapshot(user), load(*ALL)
    (resource,) = policy.resource_manager.resources()

    for action in policy.resource_manager.actions:
        action.process([resource], event)

    assert results(resource[KEY]) == [(action, "failed") for action in ALL]
    assert snapshot(user) == before
