# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a later look tells, from two dossiers: only what is new."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from c7n_mfa.investigation.dossier import (
    AccessKey,
    Activity,
    Credentials,
    DangerousCall,
    Dossier,
    Facts,
    Finding,
    MfaDevice,
    Reach,
    Related,
    Seen,
)
from c7n_mfa.investigation.news import News, Told, news_since
from investigated import ALICE, AT, signed_in, the_sign_in

SEEN = Seen(AT - timedelta(days=2), True)
NOTHING = Reach((), (), (), (), (), (), SEEN)


def a_call(**changes):
    call = DangerousCall(
        at=AT + timedelta(minutes=3),
        service="iam",
        name="CreateUser",
        target="userName=bob",
        region="us-east-1",
        actor=ALICE,
        done=True,
        since=True,
        level="high",
        why="creates a user",
        technique="T1136.003",
    )
    return replace(call, **changes)


def a_finding(identifier="arn:1"):
    return Finding("guardduty", "us-east-1", "Odd", "high", "2026-11-20T12:00:00Z", identifier)


def dossier(calls=(), severity="high", unseen=(), related=None, reach=NOTHING, credentials=None):
    facts = Facts(
        related=related or Related((), 0, seen=SEEN),
        activity=Activity((), (), tuple(calls), SEEN, True),
        reach=reach,
        credentials=credentials,
    )
    sign_in = signed_in(the_sign_in())
    return Dossier(sign_in, "user", AT, AT, severity, (), unseen, facts, (), ())


def told_of(*dossiers):
    """What the looks have told, as it travels from one to the next."""
    told = Told()
    for each in dossiers:
        told |= Told.of(each)
    return Told.from_dict(json.loads(json.dumps(told.to_dict())))


BASE = told_of(dossier())


def test_the_same_again_is_no_news():
    full = dossier(
        [a_call(), a_call(done=False)],
        "critical",
        ("history",),
        Related((a_finding(),), 4, seen=SEEN),
        Reach(("r",), ("t",), ("k",), ("u",), ("a",), ("x",), SEEN),
        Credentials(True, (MfaDevice("m", AT),), (AccessKey("k", True, AT),)),
    )
    assert news_since(told_of(full), full) is None
    assert news_since(BASE, dossier()) is None


@pytest.mark.parametrize(
    ("found", "summary", "lines"),
    [
        (
            {"calls": [a_call()]},
            "1 new dangerous call",
            [
                "2026-11-20 12:03 UTC: iam:CreateUser `userName=bob`: creates a user (T1136.003)",
            ],
        ),
        (
            {"related": Related((a_finding(),), 0, seen=SEEN)},
            "1 new finding",
            ["finding: high `Odd` (us-east-1)"],
        ),
        (
            {"related": Related((), 3, seen=SEEN)},
            "3 more failed attempts",
            ["3 more failed attempts before the sign-in, 3 in all"],
        ),
        ({"reach": replace(NOTHING, roles=("r",))}, "1 new role", ["new role `r`"]),
        ({"reach": replace(NOTHING, tokens=("t",))}, "1 new token", ["new token `t`"]),
        ({"reach": replace(NOTHING, users=("u",))}, "1 new user", ["new user `u`"]),
        ({"reach": replace(NOTHING, accounts=("2",))}, "1 new account", ["new account `2`"]),
        ({"reach": replace(NOTHING, keys=("k",))}, "1 new access key", ["new access key `k`"]),
        (
            {"credentials": Credentials(True, (), (AccessKey("k", True, AT),))},
            "1 new access key",
            ["new access key `k`"],
        ),
        (
            {"credentials": Credentials(True, (MfaDevice("m", AT),), ())},
            "1 new MFA device",
            ["new MFA device `m`"],
        ),
        (
            {"severity": "critical"},
            "more severe",
            ["the severity was high, and is critical"],
        ),
        (
            {"unseen": ("activity",)},
            "less was seen",
            ["not seen this time, or not wholly: activity"],
        ),
    ],
)
def test_each_kind_is_told_once(found, summary, lines):
    second = dossier(**found)

    assert news_since(BASE, second) == News(summary, tuple(lines))
    assert news_since(told_of(dossier(), second), second) is None


@pytest.mark.parametrize(
    "found",
    [
        {"severity": "low"},
        {"reach": replace(NOTHING, touched=("bucket",))},
        {"reach": None},
        {"related": Related(None, None)},
    ],
)
def test_what_is_less_or_of_no_danger_is_no_news(found):
    assert news_since(BASE, dossier(**found)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"at": AT + timedelta(minutes=4)},
        {"service": "identitystore"},
        {"name": "CreateRole"},
        {"target": "userName=eve"},
        {"target": None},
        {"region": "eu-west-1"},
        {"actor": "somebody"},
        {"done": False},
    ],
)
def test_a_call_that_differs_in_anything_is_another(changes):
    news = news_since(told_of(dossier([a_call()])), dossier([a_call(), a_call(**changes)]))
    assert news is not None
    assert (news.summary, len(news.lines)) == ("1 new dangerous call", 1)


def test_a_key_that_iam_lists_at_once_is_no_news_when_cloudtrail_tells_of_it():
    first = dossier(credentials=Credentials(True, (), (AccessKey("k", True, AT),)))
    second = replace(first, facts=replace(first.facts, reach=replace(NOTHING, keys=("k",))))
    assert news_since(told_of(first), second) is None


def test_what_an_earlier_look_told_stays_told_though_this_one_does_not_see_it():
    first, blind = dossier([a_call()], "critical"), dossier(unseen=("activity",))
    assert news_since(told_of(first, blind), first) is None


def test_more_failed_attempts_are_counted_from_those_told():
    news = news_since(
        told_of(dossier(related=Related((), 2, seen=SEEN))),
        dossier(related=Related((), 3, seen=SEEN)),
    )
    assert news == News(
        "1 more failed attempt", ("1 more failed attempt before the sign-in, 3 in all",)
    )


def test_what_is_told_names_nobody_and_fits_into_a_schedule():
    calls = [a_call(target=f"userName=bob{number}") for number in range(8500)]
    text = json.dumps(Told.of(dossier(calls)).to_dict())

    assert "bob" not in text
    # A page has 50 events, a Region 10 pages, and some 17 Regions are enabled where no more are.
    assert len(text) < 256 * 1024 - 64 * 1024


@pytest.mark.parametrize("nonsense", [{}, {"things": 7}, {"things": [1, None]}, {"failed": "3"}])
def test_nonsense_counts_as_not_told(nonsense):
    news = news_since(Told.from_dict(nonsense), dossier([a_call()]))
    assert news is not None
    assert news.summary == "1 new dangerous call"
