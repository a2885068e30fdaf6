# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The prefilter: it stops what is certainly no single-factor sign-in, and loses none."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from c7n.mu import CloudWatchEventSource
from hypothesis import assume, given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from c7n_mfa.forwarding.meaning import is_candidate
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.signin.prefilter import DETAIL_TYPES, FORWARDED, MODE, envelope, matches

ACCOUNT = "123456789012"


def rendered() -> dict[str, Any]:
    """The event pattern of a policy's rule, as custodian writes it."""
    event = {"event": "ConsoleLogin", "source": "signin.amazonaws.com", "ids": "userIdentity.arn"}
    mode = {"type": "cloudtrail", "events": [event], "pattern": copy.deepcopy(MODE)}
    return json.loads(CloudWatchEventSource(mode, lambda: None).render_event_pattern())


PATTERNS = {"forwarding": FORWARDED, "policy": rendered()}
each_pattern = pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
each_spelling = pytest.mark.parametrize("spelling", DETAIL_TYPES)


def passed(pattern: dict, record: Any, spelling: str = DETAIL_TYPES[0]) -> bool | None:
    return matches(pattern, envelope(record, "eu-north-1", ACCOUNT, spelling))


# Nothing is lost


@each_spelling
@each_pattern
@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if is_candidate(f.witness)], ids=lambda family: family.name
)
def test_a_sign_in_that_may_have_a_single_factor_passes(family, pattern, spelling):
    assert passed(pattern, family.witness, spelling) is True


@each_pattern
def test_what_is_certainly_none_is_stopped_where_that_is_told_by_an_exact_value(pattern):
    # SAML, Identity Center, "YES" and the session's MFA pass, and are sorted out by the filter.
    stopped = {f.name for f in FAMILIES if not passed(pattern, f.witness)}
    assert stopped == {
        "api-call",
        "check-mfa",
        "iam-user-failure",
        "iam-user-mfa",
        "root-failure",
        "root-mfa",
        "switch-role",
        "unknown-user-failure",
    }


def test_both_patterns_are_of_one_mind_about_every_family():
    answers = {
        name: [passed(pattern, f.witness) for f in FAMILIES] for name, pattern in PATTERNS.items()
    }
    assert answers["forwarding"] == answers["policy"]


POLICIES = sorted((Path(__file__).parents[2] / "policies" / "respond").glob("*.yml"))
RESPONDING = {
    path.stem: policy["mode"]
    for path in POLICIES
    for policy in yaml.safe_load(path.read_text())["policies"]
    if policy.get("mode", {}).get("type") == "cloudtrail"
}


@pytest.mark.parametrize("mode", RESPONDING.values(), ids=RESPONDING)
def test_a_policy_that_responds_has_this_pattern(mode):
    assert mode["pattern"] == MODE


# Anything but lists, which EventBridge does not tell from what they hold.
SAID = st.sampled_from(["Yes", "yes", "YES", " Yes ", "No", "no", "", "true", "Maybe", "Success"])
SAID |= st.sampled_from(["Failure", "failure", "FAILURE ", "success"])
ODD = st.none() | st.booleans() | st.integers() | SAID | st.text(max_size=5)
VALUES = ODD | st.dictionaries(st.sampled_from(["MFAUsed", "ConsoleLogin", "x"]), ODD, max_size=2)
PATHS = [
    ("additionalEventData",),
    ("additionalEventData", "MFAUsed"),
    ("additionalEventData", "SamlProviderArn"),
    ("errorMessage",),
    ("responseElements",),
    ("responseElements", "ConsoleLogin"),
    ("userIdentity",),
    ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
    ("userIdentity", "type"),
]
GONE = object()


