# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The writes of a repair, each as one call with the calls that undo it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.audit.topic import CLOUDWATCH
from c7n_mfa.audit.values import MetricFilter
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.repair.records import subscription_key
from c7n_mfa.repair.values import OWNER_VALUE, Call, Step, Wish

STATEMENT_ID = "C7nMfaCloudWatchAlarms"
# What apply puts in its place once AWS has said it.
SUBSCRIPTION_ARN = "<SubscriptionArn>"
_ALARM_DESCRIPTION = "Triggered by sign-in requests made without MFA."


def create_topic(arn: str, why: str, wish: Wish) -> Step:
    """Make the topic, with the record of the subscriptions that the next steps make on it.

    Two repairs at once then ask for the same tags, which SNS insists on.
    """
    where = Arn.parse(arn)
    records = {subscription_key(arn, *each): OWNER_VALUE for each in wish.subscriptions}
    tags = _tags({**wish.all_tags(), **records})
    parameters: dict[str, Any] = {"Name": where.resource, "Tags": tags}
    if wish.kms_key:
        parameters["Attributes"] = {"KmsMasterKeyId": wish.kms_key}
    undo = Call("sns", where.region, "delete_topic", {"TopicArn": arn})
    call = Call("sns", where.region, "create_topic", parameters)
    return Step("topic", "planned", arn, why, call, (undo,))


def with_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> dict[str, Any]:
    """A topic's policy that lets CloudWatch alarms of the account publish, all else kept."""
    others = [s for s in policy.statements(current or {}) if s.get("Sid") != STATEMENT_ID]
    return {
        **{key: value for key, value in _frame(current).items() if key != "Statement"},
        "Statement": [*others, statement(arn, account_id)],
    }


def _frame(current: Mapping[str, Any] | None) -> Mapping[str, Any]:
    # A version put into a policy without one would change what its other statements mean.
    return current if current else {"Version": "2012-10-17"}


def put_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> Step:
    """Let CloudWatch alarms of this account publish; every other statement stays."""
    document = with_statement(arn, current, account_id)
    undo = (set_policy(arn, current),) if current else ()
    why = "CloudWatch alarms have to be allowed to publish to the topic"
    step = Step("topic-policy", "planned", arn, why, set_policy(arn, document), undo)
    return replace(step, before=current, after=document) if current else step


def statement(arn: str, account_id: str) -> dict[str, Any]:
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


def set_policy(arn: str, document: Mapping[str, Any]) -> Call:
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
    before: Mapping[str, Any] | None = None,
) -> Step:
    """Sum >= 1 over 300 s, 1 of 1: the alarm of the CIS benchmark and of Cloud Conformity.

    ``before`` is the alarm of ours that is put again, as PutMetricAlarm takes it; what else it
    notifies stays.  Missing data is no breach, so that the alarm goes back to OK and the next
    sign-in is told of too.
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
        **_actions(topic_arn, before),
    }
    region = metric_filter.region
    undo = Call("cloudwatch", region, "delete_alarms", {"AlarmNames": [wish.alarm_name]})
    if before:
        undo = Call("cloudwatch", region, "put_metric_alarm", before)
    # PutMetricAlarm leaves the tags of an alarm that exists as they are.
    given = parameters if before else {**parameters, "Tags": _tags(wish.all_tags())}
    call = Call("cloudwatch", region, "put_metric_alarm", given)
    step = Step("alarm", "planned", alarm_arn, why, call, (undo,))
    return replace(step, before=before, after=parameters) if before else step


def _actions(topic_arn: str, before: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """What the alarm notifies: our topic, and whatever it notified already."""
    if before is None:
        return {"AlarmActions": [topic_arn]}
    others = [action for action in before.get("AlarmActions", ()) if action != topic_arn]
    kept = {
        name: before[name] for name in ("OKActions", "InsufficientDataActions") if name in before
    }
    return {"AlarmActions": [topic_arn, *others], **kept}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
