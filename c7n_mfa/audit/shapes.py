# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the answers of AWS (botocore shapes, already checked) to the values of the chain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from c7n_mfa.audit.expressions import plain
from c7n_mfa.audit.values import (
    Alarm,
    CompositeAlarm,
    Key,
    LogGroup,
    MetricFilter,
    MetricKey,
    MuteRule,
    Subscription,
    Topic,
    Trail,
)
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.response import MalformedAnswer, first

Json = Mapping[str, Any]


def moment(value: Any) -> datetime | None:
    """A timestamp; emulators give texts, also empty ones, where AWS gives none."""
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


# Trails, log groups and metric filters


class TrailStatus(NamedTuple):
    logging: bool
    delivery_error: str | None
    delivered: datetime | None
    delivered_to_bucket: datetime | None
    started: datetime | None


def trail(item: Json) -> Trail:
    return Trail(
        arn=item["TrailARN"],
        name=item["Name"],
        home_region=item.get("HomeRegion") or Arn.parse(item["TrailARN"]).region,
        multi_region=item.get("IsMultiRegionTrail", False),
        log_group_arn=item.get("CloudWatchLogsLogGroupArn") or None,
    )


def trail_status(item: Json) -> TrailStatus:
    return TrailStatus(
        item["IsLogging"],
        item.get("LatestCloudWatchLogsDeliveryError") or None,
        moment(item.get("LatestCloudWatchLogsDeliveryTime")),
        moment(item.get("LatestDeliveryTime")),
        moment(item.get("StartLoggingTime")),
    )


def selectors(item: Json) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """The basic and the advanced event selectors."""
    advanced = tuple(item.get("AdvancedEventSelectors") or ())
    # AWS answers with the one or the other; an answer without either says nothing.
    basic = item.get("EventSelectors") if advanced else item["EventSelectors"]
    return tuple(basic or ()), advanced


def log_group_name(arn: str) -> str:
    """The name in a log group's ARN, which a trail writes with ``:*`` behind it.

    >>> log_group_name("arn:aws:logs:us-east-1:123456789012:log-group:CloudTrail/Logs:*")
    'CloudTrail/Logs'
    """
    return Arn.parse(arn).resource.removeprefix("log-group:").removesuffix(":*")


def log_group_arn(name: str, near: str) -> str:
    """The ARN, as a trail writes it, of a log group in the account and Region of another.

    >>> log_group_arn("app", "arn:aws:logs:us-east-1:123456789012:log-group:CloudTrail/Logs:*")
    'arn:aws:logs:us-east-1:123456789012:log-group:app:*'
    """
    return f"{near.partition(':log-group:')[0]}:log-group:{name}:*"


def log_group(item: Json) -> LogGroup:
    return LogGroup(
        arn=item.get("arn", ""),
        name=item["logGroupName"],
        group_class=item.get("logGroupClass") or "STANDARD",
    )


def metric_filter(item: Json, log_group_arn: str) -> MetricFilter:
    transformation = first(item["metricTransformations"])
    default = transformation.get("defaultValue")
    dimensions = [*(transformation.get("dimensions") or ())]
    dimensions += item.get("emitSystemFieldDimensions") or ()
    return MetricFilter(
        name=item["filterName"],
        log_group_arn=log_group_arn,
        pattern=item.get("filterPattern") or "",
        namespace=transformation["metricNamespace"],
        metric=transformation["metricName"],
        value=str(transformation["metricValue"]),
        default=None if default is None else float(default),
        unit=transformation.get("unit") or "None",
        dimensions=tuple(dimensions),
        transformed_logs=item.get("applyOnTransformedLogs", False),
        field_selection=item.get("fieldSelectionCriteria") or None,
    )


# Alarms


def alarm(item: Json) -> Alarm:
    """A metric alarm, on a metric or on an expression."""
    periods = int(item.get("EvaluationPeriods") or 1)
    metric_alarm = Alarm(
        arn=item["AlarmArn"],
        name=item["AlarmName"],
        namespace=item.get("Namespace") or "",
        metric=item.get("MetricName") or "",
        statistic=item.get("ExtendedStatistic") or item.get("Statistic") or "",
        threshold=float(item.get("Threshold", 0)),
        comparison=item.get("ComparisonOperator") or "",
        period=int(item.get("Period") or 60),
        evaluation_periods=periods,
        datapoints_to_alarm=int(item.get("DatapointsToAlarm") or periods),
        missing=item.get("TreatMissingData") or "missing",
        unit=item.get("Unit") or None,
        dimensions=dimensions(item),
        actions_enabled=item.get("ActionsEnabled", True),
        actions=tuple(item.get("AlarmActions") or ()),
        low_samples_ignored=item.get("EvaluateLowSampleCountPercentile") == "ignore",
        wall_clock="WallClockWindow" in (item.get("EvaluationWindow") or {}),
        state=item.get("StateValue") or "",
        since=_since(item),
        warm_until=_warm_until(item),
        undecided=_incomplete(item),
    )
    return _on_expression(metric_alarm, item)


def _incomplete(item: Json) -> str | None:
    """What AWS always says of an alarm on a metric, and this answer does not."""
    needed = ["EvaluationPeriods", "ComparisonOperator"]
    needed += [] if "ThresholdMetricId" in item else ["Threshold"]
    needed += [] if "Metrics" in item else ["Period"]
    lacking = [name for name in needed if name not in item]
    return f"the answer of AWS lacks {', '.join(lacking)}" if lacking else None


