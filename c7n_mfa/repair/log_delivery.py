# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps that give a trail a log group, when the policy asks for it (``log-delivery``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from c7n_mfa.audit.shapes import log_group_name
from c7n_mfa.audit.trail import judge_trail
from c7n_mfa.audit.values import Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import OWNER_TAG, Step, tag_list
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import operations as op
from c7n_mfa.repair.target import Start
from c7n_mfa.repair.values import (
    POLICY_NAME,
    ROLE_NAME,
    ExistingDelivery,
    RepairOptions,
    Role,
    bare,
)


def delivery_steps(start: Start) -> Iterator[Step]:
    trail_arn, existing = start.target.deliver_from, start.existing.delivery
    if trail_arn is None or existing is None:
        return
    useless = _useless(start, trail_arn, existing.trail)
    if useless:
        yield useless
        return
    yield from _group_steps(start, existing)
    if start.target.own_role:
        yield from _role_steps(start, trail_arn, existing.role)
        yield deliver(trail_arn, start.target.log_group_arn, role_arn(trail_arn))


def _useless(start: Start, arn: str, trail: Trail | ReadFailure | None) -> Step | None:
    """A trail that would deliver no sign-ins, or is another account's to change."""
    owner = Arn.parse(arn).account
    if owner != start.snapshot.account_id:
        why = f"the trail belongs to account {owner}; let it deliver to a log group there"
        return Step("trail-delivery", "skipped", arn, why)
    if trail is None:
        return Step("trail-delivery", "skipped", arn, "the trail is gone")
    if isinstance(trail, ReadFailure):
        return Step("trail-delivery", "skipped", arn, trail.sentence())
    link = judge_trail(trail)
    if link.verdict != "intact":
        return Step("trail-delivery", "skipped", arn, f"{link.detail}; {link.fix}")
    return None


# The log group


def _group_steps(start: Start, existing: ExistingDelivery) -> Iterator[Step]:
    arn, group = start.target.log_group_arn, existing.group
    if isinstance(group, ReadFailure):
        yield Step("log-group", "skipped", bare(arn), group.sentence())
    elif group is None:
        yield create_group(arn, start.options)
        yield put_retention(arn, start.options)
    elif not existing.group_created or group.group_class != "STANDARD":
        yield Step("log-group", "skipped", bare(arn), _left_alone(group.name, group.group_class))
    else:
        why = f"log group {log_group_name(arn)} was created by c7n-mfa"
        yield Step("log-group", "adopted", bare(arn), why)
        if existing.retention is None:
            yield put_retention(arn, start.options)


def _left_alone(name: str, group_class: str) -> str:
    if group_class != "STANDARD":
        return f"log group {name} exists and is of class {group_class}; delete it first"
    return (
        f"a log group named {name} exists and was not created by c7n-mfa (no tag {OWNER_TAG}); let "
        "the trail deliver to it, or rename it"
    )


def create_group(arn: str, options: RepairOptions) -> Step:
    region, name = Arn.parse(arn).region, log_group_name(arn)
    call = op.CREATE_LOG_GROUP(region, logGroupName=name, tags=options.all_tags())
    undo = op.DELETE_LOG_GROUP(region, logGroupName=name)
    why = "the trail delivers to no log group that exists"
    return Step("log-group", "planned", bare(arn), why, call, (undo,))


def put_retention(arn: str, options: RepairOptions) -> Step:
    region, name, days = Arn.parse(arn).region, log_group_name(arn), options.log_retention_days
    call = op.PUT_RETENTION_POLICY(region, logGroupName=name, retentionInDays=days)
    undo = op.DELETE_RETENTION_POLICY(region, logGroupName=name)
    why = f"it keeps events for {days} days; the trail's bucket is the archive"
    return Step("log-retention", "planned", bare(arn), why, call, (undo,))


# The role


def role_arn(trail_arn: str) -> str:
    where = Arn.parse(trail_arn)
    return f"arn:{where.partition}:iam::{where.account}:role/{ROLE_NAME}"


def _role_steps(start: Start, trail_arn: str, role: Role | ReadFailure | None) -> Iterator[Step]:
    arn, group = role_arn(trail_arn), start.target.log_group_arn
    if isinstance(role, ReadFailure):
        yield Step("role", "skipped", arn, role.sentence())
    elif role is None:
        yield create_role(trail_arn, start.options)
        yield put_role_policy(trail_arn, group)
    elif not role.created or role.trust != trust(trail_arn):
        yield Step("role", "skipped", arn, _another_role(role))
    else:
        yield Step("role", "adopted", arn, "the role was created by c7n-mfa")
        if role.policy != role_policy(group):
            yield put_role_policy(trail_arn, group, role.policy)


def _another_role(role: Role) -> str:
    if role.created:
        return f"the role {ROLE_NAME} exists and trusts another trail; delete it first"
    return (
        f"a role named {ROLE_NAME} exists and was not created by c7n-mfa (no tag {OWNER_TAG}); "
        "rename it"
    )


def create_role(trail_arn: str, options: RepairOptions) -> Step:
    region = Arn.parse(trail_arn).region
    call = op.CREATE_ROLE(
        region,
        RoleName=ROLE_NAME,
        AssumeRolePolicyDocument=json.dumps(trust(trail_arn), sort_keys=True),
        Description="Lets one CloudTrail trail deliver to one log group.",
        Tags=tag_list(options.all_tags()),
    )
    undo = op.DELETE_ROLE(region, RoleName=ROLE_NAME)
    why = "the trail needs a role to deliver with"
    return Step("role", "planned", role_arn(trail_arn), why, call, (undo,))


def trust(trail_arn: str) -> dict[str, Any]:
    """Only CloudTrail may take the role, and only for this trail."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
            }
        ],
    }


def put_role_policy(
    trail_arn: str, group_arn: str, before: Mapping[str, Any] | None = None
) -> Step:
    region, document = Arn.parse(trail_arn).region, role_policy(group_arn)
    undo = op.DELETE_ROLE_POLICY(region, RoleName=ROLE_NAME, PolicyName=POLICY_NAME)
    return Step(
        "role-policy",
        "planned",
        role_arn(trail_arn),
        "the role may write to that log group, and to nothing else",
        put_policy(region, document),
        (put_policy(region, before) if before else undo,),
        before=before or None,
        after=document if before else None,
    )


def put_policy(region: str, document: Mapping[str, Any]) -> Call:
    text = json.dumps(document, sort_keys=True)
    return op.PUT_ROLE_POLICY(
        region, RoleName=ROLE_NAME, PolicyName=POLICY_NAME, PolicyDocument=text
    )


def role_policy(group_arn: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{bare(group_arn)}:log-stream:*",
            }
        ],
    }


# The trail


def deliver(trail_arn: str, group_arn: str, role: str) -> Step:
    """Let the trail deliver; undone, it delivers to no log group, as before.

    UpdateTrail leaves all else as it is; empty texts take the delivery away.
    """
    region = Arn.parse(trail_arn).region
    after = {"CloudWatchLogsLogGroupArn": f"{bare(group_arn)}:*", "CloudWatchLogsRoleArn": role}
    before = dict.fromkeys(after, "")
    call = op.LET_DELIVER(region, Name=trail_arn, **after)
    undo = op.STOP_DELIVERY(region, Name=trail_arn, **before)
    why = "a metric filter sees only what the trail delivers to a log group"
    return Step(
        "trail-delivery", "planned", trail_arn, why, call, (undo,), before=before, after=after
    )
