# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How many users may be contained within an hour: more at once is an attack on their owners.

Each user takes a numbered place in the log group of the function, and a place is taken once,
however many functions try at the same time.  IAM itself cannot be asked: its list of users has no
tags, and the Resource Groups Tagging API has no users.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from c7n_mfa.aws.entries import LogEntries
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.frozen import frozen

MAX_CONTAINED = 5
HOUR = timedelta(hours=1)

_PREFIX = "c7n-mfa/max-contained"
_FAILED = "failed"
_SOMEBODY = "somebody"
_TIME = "%Y-%m-%dT%H%M%SZ"


@dataclass
class Places:
    """The places that were taken in one hour of the clock: who took each, or None, and when."""

    taken: dict[int, tuple[str, str] | None] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, names: list[str]) -> Places:
        """From names like `2`, `2/2026-11-21T093020Z/alice` and `2/failed`."""
        places = cls()
        for name in names:
            number, _, what = name.partition("/")
            if not number.isdecimal():
                continue
            time, _, user = what.partition("/")
            if what == _FAILED:
                places.failed.add(int(number))
            elif user:
                places.taken[int(number)] = (user, time)
            else:
                places.taken.setdefault(int(number), None)
        return places

    def users(self, since: str = "") -> list[str]:
        """Who was contained since then; whoever says no time may have been."""
        counted = (who for number, who in self.taken.items() if number not in self.failed)
        return [who[0] if who else _SOMEBODY for who in counted if not who or who[1] > since]


@frozen
class Place:
    """A place that a user has taken; ``settle`` says what became of it."""

    entries: LogEntries
    name: str

    def settle(self, user: str | None, now: datetime) -> None:
        """Note who is contained now; None: nobody, after all.

        Where that fails, the place stays taken by somebody.
        """
        what = f"{now.strftime(_TIME)}/{user}" if user else _FAILED
        self.entries.add(f"{self.name}/{what}")


@frozen
class Full:
    """Who was contained within the hour."""

    users: tuple[str, ...]


@frozen
class HourlyLimit:
    """The places of users in one log group."""

    entries: LogEntries
    most: int = MAX_CONTAINED

    def take(self, user: str, now: datetime) -> Place | Full | ReadFailure | None:
        """A place for the user; None: it has one already.  A failure where nobody can know."""
        before, hour = self._places(now - HOUR), self._places(now)
        if isinstance(before, ReadFailure):
            return before
        if isinstance(hour, ReadFailure):
            return hour
        earlier = before.users((now - HOUR).strftime(_TIME))
        if user in earlier or user in hour.users():
            return None
        while len(earlier) + len(hour.users()) < self.most:
            number = max(hour.taken, default=0) + 1
            name = f"{_hour(now)}/{number}"
            added = self.entries.add(name)
            if added is True:
                return Place(self.entries, name)
            if isinstance(added, ReadFailure):
                return added
            # Somebody else was faster.
            hour.taken[number] = None
        return Full(tuple(sorted([*earlier, *hour.users()])))

    def _places(self, time: datetime) -> Places | ReadFailure:
        listed = self.entries.below(f"{_hour(time)}/")
        return (
            listed if isinstance(listed, ReadFailure) else Places.of([name for name, _ in listed])
        )


def _hour(time: datetime) -> str:
    return f"{_PREFIX}/{time:%Y-%m-%dT%H}"
