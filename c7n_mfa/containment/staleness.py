# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether a sign-in comes too late to contain anybody for it.  Pure, no AWS.

EventBridge tries an event for 24 hours and Lambda for 6.  What is older comes from an archive or
from the dead letters, and a person may have settled it since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment.values import RELEASED, Occasion

MAX_AGE_HOURS = 30

_BY_HAND = (
    "to contain the user all the same, run the action in a policy without mode, with the filter "
    "UserName: {} (docs/containment.md, By hand)"
)


def too_old(name: str, occasion: Occasion, max_age_hours: float) -> str | None:
    """Why nobody is contained for a sign-in so old; None for one that is not, or has no time."""
    age = occasion.now - occasion.event_time if occasion.event_time else timedelta()
    if age <= timedelta(hours=max_age_hours):
        return None
    by_hand = _BY_HAND.format(name)
    return f"the sign-in was {_said(age)} ago, and max-age-hours is {max_age_hours:g}; {by_hand}"


def settled(name: str, tags: Mapping[str, str], occasion: Occasion) -> str | None:
    """Why nobody is contained for a sign-in from before the last release."""
    released, time = parse_time(tags.get(RELEASED)), occasion.event_time
    if not released or not time or time > released:
        return None
    return (
        f"the user was released on {format_time(released)}, after the sign-in of "
        f"{format_time(time)}; {_BY_HAND.format(name)}"
    )


def _said(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"
