# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What does not get through: each Region's dead-letter queue, its alarm, and what waits there.

EventBridge tries a target for a day, or not at all where it may not, and then drops the event,
unless the target names a queue.  Custodian names none for its functions.  The queue has to be in
the Region of the rule, and so has the topic that an alarm on it notifies.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.aws import policy
from c7n_mfa.aws.change import tag_list
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.forwarding import operations as op
from c7n_mfa.forwarding.values import (
    EVENTS,
    NAME,
    DeadLetters,
    Place,
    RegionState,
    RegionStep,
    Rule,
    RuleTarget,
    Wanted,
    all_tags,
)

_SEND = "sqs:SendMessage"
_SID = "c7n-mfa-signin-forwarding"
# Custodian's rules, and those that forward.
_RULES = ("custodian-*", "c7n-mfa-*")
_TWO_WEEKS = "1209600"


# Reading


def read_dead_letters(
    reader: Reader, place: Place, region: str, wanted: Wanted
) -> DeadLetters | ReadFailure:
    """The queue of a Region, whether an alarm on it notifies somebody, and how much waits."""
    arn = place.queue(region, wanted.queue)
    url = reader.one("sqs", region, "get_queue_url", arn, _url, QueueName=wanted.queue)
    ask = ("cloudwatch", region, "describe_alarms_for_metric", arn)
    alarmed = reader.one(*ask, _notifies, **_metric(wanted.queue))
    topic = _topic(reader, place, region, wanted)
    for answer in (url, alarmed, topic):
        if isinstance(answer, ReadFailure):
            return answer
    found = DeadLetters(arn, url, alarmed=bool(alarmed), topic=topic)
    return found if url is None else _with_attributes(reader, region, found)


def _with_attributes(reader: Reader, region: str, found: DeadLetters) -> DeadLetters | ReadFailure:
    names = ["Policy", "ApproximateNumberOfMessages", "KmsMasterKeyId"]
    asked: dict[str, Any] = {"QueueUrl": found.url, "AttributeNames": names}
    ask = ("sqs", region, "get_queue_attributes", found.arn)
    answer = reader.one(*ask, lambda answer: answer.get("Attributes", {}), **asked)
    if isinstance(answer, ReadFailure):
        return answer
    given = answer or {}
    waiting = int(given.get("ApproximateNumberOfMessages", 0))
    document = policy.parse(given.get("Policy")) or {}
    return replace(found, policy=document, waiting=waiting, key=given.get("KmsMasterKeyId"))


def _url(answer: Any) -> str:
    return str(answer["QueueUrl"])


def _notifies(answer: Any) -> bool:
    alarms = answer.get("MetricAlarms", ())
    return any(alarm.get("ActionsEnabled") and alarm.get("AlarmActions") for alarm in alarms)


def _topic(reader: Reader, place: Place, region: str, wanted: Wanted) -> Any:
    """The ARN of the topic in the Region, where there is one."""
    if wanted.topic is None:
        return None
    arn = f"arn:{place.partition}:sns:{region}:{place.account}:{wanted.topic}"
    return reader.one("sns", region, "get_topic_attributes", arn, lambda _: arn, TopicArn=arn)


def _metric(queue: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
    }


# Judging


def lacks(found: DeadLetters, here: RegionState, place: Place) -> str | None:
    """What is lost without anybody's knowing, in the Region; None for nothing."""
    if found.url is None:
        return f"there is no queue {found.arn}"
    unsent = [rule.name for rule, _ in _led(here, place) if not _may_send(found, rule, place)]
    dropped = [rule.name for rule, target in _led(here, place) if not _queue_of(target)]
    said = [
        f"the policy of {found.arn} lets EventBridge send nothing for {', '.join(unsent)}",
        f"what the target of {', '.join(dropped)} does not get is dropped",
        f"no alarm on {found.arn} notifies anybody",
        f"{found.arn} is encrypted with {found.key}, {_UNUSABLE}",
    ]
    unnoticed = here.region == place.home and not found.alarmed
    true = (unsent, dropped, unnoticed, _is_unusable(found))
    return "; ".join(sentence for sentence, holds in zip(said, true, strict=True) if holds) or None


# The policy of a key that AWS manages lets in nobody but the account's own principals, and cannot
# be changed; that of a customer key is not followed.
_UNUSABLE = "which EventBridge may not use; let SQS manage the key"


def _is_unusable(found: DeadLetters) -> bool:
    return bool(found.key and found.key.endswith("alias/aws/sqs"))


def _led(here: RegionState, place: Place) -> Iterator[tuple[Rule, RuleTarget]]:
    """The targets by which a sign-in goes on: the home bus, or at home custodian's functions."""
    rules = () if isinstance(here.rules, ReadFailure) else here.rules
    for rule in rules:
        targets = here.targets.get(rule.name, ())
        for target in () if isinstance(targets, ReadFailure) else targets:
            if here.region == place.home:
                leads_on = rule.name.startswith("custodian-") and ":lambda:" in target.arn
            else:
                leads_on = target.arn == place.bus
            if leads_on:
                yield rule, target


def _queue_of(target: RuleTarget) -> str | None:
    return (target.parameters.get("DeadLetterConfig") or {}).get("Arn")


def _may_send(found: DeadLetters, rule: Rule, place: Place) -> bool:
    context = {"aws:sourcearn": rule.arn, "aws:sourceaccount": place.account}
    return policy.allows(found.policy, EVENTS, _SEND, found.arn, context) is True


# Setting up


def queue_steps(
    found: DeadLetters, here: RegionState, place: Place, tags: Mapping[str, str]
) -> Iterator[RegionStep]:
    """The queue, that EventBridge may send to it, and an alarm on it."""
    if found.url is None:
        yield _create_queue(found, here.region, place, tags)
    elif not all(
        _may_send(found, Rule(name, place.rule(here.region, name), None), place) for name in _RULES
    ):
        yield _let_send(found, here.region, place)
    if _is_unusable(found):
        why = f"the queue is encrypted with {found.key}, {_UNUSABLE}"
        yield RegionStep("queue", "skipped", found.arn, why, region=here.region)
    if not found.alarmed:
        yield _alarm(found, here.region, tags)


def target_steps(found: DeadLetters, here: RegionState, place: Place) -> Iterator[RegionStep]:
    """Every target that leads on and names no queue."""
    for rule, target in _led(here, place):
        if _queue_of(target):
            continue
        if here.region != place.home and rule.name != NAME:
            why = "somebody else's rule; give its target a dead-letter queue"
            yield RegionStep("target", "skipped", rule.arn, why, region=here.region)
            continue
        before = dict(target.parameters)
        after = {**before, "DeadLetterConfig": {"Arn": found.arn}}
        call, undo = (
            op.PUT_TARGETS(here.region, Rule=rule.name, Targets=[given])
            for given in (after, before)
        )
        why = f"what it does not get goes to {found.arn}"
        yield RegionStep("target", "planned", rule.arn, why, call, (undo,), region=here.region)


def _create_queue(
    found: DeadLetters, region: str, place: Place, tags: Mapping[str, str]
) -> RegionStep:
    attributes = {
        "MessageRetentionPeriod": _TWO_WEEKS,
        "SqsManagedSseEnabled": "true",
        "Policy": _policy(found, region, place),
    }
    name = found.arn.rpartition(":")[2]
    call = op.CREATE_QUEUE(region, QueueName=name, Attributes=attributes, tags=all_tags(tags))
    undo = op.DELETE_QUEUE(region, QueueUrl="<QueueUrl>")
    why = "EventBridge drops what it cannot deliver, unless there is a queue for it"
    return RegionStep("queue", "planned", found.arn, why, call, (undo,), region=region)


def _let_send(found: DeadLetters, region: str, place: Place) -> RegionStep:
    texts = (_policy(found, region, place), json.dumps(found.policy) if found.policy else "")
    call, undo = (
        op.SET_QUEUE_ATTRIBUTES(region, QueueUrl=found.url, Attributes={"Policy": text})
        for text in texts
    )
    why = "EventBridge has to be allowed to send to it"
    return RegionStep("queue", "planned", found.arn, why, call, (undo,), region=region)


def _policy(found: DeadLetters, region: str, place: Place) -> str:
    """The policy of the queue, with our statement beside those of others."""
    ours = {
        "Sid": _SID,
        "Effect": "Allow",
        "Principal": {"Service": EVENTS},
        "Action": _SEND,
        "Resource": found.arn,
        "Condition": {"ArnLike": {"aws:SourceArn": [place.rule(region, name) for name in _RULES]}},
    }
    others = [each for each in policy.statements(found.policy) if each.get("Sid") != _SID]
    return json.dumps({"Version": "2012-10-17", **found.policy, "Statement": [*others, ours]})


def _alarm(found: DeadLetters, region: str, tags: Mapping[str, str]) -> RegionStep:
    name = found.arn.rpartition(":")[2]
    if found.topic is None:
        why = (
            "an alarm notifies only a topic of its own Region, and the option topic names none "
            f"that exists in {region}; until then signin-forwarding says what waits in the queue"
        )
        return RegionStep("alarm", "skipped", name, why, region=region)
    call = op.PUT_ALARM(
        region,
        AlarmName=name,
        AlarmDescription="Sign-ins did not get through; c7n-mfa redrive hands them over (c7n-mfa).",
        AlarmActions=[found.topic],
        **_metric(name),
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        Tags=tag_list(all_tags(tags)),
    )
    undo = op.DELETE_ALARMS(region, AlarmNames=[name])
    why = "somebody is notified of what waits in the queue"
    return RegionStep("alarm", "planned", name, why, call, (undo,), region=region)
