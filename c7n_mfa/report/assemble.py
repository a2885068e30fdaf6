# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""From runs to where each account stands now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .values import Account, Judgement, Problem, Receipt, Report, Run, Verdict


def assemble(runs: Sequence[Run], problems: Sequence[Problem]) -> Report:
    """The report: what the latest runs say, and what they could not say."""
    accounts = tuple(sorted(_current(runs), key=_worst_first))
    told = (*problems, *_silence(runs, accounts, problems))
    return Report(_overall(accounts, told), accounts, tuple(runs), told)


def _overall(accounts: Sequence[Account], problems: Sequence[Problem]) -> Verdict:
    verdicts = {account.verdict for account in accounts}
    if "broken" in verdicts:
        return "broken"
    return "unknown" if problems or "unknown" in verdicts or not accounts else "intact"


def _current(runs: Sequence[Run]) -> Iterator[Account]:
    entries = [_account(run, judged) for run in runs for judged in run.judgements]
    for entry in entries:
        if not any(_supersedes(other, entry) for other in entries):
            yield entry


def _worst_first(account: Account) -> tuple[int, str, str]:
    order = ("broken", "unknown", "intact")
    return order.index(account.verdict), account.account_id, account.judgement.requirement


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


def _silence(
    runs: Sequence[Run], accounts: Sequence[Account], problems: Sequence[Problem]
) -> Iterator[Problem]:
    """Why there is nothing to say, when nothing else has said so."""
    if accounts or problems:
        return
    for run in runs:
        if run.outcome == "deployed":
            yield Problem(
                run.place,
                f"the policy {run.policy} was deployed as a Lambda function and judged nothing "
                "yet.",
                "Its judgements are in the function's own log and output.",
            )
