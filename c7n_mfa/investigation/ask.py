# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Lookups within a budget of time: what cannot be read becomes a gap, and nothing raises.

AWS is read through boto3; country and network of an address come from MaxMind databases, where
there are any.  The package `maxminddb` is no dependency: it is used when it is installed, as in a
Lambda layer.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from botocore.config import Config

from c7n_mfa.aws.read import Reader, ReadFailure, Shape, Turns, together
from c7n_mfa.investigation.dossier import Gap, Place
from c7n_mfa.signin.parts import at
from c7n_mfa.signin.record import text

SPENT = "BudgetSpent"
GEO = "the country and the network of the address"

# Codes that say something else than they seem to.
HUB_OFF = "Security Hub is not enabled"
_MEANING = {"InvalidAccessException": HUB_OFF}

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


class _Steady(Turns):
    """LookupEvents is limited in each Region: one that throttles must not slow down the others."""

    def narrow(self) -> None:
        pass


@dataclass
class BudgetReader(Reader):
    """A `Reader` that stops when the budget is spent."""

    budget: Budget = field(kw_only=True)
    turns: Turns = field(default_factory=_Steady)

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
    """Reads whose failures are noted as gaps."""

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
        """`shape` of the answer, `absent` where the thing does not exist; None leaves a gap."""
        answer = self.reader.one(service, region, operation, what, shape, **params)
        return self._noted(answer, what, region, absent)

    def every(
        self, what: str, service: str, operation: str, key: str, shape: Shape, **params: Any
    ) -> Any:
        """`shape` of each item of all pages, as a tuple; None leaves a gap."""
        answer = self.reader.every(service, "", operation, key, what, shape, **params)
        return self._noted(answer, what, "", None)

    def note(self, what: str, why: str, permission: str | None = None, region: str = "") -> None:
        self.gaps.append(Gap(what, why, permission, (region,) if region else ()))

    def note_failure(self, failure: ReadFailure, what: str, region: str) -> None:
        """Note a failed read, without what AWS wrote beside the code: it may name people."""
        if failure.denied:
            self.note(what, "access denied", failure.permission, region)
        elif failure.code == SPENT:
            seconds = self.reader.budget.seconds
            self.note(what, f"the budget of {seconds:g} s was spent", region=region)
        else:
            why = f"{failure.permission} failed with {failure.code}"
            self.note(what, _MEANING.get(failure.code, why), region=region)

    def _noted(self, answer: Any, what: str, region: str, absent: Any) -> Any:
        if isinstance(answer, ReadFailure):
            self.note_failure(answer, what, region)
            return None
        if answer is None and absent is None:
            self.note(what, "it does not exist, or no longer", region=region)
        return absent if answer is None else answer


def side_by_side(inquiry: Inquiry, *asks: Callable[[Inquiry], Any]) -> list[Any]:
    """What each of them answers, asked at once; their gaps in their order."""
    apart = [Inquiry(inquiry.reader) for _ in asks]
    answers = together(*(partial(ask, own) for ask, own in zip(asks, apart, strict=True)))
    for own in apart:
        inquiry.gaps += own.gaps
    return answers


def merged(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """The same gap of several Regions as one."""
    regions: dict[Gap, list[str]] = {}
    for gap in gaps:
        regions.setdefault(replace(gap, regions=()), []).extend(gap.regions)
    return tuple(replace(gap, regions=tuple(dict.fromkeys(rs))) for gap, rs in regions.items())


@dataclass
class Geo:
    """Open MaxMind databases, and a gap where one could not be opened or read."""

    readers: list[Any] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @classmethod
    def open(cls, paths: Iterable[str]) -> Geo:
        geo, paths = cls(), list(paths)
        if not paths:
            geo.gaps.append(Gap(GEO, "no geo-database is set"))
            return geo
        try:
            package = importlib.import_module("maxminddb")
        except ImportError:
            geo.gaps.append(Gap(GEO, "the package maxminddb is not installed"))
            return geo
        for path in paths:
            geo._add(package, path)
        return geo

    def place(self, address: str) -> Place | None:
        """Where an address is; what one database lacks another may have."""
        entries = [entry for reader in self.readers if (entry := self._get(reader, address))]
        countries = (text(at(entry, "country", "iso_code")) for entry in entries)
        networks = (text(at(entry, "autonomous_system_organization")) for entry in entries)
        place = Place(next(filter(None, countries), None), next(filter(None, networks), None))
        return place if place != Place() else None

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.readers.clear()

    def _add(self, package: Any, path: str) -> None:
        try:
            self.readers.append(package.open_database(path))
        except (OSError, ValueError, RuntimeError) as error:
            # InvalidDatabaseError is a RuntimeError.
            self.gaps.append(Gap(GEO, f"{path} cannot be opened: {type(error).__name__}"))

    def _get(self, reader: Any, address: str) -> Any:
        try:
            return reader.get(address)
        except (OSError, ValueError, RuntimeError) as error:
            why = f"a database cannot be read: {type(error).__name__}"
            if Gap(GEO, why) not in self.gaps:
                self.gaps.append(Gap(GEO, why))
            return None
