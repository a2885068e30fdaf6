# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from c7n_mfa.pattern import parse
from c7n_mfa.pattern.nodes import MAX_LENGTH
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import DEFAULT, REQUIREMENTS

ALL = pytest.mark.parametrize("name", REQUIREMENTS)
SINGLE_FACTOR = [f.name for f in FAMILIES if f.kind == "single-factor"]
FAILURES = ["iam-user-failure", "root-failure", "unknown-user-failure"]
UNRELATED = ["api-call", "check-mfa", "switch-role"]


def names(families) -> list[str]:
    return [family.name for family in families]


def test_the_requirements_by_name():
    assert list(REQUIREMENTS) == ["single-factor", "conformity", "cis", "cis-iam-user"]
    assert all(name == requirement.name for name, requirement in REQUIREMENTS.items())
    assert DEFAULT == "single-factor"


def test_single_factor_catches_every_single_factor_sign_in():
    assert names(REQUIREMENTS["single-factor"].must_catch) == SINGLE_FACTOR


def test_single_factor_leaves_everything_else():
    others = [f.name for f in FAMILIES if f.kind != "single-factor"]

    assert names(REQUIREMENTS["single-factor"].must_leave) == others


def test_conformity_catches_whatever_says_no():
    caught = names(REQUIREMENTS["conformity"].must_catch)

    assert caught == [
        family.name
        for family in FAMILIES
        if family.witness.get("additionalEventData", {}).get("MFAUsed") == "No"
    ]
    assert {"saml", "identity-center", "broker-role-mfa", *FAILURES} <= set(caught)


def test_conformity_leaves_sign_ins_with_mfa_and_calls():
    assert names(REQUIREMENTS["conformity"].must_leave) == [
        "iam-user-mfa",
        "root-mfa",
        "root-mfa-capitals",
        *UNRELATED,
    ]


def test_cis_catches_users_and_root():
    assert names(REQUIREMENTS["cis"].must_catch) == [
        "iam-user",
        "root",
        "iam-user-unsaid",
        "root-unsaid",
        "iam-user-bare",
        "iam-user-old-record",
    ]


def test_cis_iam_user_catches_users_only():
    assert names(REQUIREMENTS["cis-iam-user"].must_catch) == [
        "iam-user",
        "iam-user-unsaid",
        "iam-user-bare",
        "iam-user-old-record",
    ]


@ALL
def test_every_requirement_catches_something_observed(name):
    assert any(family.grade == "observed" for family in REQUIREMENTS[name].must_catch)


@ALL
def test_no_family_is_to_be_caught_and_left(name):
    requirement = REQUIREMENTS[name]

    assert not set(names(requirement.must_catch)) & set(names(requirement.must_leave))


@ALL
def test_no_family_of_a_requirement_is_in_doubt(name):
    requirement = REQUIREMENTS[name]

    for family in FAMILIES:
        assert requirement.catch_pattern.match(family.witness) is not None
        assert requirement.leave_pattern.match(family.witness) is not None


@ALL
def test_a_pattern_that_is_provisioned_is_short_enough_for_aws(name):
    requirement = REQUIREMENTS[name]

    assert len(requirement.canonical_for(False)) <= MAX_LENGTH
    assert len(requirement.canonical_for(True)) <= MAX_LENGTH


@ALL
def test_strictness_chooses_the_pattern(name):
    requirement = REQUIREMENTS[name]

    assert requirement.canonical_for(False) == requirement.canonical
    assert requirement.canonical_for(True) == requirement.canonical_strict


@ALL
def test_a_pattern_that_is_provisioned_hangs_on_nothing_undocumented(name):
    for strict in (False, True):
        pattern = parse(REQUIREMENTS[name].canonical_for(strict))
        assert [pattern.explain_unknown(family.witness) for family in FAMILIES] == [()] * len(
            FAMILIES
        )


def test_the_cis_patterns_are_the_benchmarks_own_text():
    assert REQUIREMENTS["cis"].canonical == (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
    )
    assert REQUIREMENTS["cis-iam-user"].canonical == (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    )
