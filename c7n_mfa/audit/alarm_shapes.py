# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the alarms that AWS describes (botocore shapes) to the values of the chain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.audit.expressions import plain
from c7n_mfa.audit.values import Alarm, CompositeAlarm, MetricKey, MuteRule

Json = Mapping[str, Any]


def alarm(item: Json) -> Alarm:
    """A metric alarm, on a metric or on an expression."""
    periods = int(item.get("EvaluationPeriods") or 1)
    found = Alarm(
        arn=text(item["AlarmArn"]),
        name=text(item["AlarmName"]),
        namespace=maybe(item.get("Namespace")) or "",
        metric=maybe(item.get("MetricName")) or "",
        statistic=maybe(item.get("ExtendedStatistic") or item.get("Statistic")) or "",
        threshold=number(item.get("Threshold") or 0),
        comparison=maybe(item.get("ComparisonOperator")) or "",
        period=int(item.get("Period") or 60),
        evaluation_periods=periods,
        datapoints_to_alarm=int(item.get("DatapointsToAlarm") or periods),
        missing=maybe(item.get("TreatMissingData")) or "missing",
        unit=maybe(item.get("Unit")),
        dimensions=dimensions(item),
        actions_enabled=flag(item.get("ActionsEnabled", True)),
        actions=texts(item.get("AlarmActions")),
        low_samples_ignored=item.get("EvaluateLowSampleCountPercentile") == "ignore",
        wall_clock="WallClockWindow" in (item.get("EvaluationWindow") or {}),
        state=maybe(item.get("StateValue")) or "",
        since=_since(item),
        warm_until=_warm_until(item),
    )
    return _on_expression(found, item)


def _on_expression(found: Alarm, item: Json) -> Alarm:
    """The same alarm, where it watches an expression or a query and no metric of its own."""
    criteria = item.get("EvaluationCriteria")
    if criteria:
        query = str((criteria.get("PromQLCriteria") or {}).get("Query") or criteria)
        return replace(found, undecided=_undecided(query), queries=(query,))
    queries = objects(item.get("Metrics"))
    if not queries:
        return found
    found = replace(
        found,
        reads=tuple(_metric_of(query) for query in queries if "MetricStat" in query),
        queries=tuple(filter(_QUERY.search, (str(q.get("Expression") or "") for q in queries))),
    )
    returned = [query for query in queries if query.get("ReturnData", True)]
    watched = str(returned[0].get("Expression") or returned[0]["Id"]) if len(returned) == 1 else ""
    function = plain(watched)
    source = next((q for q in queries if function and q["Id"] == function.id), None)
    if function is None or source is None or "MetricStat" not in source:
        return replace(found, undecided=_undecided(watched or "what it watches"))
    return _on_metric(replace(found, scale=function.scale, fill=function.fill), source)


def _on_metric(found: Alarm, query: Json) -> Alarm:
    stat = query["MetricStat"]
    metric = stat["Metric"]
    undecided = f"its metric is in account {query['AccountId']}" if "AccountId" in query else None
    return replace(
        found,
        namespace=maybe(metric.get("Namespace")) or "",
        metric=maybe(metric.get("MetricName")) or "",
        dimensions=dimensions(metric),
        statistic=maybe(stat.get("Stat")) or "",
        period=int(stat.get("Period") or 60),
        unit=maybe(stat.get("Unit")),
        undecided=undecided,
    )


def _undecided(expression: str) -> str:
    return f"{expression} is no plain function of one metric"


# What names metrics in its text: a Metrics Insights query, or a search.
_QUERY = re.compile(r"\b(SELECT|SEARCH)\b", re.IGNORECASE)


def _metric_of(query: Json) -> str:
    metric = query["MetricStat"]["Metric"]
    return f"{metric.get('Namespace')}/{metric.get('MetricName')}"


def concerns(found: Alarm, key: MetricKey) -> bool:
    """Does an alarm on an expression look at this metric, alone or among others?"""
    return str(key) in found.reads or any(key.metric in query for query in found.queries)


def composite(item: Json) -> CompositeAlarm:
    return CompositeAlarm(
        arn=text(item["AlarmArn"]),
        name=text(item["AlarmName"]),
        rule=maybe(item.get("AlarmRule")) or "",
        actions_enabled=flag(item.get("ActionsEnabled", True)),
        actions=texts(item.get("AlarmActions")),
        suppressor=maybe(item.get("ActionsSuppressor")),
        suppressed_by=maybe(item.get("ActionsSuppressedBy")),
        state=maybe(item.get("StateValue")) or "",
        since=_since(item),
    )


def mute_rule(item: Json) -> MuteRule:
    return MuteRule(
        text(item["AlarmMuteRuleArn"]), text(item["Status"]), maybe(item.get("MuteType")) or ""
    )


def dimensions(item: Json) -> tuple[tuple[str, str], ...]:
    return tuple((text(d["Name"]), text(d["Value"])) for d in item.get("Dimensions") or ())


def texts(items: Any) -> tuple[str, ...]:
    if isinstance(items, str | bytes):
        raise TypeError("a list was expected, not a text")
    return tuple(map(text, items or ()))


def objects(items: Any) -> tuple[Json, ...]:
    """A list of JSON objects, or nothing."""
    found = tuple(items or ())
    if not all(isinstance(item, Mapping) for item in found):
        raise TypeError("a list of objects was expected")
    return found


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r}")
    return value


def maybe(value: Any) -> str | None:
    """A text; ``None`` for an empty one and for none at all."""
    return None if value is None else text(value) or None


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number was expected, not {value!r}")
    return float(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false was expected, not {value!r}")
    return value


def moment(value: Any) -> datetime | None:
    """A timestamp; emulators give texts, also empty ones, where AWS gives none."""
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _since(item: Json) -> datetime | None:
    """Since when the alarm is in its state."""
    changed = moment(item.get("StateTransitionedTimestamp"))
    return changed or moment(item.get("StateUpdatedTimestamp"))


def _warm_until(item: Json) -> datetime | None:
    minutes = (item.get("WarmUpConfiguration") or {}).get("WarmUpPeriodDurationInMinutes")
    start = moment(item.get("AlarmConfigurationUpdatedTimestamp"))
    return start + timedelta(minutes=int(minutes)) if start and minutes else None
