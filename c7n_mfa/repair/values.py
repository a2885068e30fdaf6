# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What repair is asked for, what already exists, and how it records what it has created.

What can carry a tag carries ``c7n-mfa``.  Metric filters and subscriptions cannot: they are written
down as a tag on what holds them, the log group and the topic, before they are made.  A repair that
is killed in between leaves a record without a thing, never a thing without its record.  Removal
takes away that, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from c7n_mfa.audit.values import Alarm, LogGroup, Subscription, Topic, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import OWNER_TAG, Step, is_created
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.frozen import frozen
from c7n_mfa.repair import operations as op

OWNER_VALUE = "signin-monitoring"
FILTER_RECORD = "c7n-mfa-filter-"
SUBSCRIPTION_RECORD = "c7n-mfa-subscription-"

# What repair makes for log-delivery.
GROUP_NAME = "c7n-mfa-cloudtrail"
ROLE_NAME = "c7n-mfa-cloudtrail-to-logs"
POLICY_NAME = "deliver-to-log-group"


@frozen
class RepairOptions:
    """The options of ``set-signin-monitoring``; the names are Cloud Conformity's of CWL-017.

    ``topic`` is a name or an ARN.  ``subscriptions`` are (protocol, endpoint).
    """

    requirement: str
    strict: bool = False
    topic: str = "SignInWithoutMfaAlarmSNSTopic"
    topic_given: bool = False
    subscriptions: tuple[tuple[str, str], ...] = ()
    filter_name: str = "ConsoleSignInWithoutMfa"
    metric_name: str = "ConsoleSignInWithoutMfaCount"
    namespace: str = "CloudTrailMetrics"
    alarm_name: str = "ConsoleSignInWithoutMfaAlarm"
    kms_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    log_delivery: bool = False
    log_retention_days: int = 365

    def all_tags(self) -> dict[str, str]:
        """The user's tags, and the one that says that c7n-mfa has created the thing."""
        return {**self.tags, OWNER_TAG: OWNER_VALUE}


@frozen
class Role:
    """An IAM role: what it trusts, the inline policy of repair if there, and its tags."""

    arn: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def created(self) -> bool:
        return created(self.tags)


@frozen
class ExistingDelivery:
    """What already exists of a delivery from the trail to a log group that repair would make.

    ``trail`` carries its status and selectors; ``retention`` is the log group's, in days.
    """

    trail: Trail | ReadFailure | None = None
    group: LogGroup | ReadFailure | None = None
    group_created: bool = False
    retention: int | None = None
    role: Role | ReadFailure | None = None


@frozen
class Existing:
    """What already exists under the names that repair would use, read before the first write.

    ``alarm_created``: it carries the tag of repair.  ``alarm_as_put`` is the alarm as the
    parameters of PutMetricAlarm, with all that an :class:`Alarm` leaves out; ``alarm_kind`` is
    ``plain``, or what else bears the name and cannot be put again: ``composite`` or
    ``metric-math``.
    """

    topic: Topic | ReadFailure | None = None
    subscriptions: tuple[Subscription, ...] | ReadFailure = ()
    alarm: Alarm | ReadFailure | None = None
    alarm_created: bool = False
    alarm_as_put: Mapping[str, Any] | None = None
    alarm_kind: Literal["plain", "composite", "metric-math"] = "plain"
    delivery: ExistingDelivery | None = None


# Tags and records


def created(tags: object) -> bool:
    """Has repair created what carries these tags?"""
    return is_created(tags, OWNER_VALUE)


def filter_key(group_arn: str, name: str) -> str:
    """The tag on a log group that says that repair has created its metric filter of this name."""
    return FILTER_RECORD + _digest(bare(group_arn), name)


def subscription_key(topic_arn: str, protocol: str, endpoint: str) -> str:
    """The tag on a topic that says that repair has created this subscription.

    A digest: an endpoint may be a person's address, and holds signs that a tag may not.
    """
    return SUBSCRIPTION_RECORD + _digest(topic_arn, protocol, endpoint)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def bare(group_arn: str) -> str:
    """A log group's ARN as its tags take it, without the ``:*`` that a trail writes behind it."""
    return group_arn.removesuffix(":*")


def record_filter(group_arn: str, name: str) -> Step:
    why = f"it records that c7n-mfa creates the metric filter {name}, which cannot carry a tag"
    return _record(bare(group_arn), filter_key(group_arn, name), why)


def record_subscription(topic_arn: str, protocol: str, endpoint: str) -> Step:
    why = "it records that c7n-mfa creates the next subscription, which cannot carry a tag"
    return _record(topic_arn, subscription_key(topic_arn, protocol, endpoint), why)


def _record(arn: str, key: str, why: str) -> Step:
    return Step("record", "planned", arn, why, tag(arn, [key]), (untag(arn, [key]),))


def tag(arn: str, keys: Iterable[str]) -> Call:
    """Tag a topic or a log group; each service has its own names for the same thing."""
    where = Arn.parse(arn)
    if where.service == "sns":
        tags = [{"Key": key, "Value": OWNER_VALUE} for key in keys]
        return op.TAG_TOPIC(where.region, ResourceArn=arn, Tags=tags)
    return op.TAG_LOG_GROUP(
        where.region, resourceArn=bare(arn), tags=dict.fromkeys(keys, OWNER_VALUE)
    )


def untag(arn: str, keys: Iterable[str]) -> Call:
    where = Arn.parse(arn)
    if where.service == "sns":
        return op.UNTAG_TOPIC(where.region, ResourceArn=arn, TagKeys=list(keys))
    return op.UNTAG_LOG_GROUP(where.region, resourceArn=bare(arn), tagKeys=list(keys))
