# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa signins`: the console sign-ins in CloudTrail files, counted, as a table or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.cloudtrail_files import ReadProblem, read
from c7n_mfa.cli.terminal import complain, console_for
from c7n_mfa.frozen import frozen
from c7n_mfa.signin.record import SignIn

NONE_FOUND, FOUND, UNKNOWN = 0, 1, 2
_COLUMNS = (
    *("time", "who", "account", "region", "from", "path", "outcome", "factor"),
    *("single-factor", "because", "eventID"),
)
_ANSWERS = {True: ("YES", "bold red"), False: ("no", "dim"), None: ("unknown", "yellow")}
_UNBOUNDED = 100_000


@click.command("signins")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "jsonl", "json"]),
    default="text",
    show_default=True,
    help="For a person, a pipeline, or a program that wants it whole.",
)
@click.option("--single-factor", is_flag=True, help="Show the single-factor sign-ins only.")
@click.option(
    "--allow-unknown",
    is_flag=True,
    help="Exit with 0 where the worst is a sign-in of which the record does not say.",
)
@click.pass_context
def signins(
    context: click.Context,
    files: Sequence[str],
    format_: str,
    single_factor: bool,
    allow_unknown: bool,
) -> None:
    """List the console sign-ins in CloudTrail files, and say which had a single factor.

    FILE is a file as CloudTrail delivers it, packed or not, the output of `aws cloudtrail
    lookup-events`, JSON lines, records or events of EventBridge, also as messages of a queue,
    results of Logs Insights, Athena or CloudTrail Lake as JSON or CSV, what a subscription filter
    of CloudWatch Logs sends, events of Security Lake (OCSF), a folder of these, or - for standard
    input. An event that is there twice counts once.

    Exit status: 0 no single-factor sign-in, 1 at least one, 2 could not tell: something could not
    be read, or the record of a sign-in does not say.
    """
    shown: list[SignIn] = []
    show = _print_line if format_ == "jsonl" else shown.append
    tally = _replay(files, show, single_factor)
    if format_ == "json":
        whole = {**tally.to_dict(), "sign_ins": [_whole(sign_in) for sign_in in shown]}
        click.echo(json.dumps(whole, indent=2))
    elif format_ == "text":
        console_for(sys.stdout).print(render(tally, shown))
    context.exit(tally.exit_code(allow_unknown))


@dataclass(slots=True)
class Tally:
    """How many records were read, and what they were."""

    records: int = 0
    sign_ins: int = 0
    single_factor: int = 0
    unknown: int = 0
    duplicates: int = 0
    problems: list[ReadProblem] = field(default_factory=list)
    _counted: set[bytes] = field(default_factory=set)

    def exit_code(self, allow_unknown: bool) -> int:
        if self.problems:
            return UNKNOWN
        if self.single_factor:
            return FOUND
        return UNKNOWN if self.unknown and not allow_unknown else NONE_FOUND

    def add(self, sign_in: SignIn) -> bool:
        """Count a sign-in, and say so; one that was counted before is a duplicate."""
        if self._is_duplicate(sign_in):
            self.duplicates += 1
            return False
        self.sign_ins += 1
        self.single_factor += sign_in.is_single_factor is True
        self.unknown += sign_in.is_single_factor is None
        return True

    def _is_duplicate(self, sign_in: SignIn) -> bool:
        """Whether the event came before: by its ID, and by what else is printed of it.

        Two records of one ID that say different things both count, so that neither hides the other.
        """
        if sign_in.event_id is None:
            return False
        # A digest, because there may be millions and only whether they were counted matters.
        digest = blake2b(json.dumps(_line(sign_in)).encode(), digest_size=16).digest()
        known = digest in self._counted
        self._counted.add(digest)
        return known

    def to_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "console_sign_ins": self.sign_ins,
            "single_factor": self.single_factor,
            "unknown": self.unknown,
            "duplicates": self.duplicates,
            "problems": [asdict(problem) for problem in self.problems],
        }


def _replay(files: Sequence[str], show: Callable[[SignIn], None], only_single: bool) -> Tally:
    tally = Tally()
    for record in read(files):
        if isinstance(record, ReadProblem):
            tally.problems.append(record)
            complain("signins", str(record))
            continue
        tally.records += 1
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            continue
        if tally.add(sign_in) and (sign_in.is_single_factor or not only_single):
            show(sign_in)
    return tally


def _print_line(sign_in: SignIn) -> None:
    click.echo(json.dumps(_line(sign_in)))


