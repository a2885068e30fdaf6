# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a replay has counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.replay.read import Problem
from c7n_mfa.signin import SignIn

NONE_FOUND, FOUND, NOT_ALL_READ = 0, 1, 2


@dataclass(slots=True)
class Tally:
    """How many records were read, and what they were."""

    records: int = 0
    sign_ins: int = 0
    single_factor: int = 0
    unknown: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        if self.problems:
            return NOT_ALL_READ
        return FOUND if self.single_factor else NONE_FOUND

    def add(self, sign_in: SignIn) -> None:
        self.sign_ins += 1
        self.single_factor += sign_in.is_single_factor is True
        self.unknown += sign_in.is_single_factor is None

    def to_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "console_sign_ins": self.sign_ins,
            "single_factor": self.single_factor,
            "unknown": self.unknown,
            "problems": [{"place": each.place, "what": each.what} for each in self.problems],
        }
