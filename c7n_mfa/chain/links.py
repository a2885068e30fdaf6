# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on each of the seven links, one function a link.

The first fault of a link is the one that is named; the order within a function is the order in
which a person would mend them.
"""

from __future__ import annotations

from collections.abc import Sequence

from c7n_mfa.chain import policy
from c7n_mfa.chain.alarm import simulate
from c7n_mfa.chain.selectors import carries_sign_ins
from c7n_mfa.chain.values import (
    Alarm,
    Arn,
    MetricFilter,
    Snapshot,
    Subscription,
    Topic,
    Trail,
    Unseen,
)
from c7n_mfa.chain.verdicts import Link, elsewhere, fault, intact, unseen
from c7n_mfa.proof import Coverage

CLOUDWATCH = "cloudwatch.amazonaws.com"


def judge_trail(trail: Trail) -> Link:
    if not trail.multi_region:
        detail = f"trail {trail.name} records {trail.home_region} only"
        return fault("trail-single-region", trail.arn, detail, home_region=trail.home_region)
    if trail.log_group_arn is None:
        # Judged as the log group's fault; the trail was not asked for its status.
        return intact("trail", trail.arn, f"trail {trail.name} records every Region")
    if isinstance(trail.logging, Unseen):
        return unseen("trail-unreadable", trail.arn, trail.logging)
    if not trail.logging:
        return fault("trail-not-logging", trail.arn, f"logging of trail {trail.name} is off")
    if isinstance(trail.selectors, Unseen):
        return unseen("trail-unreadable", trail.arn, trail.selectors)
    carries = carries_sign_ins(trail.selectors, trail.advanced_selectors)
    if carries is not True:
        return _drops(trail, carries)
    if trail.delivery_error:
        detail = f"trail {trail.name} cannot deliver to its log group: {trail.delivery_error}"
        return fault("trail-delivery-failing", trail.arn, detail, error=trail.delivery_error)
    return intact("trail", trail.arn, f"trail {trail.name} records every Region and is logging")


def _drops(trail: Trail, carries: bool | None) -> Link:
    selectors = list(trail.advanced_selectors or trail.selectors or ())  # type: ignore[arg-type]
    part = "some" if carries is None else "all"
    detail = f"the event selectors of trail {trail.name} leave out {part} console sign-ins"
    return fault("trail-drops-sign-ins", trail.arn, detail, selectors=selectors)


def judge_log_group(seen: Snapshot, trail: Trail) -> Link:
    arn = trail.log_group_arn
    if arn is None:
        detail = f"trail {trail.name} delivers to no log group"
        return fault("log-group-unset", trail.arn, detail)
    account = Arn.parse(arn).account
    if account != seen.account_id:
        return elsewhere("log-group", arn, account)
    group = seen.log_groups.get(arn)
    if isinstance(group, Unseen):
        return unseen("log-group-unreadable", arn, group)
    if group is None:
        return fault("log-group-gone", arn, f"trail {trail.name} names a log group that is gone")
    if group.group_class != "STANDARD":
        detail = f"log group {group.name} is of class {group.group_class}"
        return fault("log-group-class", arn, detail, log_group_class=group.group_class)
    return intact("log-group", arn, f"log group {group.name}")


def judge_filter(metric_filter: MetricFilter, coverage: Coverage | None) -> Link:
    """The filter link; that a filter alone misses sign-ins is judged with the account."""
    name = metric_filter.name
    evidence = {"pattern": metric_filter.pattern}
    if coverage is None:
        detail = f"the pattern of metric filter {name} cannot be read"
        return fault("filter-undecided", name, detail, **evidence)
    if metric_filter.field_selection:
        detail = f"metric filter {name} selects by {metric_filter.field_selection}"
        return fault("filter-field-selection", name, detail, **evidence)
    if metric_filter.transformed_logs:
        return fault("filter-on-transformed-logs", name, None, **evidence)
    if coverage.drowned:
        spot = coverage.drowned[0]
        detail = f"metric filter {name} also fires when {spot.sentence}"
        return fault("filter-catches-everything", name, detail, **evidence)
    if coverage.verdict == "unknown":
        hangs = "; ".join(each.sentence.removesuffix(".") for each in coverage.depends_on)
        detail = f"whether metric filter {name} catches what it must is open: {hangs}"
        return fault("filter-undecided", name, detail, **evidence)
    return intact("metric-filter", name, f"metric filter {name}", **evidence)


def blind(metric_filter: MetricFilter, coverage: Coverage) -> Link:
    """The link of a filter that misses sign-ins nobody else catches."""
    spots = coverage.blind_spots
    detail = f"metric filter {metric_filter.name} is silent when {spots[0].sentence}"
    if len(spots) > 1:
        detail += f", and in {len(spots) - 1} more cases"
    detail += f": {spots[0].because}"
    evidence = {"pattern": metric_filter.pattern, "misses": [spot.family for spot in spots]}
    return fault("filter-misses-sign-ins", metric_filter.name, detail, **evidence)


def judge_metric(metric_filter: MetricFilter, drowning: MetricFilter | None) -> Link:
    """The metric link; ``drowning`` is a filter that writes the same metric every day."""
    metric = str(metric_filter.metric_key)
    value = _number(metric_filter.value)
    if value is None or value <= 0:
        detail = f"metric filter {metric_filter.name} publishes {metric_filter.value} for a match"
        return fault("metric-value-useless", metric, detail, value=metric_filter.value)
    if metric_filter.dimensions:
        names = ", ".join(metric_filter.dimensions)
        detail = f"metric {metric} is split by {names}"
        return fault(
            "metric-has-dimensions", metric, detail, dimensions=[*metric_filter.dimensions]
        )
    if drowning:
        detail = f"metric filter {drowning.name} writes {metric} too, also without such a sign-in"
        return fault("metric-shared", metric, detail, pattern=drowning.pattern)
    return intact("metric", metric, f"metric {metric}", value=metric_filter.value)


def _number(text: str) -> float | None:
    """A literal metric value; ``$.field`` is none, and no sign-in has a field with a number."""
    try:
        return float(text)
    except ValueError:
        return None


def no_alarm(metric_filter: MetricFilter, near: tuple[Alarm, ...] | Unseen) -> Link:
    metric = str(metric_filter.metric_key)
    if isinstance(near, Unseen) or not near:
        return fault("alarm-absent", metric, f"no alarm watches {metric}")
    other = near[0]
    watched = f"{other.namespace}/{other.metric}"
    if (other.namespace, other.metric) == (metric_filter.namespace, metric_filter.metric):
        watched += " with dimensions " + ", ".join(f"{n}={v}" for n, v in other.dimensions)
    detail = f"alarm {other.name} watches {watched}, while the filter writes {metric}"
    return fault("alarm-on-other-metric", other.arn, detail, watches=watched, writes=metric)


def judge_alarm(alarm: Alarm, metric_filter: MetricFilter) -> Link:
    if alarm.dimensions:
        names = ", ".join(name for name, _ in alarm.dimensions)
        detail = f"alarm {alarm.name} asks for dimensions {names} that the filter does not write"
        return fault("alarm-on-other-metric", alarm.arn, detail)
    if alarm.unit and alarm.unit != metric_filter.unit:
        detail = f"alarm {alarm.name} asks for unit {alarm.unit}, the filter writes "
        return fault("alarm-unit-mismatch", alarm.arn, detail + metric_filter.unit)
    simulation = simulate(alarm, _number(metric_filter.value) or 0, metric_filter.default)
    codes = {"silent": "alarm-cannot-fire", "always": "alarm-always-firing"}
    if simulation.answer != "fires":
        code = codes.get(simulation.answer, "alarm-undecided")
        return fault(code, alarm.arn, f"alarm {alarm.name}: {simulation.because}")
    if not alarm.actions_enabled:
        return fault("alarm-actions-disabled", alarm.arn, f"actions of alarm {alarm.name} are off")
    if not alarm.actions:
        return fault("alarm-without-action", alarm.arn, f"alarm {alarm.name} has no ALARM action")
    if not topics_of(alarm):
        detail = f"alarm {alarm.name} notifies no topic, only {', '.join(alarm.actions)}"
        return fault("alarm-action-not-topic", alarm.arn, detail, actions=list(alarm.actions))
    return intact("alarm", alarm.arn, f"alarm {alarm.name}", rule=simulation.because)


def topics_of(alarm: Alarm) -> list[str]:
    return [arn for arn in dict.fromkeys(alarm.actions) if Arn.parse(arn).service == "sns"]


def judge_topic(seen: Snapshot, arn: str, alarm: Alarm) -> Link:
    where = Arn.parse(arn)
    if where.account != seen.account_id:
        return elsewhere("topic", arn, where.account)
    topic = seen.topics.get(arn)
    if isinstance(topic, Unseen):
        return unseen("topic-unreadable", arn, topic)
    name = where.resource
    if topic is None:
        return fault("topic-gone", arn, f"alarm {alarm.name} notifies topic {name}, which is gone")
    if may_publish(topic, alarm.arn, seen.account_id) is not True:
        return _refuses(topic, alarm, seen.account_id, name)
    return judge_key(topic, name, seen.account_id, alarm.arn)


def may_publish(topic: Topic, alarm_arn: str, account_id: str) -> bool | None:
    """Does the topic's policy let CloudWatch publish for this alarm?"""
    if topic.policy is None:
        return None
    context = _context(account_id, alarm_arn)
    return policy.allows(topic.policy, CLOUDWATCH, "sns:Publish", topic.arn, context)


