# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The dossier of one console sign-in: what was found, and what was not checked.

``None`` in place of a value means that it was not seen; a `Gap` then says why.  Nothing found is an
empty tuple, a zero or a False, and never ``None``.

What is counted from CloudTrail has `Seen` beside it.  Where that is not complete, a number means
"at least", a list "among others", and nothing found is ``None``: zero is not the same as not seen.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from c7n_mfa.aws.times import format_time
from c7n_mfa.frozen import frozen
from c7n_mfa.signin.record import SignIn

T = TypeVar("T")

Level = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high", "critical")

Unseen = Literal["failures", "history", "activity", "privileges"]
"""What decides over the severity, and may not have been seen, or not wholly."""

Kind = Literal["user", "root", "role", "federated", "unknown"]


@frozen
class Gap:
    """Something that was not checked, and why; `permission` is the one that was missing."""

    what: str
    why: str
    permission: str | None = None
    regions: tuple[str, ...] = ()


@frozen
class Reason:
    """One reason for the severity: a stable code, and a sentence for a person."""

    code: str
    level: Level
    sentence: str


@frozen
class Finding:
    """A finding of Security Hub or GuardDuty about the same identity."""

    source: Literal["securityhub", "guardduty"]
    region: str
    title: str
    severity: Level
    updated: str
    id: str


@frozen
class Seen:
    """Back to when every Region that was asked answered without a hole.

    `complete` when that is the whole time in question.
    """

    since: datetime
    complete: bool

    @classmethod
    def of(cls, since: datetime, start: datetime) -> Seen:
        """What was seen of the time from `start` on."""
        return cls(max(since, start), since <= start)

    def number(self, found: int) -> int | None:
        """How many were found; None for none where some may not have been seen."""
        return found if found or self.complete else None

    def items(self, found: tuple[T, ...]) -> tuple[T, ...] | None:
        """What was found; None for nothing where something may not have been seen."""
        return found if found or self.complete else None


@frozen
class Related:
    """Step 1: what else was reported in 48 hours, and failed attempts before the sign-in.

    `seen` is of the failed attempts.
    """

    findings: tuple[Finding, ...] | None = None
    failed: int | None = None
    last_failed: datetime | None = None
    burst: bool | None = None
    seen: Seen | None = None


@frozen
class EarlierSignIns:
    """Step 2: the identity's own earlier sign-ins.

    ``unknown`` are those whose record does not say whether MFA was used, a broker's above all.
    """

    count: int | None
    without_mfa: int | None
    first_without_mfa: datetime | None
    last_without_mfa: datetime | None
    seen: Seen
    unknown: int | None = 0


@frozen
class Place:
    """Where an address is, as a MaxMind database says."""

    country: str | None = None
    network: str | None = None


@frozen
class Origin:
    """Step 3: address, agent and hour against the identity's own history.

    ``None`` where there is nothing to compare with.  `usual` are the networks seen most often.
    """

    compared_with: int | None
    seen: Seen
    new_address: bool | None = None
    network: str | None = None
    new_network: bool | None = None
    usual: tuple[str, ...] = ()
    new_agent: bool | None = None
    hour: int | None = None
    unusual_hour: bool | None = None
    place: Place | None = None
    new_country: bool | None = None


@frozen
class Count:
    """How often one operation was called, and how often it failed."""

    service: str
    name: str
    calls: int
    failed: int


@frozen
class DangerousCall:
    """A call that is worth a person's eyes; `done` is False for one that AWS refused."""

    at: datetime
    service: str
    name: str
    target: str | None
    region: str | None
    actor: str
    done: bool
    since: bool
    level: Level
    why: str
    technique: str
    source: str = ""


@frozen
class Activity:
    """Step 4: API calls in the 24 hours before the sign-in, and since.

    `seen` is of both, `complete_since` of those since the sign-in.
    """

    before: tuple[Count, ...] | None
    since: tuple[Count, ...] | None
    dangerous: tuple[DangerousCall, ...] | None
    seen: Seen
    complete_since: bool


@frozen
class Owner:
    """Step 5: whom to contact, as (tag or field, value)."""

    contacts: tuple[tuple[str, str], ...]


@frozen
class Reach:
    """Step 6: where the session may have gone from here, in the last 24 hours and since."""

    roles: tuple[str, ...] | None
    tokens: tuple[str, ...] | None
    keys: tuple[str, ...] | None
    users: tuple[str, ...] | None
    accounts: tuple[str, ...] | None
    touched: tuple[str, ...] | None
    seen: Seen


@frozen
class Privileges:
    """What the identity may do; `administrator` is None where that is unknown."""

    administrator: bool | None
    because: str
    policies: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    may: tuple[str, ...] | None = None


@frozen
class MfaDevice:
    serial: str
    enrolled: datetime | None


@frozen
class AccessKey:
    id: str
    active: bool
    created: datetime | None


@frozen
class Credentials:
    """What the identity can sign in with, now."""

    password: bool | None = None
    mfa: tuple[MfaDevice, ...] | None = None
    keys: tuple[AccessKey, ...] | None = None


@frozen
class Facts:
    """Everything that was found; a step that was not checked is None."""

    related: Related = Related()
    earlier: EarlierSignIns | None = None
    origin: Origin | None = None
    activity: Activity | None = None
    owner: Owner | None = None
    reach: Reach | None = None
    privileges: Privileges | None = None
    credentials: Credentials | None = None

    @property
    def dangerous(self) -> tuple[DangerousCall, ...]:
        """The dangerous calls that were seen."""
        return (self.activity.dangerous if self.activity else None) or ()


@frozen
class Dossier:
    """One sign-in, investigated."""

    sign_in: SignIn
    kind: Kind
    at: datetime | None
    written: datetime
    severity: Level
    reasons: tuple[Reason, ...]
    unseen: tuple[Unseen, ...]
    facts: Facts
    gaps: tuple[Gap, ...]
    advice: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The dossier as JSON has it: times in ISO format, tuples as lists."""
        return {
            "event_id": self.sign_in.event_id,
            "written": plain(self.written),
            "severity": self.severity,
            "reasons": plain(self.reasons),
            "unseen": list(self.unseen),
            "sign_in": self._sign_in(),
            **plain(self.facts),
            "not_searched": plain(self.gaps),
            "advice": list(self.advice),
        }

    def _sign_in(self) -> dict[str, Any]:
        sign_in = self.sign_in
        return {
            "who": sign_in.identity.name,
            "kind": self.kind,
            "principal": sign_in.principal,
            "account": sign_in.identity.account,
            "time": sign_in.event_time,
            "region": sign_in.region,
            "address": sign_in.address,
            "user_agent": sign_in.user_agent,
            "path": sign_in.path,
            "outcome": sign_in.outcome,
            "factor": sign_in.factor,
            "single_factor": sign_in.is_single_factor,
        }


def plain(value: Any) -> Any:
    """A value of this module as JSON has it."""
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return format_time(value)
    return value
