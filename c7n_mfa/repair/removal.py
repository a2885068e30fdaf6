# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From what repair may have created to the steps that take it away.  Pure, no AWS.

Nothing is taken away but what repair has tagged or recorded; the rest stays, and where that keeps
something that repair has created too, the step is skipped with the reason.  Order: alarm, metric
filter, subscriptions, topic policy, topic, delivery, role, log group.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from c7n_mfa.audit.values import Subscription
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import Step, tag_list
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair import operations as op
from c7n_mfa.repair import topic as topics
from c7n_mfa.repair.created import (
    CandidateAlarm,
    CandidateGroup,
    Candidates,
    CandidateTopic,
    Item,
)
from c7n_mfa.repair.existing import as_put
from c7n_mfa.repair.log_delivery import put_policy
from c7n_mfa.repair.values import (
    FILTER_RECORD,
    POLICY_NAME,
    ROLE_NAME,
    SUBSCRIPTION_RECORD,
    Role,
    bare,
    created,
    filter_key,
    subscription_key,
    tag,
    untag,
)

_BY_TAG = "created by c7n-mfa, by its tag"
# The attributes that CreateTopic takes; the others are counts and names.
_TOPIC = ("DisplayName", "KmsMasterKeyId", "DeliveryPolicy", "Policy", "TracingConfig")
_FILTER = ("filterPattern", "metricTransformations", "applyOnTransformedLogs")


def make_removal(candidates: Candidates, delete_records: bool = False) -> tuple[Step, ...]:
    """The steps that take away what was created, and a skipped one for what has to stay."""
    return tuple(_steps(candidates, delete_records))


def _steps(candidates: Candidates, delete_records: bool) -> Iterator[Step]:
    for failure in candidates.failures:
        yield Step("chain", "skipped", failure.target, failure.sentence())
    for alarm in candidates.alarms:
        if created(alarm.tags):
            yield _alarm(alarm)
    for group in candidates.groups:
        yield from _filters(group)
    for topic in candidates.topics:
        yield from _topic(candidates, topic)
    yield from _delivery(candidates, delete_records)


def _alarm(alarm: CandidateAlarm) -> Step:
    call = op.DELETE_ALARMS(alarm.region, AlarmNames=[alarm.item["AlarmName"]])
    again = op.PUT_METRIC_ALARM(alarm.region, **as_put(alarm.item), Tags=tag_list(alarm.tags))
    return Step("alarm", "planned", alarm.item["AlarmArn"], _BY_TAG, call, (again,))


# Metric filters


def _filters(group: CandidateGroup) -> Iterator[Step]:
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


def _filter(group: CandidateGroup, item: Item) -> Step:
    name, region = item["filterName"], Arn.parse(group.arn).region
    if item.get("filterPattern") not in _canonical():
        why = "it was made by a repair and its pattern changed since; delete it by hand"
        return Step("metric-filter", "skipped", name, why)
    named = {"logGroupName": group.item["logGroupName"], "filterName": name}
    kept = {key: item[key] for key in _FILTER if key in item}
    call = op.DELETE_METRIC_FILTER(region, **named)
    again = op.PUT_METRIC_FILTER(region, **named, **kept)
    why = "created by c7n-mfa, by the record on its log group"
    return Step("metric-filter", "planned", name, why, call, (again,))


def _canonical() -> set[str]:
    requirements = REQUIREMENTS.values()
    return {known.canonical_for(strict) for known in requirements for strict in (False, True)}


def _forget(arn: str, keys: set[str]) -> Iterator[Step]:
    if keys:
        names = sorted(keys)
        why = "what it records is gone"
        yield Step("record", "planned", arn, why, untag(arn, names), (tag(arn, names),))


# Topics


