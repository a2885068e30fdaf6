# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The table of Regions and the other routes, in a report."""

from __future__ import annotations

import pytest

from .outputs import audit, chain, intact_links, judgement, named
from .test_formats import lines

EVERY = {"region": "every enabled Region", "trail": None, "chain": 0, "verdict": "intact"}


def row(region: str, chain: int | None = 0, verdict: str = "intact") -> dict:
    return {"region": region, "trail": None, "chain": chain, "verdict": verdict}


def test_regions_with_one_answer_share_a_line(tmp_path):
    rows = [row("eu-west-1"), row("us-east-1"), row("us-west-2", None, "broken")]
    audit(tmp_path, judgement(chain(named("west")), regions=rows))

    assert lines(tmp_path)[-3:] == [
        "└── Region by Region",
        "    ├── eu-west-1 and us-east-1: intact, west",
        "    └── us-west-2: broken, no trail records it",
    ]


@pytest.mark.parametrize("rows", [[], [EVERY], None], ids=["none", "every", "an older output"])
def test_one_row_for_all_of_them_is_not_shown(tmp_path, rows):
    audit(tmp_path, judgement(chain(intact_links()), regions=rows))

    assert not any("Region by Region" in line for line in lines(tmp_path))


@pytest.mark.parametrize("number", [7, -1, None])
def test_a_chain_that_is_not_there_is_none(tmp_path, number):
    rows = [row("eu-west-1", number, "broken"), row("us-east-1", number, "broken")]
    audit(tmp_path, judgement(chain(intact_links()), regions=rows))

    assert lines(tmp_path)[-1] == "    └── eu-west-1 and us-east-1: broken, no trail records it"


def test_other_routes_are_named(tmp_path):
    routes = [{"kind": "event-rule", "detail": "event rule x sends sign-ins to 1 target(s)"}]
    audit(tmp_path, judgement(chain(intact_links()), routes=routes))

    assert lines(tmp_path)[-2:] == [
        "└── other ways of notification, which are not judged",
        "    └── event rule x sends sign-ins to 1 target(s)",
    ]
