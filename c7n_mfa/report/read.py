# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Custodian's output directory, read into values.

One folder is one run of one policy, however deep it lies: below a Region, below an account and
a Region as c7n-org lays them out, or on its own.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .parse import parse_judgements, parse_receipts, parse_resources
from .shape import Node, ShapeError, clean, load
from .values import Judgement, Problem, Receipt, Run
from .words import AUDIT_POLICY

JUDGEMENT_FILE = "signin-monitoring.json"
RECEIPT_FILE = "action-setsigninmonitoring"
_METADATA_FILE = "metadata.json"
_RESOURCES_FILE = "resources.json"
_LOG_FILE = "custodian-run.log"
_MARKS = (_METADATA_FILE, _LOG_FILE, JUDGEMENT_FILE)
_OURS = ("signin-monitoring", "set-signin-monitoring")
_AGAIN = "Run the policy again."


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What custodian noted about a run."""

    policy: str
    region: str | None
    account_id: str | None
    started: float
    dry_run: bool
    serverless: bool
    ours: bool
    metrics: frozenset[str]

    @property
    def failed(self) -> bool:
        return "PolicyException" in self.metrics

    @property
    def filtered(self) -> bool:
        """Whether this run got past its filters.

        Custodian leaves the files of an earlier run in place when a later one fails.
        """
        return not self.failed or "ResourceCount" in self.metrics


class _Folder:
    """The files of one run; a file that cannot be read becomes a problem and is absent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def text(self, name: str) -> str | None:
        for path in (self.path / name, self.path / f"{name}.gz"):
            if path.is_file():
                return self._read(path)
        return None

    def node(self, name: str) -> Node | None:
        text = self.text(name)
        return None if text is None else self.parsed(name, lambda: Node(load(text)))

    def parsed(self, name: str, parse: Any) -> Any:
        try:
            return parse()
        except ShapeError as error:
            self.problem(str(error), _AGAIN, name)
            return None

    def problem(self, what: str, mend: str, name: str = "") -> None:
        self.problems.append(Problem(_shown(self.path / name), what, mend))

    def _read(self, path: Path) -> str | None:
        try:
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problem(f"cannot be read: {clean(reason)}.", _AGAIN, path.name)
            return None
        return content.decode("utf-8", errors="replace")


def read_outputs(roots: Sequence[Path]) -> tuple[tuple[Run, ...], tuple[Problem, ...]]:
    """Every run below the given directories, and what could not be read of them."""
    runs: list[Run] = []
    problems: list[Problem] = []
    seen: set[Path] = set()
    for root in roots:
        folders = list(_folders(root, problems))
        before = len(runs) + len(problems)
        for path in (path for path in folders if path.resolve() not in seen):
            run, found = _read_run(path)
            problems += found
            runs += [run] if run else []
        if folders and not seen.intersection(_resolved(folders)):
            problems += [_nothing_of_ours(root)] if len(runs) + len(problems) == before else []
        seen.update(_resolved(folders))
    return tuple(runs), tuple(problems)


def _resolved(folders: Sequence[Path]) -> list[Path]:
    return [path.resolve() for path in folders]


def _nothing_of_ours(root: Path) -> Problem:
    return Problem(
        _shown(root),
        "no policy in it uses signin-monitoring.",
        f"Audit into it: `custodian run -s {_shown(root)} {AUDIT_POLICY}`.",
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
                _shown(root),
                "holds no output of custodian.",
                f"Name the directory given to `custodian run -s`, or fill it: "
                f"`custodian run -s {_shown(root)} {AUDIT_POLICY}`.",
            )
        )


def _why_no_output(root: Path) -> Problem | None:
    shown = _shown(root)
    if shown.startswith("s3://"):
        what, mend = "is a bucket.", "Copy it first with `aws s3 sync`, and name the copy."
    elif root.is_dir():
        return None
    elif root.exists():
        what, mend = "is a file.", "Name the directory given to `custodian run -s`."
    else:
        what = "does not exist."
        mend = f"Fill it first: `custodian run -s {shown} {AUDIT_POLICY}`."
    return Problem(shown, what, mend)


def _unreadable(error: OSError) -> Problem:
    reason = error.strerror or str(error)
    return Problem(
        clean(str(error.filename)),
        f"cannot be opened: {reason}.",
        "Make it readable and try again.",
    )


