# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on an alarm, on the composite alarm that notifies for it, and on what mutes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from c7n_mfa.audit.metric_filter import number, with_defaults
from c7n_mfa.audit.simulation import simulate
from c7n_mfa.audit.values import Alarm, CompositeAlarm, MetricFilter, Snapshot
from c7n_mfa.audit.verdicts import Link, fault, intact, unreadable
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure

NotifyingAlarm = Alarm | CompositeAlarm

# Longer in ALARM than one sign-in can hold it there.
STUCK = timedelta(days=1)

_WITHOUT_TOPIC = ("alarm-actions-disabled", "alarm-without-action", "alarm-action-not-topic")


def no_alarm(metric_filter: MetricFilter, near: tuple[Alarm, ...] | ReadFailure) -> Link:
    metric = str(metric_filter.metric_key)
    if isinstance(near, ReadFailure):
        # One on an expression may watch the metric.
        return unreadable("alarms-unreadable", metric, near)
    if not near:
        return fault("alarm-absent", metric, f"no alarm watches {metric}")
    other = near[0]
    watched = f"{other.namespace}/{other.metric}"
    if (other.namespace, other.metric) == (metric_filter.namespace, metric_filter.metric):
        watched += " with dimensions " + ", ".join(f"{n}={v}" for n, v in other.dimensions)
    detail = f"alarm {other.name} watches {watched}, while the filter writes {metric}"
    return fault("alarm-on-other-metric", other.arn, detail, watches=watched, writes=metric)


def judge_alarm(alarm: Alarm, metric_filter: MetricFilter, at: datetime | None = None) -> Link:
    """The alarm link of an alarm that notifies by itself, read when it is ``at``."""
    if alarm.undecided:
        return fault("alarm-undecided", alarm.arn, f"alarm {alarm.name}: {alarm.undecided}")
    if alarm.dimensions:
        names = ", ".join(name for name, _ in alarm.dimensions)
        detail = f"alarm {alarm.name} asks for dimensions {names} that the filter does not write"
        return fault("alarm-on-other-metric", alarm.arn, detail)
    if alarm.unit and alarm.unit != metric_filter.unit:
        detail = f"alarm {alarm.name} asks for unit {alarm.unit}, the filter writes "
        return fault("alarm-unit-mismatch", alarm.arn, detail + metric_filter.unit)
    simulation = simulate(alarm, number(metric_filter.value) or 0, metric_filter.default)
    codes = {"silent": "alarm-cannot-fire", "always": "alarm-always-firing"}
    if simulation.answer != "fires":
        code = codes.get(simulation.answer, "alarm-undecided")
        return fault(code, alarm.arn, f"alarm {alarm.name}: {simulation.because}")
    window = timedelta(seconds=alarm.period * alarm.evaluation_periods)
    return (
        _rests(alarm, at, window)
        or _acts(alarm)
        or intact("alarm", alarm.arn, f"alarm {alarm.name}", rule=simulation.because)
    )


def _rests(alarm: NotifyingAlarm, at: datetime | None, window: timedelta) -> Link | None:
    """Is the alarm out of ALARM and awake, so that a sign-in brings it there?"""
    if at is None:
        return None
    if isinstance(alarm, Alarm) and alarm.warm_until and alarm.warm_until > at:
        detail = f"alarm {alarm.name} warms up until {alarm.warm_until.isoformat()}"
        return fault("alarm-undecided", alarm.arn, detail)
    if alarm.state == "ALARM" and alarm.since and at - alarm.since > STUCK + window:
        since = alarm.since.isoformat()
        detail = f"alarm {alarm.name} has been in ALARM since {since}"
        return fault("alarm-stuck", alarm.arn, detail, since=since)
    return None


def _acts(alarm: NotifyingAlarm) -> Link | None:
    """Does the alarm notify a topic?"""
    if not alarm.actions_enabled:
        return fault("alarm-actions-disabled", alarm.arn, f"actions of alarm {alarm.name} are off")
    if not alarm.actions:
        return fault("alarm-without-action", alarm.arn, f"alarm {alarm.name} has no ALARM action")
    if not topics_of(alarm):
        detail = f"alarm {alarm.name} notifies no topic, only {', '.join(alarm.actions)}"
        return fault("alarm-action-not-topic", alarm.arn, detail, actions=list(alarm.actions))
    return None


