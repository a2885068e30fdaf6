# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What repair is asked for, what it finds in its way, and the steps that it makes of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from c7n_mfa.chain.values import Alarm, Subscription, Topic, Unseen

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

    def all_tags(self) -> dict[str, str]:
        """The user's tags, and the one that says that the thing is ours."""
        return {**self.tags, OWNER_TAG: OWNER_VALUE}


@dataclass(frozen=True, slots=True)
class InTheWay:
    """What already exists under the names that repair would use, read before the first write.

    ``alarm_is_ours``: it carries our tag.
    """

    topic: Topic | Unseen | None = None
    subscriptions: tuple[Subscription, ...] | Unseen = ()
    alarm: Alarm | Unseen | None = None
    alarm_is_ours: bool = False


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


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that repair does, has found done, or declines, and why.

    ``undo`` holds the calls that take it back, the last one first.
    """

    step: Literal["chain", "topic", "topic-policy", "subscription", "metric-filter", "alarm"]
    result: Result
    resource: str
    why: str
    call: Call | None = None
    undo: tuple[Call, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "result": self.result,
            "resource": self.resource,
            "why": self.why,
            "call": self.call.to_dict() if self.call else None,
            "undo": [call.to_dict() for call in self.undo],
            "error": self.error,
        }


def is_write(step: Step) -> bool:
    return step.result == "planned"
