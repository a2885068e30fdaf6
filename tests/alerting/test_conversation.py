# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which of the sign-ins of an hour one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from c7n_mfa.alerting.conversation import Entry, conversation
from c7n_mfa.alerting.values import Conversation

AT = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
OWN = Entry(AT, "medium", "own")


def before(minutes, level="medium", event_id=None):
    return Entry(AT - timedelta(minutes=minutes), level, event_id or f"before-{minutes}")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], Conversation()),
        ([OWN], Conversation()),
        ([replace(OWN, level="low")], Conversation()),
        ([before(61)], Conversation()),
        ([before(-1)], Conversation()),
        ([before(60)], Conversation(2, AT - timedelta(minutes=60), "medium")),
        ([before(0)], Conversation(2, AT, "medium")),
        (
            [before(30, "high"), before(10, "low"), OWN],
            Conversation(3, AT - timedelta(minutes=30), "high"),
        ),
        (
            [before(30, "low", "a"), before(30, "high", "a")],
            Conversation(2, AT - timedelta(minutes=30), "high"),
        ),
    ],
)
def test_it_is_counted_among_those_of_the_hour_before(entries, expected):
    assert conversation(OWN, entries) == expected


def test_an_entry_is_its_name():
    assert str(OWN) == "20260115T083000Z-medium-own"
    assert Entry.parse(str(OWN)) == OWN


@pytest.mark.parametrize(
    "name",
    ["", "x", "20260115T083000Z-own", "20260115T083000Z-worst-own", "20261315T083000Z-low-x"],
)
def test_what_is_no_entry_is_left_out(name):
    assert Entry.parse(name) is None
