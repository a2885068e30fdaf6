# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps of the metric filter and of the alarm: adopted, made, put again, or declined."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.audit.alarm import judge_alarm
from c7n_mfa.audit.metric_filter import everyday_writer
from c7n_mfa.audit.shapes import log_group_name
from c7n_mfa.audit.values import Alarm, MetricFilter
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import OWNER_TAG, Step, tag_list
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair import operations as op
from c7n_mfa.repair.target import Start
from c7n_mfa.repair.values import RepairOptions, record_filter

_ALARM_DESCRIPTION = "Triggered by sign-in requests made without MFA."


# The metric filter, with names that nobody else uses


def new_filter(start: Start) -> MetricFilter:
    options = start.options
    requirement = REQUIREMENTS[options.requirement]
    preferred = MetricFilter(
        name=_filter_name(start),
        log_group_arn=start.target.log_group_arn,
        pattern=requirement.canonical_for(options.strict),
        namespace=options.namespace,
        metric=options.metric_name,
    )
    # A metric that somebody else's filter writes every day can carry no alarm on sign-ins.
    metrics = (replace(preferred, metric=name) for name in _names(options.metric_name))
    return next(f for f in metrics if everyday_writer(start.snapshot, requirement, f) is None)


def _filter_name(start: Start) -> str:
    """A filter that bears the name already may be anybody's, and is not overwritten."""
    filters = start.snapshot.filters.get(start.target.log_group_arn, ())
    taken = {f.name for f in filters} if not isinstance(filters, ReadFailure) else set()
    return next(name for name in _names(start.options.filter_name) if name not in taken)


def _names(preferred: str) -> Iterator[str]:
    """The preferred name, and others like it for when it is taken."""
    yield preferred
    yield f"{preferred}-c7n-mfa"
    yield from (f"{preferred}-c7n-mfa-{number}" for number in itertools.count(2))


def filter_steps(start: Start, metric_filter: MetricFilter) -> Iterator[Step]:
    if start.target.metric_filter:
        why = "it catches every sign-in of the requirement"
        yield Step("metric-filter", "adopted", metric_filter.name, why)
        return
    yield record_filter(start.target.log_group_arn, metric_filter.name)
    yield put_metric_filter(metric_filter, log_group_name(start.target.log_group_arn))


def put_metric_filter(metric_filter: MetricFilter, group: str) -> Step:
    named = {"logGroupName": group, "filterName": metric_filter.name}
    transformation = {
        "metricName": metric_filter.metric,
        "metricNamespace": metric_filter.namespace,
        "metricValue": metric_filter.value,
    }
    call = op.PUT_METRIC_FILTER(
        metric_filter.region,
        **named,
        filterPattern=metric_filter.pattern,
        metricTransformations=[transformation],
    )
    undo = op.DELETE_METRIC_FILTER(metric_filter.region, **named)
    why = "no metric filter catches every sign-in of the requirement"
    return Step("metric-filter", "planned", metric_filter.name, why, call, (undo,))


# The alarm


def alarm_arn(start: Start) -> str:
    if start.target.progress >= 3 and start.target.chain.alarm:
        return start.target.chain.alarm.arn
    where = Arn.parse(start.target.log_group_arn)
    return (
        f"arn:{where.partition}:cloudwatch:{where.region}:{where.account}:"
        f"alarm:{start.options.alarm_name}"
    )


def alarm_step(start: Start, metric_filter: MetricFilter, arn: str) -> Step:
    existing, topic = start.existing.alarm, start.target.topic_arn
    if start.target.progress >= 3:
        return Step("alarm", "adopted", arn, "it fires on one sign-in")
    if isinstance(existing, ReadFailure):
        return Step("alarm", "skipped", arn, existing.sentence())
    if start.existing.alarm_kind != "plain":
        return _another_kind(start, arn)
    if existing is None:
        why = "no alarm on the metric notifies the topic when one sign-in is seen"
        return put_alarm(metric_filter, topic, arn, start.options, why)
    if _works(existing, metric_filter, topic):
        return Step("alarm", "adopted", arn, "it fires on one sign-in")
    if start.existing.alarm_created:
        why = "the alarm that c7n-mfa created does not notify the topic when one sign-in is seen"
        before = start.existing.alarm_as_put
        return put_alarm(metric_filter, topic, arn, start.options, why, before)
    return _not_created(existing, arn)


def _works(alarm: Alarm, metric_filter: MetricFilter, topic: str) -> bool:
    fires = judge_alarm(alarm, metric_filter).verdict == "intact"
    watched, written = (alarm.namespace, alarm.metric), metric_filter.metric_key
    return fires and watched == (written.namespace, written.metric) and topic in alarm.actions


def _not_created(alarm: Alarm, arn: str) -> Step:
    why = (
        f"an alarm named {alarm.name} exists, watches {alarm.namespace}/{alarm.metric} and was not "
        f"created by c7n-mfa (no tag {OWNER_TAG}); rename it, or give the action another alarm-name"
    )
    return Step("alarm", "skipped", arn, why)


def _another_kind(start: Start, arn: str) -> Step:
    """Whoever created it: to put a plain alarm in its place would lose what it does."""
    why = (
        f"a {start.existing.alarm_kind} alarm named {start.options.alarm_name} exists, and no "
        "plain alarm can be put in its place; rename it, or give the action another alarm-name"
    )
    return Step("alarm", "skipped", arn, why)


def put_alarm(
    metric_filter: MetricFilter,
    topic_arn: str,
    arn: str,
    options: RepairOptions,
    why: str,
    before: Mapping[str, Any] | None = None,
) -> Step:
    """Sum >= 1 over 300 s, 1 of 1: the alarm of the CIS benchmark and of Cloud Conformity.

    ``before`` is the alarm of repair that is put again, as PutMetricAlarm takes it; what else it
    notifies stays.  Missing data is no breach, so that the alarm goes back to OK and notifies of
    the next sign-in too.
    """
    parameters = {
        "AlarmName": options.alarm_name,
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
    if before:
        # PutMetricAlarm leaves the tags of an alarm that exists as they are.
        call, undo = (op.PUT_METRIC_ALARM(region, **alarm) for alarm in (parameters, before))
        return Step("alarm", "planned", arn, why, call, (undo,), before=before, after=parameters)
    call = op.PUT_METRIC_ALARM(region, **parameters, Tags=tag_list(options.all_tags()))
    undo = op.DELETE_ALARMS(region, AlarmNames=[options.alarm_name])
    return Step("alarm", "planned", arn, why, call, (undo,))


def _actions(topic_arn: str, before: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """What the alarm notifies: the topic, and whatever it notified already."""
    if before is None:
        return {"AlarmActions": [topic_arn]}
    others = [action for action in before.get("AlarmActions", ()) if action != topic_arn]
    kept = {
        name: before[name] for name in ("OKActions", "InsufficientDataActions") if name in before
    }
    return {"AlarmActions": [topic_arn, *others], **kept}
