# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A chain of the bench, built on the local AWS: from plain values to the calls that make them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import boto3

from c7n_mfa.audit.values import (
    Alarm,
    Arn,
    CompositeAlarm,
    LogGroup,
    MetricFilter,
    Snapshot,
    Subscription,
    Topic,
    Trail,
)
from chains import ACCOUNT, an_alarm
from demo.account import seed_inbox


def why_not(seen: Snapshot) -> str | None:
    """Why the local AWS cannot hold these chains; ``None`` when it can."""
    return next(_reasons(seen), None)


def _reasons(seen: Snapshot) -> Iterator[str]:
    if seen.regions is not None:
        yield "the Regions of an account cannot be chosen"
    if any(seen.mutes.values()):
        yield "it has no mute rules"
    for trail in seen.trails:
        if trail.delivery_error or trail.delivered:
            yield "a trail's status does not say when it delivered"
    if any(f.log_group_arn not in seen.filters for f in _filters(seen)):
        yield "nothing is written to the log groups of no trail"
    for arn, group in seen.log_groups.items():
        if group and group.group_class != "STANDARD" and seen.filters.get(arn):
            yield "AWS keeps no metric filter on another class of log group"
    for metric_filter in _filters(seen):
        if metric_filter.field_selection or metric_filter.transformed_logs:
            yield "a metric filter has neither a field selection nor transformed logs"
        if any(name.startswith("@") for name in metric_filter.dimensions):
            yield "a metric filter does not emit system fields"
    for alarm in (*_alarms(seen), *_composites(seen)):
        if alarm.since:
            yield "the time since when an alarm is in its state cannot be set"
    for alarm in _alarms(seen):
        if alarm.undecided or alarm.reads or alarm.scale != 1:
            yield "an alarm on an expression is not kept"
        if alarm.wall_clock or alarm.low_samples_ignored:
            yield "an alarm has no evaluation window and no treatment of few samples"
        if alarm.statistic in ("p90", "IQM") and any(f.default is not None for f in _filters(seen)):
            yield "how a percentile interpolates is not documented"
    for composite in _composites(seen):
        if composite.suppressor:
            yield "a composite alarm has no suppressor"
    for topic in seen.topics.values():
        if topic and topic.key and topic.key.manager == "AWS":
            yield "it has no keys that AWS manages"


def _filters(seen: Snapshot) -> Iterator[MetricFilter]:
    yield from dict.fromkeys(chain(*seen.filters.values(), *seen.writers.values()))


def _alarms(seen: Snapshot) -> Iterator[Alarm]:
    for alarms in (*seen.alarms.values(), *seen.near_alarms.values()):
        yield from alarms


def _composites(seen: Snapshot) -> Iterator[CompositeAlarm]:
    for parents in seen.parents.values():
        yield from parents


