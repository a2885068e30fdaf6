# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Telling of an event once, however often and at once it is delivered.

The ledger is a log group, and its entries are the names of empty log streams: to create one that is
there fails, so of all who try at once one succeeds.  `claim-1` says that somebody is telling,
`told` that it is done, and `failed-1` that it did not work and may be tried again.  A claim that
nobody follows up expires: whoever made it is dead, and the next delivery tells.

So an event is told exactly once as long as nobody dies between claiming and telling, and at least
once otherwise.  Where the ledger cannot be used, it is told all the same.

A containment that is tried again may turn out better than it was told.  What is told of one that
failed has entries of its own, `not-contained/told`, and a better outcome is told once more; the
same and a worse one are not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from c7n_mfa.aws.read import Reader, ReadFailure

PERMISSIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams")

LEASE_SECONDS = 60.0
"""How long a claim is good: longer than one publish with all its retries takes."""

_PATIENCE_SECONDS = 2 * LEASE_SECONDS
_PAUSE_SECONDS = 1.0
_THERE = "ResourceAlreadyExistsException"
_BUSY = "OperationAbortedException"
_TOLD = "told"
_ABANDONED = "others have claimed to tell, and none of them has said that it is done"

Outcome = Literal["not-contained", "partly-contained", ""]
OUTCOMES: tuple[Outcome, ...] = ("not-contained", "partly-contained", "")
"""What can be told of one event, the worst first.  The last is that nothing is left to hope for."""

Tell = Callable[[str | None], str]
"""Tells, and says why the same may be told again if it may; returns the id of the message."""


class NotTold(Exception):
    """Telling failed; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: told now, or already by somebody else.

    ``note`` says why it may be told again, where the ledger did not work.
    """

    result: Literal["told", "already"]
    message_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries about one outcome: claims by number with the time of each, failures, and the end.

    The first claim that is neither failed nor expired is somebody at work.
    """

    told: bool
    claims: Mapping[int, float]
    failed: frozenset[int]

    @classmethod
    def of(cls, streams: Iterable[tuple[str, float]], outcome: Outcome = "") -> Entries:
        """From the names of all log streams of the event, without their prefix, and their times."""
        claims: dict[int, float] = {}
        failed, told = set(), False
        enough = {_named(_TOLD, each) for each in OUTCOMES[OUTCOMES.index(outcome) :]}
        own = _named("", outcome)
        for name, at in streams:
            told = told or name in enough
            kind, _, number = name.removeprefix(own).partition("-")
            if number.isdecimal() and kind == "claim":
                claims[int(number)] = at
            elif number.isdecimal() and kind == "failed":
                failed.add(int(number))
        return cls(told, claims, frozenset(failed))

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
    """The entries about one event in one log group, for whoever would tell of this outcome."""

    reader: Reader
    region: str
    group: str
    key: str
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    outcome: Outcome = ""
    _made: bool = field(default=False, init=False)

    def tell_once(self, tell: Tell) -> Told:
        """Tell, unless it has been told; raises `NotTold` when telling does not work."""
        until = self.clock() + _PATIENCE_SECONDS
        # Of the best outcome nothing can have been told that is better: it is claimed unseen.
        number: int | None = None if self.outcome else 1
        while self.clock() < until:
            claimed = number is not None and self._add(f"claim-{number}")
            if isinstance(claimed, ReadFailure):
                return _told_unsafely(tell, claimed.sentence())
            if claimed and number:
                return self._tell(number, tell)
            entries = self._entries()
            if isinstance(entries, ReadFailure):
                return _told_unsafely(tell, entries.sentence())
            if entries.told:
                return Told("already")
            tried, number = number, entries.next_claim(self.clock())
            # Somebody is at work; or has claimed this moment, which is not shown yet.
            if number is None or number == tried:
                self.sleep(_PAUSE_SECONDS)
        return _told_unsafely(tell, _ABANDONED)

    def _tell(self, number: int, tell: Tell) -> Told:
        try:
            message_id = tell(None)
        except NotTold:
            self._add(f"failed-{number}")
            raise
        marked = self._add(_TOLD)
        note = _unsafe(marked.sentence()) if isinstance(marked, ReadFailure) else None
        return Told("told", message_id, note)

    def _add(self, name: str) -> bool | ReadFailure:
        """Make an entry: True, or False when it is there already."""
        stream = f"{self.key}/{_named(name, self.outcome)}"
        made = self._create("create_log_stream", logStreamName=stream)
        if made is None and not self._made:
            self._made = True
            group = self._create("create_log_group")
            return group if isinstance(group, ReadFailure) else self._add(name)
        if made is None:
            return ReadFailure(
                "logs:CreateLogStream", self.group, "ResourceNotFoundException", "gone"
            )
        return made

    def _create(self, operation: str, **params: Any) -> bool | ReadFailure | None:
        """None when the log group does not exist."""
        made = self.reader.one(
            "logs", self.region, operation, self.group, lambda _: True,
            logGroupName=self.group, **params,
        )  # fmt: skip
        if not isinstance(made, ReadFailure):
            return True if made else None
        if made.code == _BUSY:
            # Others are making the group at this moment.
            self.sleep(_PAUSE_SECONDS)
        return False if made.code in (_THERE, _BUSY) else made

    def _entries(self) -> Entries | ReadFailure:
        prefix = f"{self.key}/"
        found = self.reader.every(
            "logs", self.region, "describe_log_streams", "logStreams", self.group,
            lambda stream: (
                stream["logStreamName"].removeprefix(prefix),
                stream["creationTime"] / 1000,
            ),
            logGroupName=self.group, logStreamNamePrefix=prefix,
        )  # fmt: skip
        return found if isinstance(found, ReadFailure) else Entries.of(found or (), self.outcome)


def key_for(policy: str, identifier: str) -> str:
    """What the entries about an event begin with; log streams take no colon and no star.

    >>> key_for("signin-single-factor", "3fcfb182-98f8-4744-bd45-10a395ab61cb")
    'c7n-mfa/signin-single-factor/3fcfb182-98f8-4744-bd45-10a395ab61cb'
    """
    return f"c7n-mfa/{policy}/{re.sub(r'[^A-Za-z0-9-]', '-', identifier)}"


def _named(name: str, outcome: Outcome) -> str:
    return f"{outcome}/{name}" if outcome else name


def _told_unsafely(tell: Tell, why: str) -> Told:
    return Told("told", tell(why), _unsafe(why))


def _unsafe(why: str) -> str:
    return f"the ledger did not work, and the same may be told again: {why}"
