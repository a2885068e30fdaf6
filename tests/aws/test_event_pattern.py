# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Event patterns and filter policies: what AWS documents, and unknown for what it does not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern
from moto.sns.utils import FilterPolicyMatcher

from c7n_mfa.aws.event_pattern import FILTER_POLICY, OneOf, Partial, matches


@pytest.mark.parametrize(
    ("wanted", "matching", "other"),
    [
        (["a"], ["a", ["a"], ["b", "a"], [["a"]]], ["b", "A", None, {}, [], {"a": "a"}]),
        ([1], [1], [True, "1", 2, 2.5, None]),
        ([True], [True], [1, "true", False]),
        ([None], [None], ["", 0, False, "null"]),
        ([""], [""], [None, " "]),
        (["a", {"prefix": "b"}], ["a", "bc"], ["ab"]),
        ([{"exists": True}], ["", None, 0, ["a"]], [{}, [], {"b": 1}]),
        ([{"exists": False}], [{}, [], {"b": 1}], ["", None, 0]),
        ([{"anything-but": "a"}], ["b", None, 1, True, ["a", "b"]], ["a", ["a"], {}, []]),
        ([{"anything-but": ["a", "b"]}], ["c", "A"], ["a", "b"]),
        ([{"anything-but": [1]}], [2, "1"], [1]),
        ([{"anything-but": {"prefix": "a"}}], ["ba", 1], ["a", "ab"]),
        ([{"anything-but": {"suffix": ["a", "b"]}}], ["ac"], ["a", "cb"]),
        ([{"anything-but": {"equals-ignore-case": "yes"}}], ["No", None], ["yes", "YES"]),
        ([{"anything-but": {"wildcard": "a*c"}}], ["ab"], ["abc", "ac"]),
        ([{"anything-but": {"wildcard": ["a*", "*b"]}}], ["c"], ["ac", "cb"]),
        ([{"exists": False}, {"anything-but": ["a"]}], ["b", {}, None], ["a"]),
        ([{"prefix": "ab"}], ["ab", "abc"], ["a", "AB", 1, None]),
        ([{"prefix": {"equals-ignore-case": "AB"}}], ["abc"], ["a"]),
        ([{"suffix": "bc"}], ["abc"], ["bcd", "BC"]),
        ([{"suffix": {"equals-ignore-case": "BC"}}], ["abc"], ["c"]),
        ([{"equals-ignore-case": "yes"}], ["yes", "YES"], ["no", "yes ", True]),
        ([{"wildcard": "a*c"}], ["ac", "abbc", "a\nc"], ["abcd", "bac"]),
        ([{"wildcard": r"a\*c"}], ["a*c"], ["abc"]),
        ([{"wildcard": r"a\\*"}], ["a\\", "a\\b"], ["a*", "ab"]),
        ([{"wildcard": "a.c"}], ["a.c"], ["abc"]),
        ([{"wildcard": "a?[b]"}], ["a?[b]"], ["axb"]),
        ([{"numeric": ["=", 3]}], [3, 3.0, [1, 3]], [4, "3", None, True]),
        ([{"numeric": ["<", 0]}], [-1, -0.5], [0, "-1"]),
        ([{"numeric": [">", 0, "<=", 5]}], [1, 5, 0.1], [0, 5.1]),
        ([{"numeric": [">=", -5e9]}], [5e9], []),
        ([{"cidr": "192.0.2.0/24"}], ["192.0.2.7", ["x", "192.0.2.7"]], ["198.51.100.7", "x", 7]),
        ([{"cidr": "192.0.2.7/24"}], ["192.0.2.9"], ["192.0.3.9"]),
        ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["192.0.2.7", "2001:db9::1"]),
    ],
)
def test_a_field_matches(wanted, matching, other):
    answers = [matches({"f": wanted}, {"f": value}) for value in [*matching, *other]]
    assert answers == [True] * len(matching) + [False] * len(other)


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (["a"], False),
        ([None], False),
        ([{"exists": False}], True),
        ([{"exists": True}], False),
        ([{"anything-but": ["a"]}], False),
        ([{"anything-but": {"prefix": "a"}}], False),
        ([{"prefix": ""}], False),
        ([{"numeric": ["<", 1]}], False),
        ([{"cidr": "0.0.0.0/0"}], False),
    ],
)
@pytest.mark.parametrize("event", [{}, {"d": None}, {"d": "text"}, {"d": []}, {"d": {}}])
def test_a_field_that_is_absent_matches_only_its_absence(wanted, answer, event):
    assert matches({"d": {"f": wanted}}, event) is answer


