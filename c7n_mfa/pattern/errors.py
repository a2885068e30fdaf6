# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The one error of the language: what is wrong, in which source, and exactly where."""

from __future__ import annotations

_INDENT = "    "
_WIDEST = 1024
_MARGIN = 60


class PatternSyntaxError(ValueError):
    """AWS would refuse this pattern; ``str()`` shows it with a marker under the fault."""

    def __init__(self, message: str, source: str, span: tuple[int, int]) -> None:
        super().__init__(message, source, span)
        self.message = message
        self.source = source
        self.span = span

    def __str__(self) -> str:
        return "\n".join([self.message, *_marked_lines(self.source, *self.span)])


def _marked_lines(source: str, start: int, end: int) -> list[str]:
    """Every line of the source, the marker below the line on which the span starts."""
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    if line_end < 0:
        line_end = len(source)
    before = source[: line_start - 1].split("\n") if line_start else []
    after = source[line_end + 1 :].split("\n") if line_end < len(source) else []
    line, start, end = _clipped(
        source[line_start:line_end], start - line_start, min(end, line_end) - line_start
    )
    marked = [*map(_shown, before), line, _marker(line, start, end), *map(_shown, after)]
    return [(_INDENT + each).rstrip() for each in marked]


def _marker(line: str, start: int, end: int) -> str:
    # A tab stays a tab, so that the marker lines up however wide a terminal draws it.
    indent = "".join("\t" if char == "\t" else " " for char in line[:start])
    return indent + "~" * (end - start - 1) + "^"


def _clipped(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The line, cut around the fault when it is far longer than any legal pattern."""
    if len(line) <= _WIDEST:
        return line, start, end
    left = max(0, start - _MARGIN)
    piece = line[left : start + _MARGIN]
    return f"...{piece}...", start - left + 3, min(end - left, len(piece)) + 3


def _shown(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_MARGIN]}..."
