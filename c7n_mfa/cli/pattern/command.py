# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa pattern`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from c7n_mfa.cli.pattern import text
from c7n_mfa.cli.pattern.findings import Findings, examine
from c7n_mfa.cli.pattern.live import Difference, ask, events_to_ask
from c7n_mfa.cli.report.tree import console_for
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof.compare import Comparison, compare
from c7n_mfa.proof.requirements import DEFAULT, REQUIREMENTS

_CANNOT_TELL = 2


class BadInput(click.ClickException):
    """What was given is wrong, and the options are not: the reason stands alone."""

    exit_code = _CANNOT_TELL

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"c7n-mfa pattern: {self.format_message()}", file=file, err=file is None)


@click.command("pattern")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Read a pattern from a file; - is standard input.",
)
@click.option(
    "--requirement", type=click.Choice(sorted(REQUIREMENTS)), default=DEFAULT, show_default=True
)
@click.option("--strict", is_flag=True, help="Let sign-ins that are only conceivable decide too.")
@click.option(
    "--event",
    "event_file",
    type=click.Path(path_type=Path),
    help="Say whether and why the event in this JSON file matches, clause by clause.",
)
@click.option(
    "--was",
    multiple=True,
    metavar="PATTERN",
    help="The pattern before a change: say what the change loses and gains.",
)
@click.option("--gate", is_flag=True, help="Exit 1 also where the noise drowns what is caught.")
@click.option("--live", is_flag=True, help="Ask AWS too (needs logs:TestMetricFilter only).")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def pattern(
    context: click.Context,
    patterns: Sequence[str],
    files: Sequence[Path],
    requirement: str,
    strict: bool,
    event_file: Path | None,
    was: Sequence[str],
    gate: bool,
    live: bool,
    format_: str,
) -> None:
    """Prove what metric-filter patterns catch of the sign-ins that must be caught.

    Several patterns are taken together, as several filters on one log group are; a PATTERN that is
    - is read from standard input.  With --was the change from the old pattern to the new one is
    told too: equal in meaning, narrower, wider, or both.

    Exit status: 0 covers, 1 misses or unknown, 2 AWS would refuse the pattern, or could not tell.
    """
    found = examine(_texts(patterns, files), REQUIREMENTS[requirement], strict)
    logs = _logs() if live and not found.error else None
    more = More(
        event=_read_event(event_file) if event_file else None,
        change=compare(_parsed(was), found.patterns) if was and not found.error else None,
        asked=_ask_aws(logs, found) if logs else None,
    )
    if format_ == "json":
        click.echo(json.dumps(_as_dict(found, more), indent=2))
    else:
        _show(found, more)
    if isinstance(more.asked, str):
        click.echo(f"c7n-mfa pattern: {more.asked}", err=True)
        context.exit(_CANNOT_TELL)
    context.exit(1 if gate and found.drowned else found.exit_code)


@dataclass(frozen=True, slots=True)
class More:
    """What was asked for beside the findings."""

    event: Mapping[str, Any] | None
    change: Comparison | None
    asked: tuple[int, tuple[Difference, ...]] | str | None
    """What AWS said, or the sentence that says why it said nothing."""


def _texts(patterns: Sequence[str], files: Sequence[Path]) -> list[str]:
    """The patterns of the command line, none of them empty."""
    texts = [_read(Path("-")) if each == "-" else each for each in patterns]
    texts += [_read(path) for path in files]
    if not texts:
        raise click.UsageError("Give a pattern, in single quotes, or --file FILE.")
    for each in texts:
        if not each.strip():
            raise BadInput(
                "A pattern is empty, perhaps an unset variable; on AWS it would match every event."
            )
        if "\n" not in each and len(each) < 256 and Path(each).is_file():
            raise BadInput(f"{each} is a file; to read the pattern in it: --file {each}")
    return texts


def _parsed(texts: Sequence[str]) -> list[Pattern]:
    try:
        return [parse(text) for text in texts]
    except PatternSyntaxError as error:
        raise BadInput(f"AWS would refuse the pattern of --was.\n\n{error}") from error


def _read(path: Path) -> str:
    """A file's text; the line break that ends it is none of the pattern, nor is a mark of order."""
    try:
        whole = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: {error.reason}.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    return whole.removeprefix("\ufeff").removesuffix("\n")


def _read_event(path: Path) -> dict[str, Any]:
    """One event: as it is, alone in a CloudTrail file, or in an EventBridge event."""
    try:
        event = json.loads(_read(path))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error
    if isinstance(event, dict) and isinstance(event.get("Records"), list):
        if len(event["Records"]) != 1:
            raise BadInput(f"{path} holds {len(event['Records'])} records; give one.")
        (event,) = event["Records"]
    if isinstance(event, dict) and "detail-type" in event:
        event = event.get("detail")
    if not isinstance(event, dict):
        raise BadInput(f"{path} holds no event: a JSON object was expected.")
    return event


def _logs() -> Any:
    """The client that AWS is asked through; without a Region or credentials, nothing else is."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.Session()
        if not session.region_name:
            raise BadInput("--live has no Region to ask in: name one, by AWS_DEFAULT_REGION.")
        if session.get_credentials() is None:
            raise BadInput("--live has no AWS credentials: give them, by AWS_PROFILE for one.")
        return session.client("logs")
    except BotoCoreError as error:
        raise BadInput(f"--live cannot ask AWS: {error}") from error


def _ask_aws(logs: Any, found: Findings) -> tuple[int, tuple[Difference, ...]] | str:
    from botocore.exceptions import BotoCoreError, ClientError

    events = events_to_ask([spot.event for spot in found.spots])
    try:
        return ask(logs, found.patterns, events)
    except (BotoCoreError, ClientError) as error:
        return f"AWS could not be asked (it takes logs:TestMetricFilter): {error}"


def _as_dict(found: Findings, more: More) -> dict[str, Any]:
    whole = found.to_dict()
    if more.event is not None:
        whole["event"] = [_explained(each, more.event) for each in found.patterns]
    if more.change is not None:
        whole["change"] = more.change.to_dict()
    if isinstance(more.asked, str):
        whole["live"] = {"error": more.asked}
    elif more.asked is not None:
        compared, differences = more.asked
        differing = [each.to_dict() for each in differences]
        whole["live"] = {"compared": compared, "differences": differing}
    return whole


def _explained(pattern: Pattern, event: Mapping[str, Any]) -> dict[str, Any]:
    clauses = [
        {"clause": str(clause.atom), "holds": clause.holds}
        for clause in pattern.explain(dict(event))
    ]
    return {"pattern": pattern.text, "match": pattern.match(event), "clauses": clauses}


def _show(found: Findings, more: More) -> None:
    console = console_for(sys.stdout)
    if more.change is not None:
        console.print(text.change(more.change, found))
        console.print()
    if more.event is not None:
        for each in found.patterns:
            console.print(text.explanation(each, more.event))
        console.print()
    console.print(text.findings(found))
    if isinstance(more.asked, tuple):
        console.print(text.live(*more.asked))