def test_all_fields_have_to_match():
    pattern = {"a": ["1"], "b": {"c": ["2"]}}
    assert matches(pattern, {"a": "1", "b": {"c": "2"}}) is True
    assert matches(pattern, {"a": "1", "b": {"c": "3"}}) is False


def test_one_alternative_has_to_match():
    pattern = {"s": ["x"], "$or": [{"a": ["1"]}, {"b": {"c": ["2"]}, "d": ["3"]}]}
    assert matches(pattern, {"s": "x", "a": "1"}) is True
    assert matches(pattern, {"s": "x", "b": {"c": "2"}, "d": "3"}) is True
    assert matches(pattern, {"s": "x", "b": {"c": "2"}}) is False
    assert matches(pattern, {"a": "1"}) is False


@pytest.mark.parametrize(
    ("pattern", "event", "answer"),
    [
        ({"$or": {"a": ["1"]}}, {"$or": {"a": "1"}}, True),
        ({"$or": {"a": ["1"]}}, {"a": "1"}, False),
        ({"$or": [{"prefix": "a"}, {"suffix": "b"}]}, {"$or": "cb"}, True),
        ({"$or": [{"prefix": "a"}, {"suffix": "b"}]}, {"prefix": "a"}, False),
        ({"$or": ["a", "b"]}, {"$or": "b"}, True),
    ],
)
def test_what_is_no_alternative_is_a_field_of_that_name(pattern, event, answer):
    assert matches(pattern, event) is answer


def test_one_object_of_a_list_has_to_match_alone():
    pattern = {"l": {"a": ["1"], "b": ["2"]}}
    assert matches(pattern, {"l": [{"a": "1", "b": "2"}, "text"]}) is True
    assert matches(pattern, {"l": [{"a": "1"}, {"b": "2"}]}) is False
    assert matches(pattern, {"l": [["text"], [{"a": "1"}, {"a": "1", "b": "2"}]]}) is True
    assert matches(pattern, {"l": [[{"a": "1"}], [{"b": "2"}]]}) is False


@pytest.mark.parametrize(
    "wanted",
    [
        [{"numeric": []}],
        [{"numeric": ["="]}],
        [{"numeric": ["?", 1]}],
        [{"numeric": ["=", "1"]}],
        [{"numeric": ["=", True]}],
        [{"numeric": ["<", 5e9 + 1]}],
        [{"numeric": ["<", 5, ">", 1]}],
        [{"numeric": [[], 1]}],
        [{"numeric": "=1"}],
        [{"cidr": "192.0.2.0"}],
        [{"cidr": "192.0.2.0/33"}],
        [{"cidr": 7}],
        [{"cidr": None}],
        [{"anything-but": {"numeric": [">", 1]}}],
        [{"anything-but": {"cidr": "192.0.2.0/24"}}],
        [{"anything-but": {"prefix": []}}],
        [{"anything-but": {"prefix": ["a", 1]}}],
        [{"anything-but": {"prefix": "a", "suffix": "b"}}],
        [{"anything-but": {}}],
        [{"anything-but": []}],
        [{"anything-but": ["a", 1]}],
        [{"anything-but": None}],
        [{"anything-but": True}],
        [{"exists": "yes"}],
        [{"prefix": 1}],
        [{"prefix": ["a"]}],
        [{"prefix": {"wildcard": "a"}}],
        [{"equals-ignore-case": {"prefix": "a"}}],
        [{"wildcard": "a**"}],
        [{"wildcard": "a\\b"}],
        [{"wildcard": "a\\"}],
        [{"prefix": "a", "suffix": "b"}],
        [{"regular-expression": "a"}],
        [{}],
        [],
        {},
        "a",
        None,
    ],
)
def test_what_is_not_documented_is_neither_yes_nor_no(wanted):
    assert matches({"f": wanted}, {"f": "a"}) is None


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (1, 1.0),
        (300.0, 300.0),
        ({"anything-but": 1}, 1.0),
        ({"numeric": ["<", 1]}, -5e9 - 1),
    ],
)
def test_what_a_number_says_beyond_its_value_is_not_known(wanted, value):
    assert matches({"f": [wanted]}, {"f": value}) is None


