# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who is not contained: break-glass users, and those whose sign-in is over.  Pure, no AWS.

EventBridge tries an event for 24 hours and Lambda for 6.  What is older comes from an archive or
from the dead letters, and a person may have settled it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment.values import RELEASED, Occasion
from c7n_mfa.frozen import frozen


@frozen
class Exclusion:
    """Names with wildcards, and tags of which one is enough; `*` stands for any value.

    Names and the keys of tags are compared without regard to case, as IAM does.
    """

    names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> Exclusion:
        return cls(tuple(option.get("names", ())), dict(option.get("tags", {})))

    def by_name(self, name: str) -> str | None:
        """Why a user of this name is excluded."""
        for pattern in self.names:
            if fnmatchcase(name.lower(), pattern.lower()):
                return f"excluded by name: {pattern}"
        return None

    def by_tag(self, tags: Mapping[str, str]) -> str | None:
        """Why a user with these tags is excluded."""
        present = {key.lower(): value for key, value in tags.items()}
        for key, pattern in self.tags.items():
            if key.lower() in present and fnmatchcase(present[key.lower()], pattern):
                return f"excluded by tag: {key}={pattern}"
        return None


def catch_alls(names: Iterable[str]) -> list[str]:
    """The patterns that would exclude everybody.

    >>> catch_alls(["*?", "break-glass-*", "???"])
    ['*?']
    """
    return [name for name in names if "*" in name and not name.strip("*?")]


def unattributed(name: str, occasion: Occasion) -> str | None:
    """Why nobody is contained for an event that does not say whose it is, which, and when."""
    if occasion.lacks is None:
        return None
    by_hand = _BY_HAND.format(name)
    return f"the event has no {occasion.lacks}, as all of AWS's have; {by_hand}"


# A sign-in that comes too late


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
