# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What was read of the forwarding, the verdict on it, and the steps that set it up.

A value that could not be read is a `ReadFailure`, and one that is gone is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from c7n_mfa.audit.reasons import Verdict
from c7n_mfa.aws.change import OWNER_TAG, Step, is_created
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.frozen import frozen

# The rules and the role have one name, so that they are found again.
NAME = "c7n-mfa-signin-forwarding"
ROLE_POLICY = "put-events-on-the-home-bus"
TARGET_ID = "home"
OWNER_VALUE = "signin-forwarding"

EVENTS = "events.amazonaws.com"

Json = Mapping[str, Any]


@frozen
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

    def rule(self, region: str, name: str = NAME) -> str:
        return f"arn:{self.partition}:events:{region}:{self.account}:rule/{name}"

    def queue(self, region: str, name: str) -> str:
        return f"arn:{self.partition}:sqs:{region}:{self.account}:{name}"


@frozen
class Wanted:
    """The name of every Region's dead-letter queue, and of the topic that its alarm notifies."""

    queue: str
    topic: str | None = None


@frozen
class DeadLetters:
    """The dead-letter queue of a Region; without a ``url`` there is none.

    ``alarmed``: an alarm on it notifies somebody.  ``key``: what encrypts it, where that is a key
    of KMS.  ``topic``: the ARN of the wanted topic, where there is one in the Region.
    """

    arn: str
    url: str | None
    policy: Json = field(default_factory=dict)
    waiting: int = 0
    alarmed: bool = False
    key: str | None = None
    topic: str | None = None


@frozen
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


@frozen
class RuleTarget:
    """A target of a rule; ``parameters`` are those of its ``PutTargets``."""

    id: str
    arn: str
    role: str | None
    parameters: Json = field(default_factory=dict)

    @property
    def rewrites(self) -> bool:
        """Does the target get something else than the event?"""
        return any(self.parameters.get(key) for key in ("Input", "InputPath", "InputTransformer"))


@frozen
class ForwardingRole:
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
    def created(self) -> bool:
        return created(self.tags)


@dataclass(slots=True)
class RegionState:
    """The rules of a Region that may forward sign-ins, and the targets of each by name.

    ``tags`` are those of the rule named by c7n-mfa, read only before something is written, and
    ``dead_letters`` those that are wanted: None where none are.
    """

    region: str
    rules: tuple[Rule, ...] | ReadFailure = ()
    targets: dict[str, tuple[RuleTarget, ...] | ReadFailure] = field(default_factory=dict)
    tags: Mapping[str, str] | ReadFailure = field(default_factory=dict)
    dead_letters: DeadLetters | ReadFailure | None = None

    @property
    def named(self) -> Rule | None:
        """The rule that bears the name of c7n-mfa's."""
        if isinstance(self.rules, ReadFailure):
            return None
        return next((rule for rule in self.rules if rule.name == NAME), None)


@dataclass(slots=True)
class ForwardingState:
    """Everything that was read of one account's forwarding.

    ``bus`` is the resource policy of the home bus: empty without one, ``None`` without a bus.
    """

    place: Place
    regions: tuple[RegionState, ...] | ReadFailure = ()
    roles: dict[str, ForwardingRole | ReadFailure | None] = field(default_factory=dict)
    bus: Json | ReadFailure | None = field(default_factory=dict)


@frozen
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


@frozen
class ForwardingJudgement:
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


@frozen
class RegionStep(Step):
    """A step in one Region; those of the role have none."""

    region: str = ""

    KEYS: ClassVar[tuple[str, ...]] = (
        "step", "region", "result", "resource", "why", "call", "undo", "error",
    )  # fmt: skip


def all_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """A user's tags, and the one that says that c7n-mfa has created the thing."""
    return {**tags, OWNER_TAG: OWNER_VALUE}


def created(tags: object) -> bool:
    """Has c7n-mfa created the rule or role that carries these tags?"""
    return is_created(tags, OWNER_VALUE)


# Every reason why the sign-ins of a Region may not reach the home bus, and its fix


@frozen
class ForwardingReason:
    """A code, its meaning and its fix.  The codes are stable: policies and reports select on them.

    ``repaired``: set-signin-forwarding fixes it, unless somebody else has made the thing.
    """

    code: str
    verdict: Verdict
    meaning: str
    fix: str
    repaired: bool = False


_SET = "run the policy that sets the forwarding (action set-signin-forwarding)"
_GRANT = "grant the permission named in the detail and run the policy again"

_ALL = (
    ForwardingReason(
        "rule-absent",
        "broken",
        "no rule on the Region's default bus forwards sign-ins to the home bus",
        _SET,
        repaired=True,
    ),
    ForwardingReason("rule-disabled", "broken", "the rule is disabled", _SET, repaired=True),
    ForwardingReason(
        "rule-drops-sign-ins",
        "broken",
        "the rule's event pattern filters out a sign-in that has, or may have, a single factor",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "rule-at-home",
        "broken",
        "a rule left over from an earlier home Region sends the home Region's own sign-ins away, "
        "and back",
        _SET,
        repaired=True,
    ),
    ForwardingReason("target-absent", "broken", "the rule has no target", _SET, repaired=True),
    ForwardingReason(
        "target-elsewhere",
        "broken",
        "no target of the rule is the home Region's default bus",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "target-rewrites",
        "broken",
        "the target gets only part of the event, or other text instead",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "role-absent",
        "broken",
        "the target has no role, or one that does not exist",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "role-cannot-put",
        "broken",
        "EventBridge may not assume the role, or the role may not put events on the home bus",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "dead-letters-absent",
        "broken",
        "what a rule's target does not get is dropped, or waits where nobody is notified of it",
        _SET,
        repaired=True,
    ),
    ForwardingReason(
        "dead-letters-waiting",
        "broken",
        "sign-ins did not get through, and wait in the dead-letter queue",
        "mend what stopped them, and hand them over with c7n-mfa redrive",
    ),
    ForwardingReason(
        "bus-absent", "broken", "the home Region has no default bus", "name another home"
    ),
    ForwardingReason(
        "bus-refuses",
        "broken",
        "the resource policy of the home bus denies it to the role",
        "take the denial out of the policy of the home bus, or except the role from it",
    ),
    ForwardingReason(
        "regions-unseen",
        "unknown",
        "which Regions are enabled could not be read",
        "grant the permission named in the detail, or name the regions in the policy",
    ),
    ForwardingReason("rules-unseen", "unknown", "the Region's rules could not be read", _GRANT),
    ForwardingReason("targets-unseen", "unknown", "the rule's targets could not be read", _GRANT),
    ForwardingReason("role-unseen", "unknown", "the target's role could not be read", _GRANT),
    ForwardingReason(
        "dead-letters-unseen",
        "unknown",
        "the dead-letter queue, its alarm or its topic could not be read",
        _GRANT,
    ),
    ForwardingReason("bus-unseen", "unknown", "the home bus could not be read", _GRANT),
    ForwardingReason(
        "rule-unclear",
        "unknown",
        "the rule's event pattern uses what AWS does not document",
        "write the rule's event pattern with exact values",
    ),
    ForwardingReason(
        "role-unclear",
        "unknown",
        "what the role may do depends on a condition whose value is not known here",
        "take the condition out of the role's policies",
    ),
    ForwardingReason(
        "bus-unclear",
        "unknown",
        "whether the home bus denies it depends on a condition whose value is not known here",
        "take the condition out of the policy of the home bus",
    ),
)

REASONS: Mapping[str, ForwardingReason] = {reason.code: reason for reason in _ALL}
