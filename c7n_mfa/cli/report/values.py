# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a report is made of: plain values, read from files and rendered by the other modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["intact", "broken", "unknown"]

Outcome = Literal["finished", "failed", "aborted", "deployed"]

VERDICTS: tuple[Verdict, ...] = ("intact", "broken", "unknown")
LINKS = ("trail", "log-group", "metric-filter", "metric", "alarm", "topic", "subscription")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that kept the report from knowing: where, what, and how to mend it."""

    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} {self.mend}"


@dataclass(frozen=True, slots=True)
class Link:
    """The judgement of one link of a chain."""

    link: str
    verdict: Verdict
    reason: str | None
    detail: str
    resource: str | None
    fix: str | None
    permission: str | None
    security_hub: str | None
    evidence: Any


@dataclass(frozen=True, slots=True)
class Chain:
    """The judgement of one chain: the links that were reached, in order."""

    name: str
    verdict: Verdict
    covers: tuple[str, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A family of sign-ins that is missed, or caught and should not be, with an example."""

    family: str
    grade: str
    sentence: str
    because: str
    event: Any


@dataclass(frozen=True, slots=True)
class Dependency:
    """What the answer hangs on, where it hangs on undocumented behaviour."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Region:
    """One row of the table of Regions: its verdict, and the chain that is best there, by number."""

    region: str
    verdict: Verdict
    trail: str | None
    chain: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the filter `signin-monitoring` wrote about one account."""

    account_id: str
    account_name: str | None
    requirement: str
    verdict: Verdict
    blind_spots: tuple[Spot, ...]
    advice: tuple[Spot, ...]
    noise: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]
    chains: tuple[Chain, ...]
    regions: tuple[Region, ...] = ()
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """What the filter `signin-coverage` wrote about one metric filter."""

    name: str
    log_group: str
    pattern: str
    verdict: Verdict
    requirement: str
    states: tuple[str, ...]
    blind_spots: tuple[Spot, ...]
    noise: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a repair and what became of it."""

    step: str
    result: str
    resource: str | None
    why: str
    error: str | None
    call: Any
    undo: Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the action `set-signin-monitoring` did in one account."""

    account_id: str
    before: Verdict
    after: Verdict
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of one policy: the folder custodian wrote for it.

    ``metric_filters`` is ``None`` where the policy did not look at them, or did not get to.
    """

    place: str
    policy: str
    region: str | None
    account_id: str | None
    started: float
    outcome: Outcome
    dry_run: bool
    judgements: tuple[Judgement, ...]
    receipts: tuple[Receipt, ...]
    metric_filters: tuple[MetricFilter, ...] | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Where one account stands now, for one requirement."""

    account_id: str
    name: str | None
    verdict: Verdict
    judgement: Judgement
    receipt: Receipt | None
    run: Run


@dataclass(frozen=True, slots=True)
class Found:
    """A metric filter that a policy kept, and the run that found it."""

    metric_filter: MetricFilter
    run: Run


@dataclass(frozen=True, slots=True)
class Other:
    """A run of a policy that responds, forwards, releases or removes: what it did, what is next.

    ``verdict`` is that on the forwarding of sign-ins, where the policy looked at it.
    """

    place: str
    policy: str
    region: str | None
    account_id: str | None
    started: float
    outcome: Outcome
    elements: tuple[str, ...]
    verdict: Verdict | None
    sentence: str
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything there is to say."""

    verdict: Verdict
    accounts: tuple[Account, ...]
    found: tuple[Found, ...]
    runs: tuple[Run, ...]
    problems: tuple[Problem, ...]
    others: tuple[Other, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each account and each metric filter."""
        filters = (each.metric_filter.verdict for each in self.found)
        return (*(account.verdict for account in self.accounts), *filters)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 2 could not tell."""
        return {"intact": 0, "broken": 1, "unknown": 2}[self.verdict]
