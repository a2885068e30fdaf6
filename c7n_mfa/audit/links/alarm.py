# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on an alarm, on the composite alarm that speaks for it, and on what silences it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from c7n_mfa.audit.composite import follows
from c7n_mfa.audit.links.metric import number
from c7n_mfa.audit.simulation import simulate
from c7n_mfa.audit.values import Alarm, CompositeAlarm, MetricFilter, Snapshot
from c7n_mfa.audit.verdicts import Link, fault, intact, unseen
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure

Teller = Alarm | CompositeAlarm

# Longer in ALARM than one sign-in can hold it there.
STUCK = timedelta(days=1)

_UNTOLD = ("alarm-actions-disabled", "alarm-without-action", "alarm-action-not-topic")


def no_alarm(metric_filter: MetricFilter, near: tuple[Alarm, ...] | ReadFailure) -> Link:
    metric = str(metric_filter.metric_key)
    if isinstance(near, ReadFailure):
        # One on an expression may watch the metric.
        return unseen("alarms-unreadable", metric, near)
    if not near:
        return fault("alarm-absent", metric, f"no alarm watches {metric}")
    other = near[0]
    watched = f"{other.namespace}/{other.metric}"
    if (other.namespace, other.metric) == (metric_filter.namespace, metric_filter.metric):
        watched += " with dimensions " + ", ".join(f"{n}={v}" for n, v in other.dimensions)
    detail = f"alarm {other.name} watches {watched}, while the filter writes {metric}"
    return fault("alarm-on-other-metric", other.arn, detail, watches=watched, writes=metric)


def judge_alarm(alarm: Alarm, metric_filter: MetricFilter, at: datetime | None = None) -> Link:
    """The alarm link of an alarm that speaks for itself, looked at when it is ``at``."""
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


def _rests(alarm: Teller, at: datetime | None, window: timedelta) -> Link | None:
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


def _acts(alarm: Teller) -> Link | None:
    """Does the alarm notify a topic?"""
    if not alarm.actions_enabled:
        return fault("alarm-actions-disabled", alarm.arn, f"actions of alarm {alarm.name} are off")
    if not alarm.actions:
        return fault("alarm-without-action", alarm.arn, f"alarm {alarm.name} has no ALARM action")
    if not topics_of(alarm):
        detail = f"alarm {alarm.name} notifies no topic, only {', '.join(alarm.actions)}"
        return fault("alarm-action-not-topic", alarm.arn, detail, actions=list(alarm.actions))
    return None


def topics_of(alarm: Teller) -> list[str]:
    return [arn for arn in dict.fromkeys(alarm.actions) if Arn.parse(arn).service == "sns"]


def tellers(
    seen: Snapshot, alarm: Alarm, metric_filter: MetricFilter
) -> Iterator[tuple[Link, Teller]]:
    """The alarm link, and who notifies topics: the alarm itself, or a composite alarm above it."""
    link = judge_alarm(alarm, metric_filter, seen.at)
    parents = seen.parents.get(alarm.arn, ()) if link.reason in _UNTOLD else ()
    if isinstance(parents, ReadFailure):
        yield unseen("alarms-unreadable", alarm.arn, parents), alarm
    elif parents:
        for parent in parents:
            yield _unmuted(seen, judge_composite(parent, alarm, seen.at), parent), parent
    else:
        yield _unmuted(seen, link, alarm), alarm


def speaks_through_another(link: Link) -> bool:
    """Would the alarm fire and tell nobody by itself?"""
    return link.reason in _UNTOLD


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
        or intact("alarm", child.arn, f"alarm {child.name}, told by composite alarm {name}")
    )


def _unmuted(seen: Snapshot, link: Link, teller: Teller) -> Link:
    """The same link, unless a mute rule silences who tells."""
    mutes = seen.mutes.get(teller.arn, ())
    if link.verdict != "intact" or not mutes:
        return link
    if isinstance(mutes, ReadFailure):
        return unseen("mute-rules-unreadable", teller.arn, mutes)
    rule = next((rule for rule in mutes if rule.status == "ACTIVE"), mutes[0])
    name = Arn.parse(rule.arn).resource.rpartition(":")[2]
    if rule.status == "ACTIVE":
        detail = f"mute rule {name} silences alarm {teller.name} now"
        return fault("alarm-muted", teller.arn, detail, mute_rule=rule.arn)
    again = " again and again" if rule.kind == "RECURRING" else ""
    detail = f"mute rule {name} is to silence alarm {teller.name}{again}"
    return fault("alarm-mute-due", teller.arn, detail, mute_rule=rule.arn)
