# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Sign-ins for a person: the verdict, then a small table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from c7n_mfa.cli.report.shape import clean
from c7n_mfa.cli.signins.tally import Tally
from c7n_mfa.signin.record import SignIn

_HEAD = (
    *("time", "who", "account", "region", "from", "path", "outcome", "factor"),
    *("single-factor", "because", "eventID"),
)
_VERDICTS = {True: ("YES", "bold red"), False: ("no", "dim"), None: ("unknown", "yellow")}
_UNBOUNDED = 100_000


def render(tally: Tally, sign_ins: Sequence[SignIn]) -> RenderableType:
    """What was found, in the order of time."""
    parts: list[RenderableType] = [*_headlines(tally)]
    if sign_ins:
        parts += ["", _SignIns(sorted(sign_ins, key=lambda each: each.event_time or ""))]
    return Group(*parts)


def _headlines(tally: Tally) -> Iterable[Text]:
    yield _headline(tally)
    if tally.unknown:
        what = "the record does" if tally.unknown == 1 else "the records do"
        yield Text(f"{tally.unknown:,} more cannot be told: {what} not say.", style="yellow")
    if tally.duplicates:
        repeats = (
            "repeats a sign-in that is" if tally.duplicates == 1 else "repeat sign-ins that are"
        )
        yield Text(
            f"{_count(tally.duplicates, 'record')} {repeats} counted already (same eventID)."
        )


def _headline(tally: Tally) -> Text:
    """The verdict; what was read in part, or not at all, is no clean bill."""
    among = f"{_count(tally.sign_ins, 'console sign-in')} in {_count(tally.records, 'record')}"
    found = f"{_count(tally.single_factor, 'single-factor sign-in')} among {among}"
    style = "bold red" if tally.single_factor else "bold"
    if not tally.problems:
        return Text(f"{found}.", style=style)
    unread = f"not everything could be read: {_count(len(tally.problems), 'problem')}"
    if tally.single_factor:
        return Text(f"AT LEAST {found}, and {unread}.", style=style)
    if tally.records:
        return Text(f"UNKNOWN. {found} that could be read, and {unread}.", style="yellow")
    return Text(
        "UNKNOWN. Could not tell whether anybody signed in with a single factor: no record could "
        "be read.",
        style="yellow",
    )


def _count(number: int, what: str) -> str:
    ending = "" if number == 1 else "s"
    return f"{number:,} {what}{ending}"


@dataclass(frozen=True, slots=True)
class _SignIns:
    """A table where it fits, else some lines a sign-in: nothing to be copied is ever broken."""

    sign_ins: Sequence[SignIn]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = _table(self.sign_ins)
        wanted = Measurement.get(console, options.update(max_width=_UNBOUNDED), table)
        if wanted.maximum <= options.max_width:
            yield table
        else:
            yield Text("\n\n").join(_block(each) for each in self.sign_ins)


def _table(sign_ins: Iterable[SignIn]) -> Table:
    table = Table(*_HEAD, box=None, pad_edge=False, header_style="dim")
    for sign_in in sign_ins:
        table.add_row(*_cells(sign_in))
    return table


def _block(sign_in: SignIn) -> Text:
    """The cells of a row, on lines of their own."""
    time, who, account, region, address, path, outcome, factor, verdict, because, event = _cells(
        sign_in
    )
    return Text.assemble(
        *(time, "  ", who, "  single-factor: ", verdict, ", because ", because),
        *("\n  ", path, ", ", outcome, ", ", factor, ", from ", address),
        *("\n  account ", account, ", ", region),
        *("\n  eventID ", event),
    )


def _cells(sign_in: SignIn) -> Iterable[Text]:
    identity = sign_in.identity
    seen = (sign_in.event_time, identity.name, identity.account, sign_in.region, sign_in.address)
    yield from (Text(clean(each or "unknown")) for each in seen)
    yield from (Text(each) for each in (sign_in.path, sign_in.outcome, sign_in.factor))
    yield Text(*_VERDICTS[sign_in.is_single_factor])
    yield Text(_because(sign_in))
    yield Text(clean(sign_in.event_id or "unknown"))


def _because(sign_in: SignIn) -> str:
    """The sentence that decides."""
    *_, outcome, factor = sign_in.sentences
    return factor if sign_in.outcome == "success" else outcome