class Builder:
    """Builds chains in an account in which nothing is."""

    def __init__(self, session: boto3.Session, pending_endpoint: str) -> None:
        self.session, self.pending_endpoint = session, pending_endpoint
        self.inbox = seed_inbox(session)

    def build(self, seen: Snapshot) -> None:
        for arn, group in seen.log_groups.items():
            if group is not None:
                self._log_group(group, [f for f in _filters(seen) if f.log_group_arn == arn])
        for trail in seen.trails:
            self._trail(trail)
        for topic in seen.topics.values():
            if topic is not None:
                self._topic(topic, seen.subscriptions.get(topic.arn, ()))
        for alarm in _alarms(seen):
            self._alarm(alarm)
        for composite in _composites(seen):
            self._composite(composite)

    def _log_group(self, group: LogGroup, filters: Iterable[MetricFilter]) -> None:
        logs = self.session.client("logs")
        logs.create_log_group(logGroupName=group.name, logGroupClass=group.group_class)
        for metric_filter in filters:
            transformation: dict[str, Any] = {
                "metricNamespace": metric_filter.namespace,
                "metricName": metric_filter.metric,
                "metricValue": metric_filter.value,
                "unit": metric_filter.unit,
            }
            if metric_filter.default is not None:
                transformation["defaultValue"] = metric_filter.default
            if metric_filter.dimensions:
                names = dict.fromkeys(metric_filter.dimensions, "$.userIdentity.userName")
                transformation["dimensions"] = names
            logs.put_metric_filter(
                logGroupName=group.name,
                filterName=metric_filter.name,
                filterPattern=metric_filter.pattern,
                metricTransformations=[transformation],
            )

    def _trail(self, trail: Trail) -> None:
        trails = self.session.client("cloudtrail")
        trails.create_trail(
            Name=trail.name, S3BucketName="bucket", IsMultiRegionTrail=trail.multi_region
        )
        if trail.log_group_arn:
            role = f"arn:aws:iam::{ACCOUNT}:role/cloudtrail-to-logs"
            trails.update_trail(
                Name=trail.name,
                CloudWatchLogsLogGroupArn=trail.log_group_arn,
                CloudWatchLogsRoleArn=role,
            )
        if trail.logging:
            trails.start_logging(Name=trail.name)
        if trail.advanced_selectors:
            advanced = list(trail.advanced_selectors)
            trails.put_event_selectors(TrailName=trail.name, AdvancedEventSelectors=advanced)
        elif trail.selectors:
            trails.put_event_selectors(TrailName=trail.name, EventSelectors=list(trail.selectors))

    def _topic(self, topic: Topic, subscriptions: tuple[Subscription, ...]) -> None:
        topics = self.session.client("sns")
        attributes = {"Policy": json.dumps(topic.policy)}
        if topic.kms_key:
            attributes["KmsMasterKeyId"] = self._key(topic)
        topics.create_topic(Name=Arn.parse(topic.arn).resource, Attributes=attributes)
        for subscription in subscriptions:
            if subscription.arn != "Deleted":
                self._subscribe(topic.arn, subscription)

    def _key(self, topic: Topic) -> str:
        assert topic.kms_key is not None
        if topic.kms_key == "alias/aws/sns":
            return topic.kms_key
        keys = self.session.client("kms")
        made = keys.create_key(Policy=json.dumps(topic.key_policy))["KeyMetadata"]["Arn"]
        state = topic.key.state if topic.key else "Enabled"
        if state == "Disabled":
            keys.disable_key(KeyId=made)
        elif state == "PendingDeletion":
            keys.schedule_key_deletion(KeyId=made, PendingWindowInDays=7)
        if topic.kms_key.startswith("alias/"):
            keys.create_alias(AliasName=topic.kms_key, TargetKeyId=made)
            return topic.kms_key
        return str(made)

    def _subscribe(self, topic: str, subscription: Subscription) -> None:
        """Whoever confirms reads in the inbox; whoever does not is a server that only listens."""
        attributes = {"FilterPolicyScope": subscription.filter_scope}
        if subscription.filter_policy is not None:
            attributes["FilterPolicy"] = json.dumps(subscription.filter_policy)
        protocol, endpoint = "sqs", self.inbox.arn
        if subscription.pending:
            protocol, endpoint = "http", self.pending_endpoint
        self.session.client("sns").subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes
        )

    def _alarm(self, alarm: Alarm) -> None:
        plain = alarm.statistic in ("Sum", "Average", "Maximum", "Minimum", "SampleCount")
        self.session.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm.name,
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in alarm.dimensions],
            **{"Statistic" if plain else "ExtendedStatistic": alarm.statistic},
            **({"Unit": alarm.unit} if alarm.unit else {}),
            Period=alarm.period,
            EvaluationPeriods=alarm.evaluation_periods,
            DatapointsToAlarm=alarm.datapoints_to_alarm,
            Threshold=alarm.threshold,
            ComparisonOperator=alarm.comparison,
            TreatMissingData=alarm.missing,
            ActionsEnabled=alarm.actions_enabled,
            AlarmActions=list(alarm.actions),
        )

    def _composite(self, composite: CompositeAlarm) -> None:
        for name in re.findall(r"ALARM\((Other|Third)\)", composite.rule):
            self._alarm(an_alarm(name=name, metric=name, actions=()))
        self.session.client("cloudwatch").put_composite_alarm(
            AlarmName=composite.name,
            AlarmRule=composite.rule,
            ActionsEnabled=composite.actions_enabled,
            AlarmActions=list(composite.actions),
        )
