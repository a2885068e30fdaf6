# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Custodian's output directory, read into values.

One folder is one run of one policy, however deep it lies: below a Region, below an account and
a Region as c7n-org lays them out, or on its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.terminal import aws_problem

from .folder import AGAIN, Folder, shown
from .metadata import Metadata, parse_metadata
from .others import read_other, used
from .parse import parse_judgements, parse_metric_filters, parse_receipts, parse_resources
from .shape import Node
from .values import Judgement, MetricFilter, Other, Outcome, Problem, Receipt, Run
from .words import AUDIT_POLICY

JUDGEMENT_FILE = "signin-monitoring.json"
RECEIPT_FILE = "action-setsigninmonitoring"
_METADATA_FILE = "metadata.json"
_RESOURCES_FILE = "resources.json"
_LOG_FILE = "custodian-run.log"
_MARKS = (_METADATA_FILE, _LOG_FILE, JUDGEMENT_FILE)


@dataclass(slots=True)
class Outputs:
    """Every run below some directories, and what could not be read of them."""

    runs: list[Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.runs) + len(self.problems) + len(self.others)


def read_outputs(roots: Sequence[Path]) -> Outputs:
    """Every run below the given directories, and what could not be read of them."""
    read = Outputs()
    seen: set[Path] = set()
    for root in roots:
        folders = list(_folders(root, read.problems))
        before = len(read)
        for path in (path for path in folders if path.resolve() not in seen):
            _read_run(path, read)
        if folders and not seen.intersection(_resolved(folders)):
            read.problems += [_nothing_of_ours(root)] if len(read) == before else []
        seen.update(_resolved(folders))
    return read


def _resolved(folders: Sequence[Path]) -> list[Path]:
    return [path.resolve() for path in folders]


def _nothing_of_ours(root: Path) -> Problem:
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
    found = False
    for place, names, files in os.walk(root, onerror=lambda e: problems.append(_unreadable(e))):
        names.sort()
        if any(mark in files or f"{mark}.gz" in files for mark in _MARKS):
            found = True
            yield Path(place)
    if not found:
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
        what, mend = "is a bucket.", "Copy it first with `aws s3 sync`, and name the copy."
    elif root.is_dir():
        return None
    elif root.exists():
        what, mend = "is a file.", "Name the directory given to `custodian run -s`."
    else:
        what = "does not exist."
        mend = (
            f"Fill it first: `custodian run -s {place} {AUDIT_POLICY}`. Where custodian refuses a "
            "policy it writes nothing, and the last line that it prints says why."
        )
    return Problem(place, what, mend)


def _unreadable(error: OSError) -> Problem:
    reason = error.strerror or str(error)
    return Problem(
        one_line(str(error.filename)),
        f"cannot be opened: {reason}.",
        "Make it readable and try again.",
    )


def _read_run(path: Path, read: Outputs) -> None:
    folder = Folder(path)
    node = folder.node(_METADATA_FILE)
    metadata = folder.parsed(_METADATA_FILE, lambda: parse_metadata(node)) if node else None
    if metadata is None:
        read.runs.append(_unfinished(folder))
    elif metadata.ours or used(metadata):
        _read_ours(folder, metadata, read)
    else:
        return
    read.problems += folder.problems


def _read_ours(folder: Folder, metadata: Metadata, read: Outputs) -> None:
    resources = folder.node(_RESOURCES_FILE)
    outcome = _outcome(metadata, resources)
    if metadata.ours:
        read.runs.append(_run(folder, metadata, outcome, resources))
    if used(metadata):
        read.others.append(read_other(folder, metadata, outcome, resources))
    if outcome == "failed":
        _failed(folder)


