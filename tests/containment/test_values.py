# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Occasions, tags and exclusions, for any input."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.aws.times import parse_time
from c7n_mfa.containment.exclude import Exclusion, catch_alls
from c7n_mfa.containment.values import Occasion, User, tag_value

NOW = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
EVENT_ID = "11111111-aaaa"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def occasion(**detail):
    record = {
        "eventName": "ConsoleLogin",
        "eventID": EVENT_ID,
        "eventTime": "2026-11-21T09:30:00Z",
        "recipientAccountId": "123456789012",
    }
    return Occasion.of({"detail": {**record, **detail}}, NOW, "contain-now")


def test_the_occasion_of_a_sign_in_is_its_time_and_id():
    at = NOW - timedelta(seconds=20)
    assert occasion() == Occasion(NOW, "contain-now", EVENT_ID, at)


def test_a_sign_in_in_the_future_counts_as_now():
    # A clock that is off must not revoke the sessions of the years to come.
    assert occasion(eventTime="2999-01-01T00:00:00Z").event_time == NOW


def test_without_an_event_the_policy_is_the_occasion():
    assert Occasion.of(None, NOW, "contain-now") == Occasion(NOW, "contain-now")


@pytest.mark.parametrize("event", [{}, [], "text", {"detail": None}, {"detail": "text"}], ids=str)
def test_what_is_no_event_lacks_everything(event):
    assert Occasion.of(event, NOW, "contain-now") == Occasion(NOW, "contain-now", lacks="account")


@pytest.mark.parametrize(
    ("field", "lacks"),
    [("recipientAccountId", "account"), ("eventID", "event id"), ("eventTime", "time")],
)
@pytest.mark.parametrize("value", [None, "", " ", 5, ["2026-11-21T09:30:00Z"]], ids=str)
def test_a_record_that_does_not_say_whose_which_or_when(field, lacks, value):
    assert occasion(**{field: value}).lacks == lacks


def test_the_account_may_be_said_around_the_record():
    record = {"eventName": "ConsoleLogin", "eventID": "1", "eventTime": "2026-11-21T09:30:00Z"}
    event = {"account": "123456789012", "detail": record}

    assert Occasion.of(event, NOW, "contain-now").lacks is None
    assert Occasion.of({"detail": record}, NOW, "contain-now").lacks == "account"


def test_a_finding_has_its_account_id_and_time_around_it():
    finding = {
        "account": "123456789012",
        "id": "cd2d702e",
        "time": "2026-11-21T09:30:00Z",
        "detail-type": "GuardDuty Finding",
        "detail": {"severity": 8},
    }
    lacking = {
        name: Occasion.of({**finding, name: None}, NOW, "contain-now").lacks
        for name in ("account", "id", "time")
    }

    assert Occasion.of(finding, NOW, "contain-now") == Occasion(NOW, "contain-now")
    assert lacking == {"account": "account", "id": "event id", "time": "time"}


@pytest.mark.parametrize("event_id", [None, "", "  ", 5, ["x"]])
def test_an_event_without_an_id_has_the_policy_for_its_reason(event_id):
    assert occasion(eventID=event_id).reason == "policy:contain-now"


@given(ANYTHING, ANYTHING)
def test_any_event_makes_an_occasion_that_is_not_in_the_future(time, event_id):
    found = occasion(eventTime=time, eventID=event_id)
    assert found.event_time is None or found.event_time <= NOW
    assert re.fullmatch(r"[\w .:/=+@-]{1,256}", found.reason, re.ASCII)


@given(ANYTHING)
def test_any_value_is_a_time_or_none(value):
    assert parse_time(value) is None or parse_time(value).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("policy:contain-now", "policy:contain-now"),
        ("a{b}<c>\n;é", "a-b--c----"),
        ("x" * 300, "x" * 256),
    ],
)
def test_a_tag_takes_only_what_iam_takes(text, value):
    assert tag_value(text) == value


def test_a_user_is_read_from_custodians_resource():
    resource = {
        "UserName": "alice",
        "Arn": "arn:aws:iam::123456789012:user/alice",
        "Tags": [{"Key": "team", "Value": "red"}],
    }
    assert User.from_resource(resource) == User("alice", resource["Arn"], {"team": "red"})


def test_a_user_without_tags_has_none():
    assert User.from_resource({"UserName": "alice", "Arn": "arn"}) == User("alice", "arn", {})


def test_a_user_whom_custodian_could_not_describe_has_no_arn():
    failed = {"at": "2026-11-21T09:30:20Z", "result": "failed"}
    found = User.from_resource({"UserName": "alice"}, [failed])
    assert found == User("alice", "alice", {}, False, frozenset({"2026-11-21T09:30:20Z"}))


@pytest.mark.parametrize(
    ("results", "begun"), [([], False), (["failed", "skipped"], False), (["failed", "done"], True)]
)
def test_a_run_that_has_done_something_has_begun(results, begun):
    receipts = [{"at": "2026-11-21T09:30:20Z", "result": result} for result in results]
    assert User.from_resource({"UserName": "alice"}, receipts).begun is begun


# Exclusions


@pytest.mark.parametrize("pattern", ["break-glass-1", "break-glass-*", "BREAK-GLASS-?", "*-1"])
def test_a_break_glass_user_is_excluded_by_name(pattern):
    exclusion = Exclusion(names=("nobody", pattern))
    assert exclusion.by_name("Break-Glass-1") == f"excluded by name: {pattern}"


@pytest.mark.parametrize("pattern", ["break", "break-glass", "glass-*", "break-glass-??"])
def test_another_user_is_not_excluded_by_name(pattern):
    assert Exclusion(names=(pattern,)).by_name("break-glass-1") is None


@pytest.mark.parametrize("wanted", ["yes", "*", "y?s"])
def test_a_break_glass_user_is_excluded_by_tag(wanted):
    exclusion = Exclusion(tags={"team": "none", "break-glass": wanted})
    assert exclusion.by_tag({"Break-Glass": "yes"}) == f"excluded by tag: break-glass={wanted}"


@pytest.mark.parametrize("tags", [{}, {"break-glass": "no"}, {"other": "yes"}, {"yes": "yes"}])
def test_another_user_is_not_excluded_by_tag(tags):
    assert Exclusion(tags={"break-glass": "yes"}).by_tag(tags) is None


def test_without_the_option_nobody_is_excluded():
    exclusion = Exclusion.from_option({})
    assert (exclusion.by_name("alice"), exclusion.by_tag({"a": "b"})) == (None, None)


def test_a_pattern_of_stars_excludes_everybody():
    assert catch_alls(["a*", "*", "**", "?"]) == ["*", "**"]
