# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The writes of a repair, each as one call with the calls that undo it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from c7n_mfa.chain import policy
from c7n_mfa.chain.links import CLOUDWATCH
from c7n_mfa.chain.values import Alarm, Arn, MetricFilter
from c7n_mfa.repair.values import OWNER_TAG, Call, Step, Wish

__all__ = [
    "OWNER_TAG",
    "create_topic",
    "put_alarm",
    "put_metric_filter",
    "put_statement",
    "subscribe",
    "with_statement",
]

STATEMENT_ID = "C7nMfaCloudWatchAlarms"
# What apply puts in its place once AWS has said it.
SUBSCRIPTION_ARN = "<SubscriptionArn>"
_ALARM_DESCRIPTION = "Triggered by sign-in requests made without MFA."


def create_topic(arn: str, why: str, wish: Wish) -> Step:
    where = Arn.parse(arn)
    parameters: dict[str, Any] = {"Name": where.resource, "Tags": _tags(wish)}
    if wish.kms_key:
        parameters["Attributes"] = {"KmsMasterKeyId": wish.kms_key}
    undo = Call("sns", where.region, "delete_topic", {"TopicArn": arn})
    call = Call("sns", where.region, "create_topic", parameters)
    return Step("topic", "planned", arn, why, call, (undo,))


def with_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> dict[str, Any]:
    """A topic's policy that lets CloudWatch alarms of the account publish, all else kept."""
    others = [s for s in policy.statements(current or {}) if s.get("Sid") != STATEMENT_ID]
    return {
        "Version": "2012-10-17",
        **{key: value for key, value in (current or {}).items() if key != "Statement"},
        "Statement": [*others, _statement(arn, account_id)],
    }


def put_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> Step:
    """Let CloudWatch alarms of this account publish; every other statement stays."""
    document = with_statement(arn, current, account_id)
    undo = (_set_policy(arn, current),) if current else ()
    why = "CloudWatch alarms have to be allowed to publish to the topic"
    return Step("topic-policy", "planned", arn, why, _set_policy(arn, document), undo)


def _statement(arn: str, account_id: str) -> dict[str, Any]:
    where = Arn.parse(arn)
    alarms = f"arn:{where.partition}:cloudwatch:*:{account_id}:alarm:*"
    return {
        "Sid": STATEMENT_ID,
        "Effect": "Allow",
        "Principal": {"Service": CLOUDWATCH},
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {"aws:SourceArn": alarms},
        },
    }


def _set_policy(arn: str, document: Mapping[str, Any]) -> Call:
    parameters = {
        "TopicArn": arn,
        "AttributeName": "Policy",
        "AttributeValue": json.dumps(document, sort_keys=True),
    }
    return Call("sns", Arn.parse(arn).region, "set_topic_attributes", parameters)


def subscribe(topic_arn: str, protocol: str, endpoint: str) -> Step:
    region = Arn.parse(topic_arn).region
    parameters = {
        "TopicArn": topic_arn,
        "Protocol": protocol,
        "Endpoint": endpoint,
        "ReturnSubscriptionArn": True,
    }
    undo = Call("sns", region, "unsubscribe", {"SubscriptionArn": SUBSCRIPTION_ARN})
    why = "the policy names it as somebody to tell"
    if protocol in ("email", "email-json", "http", "https"):
        why += "; it hears nothing until it is confirmed from the endpoint"
    call = Call("sns", region, "subscribe", parameters)
    return Step("subscription", "planned", f"{protocol}:{endpoint}", why, call, (undo,))


def put_metric_filter(metric_filter: MetricFilter, group: str, why: str) -> Step:
    parameters = {
        "logGroupName": group,
        "filterName": metric_filter.name,
        "filterPattern": metric_filter.pattern,
        "metricTransformations": [
            {
                "metricName": metric_filter.metric,
                "metricNamespace": metric_filter.namespace,
                "metricValue": metric_filter.value,
            }
        ],
    }
    name = {"logGroupName": group, "filterName": metric_filter.name}
    undo = Call("logs", metric_filter.region, "delete_metric_filter", name)
    call = Call("logs", metric_filter.region, "put_metric_filter", parameters)
    return Step("metric-filter", "planned", metric_filter.name, why, call, (undo,))


def put_alarm(
    metric_filter: MetricFilter,
    topic_arn: str,
    alarm_arn: str,
    wish: Wish,
    why: str,
    before: Alarm | None = None,
) -> Step:
    """Sum >= 1 over 300 s, 1 of 1: the alarm of the CIS benchmark and of Cloud Conformity.

    ``before`` is the alarm of ours that is put again.  Missing data is no breach, so that the alarm
    goes back to OK and the next sign-in is told of too.
    """
    parameters = {
        "AlarmName": wish.alarm_name,
        "AlarmDescription": _ALARM_DESCRIPTION,
        "MetricName": metric_filter.metric,
        "Namespace": metric_filter.namespace,
        "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 1,
        "Period": 300,
        "Threshold": 1.0,
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn],
        "Tags": _tags(wish),
    }
    region = metric_filter.region
    undo = Call("cloudwatch", region, "delete_alarms", {"AlarmNames": [wish.alarm_name]})
    if before:
        undo = Call("cloudwatch", region, "put_metric_alarm", _parameters_of(before))
    call = Call("cloudwatch", region, "put_metric_alarm", parameters)
    return Step("alarm", "planned", alarm_arn, why, call, (undo,))


def _parameters_of(alarm: Alarm) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "AlarmName": alarm.name,
        "MetricName": alarm.metric,
        "Namespace": alarm.namespace,
        "ComparisonOperator": alarm.comparison,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Period": alarm.period,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": list(alarm.actions),
    }
    plain = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
    parameters["Statistic" if alarm.statistic in plain else "ExtendedStatistic"] = alarm.statistic
    if alarm.unit:
        parameters["Unit"] = alarm.unit
    if alarm.dimensions:
        parameters["Dimensions"] = [{"Name": n, "Value": v} for n, v in alarm.dimensions]
    return parameters


def _tags(wish: Wish) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(wish.all_tags().items())]