def topics_of(alarm: NotifyingAlarm) -> list[str]:
    return [arn for arn in dict.fromkeys(alarm.actions) if Arn.parse(arn).service == "sns"]


def notifying_alarms(
    snapshot: Snapshot, alarm: Alarm, metric_filter: MetricFilter
) -> Iterator[tuple[Link, NotifyingAlarm]]:
    """The alarm link with each notifying alarm: the alarm itself, or a composite alarm above it."""
    link = judge_alarm(alarm, with_defaults(snapshot, metric_filter), snapshot.at)
    parents = snapshot.parents.get(alarm.arn, ()) if link.reason in _WITHOUT_TOPIC else ()
    if isinstance(parents, ReadFailure):
        yield unreadable("alarms-unreadable", alarm.arn, parents), alarm
    elif parents:
        for parent in parents:
            yield _unmuted(snapshot, judge_composite(parent, alarm, snapshot.at), parent), parent
    else:
        yield _unmuted(snapshot, link, alarm), alarm


def fires_without_topic(link: Link) -> bool:
    """Would the alarm fire and notify no topic by itself?"""
    return link.reason in _WITHOUT_TOPIC


def judge_composite(parent: CompositeAlarm, child: Alarm, at: datetime | None) -> Link:
    """The alarm link of an alarm without a topic of its own, under a composite alarm."""
    name = parent.name
    if not follows(parent.rule, child):
        detail = f"whether composite alarm {name} follows {child.name} is not decided"
        return fault("alarm-undecided", parent.arn, detail, rule=parent.rule)
    if parent.suppressed_by:
        detail = f"the actions of composite alarm {name} are suppressed by {parent.suppressor}"
        return fault("alarm-suppressed", parent.arn, detail, suppressed_by=parent.suppressed_by)
    if parent.suppressor:
        detail = f"the actions of composite alarm {name} rest while {parent.suppressor} is in ALARM"
        return fault("alarm-undecided", parent.arn, detail, suppressor=parent.suppressor)
    return (
        _rests(parent, at, timedelta(seconds=child.period * child.evaluation_periods))
        or _acts(parent)
        or intact("alarm", child.arn, f"alarm {child.name}, through composite alarm {name}")
    )


def _unmuted(snapshot: Snapshot, link: Link, notifying: NotifyingAlarm) -> Link:
    """The same link, unless a mute rule silences the notifying alarm."""
    mutes = snapshot.mutes.get(notifying.arn, ())
    if link.verdict != "intact" or not mutes:
        return link
    if isinstance(mutes, ReadFailure):
        return unreadable("mute-rules-unreadable", notifying.arn, mutes)
    rule = next((rule for rule in mutes if rule.status == "ACTIVE"), mutes[0])
    name = Arn.parse(rule.arn).resource.rpartition(":")[2]
    if rule.status == "ACTIVE":
        detail = f"mute rule {name} silences alarm {notifying.name} now"
        return fault("alarm-muted", notifying.arn, detail, mute_rule=rule.arn)
    again = " again and again" if rule.kind == "RECURRING" else ""
    detail = f"mute rule {name} is to silence alarm {notifying.name}{again}"
    return fault("alarm-mute-due", notifying.arn, detail, mute_rule=rule.arn)


# The rule of a composite alarm: does it go into ALARM whenever one of its children does?

_ALARM = re.compile(r'ALARM\(\s*(?:"([^"]+)"|\'([^\']+)\'|([^()"\']+?))\s*\)')


def follows(rule: str, child: Alarm) -> bool:
    """Is the rule ``ALARM(child)``, alone or with others of its kind and ``OR`` between them?

    ``False`` says only that this is not so: what ``AND`` and ``NOT`` make of it is not decided.
    """
    names: list[str] = []

    def note(alarm: re.Match[str]) -> str:
        names.append(next(name for name in alarm.groups() if name))
        return "A"

    rest = re.sub(r"\s+", " ", _ALARM.sub(note, rule))
    return bool({child.name, child.arn} & {*names}) and _only_or(rest)


def _only_or(rest: str) -> bool:
    """``A OR (A OR A)`` and the like."""
    while True:
        simpler = re.sub(r"\( ?A ?\)|\bA OR A\b", "A", rest.strip())
        if simpler == rest:
            return rest == "A"
        rest = simpler
