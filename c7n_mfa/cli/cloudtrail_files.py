# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail files as they lie on a disk: packed or not, in folders or from standard input."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from c7n_mfa.cli.cloudtrail_envelopes import Fault, Record
from c7n_mfa.cli.cloudtrail_records import records_in
from c7n_mfa.frozen import frozen

STANDARD_INPUT = "-"
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_CHUNK = 1 << 18
_ENOUGH = 3
_MOST_LAYERS = 2
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@frozen
class ReadProblem:
    """Something that could not be read: where, and what is the matter."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}."


@dataclass(slots=True)
class _Source:
    """An open file, and what became of reading it."""

    stream: IO[bytes]
    error: str | None = None


def read(paths: Iterable[str]) -> Iterator[Record | ReadProblem]:
    """Every record below the given files and folders, and every problem, as they come."""
    for path in paths:
        if path == STANDARD_INPUT:
            yield from _records("standard input", sys.stdin.buffer)
        elif os.path.isdir(path):
            yield from _folder(path)
        else:
            yield from _file(path)


def _folder(path: str) -> Iterator[Record | ReadProblem]:
    """The trail files below a folder, in the order of their names."""
    any_file = False
    unreadable: list[OSError] = []
    for place, folders, names in os.walk(path, onerror=unreadable.append):
        folders.sort()
        for name in sorted(names):
            if name.removesuffix(".gz").endswith(_SUFFIXES):
                any_file = True
                yield from _file(os.path.join(place, name))
    yield from (ReadProblem(str(error.filename), _reason(error)) for error in unreadable)
    if not any_file and not unreadable:
        yield ReadProblem(path, "there is no .json, .jsonl or .ndjson file in it, packed or not")


def _file(path: str) -> Iterator[Record | ReadProblem]:
    if path.startswith("s3://"):
        yield ReadProblem(path, "this is a bucket: copy it with `aws s3 sync`, and name the copy")
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        yield ReadProblem(path, _reason(error))
        return
    with stream:
        yield from _records(path, stream)


def _records(name: str, stream: IO[bytes]) -> Iterator[Record | ReadProblem]:
    source = _Source(stream)
    alike: Counter[str] = Counter()
    for record in records_in(_texts(source)):
        if not isinstance(record, Fault):
            yield record
        elif not source.error:  # else the fault is but what follows from it
            alike[record.what] += 1
            if alike[record.what] <= _ENOUGH:
                yield _problem(name, record)
    yield from (
        ReadProblem(name, f"{count - _ENOUGH:,} more like it: {what}")
        for what, count in alike.items()
        if count > _ENOUGH
    )
    if source.error:
        yield ReadProblem(name, source.error)


def _problem(name: str, fault: Fault) -> ReadProblem:
    place = f"{name}, line {fault.line}"
    if fault.record is not None:
        place += f", record {fault.record}"
    return ReadProblem(place, fault.what)


def _texts(source: _Source) -> Iterator[str]:
    """The text of a file in pieces; ends early, with the error noted, where reading fails."""
    decoder: Any = None
    try:
        for chunk in _unpacked(source.stream):
            if decoder is None:
                encoding = _BYTE_ORDER_MARKS.get(chunk[:2], "utf-8")
                decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            yield decoder.decode(chunk)
    except (OSError, EOFError, zlib.error) as error:
        source.error = _reason(error)
    if decoder is not None:
        yield decoder.decode(b"", final=True)


def _unpacked(stream: IO[bytes]) -> Iterator[bytes]:
    source: Any = stream
    buffered = source if hasattr(source, "peek") else io.BufferedReader(source)
    # A stream that packs what a subscription filter has packed already makes two layers.
    for _ in range(_MOST_LAYERS):
        if buffered.peek(2)[:2] == _GZIP_MAGIC:
            buffered = gzip.GzipFile(fileobj=buffered, mode="rb")
    # What is there, and not a whole chunk: a pipe may be slow.
    while chunk := buffered.read1(_CHUNK):
        yield chunk


def _reason(error: Exception) -> str:
    match error:
        case EOFError():
            return "the packed file ends in the middle"
        case gzip.BadGzipFile() | zlib.error():
            return "the packed file is damaged"
        case OSError(strerror=str(reason)):
            return f"it cannot be read ({reason})"
    return f"it cannot be read ({error})"