def _context(account_id: str, alarm_arn: str) -> dict[str, str]:
    return {
        "aws:sourceaccount": account_id,
        # SNS's own default policy compares this with the topic's owner.
        "aws:sourceowner": account_id,
        "aws:sourcearn": alarm_arn,
        "aws:securetransport": "true",
    }


def _refuses(topic: Topic, alarm: Alarm, account_id: str, name: str) -> Link:
    if may_publish(topic, alarm.arn, account_id) is None:
        detail = f"the policy of topic {name} hangs on conditions that cannot be decided from here"
        return fault("topic-undecided", topic.arn, detail, policy=topic.policy)
    detail = f"the policy of topic {name} does not let {CLOUDWATCH} publish for {alarm.name}"
    return fault("topic-refuses-alarms", topic.arn, detail, policy=topic.policy)


def judge_key(topic: Topic, name: str, account_id: str, alarm_arn: str) -> Link:
    """The topic link of a topic whose policy lets CloudWatch publish."""
    key = topic.kms_key
    if key is None:
        return intact("topic", topic.arn, f"topic {name}")
    if key.endswith("alias/aws/sns"):
        detail = f"topic {name} is encrypted with {key}, which CloudWatch cannot use"
        return fault("topic-key-refuses-alarms", topic.arn, detail, key=key)
    if isinstance(topic.key_policy, Unseen):
        return unseen("topic-unreadable", topic.arn, topic.key_policy)
    if topic.key_policy is None:
        detail = f"the policy of key {key} that encrypts topic {name} was not found"
        return fault("topic-undecided", topic.arn, detail, key=key)
    context = _context(account_id, alarm_arn)
    answers = [
        policy.allows(topic.key_policy, CLOUDWATCH, action, "*", context)
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    ]
    if False in answers:
        detail = f"the policy of key {key} does not let {CLOUDWATCH} use it"
        return fault("topic-key-refuses-alarms", topic.arn, detail, key=key)
    if None in answers:
        return fault("topic-undecided", topic.arn, None, key=key)
    return intact("topic", topic.arn, f"topic {name}, encrypted with {key}")


