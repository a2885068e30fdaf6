# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Lays out a slice as a folder.

custodian imports each name of `mode: {packages: …}` and packs the folders of its `__path__`, each
under its own name (`PythonPackageArchive.add_modules`).  A module of ours whose path is a folder
`c7n_mfa` with some of our files is therefore all that it takes.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from c7n_mfa.archive.imports import Source, closure
from c7n_mfa.archive.slices import WHOLE, Slice

_ABOVE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Folders:
    """The path of a slice's module; the folder is laid out when custodian asks for it."""

    wanted: Slice

    def __iter__(self) -> Iterator[str]:
        yield staged(self.wanted)


@cache
def staged(wanted: Slice) -> str:
    """A folder `c7n_mfa` with the files of the slice as they are here; gone when Python ends."""
    above = Path(tempfile.mkdtemp(prefix="c7n-mfa-archive-"))
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    # In one order, so that the archive is the same each time and custodian uploads it once.
    for name, source in sorted(closure(wanted.roots, find, wanted.without).items()):
        target = above / _file(name, source.is_package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.text, encoding="utf-8", newline="")
    return str(above / WHOLE)


def find(name: str) -> Source | None:
    """The source of one of our modules."""
    if name.partition(".")[0] != WHOLE:
        return None
    for is_package in (False, True):
        path = _ABOVE / _file(name, is_package)
        if path.is_file():
            return Source(path.read_text(encoding="utf-8"), is_package)
    return None


def _file(name: str, is_package: bool) -> Path:
    """Where a module lies below the folder that holds `c7n_mfa`."""
    path = Path(*name.split("."))
    return path / "__init__.py" if is_package else path.with_suffix(".py")
