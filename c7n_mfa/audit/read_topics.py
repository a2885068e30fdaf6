# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A topic, the key that encrypts it, and its subscriptions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import Key, Subscription, Topic
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, together

Subscriptions = tuple[Subscription, ...] | ReadFailure


def read_topic(reader: Reader, arn: str) -> tuple[Topic | ReadFailure | None, Subscriptions]:
    """One topic with its key, and its subscriptions; ``None`` and none where it is gone."""
    topic, subscriptions = together(
        partial(_read_topic, reader, arn), partial(_read_subscriptions, reader, arn)
    )
    return topic, () if topic is None else subscriptions


def _read_topic(reader: Reader, arn: str) -> Topic | ReadFailure | None:
    region = Arn.parse(arn).region
    topic: Topic | ReadFailure | None = reader.one(
        "sns",
        region,
        "get_topic_attributes",
        arn,
        lambda answer: shapes.topic(arn, answer["Attributes"]),
        TopicArn=arn,
    )
    return _with_key(reader, topic, region) if isinstance(topic, Topic) else topic


def _read_subscriptions(reader: Reader, arn: str) -> Subscriptions:
    region = Arn.parse(arn).region
    subscriptions: Subscriptions | None = reader.every(
        "sns",
        region,
        "list_subscriptions_by_topic",
        "Subscriptions",
        arn,
        shapes.subscription,
        TopicArn=arn,
    )
    if isinstance(subscriptions, tuple):
        return _with_filter_policies(reader, subscriptions, region)
    return subscriptions if subscriptions is not None else ()


def _with_key(reader: Reader, topic: Topic, region: str) -> Topic:
    """The topic with its key and the key's policy; the AWS-managed key is known as it is."""
    name = topic.kms_key
    if not name or name.endswith("alias/aws/sns"):
        return topic
    where = Arn.parse(name).region or region
    key: Key | ReadFailure | None = reader.one(
        "kms", where, "describe_key", name, shapes.key, KeyId=name
    )
    topic = replace(topic, key=key)
    if isinstance(key, Key) and key.manager == "AWS":
        return topic
    # GetKeyPolicy takes no alias.
    known = key.arn if isinstance(key, Key) else name
    if "alias/" in known:
        return topic
    answer = reader.one(
        "kms",
        where,
        "get_key_policy",
        name,
        lambda page: policy.parse(page["Policy"]),
        KeyId=known,
        PolicyName="default",
    )
    return replace(topic, key_policy=answer)


def _with_filter_policies(
    reader: Reader, subscriptions: tuple[Subscription, ...], region: str
) -> tuple[Subscription, ...]:
    """Subscriptions with their filter policies, up to the first that certainly hears."""
    done: list[Subscription] = []
    for position, subscription in enumerate(subscriptions):
        if subscription.confirmed:
            subscription = _with_filter_policy(reader, subscription, region)
        done.append(subscription)
        if subscription.confirmed and subscription.filter_policy is None:
            return (*done, *subscriptions[position + 1 :])
    return tuple(done)


def _with_filter_policy(reader: Reader, subscription: Subscription, region: str) -> Subscription:
    answer = reader.one(
        "sns",
        region,
        "get_subscription_attributes",
        subscription.arn,
        lambda page: shapes.filter_policy(page["Attributes"]),
        SubscriptionArn=subscription.arn,
    )
    if isinstance(answer, ReadFailure):
        return replace(subscription, filter_policy=answer)
    if answer is None:
        return replace(subscription, arn="Deleted")
    return replace(subscription, filter_policy=answer[0], filter_scope=answer[1])
