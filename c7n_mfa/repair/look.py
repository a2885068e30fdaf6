# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The look around before the first write: what bears the names that repair would use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from c7n_mfa.chain import shapes
from c7n_mfa.chain.discover import see_topic
from c7n_mfa.chain.look import Looker
from c7n_mfa.chain.unseen import Unseen
from c7n_mfa.chain.values import Alarm, Arn, Snapshot, Trail
from c7n_mfa.repair import delivery_calls
from c7n_mfa.repair.plan.start import Target
from c7n_mfa.repair.records import bare, is_ours
from c7n_mfa.repair.values import DeliveryInTheWay, InTheWay, Role, Wish

# What PutMetricAlarm takes of what DescribeAlarms says; the tags stay by themselves.
_PUT = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
)
Tags = Mapping[str, str] | Unseen | None


def look_around(session: Any, seen: Snapshot, base: Target, wish: Wish) -> InTheWay:
    """What exists under the names that repair would use."""
    looker, topic_arn = Looker(session), base.topic_arn
    if topic_arn not in seen.topics:
        see_topic(looker, seen, topic_arn)
    found = InTheWay(
        topic=seen.topics[topic_arn],
        subscriptions=seen.subscriptions.get(topic_arn, ()),
        delivery=_delivery(looker, seen, base) if base.deliver_from else None,
    )
    return _with_alarm(looker, found, Arn.parse(base.log_group_arn).region, wish.alarm_name)


def _with_alarm(looker: Looker, found: InTheWay, region: str, name: str) -> InTheWay:
    answer = looker.one(
        "cloudwatch",
        region,
        "describe_alarms",
        name,
        _alarms,
        AlarmNames=[name],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    if answer is None or isinstance(answer, Unseen):
        return replace(found, alarm=answer)
    plain, composite = answer
    if composite:
        return replace(found, alarm_kind="composite")
    if not plain:
        return found
    alarm = shapes.alarm(plain[0])
    return replace(
        found,
        alarm=alarm,
        alarm_is_ours=_alarm_is_ours(looker, region, alarm),
        alarm_as_put=as_put(plain[0]),
        alarm_kind="metric-math" if plain[0].get("Metrics") else "plain",
    )


def _alarms(page: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """An answer that speaks of neither kind says nothing of the name, and is no answer."""
    plain, composite = page.get("MetricAlarms"), page.get("CompositeAlarms")
    if plain is None and composite is None:
        raise KeyError("MetricAlarms")
    return list(plain or ()), list(composite or ())


def as_put(item: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm as the parameters of the PutMetricAlarm that would make it again."""
    return {key: item[key] for key in _PUT if item.get(key) not in (None, [], "")}


def _alarm_is_ours(looker: Looker, region: str, alarm: Alarm) -> bool:
    """Tags that cannot be read do not make an alarm ours."""
    tags = alarm_tags(looker, region, alarm.arn)
    return isinstance(tags, Mapping) and is_ours(tags)


def alarm_tags(looker: Looker, region: str, arn: str) -> Tags:
    return _tags(looker, "cloudwatch", region, arn, ResourceARN=arn)


def topic_tags(looker: Looker, arn: str) -> Tags:
    return _tags(looker, "sns", Arn.parse(arn).region, arn, ResourceArn=arn)


def _tags(looker: Looker, service: str, region: str, arn: str, **where: str) -> Tags:
    tags: Tags = looker.one(
        service,
        region,
        "list_tags_for_resource",
        arn,
        lambda answer: {tag["Key"]: tag["Value"] for tag in answer["Tags"]},
        **where,
    )
    return tags


def group_tags(looker: Looker, arn: str) -> Tags:
    tags: Tags = looker.one(
        "logs",
        Arn.parse(arn).region,
        "list_tags_for_resource",
        bare(arn),
        lambda answer: dict(answer["tags"]),
        resourceArn=bare(arn),
    )
    return tags


# What a delivery would meet


def _delivery(looker: Looker, seen: Snapshot, base: Target) -> DeliveryInTheWay:
    assert base.deliver_from is not None
    trails = () if isinstance(seen.trails, Unseen) else seen.trails
    trail = next((t for t in trails if t.arn == base.deliver_from), None)
    found = DeliveryInTheWay(
        trail=_with_status(looker, trail, base.log_group_arn) if trail else None,
        role=see_role(looker, Arn.parse(base.log_group_arn).region) if base.own_role else None,
    )
    return _with_group(looker, found, base.log_group_arn)


def _with_status(looker: Looker, trail: Trail, group_arn: str) -> Trail:
    """The trail as if it delivered there: whether it would deliver any sign-ins."""
    ask = ("cloudtrail", trail.home_region)
    status = looker.one(*ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn)
    if isinstance(status, Unseen):
        return replace(trail, log_group_arn=group_arn, logging=status)
    selectors = looker.one(
        *ask, "get_event_selectors", trail.arn, shapes.selectors, TrailName=trail.arn
    )
    logging = status is not None and status.logging
    # What a delivery that cannot work has come to says nothing of the one to be made.
    trail = replace(trail, log_group_arn=group_arn, logging=logging)
    trail = replace(trail, delivery_error=None, delivered=None)
    if isinstance(selectors, Unseen):
        return replace(trail, selectors=selectors)
    basic, advanced = selectors or ((), ())
    return replace(trail, selectors=basic, advanced_selectors=advanced)


def _with_group(looker: Looker, found: DeliveryInTheWay, arn: str) -> DeliveryInTheWay:
    group = see_group(looker, arn)
    if group is None or isinstance(group, Unseen):
        return replace(found, group=group)
    tags = group_tags(looker, arn)
    return replace(
        found,
        group=shapes.log_group(group),
        group_is_ours=isinstance(tags, Mapping) and is_ours(tags),
        retention=group.get("retentionInDays"),
    )


def see_group(looker: Looker, arn: str) -> Mapping[str, Any] | Unseen | None:
    """The log group as DescribeLogGroups has it."""
    name = shapes.log_group_name(arn)
    ask = ("logs", Arn.parse(arn).region, "describe_log_groups", "logGroups", arn)
    groups = looker.every(*ask, dict, logGroupNamePrefix=name)
    if groups is None or isinstance(groups, Unseen):
        return groups
    return next((group for group in groups if group.get("logGroupName") == name), None)


def see_role(looker: Looker, region: str) -> Role | Unseen | None:
    """The role of the name that repair gives it, with our inline policy."""
    name = delivery_calls.ROLE_NAME
    ask = ("iam", region)
    role = looker.one(*ask, "get_role", name, _role, RoleName=name)
    if not isinstance(role, Role):
        return role  # type: ignore[no-any-return]
    policy = looker.one(
        *ask,
        "get_role_policy",
        name,
        lambda answer: _document(answer["PolicyDocument"]),
        RoleName=name,
        PolicyName=delivery_calls.POLICY_NAME,
    )
    return policy if isinstance(policy, Unseen) else replace(role, policy=policy)


def _role(answer: Mapping[str, Any]) -> Role:
    role = answer["Role"]
    tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags") or ()}
    return Role(role["Arn"], _document(role["AssumeRolePolicyDocument"]), tags=tags)


def _document(value: Any) -> Mapping[str, Any]:
    """A policy document, which botocore has decoded already where it knows to."""
    document: Mapping[str, Any] = json.loads(unquote(value)) if isinstance(value, str) else value
    return document
