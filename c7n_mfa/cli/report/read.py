# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Custodian's output directories, read into values.

One folder is one run of one policy, however deep it lies: below a Region, below an account and
a Region as c7n-org lays them out, or on its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from c7n_mfa.audit.verdicts import FilterCoverage, Judgement
from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.terminal import aws_problem
from c7n_mfa.entry import ELEMENTS
from c7n_mfa.shape import Node

from .files import AGAIN, Folder, Metadata, metadata_of, shown
from .other_runs import read_other, used
from .values import Account, JudgedFilter, Outcome, Outputs, Problem, RepairReceipt, Run, Source
from .words import AUDIT_POLICY

_ANNOTATION = "c7n:signin-monitoring"
_COVERAGE_ANNOTATION = "c7n:signin-coverage"
_JUDGEMENTS = "signin-monitoring.json"
_RECEIPTS = "action-setsigninmonitoring"
_RESOURCES = "resources.json"
_LOG = "custodian-run.log"
_MARKS = ("metadata.json", _LOG, _JUDGEMENTS)
_ON_ACCOUNTS = {element.name for element in ELEMENTS if element.judges == "accounts"}
_ON_METRIC_FILTERS = {element.name for element in ELEMENTS if element.judges == "metric filters"}


def read_outputs(roots: Sequence[Path]) -> Outputs:
    """Every run below the given directories, and what could not be read of them."""
    outputs = Outputs()
    known: set[Path] = set()
    for root in roots:
        folders = {path.resolve(): path for path in _folders(root, outputs.problems)}
        before = len(outputs)
        for resolved, path in folders.items():
            if resolved not in known:
                _read_run(path, outputs)
        if folders and known.isdisjoint(folders) and len(outputs) == before:
            outputs.problems.append(_no_policy(root))
        known.update(folders)
    return outputs


def _no_policy(root: Path) -> Problem:
    return Problem(
        shown(root),
        "no policy in it has a filter or an action of c7n-mfa.",
        f"Audit into it: `custodian run -s {shown(root)} {AUDIT_POLICY}`.",
    )


def _folders(root: Path, problems: list[Problem]) -> Iterator[Path]:
    wrong = _why_no_output(root)
    if wrong:
        problems.append(wrong)
        return
    any_folder = False
    for place, names, files in os.walk(root, onerror=lambda e: problems.append(_unreadable(e))):
        names.sort()
        if any(mark in files or f"{mark}.gz" in files for mark in _MARKS):
            any_folder = True
            yield Path(place)
    if not any_folder:
        problems.append(
            Problem(
                shown(root),
                "holds no output of custodian.",
                f"Name the directory given to `custodian run -s`, or fill it: "
                f"`custodian run -s {shown(root)} {AUDIT_POLICY}`.",
            )
        )


def _why_no_output(root: Path) -> Problem | None:
    place = shown(root)
    if place.startswith("s3://"):
        what, fix = "is a bucket.", "Copy it first with `aws s3 sync`, and name the copy."
    elif root.is_dir():
        return None
    elif root.exists():
        what, fix = "is a file.", "Name the directory given to `custodian run -s`."
    else:
        what = "does not exist."
        fix = (
            f"Fill it first: `custodian run -s {place} {AUDIT_POLICY}`. Where custodian refuses a "
            "policy it writes nothing, and the last line that it prints says why."
        )
    return Problem(place, what, fix)


def _unreadable(error: OSError) -> Problem:
    reason = error.strerror or str(error)
    return Problem(
        one_line(str(error.filename)),
        f"cannot be opened: {reason}.",
        "Make it readable and try again.",
    )


def _read_run(path: Path, outputs: Outputs) -> None:
    folder = Folder(path)
    metadata = metadata_of(folder)
    if metadata is None:
        outputs.runs.append(_unfinished(folder))
    else:
        _read_finished(folder, metadata, outputs)
    outputs.problems += folder.problems


def _unfinished(folder: Folder) -> Run:
    """A run without readable metadata: custodian writes it last, so it was cut short."""
    if not folder.problems:
        _report_failure(folder, "the run was cut short", "custodian wrote no metadata.json")
    return Run(Source(shown(folder.path), one_line(folder.path.name)), "aborted")


def _read_finished(folder: Folder, metadata: Metadata, outputs: Outputs) -> None:
    judges = not metadata.elements.isdisjoint(_ON_ACCOUNTS | _ON_METRIC_FILTERS)
    if not judges and not used(metadata):
        return
    resources = folder.read(_RESOURCES, lambda node: node)
    outcome = _outcome(metadata, resources)
    if judges:
        outputs.runs.append(_run(folder, metadata, outcome, resources))
    if used(metadata):
        outputs.others.append(read_other(folder, metadata, outcome, resources))
    if outcome == "failed":
        _report_failure(folder, "the policy run failed")


