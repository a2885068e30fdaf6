# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How repair writes down what is its own, so that removal takes away that and nothing else.

What can carry a tag carries ``c7n-mfa``.  Metric filters and subscriptions cannot: they are written
down as a tag on what holds them, the log group and the topic, before they are made.  A repair that
is killed in between leaves a record without a thing, never a thing without its record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.repair.values import OWNER_TAG, OWNER_VALUE, Call, Step

FILTER_RECORD = "c7n-mfa-filter-"
SUBSCRIPTION_RECORD = "c7n-mfa-subscription-"


def is_ours(tags: Mapping[str, str]) -> bool:
    return tags.get(OWNER_TAG) == OWNER_VALUE


def filter_key(group_arn: str, name: str) -> str:
    """The tag on a log group that says that its metric filter of this name is ours."""
    return FILTER_RECORD + _digest(bare(group_arn), name)


def subscription_key(topic_arn: str, protocol: str, endpoint: str) -> str:
    """The tag on a topic that says that this subscription is ours.

    A digest: an endpoint may be a person's address, and holds signs that a tag may not.
    """
    return SUBSCRIPTION_RECORD + _digest(topic_arn, protocol, endpoint)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def bare(group_arn: str) -> str:
    """A log group's ARN as its tags take it, without the ``:*`` that a trail writes behind it."""
    return group_arn.removesuffix(":*")


def record_filter(group_arn: str, name: str) -> Step:
    key = filter_key(group_arn, name)
    why = f"it notes that the metric filter {name} will be ours, which cannot carry a tag itself"
    return Step(
        "record", "planned", bare(group_arn), why, tag(group_arn, [key]), (untag(group_arn, [key]),)
    )


def record_subscription(topic_arn: str, protocol: str, endpoint: str) -> Step:
    key = subscription_key(topic_arn, protocol, endpoint)
    why = "it notes that the next subscription will be ours, which cannot carry a tag itself"
    return Step(
        "record", "planned", topic_arn, why, tag(topic_arn, [key]), (untag(topic_arn, [key]),)
    )


def tag(arn: str, keys: Iterable[str]) -> Call:
    """Tag a topic or a log group; each service has its own names for the same thing."""
    where = Arn.parse(arn)
    parameters: dict[str, Any]
    if where.service == "sns":
        tags = [{"Key": key, "Value": OWNER_VALUE} for key in keys]
        parameters = {"ResourceArn": arn, "Tags": tags}
    else:
        parameters = {"resourceArn": bare(arn), "tags": dict.fromkeys(keys, OWNER_VALUE)}
    return Call(where.service, where.region, "tag_resource", parameters)


def untag(arn: str, keys: Iterable[str]) -> Call:
    where = Arn.parse(arn)
    parameters: dict[str, Any]
    if where.service == "sns":
        parameters = {"ResourceArn": arn, "TagKeys": list(keys)}
    else:
        parameters = {"resourceArn": bare(arn), "tagKeys": list(keys)}
    return Call(where.service, where.region, "untag_resource", parameters)
