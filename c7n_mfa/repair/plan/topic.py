# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps of a topic, its policy and its subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.audit.topic import judge_key, may_publish, receives
from c7n_mfa.audit.values import Subscription, Topic
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import calls
from c7n_mfa.repair.plan.start import Start
from c7n_mfa.repair.records import record_subscription
from c7n_mfa.repair.values import Step


def topic_steps(start: Start, alarm_arn: str) -> Iterator[Step]:
    arn, topic = start.base.topic_arn, start.in_the_way.topic
    region = Arn.parse(start.base.log_group_arn).region
    if Arn.parse(arn).region != region:
        why = f"an alarm notifies topics of its own Region only; give one in {region}"
        yield Step("topic", "skipped", arn, why)
    elif isinstance(topic, ReadFailure):
        yield Step("topic", "skipped", arn, topic.sentence())
    elif topic is None and start.wish.topic.startswith("arn:"):
        why = "the topic of the policy's option does not exist; create it or leave it out"
        yield Step("topic", "skipped", arn, why)
    elif topic is None:
        why = "no topic carries the alarm's notifications"
        yield calls.create_topic(arn, why, start.wish)
        yield calls.put_statement(arn, None, start.seen.account_id)
    else:
        yield from _adopt(start, topic, alarm_arn)


def _adopt(start: Start, topic: Topic, alarm_arn: str) -> Iterator[Step]:
    arn, account = topic.arn, start.seen.account_id
    key = judge_key(topic, Arn.parse(arn).resource, account, alarm_arn)
    if key.verdict == "broken":
        yield Step("topic", "skipped", arn, f"{key.detail}; {key.fix}")
        return
    yield Step("topic", "adopted", arn, "the topic exists")
    if may_publish(topic, alarm_arn, account) is not True:
        mended = replace(topic, policy=calls.with_statement(arn, topic.policy, account))
        if may_publish(mended, alarm_arn, account) is True:
            yield calls.put_statement(arn, topic.policy, account)
        else:
            why = "a statement of its policy denies CloudWatch alarms; take that one out"
            yield Step("topic-policy", "skipped", arn, why)


def subscription_steps(start: Start) -> Iterator[Step]:
    existing = start.in_the_way.subscriptions
    if isinstance(existing, ReadFailure):
        yield Step("subscription", "skipped", start.base.topic_arn, existing.sentence())
        return
    live = [s for s in existing if s.confirmed or s.pending]
    if not start.wish.subscriptions and not any(s.confirmed and _may_hear(s) for s in live):
        yield _nobody_hears(start, live)
    for protocol, endpoint in start.wish.subscriptions:
        yield from _subscribe(start, live, protocol, endpoint)


def _nobody_hears(start: Start, live: Sequence[Subscription]) -> Step:
    if live:
        return _existing(live[0])
    why = "nobody is subscribed and the policy names no subscription; add subscriptions:"
    return Step("subscription", "skipped", start.base.topic_arn, why)


def _subscribe(
    start: Start, live: Sequence[Subscription], protocol: str, endpoint: str
) -> Iterator[Step]:
    for subscription in live:
        if (subscription.protocol, subscription.endpoint) == (protocol, endpoint):
            yield _existing(subscription)
            return
    if start.in_the_way.topic is not None:
        # A topic that is made carries the record from the start.
        yield record_subscription(start.base.topic_arn, protocol, endpoint)
    yield calls.subscribe(start.base.topic_arn, protocol, endpoint)


def _may_hear(subscription: Subscription) -> bool:
    return receives(subscription) is not False


def _existing(subscription: Subscription) -> Step:
    """A subscription that is there: adopted, unless nothing gets through to it."""
    resource = f"{subscription.protocol}:{subscription.endpoint}"
    if subscription.pending:
        why = "it waits to be confirmed: " + REASONS["subscription-pending"].fix
        return Step("subscription", "adopted", resource, why)
    if not _may_hear(subscription):
        reason = REASONS["subscription-filtered"]
        return Step("subscription", "skipped", resource, f"{reason.meaning}; {reason.fix}")
    return Step("subscription", "adopted", resource, "it is subscribed")
