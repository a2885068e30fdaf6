# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Tags whose time lies in the future: whoever may tag a user can write any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment.marks import SKEW, believed

NOW = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
OURS = ["c7n-mfa-contained", "c7n-mfa-event", "c7n-mfa-password-reset", "c7n-mfa-released"]


def tag(key, time):
    event = "11111111-aaaa " if key == "c7n-mfa-event" else ""
    return {key: f"{event}{format_time(time)}"}


@pytest.mark.parametrize("key", OURS)
def test_a_time_in_the_future_counts_as_absent_and_is_told(key):
    ahead = tag(key, NOW + SKEW + timedelta(seconds=1))

    assert believed({"team": "red", **ahead}, NOW) == (
        {"team": "red"},
        (
            f"the tag {key} lies in the future: {ahead[key]}; it counts as absent, and somebody "
            "else wrote it",
        ),
    )


@pytest.mark.parametrize("key", OURS)
@pytest.mark.parametrize(
    "value",
    [
        "2099-01-01 00:00:00+00:00",
        " 2099-01-01T00:00:00Z ",
        "2099-01-01T00:00:00Z\u00a0",
        "2099-01-01\u00a000:00:00Z",
        "20990101T000000Z",
        "2099-W01-1T00:00:00Z",
    ],
)
def test_a_time_in_the_future_is_known_in_every_spelling_that_is_read(key, value):
    assert parse_time(value) > NOW
    assert believed({key: value}, NOW)[0] == {}


@pytest.mark.parametrize("key", OURS)
@pytest.mark.parametrize("later", [SKEW, timedelta(), timedelta(days=-300)], ids=str)
def test_a_time_that_a_clock_may_have_said_is_believed(key, later):
    tags = tag(key, NOW + later)

    assert believed(tags, NOW) == (tags, ())


@pytest.mark.parametrize("value", ["", "soon", "2099-01-01", "policy:contain-now"])
def test_what_is_no_time_is_not_in_the_future(value):
    tags = {"c7n-mfa-event": value, "c7n-mfa-released": value}

    assert believed(tags, NOW) == (tags, ())


def test_tags_of_others_say_what_they_like():
    tags = {"expires": "2099-01-01T00:00:00Z", "C7N-MFA-RELEASED": "2099-01-01T00:00:00Z"}

    assert believed(tags, NOW) == (tags, ())
