# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/permissions.md: the exact permissions of every shipped policy, as IAM policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from c7n_mfa.repair.operations import DELIVERY
from docs.build import policies, text
from docs.build.permission_words import WHY

# c7n asks who it is before it reads a policy, and no policy declares it.
_C7N = frozenset({"sts:GetCallerIdentity"})
LAMBDA_LOGS = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})
DEPLOY_FUNCTION = frozenset(
    {
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:PutFunctionConcurrency",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    }
)
DEPLOY_RULE = frozenset(
    {"events:DescribeRule", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets"}
)
DEAD_LETTERS = frozenset({"sqs:SendMessage"})
PASS_ROLE = frozenset({"iam:PassRole"})
# What a schedule does for a second look.
INVOKE = frozenset({"lambda:InvokeFunction"})
# What `alert-signin` checks while it is being deployed.
TOPIC_CHECK = frozenset(
    {"sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:GetSubscriptionAttributes"}
)
QUEUE_CHECK = frozenset({"sqs:GetQueueAttributes", "sqs:GetQueueUrl"})
# What containment checks then, if `exclude` names a user without a wildcard.
BREAK_GLASS_CHECK = frozenset({"iam:GetUser"})
# What `investigate-signin` checks then, if it looks again.
ROLE_CHECK = frozenset({"iam:GetRole"})
# What the commands take that undo a deployment.
DELETE_FUNCTION = frozenset({"lambda:DeleteFunction"})
DELETE_RULE = frozenset({"events:DeleteRule", "events:RemoveTargets"})
# `GenerateDataKey*` in the statement, as the SNS guide has it.
USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
# IAM's own, and no operation of any API.
NOT_OPERATIONS: Mapping[str, str] = {
    "iam:PassRole": "IAM requires it whenever a role is passed to a service",
    "lambda:InvokeFunction": "what IAM calls Lambda's Invoke",
}
_READS = ("Describe", "Get", "List", "Lookup", "Simulate")
# What a write acts on, by the beginning of its permission, the longest first; a read acts on the
# whole account.
_ACTS_ON = {
    "cloudtrail:": f"arn:aws:cloudtrail:*:{policies.ACCOUNT}:trail/*",
    "cloudwatch:": f"arn:aws:cloudwatch:*:{policies.ACCOUNT}:alarm:*",
    "events:": f"arn:aws:events:*:{policies.ACCOUNT}:rule/c7n-mfa-*",
    # Also the targets of custodian's rules, custodian-*, are given a dead-letter queue.
    "events:PutTargets": f"arn:aws:events:*:{policies.ACCOUNT}:rule/c*",
    "iam:": f"arn:aws:iam::{policies.ACCOUNT}:role/c7n-mfa-*",
    "iam:DeleteUserPolicy": f"arn:aws:iam::{policies.ACCOUNT}:user/*",
    "iam:PutUserPolicy": f"arn:aws:iam::{policies.ACCOUNT}:user/*",
    "iam:TagUser": f"arn:aws:iam::{policies.ACCOUNT}:user/*",
    "iam:UntagUser": f"arn:aws:iam::{policies.ACCOUNT}:user/*",
    "iam:UpdateLoginProfile": f"arn:aws:iam::{policies.ACCOUNT}:user/*",
    "logs:": f"arn:aws:logs:*:{policies.ACCOUNT}:log-group:*",
    "scheduler:": f"arn:aws:scheduler:*:{policies.ACCOUNT}:schedule/default/c7n-mfa-look-*",
    "sns:": f"arn:aws:sns:*:{policies.ACCOUNT}:*",
    "sqs:": f"arn:aws:sqs:*:{policies.ACCOUNT}:c7n-mfa-*",
}

_INTRODUCTION = """\
The permissions of every shipped policy, and no others: the lists come from the filters and \
actions themselves (custodian's `get_permissions()`), and tests compare them with the calls that \
are made.
A run makes only the calls that it needs, so few runs make all of these.
Replace 123456789012 with your account, and `arn:aws` in other partitions.

If a read permission is missing, the link that could not be read is `unknown`, and the permission \
is named.
If a write permission is missing, its step is `failed`, and the later steps are not tried.
The policy itself fails only if `iam:ListAccountAliases`, which is custodian's own, or listing the \
policy's resource is denied; policies that respond to a sign-in do their work even then, and say \
so."""
_OPTIONS = """\
Custodian's own options need more when they are used: `cloudwatch:PutMetricData` with \
`--metrics aws`, `s3:PutObject` on the bucket with `--output-dir s3://`, `logs:CreateLogGroup`, \
`logs:CreateLogStream` and `logs:PutLogEvents` with `--log-group`, and `sts:AssumeRole` with \
`--assume`."""


def page() -> str:
    blocks = [_INTRODUCTION, _OPTIONS]
    for path in policies.files():
        blocks += _sections(policies.policy(path))
    blocks += _with_delivery()
    blocks += _with_keys()
    return text.page("Permissions", blocks)


def needed(policy: Any) -> frozenset[str]:
    """What a policy's filters and actions may call, c7n's own calls included."""
    return frozenset(policy.get_permissions()) | _C7N


def _sections(policy: Any) -> Iterator[str]:
    yield f"## {policy.name}"
    role = policy.data.get("mode", {}).get("role")
    if role is None:
        yield from _section(needed(policy), _runner(needed(policy)))
        return
    function = f"custodian-{policy.name}"
    yield "### The function's role"
    yield f"The role that `mode.role` names, `{_name_of(role)}`, trusts `lambda.amazonaws.com`:"
    yield _json(TRUST)
    yield "It may:"
    yield from _section(*_granted(_function(policy, function)))
    yield from _look_again(policy, function)
    yield "### To deploy it"
    yield _DEPLOYS.format("schedule" if policy.data["mode"]["type"] == "periodic" else "rule")
    yield from _section(*_granted(_deployer(policy, function, _name_of(role))))


def _with_delivery() -> Iterator[str]:
    """What the option `log-delivery: create` needs, which no shipped policy sets."""
    yield "## With log-delivery: create"
    yield "A repair with `log-delivery: create` needs these in addition:"
    statements = [*_runner(frozenset(DELIVERY) - PASS_ROLE), _pass_role("c7n-mfa-*", "cloudtrail")]
    yield from _section(*_granted(statements))


def _with_keys() -> Iterator[str]:
    """What a topic and a queue with a customer key need; no shipped policy names a key."""
    yield "## With a topic or a queue that is encrypted"
    yield _ENCRYPTED
    actions = [USE_KEY[0], f"{USE_KEY[1]}*"]
    key = f"arn:aws:kms:us-east-1:{policies.ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    yield from _section(USE_KEY, [_statement("UseKey", actions, key)])


_ENCRYPTED = """\
A topic with a customer key needs these on the role of the function that publishes to it, and so \
does a dead-letter queue with a customer key, because Lambda writes to it with that role.
Replace the ARN of the key.
The key policy has to allow it too: KMS's default policy leaves it to IAM policies such as this, \
any other has to name the role.
The AWS managed keys `alias/aws/sns` and `alias/aws/sqs` need nothing more for a role of the same \
account, and do not work from another one; CloudWatch alarms cannot publish to a topic with \
`alias/aws/sns` at all."""
_DEPLOYS = """\
`custodian run` on this file creates the function and its {}, and does nothing else.
The last two statements are for deleting them again."""


def _granted(statements: list[dict[str, Any]]) -> tuple[set[str], list[dict[str, Any]]]:
    return {action for statement in statements for action in statement["Action"]}, statements


def _function(policy: Any, function: str) -> list[dict[str, Any]]:
    # The function's own log group is granted by its name.
    role = _scheduler_role(policy)
    passed = [_pass_role(role, "scheduler")] if role else []
    own = needed(policy) - LAMBDA_LOGS - (PASS_ROLE if role else frozenset())
    return [*_runner(own), *passed, _log_statement(function), *_dead_letters(policy)]


def _dead_letters(policy: Any) -> list[dict[str, Any]]:
    dead_letters = policy.data["mode"].get("dead_letter_config")
    if not dead_letters:
        return []
    name = dead_letters["TargetArn"].rpartition(":")[2]
    queue = f"arn:aws:sqs:*:{policies.ACCOUNT}:{name}"
    return [_statement("SendToDeadLetterQueue", DEAD_LETTERS, queue)]


def _pass_role(role: str, service: str) -> dict[str, Any]:
    passing = _statement("PassRole", PASS_ROLE, f"arn:aws:iam::{policies.ACCOUNT}:role/{role}")
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    return {**passing, "Condition": condition}


def _section(permissions: Iterable[str], statements: list[dict[str, Any]]) -> Iterator[str]:
    yield _json({"Version": "2012-10-17", "Statement": statements})
    rows = [(f"`{permission}`", WHY[permission]) for permission in sorted(permissions)]
    yield text.table(("Permission", "What for"), rows)


def _look_again(policy: Any, function: str) -> Iterator[str]:
    """The role of the schedule that calls the function for a second look."""
    role = _scheduler_role(policy)
    if role is None:
        return
    yield "### The schedule's role"
    yield f"The role that `again.role` names, `{role}`, trusts `scheduler.amazonaws.com`:"
    yield _json(SCHEDULER_TRUST)
    yield "It may:"
    invoked = f"arn:aws:lambda:*:{policies.ACCOUNT}:function:{function}"
    statements = [_statement("CallAgain", INVOKE, invoked), *_dead_letters(policy)]
    yield from _section(*_granted(statements))


def _scheduler_role(policy: Any) -> str | None:
    """The role that the function hands to EventBridge Scheduler, if it looks again."""
    actions = policy.resource_manager.actions
    roles = [action.data["again"]["role"] for action in actions if "again" in action.data]
    return _name_of(roles[0]) if roles else None


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
# Scheduler assumes it for whoever may pass it; not for schedules of other accounts.
SCHEDULER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": policies.ACCOUNT}},
        }
    ],
}


