# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The event of a second look: that of the sign-in, whole, with a mark.

CloudTrail delivers calls 5 to 15 minutes late, so that a function that runs within seconds of a
sign-in finds little of what was done since.  It has itself called again, with the same event and
what it has told already.  Whoever may invoke the function can make up such a mark.  So a look never
contains, and nobody looks again where the policy does not ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.signin.parts import at

MARK = "c7n-mfa"
AFTER_MINUTES = (15, 60)
"""The minutes after the sign-in at which is looked again, where the option names none."""

_ACTION = "investigate-signin"


@frozen
class Look:
    """The second look, or a later one; ``told`` is what the looks before have told."""

    number: int
    told: Mapping[str, Any]

    @classmethod
    def of(cls, event: object) -> Look | None:
        """The look that an event asks for; None for a first one, or a mark that makes no sense."""
        number, told = at(event, MARK, "look"), at(event, MARK, "told")
        if isinstance(number, bool) or not isinstance(number, int) or number < 2:
            return None
        return cls(number, told) if isinstance(told, dict) else None

    def marked(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event that asks for this look."""
        return {**event, MARK: {"look": self.number, "told": dict(self.told)}}


def is_marked(event: object) -> bool:
    """Does the event say that it is a second look, in whatever way?"""
    return isinstance(event, Mapping) and MARK in event


def looks_again(event: object, policy: Mapping[str, Any]) -> bool:
    """Does the policy ask for the look that the event is?"""
    look = Look.of(event)
    return look is not None and look.number - 1 <= _looks(policy)


def _looks(policy: Mapping[str, Any]) -> int:
    """How often the policy looks again."""
    actions = [each for each in policy.get("actions") or () if isinstance(each, dict)]
    asking = [each["again"] for each in actions if each.get("type") == _ACTION and "again" in each]
    return max((len(again.get("after-minutes", AFTER_MINUTES)) for again in asking), default=0)
