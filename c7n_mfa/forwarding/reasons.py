# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Every reason why the sign-ins of a Region may not reach the home bus, and its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from c7n_mfa.audit.reasons import Verdict


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, its meaning and its fix.  The codes are stable: policies and reports select on them.

    ``repaired``: set-signin-forwarding mends it, unless the thing is somebody else's.
    """

    code: str
    verdict: Verdict
    meaning: str
    fix: str
    repaired: bool = False


_SET = "run the policy that sets the forwarding (action set-signin-forwarding)"
_GRANT = "grant the permission named in the detail and run the policy again"

_ALL = (
    Reason(
        "rule-absent",
        "broken",
        "no rule on the Region's default bus forwards sign-ins to the home bus",
        _SET,
        repaired=True,
    ),
    Reason("rule-disabled", "broken", "the rule is disabled", _SET, repaired=True),
    Reason(
        "rule-drops-sign-ins",
        "broken",
        "the rule's event pattern filters out a sign-in that has, or may have, a single factor",
        _SET,
        repaired=True,
    ),
    Reason(
        "rule-at-home",
        "broken",
        "a rule left over from an earlier home Region sends the home Region's own sign-ins away, "
        "and back",
        _SET,
        repaired=True,
    ),
    Reason("target-absent", "broken", "the rule has no target", _SET, repaired=True),
    Reason(
        "target-elsewhere",
        "broken",
        "no target of the rule is the home Region's default bus",
        _SET,
        repaired=True,
    ),
    Reason(
        "target-rewrites",
        "broken",
        "the target gets only part of the event, or other text instead",
        _SET,
        repaired=True,
    ),
    Reason(
        "role-absent",
        "broken",
        "the target has no role, or one that does not exist",
        _SET,
        repaired=True,
    ),
    Reason(
        "role-cannot-put",
        "broken",
        "EventBridge may not assume the role, or the role may not put events on the home bus",
        _SET,
        repaired=True,
    ),
    Reason("bus-absent", "broken", "the home Region has no default bus", "name another home"),
    Reason(
        "bus-refuses",
        "broken",
        "the resource policy of the home bus denies it to the role",
        "take the denial out of the policy of the home bus, or except the role from it",
    ),
    Reason(
        "regions-unseen",
        "unknown",
        "which Regions are enabled could not be read",
        "grant the permission named in the detail, or name the regions in the policy",
    ),
    Reason("rules-unseen", "unknown", "the Region's rules could not be read", _GRANT),
    Reason("targets-unseen", "unknown", "the rule's targets could not be read", _GRANT),
    Reason("role-unseen", "unknown", "the target's role could not be read", _GRANT),
    Reason("bus-unseen", "unknown", "the home bus could not be read", _GRANT),
    Reason(
        "rule-unclear",
        "unknown",
        "the rule's event pattern uses what AWS does not document",
        "write the rule's event pattern with exact values",
    ),
    Reason(
        "role-unclear",
        "unknown",
        "what the role may do depends on a condition whose value is not known here",
        "take the condition out of the role's policies",
    ),
    Reason(
        "bus-unclear",
        "unknown",
        "whether the home bus denies it depends on a condition whose value is not known here",
        "take the condition out of the policy of the home bus",
    ),
)

REASONS: Mapping[str, Reason] = {reason.code: reason for reason in _ALL}