def is_read(permission: str) -> bool:
    """Does the call change nothing?"""
    return permission.partition(":")[2].startswith(_READS)


def _runner(permissions: Iterable[str]) -> list[dict[str, Any]]:
    """One statement for all reads, and one for the writes of each service."""
    permissions = sorted(permissions)
    statements = [_statement("Read", [p for p in permissions if is_read(p)], "*")]
    writes: dict[str, list[str]] = {}
    for permission in permissions:
        if not is_read(permission):
            writes.setdefault(_acts_on(permission), []).append(permission)
    for resource, actions in sorted(writes.items()):
        statements.append(_statement(_statement_id(resource), actions, resource))
    return statements


def _acts_on(permission: str) -> str:
    """The narrowest resource that is known for a write.

    >>> _acts_on("iam:PutUserPolicy")
    'arn:aws:iam::123456789012:user/*'
    """
    beginnings = [start for start in _ACTS_ON if permission.startswith(start)]
    return _ACTS_ON[max(beginnings, key=len)]


def _statement_id(resource: str) -> str:
    """``WriteIamUser``, from an ARN."""
    service, kind = resource.split(":")[2], re.split("[:/]", resource.split(":", 5)[5])[0]
    words = [service, *(part for part in kind.split("-") if part.isalpha())]
    words += ["target"] if resource == _ACTS_ON["events:PutTargets"] else []
    return "Write" + "".join(word.capitalize() for word in words)


