# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa pattern`: what metric-filter patterns catch, proven."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click

from c7n_mfa.cli import pattern_text
from c7n_mfa.cli.pattern_result import Difference, Findings, ask, events_to_ask, examine
from c7n_mfa.cli.terminal import aws_sentence, complain, console_for
from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Comparison, compare
from c7n_mfa.proof.families import Account
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
@click.option(
    "--strict", is_flag=True, help="Let sign-ins that are possible, but not observed, decide too."
)
@click.option(
    "--account",
    metavar="NUMBER",
    help="The account whose sign-ins are meant, so that a pattern may name it.",
)
@click.option(
    "--partition",
    default="aws",
    show_default=True,
    help="The partition of that account: aws-cn, aws-us-gov, …",
)
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
@click.option("--gate", is_flag=True, hidden=True)  # what it asked for always holds now
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
    account: str | None,
    partition: str,
    event_file: Path | None,
    was: Sequence[str],
    gate: bool,
    live: bool,
    format_: str,
) -> None:
    """Prove what metric-filter patterns catch of the sign-ins that must be caught.

    Several patterns are taken together, as several filters on one log group are; a PATTERN that is
    - is read from standard input.  With --was it also says what the change from the old pattern
    to the new one means: equal, narrower, wider, or both.

    Exit status: 0 covers, 1 misses, unknown, or too broad for its alarm to mean anything, 2 AWS
    would refuse the pattern, or could not tell.
    """
    meant = _account(account, partition)
    asked = REQUIREMENTS[requirement].of(meant) if meant else REQUIREMENTS[requirement]
    findings = examine(_texts(patterns, files), asked, strict)
    logs = _logs() if live and not findings.error else None
    more = _More(
        event=_read_event(event_file) if event_file else None,
        change=(
            compare(_parsed(was), findings.patterns, meant) if was and not findings.error else None
        ),
        aws=_ask_aws(logs, findings) if logs else None,
    )
    if format_ == "json":
        click.echo(json.dumps(_as_dict(findings, more), indent=2))
    else:
        _show(findings, more)
    if isinstance(more.aws, str):
        complain("pattern", more.aws)
        context.exit(_CANNOT_TELL)
    context.exit(findings.exit_code)


def _account(number: str | None, partition: str) -> Account | None:
    if number is None:
        return None
    if not re.fullmatch("[0-9]{12}", number):
        raise click.BadParameter(
            f"{number!r} is no account number; it has twelve digits", param_hint="--account"
        )
    if not re.fullmatch("aws[a-z-]*", partition):
        raise click.BadParameter(
            f"{partition!r} is no partition; they are named like aws-cn", param_hint="--partition"
        )
    return Account(number, partition)


@frozen
class _More:
    """What was asked for beside the findings."""

    event: Mapping[str, Any] | None
    change: Comparison | None
    aws: tuple[int, tuple[Difference, ...]] | str | None
    """What AWS said, or the sentence that says why it said nothing."""


def _texts(patterns: Sequence[str], files: Sequence[Path]) -> list[str]:
    """The patterns of the command line, none of them empty."""
    texts = [_read(Path("-")) if text == "-" else text for text in patterns]
    texts += [_read(path) for path in files]
    if not texts:
        raise click.UsageError("Give a pattern, in single quotes, or --file FILE.")
    for text in texts:
        if not text.strip():
            raise BadInput(
                "A pattern is empty, perhaps an unset variable; on AWS it would match every event."
            )
        if "\n" not in text and len(text) < 256 and Path(text).is_file():
            raise BadInput(f"{text} is a file; to read the pattern in it: --file {text}")
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
    except RecursionError as error:
        raise BadInput(f"{path} holds no event: its JSON is nested too deeply.") from error
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


def _ask_aws(logs: Any, findings: Findings) -> tuple[int, tuple[Difference, ...]] | str:
    from botocore.exceptions import BotoCoreError, ClientError

    events = events_to_ask([spot.event for spot in findings.spots])
    try:
        return ask(logs, findings.patterns, events)
    except (BotoCoreError, ClientError) as error:
        return f"AWS could not be asked (it takes logs:TestMetricFilter): {aws_sentence(error)}"


def _as_dict(findings: Findings, more: _More) -> dict[str, Any]:
    whole = findings.to_dict()
    if more.event is not None:
        whole["event"] = [_explained(pattern, more.event) for pattern in findings.patterns]
    if more.change is not None:
        whole["change"] = more.change.to_dict()
    if isinstance(more.aws, str):
        whole["live"] = {"error": more.aws}
    elif more.aws is not None:
        compared, differences = more.aws
        differing = [difference.to_dict() for difference in differences]
        whole["live"] = {"compared": compared, "differences": differing}
    return whole


def _explained(pattern: Pattern, event: Mapping[str, Any]) -> dict[str, Any]:
    clauses = [
        {"clause": str(clause.atom), "holds": clause.holds}
        for clause in pattern.explain(dict(event))
    ]
    return {"pattern": pattern.text, "match": pattern.match(event), "clauses": clauses}


def _show(findings: Findings, more: _More) -> None:
    console = console_for(sys.stdout)
    if more.change is not None:
        console.print(pattern_text.change(more.change, findings))
        console.print()
    if more.event is not None:
        for pattern in findings.patterns:
            console.print(pattern_text.explanation(pattern, more.event))
        console.print()
    console.print(pattern_text.findings(findings), crop=False)
    if isinstance(more.aws, tuple):
        console.print(pattern_text.live(*more.aws))
