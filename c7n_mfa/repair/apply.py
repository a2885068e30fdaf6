# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Doing what a plan says, one step after the other, and the look around before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from c7n_mfa.chain import shapes
from c7n_mfa.chain.discover import see_topic
from c7n_mfa.chain.look import Looker, permission
from c7n_mfa.chain.values import Alarm, Arn, Snapshot, Unseen
from c7n_mfa.repair.calls import SUBSCRIPTION_ARN
from c7n_mfa.repair.values import OWNER_TAG, OWNER_VALUE, Call, InTheWay, Step, is_write

# Beyond what the audit reads.
PERMISSIONS = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "logs:PutMetricFilter",
    "sns:CreateTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
)


def look_around(session: Any, seen: Snapshot, topic_arn: str, alarm_name: str) -> InTheWay:
    """What exists under the names that repair would use."""
    looker = Looker(session)
    if topic_arn not in seen.topics:
        see_topic(looker, seen, topic_arn)
    region = Arn.parse(topic_arn).region
    alarm = _alarm_named(looker, region, alarm_name)
    return InTheWay(
        topic=seen.topics[topic_arn],
        subscriptions=seen.subscriptions.get(topic_arn, ()),
        alarm=alarm,
        alarm_is_ours=isinstance(alarm, Alarm) and _is_ours(looker, region, alarm),
    )


def _alarm_named(looker: Looker, region: str, name: str) -> Alarm | Unseen | None:
    alarms = looker.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "MetricAlarms",
        name,
        shapes.alarm,
        AlarmNames=[name],
        AlarmTypes=["MetricAlarm"],
    )
    if isinstance(alarms, Unseen):
        return alarms
    return next(iter(alarms or ()), None)


def _is_ours(looker: Looker, region: str, alarm: Alarm) -> bool:
    """Tags that cannot be read do not make an alarm ours."""
    tags = looker.one(
        "cloudwatch",
        region,
        "list_tags_for_resource",
        alarm.arn,
        lambda answer: {tag["Key"]: tag["Value"] for tag in answer["Tags"]},
        ResourceARN=alarm.arn,
    )
    return isinstance(tags, Mapping) and tags.get(OWNER_TAG) == OWNER_VALUE


def apply(session: Any, plan: Iterable[Step]) -> tuple[Step, ...]:
    """Do the planned steps in order; the first that fails stops the rest.

    Returns the same steps with what became of each: ``done``, ``failed`` with the error and the
    permission it takes, or ``not-tried``.
    """
    looker = Looker(session)
    done: list[Step] = []
    stopped = False
    for step in plan:
        if not is_write(step):
            done.append(step)
        elif stopped:
            done.append(replace(step, result="not-tried", undo=()))
        else:
            done.append(_do(looker, step))
            stopped = done[-1].result == "failed"
    return tuple(done)


def _do(looker: Looker, step: Step) -> Step:
    call = step.call
    assert call is not None
    try:
        client = looker.client(call.service, call.region)
        answer = getattr(client, call.operation)(**call.parameters)
    except (ClientError, BotoCoreError) as error:
        needed = permission(call.service, call.operation)
        return replace(step, result="failed", undo=(), error=f"{needed} failed: {error}")
    return replace(step, result="done", undo=tuple(_known(c, answer) for c in step.undo))


def _known(call: Call, answer: Mapping[str, Any]) -> Call:
    """An undo call with what only the answer could tell."""
    parameters = {
        key: answer.get("SubscriptionArn", value) if value == SUBSCRIPTION_ARN else value
        for key, value in call.parameters.items()
    }
    return replace(call, parameters=parameters)
