# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What repair is asked for, what it finds in its way, and the steps that it makes of both.

What is ours is known by tags, see :mod:`c7n_mfa.repair.records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from c7n_mfa.audit.values import Alarm, LogGroup, Subscription, Topic, Trail
from c7n_mfa.aws.read import ReadFailure

OWNER_TAG = "c7n-mfa"
OWNER_VALUE = "signin-monitoring"

Result = Literal["planned", "done", "adopted", "skipped", "failed", "not-tried"]


@dataclass(frozen=True, slots=True)
class Wish:
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
        """The user's tags, and the one that says that the thing is ours."""
        return {**self.tags, OWNER_TAG: OWNER_VALUE}


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role: what it trusts, our inline policy on it if there, and its tags."""

    arn: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        return self.tags.get(OWNER_TAG) == OWNER_VALUE


@dataclass(frozen=True, slots=True)
class DeliveryInTheWay:
    """What already exists of a delivery from the trail to a log group that repair would make.

    ``trail`` carries its status and selectors; ``retention`` is the log group's, in days.
    """

    trail: Trail | ReadFailure | None = None
    group: LogGroup | ReadFailure | None = None
    group_is_ours: bool = False
    retention: int | None = None
    role: Role | ReadFailure | None = None


@dataclass(frozen=True, slots=True)
class InTheWay:
    """What already exists under the names that repair would use, read before the first write.

    ``alarm_is_ours``: it carries our tag.  ``alarm_as_put`` is the alarm as the parameters of
    PutMetricAlarm, with all that an :class:`Alarm` leaves out; ``alarm_kind`` is ``plain``, or
    what else bears the name and cannot be put again: ``composite`` or ``metric-math``.
    """

    topic: Topic | ReadFailure | None = None
    subscriptions: tuple[Subscription, ...] | ReadFailure = ()
    alarm: Alarm | ReadFailure | None = None
    alarm_is_ours: bool = False
    alarm_as_put: Mapping[str, Any] | None = None
    alarm_kind: Literal["plain", "composite", "metric-math"] = "plain"
    delivery: DeliveryInTheWay | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call, as boto3 names it."""

    service: str
    region: str
    operation: str
    parameters: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "region": self.region,
            "operation": self.operation,
            "parameters": dict(self.parameters),
        }


StepName = Literal[
    "chain",
    "log-group",
    "log-retention",
    "role",
    "role-policy",
    "trail-delivery",
    "topic",
    "topic-policy",
    "record",
    "subscription",
    "metric-filter",
    "alarm",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that repair or removal does, has found done, or declines, and why.

    ``before`` and ``after`` are what the step changes, where something was there before.
    ``undo`` holds the calls that take it back, the last one first.
    """

    step: StepName
    result: Result
    resource: str
    why: str
    call: Call | None = None
    undo: tuple[Call, ...] = ()
    error: str | None = None
    before: Any = None
    after: Any = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "result": self.result,
            "resource": self.resource,
            "why": self.why,
            "call": self.call.to_dict() if self.call else None,
            "before": self.before,
            "after": self.after,
            "undo": [call.to_dict() for call in self.undo],
            "error": self.error,
        }


class _WithResult(Protocol):
    @property
    def result(self) -> str: ...


def is_write(step: _WithResult) -> bool:
    """Whether a step of a plan, this one's or another's, changes something."""
    return step.result == "planned"