def _unfinished(folder: Folder) -> Run:
    """A run without readable metadata: custodian writes it last, so it was cut short."""
    if not folder.problems:
        without = ("the run was cut short: custodian wrote no metadata.json.", AGAIN)
        folder.problem(*(_known_trouble(folder, "the run was cut short") or without))
    return Run(
        place=shown(folder.path),
        policy=one_line(folder.path.name),
        region=None,
        account_id=None,
        started=0.0,
        outcome="aborted",
        dry_run=False,
        judgements=(),
        receipts=(),
    )


def _run(folder: Folder, metadata: Metadata, outcome: Outcome, resources: Node | None) -> Run:
    looked = metadata.filtered and outcome != "deployed"
    judges, measures = metadata.judges_accounts, metadata.judges_metric_filters
    judgements = _judgements(folder, resources) if looked and judges else ()
    receipts = _receipts(folder, metadata, resources) if outcome == "finished" else ()
    metric_filters = _metric_filters(folder, resources) if looked and measures else None
    return Run(
        place=shown(folder.path),
        policy=metadata.policy,
        region=metadata.region,
        account_id=metadata.account_id,
        started=metadata.started,
        outcome=outcome,
        dry_run=metadata.dry_run,
        judgements=judgements,
        receipts=receipts,
        metric_filters=metric_filters,
    )


def _outcome(metadata: Metadata, resources: Node | None) -> Outcome:
    if metadata.failed:
        return "failed"
    return "deployed" if metadata.serverless and resources is None else "finished"


def _judgements(folder: Folder, resources: Node | None) -> tuple[Judgement, ...]:
    before = len(folder.problems)
    judged = _judged(folder, resources)
    if not judged and len(folder.problems) == before:
        folder.problem(
            "no account was judged.",
            "Look for a filter in front of signin-monitoring that drops the account.",
        )
    return judged


def _judged(folder: Folder, resources: Node | None) -> tuple[Judgement, ...]:
    node = folder.node(JUDGEMENT_FILE)
    if node is not None:
        return folder.parsed(JUDGEMENT_FILE, lambda: parse_judgements(node)) or ()
    if resources is None:
        return ()
    # Where the filter could not write its own file, a kept account still carries the annotation.
    return folder.parsed(_RESOURCES_FILE, lambda: parse_resources(resources)) or ()


def _metric_filters(folder: Folder, resources: Node | None) -> tuple[MetricFilter, ...] | None:
    if resources is not None:
        return folder.parsed(_RESOURCES_FILE, lambda: parse_metric_filters(resources))
    if not folder.problems:
        folder.problem("custodian wrote no resources.json.", AGAIN)
    return None


def _receipts(folder: Folder, metadata: Metadata, resources: Node | None) -> tuple[Receipt, ...]:
    # Custodian acts on what the filters kept, and leaves the receipt of an earlier run in place.
    acted = resources is not None and resources.value and not metadata.dry_run
    node = folder.node(RECEIPT_FILE) if acted else None
    if node is None:
        return ()
    return folder.parsed(RECEIPT_FILE, lambda: parse_receipts(node)) or ()


def _failed(folder: Folder) -> None:
    """Say why a run failed, in words where the cause is known."""
    last = _last_error(folder.text(_LOG_FILE) or "") or "custodian left no log of why"
    unknown = (f"the policy run failed: {last}.", AGAIN)
    folder.problem(*(_known_trouble(folder, "the policy run failed") or unknown))


def _known_trouble(folder: Folder, what: str) -> tuple[str, str] | None:
    last = _last_error(folder.text(_LOG_FILE) or "")
    known = aws_problem(last)
    if known is None:
        return None
    cause, mend = known
    return f"{what}: {cause} ({last}).", f"{mend}, then run the policy again."


def _last_error(log: str) -> str:
    """What the last traceback ended with; without any, the last line."""
    _, traceback, after = log.rpartition("Traceback (most recent call last):\n")
    lines = [line for line in after.splitlines() if line.strip()]
    ends = [line for line in lines if not line[0].isspace()]
    last = next(iter(ends if traceback else ends[-1:]), "")
    return one_line(last).rstrip(".: ")
