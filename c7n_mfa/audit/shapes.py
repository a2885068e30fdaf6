# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the answers of AWS (botocore shapes) to the values of the chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from c7n_mfa.audit.alarm_shapes import alarm as alarm
from c7n_mfa.audit.alarm_shapes import flag, maybe, moment, number, objects, text, texts
from c7n_mfa.audit.values import Key, LogGroup, MetricFilter, Subscription, Topic, Trail
from c7n_mfa.aws import policy
from c7n_mfa.aws.answer import MalformedAnswer, first
from c7n_mfa.aws.arn import Arn

Json = Mapping[str, Any]


class TrailStatus(NamedTuple):
    logging: bool
    delivery_error: str | None
    delivered: datetime | None
    delivered_to_bucket: datetime | None


def trail(item: Json) -> Trail:
    return Trail(
        arn=text(item["TrailARN"]),
        name=text(item["Name"]),
        home_region=maybe(item.get("HomeRegion")) or Arn.parse(item["TrailARN"]).region,
        multi_region=flag(item.get("IsMultiRegionTrail", False)),
        log_group_arn=maybe(item.get("CloudWatchLogsLogGroupArn")),
    )


def trail_status(item: Json) -> TrailStatus:
    return TrailStatus(
        flag(item["IsLogging"]),
        maybe(item.get("LatestCloudWatchLogsDeliveryError")),
        moment(item.get("LatestCloudWatchLogsDeliveryTime")),
        moment(item.get("LatestDeliveryTime")),
    )


def selectors(item: Json) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """The basic and the advanced event selectors."""
    advanced = objects(item.get("AdvancedEventSelectors"))
    # AWS answers with the one or the other; an answer without either says nothing.
    return objects(item.get("EventSelectors") if advanced else item["EventSelectors"]), advanced


def log_group_name(arn: str) -> str:
    """The name in a log group's ARN, which a trail writes with ``:*`` behind it.

    >>> log_group_name("arn:aws:logs:us-east-1:123456789012:log-group:CloudTrail/Logs:*")
    'CloudTrail/Logs'
    """
    return Arn.parse(arn).resource.removeprefix("log-group:").removesuffix(":*")


def log_group(item: Json) -> LogGroup:
    return LogGroup(
        arn=text(item.get("arn", "")),
        name=text(item["logGroupName"]),
        group_class=maybe(item.get("logGroupClass")) or "STANDARD",
    )


def metric_filter(item: Json, log_group_arn: str) -> MetricFilter:
    transformation = first(item["metricTransformations"])
    default = transformation.get("defaultValue")
    dimensions = (
        *texts(list(transformation.get("dimensions") or {})),
        *texts(item.get("emitSystemFieldDimensions")),
    )
    return MetricFilter(
        name=text(item["filterName"]),
        log_group_arn=log_group_arn,
        pattern=maybe(item.get("filterPattern")) or "",
        namespace=text(transformation["metricNamespace"]),
        metric=text(transformation["metricName"]),
        value=str(transformation["metricValue"]),
        default=None if default is None else number(default),
        unit=maybe(transformation.get("unit")) or "None",
        dimensions=dimensions,
        transformed_logs=flag(item.get("applyOnTransformedLogs", False)),
        field_selection=maybe(item.get("fieldSelectionCriteria")),
    )


def topic(arn: str, attributes: Json) -> Topic:
    return Topic(
        arn=arn,
        policy=policy.parse(attributes.get("Policy")),
        kms_key=maybe(attributes.get("KmsMasterKeyId")),
        fifo=str(attributes.get("FifoTopic")).lower() == "true" or arn.endswith(".fifo"),
    )


def key(item: Json) -> Key:
    about = item["KeyMetadata"]
    return Key(text(about["Arn"]), text(about["KeyManager"]), text(about["KeyState"]))


def subscription(item: Json) -> Subscription:
    endpoint = maybe(item.get("Endpoint")) or ""
    return Subscription(text(item["SubscriptionArn"]), text(item["Protocol"]), endpoint)


def filter_policy(attributes: Json) -> tuple[Json | None, str]:
    """The filter policy, ``None`` without one, and its scope."""
    scope = maybe(attributes.get("FilterPolicyScope")) or "MessageAttributes"
    given = maybe(attributes.get("FilterPolicy"))
    found = policy.parse(given)
    if given is not None and found is None:
        raise MalformedAnswer("a filter policy that is no JSON object")
    return found, scope
