# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""An intruder makes harmless calls until what matters no longer fits on the pages.

Twelve guesses, the sign-in, then three dangerous calls.  Whatever is done around them, the dossier
says the same of them as without the noise, or "at least".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from c7n_mfa.investigation.dossier import LEVELS, Dossier, Reach, Related, Seen
from c7n_mfa.investigation.event_history import RECENT
from c7n_mfa.investigation.gather import Options, investigate
from c7n_mfa.investigation.page import steps
from investigated import (
    AT,
    HOME,
    NOW,
    Answer,
    Clock,
    ago,
    answers,
    aws,
    call,
    session,
    sign_in,
    signed_in,
    the_sign_in,
    trail_of,
)

ELSEWHERE = "us-east-2"
REGIONS = ("us-east-1", ELSEWHERE)
USUAL = [sign_in(ago(days=3 + day), mfa="Yes") for day in range(6)]


def later(**span: float):
    return AT + timedelta(**span)


# Of each Region the half.
GUESSES = [
    sign_in(ago(hours=5, minutes=n), outcome="Failure", awsRegion=REGIONS[n % 2]) for n in range(12)
]
DEEDS = [
    call("CreateUser", "iam", later(seconds=10)),
    call("CreateAccessKey", "iam", later(seconds=20)),
    call("RunInstances", "ec2", later(seconds=30), awsRegion=ELSEWHERE),
]
ATTACK = (*USUAL, *GUESSES, *DEEDS)
FAILED = Related((), 12, ago(hours=5), True, Seen(ago(hours=48), True))


def noise(number: int, start, seconds: float, *regions: str) -> list[dict]:
    """Harmless calls, spread over the seconds from `start` on."""
    return [
        call(
            "ListBuckets",
            "s3",
            start + timedelta(seconds=seconds * n / number),
            awsRegion=region,
            eventID=f"{region}-{n}",
        )
        for n in range(number)
        for region in regions
    ]


PLACES = {
    "before": (ago(hours=4), 4 * 3600, "us-east-1"),
    "after": (later(seconds=60), 500, "us-east-1"),
    "in both Regions": (ago(hours=4), 4 * 3600 + 540, *REGIONS),
    "in the other": (later(seconds=60), 500, ELSEWHERE),
    "in one second": (later(seconds=60), 0, *REGIONS),
    "among the guesses": (ago(hours=5, minutes=11), 11 * 60, *REGIONS),
}


def look(*records: dict, events: Answer | None = None, **options) -> Dossier:
    clock = Clock()
    record = the_sign_in()
    with aws(answers(**{"cloudtrail:LookupEvents": events or trail_of(*records)})):
        return investigate(
            session(),
            record,
            signed_in(record),
            Options(home=HOME, **options),
            NOW,
            clock,
            clock.sleep,
        )


def names(dossier: Dossier) -> list[str]:
    return [danger.name for danger in dossier.facts.dangerous]


QUIET = look(*ATTACK)


def test_without_noise_it_is_critical_and_wholly_seen():
    assert (QUIET.severity, QUIET.unseen, QUIET.facts.related) == ("critical", (), FAILED)
    assert names(QUIET) == ["CreateUser", "CreateAccessKey", "RunInstances"]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_three_hundred_harmless_calls_change_no_figure(place):
    found = look(*ATTACK, *noise(300, *place))

    facts, quiet = found.facts, QUIET.facts
    assert (found.severity, found.reasons, found.unseen) == (QUIET.severity, QUIET.reasons, ())
    assert (facts.related, facts.earlier, facts.origin) == (FAILED, quiet.earlier, quiet.origin)
    assert facts.activity.dangerous == quiet.activity.dangerous
    assert facts.reach == quiet.reach


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_thousands_of_them_leave_the_guesses_and_the_worst_calls(place):
    found = look(*ATTACK, *noise(2000, *place))

    assert (found.severity, found.unseen) == ("critical", ("activity",))
    assert (found.facts.related, found.facts.earlier) == (FAILED, QUIET.facts.earlier)
    assert {"CreateUser", "CreateAccessKey"} <= set(names(found))
    assert steps(found)[:2] == steps(QUIET)[:2]
    assert "(read back to " in steps(found)[3]
    (gap,) = [gap for gap in found.gaps if gap.what == RECENT and "us-east-1" in gap.regions] or [
        gap for gap in found.gaps if gap.what == RECENT
    ]
    assert "nothing but ConsoleLogin, CheckMfa, " in gap.why


def test_noise_in_the_history_hides_no_earlier_sign_in():
    found = look(*ATTACK, *noise(2000, ago(days=2.9), 40000, *REGIONS))

    assert (found.severity, found.unseen) == ("critical", ())
    assert (found.facts.related, found.facts.earlier) == (FAILED, QUIET.facts.earlier)
    assert found.facts.origin.compared_with > len(USUAL)
    assert not found.facts.origin.seen.complete


