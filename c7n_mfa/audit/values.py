# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What was read of the seven links, as plain values.

The shapes follow the AWS API models of CloudTrail, CloudWatch Logs, CloudWatch and SNS; only what a
verdict needs is kept.  A value that could not be read is a ``ReadFailure``, never a guess; a value
that is gone is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.frozen import frozen
from c7n_mfa.shape import Node

if TYPE_CHECKING:
    # What reads brings botocore, which whoever reads a judgement back does not need.
    from c7n_mfa.aws.read import ReadFailure


@frozen
class Trail:
    arn: str
    name: str
    home_region: str
    multi_region: bool
    log_group_arn: str | None
    logging: bool | ReadFailure = True
    delivery_error: str | None = None
    delivered: datetime | None = None
    delivered_to_bucket: datetime | None = None
    started: datetime | None = None
    selectors: tuple[Mapping[str, Any], ...] | ReadFailure = ()
    advanced_selectors: tuple[Mapping[str, Any], ...] = ()


@frozen
class LogGroup:
    arn: str
    name: str
    group_class: str = "STANDARD"


@frozen
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
        where = Arn.parse(self.log_group_arn)
        return MetricKey(where.region, self.namespace, self.metric, where.account)


@frozen
class MetricKey:
    """A metric without dimensions: it lives in the account and Region of the log group."""

    region: str
    namespace: str
    metric: str
    account: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.metric}"


@frozen
class Alarm:
    """A metric alarm; ``period`` in seconds, ``actions`` are the ALARM actions' ARNs.

    An alarm on an expression that is a plain function of one metric is an alarm on that metric,
    with ``scale`` and ``fill``; ``undecided`` says why any other cannot be simulated, ``reads``
    which metrics it reads and ``queries`` what else it asks.
    """

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
    scale: float = 1.0
    fill: float | None = None
    undecided: str | None = None
    reads: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    low_samples_ignored: bool = False
    wall_clock: bool = False
    state: str = "OK"
    since: datetime | None = None
    warm_until: datetime | None = None


@frozen
class CompositeAlarm:
    """An alarm on the states of other alarms; ``rule`` is its AlarmRule as AWS gives it."""

    arn: str
    name: str
    rule: str
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    suppressor: str | None = None
    suppressed_by: str | None = None
    state: str = "OK"
    since: datetime | None = None


@frozen
class MuteRule:
    """A rule that silences alarms; ``status`` is ACTIVE or SCHEDULED, ``kind`` how it recurs."""

    arn: str
    status: str
    kind: str


@frozen
class Key:
    """A KMS key: who manages it, its state and its policy."""

    arn: str
    manager: str = "CUSTOMER"
    state: str = "Enabled"


@frozen
class Topic:
    """A topic; ``policy`` is parsed, ``key_policy`` is that of its customer KMS key, if any."""

    arn: str
    policy: Mapping[str, Any] | None = None
    kms_key: str | None = None
    key_policy: Mapping[str, Any] | ReadFailure | None = None
    key: Key | ReadFailure | None = None
    fifo: bool = False


@frozen
class Subscription:
    """A subscription; ``arn`` is ``PendingConfirmation`` until its owner confirms it."""

    arn: str
    protocol: str
    endpoint: str
    filter_policy: Mapping[str, Any] | ReadFailure | None = None
    filter_scope: str = "MessageAttributes"

    @property
    def confirmed(self) -> bool:
        return self.arn.startswith("arn:")

    @property
    def pending(self) -> bool:
        return self.arn in ("PendingConfirmation", "pending confirmation")


@frozen
class Route:
    """Another route of a notification: an event rule or a log alarm.

    ``matches`` is ``None`` where it cannot be said whether it matches console sign-ins.
    """

    kind: str
    region: str
    resource: str
    detail: str
    matches: bool | None
    targets: tuple[str, ...]

    @classmethod
    def unreadable(cls, failure: ReadFailure) -> Route:
        """What kept one kind of route from being read."""
        return cls("unknown", "", "", failure.sentence(), None, ())

    def to_dict(self) -> dict[str, Any]:
        if self.kind == "unknown":
            return {"kind": self.kind, "detail": self.detail}
        return {
            "kind": self.kind,
            "region": self.region,
            "resource": self.resource,
            "detail": self.detail,
            "matches": self.matches,
            "targets": list(self.targets),
        }

    @classmethod
    def from_dict(cls, data: Any) -> Route:
        node = Node.of(data)
        return cls(
            kind=node["kind"].maybe_text() or "unknown",
            region=node["region"].maybe_text() or "",
            resource=node["resource"].maybe_text() or "",
            detail=node["detail"].text(),
            matches=node["matches"].maybe_answer(),
            targets=node["targets"].texts(),
        )


@dataclass(slots=True)
class Snapshot:
    """Everything that was read of one account's chains, keyed by ARN or metric.

    Filled by :mod:`c7n_mfa.audit.discover`, read by :mod:`c7n_mfa.audit.judge`.  ``at`` is when it
    was looked at; without it nothing is too old.  ``accounts`` are the other accounts that a role
    was tried for: ``None`` where it worked.  ``regions`` and ``routes`` are ``None`` unless asked.
    ``writers`` are all metric filters that write a metric, those of other log groups too.
    """

    account_id: str
    region: str
    trails: tuple[Trail, ...] | ReadFailure = ()
    log_groups: dict[str, LogGroup | ReadFailure | None] = field(default_factory=dict)
    filters: dict[str, tuple[MetricFilter, ...] | ReadFailure] = field(default_factory=dict)
    writers: dict[MetricKey, tuple[MetricFilter, ...] | ReadFailure] = field(default_factory=dict)
    alarms: dict[MetricKey, tuple[Alarm, ...] | ReadFailure] = field(default_factory=dict)
    near_alarms: dict[MetricKey, tuple[Alarm, ...] | ReadFailure] = field(default_factory=dict)
    parents: dict[str, tuple[CompositeAlarm, ...] | ReadFailure] = field(default_factory=dict)
    mutes: dict[str, tuple[MuteRule, ...] | ReadFailure] = field(default_factory=dict)
    topics: dict[str, Topic | ReadFailure | None] = field(default_factory=dict)
    subscriptions: dict[str, tuple[Subscription, ...] | ReadFailure] = field(default_factory=dict)
    history: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    accounts: dict[str, ReadFailure | None] = field(default_factory=dict)
    regions: tuple[str, ...] | ReadFailure | None = None
    routes: tuple[Route | ReadFailure, ...] | None = None
    at: datetime | None = None

    def readable(self, account: str) -> bool:
        """Was it possible to read this account?"""
        return account == self.account_id or self.accounts.get(account, ...) is None
