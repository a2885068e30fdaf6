# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The quotas of AWS that a plan could run into, looked at before its first write.

They are those of the service quotas pages; none of them can be raised but that of alarms.
Metric filters with a regular expression have a quota of their own, five in a log group: the
canonical patterns hold none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from c7n_mfa.aws import policy
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair.plan.start import Start
from c7n_mfa.repair.values import Call, Step

FILTERS_IN_A_LOG_GROUP = 100
ACTIONS_IN_A_STATE = 5
TAGS_ON_A_RESOURCE = 50
STATEMENTS_IN_A_TOPIC_POLICY = 100
BYTES_OF_A_TOPIC_POLICY = 30_000


def over_quota(start: Start, steps: Sequence[Step]) -> Iterator[Step]:
    """A refusal for every step that AWS would refuse for a quota."""
    for step in steps:
        if step.result == "planned" and step.call is not None:
            sentence = next(_exceeded(start, step.call), None)
            if sentence:
                yield Step(step.step, "skipped", step.resource, sentence)


def _exceeded(start: Start, call: Call) -> Iterator[str]:
    tags = len(call.parameters.get("Tags") or call.parameters.get("tags") or ())
    if tags > TAGS_ON_A_RESOURCE:
        yield _sentence("tags on a resource", TAGS_ON_A_RESOURCE, tags)
    if call.operation == "put_metric_filter":
        yield from _filters(start)
    elif call.operation == "put_metric_alarm":
        actions = len(call.parameters["AlarmActions"])
        if actions > ACTIONS_IN_A_STATE:
            yield _sentence("actions of an alarm for a state", ACTIONS_IN_A_STATE, actions)
    elif call.operation == "set_topic_attributes":
        yield from _policy(call.parameters["AttributeValue"])


def _filters(start: Start) -> Iterator[str]:
    filters = start.seen.filters.get(start.base.log_group_arn, ())
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
