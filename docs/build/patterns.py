# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/patterns.md: patterns found in public code, and what each catches.

The page is its own source: its rows hold the patterns, and the verdicts beside them are written
anew from the code.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Coverage, assess
from c7n_mfa.proof.requirements import DEFAULT, REQUIREMENTS
from docs.build import text

PAGE = Path(__file__).resolve().parent.parent / "patterns.md"
_ROW = re.compile(
    r"^\| (?P<number>\d+) \| <code>(?P<pattern>.*?)</code> \| (?P<source>.*?) \|", re.M
)

_INTRODUCTION = """\
Metric-filter patterns for console sign-ins without MFA from public code and documents, with some \
made-up near misses.
Each is judged as it stands, alone, under every [requirement](requirements.md).

*covers*: it catches every sign-in that must be caught; *misses*: one slips through; *unknown*: \
the answer depends on [undocumented behaviour](undocumented.md); *invalid*: AWS would refuse the \
pattern.
The last column explains the verdict for the default requirement, `single-factor`."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One row: a pattern, where it was found, and what it is."""

    pattern: str
    source: str

    def parsed(self) -> Pattern | PatternSyntaxError:
        try:
            return parse(self.pattern)
        except PatternSyntaxError as error:
            return error


def page() -> str:
    return render(read(PAGE.read_text(encoding="utf-8")))


def read(markdown: str) -> list[Sighting]:
    """The rows of a page as it is."""
    return [
        Sighting(_from_cell(row["pattern"]), row["source"].replace("\\|", "|"))
        for row in _ROW.finditer(markdown)
    ]


def render(sightings: list[Sighting]) -> str:
    """The page for some patterns."""
    head = ("", "Pattern", "Found in", *(f"`{name}`" for name in REQUIREMENTS), "Because")
    rows = [tuple(_cells(number, row)) for number, row in enumerate(sightings, start=1)]
    return text.page("Patterns in public code", [_INTRODUCTION, text.table(head, rows)])


def _cells(number: int, sighting: Sighting) -> Iterator[str]:
    yield str(number)
    yield f"<code>{_to_cell(sighting.pattern)}</code>"
    yield sighting.source
    parsed = sighting.parsed()
    if isinstance(parsed, PatternSyntaxError):
        yield from ["invalid"] * len(REQUIREMENTS)
        yield parsed.message
        return
    verdicts = {name: assess((parsed,), r) for name, r in REQUIREMENTS.items()}
    yield from (coverage.verdict for coverage in verdicts.values())
    yield _because(verdicts[DEFAULT])


def _because(coverage: Coverage) -> str:
    """The blind spots in words; else what the answer depends on; else everyday noise."""
    if coverage.blind_spots:
        return "; ".join(f"{spot.family}: {spot.because}" for spot in coverage.blind_spots)
    if coverage.depends_on:
        return ", ".join(f"`{behaviour.name}`" for behaviour in coverage.depends_on)
    if coverage.too_broad:
        return f"but it also fires for {', '.join(spot.family for spot in coverage.too_broad)}"
    return ""


# Backslashes and line breaks do not survive a table cell.
_CODES = {"\\": "&#92;", "\n": "&#10;", "*": "&#42;", "_": "&#95;", "|": "&#124;", "`": "&#96;"}


def _to_cell(pattern: str) -> str:
    escaped = html.escape(pattern, quote=False)
    return "".join(_CODES.get(char, char) for char in escaped)


def _from_cell(cell: str) -> str:
    return html.unescape(cell)