def changed(record: dict, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        if not isinstance(record.get(name), dict):
            return
        record = record[name]
    if value is GONE:
        record.pop(path[-1], None)
    else:
        record[path[-1]] = value


@each_pattern
@given(
    family=st.sampled_from(FAMILIES),
    changes=st.lists(st.tuples(st.sampled_from(PATHS), st.just(GONE) | VALUES), max_size=4),
)
def test_no_record_that_may_be_one_is_stopped_whatever_its_fields_hold(pattern, family, changes):
    record = copy.deepcopy(dict(family.witness))
    for path, value in changes:
        changed(record, path, value)
    assume(is_candidate(record))

    assert passed(pattern, record) is True


def test_a_list_is_the_one_thing_that_is_lost():
    # Ours calls it nonsense and so unknown; EventBridge sees a Yes. CloudTrail writes no list here.
    record = copy.deepcopy(dict(FAMILIES[0].witness))
    record["additionalEventData"]["MFAUsed"] = ["Yes"]
    assert is_candidate(record)
    assert passed(FORWARDED, record) is False


# The language


@pytest.mark.parametrize(
    ("wanted", "matching", "other"),
    [
        (["a"], ["a", ["a"], ["b", "a"], [["a"]]], ["b", "A", None, {}, [], {"a": "a"}]),
        ([1], [1, 1.0], [True, "1", 2, None]),
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
        ([{"exists": False}, {"anything-but": ["a"]}], ["b", {}, None], ["a"]),
        ([{"prefix": "ab"}], ["ab", "abc"], ["a", "AB", 1, None]),
        ([{"prefix": {"equals-ignore-case": "AB"}}], ["abc"], ["a"]),
        ([{"suffix": "bc"}], ["abc"], ["bcd", "BC"]),
        ([{"suffix": {"equals-ignore-case": "BC"}}], ["abc"], ["c"]),
        ([{"equals-ignore-case": "yes"}], ["yes", "YES"], ["no", "yes ", True]),
        ([{"wildcard": "a*c"}], ["ac", "abbc", "a\nc"], ["abcd", "bac"]),
        ([{"wildcard": r"a\*c"}], ["a*c"], ["abc"]),
        ([{"wildcard": "a.c"}], ["a.c"], ["abc"]),
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


def test_one_object_of_a_list_has_to_match_alone():
    pattern = {"l": {"a": ["1"], "b": ["2"]}}
    assert matches(pattern, {"l": [{"a": "1", "b": "2"}, "text"]}) is True
    assert matches(pattern, {"l": [{"a": "1"}, {"b": "2"}]}) is False


@pytest.mark.parametrize(
    "wanted",
    [
        [{"numeric": [">", 1]}],
        [{"cidr": "192.0.2.0/24"}],
        [{"anything-but": {"numeric": [">", 1]}}],
        [{"anything-but": {}}],
        [{"exists": "yes"}],
        [{"prefix": 1}],
        [{"prefix": []}],
        [{"wildcard": ["a", 1]}],
        [{"prefix": "a", "suffix": "b"}],
        [{}],
        [],
        "a",
        None,
    ],
)
def test_what_is_not_understood_is_neither_yes_nor_no(wanted):
    assert matches({"f": wanted}, {"f": "a"}) is None


def test_what_is_not_understood_does_not_matter_beside_a_no():
    assert matches({"f": [{"numeric": [">", 1]}], "g": ["a"]}, {"f": 2, "g": "b"}) is False
    assert matches({"f": [{"numeric": [">", 1]}, "a"]}, {"f": "a"}) is True


@pytest.mark.parametrize("pattern", [{"$or": []}, {"$or": [{"a": ["1"]}]}, {"a.b": ["1"]}])
def test_names_that_mean_more_than_themselves_are_not_guessed_at(pattern):
    assert matches(pattern, {"a": {"b": "1"}}) is None


# A second opinion: the same language as moto understands it, where both say something. moto takes
# an empty object or list for a value, and of the lists only flat ones.

NAMES = st.sampled_from(["a", "b"])
TEXTS = st.sampled_from(["", "x", "X", "xy", "yx", "xyx"])
SCALARS = TEXTS | st.none() | st.integers(0, 2)
COMPARED = st.one_of(
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
)
WANTED = st.one_of(
    SCALARS,
    COMPARED,
    st.builds(lambda yes: {"exists": yes}, st.booleans()),
    st.builds(lambda texts: {"anything-but": texts}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda test: {"anything-but": test}, COMPARED),
)
LEAVES = st.lists(WANTED, min_size=1, max_size=3)
FLAT = st.dictionaries(NAMES, LEAVES, min_size=1, max_size=2)
NESTED = st.dictionaries(NAMES, LEAVES | FLAT, min_size=1, max_size=2)
ALTERNATIVES = st.builds(lambda each: {"$or": each}, st.lists(FLAT, min_size=2, max_size=3))
LEAF_VALUES = SCALARS | st.lists(SCALARS, min_size=1, max_size=2)
EVENTS = st.dictionaries(
    NAMES, LEAF_VALUES | st.dictionaries(NAMES, LEAF_VALUES, min_size=1, max_size=2), max_size=2
)


PATTERNS_OF_BOTH = NESTED | ALTERNATIVES | st.builds(lambda a, b: {**a, **b}, NESTED, ALTERNATIVES)


@given(pattern=PATTERNS_OF_BOTH, events=st.lists(EVENTS, min_size=1, max_size=5))
def test_moto_reads_the_language_in_the_same_way(pattern, events):
    theirs = EventPattern(None, pattern)
    assert [matches(pattern, e) for e in events] == [theirs.matches_event(e) for e in events]
