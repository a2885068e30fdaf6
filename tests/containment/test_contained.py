# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Who counts as contained, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from c7n_mfa.containment.release import Contained, contained

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TAGS = {
    "team": "red",
    "c7n-mfa-contained": "2026-11-14T00:00:00Z",
    "c7n-mfa-event": "11111111-aaaa",
    "c7n-mfa-password-reset": "2026-11-15T00:00:00Z",
}


def test_tags_and_policies_say_everything():
    found = contained(TAGS, ["other", "c7n-mfa-revoke-sessions", "c7n-mfa-require-mfa"], NOW)
    assert found.to_dict() == {
        "state": "contained",
        "since": "2026-11-14T00:00:00Z",
        "event": "11111111-aaaa",
        "password-reset": "2026-11-15T00:00:00Z",
        "policies": ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"],
    }


@pytest.mark.parametrize("policy", ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"])
def test_a_policy_alone_is_a_containment_of_unknown_age(policy):
    assert contained({}, [policy], NOW) == Contained("contained", None, None, None, (policy,))


@pytest.mark.parametrize(
    ("tags", "policies"),
    [({}, []), ({"team": "red"}, ["c7n-mfa", "require-mfa"]), ({"c7n-mfa": "x"}, [])],
    ids=str,
)
def test_a_user_with_nothing_of_ours_is_not_contained(tags, policies):
    assert contained(tags, policies, NOW) is None


@pytest.mark.parametrize(
    ("days", "older"), [(0, True), (6, True), (7, True), (7.5, False), (8, False)]
)
def test_age_is_counted_from_the_tag(days, older):
    assert contained(TAGS, [], NOW).is_older_than(days, NOW) is older


@pytest.mark.parametrize("date", ["", "soon", "2026-11-14"])
def test_a_containment_of_unknown_age_may_be_old_and_is_not_missed(date):
    found = contained({"c7n-mfa-contained": date}, [], NOW)
    assert found.since is None
    assert found.is_older_than(365, NOW)


@pytest.mark.parametrize("tag", ["c7n-mfa-contained", "c7n-mfa-event", "c7n-mfa-password-reset"])
def test_a_tag_of_the_future_marks_a_user_and_says_nothing(tag):
    later = (NOW + timedelta(days=1)).isoformat()

    found = contained({tag: later}, [], NOW)

    assert found == Contained("contained", None, None, None, ())
    assert found.is_older_than(365, NOW)


def test_a_release_in_the_future_is_none():
    tags = {"c7n-mfa-released": (NOW + timedelta(days=1)).isoformat()}

    found = contained(tags, ["c7n-mfa-revoke-sessions"], NOW)

    assert found == Contained("contained", None, None, None, ("c7n-mfa-revoke-sessions",))


RELEASED = {"team": "red", "c7n-mfa-released": "2026-11-14T00:00:00Z"}


def test_a_released_user_keeps_what_denies_the_sessions_from_before():
    assert contained(RELEASED, ["own", "c7n-mfa-revoke-sessions"], NOW).to_dict() == {
        "state": "released",
        "since": "2026-11-14T00:00:00Z",
        "event": None,
        "password-reset": None,
        "policies": ["c7n-mfa-revoke-sessions"],
    }


def test_once_that_is_off_nothing_is_left():
    assert contained(RELEASED, ["own"], NOW) is None


@pytest.mark.parametrize(
    ("tags", "policies"),
    [
        ({**RELEASED, **TAGS}, ["c7n-mfa-revoke-sessions"]),
        ({**RELEASED, "c7n-mfa-event": "11111111-aaaa"}, ["c7n-mfa-revoke-sessions"]),
        (RELEASED, ["c7n-mfa-require-mfa"]),
        (RELEASED, ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"]),
    ],
    ids=str,
)
def test_a_user_who_is_contained_after_a_release_is_contained(tags, policies):
    assert contained(tags, policies, NOW).state == "contained"
