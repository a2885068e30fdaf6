# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Sign-ins for a person: the verdict, then a small table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from c7n_mfa.replay.tally import Tally
from c7n_mfa.report.shape import clean
from c7n_mfa.signin import SignIn

_HEAD = ("time", "who", "account", "from", "path", "outcome", "factor", "single-factor", "because")
_VERDICTS = {True: ("YES", "bold red"), False: ("no", "dim"), None: ("unknown", "yellow")}


def render(tally: Tally, sign_ins: Sequence[SignIn]) -> RenderableType:
    """What was found, in the order of time."""
    parts: list[RenderableType] = [*_headlines(tally)]
    if sign_ins:
        parts += ["", _table(sorted(sign_ins, key=lambda each: each.event_time or ""))]
    return Group(*parts)


def _headlines(tally: Tally) -> Iterable[Text]:
    found = f"{_count(tally.single_factor, 'single-factor sign-in')} among "
    among = f"{_count(tally.sign_ins, 'console sign-in')} in {_count(tally.records, 'record')}."
    yield Text(found + among, style="bold red" if tally.single_factor else "bold")
    if tally.unknown:
        what = "the record does" if tally.unknown == 1 else "the records do"
        yield Text(f"{tally.unknown:,} more cannot be told: {what} not say.", style="yellow")
    if tally.problems:
        yield Text(f"Not everything could be read: {_count(len(tally.problems), 'problem')}.")


def _count(number: int, what: str) -> str:
    ending = "" if number == 1 else "s"
    return f"{number:,} {what}{ending}"


def _table(sign_ins: Iterable[SignIn]) -> Table:
    table = Table(*_HEAD, box=None, pad_edge=False, header_style="dim")
    for sign_in in sign_ins:
        table.add_row(*_cells(sign_in))
    return table


def _cells(sign_in: SignIn) -> Iterable[Text]:
    identity = sign_in.identity
    seen = (sign_in.event_time, identity.name, identity.account, sign_in.address)
    yield from (Text(clean(each or "unknown")) for each in seen)
    yield from (Text(each) for each in (sign_in.path, sign_in.outcome, sign_in.factor))
    yield Text(*_VERDICTS[sign_in.is_single_factor])
    yield Text(_because(sign_in))


def _because(sign_in: SignIn) -> str:
    """The sentence that decides."""
    *_, outcome, factor = sign_in.sentences
    return factor if sign_in.outcome == "success" else outcome
