# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What is printed of a judgement reads back as the same judgement."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.audit.element import STATES
from c7n_mfa.audit.reasons import LINKS, VERDICTS
from c7n_mfa.audit.values import Route
from c7n_mfa.audit.verdicts import Chain, FilterCoverage, Judgement, Link, Region, rank, worst
from c7n_mfa.proof import Dependency, Spot
from c7n_mfa.proof.families import GRADES
from c7n_mfa.shape import ShapeError

TEXT = st.text(max_size=20)
OBJECT = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT, max_size=3)
VERDICT = st.sampled_from(VERDICTS)


def several(strategy: st.SearchStrategy, least: int = 0) -> st.SearchStrategy:
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


SPOTS = several(st.builds(Spot, TEXT, st.sampled_from(GRADES), TEXT, OBJECT, TEXT))
DEPENDENCIES = several(st.builds(Dependency, TEXT, TEXT))
LINK = st.builds(
    Link,
    st.sampled_from(LINKS),
    VERDICT,
    TEXT,
    TEXT,
    reason=st.none() | TEXT,
    evidence=OBJECT,
    fix=st.none() | TEXT,
    security_hub=st.none() | TEXT,
    permission=st.none() | TEXT,
)
CHAIN = st.builds(Chain, several(LINK, least=1), covers=several(TEXT))
REGION = st.builds(Region, TEXT, VERDICT, st.none() | TEXT, st.none() | st.integers(0, 9))
ROUTE = st.builds(
    Route,
    st.sampled_from(["event-rule", "log-alarm"]),
    TEXT,
    TEXT,
    TEXT,
    st.none() | st.booleans(),
    several(TEXT),
)
UNREADABLE_ROUTE = st.builds(
    Route, st.just("unknown"), st.just(""), st.just(""), TEXT, st.none(), st.just(())
)
JUDGEMENT = st.builds(
    Judgement,
    st.sampled_from(["single-factor", "cis"]),
    VERDICT,
    SPOTS,
    SPOTS,
    SPOTS,
    DEPENDENCIES,
    several(CHAIN),
    several(REGION),
    st.none() | several(ROUTE | UNREADABLE_ROUTE),
)
COVERAGE = st.builds(
    FilterCoverage,
    st.sampled_from(["single-factor", "cis"]),
    several(st.sampled_from(STATES)),
    SPOTS,
    SPOTS,
    SPOTS,
    DEPENDENCIES,
)


@given(JUDGEMENT)
def test_a_judgement_reads_back_from_its_json(judgement):
    assert Judgement.from_dict(json.loads(json.dumps(judgement.to_dict()))) == judgement


@given(COVERAGE)
def test_the_coverage_of_a_metric_filter_reads_back_from_its_json(coverage):
    assert FilterCoverage.from_dict(json.loads(json.dumps(coverage.to_dict()))) == coverage


def judgement(**changed: Any) -> dict[str, Any]:
    return {"verdict": "broken"} | changed


def chain(**changed: Any) -> dict[str, Any]:
    link = {"link": "alarm", "verdict": "broken"}
    return {"verdict": "broken", "links": [link | changed.pop("link", {})]} | changed


def test_what_an_earlier_version_did_not_write_is_empty():
    assert Judgement.from_dict(judgement(chains=[chain()])) == Judgement(
        "single-factor", "broken", (), (), (), (), (Chain((Link("alarm", "broken", "", ""),)),)
    )


def test_the_grade_of_earlier_versions_is_read():
    spot = {"family": "root-unsaid", "grade": "conceivable", "event": {}}

    read = Judgement.from_dict(judgement(advice=[spot]))

    assert read.advice == (Spot("root-unsaid", "possible", "", {}, ""),)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"verdict": "fine"}, "at verdict, one of intact, broken, unknown, not 'fine'."),
        ({"verdict": None}, "at verdict, one of intact, broken, unknown, not null."),
        ({"chains": {}}, "at chains, a list, not an object."),
        ({"chains": [chain(covers=[3])]}, "at chains[0].covers[0], a text, not a number."),
        (
            {"chains": [chain(verdict="intact")]},
            "at chains[0].verdict, one of broken, not 'intact'.",
        ),
        (
            {"chains": [chain(links=[], verdict="intact")]},
            "at chains[0].verdict, one of unknown, not 'intact'.",
        ),
        (
            {"chains": [chain(link={"link": "mail"})]},
            "at chains[0].links[0].link, one of trail, log-group, metric-filter, metric, alarm, "
            "topic, subscription, not 'mail'.",
        ),
        (
            {"chains": [chain(link={"evidence": []})]},
            "at chains[0].links[0].evidence, an object, not a list.",
        ),
        (
            {"blind_spots": [{"family": "root", "grade": "rare"}]},
            "at blind_spots[0].grade, one of observed, possible, not 'rare'.",
        ),
        (
            {"regions": [{"region": "us-east-1", "verdict": "intact", "chain": "0"}]},
            "at regions[0].chain, a number, not '0'.",
        ),
        (
            {"routes": [{"detail": "a rule", "matches": "yes"}]},
            "at routes[0].matches, true or false, not 'yes'.",
        ),
    ],
)
def test_what_is_no_judgement_is_refused_with_its_place(wrong, message):
    with pytest.raises(ShapeError) as error:
        Judgement.from_dict(judgement(**wrong))

    assert str(error.value) == f"is not what was expected: {message}"


def test_broken_wins_over_unknown_and_nothing_is_known_of_nothing():
    assert sorted(VERDICTS, key=rank) == ["intact", "unknown", "broken"]
    assert worst(["intact", "broken", "unknown"]) == "broken"
    assert worst(["intact", "unknown"]) == "unknown"
    assert worst(["intact"]) == "intact"
    assert worst([]) == "unknown"
