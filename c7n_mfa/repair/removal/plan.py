# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From what was found to the steps that take a repair back.  Pure, no AWS.

Order: alarm, metric filter, subscriptions, topic policy, topic, delivery, role, log group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from c7n_mfa.audit.values import Subscription
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair import calls
from c7n_mfa.repair.records import (
    FILTER_RECORD,
    SUBSCRIPTION_RECORD,
    filter_key,
    is_ours,
    subscription_key,
    tag,
    untag,
)
from c7n_mfa.repair.removal import delivery, undo
from c7n_mfa.repair.removal.found import Found, FoundAlarm, FoundGroup, FoundTopic, Item
from c7n_mfa.repair.values import Call, Step


def make_removal(found: Found, delete_records: bool = False) -> tuple[Step, ...]:
    """The steps that take away what is ours, and a skipped one for what has to stay."""
    return tuple(_steps(found, delete_records))


def _steps(found: Found, delete_records: bool) -> Iterator[Step]:
    for look in found.unseen:
        yield Step("chain", "skipped", look.target, look.sentence())
    for alarm in found.alarms:
        if _tagged(alarm.tags):
            yield _alarm(alarm)
    for group in found.groups:
        yield from _filters(group)
    for topic in found.topics:
        yield from _topic(found, topic)
    yield from delivery.steps(found, delete_records)


def _tagged(tags: object) -> bool:
    return isinstance(tags, Mapping) and is_ours(tags)


def _alarm(alarm: FoundAlarm) -> Step:
    name = alarm.item["AlarmName"]
    call = Call("cloudwatch", alarm.region, "delete_alarms", {"AlarmNames": [name]})
    again = undo.put_alarm(alarm)
    return Step(
        "alarm", "planned", alarm.item["AlarmArn"], "it is ours, by its tag", call, (again,)
    )


# Metric filters


def _filters(group: FoundGroup) -> Iterator[Step]:
    recorded = _recorded(group.tags, FILTER_RECORD)
    if not recorded or group.filters is None:
        return
    if isinstance(group.filters, ReadFailure):
        yield Step("metric-filter", "skipped", group.arn, group.filters.sentence())
        return
    stays: set[str] = set()
    for item in group.filters:
        key = filter_key(group.arn, item["filterName"])
        if key in recorded:
            step = _filter(group, item)
            stays |= {key} if step.result == "skipped" else set()
            yield step
    yield from _forget(group.arn, recorded - stays)


def _recorded(tags: object, prefix: str) -> set[str]:
    return {key for key in tags if key.startswith(prefix)} if isinstance(tags, Mapping) else set()


def _filter(group: FoundGroup, item: Item) -> Step:
    name, region = item["filterName"], Arn.parse(group.arn).region
    if item.get("filterPattern") not in _canonical():
        why = "it was made by a repair and its pattern changed since; delete it by hand"
        return Step("metric-filter", "skipped", name, why)
    which = {"logGroupName": group.item["logGroupName"], "filterName": name}
    call = Call("logs", region, "delete_metric_filter", which)
    again = undo.put_filter(region, group.item["logGroupName"], item)
    why = "it is ours, by the record on its log group"
    return Step("metric-filter", "planned", name, why, call, (again,))


def _canonical() -> set[str]:
    wanted = REQUIREMENTS.values()
    return {each.canonical_for(strict) for each in wanted for strict in (False, True)}


def _forget(arn: str, keys: set[str]) -> Iterator[Step]:
    if keys:
        names = sorted(keys)
        why = "what it notes of ours is gone"
        yield Step("record", "planned", arn, why, untag(arn, names), (tag(arn, names),))


# Topics


