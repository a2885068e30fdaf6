# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa report`: reads custodian's output directories, and prints text, JSON or Markdown."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from c7n_mfa.cli.terminal import console_for

from . import markdown, tree, words
from .read import read_outputs
from .values import Account, JudgedFilter, OtherRun, Report, Run, assemble


@click.command("report")
@click.argument(
    "outputs", nargs=-1, required=True, metavar="OUT...", type=click.Path(path_type=Path)
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For a person, a program, or a job summary.",
)
@click.pass_context
def report(context: click.Context, outputs: Sequence[Path], format_: str) -> None:
    """Report who is notified of a console sign-in without MFA, from what custodian wrote.

    OUT is the directory given to `custodian run -s`; several may be given, and c7n-org's works too.

    Exit status: 0 clean, 1 findings, 2 could not tell.
    """
    whole = report_on(outputs)
    show(whole, format_)
    context.exit(whole.exit_code)


def report_on(outputs: Sequence[Path]) -> Report:
    """The report over some output directories."""
    return assemble(read_outputs(outputs))


def show(whole: Report, format_: str) -> None:
    """Print a report to standard output."""
    if format_ == "json":
        # ASCII only, so that no terminal or pipe can spoil it.
        sys.stdout.write(json.dumps(as_dict(whole), indent=2) + "\n")
    elif format_ == "markdown":
        sys.stdout.write(_writable(markdown.render(whole)))
    else:
        console_for(sys.stdout).print(tree.render(whole), crop=False)


def _writable(text: str) -> str:
    """Markdown that the output can hold: a character reference shows the same sign."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="xmlcharrefreplace").decode(encoding)


def as_dict(whole: Report) -> dict[str, Any]:
    """Everything that was read, in a stable shape."""
    return {
        "verdict": whole.verdict,
        "accounts": [_account(account) for account in whole.accounts],
        "metric_filters": [_metric_filter(kept) for kept in whole.metric_filters],
        "runs": [_run(run) for run in whole.runs],
        "others": [_other(other) for other in whole.others],
        "problems": [problem.to_dict() for problem in whole.problems],
    }


def _account(account: Account) -> dict[str, Any]:
    judgement = account.judgement
    return {
        "account_id": account.account_id,
        "account_name": account.name,
        **judgement.to_dict(),
        "verdict": account.verdict,
        "chains": [
            {"name": words.chain_name(chain), **chain.to_dict()} for chain in judgement.chains
        ],
        "routes": [route.detail for route in judgement.routes or ()],
        "receipt": asdict(account.receipt) if account.receipt else None,
        "run": account.source.place,
    }


def _metric_filter(metric_filter: JudgedFilter) -> dict[str, Any]:
    source, coverage = metric_filter.source, metric_filter.coverage.to_dict()
    return {
        "name": metric_filter.name,
        "log_group": metric_filter.log_group,
        "pattern": metric_filter.pattern,
        "verdict": metric_filter.verdict,
        **{key: value for key, value in coverage.items() if key != "advice"},
        "account_id": source.account_id,
        "region": source.region,
        "policy": source.policy,
        "run": source.place,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        **asdict(run.source),
        "outcome": run.outcome,
        "dry_run": run.dry_run,
        "judged": [account.account_id for account in run.accounts],
        "repaired": list(run.repaired),
    }


def _other(other: OtherRun) -> dict[str, Any]:
    whole = asdict(other)
    return {**whole.pop("source"), **whole}
