# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records out of a table (CSV), as consoles and Athena export it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator

from c7n_mfa.cli.cloudtrail_envelopes import Fault, Record, unwrapped

# One of these tells a table of records: of Logs Insights, CloudTrail Lake, Athena or Sentinel.
_COLUMNS = {"@message", "@timestamp", "eventjson", "eventname", "cloudtrailevent"}
_SPACE = "\ufeff \t\r\n"


def is_table(head: str) -> bool:
    """Whether a text begins with the names of columns.

    >>> is_table("@timestamp,@message")
    True
    """
    first, _, _ = head.lstrip(_SPACE).partition("\n")
    try:
        names = next(csv.reader([first]), [])
    except csv.Error:
        return False
    return not _COLUMNS.isdisjoint(name.strip().lower() for name in names)


def rows_in(chunks: Iterable[str]) -> Iterator[Record | Fault]:
    """The records in the rows of a table."""
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(_lines(chunks))
    columns: list[str] = []
    line, number = 1, 0
    try:
        for cells in reader:
            if not columns:
                columns = [cell.strip(_SPACE) for cell in cells]
            elif cells:
                number += 1
                yield from _row(columns, cells, line, number)
            line = reader.line_num + 1
    except csv.Error as error:
        yield Fault(line, f"this is no table: {error}", number + 1)


def _row(columns: list[str], cells: list[str], line: int, number: int) -> Iterator[Record | Fault]:
    if len(cells) == len(columns):
        yield from unwrapped(dict(zip(columns, cells, strict=True)), line, number)
    else:
        what = f"the row has {len(cells)} cells for {len(columns)} columns"
        yield Fault(line, what, number)


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest
