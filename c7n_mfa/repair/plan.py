# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The plan: from a judgement to the ordered steps that make the chain whole.  Pure, no AWS.

What works is adopted.  What is broken and was not created by c7n-mfa is left as it is, and a new
link is built beside it.  Where that is not possible the plan holds one refusal and no write at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from c7n_mfa.audit.values import Snapshot
from c7n_mfa.audit.verdicts import Chain, Judgement
from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import Step
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import operations as op
from c7n_mfa.repair.alarm import alarm_arn, alarm_step, filter_steps, new_filter
from c7n_mfa.repair.log_delivery import delivery_steps
from c7n_mfa.repair.target import Start, choose_target
from c7n_mfa.repair.topic import subscription_steps, topic_steps
from c7n_mfa.repair.values import Existing, RepairOptions

# A subscription that cannot be made leaves the rest worth doing.
_OPTIONAL = "subscription"


def make_plan(
    judgement: Judgement, snapshot: Snapshot, existing: Existing, options: RepairOptions
) -> tuple[Step, ...]:
    """The steps in order: delivery, topic, policy, subscriptions, metric filter, alarm."""
    if judgement.verdict == "intact":
        return ()
    if judgement.verdict == "unknown":
        chains = judgement.chains
        open_end = next((chain for chain in chains if chain.verdict == "unknown"), chains[0])
        return (_refuse(open_end, "the audit could not tell: "),)
    target = choose_target(judgement, options, snapshot)
    if target is None:
        return (_refuse(judgement.chains[0], ""),)
    owner = Arn.parse(target.log_group_arn).account
    if owner != snapshot.account_id:
        why = f"the log group is in account {owner}; run the repair there"
        return (Step("chain", "skipped", target.log_group_arn, why),)
    start = Start(snapshot, existing, options, target)
    steps = tuple(_steps(start))
    steps = (*steps, *over_quota(start, steps))
    refusals = tuple(step for step in steps if step.result == "skipped" and step.step != _OPTIONAL)
    return refusals or steps


def _steps(start: Start) -> Iterator[Step]:
    metric_filter = start.target.metric_filter or new_filter(start)
    arn = alarm_arn(start)
    yield from delivery_steps(start)
    yield from topic_steps(start, arn)
    yield from subscription_steps(start)
    yield from filter_steps(start, metric_filter)
    yield alarm_step(start, metric_filter, arn)


def _refuse(chain: Chain, before: str) -> Step:
    link = chain.last
    fix = f"; {link.fix}" if link.fix else ""
    return Step("chain", "skipped", link.resource, f"{before}{link.detail}{fix}")


# The quotas of AWS that a plan could run into, looked at before its first write.  They are those of
# the service quotas pages; none of them can be raised but that of alarms.  Metric filters with a
# regular expression have a quota of their own, five in a log group: the canonical patterns hold
# none.

FILTERS_IN_A_LOG_GROUP = 100
ACTIONS_IN_A_STATE = 5
TAGS_ON_A_RESOURCE = 50
STATEMENTS_IN_A_TOPIC_POLICY = 100
BYTES_OF_A_TOPIC_POLICY = 30_000


def over_quota(start: Start, steps: Sequence[Step]) -> Iterator[Step]:
    """A refusal for every step that AWS would refuse for a quota."""
    for step in steps:
        if step.is_write and step.call is not None:
            sentence = next(_exceeded(start, step.call), None)
            if sentence:
                yield Step(step.step, "skipped", step.resource, sentence)


def _exceeded(start: Start, call: Call) -> Iterator[str]:
    tags = len(call.parameters.get("Tags") or call.parameters.get("tags") or ())
    if tags > TAGS_ON_A_RESOURCE:
        yield _sentence("tags on a resource", TAGS_ON_A_RESOURCE, tags)
    if call.of == op.PUT_METRIC_FILTER:
        yield from _filters(start)
    elif call.of == op.PUT_METRIC_ALARM:
        actions = len(call.parameters["AlarmActions"])
        if actions > ACTIONS_IN_A_STATE:
            yield _sentence("actions of an alarm for a state", ACTIONS_IN_A_STATE, actions)
    elif call.of == op.SET_TOPIC_ATTRIBUTES:
        yield from _policy(call.parameters["AttributeValue"])


def _filters(start: Start) -> Iterator[str]:
    filters = start.snapshot.filters.get(start.target.log_group_arn, ())
    if not isinstance(filters, ReadFailure) and len(filters) >= FILTERS_IN_A_LOG_GROUP:
        count = len(filters) + 1
        yield _sentence("metric filters in a log group", FILTERS_IN_A_LOG_GROUP, count)


def _policy(text: str) -> Iterator[str]:
    statements = len(list(policy.statements(json.loads(text))))
    if statements > STATEMENTS_IN_A_TOPIC_POLICY:
        name = "statements in a topic's policy"
        yield _sentence(name, STATEMENTS_IN_A_TOPIC_POLICY, statements)
    size = len(text.encode())
    if size > BYTES_OF_A_TOPIC_POLICY:
        yield _sentence("bytes of a topic's policy", BYTES_OF_A_TOPIC_POLICY, size)


def _sentence(quota: str, allowed: int, needed: int) -> str:
    return f"AWS allows {allowed} {quota}, and this would make it {needed}"
