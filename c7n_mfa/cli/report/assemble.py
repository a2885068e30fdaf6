# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""From runs to where each account stands now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .values import (
    Account,
    Found,
    Judgement,
    MetricFilter,
    Other,
    Problem,
    Receipt,
    Report,
    Run,
    Verdict,
)

_WORST_FIRST = ("broken", "unknown", "intact")


def assemble(
    runs: Sequence[Run], problems: Sequence[Problem], others: Sequence[Other] = ()
) -> Report:
    """The report: what the latest runs say, and what they could not say."""
    others = tuple(_standing(others))
    accounts = tuple(sorted(_current(runs), key=_worst_first))
    found = tuple(sorted(_found(runs), key=_worst_filter_first))
    looked = bool(accounts) or any(run.metric_filters is not None for run in runs)
    told = tuple(problems) if looked or problems else tuple(_silence(runs))
    judged: list[Account | MetricFilter | Other] = [*accounts]
    judged += [each.metric_filter for each in found]
    judged += [each for each in others if each.verdict]
    verdict = _overall(judged, told, looked)
    return Report(verdict, accounts, found, tuple(runs), told, others)


def _overall(
    judged: Sequence[Account | MetricFilter | Other], problems: Sequence[Problem], looked: bool
) -> Verdict:
    verdicts = {each.verdict for each in judged}
    if "broken" in verdicts:
        return "broken"
    return "unknown" if problems or "unknown" in verdicts or not looked else "intact"


def _standing(others: Sequence[Other]) -> Iterator[Other]:
    """What the other policies did; of their verdicts on an account the latest stands."""
    for other in others:
        later = (
            each.started > other.started and each.account_id == other.account_id and each.verdict
            for each in others
        )
        yield replace(other, verdict=None, next=()) if other.verdict and any(later) else other


def _found(runs: Sequence[Run]) -> Iterator[Found]:
    """The metric filters that the latest run of each policy kept, in each Region."""
    for run in runs:
        if not any(_ran_again(later, run) for later in runs):
            yield from (Found(each, run) for each in run.metric_filters or ())


def _ran_again(later: Run, run: Run) -> bool:
    same = (later.policy, later.region, later.account_id) == (
        run.policy,
        run.region,
        run.account_id,
    )
    return same and later.metric_filters is not None and later.started > run.started


def _worst_filter_first(found: Found) -> tuple[int, str, str, str, str]:
    where = (found.run.account_id or "", found.run.region or "")
    return (
        _WORST_FIRST.index(found.metric_filter.verdict),
        *where,
        found.metric_filter.log_group,
        found.metric_filter.name,
    )


def _current(runs: Sequence[Run]) -> Iterator[Account]:
    entries = [_account(run, judged) for run in runs for judged in run.judgements]
    for entry in entries:
        if not any(_supersedes(other, entry) for other in entries):
            yield entry


def _worst_first(account: Account) -> tuple[int, str, str]:
    return _WORST_FIRST.index(account.verdict), account.account_id, account.judgement.requirement


def _account(run: Run, judged: Judgement) -> Account:
    receipt = _receipt(run, judged)
    return Account(
        account_id=judged.account_id,
        name=judged.account_name,
        verdict=receipt.after if receipt else judged.verdict,
        judgement=judged,
        receipt=receipt,
        run=run,
    )


def _receipt(run: Run, judged: Judgement) -> Receipt | None:
    ours = (receipt for receipt in run.receipts if receipt.account_id == judged.account_id)
    return next(ours, None)


def _supersedes(later: Account, earlier: Account) -> bool:
    """A later run of the same policy, or a later look by a repair, replaces an earlier one."""
    same = (later.account_id, later.judgement.requirement) == (
        earlier.account_id,
        earlier.judgement.requirement,
    )
    again = (later.run.policy, later.run.region) == (earlier.run.policy, earlier.run.region)
    newer = later.run.started > earlier.run.started
    return same and newer and (again or later.receipt is not None or earlier.receipt is not None)


def _silence(runs: Sequence[Run]) -> Iterator[Problem]:
    """Why there is nothing to say, when nothing else has said so."""
    for run in runs:
        if run.outcome == "deployed":
            yield Problem(
                run.place,
                f"the policy {run.policy} was deployed as a Lambda function and judged nothing "
                "yet.",
                "Its judgements are in the function's own log and output.",
            )