def _topic(candidates: Candidates, topic: CandidateTopic) -> Iterator[Step]:
    if not isinstance(topic.tags, Mapping):
        # Who created it cannot be said, and that has been said already.
        return
    recorded = _recorded(topic.tags, SUBSCRIPTION_RECORD)
    if isinstance(topic.subscriptions, ReadFailure):
        if recorded or created(topic.tags):
            yield Step("subscription", "skipped", topic.arn, topic.subscriptions.sentence())
        return
    own, others = _split(topic, topic.subscriptions, recorded)
    steps = {_key(topic, subscription): _unsubscribe(topic, subscription) for subscription in own}
    goes = created(topic.tags) and not others and not topic.alarms
    # Whoever has not confirmed cannot be unsubscribed; on a topic that goes that is all one.
    yield from (s for s in steps.values() if not (goes and s.result == "skipped"))
    if goes:
        yield _delete_topic(topic)
        return
    if created(topic.tags):
        yield Step("topic", "skipped", topic.arn, _in_use(topic, others))
    else:
        yield from _statement(candidates, topic)
    stays = {key for key, step in steps.items() if step.result == "skipped"}
    yield from _forget(topic.arn, recorded - stays)


def _split(
    topic: CandidateTopic, subscriptions: tuple[Subscription, ...], recorded: set[str]
) -> tuple[list[Subscription], list[Subscription]]:
    """The subscriptions that repair made, and those of others; deleted ones are neither."""
    live = [s for s in subscriptions if s.confirmed or s.pending]
    own = [s for s in live if _key(topic, s) in recorded]
    return own, [s for s in live if s not in own]


def _key(topic: CandidateTopic, subscription: Subscription) -> str:
    return subscription_key(topic.arn, subscription.protocol, subscription.endpoint)


def _unsubscribe(topic: CandidateTopic, subscription: Subscription) -> Step:
    resource = f"{subscription.protocol}:{subscription.endpoint}"
    if not subscription.confirmed:
        why = "nobody has confirmed it, so it cannot be taken away; it expires by itself"
        return Step("subscription", "skipped", resource, why)
    call = op.UNSUBSCRIBE(Arn.parse(topic.arn).region, SubscriptionArn=subscription.arn)
    again = topics.subscribe_call(topic.arn, subscription.protocol, subscription.endpoint)
    why = "created by c7n-mfa, by the record on its topic"
    return Step("subscription", "planned", resource, why, call, (again,))


def _in_use(topic: CandidateTopic, others: list[Subscription]) -> str:
    if isinstance(topic.alarms, ReadFailure):
        return topic.alarms.sentence()
    users = [*(f"alarm {name}" for name in topic.alarms)]
    users += [f"{other.protocol} subscription {other.endpoint}" for other in others]
    return _others(users)


def _others(users: Iterable[str]) -> str:
    return f"created by c7n-mfa, and others use it: {', '.join(users)}"


def _delete_topic(topic: CandidateTopic) -> Step:
    where = Arn.parse(topic.arn)
    given: dict[str, Any] = {"Tags": tag_list(topic.tags)}
    if not isinstance(topic.attributes, ReadFailure):
        known = topic.attributes
        given["Attributes"] = {key: known[key] for key in _TOPIC if known.get(key)}
    call = op.DELETE_TOPIC(where.region, TopicArn=topic.arn)
    again = op.CREATE_TOPIC(where.region, Name=where.resource, **given)
    return Step("topic", "planned", topic.arn, _BY_TAG, call, (again,))


def _statement(candidates: Candidates, topic: CandidateTopic) -> Iterator[Step]:
    """The statement of repair in the policy of a topic that somebody else has made."""
    text = None if isinstance(topic.attributes, ReadFailure) else topic.attributes.get("Policy")
    before = policy.parse(text) or {}
    others = [s for s in policy.statements(before) if s.get("Sid") != topics.STATEMENT_ID]
    own = [s for s in policy.statements(before) if s.get("Sid") == topics.STATEMENT_ID]
    if not own:
        return
    statement = f"the statement {topics.STATEMENT_ID}"
    if own != [topics.statement(topic.arn, candidates.account_id)]:
        why = f"{statement} is another than repair makes"
        yield Step("topic-policy", "skipped", topic.arn, why)
    elif not others:
        why = f"{statement} is the only one, and a policy without any is refused"
        yield Step("topic-policy", "skipped", topic.arn, why)
    else:
        after = {**before, "Statement": others}
        call, back = (topics.set_policy(topic.arn, document) for document in (after, before))
        why = f"{statement} was created by c7n-mfa"
        yield Step(
            "topic-policy", "planned", topic.arn, why, call, (back,), before=before, after=after
        )