def throttling(*regions: str, after: int = 0) -> Answer:
    """LookupEvents that answers so many requests of a Region, and then throttles."""
    answer, asked = trail_of(*ATTACK), dict.fromkeys(regions, 0)

    def throttled(region, parameters):
        if region in asked:
            asked[region] += 1
            if asked[region] > after:
                raise ClientError({"Error": {"Code": "ThrottlingException"}}, "LookupEvents")
        return answer(region, parameters)

    return throttled


def test_a_region_that_is_throttled_makes_every_figure_at_least():
    found = look(events=throttling(ELSEWHERE))

    facts, unseen = found.facts, Seen(NOW, False)
    assert found.unseen == ("failures", "history", "activity")
    assert LEVELS.index(found.severity) >= LEVELS.index("high")
    assert facts.related == Related((), 6, ago(hours=5), True, unseen)
    assert facts.earlier == replace(
        QUIET.facts.earlier, without_mfa=None, unknown=None, seen=unseen
    )
    assert names(found) == ["CreateUser", "CreateAccessKey"]
    assert facts.reach == Reach(None, None, None, None, None, None, unseen)
    assert steps(found) == (
        "Related alerts, 48 h: no findings; at least 6 failed attempts before, the last "
        "2026-11-20 07:00 UTC, in quick succession (not every Region answered).",
        "Earlier sign-ins without MFA: unknown of at least 6 sign-ins (not every Region answered).",
        "Address, browser and hour: address known, network 192.0.2.0/24 known, browser known, hour "
        "usual; usual networks 192.0.2.0/24; at least 6 earlier calls compared (not every Region "
        "answered).",
        "API calls: at least 2 (iam:CreateAccessKey 1, iam:CreateUser 1) since, so far: CloudTrail "
        "delivers calls 5 to 15 minutes late; at least 6 (signin:ConsoleLogin 6) in the "
        "24 h before; at least 2 dangerous since, unknown before (not every Region answered).",
        "Owner: owner `user@example[.]com`.",
        "Reach: unknown (not every Region answered).",
    )


def test_a_region_that_is_throttled_after_its_recent_events_hides_history_alone():
    found = look(events=throttling(ELSEWHERE, after=1))

    assert (found.severity, found.unseen) == ("critical", ("history",))
    assert found.facts.related == FAILED
    assert found.facts.earlier.seen == Seen(ago(hours=48), False)


def test_failures_that_are_themselves_the_flood_count_as_failures():
    flood = [
        sign_in(later(seconds=-n / 10), outcome="Failure", eventID=f"guess-{n}")
        for n in range(1, 5000)
    ]
    found = look(*ATTACK, *flood)

    assert found.facts.related.failed > 300
    assert (found.facts.related.burst, found.facts.related.seen.complete) == (True, False)
    assert (found.severity, "failures" in found.unseen) == ("critical", True)


@pytest.mark.parametrize(
    ("pages", "unseen"),
    [
        (2, ("failures", "history", "activity")),
        (3, ("history", "activity")),
        (10, ("activity",)),
        (1000, ()),
    ],
)
def test_few_pages_go_to_the_guesses_first_and_many_to_all_calls(pages, unseen):
    found = look(*ATTACK, *noise(2000, *PLACES["after"]), pages=pages)

    assert (found.facts.related.failed, found.unseen) == (12, unseen)
    assert found.facts.activity.seen.complete == (pages == 1000)
    assert LEVELS.index(found.severity) >= LEVELS.index("high")


def test_what_no_time_is_left_for_is_unknown_and_not_none():
    found = look(*ATTACK, *noise(1000, later(seconds=60), 500, *REGIONS), budget_seconds=1)

    assert (found.severity, found.unseen) == ("high", ("failures", "history", "activity"))
    assert (found.facts.related.failed, found.facts.activity.dangerous) == (None, None)
    assert (found.facts.earlier.count, found.facts.origin.compared_with) == (None, None)
    back = "(read back to 2026-11-20 12:08 UTC)"
    assert [line.partition(": ")[2] for line in (*steps(found)[:2], *steps(found)[3::2])] == [
        f"no findings; failed attempts unknown {back}.",
        f"unknown {back}.",
        "at least 200 (s3:ListBuckets 200) since, so far: CloudTrail delivers calls 5 to 15 "
        "minutes late; unknown in the 24 h before; unknown dangerous since, unknown before "
        f"{back}.",
        f"unknown {back}.",
    ]


def test_a_flood_of_a_role_session_of_the_same_name_is_no_wall():
    identity = {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/any/alice"}
    flood = [
        {**each, "userIdentity": {**identity, "alias": "alice"}}
        for each in noise(2000, later(seconds=60), 500, *REGIONS)
    ]
    found = look(*ATTACK, *flood)
    assert (found.facts.related, found.severity) == (FAILED, "critical")
