# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What is seen of the forwarding, what is said of it, and the steps that set it up.

A value that could not be looked at is an `ReadFailure`, and one that is gone is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from c7n_mfa.audit.reasons import Verdict
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair.values import OWNER_TAG, Call, Result

# The rules and the role have one name, so that they are found again.
NAME = "c7n-mfa-signin-forwarding"
ROLE_POLICY = "put-events-on-the-home-bus"
TARGET_ID = "home"
OWNER_VALUE = "signin-forwarding"

EVENTS = "events.amazonaws.com"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose sign-ins are forwarded, and to which Region."""

    account: str
    partition: str
    home: str

    @property
    def bus(self) -> str:
        """The ARN of the home Region's default event bus."""
        return f"arn:{self.partition}:events:{self.home}:{self.account}:event-bus/default"

    @property
    def role(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role/{NAME}"

    def rule(self, region: str) -> str:
        return f"arn:{self.partition}:events:{region}:{self.account}:rule/{NAME}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on a Region's default bus; ``pattern`` is ``None`` when it is no JSON object."""

    name: str
    arn: str
    pattern: Json | None
    state: str = "ENABLED"
    description: str | None = None
    managed: bool = False

    @property
    def enabled(self) -> bool:
        return self.state.startswith("ENABLED")


@dataclass(frozen=True, slots=True)
class Target:
    """A target of a rule; ``parameters`` are those of its ``PutTargets``."""

    id: str
    arn: str
    role: str | None
    parameters: Json = field(default_factory=dict)

    @property
    def rewrites(self) -> bool:
        """Does the target get something else than the event?"""
        return any(self.parameters.get(key) for key in ("Input", "InputPath", "InputTransformer"))


@dataclass(frozen=True, slots=True)
class Role:
    """A role with everything that decides what it may do.

    ``inline`` are the policies in the role by name, ``attached`` the managed ones by ARN.
    """

    arn: str
    trust: Json
    inline: Mapping[str, Json] = field(default_factory=dict)
    attached: Mapping[str, Json] = field(default_factory=dict)
    boundary: Json | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        return is_ours(self.tags)


@dataclass(slots=True)
class RegionSeen:
    """The rules of a Region that may forward sign-ins, and the targets of each by name.

    ``tags`` are those of the rule of our name, read only before something is written.
    """

    region: str
    rules: tuple[Rule, ...] | ReadFailure = ()
    targets: dict[str, tuple[Target, ...] | ReadFailure] = field(default_factory=dict)
    tags: Mapping[str, str] | ReadFailure = field(default_factory=dict)

    @property
    def named(self) -> Rule | None:
        """The rule that bears our name."""
        if isinstance(self.rules, ReadFailure):
            return None
        return next((rule for rule in self.rules if rule.name == NAME), None)


@dataclass(slots=True)
class Seen:
    """Everything that was seen of one account's forwarding.

    ``bus`` is the resource policy of the home bus: empty without one, ``None`` without a bus.
    """

    place: Place
    regions: tuple[RegionSeen, ...] | ReadFailure = ()
    roles: dict[str, Role | ReadFailure | None] = field(default_factory=dict)
    bus: Json | ReadFailure | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegionVerdict:
    """Do the sign-ins of one Region reach the home bus?"""

    region: str
    verdict: Verdict
    reason: str | None
    detail: str
    fix: str | None = None
    permission: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "verdict": self.verdict,
            "reason": self.reason,
            "detail": self.detail,
            "fix": self.fix,
            "permission": self.permission,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one account, which is that of its worst Region."""

    home: str
    verdict: Verdict
    regions: tuple[RegionVerdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """The annotation ``c7n:signin-forwarding``; its keys are a stable interface."""
        return {
            "verdict": self.verdict,
            "home": self.home,
            "regions": [region.to_dict() for region in self.regions],
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, or declined, in one Region; the role's has none.

    ``undo`` holds the calls that take it back, in the order to make them.
    """

    step: Literal["role", "role-policy", "rule", "target"]
    region: str
    result: Result
    resource: str
    why: str
    call: Call | None = None
    undo: tuple[Call, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "region": self.region,
            "result": self.result,
            "resource": self.resource,
            "why": self.why,
            "call": self.call.to_dict() if self.call else None,
            "undo": [call.to_dict() for call in self.undo],
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps before those of the Regions, those of each Region, and what has to wait for them all.

    Regions do not wait for each other; within one, and before and after, a failure stops the rest.
    """

    before: tuple[Step, ...] = ()
    regions: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    after: tuple[Step, ...] = ()


def all_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A user's tags and ours, as the API takes them."""
    together = {**tags, OWNER_TAG: OWNER_VALUE}
    return [{"Key": key, "Value": value} for key, value in sorted(together.items())]


def is_ours(tags: Mapping[str, str]) -> bool:
    return tags.get(OWNER_TAG) == OWNER_VALUE
