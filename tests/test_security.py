# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The service control policy in SECURITY.md: what it denies, to whom, and what it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from c7n_mfa.aws import policy
from c7n_mfa.containment.values import RELEASED, TAGS
from c7n_mfa.forwarding.values import NAME
from deployed import ACCOUNT, REGION, RESPOND, TOPIC, shipped

PAGE = (Path(__file__).parents[1] / "SECURITY.md").read_text(encoding="utf-8")
(TEXT,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
DOCUMENT: dict[str, Any] = json.loads(TEXT)
# What is not denied is allowed by something else here.
EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/administrator"
OWNERS = [
    f"arn:aws:iam::{ACCOUNT}:role/{name}"
    for name in ("c7n-mfa-contain", "c7n-mfa-respond", "security-administrator")
]
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/c7n-mfa-contain"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:custodian-signin-single-factor-contain"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/custodian-signin-single-factor-contain"
FORWARDING = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/{NAME}"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:c7n-mfa-dead-letters"
LOGS = (
    f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    "/aws/lambda/custodian-signin-single-factor:log-stream:c7n-mfa/x"
)
SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/c7n-mfa-look-2-0a1b"
CONTAINED = "2026-11-25T20:00:00Z"

ATTACKS = [
    *(
        (f"lambda:{name}", FUNCTION, {})
        for name in (
            *("InvokeFunction", "DeleteFunction", "UpdateFunctionCode", "AddPermission"),
            *("UpdateFunctionConfiguration", "PutFunctionConcurrency", "CreateFunctionUrlConfig"),
            *("PutFunctionEventInvokeConfig", "RemovePermission"),
        )
    ),
    *(
        (f"events:{name}", rule, {})
        for name in ("PutRule", "DeleteRule", "DisableRule", "PutTargets", "RemoveTargets")
        for rule in (RULE, FORWARDING)
    ),
    *(
        (f"sqs:{name}", QUEUE, {})
        for name in ("DeleteQueue", "PurgeQueue", "SetQueueAttributes", "SendMessage")
    ),
    *(
        (f"iam:{name}", ROLE, {})
        for name in (
            *("PassRole", "CreateRole", "DeleteRole", "PutRolePolicy", "DeleteRolePolicy"),
            *("AttachRolePolicy", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary"),
        )
    ),
    *((f"scheduler:{name}", SCHEDULE, {}) for name in ("CreateSchedule", "DeleteSchedule")),
    *((f"logs:{name}", LOGS, {}) for name in ("CreateLogStream", "DeleteLogStream")),
    *((f"sns:{name}", TOPIC, {}) for name in ("DeleteTopic", "SetTopicAttributes", "Subscribe")),
    *(
        (f"iam:{name}", ALICE, {"aws:tagkeys": key})
        for name in ("TagUser", "UntagUser", "CreateUser")
        for key in ("break-glass", "Break-Glass", "c7n-mfa", *TAGS, RELEASED)
    ),
    *(
        (f"iam:{name}", ALICE, {"aws:resourcetag/c7n-mfa-contained": CONTAINED})
        for name in (
            *("DeleteUserPolicy", "PutUserPolicy", "DeleteUser", "UpdateUser", "CreateAccessKey"),
            *("CreateLoginProfile", "UpdateLoginProfile", "AttachUserPolicy", "AddUserToGroup"),
        )
    ),
]
HARMLESS = [
    ("lambda:GetFunction", FUNCTION, {}),
    ("lambda:InvokeFunction", FUNCTION.replace("custodian-signin", "custodian-ec2"), {}),
    ("events:DescribeRule", RULE, {}),
    ("events:PutRule", RULE.replace("custodian-signin", "orders"), {}),
    ("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default", {}),
    ("sqs:GetQueueAttributes", QUEUE, {}),
    ("sqs:SendMessage", QUEUE.replace("c7n-mfa-", ""), {}),
    ("sns:Subscribe", TOPIC.replace("SignIn", "Orders"), {}),
    ("logs:FilterLogEvents", LOGS, {}),
    ("iam:GetRole", ROLE, {}),
    ("iam:PassRole", ROLE.replace("c7n-mfa-", ""), {}),
    ("iam:TagUser", ALICE, {"aws:tagkeys": "team"}),
    ("iam:CreateUser", ALICE, {"aws:tagkeys": "team"}),
    ("iam:PutUserPolicy", ALICE, {"aws:resourcetag/c7n-mfa-contained": ""}),
    # The owner, once released or with MFA, helps himself.
    ("iam:ChangePassword", ALICE, {"aws:resourcetag/c7n-mfa-contained": CONTAINED}),
    ("iam:EnableMFADevice", ALICE, {"aws:resourcetag/c7n-mfa-contained": CONTAINED}),
]


def may(principal: str, action: str, resource: str, context: dict[str, str]) -> bool | None:
    # One tag a request here, of which `ForAnyValue` is true as the operator alone.
    text = TEXT.replace("ForAnyValue:", "")
    denied = [{**each, "Principal": "*"} for each in json.loads(text)["Statement"]]
    known = {"aws:principalarn": principal, **context}
    return policy.allows({"Statement": [EVERYTHING, *denied]}, "", action, resource, known)


@pytest.mark.parametrize(("action", "resource", "context"), ATTACKS)
def test_nobody_but_its_owners_changes_what_responds(action, resource, context):
    assert may(ADMINISTRATOR, action, resource, context) is False
    assert [may(owner, action, resource, context) for owner in OWNERS] == [True] * 3


@pytest.mark.parametrize(("action", "resource", "context"), HARMLESS)
def test_everything_else_is_left_alone(action, resource, context):
    assert may(ADMINISTRATOR, action, resource, context) is True


def test_a_role_that_only_looks_like_an_owner_is_none():
    for name in ("team/c7n-mfa-contain", "my-security-administrator", "C7N-MFA-contain"):
        look_alike = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert may(look_alike, "lambda:InvokeFunction", FUNCTION, {}) is False


def test_every_action_exists():
    session = botocore.session.get_session()
    named = {
        action
        for statement in DOCUMENT["Statement"]
        for action in [*statement.get("Action", ()), *statement.get("NotAction", ())]
    }
    for action in named | {action for action, *_ in ATTACKS}:
        service, _, name = action.partition(":")
        # The one is no call, and the other's call is named Invoke.
        names = ["PassRole", "InvokeFunction", *session.get_service_model(service).operation_names]
        assert [each for each in names if re.fullmatch(name.replace("*", ".*"), each)], action


def test_it_is_about_what_the_shipped_policies_make():
    functions = [f"custodian-{path.stem}" for path in RESPOND.glob("signin-single-*.yml")]
    policies = [shipped(name.removeprefix("custodian-")) for name in functions]

    assert len(functions) == 3
    assert [name for name in functions if not name.startswith("custodian-signin-")] == []
    assert {found["mode"]["dead_letter_config"]["TargetArn"] for found in policies} == {QUEUE}
    assert {found["mode"]["role"] for found in policies} <= set(OWNERS)
    assert {found["actions"][-1]["topic"] for found in policies} >= {TOPIC.rpartition(":")[2]}


def test_it_fits():
    # Quotas of AWS Organizations: the document of a service control policy, without its blanks.
    assert len(json.dumps(DOCUMENT, separators=(",", ":"))) <= 5120
    assert [
        set(statement) & {"Principal", "NotPrincipal"} for statement in DOCUMENT["Statement"]
    ] == ([set()] * 3)
