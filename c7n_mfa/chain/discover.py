# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the seven links: from a session to a :class:`Snapshot`.

Only the path is read: the trails, the log groups they deliver to, the metric filters there, and
from then on what hangs on the filters that matter to the requirement.
The account and Region of a link come from its ARN, never from where the policy runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from c7n_mfa.chain import policy, shapes
from c7n_mfa.chain.look import Looker
from c7n_mfa.chain.values import (
    Alarm,
    Arn,
    MetricFilter,
    MetricKey,
    Snapshot,
    Subscription,
    Topic,
    Trail,
    Unseen,
)

Relevant = Callable[[MetricFilter], bool]

# What discover() may call; the filter and the action declare these.
PERMISSIONS = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmsForMetric",
    "kms:GetKeyPolicy",
    "logs:DescribeLogGroups",
    "logs:DescribeMetricFilters",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sts:GetCallerIdentity",
)


def discover(session: Any, account_id: str | None, region: str, relevant: Relevant) -> Snapshot:
    """Look at every chain of the account.

    ``relevant`` says which metric filters are worth following to their alarms.
    Without an ``account_id`` AWS is asked whose account this is: custodian goes on with none when
    it could not find out.
    """
    looker = Looker(session)
    if account_id is None:
        answer = _whose(looker, region)
        if not isinstance(answer, str):
            return Snapshot("", region, trails=answer)
        account_id = answer
    seen = Snapshot(account_id, region, trails=_trails(looker, region))
    for arn in _log_group_arns(seen):
        _see_log_group(looker, seen, arn)
    for key in _metric_keys(seen, relevant):
        _see_alarms(looker, seen, key)
    for arn in _topic_arns(seen):
        see_topic(looker, seen, arn)
    return seen


def _whose(looker: Looker, region: str) -> str | Unseen:
    answer: str | Unseen = looker.one(
        "sts", region, "get_caller_identity", "*", lambda answer: answer["Account"]
    )
    return answer


def _trails(looker: Looker, region: str) -> tuple[Trail, ...] | Unseen:
    # Shadow trails are included on purpose: they are the multi-Region trails of other Regions.
    answer = looker.one(
        "cloudtrail",
        region,
        "describe_trails",
        "*",
        lambda page: tuple(map(shapes.trail, page["trailList"])),
        includeShadowTrails=True,
    )
    if answer is None or isinstance(answer, Unseen):
        return answer or ()
    return tuple(_with_status(looker, trail) for trail in answer)


def _with_status(looker: Looker, trail: Trail) -> Trail:
    """A trail with its status and selectors, unless it is of no use anyway."""
    if not trail.multi_region or not trail.log_group_arn:
        return trail
    ask = ("cloudtrail", trail.home_region)
    status = looker.one(*ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn)
    if status is None:
        return replace(trail, logging=False)
    if isinstance(status, Unseen):
        return replace(trail, logging=status)
    trail = replace(trail, logging=status.logging, delivery_error=status.delivery_error)
    if not status.logging:
        return trail
    selectors = looker.one(
        *ask, "get_event_selectors", trail.arn, shapes.selectors, TrailName=trail.arn
    )
    if isinstance(selectors, Unseen):
        return replace(trail, selectors=selectors)
    basic, advanced = selectors or ((), ())
    return replace(trail, selectors=basic, advanced_selectors=advanced)


def _log_group_arns(seen: Snapshot) -> Iterator[str]:
    if isinstance(seen.trails, Unseen):
        return
    wanted = (trail.log_group_arn for trail in seen.trails if trail.multi_region)
    for arn in dict.fromkeys(filter(None, wanted)):
        if Arn.parse(arn).account == seen.account_id:
            yield arn


def _see_log_group(looker: Looker, seen: Snapshot, arn: str) -> None:
    name, region = shapes.log_group_name(arn), Arn.parse(arn).region
    groups = looker.every(
        "logs",
        region,
        "describe_log_groups",
        "logGroups",
        arn,
        shapes.log_group,
        logGroupNamePrefix=name,
    )
    if isinstance(groups, Unseen):
        seen.log_groups[arn] = groups
    else:
        seen.log_groups[arn] = next((g for g in groups or () if g.name == name), None)
    if seen.log_groups[arn] is None:
        return
    filters = looker.every(
        "logs",
        region,
        "describe_metric_filters",
        "metricFilters",
        arn,
        lambda item: shapes.metric_filter(item, arn),
        logGroupName=name,
    )
    seen.filters[arn] = filters if filters is not None else ()


