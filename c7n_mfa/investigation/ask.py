# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Asking AWS within a budget of time: what cannot be asked becomes a gap, and nothing raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.config import Config

from c7n_mfa.aws.read import Reader, ReadFailure, Shape
from c7n_mfa.investigation.dossier import Gap

SPENT = "BudgetSpent"
# Codes that say something else than they seem to.
_MEANING = {"InvalidAccessException": "Security Hub is not on"}

# One call must not eat the whole budget.  LookupEvents is paced, and retried, by ourselves.
_PATIENT = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}
)
_ONCE = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1}
)


@dataclass
class Budget:
    """The time that an investigation may take."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.clock() + self.seconds

    def is_spent(self) -> bool:
        return self.clock() >= self.until

    def wait_until(self, moment: float) -> None:
        """Sleep, at the longest until the budget is spent."""
        seconds = min(moment, self.until) - self.clock()
        if seconds > 0:
            self.sleep(seconds)


@dataclass
class BudgetReader(Reader):
    """A `Reader` that stops asking when the budget is spent."""

    budget: Budget = field(kw_only=True)

    def config(self, service: str) -> Config:
        return _ONCE if service == "cloudtrail" else _PATIENT

    def _try(
        self, service: str, region: str, operation: str, target: str, read: Callable[[], Any]
    ) -> Any:
        if self.budget.is_spent():
            return ReadFailure(self.permission(service, region, operation), target, SPENT, "")
        return super()._try(service, region, operation, target, read)


@dataclass
class Inquiry:
    """Questions whose failures are noted as gaps."""

    reader: BudgetReader
    gaps: list[Gap] = field(default_factory=list)

    def one(
        self,
        what: str,
        service: str,
        operation: str,
        shape: Shape,
        region: str = "",
        absent: Any = None,
        **params: Any,
    ) -> Any:
        """`shape` of the answer, `absent` where AWS knows no such thing; None leaves a gap."""
        seen = self.reader.one(service, region, operation, what, shape, **params)
        return self._noted(seen, what, region, absent)

    def every(
        self, what: str, service: str, operation: str, key: str, shape: Shape, **params: Any
    ) -> Any:
        """`shape` of each item of all pages, as a tuple; None leaves a gap."""
        seen = self.reader.every(service, "", operation, key, what, shape, **params)
        return self._noted(seen, what, "", None)

    def note(self, what: str, why: str, permission: str | None = None, region: str = "") -> None:
        self.gaps.append(Gap(what, why, permission, (region,) if region else ()))

    def _noted(self, seen: Any, what: str, region: str, absent: Any) -> Any:
        if isinstance(seen, ReadFailure):
            self.unseen(seen, what, region)
            return None
        if seen is None and absent is None:
            self.note(what, "AWS knows no such thing, or no longer", region=region)
        return absent if seen is None else seen

    def unseen(self, seen: ReadFailure, what: str, region: str) -> None:
        """Note a look that failed.  What AWS wrote beside the code may name people, so it stays."""
        if seen.denied:
            self.note(what, "access denied", seen.permission, region)
        elif seen.code == SPENT:
            seconds = self.reader.budget.seconds
            self.note(what, f"the time of {seconds:g} s was used up", region=region)
        else:
            failed = f"{seen.permission} failed with {seen.code}"
            self.note(what, _MEANING.get(seen.code, failed), region=region)


def merged(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """The same gap of several Regions as one."""
    found: dict[Gap, list[str]] = {}
    for gap in gaps:
        found.setdefault(replace(gap, regions=()), []).extend(gap.regions)
    return tuple(replace(gap, regions=tuple(dict.fromkeys(rs))) for gap, rs in found.items())