def test_what_is_not_documented_does_not_matter_beside_a_no():
    assert matches({"f": [{"prefix": 1}], "g": ["a"]}, {"f": 2, "g": "b"}) is False
    assert matches({"f": [{"prefix": 1}, "a"]}, {"f": "a"}) is True


@pytest.mark.parametrize("pattern", [{"$or": []}, {"$or": [{"a": ["1"]}]}, {"a.b": ["1"]}, ["a"]])
def test_names_that_mean_more_than_themselves_are_not_guessed_at(pattern):
    assert matches(pattern, {"a": {"b": "1"}, "$or": "1"}) is None


# A document of which not everything is known.

BODY = Partial(Name="SignIns", Was=OneOf(("OK", "UNKNOWN")), Trigger=Partial(Metric="Count"))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"Name": ["SignIns"]}, True),
        ({"Name": ["Other", "SignIns"]}, True),
        ({"Name": ["Other"]}, False),
        ({"Name": [{"prefix": "Sign"}]}, True),
        ({"Name": [{"suffix": "Ins"}]}, True),
        ({"Name": [{"suffix": "Out"}]}, False),
        ({"Name": [{"equals-ignore-case": "signins"}]}, True),
        ({"Name": [{"anything-but": ["SignIns"]}]}, False),
        ({"Name": [{"anything-but": "Other"}]}, True),
        ({"Name": [{"anything-but": {"prefix": "Sign"}}]}, False),
        ({"Name": [{"anything-but": {"suffix": "Out"}}]}, True),
        ({"Name": [{"exists": True}]}, True),
        ({"Name": [{"exists": False}]}, False),
        ({"Name": [{"numeric": [">", 1]}]}, False),
        ({"Name": [{"cidr": "192.0.2.0/24"}]}, False),
        ({"Was": ["OK", "UNKNOWN"]}, True),
        ({"Was": ["OK"]}, None),
        ({"Was": ["ALARM"]}, False),
        ({"Was": [{"anything-but": "ALARM"}]}, True),
        ({"Trigger": {"Metric": ["Count"]}}, True),
        ({"Trigger": {"Metric": ["Other"]}}, False),
        ({"Trigger": {"Other": ["x"]}}, None),
        ({"Other": ["x"]}, None),
        ({"Other": [{"exists": False}]}, None),
        ({"Other": {"Deep": ["x"]}}, None),
        ({"Other": ["x"], "Name": ["Other"]}, False),
        ({"$or": [{"Name": ["SignIns"]}, {"Other": ["x"]}]}, True),
        ({"$or": [{"Name": ["Other"]}, {"Other": ["x"]}]}, None),
        ({"$or": [{"Name": ["SignIns"]}]}, None),
        ({"Name": "SignIns"}, None),
        (["Name"], None),
    ],
)
@pytest.mark.parametrize("language", [{}, {"language": FILTER_POLICY}], ids=["event", "policy"])
def test_what_is_known_decides(pattern, expected, language):
    assert matches(pattern, BODY, **language) is expected


# What SNS says differently, or does not say.


@pytest.mark.parametrize(
    ("wanted", "value", "of_events", "of_policies"),
    [
        ({"exists": True}, None, True, False),
        ({"exists": True}, "", True, False),
        ({"exists": False}, None, False, None),
        ({"exists": True}, ["", "a"], True, True),
        ({"anything-but": "a"}, ["a", "b"], True, None),
        ({"anything-but": "a"}, ["c", "b"], True, True),
        ({"wildcard": "a*"}, "ab", True, None),
        ({"anything-but": {"wildcard": "a*"}}, "ab", False, None),
        ({"anything-but": {"equals-ignore-case": "a"}}, "A", False, None),
        ({"prefix": {"equals-ignore-case": "A"}}, "ab", True, None),
        ({"numeric": [">", 2e9]}, 3e9, True, None),
        ({"numeric": [">", 1]}, 3e9, True, None),
    ],
)
def test_sns_is_not_taken_for_eventbridge(wanted, value, of_events, of_policies):
    pattern, document = {"f": [wanted]}, {"f": value}
    assert matches(pattern, document) is of_events
    assert matches(pattern, document, FILTER_POLICY) is of_policies


