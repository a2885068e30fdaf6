# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a topic's subscriptions: does anybody hear the alarm's notification?"""

from __future__ import annotations

from collections.abc import Sequence

from c7n_mfa.audit.links.alarm import Teller
from c7n_mfa.audit.values import Alarm, Snapshot, Subscription
from c7n_mfa.audit.verdicts import Link, fault, intact, unseen
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.event_pattern import FILTER_POLICY, OneOf, Partial, matches
from c7n_mfa.aws.read import ReadFailure


def judge_subscriptions(seen: Snapshot, topic_arn: str, alarm: Teller | None = None) -> Link:
    """One subscription that hears is enough."""
    subscriptions = seen.subscriptions.get(topic_arn, ())
    if isinstance(subscriptions, ReadFailure):
        return unseen("subscriptions-unreadable", topic_arn, subscriptions)
    name = Arn.parse(topic_arn).resource
    confirmed = [s for s in subscriptions if s.confirmed]
    hearing = [s for s in confirmed if hears(s, alarm) is True]
    if hearing:
        count = {"confirmed": len(confirmed)}
        detail = f"{hearing[0].protocol} subscription of topic {name}"
        return intact("subscription", hearing[0].arn, detail, **count)
    if confirmed:
        return _unheard(confirmed, name, alarm)
    pending = [s for s in subscriptions if s.pending]
    if pending:
        waiting = ", ".join(sorted({s.protocol for s in pending}))
        detail = f"topic {name} has only pending subscriptions ({waiting})"
        return fault("subscription-pending", topic_arn, detail, pending=len(pending))
    return fault("subscription-absent", topic_arn, f"nobody is subscribed to topic {name}")


def hears(subscription: Subscription, alarm: Teller | None = None) -> bool | None:
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


def _body(alarm: Teller) -> Partial:
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


def _unheard(confirmed: Sequence[Subscription], name: str, alarm: Teller | None) -> Link:
    open_ones = [s for s in confirmed if hears(s, alarm) is None]
    if not open_ones:
        detail = f"the filter policies of topic {name}'s subscriptions stop alarm notifications"
        return fault("subscription-filtered", confirmed[0].arn, detail)
    look = open_ones[0].filter_policy
    if isinstance(look, ReadFailure):
        return unseen("subscriptions-unreadable", open_ones[0].arn, look)
    return fault("subscription-undecided", open_ones[0].arn, None, filter_policy=look)
