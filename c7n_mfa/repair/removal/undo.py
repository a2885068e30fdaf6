# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The calls that make again what a removal takes away, from what AWS said of it before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair.existing import as_put
from c7n_mfa.repair.removal.found import FoundAlarm, FoundGroup, FoundTopic, Item
from c7n_mfa.repair.values import Call

# The attributes that CreateTopic takes; the others are counts and names.
_TOPIC = ("DisplayName", "KmsMasterKeyId", "DeliveryPolicy", "Policy", "TracingConfig")
_FILTER = ("filterPattern", "metricTransformations", "applyOnTransformedLogs")


def put_alarm(alarm: FoundAlarm) -> Call:
    parameters = {**as_put(alarm.item), "Tags": _tags(alarm.tags)}
    return Call("cloudwatch", alarm.region, "put_metric_alarm", parameters)


def put_filter(region: str, group: str, item: Item) -> Call:
    kept = {key: item[key] for key in _FILTER if key in item}
    parameters = {"logGroupName": group, "filterName": item["filterName"], **kept}
    return Call("logs", region, "put_metric_filter", parameters)


def create_topic(topic: FoundTopic) -> tuple[Call, ...]:
    where = Arn.parse(topic.arn)
    parameters: dict[str, Any] = {"Name": where.resource, "Tags": _tags(topic.tags)}
    if not isinstance(topic.attributes, ReadFailure):
        parameters["Attributes"] = {
            k: topic.attributes[k] for k in _TOPIC if topic.attributes.get(k)
        }
    return (Call("sns", where.region, "create_topic", parameters),)


def create_group(group: FoundGroup) -> tuple[Call, ...]:
    region, name = Arn.parse(group.arn).region, group.item["logGroupName"]
    tags = dict(group.tags) if isinstance(group.tags, Mapping) else {}
    made = Call("logs", region, "create_log_group", {"logGroupName": name, "tags": tags})
    days = group.item.get("retentionInDays")
    if not days:
        return (made,)
    kept = {"logGroupName": name, "retentionInDays": days}
    return (Call("logs", region, "put_retention_policy", kept), made)


def _tags(tags: object) -> list[dict[str, str]]:
    if not isinstance(tags, Mapping):
        return []
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
