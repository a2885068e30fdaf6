# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Atoms on one value: what a proof walks through."""

from __future__ import annotations

import pytest

from c7n_mfa.pattern import (
    BEHAVIOURS,
    MISSING,
    Doubt,
    evaluate_atom,
    judge_atom,
    parse,
)
from c7n_mfa.pattern.nodes import Text

VALUES = {
    "missing": MISSING,
    "null": None,
    "true": True,
    "false": False,
    "object": {},
    "array": [],
    "Yes": "Yes",
    "No": "No",
    "5": 5,
    "'5'": "5",
}


def truths(condition: str) -> dict[str, bool | None]:
    """The values an atom does not refuse."""
    (atom,) = parse(f"{{ {condition} }}").atoms()
    answers = {name: evaluate_atom(atom, value) for name, value in VALUES.items()}
    return {name: answer for name, answer in answers.items() if answer is not False}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('$.a = "Yes"', {"Yes": True}),
        ('$.a != "Yes"', {"No": True, "5": True, "'5'": True}),
        ("$.a = *", {"true": None, "false": None, "Yes": True, "No": True, "5": True, "'5'": True}),
        ("$.a != *", {}),
        ("$.a = 5", {"5": True, "'5'": True}),
        ("$.a != 5", {"Yes": True, "No": True}),
        ('$.a = "5"', {"5": True, "'5'": True}),
        ("$.a = 5.0", {"5": True, "'5'": None}),
        ('$.a = "5.0"', {}),
        ("$.a > 4", {"5": True}),
        ("$.a <= 4", {}),
        ("$.a IS NULL", {"null": True}),
        ("$.a IS TRUE", {"true": True}),
        ("$.a IS FALSE", {"false": True}),
        ("$.a NOT EXISTS", {"missing": True}),
        ("$.a = %e%", {"true": None, "false": None, "Yes": True}),
        (
            "$.a != %e%",
            {"No": True, "5": None, "'5'": True},
        ),
    ],
)
def test_an_atom_holds_of_these_values_only(condition, expected):
    assert truths(condition) == expected


def test_a_doubtful_atom_names_its_behaviour():
    (atom,) = parse("{ $.a = * }").atoms()
    answer = judge_atom(atom, True)

    assert isinstance(answer, Doubt)
    assert [each.name for each in answer.behaviours] == ["boolean-presence"]


def test_a_doubt_cannot_be_taken_for_a_truth():
    with pytest.raises(TypeError, match="a doubt is neither true nor false"):
        bool(Doubt(()))


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("*b*", "abc", True),
        ("b*", "abc", False),
        ("a*c", "abc", False),
        ("*", "", True),
        ("*b", "bab", None),
        ("*a*c", "abac", None),
    ],
)
def test_a_text_matches_strings(text, value, expected):
    assert Text(text).matches(value) is expected


def test_behaviours_have_names_and_sentences_of_their_own():
    assert len({each.name for each in BEHAVIOURS}) == len(BEHAVIOURS)
    for each in BEHAVIOURS:
        assert each.name == each.name.lower().replace(" ", "-")
        assert each.sentence.endswith(".")
        assert each.evidence.endswith(".")


@pytest.mark.parametrize("digits", ["1e999", "9" * 490, "-1e999"])
def test_numbers_beyond_floating_point_are_answered(digits):
    pattern = parse(f"{{ $.a = {digits} || $.a > {digits} }}")

    assert pattern.match({"a": 1}) is (digits == "-1e999")
    assert pattern.match({"a": 10**5000}) in (True, None)
    assert pattern.match('{"a": ' + "9" * 6000 + "}") in (True, None)
