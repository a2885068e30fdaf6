# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarms on a metric, the composite alarms above them, and what silences them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from c7n_mfa.audit import alarm_shapes as shapes
from c7n_mfa.audit.links.alarm import Teller, judge_alarm, speaks_through_another
from c7n_mfa.audit.values import Alarm, CompositeAlarm, MetricFilter, MetricKey, Snapshot
from c7n_mfa.aws.answer import json_object
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import NO_SUCH_OPERATION, Reader, ReadFailure

Alarms = tuple[Alarm, ...] | ReadFailure
# DescribeAlarms takes this many names at once.
_NAMES = 100


def see_alarms(
    reader: Reader, seen: Snapshot, key: MetricKey, filters: Sequence[MetricFilter]
) -> None:
    """The alarms on the metric; where none of them works, those on expressions and near misses."""
    alarms: Alarms | None = reader.one(
        "cloudwatch",
        key.region,
        "describe_alarms_for_metric",
        str(key),
        lambda page: tuple(map(shapes.alarm, shapes.objects(page["MetricAlarms"]))),
        Namespace=key.namespace,
        MetricName=key.metric,
    )
    seen.alarms[key] = alarms = alarms if alarms is not None else ()
    if isinstance(alarms, ReadFailure):
        return
    for alarm in alarms:
        _see_parents(reader, seen, alarm, filters)
    if not any(_works(seen, alarm, f) for alarm in alarms for f in filters):
        _see_others(reader, seen, key, filters)


def _works(seen: Snapshot, alarm: Alarm, metric_filter: MetricFilter) -> bool:
    link = judge_alarm(alarm, metric_filter, seen.at)
    return link.verdict == "intact" or bool(seen.parents.get(alarm.arn))


def _see_others(
    reader: Reader, seen: Snapshot, key: MetricKey, filters: Sequence[MetricFilter]
) -> None:
    """Alarms on expressions of the metric, and those that watch it but for a name or dimensions.

    All alarms of the Region have to be listed for it, and so it comes last.
    """
    listed: Alarms | None = reader.every(
        "cloudwatch",
        key.region,
        "describe_alarms",
        "MetricAlarms",
        "*",
        shapes.alarm,
        AlarmTypes=["MetricAlarm"],
    )
    if isinstance(listed, ReadFailure):
        seen.near_alarms[key] = listed
        return
    found = seen.alarms[key]
    assert not isinstance(found, ReadFailure)
    on_expressions = tuple(alarm for alarm in listed or () if shapes.concerns(alarm, key))
    for alarm in on_expressions:
        _see_parents(reader, seen, alarm, filters)
    seen.alarms[key] = (*found, *on_expressions)
    if not seen.alarms[key]:
        seen.near_alarms[key] = tuple(alarm for alarm in listed or () if _near(alarm, key))


def _near(alarm: Alarm, key: MetricKey) -> bool:
    same_metric = alarm.metric.lower() == key.metric.lower()
    return same_metric or ("signin" in alarm.metric.lower() and alarm.namespace == key.namespace)


def _see_parents(
    reader: Reader, seen: Snapshot, alarm: Alarm, filters: Sequence[MetricFilter]
) -> None:
    """The composite alarms above an alarm that would fire and tell nobody by itself."""
    links = [judge_alarm(alarm, metric_filter, seen.at) for metric_filter in filters]
    if not any(map(speaks_through_another, links)):
        return
    region = Arn.parse(alarm.arn).region
    names = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "CompositeAlarms",
        alarm.arn,
        lambda item: str(item["AlarmName"]),
        ParentsOfAlarmName=alarm.name,
    )
    if not names or isinstance(names, ReadFailure):
        seen.parents[alarm.arn] = names or ()
        return
    # Of the parents only their names are told.
    parents: tuple[CompositeAlarm, ...] | ReadFailure | None = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "CompositeAlarms",
        alarm.arn,
        shapes.composite,
        AlarmNames=list(names[:_NAMES]),
        AlarmTypes=["CompositeAlarm"],
    )
    seen.parents[alarm.arn] = parents or ()


def see_mutes(reader: Reader, seen: Snapshot, teller: Teller) -> None:
    """The mute rules that silence an alarm now, or are due to."""
    rules = reader.every(
        "cloudwatch",
        Arn.parse(teller.arn).region,
        "list_alarm_mute_rules",
        "AlarmMuteRuleSummaries",
        teller.arn,
        shapes.mute_rule,
        AlarmName=teller.name,
        Statuses=["ACTIVE", "SCHEDULED"],
    )
    if rules is None:
        rules = ReadFailure(
            "cloudwatch:ListAlarmMuteRules", teller.arn, "NotFound", "the alarm was not found"
        )
    # A partition or an emulator without the operation has no mute rules either.
    if isinstance(rules, ReadFailure) and rules.code == NO_SUCH_OPERATION:
        rules = ()
    seen.mutes[teller.arn] = rules


def see_history(reader: Reader, seen: Snapshot, teller: Teller) -> None:
    """What became of the alarm's last action: evidence, which decides nothing."""
    kind = "CompositeAlarm" if isinstance(teller, CompositeAlarm) else "MetricAlarm"
    items = reader.one(
        "cloudwatch",
        Arn.parse(teller.arn).region,
        "describe_alarm_history",
        teller.arn,
        lambda page: [_action(item) for item in page["AlarmHistoryItems"]],
        AlarmName=teller.name,
        AlarmTypes=[kind],
        HistoryItemType="Action",
        ScanBy="TimestampDescending",
        MaxRecords=1,
    )
    if isinstance(items, list) and items:
        seen.history[teller.arn] = items[0]


def _action(item: Mapping[str, Any]) -> dict[str, Any]:
    at = shapes.moment(item.get("Timestamp"))
    told: dict[str, Any] = {"at": at.isoformat() if at else None, "summary": item["HistorySummary"]}
    data = json_object(item.get("HistoryData") or "{}")
    # The rest of it is the whole message.
    return told | {key: data[key] for key in ("actionState", "error") if key in data}
