# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The page of public patterns: its verdicts hold, and its blind spots are real."""

from __future__ import annotations

import pytest

from c7n_mfa.pattern import Pattern, PatternSyntaxError
from c7n_mfa.proof import assess
from c7n_mfa.proof.requirements import REQUIREMENTS
from docs.build import patterns

FOUND = patterns.read(patterns.PAGE.read_text(encoding="utf-8"))
PARSED = [each.parsed() for each in FOUND if isinstance(each.parsed(), Pattern)]


def test_the_page_has_patterns_of_every_kind():
    verdicts = {assess((each,), REQUIREMENTS["single-factor"]).verdict for each in PARSED}

    assert verdicts >= {"covers", "misses"}
    assert any(isinstance(each.parsed(), PatternSyntaxError) for each in FOUND)
    assert len(FOUND) == 56


@pytest.mark.parametrize("requirement", REQUIREMENTS.values(), ids=REQUIREMENTS)
@pytest.mark.parametrize("pattern", PARSED, ids=range(len(PARSED)))
def test_every_example_is_what_it_claims(pattern, requirement):
    found = assess((pattern,), requirement, strict=True)

    missed = [pattern.match(spot.event) for spot in found.blind_spots]
    caught = [pattern.match(spot.event) for spot in found.noise]
    assert missed == [False] * len(missed)
    assert caught == [True] * len(caught)


@pytest.mark.parametrize(
    "pattern", ['{ $.a = "x|y" }', "{ $.a = \\\\ }", "{ $.a = 1 }\n", "{ $.a != *b_c* && $.d=1 }"]
)
def test_a_pattern_survives_the_page(pattern):
    page = patterns.render([patterns.Sighting(pattern, "somewhere | else")])

    assert patterns.read(page) == [patterns.Sighting(pattern, "somewhere | else")]
