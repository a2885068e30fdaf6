# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether a user is contained, by our tags and our policies, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment.values import CONTAINED, EVENT, PASSWORD_RESET, POLICIES, TAGS
from c7n_mfa.frozen import frozen


@frozen
class Contained:
    """What is known of a contained user; ``since`` is None where no tag says it."""

    since: datetime | None
    event: str | None
    password_reset: str | None
    policies: tuple[str, ...]

    def is_older_than(self, days: float, now: datetime) -> bool:
        """Since at least so many days; one of unknown age may be, and is therefore not missed."""
        return self.since is None or now - self.since >= timedelta(days=days)

    def to_dict(self) -> dict[str, Any]:
        return {
            "since": format_time(self.since) if self.since else None,
            "event": self.event,
            "password-reset": self.password_reset,
            "policies": list(self.policies),
        }


def contained(tags: Mapping[str, str], policies: Iterable[str]) -> Contained | None:
    """What a user's tags and the names of the inline policies say; None: not contained."""
    present = set(policies)
    ours = tuple(name for name in POLICIES if name in present)
    if not ours and not any(key in tags for key in TAGS):
        return None
    return Contained(
        since=parse_time(tags.get(CONTAINED)),
        event=tags.get(EVENT),
        password_reset=tags.get(PASSWORD_RESET),
        policies=ours,
    )
