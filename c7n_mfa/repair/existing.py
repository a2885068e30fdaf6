# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The look around before the first write: what bears the names that repair would use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.read_topics import read_topic
from c7n_mfa.audit.values import Alarm, Snapshot, Trail
from c7n_mfa.aws.answer import MalformedAnswer, policy_document
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure
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
Tags = Mapping[str, str] | ReadFailure | None


def look_around(session: Any, seen: Snapshot, base: Target, wish: Wish) -> InTheWay:
    """What exists under the names that repair would use."""
    reader, topic_arn = Reader(session), base.topic_arn
    if topic_arn not in seen.topics:
        seen.topics[topic_arn], seen.subscriptions[topic_arn] = read_topic(reader, topic_arn)
    found = InTheWay(
        topic=seen.topics[topic_arn],
        subscriptions=seen.subscriptions.get(topic_arn, ()),
        delivery=_delivery(reader, seen, base) if base.deliver_from else None,
    )
    return _with_alarm(reader, found, Arn.parse(base.log_group_arn).region, wish.alarm_name)


def _with_alarm(reader: Reader, found: InTheWay, region: str, name: str) -> InTheWay:
    answer = reader.one(
        "cloudwatch",
        region,
        "describe_alarms",
        name,
        _alarms,
        AlarmNames=[name],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    if answer is None or isinstance(answer, ReadFailure):
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
        alarm_is_ours=_alarm_is_ours(reader, region, alarm),
        alarm_as_put=as_put(plain[0]),
        alarm_kind="metric-math" if plain[0].get("Metrics") else "plain",
    )


def _alarms(page: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """An answer that speaks of neither kind says nothing of the name, and is no answer."""
    plain, composite = page.get("MetricAlarms"), page.get("CompositeAlarms")
    if plain is None and composite is None:
        raise MalformedAnswer("MetricAlarms is missing")
    return list(plain or ()), list(composite or ())


def as_put(item: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm as the parameters of the PutMetricAlarm that would make it again."""
    return {key: item[key] for key in _PUT if item.get(key) not in (None, [], "")}


def _alarm_is_ours(reader: Reader, region: str, alarm: Alarm) -> bool:
    """Tags that cannot be read do not make an alarm ours."""
    tags = alarm_tags(reader, region, alarm.arn)
    return isinstance(tags, Mapping) and is_ours(tags)


def alarm_tags(reader: Reader, region: str, arn: str) -> Tags:
    return _tags(reader, "cloudwatch", region, arn, ResourceARN=arn)


def topic_tags(reader: Reader, arn: str) -> Tags:
    return _tags(reader, "sns", Arn.parse(arn).region, arn, ResourceArn=arn)


def _tags(reader: Reader, service: str, region: str, arn: str, **where: str) -> Tags:
    tags: Tags = reader.one(
        service,
        region,
        "list_tags_for_resource",
        arn,
        lambda answer: {tag["Key"]: tag["Value"] for tag in answer["Tags"]},
        **where,
    )
    return tags


def group_tags(reader: Reader, arn: str) -> Tags:
    tags: Tags = reader.one(
        "logs",
        Arn.parse(arn).region,
        "list_tags_for_resource",
        bare(arn),
        lambda answer: dict(answer["tags"]),
        resourceArn=bare(arn),
    )
    return tags


# What a delivery would meet


def _delivery(reader: Reader, seen: Snapshot, base: Target) -> DeliveryInTheWay:
    assert base.deliver_from is not None
    trails = () if isinstance(seen.trails, ReadFailure) else seen.trails
    trail = next((t for t in trails if t.arn == base.deliver_from), None)
    found = DeliveryInTheWay(
        trail=_with_status(reader, trail, base.log_group_arn) if trail else None,
        role=see_role(reader, Arn.parse(base.log_group_arn).region) if base.own_role else None,
    )
    return _with_group(reader, found, base.log_group_arn)


def _with_status(reader: Reader, trail: Trail, group_arn: str) -> Trail:
    """The trail as if it delivered there: whether it would deliver any sign-ins."""
    ask = ("cloudtrail", trail.home_region)
    status = reader.one(*ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn)
    if isinstance(status, ReadFailure):
        return replace(trail, log_group_arn=group_arn, logging=status)
    selectors = reader.one(
        *ask, "get_event_selectors", trail.arn, shapes.selectors, TrailName=trail.arn
    )
    logging = status is not None and status.logging
    # What a delivery that cannot work has come to says nothing of the one to be made.
    trail = replace(trail, log_group_arn=group_arn, logging=logging)
    trail = replace(trail, delivery_error=None, delivered=None)
    if isinstance(selectors, ReadFailure):
        return replace(trail, selectors=selectors)
    basic, advanced = selectors or ((), ())
    return replace(trail, selectors=basic, advanced_selectors=advanced)


def _with_group(reader: Reader, found: DeliveryInTheWay, arn: str) -> DeliveryInTheWay:
    group = see_group(reader, arn)
    if group is None or isinstance(group, ReadFailure):
        return replace(found, group=group)
    tags = group_tags(reader, arn)
    return replace(
        found,
        group=shapes.log_group(group),
        group_is_ours=isinstance(tags, Mapping) and is_ours(tags),
        retention=group.get("retentionInDays"),
    )


def see_group(reader: Reader, arn: str) -> Mapping[str, Any] | ReadFailure | None:
    """The log group as DescribeLogGroups has it."""
    name = shapes.log_group_name(arn)
    ask = ("logs", Arn.parse(arn).region, "describe_log_groups", "logGroups", arn)
    # Sorted by name: what bears the prefix alone comes first.
    groups = reader.first_page(*ask, dict, logGroupNamePrefix=name)
    if groups is None or isinstance(groups, ReadFailure):
        return groups
    return next((group for group in groups if group.get("logGroupName") == name), None)


def see_role(reader: Reader, region: str) -> Role | ReadFailure | None:
    """The role of the name that repair gives it, with our inline policy."""
    name = delivery_calls.ROLE_NAME
    ask = ("iam", region)
    role = reader.one(*ask, "get_role", name, _role, RoleName=name)
    if not isinstance(role, Role):
        return role  # type: ignore[no-any-return]
    policy = reader.one(
        *ask,
        "get_role_policy",
        name,
        policy_document,
        RoleName=name,
        PolicyName=delivery_calls.POLICY_NAME,
    )
    return policy if isinstance(policy, ReadFailure) else replace(role, policy=policy)


def _role(answer: Mapping[str, Any]) -> Role:
    role = answer["Role"]
    tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags") or ()}
    return Role(role["Arn"], policy_document(role, "AssumeRolePolicyDocument"), tags=tags)
