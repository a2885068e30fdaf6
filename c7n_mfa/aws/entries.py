# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Entries in a log group: the names of empty log streams.

To create one that exists fails, so of all who try at once one succeeds.  A function has its log
group anyway, and needs no table for what it has to remember.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.aws.read import Reader, ReadFailure

PAUSE_SECONDS = 1.0
_EXISTS = "ResourceAlreadyExistsException"
_BUSY = "OperationAbortedException"


@dataclass
class LogEntries:
    """The entries in one log group."""

    reader: Reader
    region: str
    group: str
    sleep: Callable[[float], None] = time.sleep
    _made: bool = field(default=False, init=False)

    def add(self, name: str) -> bool | ReadFailure:
        """Make an entry: True, or False when it exists already."""
        created = self._create("create_log_stream", logStreamName=name)
        if created is None and not self._made:
            self._made = True
            group = self._create("create_log_group")
            return group if isinstance(group, ReadFailure) else self.add(name)
        if created is None:
            return ReadFailure(
                "logs:CreateLogStream", self.group, "ResourceNotFoundException", "gone"
            )
        return created

    def below(self, prefix: str) -> tuple[tuple[str, float], ...] | ReadFailure:
        """The rest of each name that begins so, and when the entry was made."""
        streams: tuple[tuple[str, float], ...] | ReadFailure | None = self.reader.every(
            "logs", self.region, "describe_log_streams", "logStreams", self.group,
            lambda stream: (
                stream["logStreamName"].removeprefix(prefix),
                stream["creationTime"] / 1000,
            ),
            logGroupName=self.group, logStreamNamePrefix=prefix,
        )  # fmt: skip
        return () if streams is None else streams

    def _create(self, operation: str, **params: Any) -> bool | ReadFailure | None:
        """None when the log group does not exist."""
        answer = self.reader.one(
            "logs", self.region, operation, self.group, lambda _: True,
            logGroupName=self.group, **params,
        )  # fmt: skip
        if not isinstance(answer, ReadFailure):
            return True if answer else None
        if answer.code == _BUSY:
            # Others are creating the group at this moment.
            self.sleep(PAUSE_SECONDS)
        return False if answer.code in (_EXISTS, _BUSY) else answer
