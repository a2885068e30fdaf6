# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the answers of AWS (botocore shapes) to the values of the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from c7n_mfa.chain import policy
from c7n_mfa.chain.values import Alarm, Arn, LogGroup, MetricFilter, Subscription, Topic, Trail

Json = Mapping[str, Any]


class TrailStatus(NamedTuple):
    logging: bool
    delivery_error: str | None


def trail(item: Json) -> Trail:
    return Trail(
        arn=item["TrailARN"],
        name=item["Name"],
        home_region=item.get("HomeRegion") or Arn.parse(item["TrailARN"]).region,
        multi_region=bool(item.get("IsMultiRegionTrail")),
        log_group_arn=item.get("CloudWatchLogsLogGroupArn") or None,
    )


def trail_status(item: Json) -> TrailStatus:
    return TrailStatus(bool(item["IsLogging"]), item.get("LatestCloudWatchLogsDeliveryError"))


def selectors(item: Json) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """The basic and the advanced event selectors."""
    return tuple(item.get("EventSelectors") or ()), tuple(item.get("AdvancedEventSelectors") or ())


def log_group_name(arn: str) -> str:
    """The name in a log group's ARN, which a trail writes with ``:*`` behind it.

    >>> log_group_name("arn:aws:logs:us-east-1:123456789012:log-group:CloudTrail/Logs:*")
    'CloudTrail/Logs'
    """
    return Arn.parse(arn).resource.removeprefix("log-group:").removesuffix(":*")


def log_group(item: Json) -> LogGroup:
    return LogGroup(
        arn=item.get("arn", ""),
        name=item["logGroupName"],
        group_class=item.get("logGroupClass") or "STANDARD",
    )


def metric_filter(item: Json, log_group_arn: str) -> MetricFilter:
    (transformation, *_) = item["metricTransformations"]
    dimensions = (
        *(transformation.get("dimensions") or {}),
        *(item.get("emitSystemFieldDimensions") or ()),
    )
    return MetricFilter(
        name=item["filterName"],
        log_group_arn=log_group_arn,
        pattern=item.get("filterPattern") or "",
        namespace=transformation["metricNamespace"],
        metric=transformation["metricName"],
        value=str(transformation["metricValue"]),
        default=transformation.get("defaultValue"),
        unit=transformation.get("unit") or "None",
        dimensions=dimensions,
        transformed_logs=bool(item.get("applyOnTransformedLogs")),
        field_selection=item.get("fieldSelectionCriteria") or None,
    )


def alarm(item: Json) -> Alarm:
    """A metric alarm; one on a metric-math expression has no metric, statistic or period."""
    periods = int(item.get("EvaluationPeriods") or 1)
    return Alarm(
        arn=item["AlarmArn"],
        name=item["AlarmName"],
        namespace=item.get("Namespace") or "",
        metric=item.get("MetricName") or "",
        statistic=item.get("Statistic") or item.get("ExtendedStatistic") or "",
        threshold=float(item.get("Threshold") or 0),
        comparison=item.get("ComparisonOperator") or "",
        period=int(item.get("Period") or 60),
        evaluation_periods=periods,
        datapoints_to_alarm=int(item.get("DatapointsToAlarm") or periods),
        missing=item.get("TreatMissingData") or "missing",
        unit=item.get("Unit") or None,
        dimensions=tuple((d["Name"], d["Value"]) for d in item.get("Dimensions") or ()),
        actions_enabled=bool(item.get("ActionsEnabled", True)),
        actions=tuple(item.get("AlarmActions") or ()),
    )


def topic(arn: str, attributes: Json) -> Topic:
    return Topic(
        arn=arn,
        policy=policy.parse(attributes.get("Policy")),
        kms_key=attributes.get("KmsMasterKeyId") or None,
    )


def subscription(item: Json) -> Subscription:
    return Subscription(item["SubscriptionArn"], item["Protocol"], item.get("Endpoint") or "")


def filter_policy(attributes: Json) -> tuple[Json | None, str]:
    """The filter policy, ``None`` without one, and its scope."""
    scope = attributes.get("FilterPolicyScope") or "MessageAttributes"
    return policy.parse(attributes.get("FilterPolicy")), scope
