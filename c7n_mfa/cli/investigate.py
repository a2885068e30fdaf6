# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa investigate`: what `investigate-signin` looks up, by hand and at any time later."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Group, RenderableType
from rich.text import Text

from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.cli.cloudtrail_files import STANDARD_INPUT, ReadProblem, read
from c7n_mfa.cli.terminal import aws_sentence, complain, console_for, indented, section
from c7n_mfa.investigation.dossier import Dossier, Facts
from c7n_mfa.investigation.gather import Options, sign_in_regions
from c7n_mfa.investigation.gather import investigate as investigate_sign_in
from c7n_mfa.investigation.page import circumstances, headline, markdown, sections, to_dict
from c7n_mfa.investigation.records import parse
from c7n_mfa.signin.parts import read_parts
from c7n_mfa.signin.record import EVENT_ID, SignIn

Record = dict[str, Any]

INVESTIGATED, SEVERE, CANNOT_TELL = 0, 1, 2
_ALL = "all"
# Where most sign-ins are recorded, and every call of IAM.
_GLOBAL = "us-east-1"
_MOST_NAMED = 20


class CannotTell(Exception):
    """There is nothing to investigate; the message is a sentence without its full stop."""


@click.command("investigate")
@click.argument("event", metavar="EVENT")
@click.option("--event-id", metavar="ID", help="Which of the sign-ins, where the file has several.")
@click.option(
    "--regions",
    metavar="REGION",
    multiple=True,
    help="Look there, and not in `all` that are enabled; again for another.",
)
@click.option("--days", type=click.IntRange(3, 90), default=30, show_default=True)
@click.option("--pages", type=click.IntRange(2, 1000), default=40, show_default=True)
@click.option(
    "--budget-seconds",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How long it may take; what it does not suffice for is named.",
)
@click.option("-r", "--region", help="The home Region, in which EVENT is looked up first.")
@click.option("--profile", help="As in custodian run.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
@click.pass_context
def investigate(
    context: click.Context,
    event: str,
    event_id: str | None,
    regions: Sequence[str],
    days: int,
    pages: int,
    budget_seconds: float,
    region: str | None,
    profile: str | None,
    format_: str,
) -> None:
    """Investigate a console sign-in, as the action investigate-signin does, and change nothing.

    EVENT is a file in any form that `signins` reads, - for standard input, or the ID of an event,
    which CloudTrail is asked for.

    Exit status: 0 investigated, 1 the severity is high or critical, 2 no sign-in to investigate, or
    nothing that could be looked up about it.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        home = session.region_name or _GLOBAL
        account = _account(session, home)
        named = tuple(each for each in regions if each != _ALL)
        asked = tuple(dict.fromkeys((*sign_in_regions(session, home), *named)))
        sign_in, record = _asked_for(session, event, event_id, asked)
    except CannotTell as problem:
        complain("investigate", f"{problem}.")
        context.exit(CANNOT_TELL)
    except (ClientError, BotoCoreError) as error:
        complain("investigate", f"AWS could not be asked: {aws_sentence(error)}")
        context.exit(CANNOT_TELL)
    options = Options(
        home=home,
        regions=named if named and _ALL not in regions else None,
        pages=pages,
        days=days,
        budget_seconds=budget_seconds,
        account=account,
    )
    dossier = investigate_sign_in(session, record, sign_in, options)
    _SHOW[format_](dossier)
    context.exit(_exit_code(dossier))


def _account(session: boto3.Session, home: str) -> str:
    """The account that can be asked; a sign-in of another one is not looked up here."""
    return str(session.client("sts", region_name=home).get_caller_identity()["Account"])


def _asked_for(
    session: boto3.Session, event: str, event_id: str | None, regions: Iterable[str]
) -> tuple[SignIn, Record]:
    """The one sign-in that EVENT names, and its record."""
    is_file = event == STANDARD_INPUT or os.path.exists(event) or not EVENT_ID.fullmatch(event)
    records = _read(event) if is_file else [_looked_up(Reader(session), event, regions)]
    # The steps look into the record, whose parts may be texts.
    found = [
        (sign_in, read_parts(record)[0])
        for record in records
        if (sign_in := SignIn.from_record(record))
    ]
    # The same one may stand there twice: a file and an event of EventBridge, say.
    sign_ins = dict(found)
    wanted = [each for each in sign_ins if event_id is None or each.event_id == event_id]
    if len(wanted) == 1:
        return wanted[0], sign_ins[wanted[0]]
    where = "standard input" if event == STANDARD_INPUT else event
    raise CannotTell(_why_not_one(where, event_id, wanted or list(sign_ins)))


def _read(event: str) -> list[Record]:
    records: list[Record] = []
    for record in read([event]):
        if isinstance(record, ReadProblem):
            raise CannotTell(f"{record.place}: {record.what}")
        records.append(record)
    return records


def _why_not_one(where: str, event_id: str | None, sign_ins: Sequence[SignIn]) -> str:
    if not sign_ins:
        return f"there is no console sign-in in {where}"
    listed = "; ".join(map(_named, sign_ins[:_MOST_NAMED]))
    if len(sign_ins) > _MOST_NAMED:
        listed += f"; and {len(sign_ins) - _MOST_NAMED} more"
    if event_id is None:
        return f"{where} has {len(sign_ins)} console sign-ins; name one with --event-id: {listed}"
    if all(sign_in.event_id == event_id for sign_in in sign_ins):
        return f"{where} has {len(sign_ins)} different console sign-ins with the ID {event_id}"
    return f"{where} has no console sign-in {event_id}; it has {listed}"


def _named(sign_in: SignIn) -> str:
    name, time = sign_in.identity.name, sign_in.event_time or "no time"
    return f"{sign_in.event_id or 'one without an ID'} ({time}, {name})"


def _looked_up(reader: Reader, event_id: str, regions: Iterable[str]) -> Record:
    """The record of an event, from the first of the Regions that has it."""
    failures: list[ReadFailure] = []
    for region in regions:
        answer = reader.ask(
            "cloudtrail", region, "lookup_events", f"event {event_id} in {region}", _records,
            LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": event_id}],
        )  # fmt: skip
        if isinstance(answer, ReadFailure):
            failures.append(answer)
        elif answer:
            record: Record = answer[0]
            return record
    if failures:
        raise CannotTell(failures[0].sentence())
    raise CannotTell(
        f"CloudTrail has no event {event_id} in {', '.join(regions)}, or not yet: it delivers "
        "events 5 to 15 minutes late; name another Region with --regions"
    )


def _records(answer: Mapping[str, Any]) -> list[Record]:
    parsed = map(parse, answer["Events"])
    return [dict(found.raw) for found in parsed if found]


def _exit_code(dossier: Dossier) -> int:
    # Where nothing could be looked up, the severity is high for that alone.
    if dossier.facts == Facts() and dossier.severity != "critical":
        return CANNOT_TELL
    return SEVERE if dossier.severity in ("high", "critical") else INVESTIGATED


def _text(dossier: Dossier) -> None:
    """As the page has it, for a terminal."""
    parts: list[RenderableType] = [
        Text(headline(dossier), style=_STYLES.get(dossier.severity, "bold")),
        Text(circumstances(dossier)),
    ]
    for title, lines in sections(dossier):
        parts += section(title, [indented(line) for line in lines])
    console_for(sys.stdout).print(Group(*parts))


_STYLES = {"high": "bold red", "critical": "bold red", "medium": "bold yellow"}
_SHOW: Mapping[str, Callable[[Dossier], None]] = {
    "text": _text,
    "markdown": lambda dossier: click.echo(markdown(dossier), nl=False),
    "json": lambda dossier: click.echo(json.dumps(to_dict(dossier), indent=2)),
}
