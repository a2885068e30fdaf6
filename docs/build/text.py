# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The little Markdown that the generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NOTE = "<!-- Written by `make docs` from the code: change the code, not this page. -->"
# A full stop, and a capital or a code span behind it: how a sentence ends in our docstrings.
_SENTENCE_END = re.compile(r"(?<=[A-Za-z0-9)`][.:]) +(?=[A-Z`])")


def page(title: str, blocks: Iterable[str]) -> str:
    """A whole page: the note that it is generated, its title and its blocks."""
    return "\n\n".join([_NOTE, f"# {title}", *blocks]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def code(text: str, language: str = "") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```"


def sentences(text: str) -> str:
    """One sentence a line, from a paragraph broken anywhere.

    >>> sentences("It reads. It\\nwrites.")
    'It reads.\\nIt writes.'
    """
    return _SENTENCE_END.sub("\n", " ".join(text.split()))


def listing(names: Iterable[str]) -> str:
    """`a`, `b`; "none" without any."""
    return ", ".join(f"`{name}`" for name in names) or "none"
