# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarms on a metric, the composite alarms above them, and what silences them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from c7n_mfa.chain import alarm_shapes as shapes
from c7n_mfa.chain.links.alarm import Teller, judge_alarm, speaks_through_another
from c7n_mfa.chain.look import NO_SUCH_OPERATION, Looker
from c7n_mfa.chain.unseen import Unseen
from c7n_mfa.chain.values import Alarm, Arn, CompositeAlarm, MetricFilter, MetricKey, Snapshot

Alarms = tuple[Alarm, ...] | Unseen
# DescribeAlarms takes this many names at once.
_NAMES = 100


def see_alarms(
    looker: Looker, seen: Snapshot, key: MetricKey, filters: Sequence[MetricFilter]
) -> None:
    """The alarms on the metric; where none of them works, those on expressions and near misses."""
    alarms: Alarms | None = looker.one(
        "cloudwatch",
        key.region,
        "describe_alarms_for_metric",
        str(key),
        lambda page: tuple(map(shapes.alarm, shapes.objects(page["MetricAlarms"]))),
        Namespace=key.namespace,
        MetricName=key.metric,
    )
    seen.alarms[key] = alarms = alarms if alarms is not None else ()
    if isinstance(alarms, Unseen):
        return
    for alarm in alarms:
        _see_parents(looker, seen, alarm, filters)
    if not any(_works(seen, alarm, f) for alarm in alarms for f in filters):
        _see_others(looker, seen, key, filters)


def _works(seen: Snapshot, alarm: Alarm, metric_filter: MetricFilter) -> bool:
    link = judge_alarm(alarm, metric_filter, seen.at)
    return link.verdict == "intact" or bool(seen.parents.get(alarm.arn))


def _see_others(
    looker: Looker, seen: Snapshot, key: MetricKey, filters: Sequence[MetricFilter]
) -> None:
    """Alarms on expressions of the metric, and those that watch it but for a name or dimensions.

    All alarms of the Region have to be listed for it, and so it comes last.
    """
    listed: Alarms | None = looker.every(
        "cloudwatch",
        key.region,
        "describe_alarms",
        "MetricAlarms",
        "*",
        shapes.alarm,
        AlarmTypes=["MetricAlarm"],
    )
    if isinstance(listed, Unseen):
        seen.near_alarms[key] = listed
        return
    found = seen.alarms[key]
    assert not isinstance(found, Unseen)
    on_expressions = tuple(alarm for alarm in listed or () if shapes.concerns(alarm, key))
    for alarm in on_expressions:
        _see_parents(looker, seen, alarm, filters)
    seen.alarms[key] = (*found, *on_expressions)
    if not seen.alarms[key]:
        seen.near_alarms[key] = tuple(alarm for alarm in listed or () if _near(alarm, key))


def _near(alarm: Alarm, key: MetricKey) -> bool:
    same_metric = alarm.metric.lower() == key.metric.lower()
    return same_metric or ("signin" in alarm.metric.lower() and alarm.namespace == key.namespace)


def _see_parents(
    looker: Looker, seen: Snapshot, alarm: Alarm, filters: Sequence[MetricFilter]
) -> None:
    """The composite alarms above an alarm that would fire and tell nobody by itself."""
    links = [judge_alarm(alarm, metric_filter, seen.at) for metric_filter in filters]
    if not any(map(speaks_through_another, links)):
        return
    region = Arn.parse(alarm.arn).region
    names = looker.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "CompositeAlarms",
        alarm.arn,
        lambda item: str(item["AlarmName"]),
        ParentsOfAlarmName=alarm.name,
    )
    if not names or isinstance(names, Unseen):
        seen.parents[alarm.arn] = names or ()
        return
    # Of the parents only their names are told.
    parents: tuple[CompositeAlarm, ...] | Unseen | None = looker.every(
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


def see_mutes(looker: Looker, seen: Snapshot, teller: Teller) -> None:
    """The mute rules that silence an alarm now, or are due to."""
    rules = looker.every(
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
        rules = Unseen(
            "cloudwatch:ListAlarmMuteRules", teller.arn, "NotFound", "the alarm was not found"
        )
    # A partition or an emulator without the operation has no mute rules either.
    if isinstance(rules, Unseen) and rules.code == NO_SUCH_OPERATION:
        rules = ()
    seen.mutes[teller.arn] = rules


def see_history(looker: Looker, seen: Snapshot, teller: Teller) -> None:
    """What became of the alarm's last action: evidence, which decides nothing."""
    kind = "CompositeAlarm" if isinstance(teller, CompositeAlarm) else "MetricAlarm"
    items = looker.one(
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
    data = json.loads(item.get("HistoryData") or "{}")
    # The rest of it is the whole message.
    return told | {key: data[key] for key in ("actionState", "error") if key in data}
