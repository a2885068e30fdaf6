# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a report is made of, and where each account stands after the runs that were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from c7n_mfa.audit.reasons import VERDICTS, Verdict
from c7n_mfa.audit.verdicts import FilterCoverage, Judgement, rank
from c7n_mfa.frozen import frozen
from c7n_mfa.shape import Node

Outcome = Literal["finished", "failed", "aborted", "deployed"]

_FAULTS = {"misses", "never-fires", "noisy"}


@frozen
class Problem:
    """Something that kept the report from knowing: where, what, and how to fix it."""

    place: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} {self.fix}"

    def to_dict(self) -> dict[str, str]:
        # The fix under its name of before too, for one release.
        return {**asdict(self), "mend": self.fix}


@frozen
class RepairStep:
    """One step of a repair and its result, as read back.

    The step itself, whose calls can be made and undone, is :class:`c7n_mfa.aws.change.Step`.
    """

    step: str
    result: str
    resource: str | None
    why: str
    error: str | None
    call: Any
    undo: Any

    @classmethod
    def from_dict(cls, data: Any) -> RepairStep:
        node = Node.of(data)
        return cls(
            step=node["step"].text(),
            result=node["result"].text(),
            resource=node["resource"].maybe_text(),
            why=node["why"].maybe_text() or "",
            error=node["error"].maybe_text(),
            call=node["call"].value,
            undo=node["undo"].value,
        )


@frozen
class RepairReceipt:
    """What the action `set-signin-monitoring` did in one account."""

    account_id: str
    before: Verdict
    after: Verdict
    steps: tuple[RepairStep, ...]

    @classmethod
    def from_dict(cls, data: Any) -> RepairReceipt:
        node = Node.of(data)
        return cls(
            account_id=node["account_id"].text(),
            before=node["before"].one_of(VERDICTS),
            after=node["after"].one_of(VERDICTS),
            steps=tuple(map(RepairStep.from_dict, node["steps"].items())),
        )


@frozen
class Source:
    """Which run of which policy says so: the folder custodian wrote for it."""

    place: str
    policy: str
    region: str | None = None
    account_id: str | None = None
    started: float = 0.0

    def repeats(self, other: Source) -> bool:
        """Whether this is a later run of the same policy, in the same account and Region."""
        same = (self.policy, self.region, self.account_id)
        return same == (other.policy, other.region, other.account_id) and self.later_than(other)

    def later_than(self, other: Source) -> bool:
        return self.started > other.started


@frozen
class Account:
    """What one run says of one account: its judgement, and the receipt of a repair."""

    account_id: str
    name: str | None
    judgement: Judgement
    receipt: RepairReceipt | None
    source: Source

    @property
    def verdict(self) -> Verdict:
        return self.receipt.after if self.receipt else self.judgement.verdict


@frozen
class JudgedFilter:
    """A metric filter that a policy kept, and what the filter `signin-coverage` wrote about it."""

    name: str
    log_group: str
    pattern: str
    coverage: FilterCoverage
    source: Source

    @property
    def verdict(self) -> Verdict:
        """A metric filter that a policy asked for because it covers is no fault."""
        states = self.coverage.states
        if _FAULTS.intersection(states):
            return "broken"
        return "intact" if states == ("covers",) else "unknown"


@frozen
class Run:
    """One execution of one policy that judges accounts or metric filters.

    ``metric_filters`` is ``None`` where the policy did not look at them, or did not get to.
    """

    source: Source
    outcome: Outcome
    dry_run: bool = False
    accounts: tuple[Account, ...] = ()
    repaired: tuple[str, ...] = ()
    metric_filters: tuple[JudgedFilter, ...] | None = None


@frozen
class OtherRun:
    """A run of a policy that responds, forwards, releases or removes: what it did, what is next.

    ``verdict`` is that on the forwarding of sign-ins, where the policy looked at it.
    """

    source: Source
    outcome: Outcome
    elements: tuple[str, ...]
    verdict: Verdict | None
    sentence: str
    next: tuple[str, ...] = ()


