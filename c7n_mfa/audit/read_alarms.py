# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarms on a metric, the composite alarms above them, and what silences them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.alarm import NotifyingAlarm, fires_without_topic, judge_alarm
from c7n_mfa.audit.metric_filter import with_defaults
from c7n_mfa.audit.read import Readers, read_writers
from c7n_mfa.audit.values import (
    Alarm,
    CompositeAlarm,
    MetricFilter,
    MetricKey,
    MuteRule,
    Snapshot,
)
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import NO_SUCH_OPERATION, Reader, ReadFailure, together
from c7n_mfa.aws.response import json_object

Alarms = tuple[Alarm, ...] | ReadFailure
# DescribeAlarms takes this many names at once, and gives this many alarms.
_MOST = 100


def read_alarms(
    readers: Readers, snapshot: Snapshot, metrics: Mapping[MetricKey, Sequence[MetricFilter]]
) -> None:
    """The alarms on the metrics; where none of them works, those on expressions and near misses.

    And what else writes the metrics: an alarm does not know whose values it compares.
    """
    watched = {key: reader for key in metrics if (reader := readers.of(key.account)) is not None}
    answers, writers = together(
        lambda: together(*(partial(_on_metric, r, key) for key, r in watched.items())),
        lambda: together(
            *(partial(read_writers, r, k, metrics[k][0].log_group_arn) for k, r in watched.items())
        ),
    )
    snapshot.alarms.update(zip(watched, answers, strict=True))
    snapshot.writers.update(zip(watched, writers, strict=True))
    _read_parents(watched, snapshot, metrics)
    without = {
        key: reader
        for key, reader in watched.items()
        if isinstance(snapshot.alarms[key], tuple) and not _works(snapshot, key, metrics[key])
    }
    _read_others(without, snapshot)
    _read_parents(without, snapshot, metrics)


def _on_metric(reader: Reader, key: MetricKey) -> Alarms:
    alarms: Alarms | None = reader.one(
        "cloudwatch",
        key.region,
        "describe_alarms_for_metric",
        str(key),
        lambda page: tuple(map(shapes.alarm, page["MetricAlarms"])),
        Namespace=key.namespace,
        MetricName=key.metric,
    )
    return alarms if alarms is not None else ()


def _works(snapshot: Snapshot, key: MetricKey, filters: Sequence[MetricFilter]) -> bool:
    """Does an alarm on the metric notify, or one above it?"""
    return any(
        judge_alarm(alarm, with_defaults(snapshot, metric_filter), snapshot.at).verdict == "intact"
        or snapshot.parents.get(alarm.arn)
        for alarm in _alarms(snapshot, key)
        for metric_filter in filters
    )


def _alarms(snapshot: Snapshot, key: MetricKey) -> tuple[Alarm, ...]:
    alarms = snapshot.alarms[key]
    return () if isinstance(alarms, ReadFailure) else alarms


def _read_others(readers: Mapping[MetricKey, Reader], snapshot: Snapshot) -> None:
    """Alarms on expressions of the metrics, and those that watch one but for a name or dimensions.

    All alarms of a Region have to be listed for it, once, and so it comes last.
    """
    places = {(key.account, key.region): reader for key, reader in readers.items()}
    listed = together(*(partial(_all, reader, place[1]) for place, reader in places.items()))
    of_place = dict(zip(places, listed, strict=True))
    for key in readers:
        alarms = of_place[key.account, key.region]
        if isinstance(alarms, ReadFailure):
            snapshot.near_alarms[key] = alarms
            continue
        on_expressions = tuple(alarm for alarm in alarms if shapes.concerns(alarm, key))
        snapshot.alarms[key] = (*_alarms(snapshot, key), *on_expressions)
        if not snapshot.alarms[key]:
            snapshot.near_alarms[key] = tuple(alarm for alarm in alarms if _near(alarm, key))


def _all(reader: Reader, region: str) -> Alarms:
    alarms: Alarms | None = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "MetricAlarms",
        "*",
        shapes.alarm,
        AlarmTypes=["MetricAlarm"],
        MaxRecords=_MOST,
    )
    return alarms if alarms is not None else ()


def _near(alarm: Alarm, key: MetricKey) -> bool:
    same_metric = alarm.metric.lower() == key.metric.lower()
    return same_metric or ("signin" in alarm.metric.lower() and alarm.namespace == key.namespace)


def _read_parents(
    readers: Mapping[MetricKey, Reader],
    snapshot: Snapshot,
    metrics: Mapping[MetricKey, Sequence[MetricFilter]],
) -> None:
    """The composite alarms above each alarm that would fire and notify no topic by itself."""
    asked = {
        alarm.arn: partial(_parents, reader, alarm)
        for key, reader in readers.items()
        for alarm in _alarms(snapshot, key)
        if alarm.arn not in snapshot.parents
        and any(
            fires_without_topic(judge_alarm(alarm, with_defaults(snapshot, f), snapshot.at))
            for f in metrics[key]
        )
    }
    snapshot.parents.update(zip(asked, together(*asked.values()), strict=True))


def _parents(reader: Reader, alarm: Alarm) -> tuple[CompositeAlarm, ...] | ReadFailure:
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
        return names or ()
    # Of the parents only the names are given.
    parents: tuple[CompositeAlarm, ...] | ReadFailure | None = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "CompositeAlarms",
        alarm.arn,
        shapes.composite,
        AlarmNames=list(names[:_MOST]),
        AlarmTypes=["CompositeAlarm"],
    )
    return parents or ()


def read_mutes(reader: Reader, alarm: NotifyingAlarm) -> tuple[MuteRule, ...] | ReadFailure:
    """The mute rules that silence an alarm now, or are due to."""
    rules: tuple[MuteRule, ...] | ReadFailure | None = reader.every(
        "cloudwatch",
        Arn.parse(alarm.arn).region,
        "list_alarm_mute_rules",
        "AlarmMuteRuleSummaries",
        alarm.arn,
        shapes.mute_rule,
        AlarmName=alarm.name,
        Statuses=["ACTIVE", "SCHEDULED"],
    )
    if rules is None:
        return ReadFailure(
            "cloudwatch:ListAlarmMuteRules", alarm.arn, "NotFound", "the alarm was not found"
        )
    # A partition or an emulator without the operation has no mute rules either.
    if isinstance(rules, ReadFailure) and rules.code == NO_SUCH_OPERATION:
        return ()
    return rules


def read_history(reader: Reader, alarm: NotifyingAlarm) -> Mapping[str, Any] | None:
    """What became of the alarm's last action: evidence, which decides nothing."""
    kind = "CompositeAlarm" if isinstance(alarm, CompositeAlarm) else "MetricAlarm"
    items = reader.one(
        "cloudwatch",
        Arn.parse(alarm.arn).region,
        "describe_alarm_history",
        alarm.arn,
        lambda page: [_action(item) for item in page["AlarmHistoryItems"]],
        AlarmName=alarm.name,
        AlarmTypes=[kind],
        HistoryItemType="Action",
        ScanBy="TimestampDescending",
        MaxRecords=1,
    )
    return items[0] if isinstance(items, list) and items else None


def _action(item: Mapping[str, Any]) -> dict[str, Any]:
    at = shapes.moment(item.get("Timestamp"))
    action: dict[str, Any] = {
        "at": at.isoformat() if at else None,
        "summary": item["HistorySummary"],
    }
    data = json_object(item.get("HistoryData") or "{}")
    # The rest of it is the whole message.
    return action | {key: data[key] for key in ("actionState", "error") if key in data}
