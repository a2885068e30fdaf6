# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What the shipped policies that respond promise, beside what every policy does."""

from __future__ import annotations

import json

import pytest
from c7n.mu import CloudWatchEventSource

from c7n_mfa.alerting.ledger import LEASE_SECONDS
from c7n_mfa.aws.event_pattern import matches
from c7n_mfa.aws.read import READ_SECONDS
from c7n_mfa.investigation.gather import Options
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.signin.element import ATTEMPTS
from c7n_mfa.signin.events import DETAIL_TYPES, MODE, envelope
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, REGION, RESPOND, shipped
from signin.records import RECORDS

# Of one action that contains: tags, policy, write, tag, and both looked at once more.
MOST_CALLS = 6
EVENT_DRIVEN = [
    "signin-single-factor",
    "signin-single-factor-contain",
    "signin-single-factor-root",
]
RECORDED = [each.record for each in RECORDS] + [family.witness for family in FAMILIES]

each_policy = pytest.mark.parametrize("name", EVENT_DRIVEN)


def rule(name):
    """The event pattern of the rule that custodian makes."""
    return json.loads(CloudWatchEventSource(shipped(name)["mode"], None).render_event_pattern())


TELLS = ["signin-single-factor", "signin-single-factor-root"]


def single_factor(record):
    """Is it a sign-in with a single factor, or one of which nobody can say?"""
    sign_in = SignIn.from_record(record)
    return sign_in is not None and sign_in.is_single_factor is not False


def test_what_is_unknown_is_told_and_contains_nobody():
    selects = {name: shipped(name)["filters"][0]["single-factor"] for name in EVENT_DRIVEN}
    assert selects == {
        name: [True, "unknown"] if name in TELLS else [True] for name in EVENT_DRIVEN
    }


def test_these_are_all_that_have_a_mode():
    names = sorted(path.stem for path in RESPOND.glob("signin-*.yml"))
    assert [name for name in names if "mode" in shipped(name)] == EVENT_DRIVEN


@each_policy
def test_the_pattern_in_the_file_is_that_of_the_prefilter(name):
    assert shipped(name)["mode"]["pattern"] == json.loads(json.dumps(dict(MODE)))


@each_policy
def test_the_rule_has_both_spellings_of_the_detail_type(name):
    assert sorted(rule(name)["detail-type"]) == sorted(DETAIL_TYPES)


@each_policy
@pytest.mark.parametrize("detail_type", DETAIL_TYPES)
def test_no_single_factor_sign_in_is_lost_by_the_rule(name, detail_type):
    pattern = rule(name)
    wanted = [record for record in RECORDED if single_factor(record)]

    lost = [
        record
        for record in wanted
        if matches(pattern, envelope(record, REGION, ACCOUNT, detail_type)) is not True
        # The rule, as custodian itself, wants the source of a record to be that of sign-ins.
        and record.get("eventSource") == "signin.amazonaws.com"
    ]

    assert len(wanted) > 40
    assert lost == []


@each_policy
def test_most_of_what_is_none_starts_no_function(name):
    pattern = rule(name)
    others = [
        record
        for record in RECORDED
        if SignIn.from_record(record) and SignIn.from_record(record).factor == "multi"
    ]
    started = [r for r in others if matches(pattern, envelope(r, REGION, ACCOUNT))]

    assert len(started) < len(others) / 2


@each_policy
def test_the_function_has_the_time_for_the_worst(name):
    policy = shipped(name)
    investigates = any("investigate-signin" in str(action) for action in policy["actions"])
    contains = sum("exclude" in action for action in policy["actions"])
    # One service never answers: custodian's own look, and what each action asks and writes.
    unanswered = (1 + MOST_CALLS * contains) * ATTEMPTS * READ_SECONDS
    worst = 2 * LEASE_SECONDS + (Options("us-east-1").budget_seconds if investigates else 0)

    # Half a minute for the start, and for the message.
    assert policy["mode"]["timeout"] >= worst + unanswered + 30


@each_policy
def test_telling_comes_last_and_nothing_is_lost_silently(name):
    policy = shipped(name)

    assert policy["actions"][-1]["type"] == "alert-signin"
    assert policy["mode"]["dead_letter_config"]["TargetArn"].startswith("arn:aws:sqs:")


def test_telling_writes_nothing_and_containing_excludes_break_glass_users():
    told = [action["type"] for action in shipped("signin-single-factor")["actions"]]
    contained = shipped("signin-single-factor-contain")["actions"]

    assert told == ["investigate-signin", "alert-signin"]
    assert [action["type"] for action in contained] == [
        *["revoke-sessions", "require-mfa", "alert-signin"]
    ]
    assert [action.get("exclude") for action in contained[:2]] == [
        {"names": ["break-glass-*"], "tags": {"break-glass": "*"}}
    ] * 2