def _metric_keys(seen: Snapshot, relevant: Relevant) -> Iterable[MetricKey]:
    found = (
        metric_filter.metric_key
        for filters in seen.filters.values()
        if not isinstance(filters, Unseen)
        for metric_filter in filters
        if relevant(metric_filter)
    )
    return dict.fromkeys(found)


def _see_alarms(looker: Looker, seen: Snapshot, key: MetricKey) -> None:
    alarms = looker.one(
        "cloudwatch",
        key.region,
        "describe_alarms_for_metric",
        str(key),
        lambda page: tuple(map(shapes.alarm, page["MetricAlarms"])),
        Namespace=key.namespace,
        MetricName=key.metric,
    )
    seen.alarms[key] = alarms if alarms is not None else ()
    if seen.alarms[key] == ():
        seen.near_alarms[key] = _near_alarms(looker, key)


def _near_alarms(looker: Looker, key: MetricKey) -> tuple[Alarm, ...] | Unseen:
    """Alarms that would watch the metric but for its namespace, name or dimensions.

    Read only when no alarm watches the metric: all alarms have to be listed for it.
    """
    alarms = looker.every(
        "cloudwatch",
        key.region,
        "describe_alarms",
        "MetricAlarms",
        "*",
        shapes.alarm,
        AlarmTypes=["MetricAlarm"],
    )
    if alarms is None or isinstance(alarms, Unseen):
        return alarms or ()
    return tuple(alarm for alarm in alarms if _near(alarm, key))


def _near(alarm: Alarm, key: MetricKey) -> bool:
    same_metric = alarm.metric.lower() == key.metric.lower()
    return same_metric or ("signin" in alarm.metric.lower() and alarm.namespace == key.namespace)


def _topic_arns(seen: Snapshot) -> Iterable[str]:
    actions = (
        action
        for alarms in seen.alarms.values()
        if not isinstance(alarms, Unseen)
        for alarm in alarms
        for action in alarm.actions
    )
    topics = (action for action in actions if Arn.parse(action).service == "sns")
    return [arn for arn in dict.fromkeys(topics) if Arn.parse(arn).account == seen.account_id]


def see_topic(looker: Looker, seen: Snapshot, arn: str) -> None:
    """Add one topic and its subscriptions to the snapshot."""
    region = Arn.parse(arn).region
    topic = looker.one(
        "sns",
        region,
        "get_topic_attributes",
        arn,
        lambda answer: shapes.topic(arn, answer["Attributes"]),
        TopicArn=arn,
    )
    if isinstance(topic, Topic):
        topic = _with_key_policy(looker, topic, region)
    seen.topics[arn] = topic
    if topic is None:
        return
    subscriptions = looker.every(
        "sns",
        region,
        "list_subscriptions_by_topic",
        "Subscriptions",
        arn,
        shapes.subscription,
        TopicArn=arn,
    )
    if isinstance(subscriptions, tuple):
        subscriptions = _with_filter_policies(looker, subscriptions, region)
    seen.subscriptions[arn] = subscriptions if subscriptions is not None else ()


def _with_key_policy(looker: Looker, topic: Topic, region: str) -> Topic:
    key = topic.kms_key
    # The AWS-managed key's policy cannot be changed and is known; a key given by alias has to be
    # looked up by its own permission, so it stays undecided.
    if not key or "alias/" in key:
        return topic
    answer = looker.one(
        "kms",
        Arn.parse(key).region or region,
        "get_key_policy",
        key,
        lambda page: policy.parse(page["Policy"]),
        KeyId=key,
        PolicyName="default",
    )
    return replace(topic, key_policy=answer)


def _with_filter_policies(
    looker: Looker, subscriptions: tuple[Subscription, ...], region: str
) -> tuple[Subscription, ...]:
    """Subscriptions with their filter policies, up to the first that certainly hears."""
    done: list[Subscription] = []
    for position, subscription in enumerate(subscriptions):
        if subscription.confirmed:
            subscription = _with_filter_policy(looker, subscription, region)
        done.append(subscription)
        if subscription.confirmed and subscription.filter_policy is None:
            return (*done, *subscriptions[position + 1 :])
    return tuple(done)


def _with_filter_policy(looker: Looker, subscription: Subscription, region: str) -> Subscription:
    answer = looker.one(
        "sns",
        region,
        "get_subscription_attributes",
        subscription.arn,
        lambda page: shapes.filter_policy(page["Attributes"]),
        SubscriptionArn=subscription.arn,
    )
    if isinstance(answer, Unseen):
        return replace(subscription, filter_policy=answer)
    if answer is None:
        return replace(subscription, arn="Deleted")
    return replace(subscription, filter_policy=answer[0], filter_scope=answer[1])
