# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Regexes: the language AWS allows, matched in linear time, and intersected."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.pattern.automaton import TooLarge, find_text, text_automaton
from c7n_mfa.pattern.regex import automaton_of, search

_ATOMS = ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\W", "1", " "]
_COUNTS = ["", "", "?", "*", "+", "{2}", "{1,}", "{0,2}", "*?"]
_items = st.builds(str.__add__, st.sampled_from(_ATOMS), st.sampled_from(_COUNTS))
bodies = st.lists(_items | st.sampled_from("^$|"), min_size=1, max_size=7).map("".join)
texts = st.text(alphabet="ab1 -", max_size=8)
lines = st.text(alphabet="ab1\n", max_size=6)


def python(body: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(body if flags else body.replace("$", r"\Z"), re.ASCII | flags)


@given(bodies, texts)
def test_a_regex_finds_what_pythons_finds(body, text):
    expected = python(body).search(text) is not None

    assert search(body, text) is expected
    assert automaton_of(body).accepts(text) is expected


@given(bodies, lines)
def test_line_breaks_can_be_read_as_pythons_flags_read_them(body, text):
    expected = python(body, re.MULTILINE | re.DOTALL).search(text) is not None

    assert search(body, text, dot_all=True, multi_line=True) is expected


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a*a*a*a*a*a*a*b", "a" * 250_000),
        ("a.{999}b.{500}c", "ab" * 125_000),
        ("[ab]{1,900}c", "ab" * 125_000),
        ("a?" * 500 + "b", "a" * 250_000),
        (".*.*.*.*c", "ab" * 125_000),
    ],
)
def test_a_regex_is_searched_for_in_linear_time(body, text):
    """Hours, if the engine were to try one way after another."""
    assert search(body, text) is False


def test_a_regex_repeated_beyond_measure_is_too_large():
    with pytest.raises(TooLarge):
        search("a{1000}b{1000}c{1000}", "x")
    with pytest.raises(TooLarge):
        search("a{99999999999}", "x")


def contains(body: str):
    return automaton_of(body)


@pytest.mark.parametrize(
    ("inside", "outside", "found"),
    [
        ([contains("^a+b?c$"), contains("cc|abc")], [], "abc"),
        ([contains("^[a-c]+$")], [contains("[ab]"), text_automaton("c")], "cc"),
        ([contains("^Y")], [], "Y"),
        ([contains("^Y"), text_automaton("Yes")], [], "Yes"),
        ([], [text_automaton("", trailing=True)], None),
        ([text_automaton("Y", trailing=True)], [contains("^Y")], None),
        ([contains("^[Yy]es$")], [text_automaton("Yes"), text_automaton("yes")], None),
        ([contains("^[Yy]es$")], [text_automaton("Yes")], "yes"),
        ([contains("^Yes$"), text_automaton("No")], [], None),
        ([text_automaton("a", leading=True, trailing=True)], [contains("^a|a$")], "bab"),
        ([contains("^$")], [], ""),
        ([], [], ""),
        ([contains(r"^\W$")], [], "-"),
        ([contains("x^")], [], None),
    ],
)
def test_a_shortest_text_inside_and_outside_is_found_or_proven_absent(inside, outside, found):
    assert find_text(inside, outside) == found


@given(bodies, bodies)
def test_a_found_text_is_one(body, other):
    text = find_text([automaton_of(body)], [automaton_of(other)])

    if text is not None:
        assert search(body, text)
        assert not search(other, text)


@given(bodies, bodies, texts)
def test_where_none_is_found_there_is_none(body, other, text):
    if find_text([automaton_of(body)], [automaton_of(other)]) is None:
        assert not (search(body, text) and not search(other, text))


def test_a_question_too_large_is_refused_and_not_answered():
    with pytest.raises(TooLarge):
        find_text([contains("a.{20}b$")], [contains("b.{12}a$")], limit=1000)
