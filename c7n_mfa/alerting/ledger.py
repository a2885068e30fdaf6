# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One notification of an event, however often and at once it is delivered.

The ledger is a log group, and its entries are the names of empty log streams: to create one that
exists fails, so of all who try at once one succeeds.  `claim-1` says that somebody is sending,
`notified` that it is done, and `failed-1` that it failed and may be tried again.  A claim that
nobody follows up expires: whoever made it is dead, and the next delivery sends.

So there is exactly one notification of an event as long as nobody dies between claiming and
sending, and at least one otherwise.  Where the ledger cannot be used, it is sent all the same.

A containment that is tried again may turn out better than it was reported.  The notification of one
that failed has entries of its own, `not-contained/notified`, and a better outcome is reported once
more; the same and a worse one are not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from c7n_mfa.aws.change import IN_PLACE
from c7n_mfa.aws.entries import PAUSE_SECONDS, LogEntries
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.frozen import frozen

PERMISSIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams")

LEASE_SECONDS = 60.0
"""How long a claim is good: longer than one publish with all its retries takes."""

_PATIENCE_SECONDS = 2 * LEASE_SECONDS
_NOTIFIED = "notified"
# Read for one release: functions that were deployed before wrote it.
_ONCE_CALLED = "told"
_ABANDONED = "others have claimed to send it, and none of them has recorded that it is sent"

Outcome = Literal["not-contained", "partly-contained", ""]
OUTCOMES: tuple[Outcome, ...] = ("not-contained", "partly-contained", "")
"""What can be reported of one event, the worst first; the last cannot become better."""

# What IAM and botocore call what is over in a minute; all else needs a person.
_PASSES = re.compile(
    r"iam:\w+ on \S+ failed with "
    r"(\w*(Throttl|Timeout|Connect|Unavailable|Internal|ServiceFailure|TooManyRequests|HTTPClient)"
    r"\w*|RequestLimitExceeded|(ConcurrentModification|EntityTemporarilyUnmodifiable)\w*|5\d\d"
    r"|SSLError|ResponseStreamingError|IncompleteReadError|MalformedAnswer): "
)

Send = Callable[[str | None], str]
"""Sends the message, which says why it may be sent again if it may; returns its id."""


class NotSent(Exception):
    """The message could not be sent; the text is a sentence."""


@frozen
class Notification:
    """What became of it: sent now, or already by somebody else.

    ``note`` says why it may be sent again, where the ledger does not work.
    """

    result: Literal["notified", "already"]
    message_id: str | None = None
    note: str | None = None


@frozen
class Entries:
    """The entries about one outcome: claims by number with the time of each, failures, and the end.

    The first claim that is neither failed nor expired is somebody at work.
    """

    notified: bool
    claims: Mapping[int, float]
    failed: frozenset[int]

    @classmethod
    def of(cls, streams: Iterable[tuple[str, float]], outcome: Outcome = "") -> Entries:
        """From the names of all log streams of the event, without their prefix, and their times."""
        claims: dict[int, float] = {}
        failed, notified = set(), False
        enough = {
            _named(entry, better)
            for entry in (_NOTIFIED, _ONCE_CALLED)
            for better in OUTCOMES[OUTCOMES.index(outcome) :]
        }
        own = _named("", outcome)
        for name, at in streams:
            notified = notified or name in enough
            kind, _, number = name.removeprefix(own).partition("-")
            if number.isdecimal() and kind == "claim":
                claims[int(number)] = at
            elif number.isdecimal() and kind == "failed":
                failed.add(int(number))
        return cls(notified, claims, frozenset(failed))

    def next_claim(self, now: float) -> int | None:
        """The number of the claim that may be made; None while somebody else is at work."""
        alive = [
            number
            for number, at in self.claims.items()
            if number not in self.failed and now - at < LEASE_SECONDS
        ]
        return None if alive else max(self.claims, default=0) + 1


@dataclass
class Ledger:
    """The entries about one event in one log group, for whoever would report this outcome."""

    reader: Reader
    region: str
    group: str
    key: str
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    outcome: Outcome = ""

    def notify_once(self, send: Send) -> Notification:
        """Send, unless it has been sent; raises `NotSent` when that fails."""
        until = self.clock() + _PATIENCE_SECONDS
        # Nothing better than the best outcome can have been reported: it is claimed at once.
        number: int | None = None if self.outcome else 1
        while self.clock() < until:
            claimed = number is not None and self._add(f"claim-{number}")
            if isinstance(claimed, ReadFailure):
                return _unsafely(send, claimed.sentence())
            if claimed and number:
                return self._send(number, send)
            entries = self._listed()
            if isinstance(entries, ReadFailure):
                return _unsafely(send, entries.sentence())
            if entries.notified:
                return Notification("already")
            tried, number = number, entries.next_claim(self.clock())
            # Somebody is at work, or has claimed just now, which is not listed yet.
            if number is None or number == tried:
                self.sleep(PAUSE_SECONDS)
        return _unsafely(send, _ABANDONED)

    def _send(self, number: int, send: Send) -> Notification:
        try:
            message_id = send(None)
        except NotSent:
            self._add(f"failed-{number}")
            raise
        marked = self._add(_NOTIFIED)
        note = _unsafe(marked.sentence()) if isinstance(marked, ReadFailure) else None
        return Notification("notified", message_id, note)

    def _add(self, name: str) -> bool | ReadFailure:
        """Make an entry: True, or False when it exists already."""
        return self._entries.add(f"{self.key}/{_named(name, self.outcome)}")

    @property
    def _entries(self) -> LogEntries:
        return LogEntries(self.reader, self.region, self.group, self.sleep)

    def _listed(self) -> Entries | ReadFailure:
        names = self._entries.below(f"{self.key}/")
        return names if isinstance(names, ReadFailure) else Entries.of(names, self.outcome)


def key_for(policy: str, identifier: str) -> str:
    """What the entries about an event begin with; log streams take no colon and no star.

    >>> key_for("signin-single-factor", "3fcfb182-98f8-4744-bd45-10a395ab61cb")
    'c7n-mfa/signin-single-factor/3fcfb182-98f8-4744-bd45-10a395ab61cb'
    """
    return f"c7n-mfa/{policy}/{re.sub(r'[^A-Za-z0-9-]', '-', identifier)}"


def outcome_of(receipts: Iterable[Mapping[str, Any]], contains: bool) -> Outcome:
    """How far the user is contained, where that may still become better."""
    results = {receipt["result"] for receipt in receipts}
    if not results:
        return "not-contained" if contains else ""
    if "failed" not in results:
        return ""
    return "partly-contained" if results & IN_PLACE else "not-contained"


def passing(receipts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The errors that may be gone when the same is tried again.

    >>> passing([{"result": "failed", "error": "iam:TagUser on x failed with Throttling: later"}])
    ['iam:TagUser on x failed with Throttling: later']
    """
    failed = [receipt.get("error") or "" for receipt in receipts if receipt["result"] == "failed"]
    return [error for error in failed if _PASSES.match(error)]


def _named(name: str, outcome: Outcome) -> str:
    return f"{outcome}/{name}" if outcome else name


def _unsafely(send: Send, why: str) -> Notification:
    return Notification("notified", send(why), _unsafe(why))


def _unsafe(why: str) -> str:
    return f"the ledger does not work, and the notification may be repeated: {why}"