@dataclass(slots=True)
class Outputs:
    """Every run below some directories, and what could not be read of them."""

    runs: list[Run] = field(default_factory=list)
    others: list[OtherRun] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.runs) + len(self.others) + len(self.problems)


@frozen
class Report:
    """Everything there is to say."""

    verdict: Verdict
    accounts: tuple[Account, ...]
    metric_filters: tuple[JudgedFilter, ...]
    runs: tuple[Run, ...]
    others: tuple[OtherRun, ...]
    problems: tuple[Problem, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each account and each metric filter."""
        accounts = (account.verdict for account in self.accounts)
        return (*accounts, *(metric_filter.verdict for metric_filter in self.metric_filters))

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 2 could not tell."""
        return {"intact": 0, "broken": 1, "unknown": 2}[self.verdict]


def assemble(outputs: Outputs) -> Report:
    """What the latest runs say, the worst first, and what they could not say."""
    accounts = sorted(_current_accounts(outputs.runs), key=_worst_account_first)
    filters = sorted(_current_filters(outputs.runs), key=_worst_filter_first)
    others = tuple(_current_others(outputs.others))
    looked = bool(accounts) or any(run.metric_filters is not None for run in outputs.runs)
    problems = outputs.problems or ([] if looked else list(_deployed_only(outputs.runs)))
    verdicts: set[Verdict | None] = {account.verdict for account in accounts}
    verdicts.update(metric_filter.verdict for metric_filter in filters)
    verdicts.update(other.verdict for other in others)
    return Report(
        _overall(verdicts, certain=looked and not problems),
        tuple(accounts),
        tuple(filters),
        tuple(outputs.runs),
        others,
        tuple(problems),
    )


def _overall(verdicts: set[Verdict | None], certain: bool) -> Verdict:
    if "broken" in verdicts:
        return "broken"
    return "intact" if certain and "unknown" not in verdicts else "unknown"


def _current_accounts(runs: Sequence[Run]) -> Iterator[Account]:
    accounts = [account for run in runs for account in run.accounts]
    for account in accounts:
        if not any(_supersedes(other, account) for other in accounts):
            yield account


def _supersedes(later: Account, earlier: Account) -> bool:
    """A later run of the same policy, or a later look by a repair, replaces an earlier one."""
    same = (later.account_id, later.judgement.requirement) == (
        earlier.account_id,
        earlier.judgement.requirement,
    )
    again = (later.source.policy, later.source.region) == (
        earlier.source.policy,
        earlier.source.region,
    )
    repair = later.receipt is not None or earlier.receipt is not None
    return same and later.source.later_than(earlier.source) and (again or repair)


def _current_filters(runs: Sequence[Run]) -> Iterator[JudgedFilter]:
    """The metric filters that the latest run of each policy kept, in each Region."""
    looked = [run for run in runs if run.metric_filters is not None]
    for run in looked:
        if not any(later.source.repeats(run.source) for later in looked):
            yield from run.metric_filters or ()


def _current_others(others: Sequence[OtherRun]) -> Iterator[OtherRun]:
    """What the other policies did; of their verdicts on an account the latest stands."""
    for other in others:
        superseded = other.verdict and any(
            later.verdict
            and later.source.account_id == other.source.account_id
            and later.source.later_than(other.source)
            for later in others
        )
        yield replace(other, verdict=None, next=()) if superseded else other


def _worst_account_first(account: Account) -> tuple[int, str, str]:
    return -rank(account.verdict), account.account_id, account.judgement.requirement


def _worst_filter_first(metric_filter: JudgedFilter) -> tuple[int, str, str, str, str]:
    where = (metric_filter.source.account_id or "", metric_filter.source.region or "")
    name = (metric_filter.log_group, metric_filter.name)
    return (-rank(metric_filter.verdict), *where, *name)


def _deployed_only(runs: Sequence[Run]) -> Iterator[Problem]:
    """Why there is nothing to say, when nothing else has said so."""
    for run in runs:
        if run.outcome == "deployed":
            yield Problem(
                run.source.place,
                f"the policy {run.source.policy} was deployed as a Lambda function and judged "
                "nothing yet.",
                "Its judgements are in the function's own log and output.",
            )
