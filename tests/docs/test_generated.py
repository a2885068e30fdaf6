# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The generated pages say what the code says today."""

from __future__ import annotations

import re

import pytest

from c7n_mfa.audit.reasons import LINKS, REASONS
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import REQUIREMENTS
from docs.build import text
from docs.build.pages import DOCS, PAGES
from docs.build.requirements import place


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_make_docs_writes(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name]()


def test_every_reason_has_one_row_below_its_link():
    sections = re.split(r"^## ", (DOCS / "reasons.md").read_text(), flags=re.MULTILINE)[1:]
    rows = {
        s.split("\n", 1)[0]: re.findall(r"^\| `([\w-]+)` \|", s, re.MULTILINE) for s in sections
    }
    assert rows == {link: [r.code for r in REASONS.values() if r.link == link] for link in LINKS}


def test_the_places_of_families_are_those_of_the_proof():
    single_factor = REQUIREMENTS["single-factor"]
    places = {family.name: place(family, single_factor) for family in FAMILIES}
    assert places["root-unsaid"] == "**must catch**"
    assert places["saml"] == "must leave"
    assert place(_family("root"), REQUIREMENTS["cis-iam-user"]) == "either"


def test_cells_keep_their_bars():
    assert text.table(["a"], [["x || y"]]) == "| a |\n| --- |\n| x \\|\\| y |"


def test_sentences_end_at_full_stops_only():
    paragraph = "Sum >= 1.0 over\n300 s. `topic` is an ARN. See 3.2 for it."
    assert text.sentences(paragraph) == (
        "Sum >= 1.0 over 300 s.\n`topic` is an ARN.\nSee 3.2 for it."
    )


def _family(name):
    return next(family for family in FAMILIES if family.name == name)
