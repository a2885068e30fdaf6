# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a topic and its subscriptions: is the alarm's notification delivered?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from c7n_mfa.audit.alarm import NotifyingAlarm
from c7n_mfa.audit.values import Alarm, Key, Snapshot, Subscription, Topic
from c7n_mfa.audit.verdicts import Link, fault, in_other_account, intact, unreadable
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.event_pattern import FILTER_POLICY, OneOf, Partial, matches
from c7n_mfa.aws.read import ReadFailure

CLOUDWATCH = "cloudwatch.amazonaws.com"


def judge_topic(snapshot: Snapshot, arn: str, alarm: NotifyingAlarm) -> Link:
    where = Arn.parse(arn)
    if not snapshot.readable(where.account):
        link = in_other_account("topic", arn, where.account, snapshot.accounts.get(where.account))
        return _with_history(snapshot, link, alarm)
    topic = snapshot.topics.get(arn)
    if isinstance(topic, ReadFailure):
        link = unreadable("topic-unreadable", arn, topic)
    elif topic is None:
        detail = f"alarm {alarm.name} notifies topic {where.resource}, which is gone"
        link = fault("topic-gone", arn, detail)
    else:
        link = _judge(topic, alarm, snapshot.account_id)
    return _with_history(snapshot, link, alarm)


def _judge(topic: Topic, alarm: NotifyingAlarm, account_id: str) -> Link:
    name = Arn.parse(topic.arn).resource
    if may_publish(topic, alarm.arn, account_id) is not True:
        return _refuses(topic, alarm, account_id, name)
    if topic.fifo:
        detail = f"topic {name} is a FIFO topic, and a notification of an alarm has no group"
        return fault("topic-undecided", topic.arn, detail)
    return judge_key(topic, name, account_id, alarm.arn)


def _with_history(snapshot: Snapshot, link: Link, alarm: NotifyingAlarm) -> Link:
    """What became of the alarm's last action, beside a verdict that is not intact."""
    past = snapshot.history.get(alarm.arn)
    if link.verdict == "intact" or not past:
        return link
    return replace(link, evidence={**link.evidence, "last_action": past})


def may_publish(topic: Topic, alarm_arn: str, account_id: str) -> bool | None:
    """Does the topic's policy let CloudWatch publish for this alarm?"""
    if topic.policy is None:
        return None
    context = _context(account_id, alarm_arn)
    return policy.allows(topic.policy, CLOUDWATCH, "sns:Publish", topic.arn, context)


def _context(account_id: str, alarm_arn: str) -> dict[str, str]:
    # An alarm of another account is read with a role; the request is that account's.
    account = Arn.parse(alarm_arn).account or account_id
    return {
        "aws:sourceaccount": account,
        # SNS's own default policy compares this with the topic's owner.
        "aws:sourceowner": account,
        "aws:sourcearn": alarm_arn,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": CLOUDWATCH,
    }


def _refuses(topic: Topic, alarm: NotifyingAlarm, account_id: str, name: str) -> Link:
    if may_publish(topic, alarm.arn, account_id) is None:
        detail = (
            f"the policy of topic {name} depends on conditions that cannot be decided from here"
        )
        return fault("topic-undecided", topic.arn, detail, policy=topic.policy)
    detail = f"the policy of topic {name} does not let {CLOUDWATCH} publish for {alarm.name}"
    return fault("topic-refuses-alarms", topic.arn, detail, policy=topic.policy)


def judge_key(topic: Topic, name: str, account_id: str, alarm_arn: str) -> Link:
    """The topic link of a topic whose policy lets CloudWatch publish."""
    key = topic.kms_key
    if key is None:
        return intact("topic", topic.arn, f"topic {name}")
    if key.endswith("alias/aws/sns"):
        return _unusable(
            topic, f"topic {name} is encrypted with {key}, which CloudWatch cannot use"
        )
    if isinstance(topic.key, ReadFailure):
        return unreadable("topic-unreadable", topic.arn, topic.key)
    if topic.key is not None:
        link = _kind(topic, topic.key, name)
        if link is not None:
            return link
    if isinstance(topic.key_policy, ReadFailure):
        return unreadable("topic-unreadable", topic.arn, topic.key_policy)
    if topic.key_policy is None:
        detail = f"the policy of key {key} that encrypts topic {name} was not found"
        return fault("topic-undecided", topic.arn, detail, key=key)
    return _key_policy(topic, topic.key_policy, name, _context(account_id, alarm_arn))