# The delivery of a trail, its role and its log group


def _delivery(candidates: Candidates, delete_records: bool) -> Iterator[Step]:
    """A log group that somebody else uses too stays, and so does what delivers to it."""
    groups = [group for group in candidates.groups if created(group.tags)]
    if isinstance(candidates.trails, ReadFailure):
        yield from _all_stay(candidates, groups, candidates.trails)
        return
    kept = {bare(group.arn) for group in groups if group.used_by}
    trails = [
        trail
        for trail in candidates.trails
        if bare(trail.get("CloudWatchLogsLogGroupArn") or "") not in kept
    ]
    for group in groups:
        if group.used_by:
            yield Step("log-group", "skipped", group.arn, _used(group))
    yield from (_stop(trail) for trail in trails)
    if candidates.role and len(trails) == len(candidates.trails):
        yield from _role(candidates.region, candidates.role)
    for group in groups:
        if not group.used_by:
            yield _group(group, delete_records)


def _all_stay(
    candidates: Candidates, groups: Iterable[CandidateGroup], failure: ReadFailure
) -> Iterator[Step]:
    """A trail that could not be read may deliver with them."""
    if candidates.role:
        yield Step("role", "skipped", candidates.role.arn, failure.sentence())
    yield from (Step("log-group", "skipped", group.arn, failure.sentence()) for group in groups)


def _used(group: CandidateGroup) -> str:
    if isinstance(group.used_by, ReadFailure):
        return group.used_by.sentence()
    return _others(group.used_by)


def _stop(trail: Item) -> Step:
    arn = trail["TrailARN"]
    names = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
    before = {name: trail.get(name) or "" for name in names}
    after = dict.fromkeys(names, "")
    region = Arn.parse(arn).region
    call = op.STOP_DELIVERY(region, Name=arn, **after)
    back = op.LET_DELIVER(region, Name=arn, **before)
    why = "it delivers with the role that c7n-mfa created; before, it delivered to no log group"
    return Step("trail-delivery", "planned", arn, why, call, (back,), before=before, after=after)


def _role(region: str, role: Role) -> Iterator[Step]:
    if role.policy is not None:
        call = op.DELETE_ROLE_POLICY(region, RoleName=ROLE_NAME, PolicyName=POLICY_NAME)
        back = put_policy(region, role.policy)
        why = "it is on the role that c7n-mfa created"
        yield Step("role-policy", "planned", role.arn, why, call, (back,))
    back = op.CREATE_ROLE(
        region,
        RoleName=ROLE_NAME,
        AssumeRolePolicyDocument=json.dumps(role.trust, sort_keys=True),
        Tags=tag_list(role.tags),
    )
    call = op.DELETE_ROLE(region, RoleName=ROLE_NAME)
    yield Step("role", "planned", role.arn, _BY_TAG, call, (back,))


def _group(group: CandidateGroup, delete_records: bool) -> Step:
    if isinstance(group.has_records, ReadFailure):
        return Step("log-group", "skipped", group.arn, group.has_records.sentence())
    if group.has_records and not delete_records:
        why = "created by c7n-mfa, and holds events; delete them too with log-records: delete"
        return Step("log-group", "skipped", group.arn, why)
    region, name = Arn.parse(group.arn).region, group.item["logGroupName"]
    tags = dict(group.tags) if isinstance(group.tags, Mapping) else {}
    again = [op.CREATE_LOG_GROUP(region, logGroupName=name, tags=tags)]
    days = group.item.get("retentionInDays")
    if days:
        again.append(op.PUT_RETENTION_POLICY(region, logGroupName=name, retentionInDays=days))
    call = op.DELETE_LOG_GROUP(region, logGroupName=name)
    return Step("log-group", "planned", group.arn, _BY_TAG, call, tuple(again))
