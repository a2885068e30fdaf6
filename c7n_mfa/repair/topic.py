# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps of the topic, its policy and its subscriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.audit.topic import CLOUDWATCH, judge_key, may_publish, receives
from c7n_mfa.audit.values import Subscription, Topic
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import Step, answered, tag_list
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import operations as op
from c7n_mfa.repair.target import Start
from c7n_mfa.repair.values import (
    OWNER_VALUE,
    RepairOptions,
    record_subscription,
    subscription_key,
)

STATEMENT_ID = "C7nMfaCloudWatchAlarms"


def topic_steps(start: Start, alarm_arn: str) -> Iterator[Step]:
    arn, topic = start.target.topic_arn, start.existing.topic
    region = Arn.parse(start.target.log_group_arn).region
    if Arn.parse(arn).region != region:
        why = f"an alarm notifies topics of its own Region only; give one in {region}"
        yield Step("topic", "skipped", arn, why)
    elif isinstance(topic, ReadFailure):
        yield Step("topic", "skipped", arn, topic.sentence())
    elif topic is None and start.options.topic.startswith("arn:"):
        why = "the topic of the policy's option does not exist; create it or leave it out"
        yield Step("topic", "skipped", arn, why)
    elif topic is None:
        yield create_topic(arn, start.options)
        yield put_statement(arn, None, start.snapshot.account_id)
    else:
        yield from _adopt(start, topic, alarm_arn)


def _adopt(start: Start, topic: Topic, alarm_arn: str) -> Iterator[Step]:
    arn, account = topic.arn, start.snapshot.account_id
    key = judge_key(topic, Arn.parse(arn).resource, account, alarm_arn)
    if key.verdict == "broken":
        yield Step("topic", "skipped", arn, f"{key.detail}; {key.fix}")
        return
    yield Step("topic", "adopted", arn, "the topic exists")
    if may_publish(topic, alarm_arn, account) is not True:
        fixed = replace(topic, policy=with_statement(arn, topic.policy, account))
        if may_publish(fixed, alarm_arn, account) is True:
            yield put_statement(arn, topic.policy, account)
        else:
            why = "a statement of its policy denies CloudWatch alarms; take that one out"
            yield Step("topic-policy", "skipped", arn, why)


def create_topic(arn: str, options: RepairOptions) -> Step:
    """Make the topic, with the record of the subscriptions that the next steps make on it.

    Two repairs at once then ask for the same tags, which SNS insists on.
    """
    where = Arn.parse(arn)
    records = {subscription_key(arn, *pair): OWNER_VALUE for pair in options.subscriptions}
    given: dict[str, Any] = {"Tags": tag_list({**options.all_tags(), **records})}
    if options.kms_key:
        given["Attributes"] = {"KmsMasterKeyId": options.kms_key}
    call = op.CREATE_TOPIC(where.region, Name=where.resource, **given)
    undo = op.DELETE_TOPIC(where.region, TopicArn=arn)
    return Step(
        "topic", "planned", arn, "no topic carries the alarm's notifications", call, (undo,)
    )


# The policy


def put_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> Step:
    """Let CloudWatch alarms of this account publish; every other statement stays."""
    document = with_statement(arn, current, account_id)
    undo = (set_policy(arn, current),) if current else ()
    why = "CloudWatch alarms have to be allowed to publish to the topic"
    step = Step("topic-policy", "planned", arn, why, set_policy(arn, document), undo)
    return replace(step, before=current, after=document) if current else step


def with_statement(arn: str, current: Mapping[str, Any] | None, account_id: str) -> dict[str, Any]:
    """A topic's policy that lets CloudWatch alarms of the account publish, all else kept."""
    others = [s for s in policy.statements(current or {}) if s.get("Sid") != STATEMENT_ID]
    # A version put into a policy without one would change what its other statements mean.
    frame = current if current else {"Version": "2012-10-17"}
    return {**frame, "Statement": [*others, statement(arn, account_id)]}


def statement(arn: str, account_id: str) -> dict[str, Any]:
    where = Arn.parse(arn)
    alarms = f"arn:{where.partition}:cloudwatch:*:{account_id}:alarm:*"
    return {
        "Sid": STATEMENT_ID,
        "Effect": "Allow",
        "Principal": {"Service": CLOUDWATCH},
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {"aws:SourceArn": alarms},
        },
    }


def set_policy(arn: str, document: Mapping[str, Any]) -> Call:
    return op.SET_TOPIC_ATTRIBUTES(
        Arn.parse(arn).region,
        TopicArn=arn,
        AttributeName="Policy",
        AttributeValue=json.dumps(document, sort_keys=True),
    )


# Subscriptions


def subscription_steps(start: Start) -> Iterator[Step]:
    existing = start.existing.subscriptions
    if isinstance(existing, ReadFailure):
        yield Step("subscription", "skipped", start.target.topic_arn, existing.sentence())
        return
    live = [s for s in existing if s.confirmed or s.pending]
    if not start.options.subscriptions and not any(s.confirmed and _may_receive(s) for s in live):
        yield _nobody_receives(start, live)
    for protocol, endpoint in start.options.subscriptions:
        yield from _subscribe(start, live, protocol, endpoint)


def _nobody_receives(start: Start, live: Sequence[Subscription]) -> Step:
    if live:
        return _existing(live[0])
    why = "nobody is subscribed and the policy names no subscription; add subscriptions:"
    return Step("subscription", "skipped", start.target.topic_arn, why)


def _subscribe(
    start: Start, live: Sequence[Subscription], protocol: str, endpoint: str
) -> Iterator[Step]:
    for subscription in live:
        if (subscription.protocol, subscription.endpoint) == (protocol, endpoint):
            yield _existing(subscription)
            return
    if start.existing.topic is not None:
        # A topic that is made carries the record from the start.
        yield record_subscription(start.target.topic_arn, protocol, endpoint)
    yield subscribe(start.target.topic_arn, protocol, endpoint)


def _may_receive(subscription: Subscription) -> bool:
    return receives(subscription) is not False


def _existing(subscription: Subscription) -> Step:
    """A subscription that is there: adopted, unless nothing gets through to it."""
    resource = f"{subscription.protocol}:{subscription.endpoint}"
    if subscription.pending:
        why = "it waits to be confirmed: " + REASONS["subscription-pending"].fix
        return Step("subscription", "adopted", resource, why)
    if not _may_receive(subscription):
        reason = REASONS["subscription-filtered"]
        return Step("subscription", "skipped", resource, f"{reason.meaning}; {reason.fix}")
    return Step("subscription", "adopted", resource, "it is subscribed")


def subscribe(topic_arn: str, protocol: str, endpoint: str) -> Step:
    call = subscribe_call(topic_arn, protocol, endpoint)
    undo = op.UNSUBSCRIBE(call.region, SubscriptionArn=answered("SubscriptionArn"))
    why = "the policy names this subscriber"
    if protocol in ("email", "email-json", "http", "https"):
        why += "; it receives nothing until it is confirmed from the endpoint"
    return Step("subscription", "planned", f"{protocol}:{endpoint}", why, call, (undo,))


def subscribe_call(topic_arn: str, protocol: str, endpoint: str) -> Call:
    return op.SUBSCRIBE(
        Arn.parse(topic_arn).region,
        TopicArn=topic_arn,
        Protocol=protocol,
        Endpoint=endpoint,
        ReturnSubscriptionArn=True,
    )
