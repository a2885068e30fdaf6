# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What was seen of the seven links, as plain values.

The shapes follow the AWS API models of CloudTrail, CloudWatch Logs, CloudWatch and SNS; only what a
verdict needs is kept.  A value that could not be looked at is an :class:`Unseen`, never a guess; a
value that is gone is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Unseen:
    """A look that failed: the permission it takes, what it was aimed at and what AWS answered."""

    permission: str
    target: str
    code: str
    message: str

    @property
    def denied(self) -> bool:
        # "AuthorizationError" is how SNS says it, "...Exception" how the JSON services do.
        return self.code.removesuffix("Exception") in (
            "AccessDenied",
            "AuthorizationError",
            "UnauthorizedOperation",
        )

    def sentence(self) -> str:
        if self.denied:
            return f"access denied: grant {self.permission} on {self.target}"
        return f"{self.permission} on {self.target} failed with {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an Amazon Resource Name that say where a thing lives."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Split an ARN; whatever is missing is the empty string."""
        parts = [*text.split(":", 5), "", "", "", "", ""]
        return cls(parts[1], parts[2], parts[3], parts[4], parts[5])


@dataclass(frozen=True, slots=True)
class Trail:
    arn: str
    name: str
    home_region: str
    multi_region: bool
    log_group_arn: str | None
    logging: bool | Unseen = True
    delivery_error: str | None = None
    selectors: tuple[Mapping[str, Any], ...] | Unseen = ()
    advanced_selectors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class LogGroup:
    arn: str
    name: str
    group_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A metric filter with its one transformation (``metricValue`` is text, as in the API)."""

    name: str
    log_group_arn: str
    pattern: str
    namespace: str
    metric: str
    value: str = "1"
    default: float | None = None
    unit: str = "None"
    dimensions: tuple[str, ...] = ()
    transformed_logs: bool = False
    field_selection: str | None = None

    @property
    def region(self) -> str:
        return Arn.parse(self.log_group_arn).region

    @property
    def metric_key(self) -> MetricKey:
        return MetricKey(self.region, self.namespace, self.metric)


@dataclass(frozen=True, slots=True)
class MetricKey:
    region: str
    namespace: str
    metric: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.metric}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm; ``period`` in seconds, ``actions`` are the ALARM actions' ARNs."""

    arn: str
    name: str
    namespace: str
    metric: str
    statistic: str
    threshold: float
    comparison: str
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str = "missing"
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; ``policy`` is parsed, ``key_policy`` is that of its customer KMS key, if any."""

    arn: str
    policy: Mapping[str, Any] | None = None
    kms_key: str | None = None
    key_policy: Mapping[str, Any] | Unseen | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; ``arn`` is ``PendingConfirmation`` until its owner confirms it."""

    arn: str
    protocol: str
    endpoint: str
    filter_policy: Mapping[str, Any] | Unseen | None = None
    filter_scope: str = "MessageAttributes"

    @property
    def confirmed(self) -> bool:
        return self.arn.startswith("arn:")

    @property
    def pending(self) -> bool:
        return self.arn in ("PendingConfirmation", "pending confirmation")


@dataclass(slots=True)
class Snapshot:
    """Everything that was seen of one account's chains, keyed by ARN or metric.

    Filled by :mod:`c7n_mfa.chain.discover`, read by :mod:`c7n_mfa.chain.judge`.
    """

    account_id: str
    region: str
    trails: tuple[Trail, ...] | Unseen = ()
    log_groups: dict[str, LogGroup | Unseen | None] = field(default_factory=dict)
    filters: dict[str, tuple[MetricFilter, ...] | Unseen] = field(default_factory=dict)
    alarms: dict[MetricKey, tuple[Alarm, ...] | Unseen] = field(default_factory=dict)
    near_alarms: dict[MetricKey, tuple[Alarm, ...] | Unseen] = field(default_factory=dict)
    topics: dict[str, Topic | Unseen | None] = field(default_factory=dict)
    subscriptions: dict[str, tuple[Subscription, ...] | Unseen] = field(default_factory=dict)
