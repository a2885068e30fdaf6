# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The step of the alarm: adopted, made, put again when it is ours, or refused."""

from __future__ import annotations

from c7n_mfa.audit.alarm import judge_alarm
from c7n_mfa.audit.values import Alarm, MetricFilter
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import calls
from c7n_mfa.repair.plan.start import Start
from c7n_mfa.repair.values import OWNER_TAG, Step


def alarm_arn(start: Start) -> str:
    if start.base.progress >= 3 and start.base.chain.alarm:
        return start.base.chain.alarm.arn
    where = Arn.parse(start.base.log_group_arn)
    return (
        f"arn:{where.partition}:cloudwatch:{where.region}:{where.account}:"
        f"alarm:{start.wish.alarm_name}"
    )


def alarm_step(start: Start, metric_filter: MetricFilter, arn: str) -> Step:
    existing, topic = start.in_the_way.alarm, start.base.topic_arn
    if start.base.progress >= 3:
        return Step("alarm", "adopted", arn, "it fires on one sign-in")
    if isinstance(existing, ReadFailure):
        return Step("alarm", "skipped", arn, existing.sentence())
    if start.in_the_way.alarm_kind != "plain":
        return _another_kind(start, arn)
    if existing is None:
        why = "no alarm on the metric notifies the topic when one sign-in is seen"
        return calls.put_alarm(metric_filter, topic, arn, start.wish, why)
    if _works(existing, metric_filter, topic):
        return Step("alarm", "adopted", arn, "it fires on one sign-in")
    if start.in_the_way.alarm_is_ours:
        why = "our alarm does not notify the topic when one sign-in is seen"
        before = start.in_the_way.alarm_as_put
        return calls.put_alarm(metric_filter, topic, arn, start.wish, why, before)
    return _not_ours(existing, arn)


def _works(alarm: Alarm, metric_filter: MetricFilter, topic: str) -> bool:
    fires = judge_alarm(alarm, metric_filter).verdict == "intact"
    watched, written = (alarm.namespace, alarm.metric), metric_filter.metric_key
    return fires and watched == (written.namespace, written.metric) and topic in alarm.actions


def _not_ours(alarm: Alarm, arn: str) -> Step:
    why = (
        f"an alarm named {alarm.name} exists, watches {alarm.namespace}/{alarm.metric} and is not "
        f"ours (no tag {OWNER_TAG}); rename it, or give the action another alarm-name"
    )
    return Step("alarm", "skipped", arn, why)


def _another_kind(start: Start, arn: str) -> Step:
    """Ours or not: to put a plain alarm in its place would lose what it does."""
    why = (
        f"a {start.in_the_way.alarm_kind} alarm named {start.wish.alarm_name} exists, and no plain "
        "alarm can be put in its place; rename it, or give the action another alarm-name"
    )
    return Step("alarm", "skipped", arn, why)
