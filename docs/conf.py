# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The documentation as a site with search: `make site`.

Sphinx reads the repository from its root, so that the pages' relative links lead to the same
files here and on GitHub.  A link to a file that is no page, such as a policy, offers the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

project = "c7n-mfa"
copyright = "the c7n-mfa authors"

extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/adr/*.md", "docs/rules/*.md"]
exclude_patterns = [".*", "benchmarks", "build", "c7n_mfa", "demo", "dist", "output", "tests"]

# GitHub's own anchors for headings, so that a link to a section works in both places.
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_title = "c7n-mfa"
html_show_sphinx = False
html_copy_source = False
html_use_index = False
templates_path = ["templates"]
html_additional_pages = {"index": "redirect.html"}

_INDEX = Path(__file__).parent / "README.md"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"\]\(((?:rules/|adr/)?[\w-]+\.md)\)")


def setup(app: Any) -> None:
    """Build the navigation from docs/README.md, which stays the only list of pages."""
    app.connect("source-read", _add_navigation)


def _add_navigation(app: Any, name: str, source: list[str]) -> None:
    if name == root_doc:
        source[0] += "".join(_navigation(_INDEX.read_text(encoding="utf-8")))


def _navigation(index: str) -> Iterator[str]:
    _, *parts = _SECTION.split(index)
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        yield _tree(title, [f"docs/{page}" for page in _PAGE.findall(body)])
    yield _tree("Project", ["docs/README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"])


def _tree(caption: str, pages: list[str]) -> str:
    lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"]
    return "\n\n" + "\n".join(lines)
