# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Doing a plan: what stops what, and what is tried again."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

import forwarded as f
from c7n_mfa.aws import change
from c7n_mfa.aws.change import Plan, apply, undo
from c7n_mfa.aws.read import Reader
from c7n_mfa.forwarding.judge import judge
from c7n_mfa.forwarding.plan import plan_removal, plan_setting
from c7n_mfa.forwarding.values import RegionState
from calls import denied, watched

EMPTY = f.seen(RegionState(f.NORTH), RegionState("us-east-2"), roles={f.PLACE.role: None})
PLAN = plan_setting(EMPTY, judge(EMPTY), {})


def too_early(operation: str) -> ClientError:
    message = f"Provided role '{f.PLACE.role}' cannot be assumed by principal '{f.PLACE.bus}'."
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)


@pytest.fixture(autouse=True)
def aws():
    with mock_aws():
        yield


@pytest.fixture
def waited(monkeypatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(change.time, "sleep", waited.append)
    return waited


@pytest.fixture
def do(waited):
    def do(plan: Plan = PLAN):
        return apply(Reader(boto3.Session()), plan)

    return do


def results(steps) -> list[tuple[str, str, str]]:
    return [(step.region, step.step, step.result) for step in steps]


def test_every_step_is_done_and_nothing_is_waited_for(do, waited):
    assert {step.result for step in do()} == {"done"}
    assert waited == []


def test_without_the_role_no_region_is_tried(do):
    with watched({"iam:CreateRole": denied}):
        steps = do()

    assert [step.result for step in steps] == ["failed", *["not-tried"] * 5]
    assert steps[0].error == (
        "iam:CreateRole failed: An error occurred (AccessDenied) when calling the CreateRole "
        "operation: User is not authorized to perform CreateRole"
    )
    assert [step.undo for step in steps] == [()] * 6


class NorthIsDown(Reader):
    def client(self, service, region):
        if region == f.NORTH:
            raise EndpointConnectionError(endpoint_url="https://events.eu-north-1.amazonaws.com")
        return super().client(service, region)


def test_a_region_that_fails_does_not_stop_the_others():
    steps = apply(NorthIsDown(boto3.Session()), PLAN)

    assert results(steps)[2:] == [
        ("eu-north-1", "rule", "failed"),
        ("eu-north-1", "target", "not-tried"),
        ("us-east-2", "rule", "done"),
        ("us-east-2", "target", "done"),
    ]


def test_a_role_that_is_too_new_is_tried_again(do, waited):
    tries = []

    def once(operation):
        tries.append(operation)
        if len(tries) == 2:
            del calls.faults["events:PutTargets"]
        return too_early(operation)

    with watched({"events:PutTargets": once}) as calls:
        steps = do(Plan(PLAN.before, {f.NORTH: PLAN.regions[f.NORTH]}))

    assert {step.result for step in steps} == {"done"}
    assert waited == [1.0, 2.0]


def test_a_role_that_stays_unknown_fails_in_the_end(do, waited):
    with watched({"events:PutTargets": too_early}):
        steps = do(Plan(PLAN.before, {f.NORTH: PLAN.regions[f.NORTH]}))

    assert [step.result for step in steps] == ["done", "done", "done", "failed"]
    assert steps[-1].error.startswith("events:PutTargets failed: An error occurred (Validation")
    assert waited == [1.0, 2.0, 4.0, 8.0]


def test_a_denial_is_not_tried_again(do, waited):
    with watched({"events:PutTargets": denied}):
        do()

    assert waited == []


def test_a_target_that_eventbridge_did_not_take_is_a_failure(do):
    entry = {
        "TargetId": "home",
        "ErrorCode": "ConcurrentModificationException",
        "ErrorMessage": "x",
    }
    with watched(stubs={"events:PutTargets": {"FailedEntryCount": 1, "FailedEntries": [entry]}}):
        steps = do()

    assert [step.error for step in steps if step.result == "failed"] == [
        "events:PutTargets failed: ConcurrentModificationException: x"
    ] * 2


def test_the_role_waits_for_every_region(do):
    do()
    found = f.seen(f.region(), f.region("us-east-2"))

    with watched({"events:DeleteRule": denied}):
        steps = do(plan_removal(found, everywhere=True))

    assert results(steps) == [
        ("eu-north-1", "target", "done"),
        ("eu-north-1", "rule", "failed"),
        ("us-east-2", "target", "done"),
        ("us-east-2", "rule", "failed"),
        ("", "role-policy", "not-tried"),
        ("", "role", "not-tried"),
    ]


@pytest.mark.parametrize("plan", [PLAN, plan_removal(f.seen(f.region()), everywhere=True)])
def test_what_was_done_can_be_undone_with_the_calls_of_the_receipt(do, plan):
    if plan is not PLAN:
        f.add_role()
        f.add_rule(f.NORTH)
    before = state()

    failures = undo(Reader(boto3.Session()), do(plan))

    assert failures == []
    assert state() == before


def state() -> list[object]:
    """The rules, their targets and the roles."""
    found: list[object] = [role["RoleName"] for role in f.client("iam").list_roles()["Roles"]]
    for region in (f.NORTH, "us-east-2"):
        events = f.client("events", region)
        for rule in events.list_rules()["Rules"]:
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
            pattern = json.loads(rule["EventPattern"])
            found.append((rule["Arn"], pattern, rule["State"], targets, tags))
    return found
