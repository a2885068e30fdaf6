# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Policies that would contain, or leave alone, whom they should not."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.element import FUNCTION_VARIABLE
from calls import denied, watched

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
ALL = ["revoke-sessions", "reset-password", "require-mfa"]
SIGN_INS = {
    "event": "ConsoleLogin",
    "source": "signin.amazonaws.com",
    "ids": "userIdentity.userName",
}
MODE = {
    "type": "cloudtrail",
    "role": f"arn:aws:iam::{ACCOUNT}:role/c7n-mfa",
    "packages": ["c7n_mfa"],
    "handler": "c7n_mfa.handler.run",
    "events": [SIGN_INS],
    "pattern": {"source": ["aws.signin"]},
}
ALICE = {"UserName": "alice"}
MEND = "write single-factor: [true] in the filter signin"
FAILED = (
    "would contain users for sign-ins that failed: anybody on the internet could lock a user out, "
    f"with the name alone; {MEND}"
)
MULTI = f"would contain users who signed in with MFA; {MEND}"
NO_SIGNIN = (
    "would contain users who signed in with MFA, or failed to: no filter signin stands in the way "
    "of all of them; add to filters: {type: signin, single-factor: [true]}, outside of not"
)


@pytest.fixture
def load(request):
    def load(*actions, filters=(ALICE,), mode=None, **config):
        data = {"name": "contain-now", "resource": "aws.iam-user", "filters": list(filters)}
        data |= {"actions": list(actions)} | ({"mode": mode} if mode else {})
        return PyTestUtils(request).load_policy(
            data, config={"region": REGION, "account_id": ACCOUNT, **config}
        )

    return load


def refusal(load, *actions, **options):
    with pytest.raises(PolicyValidationError) as caught:
        load(*actions, **options)
    return str(caught.value)


def test_the_good_base_is_let_pass(load):
    load(*ALL)
    load(*ALL, mode=MODE, filters=["signin"])


# Which sign-ins


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize(
    "filters",
    [
        [],
        [ALICE],
        [{"or": ["signin", ALICE]}],
        [{"not": ["signin"]}],
        [{"and": [ALICE, {"or": ["signin", ALICE]}]}],
    ],
    ids=str,
)
def test_a_policy_that_sign_ins_start_needs_the_filter(load, action, filters):
    said = refusal(load, action, mode=MODE, filters=filters)

    assert said == f"policy:contain-now {action} {NO_SIGNIN}"


def test_custodians_shorthand_counts(load):
    assert NO_SIGNIN in refusal(load, "require-mfa", mode={**MODE, "events": ["ConsoleLogin"]})


@pytest.mark.parametrize(
    ("event", "source"),
    [("CreateUser", "iam.amazonaws.com"), ("SwitchRole", "signin.amazonaws.com")],
)
def test_what_other_events_start_is_for_the_policy_to_say(load, event, source):
    given = {"event": event, "source": source, "ids": "requestParameters.x"}
    load("require-mfa", mode={**MODE, "events": [given]})


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"outcome": ["failure"]}, FAILED),
        ({"outcome": ["success", "failure"], "factor": ["single"]}, FAILED),
        ({"single-factor": [False]}, FAILED),
        ({"single-factor": [True, False]}, FAILED),
        ({"factor": ["single"]}, FAILED),
        ({"requirement": "conformity"}, FAILED),
        ({"outcome": ["success"]}, MULTI),
        ({"outcome": ["success"], "factor": ["multi"]}, MULTI),
        ({"single-factor": [False], "outcome": ["success"]}, MULTI),
    ],
    ids=str,
)
def test_a_filter_that_lets_more_through_is_refused(load, options, problem):
    said = refusal(load, "require-mfa", mode=MODE, filters=[{"type": "signin", **options}])

    assert said == f"policy:contain-now require-mfa {problem}"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"single-factor": [True]},
        {"single-factor": [True, "unknown"]},
        {"outcome": ["success"], "factor": ["single"]},
        {"outcome": ["success", "unknown"], "factor": ["single"]},
        {"outcome": ["success"], "factor": ["single", "unknown"], "path": ["password"]},
        {"not-from": ["192.0.2.0/24"]},
        {"requirement": "single-factor"},
        {"requirement": "conformity", "single-factor": [True]},
        {"requirement": "cis"},
        {"outcome": ["success", "unknown"], "factor": ["single", "unknown"]},
    ],
    ids=str,
)
def test_a_filter_that_lets_no_failure_and_no_mfa_through_is_let_pass(load, options):
    load("require-mfa", mode=MODE, filters=[{"type": "signin", **options}])


