# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What is read of topics, keys and subscriptions, and of other routes: event rules, log alarms.

Other routes are reported and decide nothing: a rule gets the sign-ins of one Region, and where its
targets lead to is not followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import Key, Route, Subscription, Topic
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.event_pattern import Partial, matches
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
    """Subscriptions with their filter policies, up to the first that certainly receives."""
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


# What a pattern or a query that means to look for sign-ins names.
_NAMES = ("ConsoleLogin", "signin", "Sign In", "MFAUsed")


Routes = list[Route | ReadFailure]


def read_routes(
    reader: Reader, account: str, regions: Iterable[str]
) -> tuple[Route | ReadFailure, ...]:
    """Event rules on the default bus and log alarms of these Regions."""
    routes = together(*(partial(_of_region, reader, account, region) for region in regions))
    return tuple(chain.from_iterable(routes))


def _of_region(reader: Reader, account: str, region: str) -> Routes:
    rules, alarms = together(
        partial(_rules, reader, account, region), partial(_log_alarms, reader, region)
    )
    return [*rules, *alarms]


def _rules(reader: Reader, account: str, region: str) -> Routes:
    rules = reader.every("events", region, "list_rules", "Rules", "*", dict)
    if isinstance(rules, ReadFailure):
        return [rules]
    reads = []
    for rule in rules or ():
        answer = _matches(str(rule.get("EventPattern") or ""), account, region)
        if answer is not False and str(rule.get("State")).startswith("ENABLED"):
            reads.append(partial(_targets, reader, region, rule, answer))
    return list(chain.from_iterable(together(*reads)))


def _matches(text: str, account: str, region: str) -> bool | None:
    """Does the event pattern match a sign-in without MFA of this account in this Region?"""
    if not text:
        return False
    try:
        answer = matches(json.loads(text), _event(account, region))
    except ValueError:
        answer = None
    if answer is None and not any(name in text for name in _NAMES):
        return False
    return answer


def _event(account: str, region: str) -> Mapping[str, Any]:
    detail = Partial(
        eventSource="signin.amazonaws.com",
        eventName="ConsoleLogin",
        eventType="AwsConsoleSignIn",
        additionalEventData=Partial(MFAUsed="No"),
        responseElements=Partial(ConsoleLogin="Success"),
    )
    return Partial(
        {
            "source": "aws.signin",
            "detail-type": "AWS Console Sign In via CloudTrail",
            "account": account,
            "region": region,
            "detail": detail,
        }
    )


def _targets(reader: Reader, region: str, rule: Mapping[str, Any], answer: bool | None) -> Routes:
    name = str(rule.get("Name"))
    targets = reader.every(
        "events",
        region,
        "list_targets_by_rule",
        "Targets",
        name,
        lambda item: str(item["Arn"]),
        Rule=name,
    )
    if isinstance(targets, ReadFailure):
        return [targets]
    if not targets:
        return []
    detail = f"event rule {name} sends console sign-ins of {region} to {len(targets)} target(s)"
    return [Route("event-rule", region, str(rule.get("Arn") or name), detail, answer, targets)]


def _log_alarms(reader: Reader, region: str) -> Routes:
    alarms = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "LogAlarms",
        "*",
        _log_alarm,
        AlarmTypes=["LogAlarm"],
    )
    if isinstance(alarms, ReadFailure):
        return [alarms]
    return [alarm for alarm in alarms or () if alarm is not None]


def _log_alarm(item: Mapping[str, Any]) -> Route | None:
    """A log alarm whose query names sign-ins; what the query finds is not judged."""
    arn, name = str(item["AlarmArn"]), str(item["AlarmName"])
    query = str((item.get("ScheduledQueryConfiguration") or {}).get("QueryString") or "")
    actions = tuple(item.get("AlarmActions") or ())
    if not actions or not item.get("ActionsEnabled", True):
        return None
    if not any(word in query for word in _NAMES):
        return None
    detail = f"log alarm {name} queries for console sign-ins"
    return Route("log-alarm", Arn.parse(arn).region, arn, detail, None, actions)
