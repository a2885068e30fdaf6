# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The files of one run of one policy, read one by one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from c7n_mfa.aws.text import one_line

from .shape import Node, ShapeError, load
from .values import Problem

AGAIN = "Run the policy again."

_Parsed = TypeVar("_Parsed")


class Folder:
    """The files of one run; a file that cannot be read becomes a problem and is absent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def text(self, name: str) -> str | None:
        for path in (self.path / name, self.path / f"{name}.gz"):
            if path.is_file():
                return self._read(path)
        return None

    def node(self, name: str) -> Node | None:
        text = self.text(name)
        return None if text is None else self.parsed(name, lambda: Node(load(text)))

    def parsed(self, name: str, parse: Callable[[], _Parsed]) -> _Parsed | None:
        try:
            return parse()
        except ShapeError as error:
            self.problem(str(error), AGAIN, name)
            return None

    def problem(self, what: str, mend: str, name: str = "") -> None:
        self.problems.append(Problem(shown(self.path / name), what, mend))

    def _read(self, path: Path) -> str | None:
        try:
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problem(f"cannot be read: {one_line(reason)}.", AGAIN, path.name)
            return None
        return content.decode("utf-8", errors="replace")


def shown(path: Path) -> str:
    """A path as the person gave it, without anything that could steer a terminal."""
    return one_line(str(path)).replace("s3:/", "s3://", 1)