def _read_run(path: Path) -> tuple[Run | None, list[Problem]]:
    folder = _Folder(path)
    node = folder.node(_METADATA_FILE)
    metadata = folder.parsed(_METADATA_FILE, lambda: _metadata(node)) if node else None
    if metadata is None:
        return _unfinished(folder), folder.problems
    if not metadata.ours:
        return None, []
    run = _run(folder, metadata)
    return run, folder.problems


def _unfinished(folder: _Folder) -> Run:
    """A run without readable metadata: custodian writes it last, so it was cut short."""
    if not folder.problems:
        folder.problem("the run was cut short: custodian wrote no metadata.json.", _AGAIN)
    return Run(
        place=_shown(folder.path),
        policy=clean(folder.path.name),
        region=None,
        account_id=None,
        started=0.0,
        outcome="aborted",
        dry_run=False,
        judgements=(),
        receipts=(),
    )


def _run(folder: _Folder, metadata: _Metadata) -> Run:
    resources = folder.node(_RESOURCES_FILE)
    outcome = _outcome(metadata, resources)
    judgements = _judgements(folder, metadata, resources) if outcome != "deployed" else ()
    receipts = _receipts(folder, metadata, resources) if outcome == "finished" else ()
    if outcome == "failed":
        folder.problem(f"the policy run failed: {_reason(folder)}", _AGAIN)
    return Run(
        place=_shown(folder.path),
        policy=metadata.policy,
        region=metadata.region,
        account_id=metadata.account_id,
        started=metadata.started,
        outcome=outcome,
        dry_run=metadata.dry_run,
        judgements=judgements,
        receipts=receipts,
    )


def _outcome(
    metadata: _Metadata, resources: Node | None
) -> Literal["finished", "failed", "deployed"]:
    if metadata.failed:
        return "failed"
    return "deployed" if metadata.serverless and resources is None else "finished"


def _judgements(
    folder: _Folder, metadata: _Metadata, resources: Node | None
) -> tuple[Judgement, ...]:
    if not metadata.filtered:
        return ()
    before = len(folder.problems)
    node = folder.node(JUDGEMENT_FILE)
    if node is not None:
        return folder.parsed(JUDGEMENT_FILE, lambda: parse_judgements(node)) or ()
    # Where the filter could not write its own file, a kept account still carries the annotation.
    kept = resources and folder.parsed(_RESOURCES_FILE, lambda: parse_resources(resources))
    if not kept and len(folder.problems) == before and metadata.filtered:
        folder.problem(
            "no account was judged.",
            "Look for a filter in front of signin-monitoring that drops the account.",
        )
    return kept or ()


def _receipts(folder: _Folder, metadata: _Metadata, resources: Node | None) -> tuple[Receipt, ...]:
    # Custodian acts on what the filters kept, and leaves the receipt of an earlier run in place.
    acted = resources is not None and resources.value and not metadata.dry_run
    node = folder.node(RECEIPT_FILE) if acted else None
    if node is None:
        return ()
    return folder.parsed(RECEIPT_FILE, lambda: parse_receipts(node)) or ()


def _metadata(node: Node) -> _Metadata:
    policy, config, execution = node["policy"], node["config"], node["execution"]
    mode = policy["mode"].value or {}
    start = execution["start"].value
    return _Metadata(
        policy=policy["name"].text(),
        region=config["region"].maybe_text() or None,
        account_id=config["account_id"].maybe_text() or None,
        started=float(start) if isinstance(start, int | float) and abs(start) < 1e12 else 0.0,
        dry_run=config["dryrun"].value is True,
        serverless=isinstance(mode, dict) and mode.get("type", "pull") != "pull",
        ours=_is_ours(policy),
        metrics=frozenset(str(metric["MetricName"].value) for metric in node["metrics"].items()),
    )


def _is_ours(policy: Node) -> bool:
    elements = json.dumps([policy["filters"].value, policy["actions"].value])
    return any(f'"{name}"' in elements for name in _OURS)


def _reason(folder: _Folder) -> str:
    lines = [line for line in (folder.text(_LOG_FILE) or "").splitlines() if line.strip()]
    return clean(lines[-1]).rstrip(".: ") + "." if lines else "custodian left no log of why."


def _shown(path: Path) -> str:
    return clean(str(path)).replace("s3:/", "s3://", 1)
