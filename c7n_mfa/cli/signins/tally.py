# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a replay has counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from c7n_mfa.cli.signins.read import Problem
from c7n_mfa.signin.record import SignIn

NONE_FOUND, FOUND, NOT_ALL_READ = 0, 1, 2


@dataclass(slots=True)
class Tally:
    """How many records were read, and what they were."""

    records: int = 0
    sign_ins: int = 0
    single_factor: int = 0
    unknown: int = 0
    duplicates: int = 0
    problems: list[Problem] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)

    @property
    def exit_code(self) -> int:
        if self.problems:
            return NOT_ALL_READ
        return FOUND if self.single_factor else NONE_FOUND

    def add(self, sign_in: SignIn) -> bool:
        """Count a sign-in, and say so; one that was counted before is a duplicate."""
        if self._is_duplicate(sign_in):
            self.duplicates += 1
            return False
        self.sign_ins += 1
        self.single_factor += sign_in.is_single_factor is True
        self.unknown += sign_in.is_single_factor is None
        return True

    def _is_duplicate(self, sign_in: SignIn) -> bool:
        """Whether the event came before: by its ID, and by what else is printed of it.

        Two records of one ID that say different things both count, so that neither hides the other.
        """
        if sign_in.event_id is None:
            return False
        # A digest, because there may be millions and only whether they were seen matters.
        told = blake2b(json.dumps(line(sign_in)).encode(), digest_size=16).digest()
        known = told in self._seen
        self._seen.add(told)
        return known

    def to_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "console_sign_ins": self.sign_ins,
            "single_factor": self.single_factor,
            "unknown": self.unknown,
            "duplicates": self.duplicates,
            "problems": [{"place": each.place, "what": each.what} for each in self.problems],
        }


def line(sign_in: SignIn) -> dict[str, Any]:
    """One sign-in in the keys that others rely on."""
    return {
        "eventID": sign_in.event_id,
        "eventTime": sign_in.event_time,
        "principal": sign_in.principal,
        "path": sign_in.path,
        "outcome": sign_in.outcome,
        "factor": sign_in.factor,
        "single_factor": sign_in.is_single_factor,
    }
