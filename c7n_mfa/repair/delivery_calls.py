# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The writes that let a trail deliver to a log group, each as one call with what undoes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from c7n_mfa.audit.shapes import log_group_name
from c7n_mfa.aws.arn import Arn
from c7n_mfa.repair.records import bare
from c7n_mfa.repair.values import Call, Step, Wish

GROUP_NAME = "c7n-mfa-cloudtrail"
ROLE_NAME = "c7n-mfa-cloudtrail-to-logs"
POLICY_NAME = "deliver-to-log-group"


def create_group(arn: str, why: str, wish: Wish) -> Step:
    region, name = Arn.parse(arn).region, log_group_name(arn)
    call = Call("logs", region, "create_log_group", {"logGroupName": name, "tags": wish.all_tags()})
    undo = Call("logs", region, "delete_log_group", {"logGroupName": name})
    return Step("log-group", "planned", bare(arn), why, call, (undo,))


def put_retention(arn: str, wish: Wish) -> Step:
    region, name = Arn.parse(arn).region, log_group_name(arn)
    days = {"logGroupName": name, "retentionInDays": wish.log_retention_days}
    call = Call("logs", region, "put_retention_policy", days)
    undo = Call("logs", region, "delete_retention_policy", {"logGroupName": name})
    why = f"it keeps events for {wish.log_retention_days} days; the trail's bucket is the archive"
    return Step("log-retention", "planned", bare(arn), why, call, (undo,))


def role_arn(trail_arn: str) -> str:
    where = Arn.parse(trail_arn)
    return f"arn:{where.partition}:iam::{where.account}:role/{ROLE_NAME}"


def create_role(trail_arn: str, wish: Wish) -> Step:
    arn, region = role_arn(trail_arn), Arn.parse(trail_arn).region
    parameters = {
        "RoleName": ROLE_NAME,
        "AssumeRolePolicyDocument": json.dumps(trust(trail_arn), sort_keys=True),
        "Description": "Lets one CloudTrail trail deliver to one log group.",
        "Tags": [{"Key": key, "Value": wish.all_tags()[key]} for key in sorted(wish.all_tags())],
    }
    why = "the trail needs a role to deliver with"
    undo = Call("iam", region, "delete_role", {"RoleName": ROLE_NAME})
    return Step(
        "role", "planned", arn, why, Call("iam", region, "create_role", parameters), (undo,)
    )


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
    undo = Call(
        "iam",
        region,
        "delete_role_policy",
        {"RoleName": ROLE_NAME, "PolicyName": POLICY_NAME},
    )
    if before:
        undo = _put_policy(region, before)
    why = "the role may write to that log group, and to nothing else"
    call, arn = _put_policy(region, document), role_arn(trail_arn)
    after = document if before else None
    return Step("role-policy", "planned", arn, why, call, (undo,), before=before, after=after)


def _put_policy(region: str, document: Mapping[str, Any]) -> Call:
    parameters = {
        "RoleName": ROLE_NAME,
        "PolicyName": POLICY_NAME,
        "PolicyDocument": json.dumps(document, sort_keys=True),
    }
    return Call("iam", region, "put_role_policy", parameters)


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


def deliver(trail_arn: str, group_arn: str, role: str) -> Step:
    """Let the trail deliver; undone, it delivers to no log group, as before."""
    why = "a metric filter sees only what the trail delivers to a log group"
    after = {"CloudWatchLogsLogGroupArn": f"{bare(group_arn)}:*", "CloudWatchLogsRoleArn": role}
    before = dict.fromkeys(after, "")
    call, undo = (update_trail(trail_arn, given) for given in (after, before))
    return Step(
        "trail-delivery", "planned", trail_arn, why, call, (undo,), before=before, after=after
    )


def update_trail(trail_arn: str, given: Mapping[str, str]) -> Call:
    """UpdateTrail leaves all else as it is; empty texts take the delivery away."""
    region = Arn.parse(trail_arn).region
    return Call("cloudtrail", region, "update_trail", {"Name": trail_arn, **given})