def _log_statement(function: str) -> dict[str, Any]:
    group = f"arn:aws:logs:*:{policies.ACCOUNT}:log-group:/aws/lambda/{function}*"
    return _statement("WriteFunctionLog", LAMBDA_LOGS, group)


def _deployer(policy: Any, function: str, role: str) -> list[dict[str, Any]]:
    account = policies.ACCOUNT
    functions = f"arn:aws:lambda:*:{account}:function:{function}"
    rules = f"arn:aws:events:*:{account}:rule/{function}"
    return [
        _statement("Read", _C7N | _checks(policy), "*"),
        _statement("Function", DEPLOY_FUNCTION, functions),
        _statement("Rule", DEPLOY_RULE, rules),
        _pass_role(role, "lambda"),
        _statement("DeleteFunction", DELETE_FUNCTION, functions),
        _statement("DeleteRule", DELETE_RULE, rules),
    ]


def _checks(policy: Any) -> frozenset[str]:
    """What the actions check while they are being deployed."""
    actions = policy.resource_manager.actions
    checks: frozenset[str] = frozenset()
    if any(action.type == "alert-signin" for action in actions):
        checks |= TOPIC_CHECK
        checks |= QUEUE_CHECK if "dead_letter_config" in policy.data["mode"] else checks
    if any(action.data.get("exclude") for action in actions):
        checks |= BREAK_GLASS_CHECK
    if _scheduler_role(policy):
        checks |= ROLE_CHECK
    return checks


def _statement(sid: str, actions: Iterable[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def _name_of(role: str) -> str:
    return role.rpartition("/")[2]


def _json(document: Mapping[str, Any]) -> str:
    return text.code(json.dumps(document, indent=2), "json")
