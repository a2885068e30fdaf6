# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a local AWS leaves out between a log group and a topic: metric filters and their alarms.

It reads log events, metric filters and alarms, and sets the states of alarms, all by the API of
AWS; the local AWS then notifies, as it does whenever the state of an alarm changes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3

from c7n_mfa.audit.shapes import alarm as alarm_of
from c7n_mfa.audit.values import Alarm

from .alarm_state import NotEvaluated, State, evaluate, reason, why_not
from .metrics import Publisher

EVALUATES = (
    "metric filters, as c7n-mfa reads their patterns, on events that arrive from now on",
    "their values: a number, the value of a field, the default value, dimensions",
    "alarms on one metric: statistic, period, M of N periods, missing data",
    "composite alarms; policies, keys and filter policies of the topics they notify",
)
LEAVES_OUT = (
    "CloudTrail's delivery into log groups (python -m demo.signin does it)",
    "alarms on expressions, anomaly bands, mute rules; other accounts and Regions",
    "mail: an e-mail subscription is confirmed at once and gets nothing; use a queue",
)

_SECONDS = 0.5
# How far behind the newest event of a log group one may still arrive.
_LATE = 600_000


@dataclass(frozen=True, slots=True)
class Match:
    """A log event for which a metric filter has published a value."""

    filter_name: str
    metric: str

    def __str__(self) -> str:
        return f"metric filter {self.filter_name} matches: {self.metric}"


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm that has changed its state."""

    alarm: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"alarm {self.alarm} goes from {self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A metric filter or an alarm that is not evaluated, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} is not evaluated here: {self.why}"


Observation = Match | Change | Ignored


class Evaluator:
    """The metric filters and the alarms of one account and Region."""

    def __init__(
        self, session: boto3.Session, say: Callable[[Observation], None] = lambda _: None
    ) -> None:
        self.logs, self.cloudwatch = session.client("logs"), session.client("cloudwatch")
        self.say = say
        self._publishers: dict[str, Publisher] = {}
        self._alarms: list[Alarm] = []
        self._newest: dict[str, int] = {}
        self._taken: set[str] = set()
        self._ignored: set[Ignored] = set()

    def refresh(self) -> None:
        """Read the metric filters and the alarms as they are now."""
        publishers = {json.dumps(item, sort_keys=True): item for item in self._filters()}
        self._publishers = {
            key: self._publishers.get(key) or Publisher(item) for key, item in publishers.items()
        }
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        self._alarms = [alarm_of(item) for page in pages for item in page["MetricAlarms"]]
        for publisher in self._publishers.values():
            self._ignore(f"metric filter {publisher.filter.name}", publisher.why_not)
        for alarm in self._alarms:
            self._ignore(f"alarm {alarm.name}", why_not(alarm))

    def step(self, now: datetime) -> None:
        """Take in what has arrived in the log groups, and evaluate every alarm."""
        for group in {publisher.group for publisher in self._publishers.values()}:
            # Whatever was read may be gone by now.
            with suppress(self.logs.exceptions.ResourceNotFoundException):
                for event in self._arrived(group):
                    self._publish(group, event)
        self._alarms = [self._evaluated(alarm, now.timestamp()) for alarm in self._alarms]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do both again and again, in a thread of its own, for as long as the context lasts."""
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _run(self, ended: threading.Event) -> None:
        while not ended.wait(_SECONDS):
            self.refresh()
            self.step(datetime.now(UTC))

    def _filters(self) -> Iterator[Mapping[str, Any]]:
        groups = self.logs.get_paginator("describe_log_groups").paginate()
        names = {
            str(group["logGroupName"])
            for page in groups
            for group in page["logGroups"]
            # The other classes have no metric filters.
            if group.get("logGroupClass", "STANDARD") == "STANDARD"
        }
        for page in self.logs.get_paginator("describe_metric_filters").paginate():
            yield from (item for item in page["metricFilters"] if item["logGroupName"] in names)

    def _arrived(self, group: str) -> Iterator[Mapping[str, Any]]:
        start = max(self._newest.get(group, 0) - _LATE, 0)
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=start
        )
        for event in [event for page in pages for event in page["events"]]:
            if event["eventId"] not in self._taken:
                self._taken.add(event["eventId"])
                self._newest[group] = max(self._newest.get(group, 0), event["timestamp"])
                yield event

    def _publish(self, group: str, event: Mapping[str, Any]) -> None:
        for publisher in self._publishers.values():
            # A metric filter does not look back.
            if publisher.group != group or event["ingestionTime"] < publisher.since:
                continue
            if publisher.take(event["message"], event["timestamp"] / 1000):
                metric = f"{publisher.filter.metric_key} {publisher.filter.value}"
                self.say(Match(publisher.filter.name, metric))

    def _evaluated(self, alarm: Alarm, now: float) -> Alarm:
        """The alarm, after its state has been set where it is another now."""
        if why_not(alarm):
            return alarm
        before: State = alarm.state or "INSUFFICIENT_DATA"  # type: ignore[assignment]
        values = self._values(alarm)
        try:
            after = evaluate(alarm, values, now, before)
        except NotEvaluated as error:
            self._ignore(f"alarm {alarm.name}", str(error))
            return alarm
        if after != before:
            with suppress(self.cloudwatch.exceptions.ResourceNotFound):
                self.cloudwatch.set_alarm_state(
                    AlarmName=alarm.name, StateValue=after, StateReason=reason(alarm, values, now)
                )
                self.say(Change(alarm.name, before, after))
        return replace(alarm, state=after)

    def _values(self, alarm: Alarm) -> dict[int, list[float]]:
        """What the filters that write the alarm's metric have published."""
        by_minute: dict[int, list[float]] = {}
        for publisher in self._publishers.values():
            written = publisher.filter
            if (written.namespace, written.metric) != (alarm.namespace, alarm.metric):
                continue
            if alarm.unit in (None, written.unit):
                for minute, values in publisher.values(tuple(sorted(alarm.dimensions))).items():
                    by_minute.setdefault(minute, []).extend(values)
        return by_minute

    def _ignore(self, name: str, why: str | None) -> None:
        ignored = Ignored(name, why or "")
        if why and ignored not in self._ignored:
            self._ignored.add(ignored)
            self.say(ignored)