def _on_expression(metric_alarm: Alarm, item: Json) -> Alarm:
    """The same alarm, where it watches an expression or a query and no metric of its own."""
    criteria = item.get("EvaluationCriteria")
    if criteria:
        query = str((criteria.get("PromQLCriteria") or {}).get("Query") or criteria)
        return replace(metric_alarm, undecided=_undecided(query), queries=(query,))
    queries = tuple(item.get("Metrics") or ())
    if not queries:
        return metric_alarm
    metric_alarm = replace(
        metric_alarm,
        reads=tuple(_metric_of(query) for query in queries if "MetricStat" in query),
        queries=tuple(filter(_QUERY.search, (str(q.get("Expression") or "") for q in queries))),
    )
    returned = [query for query in queries if query.get("ReturnData", True)]
    watched = str(returned[0].get("Expression") or returned[0]["Id"]) if len(returned) == 1 else ""
    function = plain(watched)
    source = next((q for q in queries if function and q["Id"] == function.id), None)
    if function is None or source is None or "MetricStat" not in source:
        return replace(metric_alarm, undecided=_undecided(watched or "what it watches"))
    return _on_metric(replace(metric_alarm, scale=function.scale, fill=function.fill), source)


def _on_metric(metric_alarm: Alarm, query: Json) -> Alarm:
    stat = query["MetricStat"]
    metric = stat["Metric"]
    undecided = metric_alarm.undecided
    if "AccountId" in query:
        undecided = f"its metric is in account {query['AccountId']}"
    return replace(
        metric_alarm,
        namespace=metric.get("Namespace") or "",
        metric=metric.get("MetricName") or "",
        dimensions=dimensions(metric),
        statistic=stat.get("Stat") or "",
        period=int(stat.get("Period") or 60),
        unit=stat.get("Unit") or None,
        undecided=undecided,
    )


def _undecided(expression: str) -> str:
    return f"{expression} is no plain function of one metric"


# What names metrics in its text: a Metrics Insights query, or a search.
_QUERY = re.compile(r"\b(SELECT|SEARCH)\b", re.IGNORECASE)


def _metric_of(query: Json) -> str:
    metric = query["MetricStat"]["Metric"]
    return f"{metric.get('Namespace')}/{metric.get('MetricName')}"


def concerns(alarm: Alarm, key: MetricKey) -> bool:
    """Does an alarm on an expression read this metric, alone or among others?"""
    return str(key) in alarm.reads or any(key.metric in query for query in alarm.queries)


def composite(item: Json) -> CompositeAlarm:
    return CompositeAlarm(
        arn=item["AlarmArn"],
        name=item["AlarmName"],
        rule=item.get("AlarmRule") or "",
        actions_enabled=item.get("ActionsEnabled", True),
        actions=tuple(item.get("AlarmActions") or ()),
        suppressor=item.get("ActionsSuppressor") or None,
        suppressed_by=item.get("ActionsSuppressedBy") or None,
        state=item.get("StateValue") or "",
        since=_since(item),
    )


def mute_rule(item: Json) -> MuteRule:
    return MuteRule(item["AlarmMuteRuleArn"], item["Status"], item.get("MuteType") or "")


def dimensions(item: Json) -> tuple[tuple[str, str], ...]:
    return tuple((d["Name"], d["Value"]) for d in item.get("Dimensions") or ())


def _since(item: Json) -> datetime | None:
    """Since when the alarm is in its state."""
    changed = moment(item.get("StateTransitionedTimestamp"))
    return changed or moment(item.get("StateUpdatedTimestamp"))


def _warm_until(item: Json) -> datetime | None:
    minutes = (item.get("WarmUpConfiguration") or {}).get("WarmUpPeriodDurationInMinutes")
    start = moment(item.get("AlarmConfigurationUpdatedTimestamp"))
    return start + timedelta(minutes=int(minutes)) if start and minutes else None


# Topics and subscriptions


def topic(arn: str, attributes: Json) -> Topic:
    if not attributes:
        # Every topic has a policy and an owner.
        raise MalformedAnswer("the attributes are empty")
    return Topic(
        arn=arn,
        policy=policy.parse(attributes.get("Policy")),
        kms_key=attributes.get("KmsMasterKeyId") or None,
        fifo=str(attributes.get("FifoTopic")).lower() == "true" or arn.endswith(".fifo"),
    )


def key(item: Json) -> Key:
    about = item["KeyMetadata"]
    return Key(about["Arn"], about["KeyManager"], about["KeyState"])


def subscription(item: Json) -> Subscription:
    endpoint = item.get("Endpoint") or ""
    return Subscription(item["SubscriptionArn"], item["Protocol"], endpoint)


def filter_policy(attributes: Json) -> tuple[Json | None, str]:
    """The filter policy, ``None`` without one, and its scope."""
    scope = attributes.get("FilterPolicyScope") or "MessageAttributes"
    given = attributes.get("FilterPolicy") or None
    parsed = policy.parse(given)
    if given is not None and parsed is None:
        raise MalformedAnswer("a filter policy that is no JSON object")
    return parsed, scope