def judge_subscriptions(seen: Snapshot, topic_arn: str) -> Link:
    """One subscription that hears is enough."""
    subscriptions = seen.subscriptions.get(topic_arn, ())
    if isinstance(subscriptions, Unseen):
        return unseen("subscriptions-unreadable", topic_arn, subscriptions)
    name = Arn.parse(topic_arn).resource
    confirmed = [s for s in subscriptions if s.confirmed]
    hearing = [s for s in confirmed if hears(s) is True]
    if hearing:
        count = {"confirmed": len(confirmed)}
        detail = f"{hearing[0].protocol} subscription of topic {name}"
        return intact("subscription", hearing[0].arn, detail, **count)
    if confirmed:
        return _unheard(confirmed, name)
    pending = [s for s in subscriptions if s.pending]
    if pending:
        waiting = ", ".join(sorted({s.protocol for s in pending}))
        detail = f"topic {name} has only pending subscriptions ({waiting})"
        return fault("subscription-pending", topic_arn, detail, pending=len(pending))
    return fault("subscription-absent", topic_arn, f"nobody is subscribed to topic {name}")


def hears(subscription: Subscription) -> bool | None:
    """Does an alarm notification pass the subscription's filter policy?

    Alarm notifications carry no message attributes, so a policy on them lets none through.
    """
    if isinstance(subscription.filter_policy, Unseen):
        return None
    if not subscription.filter_policy:
        return True
    return False if subscription.filter_scope == "MessageAttributes" else None


def _unheard(confirmed: Sequence[Subscription], name: str) -> Link:
    open_ones = [s for s in confirmed if hears(s) is None]
    if not open_ones:
        detail = f"the filter policies of topic {name}'s subscriptions stop alarm notifications"
        return fault("subscription-filtered", confirmed[0].arn, detail)
    look = open_ones[0].filter_policy
    if isinstance(look, Unseen):
        return unseen("subscriptions-unreadable", open_ones[0].arn, look)
    return fault("subscription-undecided", open_ones[0].arn, None, filter_policy=look)