# A second opinion: the same languages as moto understands them, where both say something. moto
# takes an empty object or list for a value, of the lists only flat ones, true for 1, and `*` for
# what is on one line.

NAMES = st.sampled_from(["a", "b"])
TEXTS = st.sampled_from(["", "x", "X", "xy", "yx", "xyx"])
SCALARS = TEXTS | st.none() | st.integers(0, 2)
NUMERIC = st.builds(
    lambda low, high: {"numeric": [">", low, "<=", high]}, st.integers(-1, 1), st.integers(1, 3)
) | st.builds(lambda value: {"numeric": ["=", value]}, st.integers(0, 2))
COMPARED = st.one_of(
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
)
FOLDED = st.builds(
    lambda end, text: {end: {"equals-ignore-case": text}},
    st.sampled_from(["prefix", "suffix"]),
    TEXTS,
)
WANTED = st.one_of(
    SCALARS,
    COMPARED,
    FOLDED,
    NUMERIC,
    st.builds(lambda yes: {"exists": yes}, st.booleans()),
    st.builds(lambda texts: {"anything-but": texts}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda test: {"anything-but": test}, COMPARED),
)
LEAVES = st.lists(WANTED, min_size=1, max_size=3)
FLAT = st.dictionaries(NAMES, LEAVES, min_size=1, max_size=2)
NESTED = st.dictionaries(NAMES, LEAVES | FLAT, min_size=1, max_size=2)
ALTERNATIVES = st.builds(lambda flat: {"$or": flat}, st.lists(FLAT, min_size=2, max_size=3))
LEAF_VALUES = SCALARS | st.lists(SCALARS, min_size=1, max_size=2)
EVENTS = st.dictionaries(
    NAMES, LEAF_VALUES | st.dictionaries(NAMES, LEAF_VALUES, min_size=1, max_size=2), max_size=2
)
PATTERNS_OF_BOTH = NESTED | ALTERNATIVES | st.builds(lambda a, b: {**a, **b}, NESTED, ALTERNATIVES)


@given(pattern=PATTERNS_OF_BOTH, events=st.lists(EVENTS, min_size=1, max_size=5))
def test_moto_reads_event_patterns_in_the_same_way(pattern, events):
    theirs = EventPattern(None, pattern)
    assert [matches(pattern, e) for e in events] == [theirs.matches_event(e) for e in events]


@given(
    pattern=st.builds(lambda text: {"a": [{"wildcard": text}]}, st.text("x*y", max_size=5)),
    value=st.text("xyz", max_size=6),
)
def test_moto_reads_wildcards_in_the_same_way(pattern, value):
    answer = matches(pattern, {"a": value})
    if "**" in pattern["a"][0]["wildcard"]:
        assert answer is None
    else:
        assert answer is EventPattern(None, pattern).matches_event({"a": value})


# moto's filter policies end at the first value in a list whose field is absent, compare texts with
# numbers, and know neither null nor `anything-but` with a suffix.
LOWER = st.sampled_from(["x", "xy", "yx", "xyx"])
RULES = st.one_of(
    LOWER,
    st.integers(0, 2),
    st.builds(lambda op, text: {op: text}, st.sampled_from(["prefix", "suffix"]), LOWER),
    st.builds(lambda text: {"equals-ignore-case": text}, LOWER),
    st.builds(lambda yes: {"exists": yes}, st.booleans()),
    st.builds(lambda texts: {"anything-but": texts}, st.lists(LOWER, min_size=1, max_size=2)),
    st.builds(lambda text: {"anything-but": {"prefix": text}}, LOWER),
)
POLICIES = st.dictionaries(NAMES, RULES.map(lambda rule: [rule]), min_size=1, max_size=2)
BODIES = st.dictionaries(NAMES, LOWER | LOWER.map(str.upper), max_size=2)


@given(policy=POLICIES, body=BODIES)
def test_moto_reads_filter_policies_in_the_same_way(policy, body):
    theirs = FilterPolicyMatcher(policy, "MessageBody").matches(None, json.dumps(body))
    assert matches(policy, body, FILTER_POLICY) is theirs
