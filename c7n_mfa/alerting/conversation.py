# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Sign-ins of one identity that follow each other within an hour: one conversation, with a count.

SNS has no threads, so each sign-in is reported with its number, and what was said before is said
shortly.  The ledger has an entry for each, by a digest of who signed in and by the hour, so that no
more is read than the entries of two hours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from c7n_mfa.alerting.values import Conversation
from c7n_mfa.aws.entries import LogEntries
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.times import parse_time
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import LEVELS, Level
from c7n_mfa.signin.record import SignIn

WITHIN = timedelta(hours=1)

_ENTRY = re.compile(r"(\d{8}T\d{6}Z)-([a-z]+)-(.+)")
_TIME, _HOUR = "%Y%m%dT%H%M%SZ", "%Y%m%dT%H"


@frozen
class Entry:
    """One sign-in that was reported: when it was, how bad, and the id of its event."""

    at: datetime
    level: Level
    event_id: str

    @classmethod
    def parse(cls, name: str) -> Entry | None:
        """From the name of a log stream, without what all of an hour begin with.

        >>> Entry.parse("20260115T083000Z-high-3fcfb182").level
        'high'
        """
        found = _ENTRY.fullmatch(name)
        at = parse_time(found[1]) if found else None
        level = next((level for level in LEVELS if found and level == found[2]), None)
        return cls(at, level, found[3]) if found and at and level else None

    def __str__(self) -> str:
        return f"{self.at:{_TIME}}-{self.level}-{self.event_id}"


def conversation(own: Entry, entries: Iterable[Entry]) -> Conversation:
    """Which of the sign-ins of the hour before this one is.  Pure."""
    before = {
        entry
        for entry in entries
        if entry.event_id != own.event_id and own.at - WITHIN <= entry.at <= own.at
    }
    if not before:
        return Conversation()
    worst = max((entry.level for entry in before), key=LEVELS.index)
    count = len({entry.event_id for entry in before}) + 1
    return Conversation(count, min(entry.at for entry in before), worst)


@frozen
class RecentSignIns:
    """The ledger's entries for one identity, and ``own``, for the sign-in to report now."""

    log: LogEntries
    key: str
    own: Entry

    @classmethod
    def of(
        cls, reader: Reader, region: str, group: str, policy: str, sign_in: SignIn, own: Entry
    ) -> RecentSignIns:
        who = f"{sign_in.identity.account} {sign_in.principal}"
        digest = hashlib.sha256(who.encode(errors="replace")).hexdigest()[:32]
        return cls(LogEntries(reader, region, group), f"c7n-mfa/{policy}/who-{digest}", own)

    def read(self) -> Conversation:
        """Where the ledger cannot be read, each sign-in is the first."""
        hours = {self._hour(at) for at in (self.own.at - WITHIN, self.own.at)}
        entries: list[Entry] = []
        for hour in sorted(hours):
            names = self.log.below(hour)
            if isinstance(names, ReadFailure):
                return Conversation()
            entries += filter(None, (Entry.parse(name) for name, _ in names))
        return conversation(self.own, entries)

    def add(self) -> None:
        """Once it is reported; where that fails, the next one is told in full."""
        self.log.add(f"{self._hour(self.own.at)}{self.own}")

    def _hour(self, at: datetime) -> str:
        """What all entries of an hour begin with."""
        return f"{self.key}/{at:{_HOUR}}/"
