# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The site: built from the same pages as GitHub shows, with broken links as errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

# The links themselves are also followed by test_written, which takes a second.
pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PAGES = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; the options are those of `make site`."""
    (recipe,) = re.findall(r"-m sphinx (.*) \. \S+$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", *recipe.split(), "-d", str(out / "trees")]
    built = subprocess.run(
        [*command, ".", str(out / "html")], cwd=ROOT, capture_output=True, text=True
    )
    assert (built.returncode, built.stderr) == (0, "")
    return out / "html"


def test_every_page_is_in_the_site(site):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}

    assert {page.removesuffix(".md") + ".html" for page in PAGES} - built == set()


def test_every_page_is_in_the_navigation(site):
    start = (site / "README.html").read_text(encoding="utf-8")
    (sidebar,) = re.findall(r'<div class="sidebar-tree">(.*?)</div>', start, re.DOTALL)
    linked = {link.partition("#")[0] for link in re.findall(r'href="([^"]+)"', sidebar)}

    assert linked == {page.removesuffix(".md") + ".html" for page in PAGES} - {"README.html"}


def test_every_page_is_searched(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    (names,) = re.findall(r'"docnames":(\[.*?\])', index)

    assert set(json.loads(names)) == {page.removesuffix(".md") for page in PAGES}


def test_the_start_page_leads_to_the_readme(site):
    assert 'url=README.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("# Index\n\n[gone](gone.md)\n")
    (tmp_path / "README.md").write_text("# Start\n\n[index](docs/README.md#nowhere)\n")

    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", ROOT / "docs",
         tmp_path, tmp_path / "html"],
        capture_output=True, text=True,
    )  # fmt: skip

    assert built.returncode == 1
    assert "cross-reference target not found: 'gone.md'" in built.stderr
    assert "local id not found in doc 'docs/README': 'nowhere'" in built.stderr
