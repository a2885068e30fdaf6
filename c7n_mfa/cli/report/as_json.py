# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A report for programs: everything that was read, in a stable shape."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from .values import Account, Found, Report, Run


def render(report: Report) -> str:
    """The whole report; ASCII only, so that no terminal or pipe can spoil it."""
    return json.dumps(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as what JSON can hold."""
    return {
        "verdict": report.verdict,
        "accounts": [_account(account) for account in report.accounts],
        "metric_filters": [_found(found) for found in report.found],
        "runs": [_run(run) for run in report.runs],
        "others": [dataclasses.asdict(other) for other in report.others],
        "problems": [dataclasses.asdict(problem) for problem in report.problems],
    }


def _account(account: Account) -> dict[str, Any]:
    judged = dataclasses.asdict(account.judgement)
    return {
        "account_id": account.account_id,
        "account_name": account.name,
        "verdict": account.verdict,
        "requirement": judged["requirement"],
        "blind_spots": judged["blind_spots"],
        "advice": judged["advice"],
        "noise": judged["noise"],
        "depends_on": judged["depends_on"],
        "chains": judged["chains"],
        "regions": judged["regions"],
        "routes": judged["routes"],
        "receipt": dataclasses.asdict(account.receipt) if account.receipt else None,
        "run": account.run.place,
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        **dataclasses.asdict(found.metric_filter),
        "account_id": found.run.account_id,
        "region": found.run.region,
        "policy": found.run.policy,
        "run": found.run.place,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "place": run.place,
        "policy": run.policy,
        "region": run.region,
        "account_id": run.account_id,
        "started": run.started,
        "outcome": run.outcome,
        "dry_run": run.dry_run,
        "judged": [judgement.account_id for judgement in run.judgements],
        "repaired": [receipt.account_id for receipt in run.receipts],
    }