def test_a_filter_within_and_counts(load):
    load("require-mfa", mode=MODE, filters=[{"and": [ALICE, {"and": ["signin"]}]}])


HOME, AWAY = ({"type": "signin", key: ["192.0.2.0/24"]} for key in ("from", "not-from"))


def test_an_or_counts_where_each_branch_has_the_filter(load):
    load("require-mfa", mode=MODE, filters=[{"or": [HOME, {"and": [AWAY, ALICE]}]}])


@pytest.mark.parametrize(
    ("branch", "problem"),
    [({**AWAY, "outcome": ["failure"]}, FAILED), (ALICE, NO_SIGNIN)],
    ids=["failures", "none"],
)
def test_an_or_is_as_good_as_its_worst_branch(load, branch, problem):
    said = refusal(load, "require-mfa", mode=MODE, filters=[{"or": [HOME, branch]}])

    assert said == f"policy:contain-now require-mfa {problem}"


def test_two_filters_narrow_together(load):
    success, single = {"outcome": ["success"]}, {"factor": ["single"]}
    filters = [{"type": "signin", **success}, {"type": "signin", **single}]

    load("require-mfa", mode=MODE, filters=filters)


@pytest.mark.parametrize("mode", [None, {**MODE, "type": "periodic", "schedule": "rate(1 day)"}])
def test_without_any_filter_everybody_would_be_contained(load, mode):
    if mode:
        del mode["events"]

    assert refusal(load, "revoke-sessions", filters=[], mode=mode) == (
        "policy:contain-now revoke-sessions would contain every user of the account; name the "
        "users in filters, as in - UserName: alice"
    )


def test_in_the_function_nothing_is_refused(load, monkeypatch):
    monkeypatch.setenv(FUNCTION_VARIABLE, "custodian-contain-now")

    load("require-mfa", mode=MODE, filters=[])


# Who is excluded


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize("name", ["*", "**", "?*", "*?", "*?*"])
def test_excluding_everybody_is_refused(load, action, name):
    assert refusal(load, {"type": action, "exclude": {"names": ["alice", name]}}) == (
        f"policy:contain-now {action} exclude: the name {name} excludes every user; name the "
        "break-glass users"
    )


@pytest.mark.parametrize("name", ["???", "a*", "*a", "break-glass-?", "user@example.com"])
def test_a_name_that_leaves_somebody_is_let_pass(load, name):
    load({"type": "require-mfa", "exclude": {"names": [name]}})


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (ARN, f"{ARN} is an ARN; write the name alone: alice"),
        (
            "break glass",
            "break glass is no name of a user, which has letters, digits and +=,.@_- only",
        ),
        (
            "team/alice",
            "team/alice is no name of a user, which has letters, digits and +=,.@_- only",
        ),
    ],
)
def test_a_name_that_nobody_can_have_is_refused(load, name, problem):
    said = refusal(load, {"type": "require-mfa", "exclude": {"names": [name]}})

    assert said == f"policy:contain-now require-mfa exclude: names: {problem}"


BREAK_GLASS = {"names": ["break-glass-*"], "tags": {"break-glass": "*"}}


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (
            {"exclude": BREAK_GLASS},
            {},
            "require-mfa lacks the name break-glass-* and the tag break-glass=*, which "
            "revoke-sessions has; say it on each",
        ),
        (
            {},
            {"exclude": {"names": ["alice"]}},
            "revoke-sessions lacks the name alice, which require-mfa has; say it on each",
        ),
        (
            {"exclude": {"tags": {"break-glass": "*"}}},
            {"exclude": {"tags": {"break-glass": "yes"}}},
            "revoke-sessions lacks the tag break-glass=yes, which require-mfa has; say it on each",
        ),
    ],
    ids=["none", "one more", "another value"],
)
def test_users_who_are_left_alone_by_one_action_only_are_refused(load, first, second, problem):
    actions = [{"type": "revoke-sessions", **first}, {"type": "require-mfa", **second}]

    assert refusal(load, *actions) == f"policy:contain-now revoke-sessions exclude: {problem}"