def _topic(found: Found, topic: FoundTopic) -> Iterator[Step]:
    if not isinstance(topic.tags, Mapping):
        # Whose it is cannot be said, and that has been said already.
        return
    recorded = _recorded(topic.tags, SUBSCRIPTION_RECORD)
    if isinstance(topic.subscriptions, ReadFailure):
        if recorded or _tagged(topic.tags):
            yield Step("subscription", "skipped", topic.arn, topic.subscriptions.sentence())
        return
    ours, others = _split(topic, topic.subscriptions, recorded)
    steps = {_key(topic, each): _unsubscribe(topic, each) for each in ours}
    goes = _tagged(topic.tags) and not others and not topic.alarms
    # Whoever has not confirmed cannot be unsubscribed; on a topic that goes that is all one.
    yield from (s for s in steps.values() if not (goes and s.result == "skipped"))
    if goes:
        yield _delete_topic(topic)
        return
    if _tagged(topic.tags):
        yield Step("topic", "skipped", topic.arn, _in_use(topic, others))
    else:
        yield from _statement(found, topic)
    stays = {key for key, step in steps.items() if step.result == "skipped"}
    yield from _forget(topic.arn, recorded - stays)


def _split(
    topic: FoundTopic, subscriptions: tuple[Subscription, ...], recorded: set[str]
) -> tuple[list[Subscription], list[Subscription]]:
    """The subscriptions that are ours, and those that are not; deleted ones are neither."""
    live = [each for each in subscriptions if each.confirmed or each.pending]
    ours = [each for each in live if _key(topic, each) in recorded]
    return ours, [each for each in live if each not in ours]


def _key(topic: FoundTopic, subscription: Subscription) -> str:
    return subscription_key(topic.arn, subscription.protocol, subscription.endpoint)


def _unsubscribe(topic: FoundTopic, subscription: Subscription) -> Step:
    resource = f"{subscription.protocol}:{subscription.endpoint}"
    if not subscription.confirmed:
        why = "nobody has confirmed it, so it cannot be taken away; it expires by itself"
        return Step("subscription", "skipped", resource, why)
    region = Arn.parse(topic.arn).region
    call = Call("sns", region, "unsubscribe", {"SubscriptionArn": subscription.arn})
    again = calls.subscribe(topic.arn, subscription.protocol, subscription.endpoint).call
    assert again is not None
    why = "it is ours, by the record on its topic"
    return Step("subscription", "planned", resource, why, call, (again,))


def _in_use(topic: FoundTopic, others: list[Subscription]) -> str:
    if isinstance(topic.alarms, ReadFailure):
        return topic.alarms.sentence()
    users = [*(f"alarm {name}" for name in topic.alarms)]
    users += [f"{each.protocol} subscription {each.endpoint}" for each in others]
    return f"it is ours, and others use it: {', '.join(users)}"


def _delete_topic(topic: FoundTopic) -> Step:
    call = Call("sns", Arn.parse(topic.arn).region, "delete_topic", {"TopicArn": topic.arn})
    return Step(
        "topic", "planned", topic.arn, "it is ours, by its tag", call, undo.create_topic(topic)
    )


def _statement(found: Found, topic: FoundTopic) -> Iterator[Step]:
    """Our statement in the policy of a topic that is not ours."""
    text = None if isinstance(topic.attributes, ReadFailure) else topic.attributes.get("Policy")
    before = policy.parse(text) or {}
    theirs = [s for s in policy.statements(before) if s.get("Sid") != calls.STATEMENT_ID]
    mine = [s for s in policy.statements(before) if s.get("Sid") == calls.STATEMENT_ID]
    if not mine:
        return
    if mine != [calls.statement(topic.arn, found.account_id)]:
        why = f"the statement {calls.STATEMENT_ID} is another than repair makes"
        yield Step("topic-policy", "skipped", topic.arn, why)
    elif not theirs:
        why = "our statement is the only one, and a policy without any is refused"
        yield Step("topic-policy", "skipped", topic.arn, why)
    else:
        after = {**before, "Statement": theirs}
        call, back = calls.set_policy(topic.arn, after), calls.set_policy(topic.arn, before)
        why = f"the statement {calls.STATEMENT_ID} is ours"
        yield Step(
            "topic-policy", "planned", topic.arn, why, call, (back,), before=before, after=after
        )