def _unusable(topic: Topic, detail: str) -> Link:
    return fault("topic-key-refuses-alarms", topic.arn, detail, key=topic.kms_key)


def _kind(topic: Topic, key: Key, name: str) -> Link | None:
    """What is wrong with the key whatever its policy says."""
    if key.manager == "AWS":
        what = f"topic {name} is encrypted with {topic.kms_key}, a key that AWS manages"
        return _unusable(topic, f"{what} and CloudWatch cannot use")
    if key.state != "Enabled":
        detail = f"the key {topic.kms_key} that encrypts topic {name} is in the state {key.state}"
        return _unusable(topic, detail)
    return None


def _key_policy(topic: Topic, key_policy: Any, name: str, context: dict[str, str]) -> Link:
    key = topic.kms_key
    answers = [
        policy.allows(key_policy, CLOUDWATCH, action, "*", context)
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    ]
    if False in answers:
        return _unusable(topic, f"the policy of key {key} does not let {CLOUDWATCH} use it")
    if None in answers:
        return fault("topic-undecided", topic.arn, None, key=key)
    return intact("topic", topic.arn, f"topic {name}, encrypted with {key}")


def judge_subscriptions(
    snapshot: Snapshot, topic_arn: str, alarm: NotifyingAlarm | None = None
) -> Link:
    """One confirmed subscription that receives the notification is enough."""
    subscriptions = snapshot.subscriptions.get(topic_arn, ())
    if isinstance(subscriptions, ReadFailure):
        return unreadable("subscriptions-unreadable", topic_arn, subscriptions)
    name = Arn.parse(topic_arn).resource
    confirmed = [s for s in subscriptions if s.confirmed]
    receiving = [s for s in confirmed if receives(s, alarm) is True]
    if receiving:
        count = {"confirmed": len(confirmed)}
        detail = f"{receiving[0].protocol} subscription of topic {name}"
        return intact("subscription", receiving[0].arn, detail, **count)
    if confirmed:
        return _undelivered(confirmed, name, alarm)
    pending = [s for s in subscriptions if s.pending]
    if pending:
        waiting = ", ".join(sorted({s.protocol for s in pending}))
        detail = f"topic {name} has only pending subscriptions ({waiting})"
        return fault("subscription-pending", topic_arn, detail, pending=len(pending))
    return fault("subscription-absent", topic_arn, f"nobody is subscribed to topic {name}")


def receives(subscription: Subscription, alarm: NotifyingAlarm | None = None) -> bool | None:
    """Does the notification of an alarm pass the subscription's filter policy?

    Alarm notifications carry no message attributes, so a policy on them lets none through: also
    "exists": false "only matches if at least one attribute is present" (SNS, key matching).
    """
    if isinstance(subscription.filter_policy, ReadFailure):
        return None
    if not subscription.filter_policy:
        return True
    if subscription.filter_scope == "MessageAttributes":
        return False
    if alarm is None:
        return None
    return matches(subscription.filter_policy, _body(alarm), FILTER_POLICY)


def _body(alarm: NotifyingAlarm) -> Partial:
    """What is known of the body of the alarm's notification; it has more fields than these."""
    body = Partial(
        AlarmName=alarm.name,
        AlarmArn=alarm.arn,
        AWSAccountId=Arn.parse(alarm.arn).account,
        NewStateValue="ALARM",
        OldStateValue=OneOf(("OK", "INSUFFICIENT_DATA")),
    )
    if isinstance(alarm, Alarm) and not alarm.reads:
        body["Trigger"] = Partial(MetricName=alarm.metric, Namespace=alarm.namespace)
    return body


def _undelivered(
    confirmed: Sequence[Subscription], name: str, alarm: NotifyingAlarm | None
) -> Link:
    undecided = [s for s in confirmed if receives(s, alarm) is None]
    if not undecided:
        detail = f"the filter policies of topic {name}'s subscriptions stop alarm notifications"
        return fault("subscription-filtered", confirmed[0].arn, detail)
    filter_policy = undecided[0].filter_policy
    if isinstance(filter_policy, ReadFailure):
        return unreadable("subscriptions-unreadable", undecided[0].arn, filter_policy)
    return fault("subscription-undecided", undecided[0].arn, None, filter_policy=filter_policy)