def test_the_order_of_names_does_not_matter(load):
    load(
        {"type": "revoke-sessions", "exclude": {"names": ["alice", "bob"]}},
        {"type": "require-mfa", "exclude": {"names": ["bob", "alice"]}},
    )


@pytest.fixture
def deploy(load):
    """The policy as `custodian run` validates it."""

    def deploy(*names, **config):
        exclude = {"exclude": {"names": list(names)}}
        actions = [{"type": "revoke-sessions", **exclude}, {"type": "require-mfa", **exclude}]
        with mock_aws():
            boto3.client("iam").create_user(UserName="alice")
            run = {"command": "c7n.commands.run", "mode": MODE, "filters": ["signin"]}
            return load(*actions, **{**run, **config})

    return deploy


def test_a_misspelt_break_glass_user_is_refused_at_deploy(deploy):
    with pytest.raises(PolicyValidationError) as caught:
        deploy("alice", "allice")

    assert str(caught.value) == (
        "policy:contain-now revoke-sessions exclude: names: there is no user allice; write it as "
        "IAM does"
    )


def test_users_who_exist_are_looked_up_once(deploy):
    with watched() as calls:
        deploy("alice", "break-glass-*")

    assert calls.counts()["iam:GetUser"] == 1


def test_a_user_who_may_not_be_looked_up_is_a_warning(deploy, caplog):
    with watched({"iam:GetUser": denied}):
        deploy("alice")

    assert (
        "policy:contain-now revoke-sessions exclude: names: whether there is a user alice is "
        "unknown: access denied: grant iam:GetUser on alice"
    ) in caplog.text


@pytest.mark.parametrize(
    "config",
    [
        {"command": "c7n.commands.validate"},
        {"dryrun": True},
        # By hand, in the emergency.
        {"mode": None, "filters": [ALICE]},
    ],
    ids=["validated", "tried", "by hand"],
)
def test_nobody_is_looked_up_unless_it_is_deployed(deploy, config):
    deploy("allice", **config)


def test_a_name_with_a_variable_is_what_custodian_makes_of_it(deploy):
    deploy("break-glass-{account_id}", "{office}")


# Release


@pytest.mark.parametrize(
    ("users", "named"),
    [("alice", "alice"), ([], "users"), ([""], "users"), (["alice", "alice"], "alice")],
    ids=str,
)
def test_users_to_release_are_a_list(load, users, named):
    assert named in refusal(load, {"type": "release", "users": users})


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (ARN, f"{ARN} is an ARN; write the name alone: alice"),
        ("ali*", "ali* is no name of a user, which has letters, digits and +=,.@_- only"),
        ("<alice>", "<alice> is no name of a user, which has letters, digits and +=,.@_- only"),
    ],
)
def test_nobody_is_released_by_what_is_no_name(load, name, problem):
    assert refusal(load, {"type": "release", "users": [name]}) == (
        f"policy:contain-now release users: put the user's name in: {problem}"
    )


def test_the_shipped_policy_runs_only_once_a_name_is_put_in(load):
    release = {"type": "release", "users": ["<user-name>"]}
    load(release)
    load(release, command="c7n.commands.run", dryrun=True)

    # Custodian validates all of a file before it leaves out what is not run, account unknown.
    load(release, command="c7n.commands.run", account_id=None)
    load({"type": "release", "users": ["{user}"]})

    assert refusal(load, release, command="c7n.commands.run") == (
        "policy:contain-now release users: put the user's name in: <user-name> is no name of a "
        "user, which has letters, digits and +=,.@_- only"
    )


def test_the_shipped_policy_has_the_place_for_the_name():
    path = Path(__file__).parents[2] / "policies" / "respond" / "signin-user-release.yml"

    assert "users: &users [<user-name>]" in path.read_text(encoding="utf-8")
