# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What bears the names that repair would use, read before the first write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.read_topics import read_topic
from c7n_mfa.audit.values import Alarm, Snapshot, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import tags_in
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.response import MalformedAnswer, policy_document
from c7n_mfa.repair.target import Target
from c7n_mfa.repair.values import (
    POLICY_NAME,
    ROLE_NAME,
    Existing,
    ExistingDelivery,
    RepairOptions,
    Role,
    bare,
    created,
)

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


def read_existing(
    reader: Reader, snapshot: Snapshot, target: Target, options: RepairOptions
) -> Existing:
    """What exists under the names that repair would use."""
    arn = target.topic_arn
    if arn not in snapshot.topics:
        snapshot.topics[arn], snapshot.subscriptions[arn] = read_topic(reader, arn)
    existing = Existing(
        topic=snapshot.topics[arn],
        subscriptions=snapshot.subscriptions.get(arn, ()),
        delivery=_delivery(reader, snapshot, target) if target.deliver_from else None,
    )
    region = Arn.parse(target.log_group_arn).region
    return _with_alarm(reader, existing, region, options.alarm_name)


def _with_alarm(reader: Reader, existing: Existing, region: str, name: str) -> Existing:
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
        return replace(existing, alarm=answer)
    plain, composite = answer
    if composite:
        return replace(existing, alarm_kind="composite")
    if not plain:
        return existing
    alarm, item = plain[0]
    return replace(
        existing,
        alarm=alarm,
        alarm_created=created(alarm_tags(reader, region, alarm.arn)),
        alarm_as_put=as_put(item),
        alarm_kind="metric-math" if item.get("Metrics") else "plain",
    )


def _alarms(page: Mapping[str, Any]) -> tuple[list[tuple[Alarm, Any]], list[Any]]:
    """An answer that speaks of neither kind says nothing of the name, and is no answer."""
    plain, composite = page.get("MetricAlarms"), page.get("CompositeAlarms")
    if plain is None and composite is None:
        raise MalformedAnswer("MetricAlarms is missing")
    return [(shapes.alarm(item), item) for item in plain or ()], list(composite or ())


def as_put(item: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm as the parameters of the PutMetricAlarm that would make it again."""
    return {key: item[key] for key in _PUT if item.get(key) not in (None, [], "")}


# Tags; such as cannot be read do not say that repair has created a thing


def alarm_tags(reader: Reader, region: str, arn: str) -> Tags:
    return _tags(reader, "cloudwatch", region, arn, ResourceARN=arn)


def topic_tags(reader: Reader, arn: str) -> Tags:
    return _tags(reader, "sns", Arn.parse(arn).region, arn, ResourceArn=arn)


def _tags(reader: Reader, service: str, region: str, arn: str, **where: str) -> Tags:
    ask = (service, region, "list_tags_for_resource", arn)
    tags: Tags = reader.one(*ask, lambda answer: tags_in(answer["Tags"]), **where)
    return tags


def group_tags(reader: Reader, arn: str) -> Tags:
    ask = ("logs", Arn.parse(arn).region, "list_tags_for_resource", bare(arn))
    tags: Tags = reader.one(*ask, lambda answer: dict(answer["tags"]), resourceArn=bare(arn))
    return tags


# What a delivery would meet


def _delivery(reader: Reader, snapshot: Snapshot, target: Target) -> ExistingDelivery:
    trails = () if isinstance(snapshot.trails, ReadFailure) else snapshot.trails
    trail = next((t for t in trails if t.arn == target.deliver_from), None)
    region = Arn.parse(target.log_group_arn).region
    existing = ExistingDelivery(
        trail=_with_status(reader, trail, target.log_group_arn) if trail else None,
        role=read_role(reader, region) if target.own_role else None,
    )
    return _with_group(reader, existing, target.log_group_arn)


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


def _with_group(reader: Reader, existing: ExistingDelivery, arn: str) -> ExistingDelivery:
    group = read_group(reader, arn)
    if group is None or isinstance(group, ReadFailure):
        return replace(existing, group=group)
    return replace(
        existing,
        group=shapes.log_group(group),
        group_created=created(group_tags(reader, arn)),
        retention=group.get("retentionInDays"),
    )


def read_group(reader: Reader, arn: str) -> Mapping[str, Any] | ReadFailure | None:
    """The log group as DescribeLogGroups has it."""
    name = shapes.log_group_name(arn)
    ask = ("logs", Arn.parse(arn).region, "describe_log_groups", "logGroups", arn)
    # Sorted by name: what bears the prefix alone comes first.
    groups = reader.every(*ask, dict, first_page=True, logGroupNamePrefix=name)
    if groups is None or isinstance(groups, ReadFailure):
        return groups
    return next((group for group in groups if group.get("logGroupName") == name), None)


def read_role(reader: Reader, region: str) -> Role | ReadFailure | None:
    """The role of the name that repair gives it, with the inline policy of repair."""
    ask = ("iam", region)
    role = reader.one(*ask, "get_role", ROLE_NAME, _role, RoleName=ROLE_NAME)
    if not isinstance(role, Role):
        return role  # type: ignore[no-any-return]
    named = {"RoleName": ROLE_NAME, "PolicyName": POLICY_NAME}
    policy = reader.one(*ask, "get_role_policy", ROLE_NAME, policy_document, **named)
    return policy if isinstance(policy, ReadFailure) else replace(role, policy=policy)


def _role(answer: Mapping[str, Any]) -> Role:
    role = answer["Role"]
    trust = policy_document(role, "AssumeRolePolicyDocument")
    return Role(role["Arn"], trust, tags=tags_in(role.get("Tags")))