def _outcome(metadata: Metadata, resources: Node | None) -> Outcome:
    if metadata.failed:
        return "failed"
    return "deployed" if metadata.serverless and resources is None else "finished"


def _run(folder: Folder, metadata: Metadata, outcome: Outcome, resources: Node | None) -> Run:
    accounts: tuple[Account, ...] = ()
    metric_filters: tuple[JudgedFilter, ...] | None = None
    receipts = _receipts(folder, metadata, resources) if outcome == "finished" else {}
    if metadata.filtered and outcome != "deployed":
        if not metadata.elements.isdisjoint(_ON_ACCOUNTS):
            accounts = _accounts(folder, metadata.source, receipts, resources)
        if not metadata.elements.isdisjoint(_ON_METRIC_FILTERS):
            metric_filters = _metric_filters(folder, metadata.source, resources)
    return Run(
        metadata.source, outcome, metadata.dry_run, accounts, tuple(receipts), metric_filters
    )


def _receipts(
    folder: Folder, metadata: Metadata, resources: Node | None
) -> dict[str, RepairReceipt]:
    # Custodian acts on what the filters kept, and leaves the receipt of an earlier run in place.
    if resources is None or not resources.value or metadata.dry_run:
        return {}
    receipts = folder.read(_RECEIPTS, lambda node: [*map(RepairReceipt.from_dict, node.items())])
    return {receipt.account_id: receipt for receipt in receipts or ()}


def _accounts(
    folder: Folder, source: Source, receipts: Mapping[str, RepairReceipt], resources: Node | None
) -> tuple[Account, ...]:
    def parse(accounts: Iterable[Node]) -> tuple[Account, ...]:
        return tuple(_account(account, source, receipts) for account in accounts)

    before = len(folder.problems)
    accounts = folder.read(_JUDGEMENTS, lambda node: parse(node.items()))
    if accounts is None and resources is not None:
        # Where the filter could not write its own file, a kept account carries the annotation.
        accounts = folder.parsed(_RESOURCES, lambda: parse(_with(_ANNOTATION, resources)))
    if not accounts and len(folder.problems) == before:
        folder.problem(
            "no account was judged.",
            "Look for a filter in front of signin-monitoring that drops the account.",
        )
    return accounts or ()


def _account(node: Node, source: Source, receipts: Mapping[str, RepairReceipt]) -> Account:
    account_id = node["account_id"].text()
    return Account(
        account_id=account_id,
        name=node["account_name"].maybe_text() or None,
        judgement=Judgement.from_dict(node[_ANNOTATION]),
        receipt=receipts.get(account_id),
        source=source,
    )


def _metric_filters(
    folder: Folder, source: Source, resources: Node | None
) -> tuple[JudgedFilter, ...] | None:
    if resources is None:
        if not folder.problems:
            folder.problem("custodian wrote no resources.json.", AGAIN)
        return None

    kept = _with(_COVERAGE_ANNOTATION, resources)
    return folder.parsed(_RESOURCES, lambda: tuple(_metric_filter(node, source) for node in kept))


def _with(annotation: str, resources: Node) -> Iterator[Node]:
    return (resource for resource in resources.items() if resource[annotation].value)


def _metric_filter(node: Node, source: Source) -> JudgedFilter:
    return JudgedFilter(
        name=node["filterName"].text(),
        log_group=node["logGroupName"].text(),
        pattern=node["filterPattern"].maybe_text() or "",
        coverage=FilterCoverage.from_dict(node[_COVERAGE_ANNOTATION]),
        source=source,
    )


def _report_failure(folder: Folder, what: str, unknown: str | None = None) -> None:
    """A problem that says why a run failed, and how to fix that where the cause is known."""
    last = _last_error(folder.text(_LOG) or "")
    known = aws_problem(last)
    if known:
        cause, fix = known
        folder.problem(f"{what}: {cause} ({last}).", f"{fix}, then run the policy again.")
    else:
        folder.problem(f"{what}: {unknown or last or 'custodian left no log of why'}.", AGAIN)


def _last_error(log: str) -> str:
    """What the last traceback ended with; without any, the last line."""
    _, traceback, after = log.rpartition("Traceback (most recent call last):\n")
    lines = [line for line in after.splitlines() if line.strip()]
    ends = [line for line in lines if not line[0].isspace()]
    last = next(iter(ends if traceback else ends[-1:]), "")
    return one_line(last).rstrip(".: ")