def _line(sign_in: SignIn) -> dict[str, Any]:
    """One sign-in in the keys that others rely on."""
    return {
        "eventID": sign_in.event_id,
        "eventTime": sign_in.event_time,
        "principal": sign_in.principal,
        "path": sign_in.path,
        "outcome": sign_in.outcome,
        "factor": sign_in.factor,
        "single_factor": sign_in.is_single_factor,
    }


def _whole(sign_in: SignIn) -> dict[str, Any]:
    return _line(sign_in) | {
        "account": sign_in.identity.account,
        "region": sign_in.region,
        "address": sign_in.address,
        "user_agent": sign_in.user_agent,
        "reasons": [
            {"code": code, "sentence": sentence}
            for code, sentence in zip(sign_in.reasons, sign_in.sentences, strict=True)
        ],
    }


def render(tally: Tally, sign_ins: Sequence[SignIn]) -> RenderableType:
    """For a person: the answer, then the sign-ins in the order of time."""
    parts: list[RenderableType] = [*_headlines(tally)]
    if sign_ins:
        parts += ["", _SignIns(sorted(sign_ins, key=lambda sign_in: sign_in.event_time or ""))]
    return Group(*parts)


def _headlines(tally: Tally) -> Iterator[Text]:
    yield _answer(tally)
    if tally.unknown:
        what = "the record does" if tally.unknown == 1 else "the records do"
        yield Text(f"{tally.unknown:,} more cannot be decided: {what} not say.", style="yellow")
    if tally.duplicates:
        repeats = (
            "repeats a sign-in that is" if tally.duplicates == 1 else "repeat sign-ins that are"
        )
        yield Text(
            f"{_count(tally.duplicates, 'record')} {repeats} counted already (same eventID)."
        )


def _answer(tally: Tally) -> Text:
    """How many; what was read in part, or not at all, is no clean bill."""
    among = f"{_count(tally.sign_ins, 'console sign-in')} in {_count(tally.records, 'record')}"
    counted = f"{_count(tally.single_factor, 'single-factor sign-in')} among {among}"
    style = "bold red" if tally.single_factor else "bold"
    if not tally.problems:
        return Text(f"{counted}.", style=style)
    unread = f"not everything could be read: {_count(len(tally.problems), 'problem')}"
    if tally.single_factor:
        return Text(f"AT LEAST {counted}, and {unread}.", style=style)
    if tally.records:
        return Text(f"UNKNOWN. {counted} that could be read, and {unread}.", style="yellow")
    return Text(
        "UNKNOWN. Could not tell whether anybody signed in with a single factor: no record could "
        "be read.",
        style="yellow",
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@frozen
class _SignIns:
    """A table where it fits, else some lines a sign-in: nothing to be copied is ever broken."""

    sign_ins: Sequence[SignIn]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = _table(self.sign_ins)
        size = Measurement.get(console, options.update(max_width=_UNBOUNDED), table)
        if size.maximum <= options.max_width:
            yield table
        else:
            yield Text("\n\n").join(_block(sign_in) for sign_in in self.sign_ins)


def _table(sign_ins: Iterable[SignIn]) -> Table:
    table = Table(*_COLUMNS, box=None, pad_edge=False, header_style="dim")
    for sign_in in sign_ins:
        table.add_row(*_cells(sign_in))
    return table


def _block(sign_in: SignIn) -> Text:
    """The cells of a row, on lines of their own."""
    time, who, account, region, address, path, outcome, factor, answer, because, event = _cells(
        sign_in
    )
    return Text.assemble(
        *(time, "  ", who, "  single-factor: ", answer, ", because ", because),
        *("\n  ", path, ", ", outcome, ", ", factor, ", from ", address),
        *("\n  account ", account, ", ", region),
        *("\n  eventID ", event),
    )


def _cells(sign_in: SignIn) -> Iterator[Text]:
    identity = sign_in.identity
    named = (sign_in.event_time, identity.name, identity.account, sign_in.region, sign_in.address)
    yield from (Text(one_line(text or "") or "unknown") for text in named)
    yield from (Text(word) for word in (sign_in.path, sign_in.outcome, sign_in.factor))
    yield Text(*_ANSWERS[sign_in.is_single_factor])
    yield Text(_because(sign_in))
    yield Text(one_line(sign_in.event_id or "") or "unknown")


def _because(sign_in: SignIn) -> str:
    """The sentence that decides."""
    *_, outcome, factor = sign_in.sentences
    return factor if sign_in.outcome == "success" else outcome
