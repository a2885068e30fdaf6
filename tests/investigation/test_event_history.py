# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Pace, pages and patience, on a clock that only sleeping moves."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from c7n_mfa.investigation.ask import Budget, BudgetReader, Inquiry, merged
from c7n_mfa.investigation.dossier import Gap
from c7n_mfa.investigation.event_history import Lookup, Question, note_cut, told_since
from investigated import ACCOUNT, AT, HOME, Clock, ago, aws, call, event, session, trail_of

CALLS = [call("ListBuckets", "s3", ago(minutes=n)) for n in range(120)]


def throttled():
    return ClientError({"Error": {"Code": "ThrottlingException"}}, "LookupEvents")


def question(region="us-east-1", pages=10, **changes):
    what = {"what": "calls", "key": "Username", "value": "alice", "start": ago(days=1), "end": AT}
    return Question(region=region, pages=pages, **{**what, **changes})


@pytest.fixture
def ask():
    """Ask questions of a script: the gaps, the clock and the calls."""

    def ask(answer, *questions, seconds=60.0, latency=0.0):
        clock = Clock()
        inquiry = Inquiry(BudgetReader(session(), budget=Budget(seconds, clock, clock.sleep)))

        def slow(region, parameters):
            clock.now += latency
            if isinstance(answer, BaseException):
                raise answer
            return answer(region, parameters)

        with aws({"cloudtrail:LookupEvents": slow}) as made:
            Lookup(inquiry).ask(questions)
        for each in questions:
            note_cut(inquiry, each)
        return merged(inquiry.gaps), clock, made

    return ask


def test_all_pages_are_read_at_two_a_second(ask):
    asked = question()

    gaps, clock, made = ask(trail_of(*CALLS, pages=4), asked)

    assert (len(asked.records), asked.is_complete, len(made), gaps) == (120, True, 4, ())
    assert clock.slept == [0.5, 0.5, 0.5]


def test_a_request_has_one_attribute_and_fifty_results(ask):
    _, _, ((_, region, parameters),) = ask(trail_of(), question())

    assert region == "us-east-1"
    assert parameters == {
        "LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "alice"}],
        "StartTime": ago(days=1),
        "EndTime": AT,
        "MaxResults": 50,
    }


def test_regions_do_not_wait_for_one_another(ask):
    regions = ["us-east-1", "us-east-2", "eu-west-1", "eu-north-1"]
    asked = [question(region) for region in regions]

    _, clock, made = ask(lambda region, p: {"Events": []}, *asked)

    assert sorted(region for _, region, _ in made) == sorted(regions)
    assert clock.slept == []


def test_regions_are_asked_at_once(ask):
    both = threading.Barrier(2, timeout=10)

    def answer(region, parameters):
        both.wait()
        return {"Events": []}

    asked = question(), question(HOME)
    ask(answer, *asked)

    assert [each.is_complete for each in asked] == [True, True]


def test_two_questions_of_one_region_share_its_pace(ask):
    _, clock, _ = ask(trail_of(), question(), question())
    assert clock.slept == [0.5]


def test_no_region_is_asked_more_than_twice_in_a_second(ask):
    times = []
    clock = Clock()
    inquiry = Inquiry(BudgetReader(session(), budget=Budget(60, clock, clock.sleep)))

    def answer(region, parameters):
        times.append((region, clock()))
        clock.now += 0.07
        return {"Events": [], "NextToken": "more"}

    with aws({"cloudtrail:LookupEvents": answer}):
        Lookup(inquiry).ask([question(HOME), question(), question()])

    for region in (HOME, "us-east-1"):
        moments = [moment for where, moment in times if where == region]
        assert min(b - a for a, b in itertools.pairwise(moments)) >= 0.5


def test_pages_end_where_the_budget_says(ask):
    asked = question(pages=3)

    gaps, _, made = ask(trail_of(*CALLS, pages=12), asked)

    assert (len(made), len(asked.records), asked.is_complete) == (3, 30, False)
    why = "stopped after 3 pages; nothing before 2026-11-20 11:31 UTC"
    assert gaps == (Gap("calls", why, None, ("us-east-1",)),)


def test_a_token_that_never_ends_ends_with_the_pages(ask):
    gaps, _, made = ask(lambda r, p: {"Events": [], "NextToken": "again"}, question(pages=7))
    assert len(made) == 7
    assert gaps[0].why == "stopped after 7 pages; nothing before 2026-11-20 12:00 UTC"


def test_time_ends_the_reading_and_is_told(ask):
    gaps, clock, made = ask(trail_of(*CALLS, pages=12), question(pages=100), seconds=2)

    assert len(made) == 4
    assert clock.now == 1002
    why = "stopped after 4 pages; nothing before 2026-11-20 11:21 UTC"
    assert gaps == (Gap("calls", why, None, ("us-east-1",)),)


def test_a_slow_answer_leaves_the_rest_unasked_when_time_is_over(ask):
    asked = question(), question()
    gaps, _, made = ask(trail_of(), *asked, seconds=10, latency=30)

    assert len(made) == 1
    assert gaps == (Gap("calls", "the budget of 10 s was spent", None, ("us-east-1",)),)
    assert [each.since for each in asked] == [ago(days=1), AT]


def test_throttled_requests_are_repeated_later_and_later(ask):
    answers = iter([throttled(), throttled(), {"Events": [event(CALLS[0])]}])

    def answer(region, parameters):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    asked = question()
    gaps, clock, _ = ask(answer, asked)

    assert (asked.is_complete, len(asked.records), gaps) == (True, 1, ())
    assert clock.slept == [1.0, 2.0]


def test_a_region_that_throttles_does_not_slow_down_the_others():
    clock = Clock()
    reader = BudgetReader(session(), budget=Budget(60, clock, clock.sleep))
    most = reader.turns.most

    with aws({"cloudtrail:LookupEvents": throttled()}):
        Lookup(Inquiry(reader)).ask([question()])

    assert reader.turns.most == most


def test_a_region_that_is_always_throttled_is_given_up(ask):
    gaps, clock, made = ask(throttled(), question())

    assert len(made) == 4
    assert sum(clock.slept) == 7.0
    why = "cloudtrail:LookupEvents failed with ThrottlingException"
    assert gaps == (Gap("calls", why, None, ("us-east-1",)),)


def test_a_denial_names_the_permission_and_its_regions_once(ask):
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "alice"}}, "x")

    gaps, _, made = ask(denied, question(), question(HOME))

    assert len(made) == 2
    regions = ("us-east-1", HOME)
    assert gaps == (Gap("calls", "access denied", "cloudtrail:LookupEvents", regions),)


@pytest.mark.parametrize("odd", [{}, {"Events": None}, {"Events": "x"}, None, []])
def test_an_odd_answer_is_a_gap(ask, odd):
    gaps, _, _ = ask(lambda r, p: odd, question())
    assert gaps == (
        Gap("calls", "cloudtrail:LookupEvents failed with MalformedAnswer", None, ("us-east-1",)),
    )


def test_records_that_make_no_sense_are_counted(ask):
    asked = question()
    events = [event(CALLS[0]), event("{"), {"CloudTrailEvent": f"{ACCOUNT}"}, None, 7]

    gaps, _, _ = ask(lambda r, p: {"Events": events}, asked)

    assert len(asked.records) == 1
    assert gaps == (Gap("calls", "4 records could not be read", None, ("us-east-1",)),)


def told(end, since):
    """A question that has told everything between, so many minutes before the sign-in."""
    asked = question(start=ago(days=1), end=ago(minutes=end))
    asked.since = ago(minutes=since)
    return asked


@pytest.mark.parametrize(
    ("questions", "since"),
    [
        ([], 0),
        ([told(0, 0)], 0),
        ([told(0, 9)], 9),
        ([told(0, 9), told(9, 20)], 20),
        ([told(9, 20), told(0, 9)], 20),
        ([told(0, 9), told(9 + 1 / 60, 20)], 20),
        ([told(0, 9), told(10, 20)], 9),
        ([told(1, 20)], 0),
        ([told(0, 20), told(5, 9)], 20),
        ([told(0, 5), told(3, 30), told(30, 40)], 40),
    ],
)
def test_what_was_told_ends_at_the_first_hole(questions, since):
    assert told_since(questions, AT) == ago(minutes=since)


def test_a_page_that_ends_within_a_second_has_not_told_that_second():
    asked = question(pages=1)
    records = [call("ListBuckets", "s3", ago(minutes=5), eventID=str(n)) for n in range(80)]

    ask_once = trail_of(*records)(asked.region, asked.parameters())
    asked.take(ask_once["Events"], ask_once["NextToken"])

    assert asked.since == ago(minutes=5) + timedelta(seconds=1)
    assert asked.before == ago(minutes=5)


def test_what_is_older_than_an_unreadable_record_was_not_told():
    asked = question()
    asked.take([event(CALLS[3]), event("{"), event(CALLS[9])], None)

    assert [record.at for record in asked.records] == [ago(minutes=3), ago(minutes=9)]
    assert (asked.is_complete, asked.since) == (False, ago(minutes=3) + timedelta(seconds=1))


@pytest.mark.parametrize("changes", [{"start": AT}, {"pages": 0}, {"pages": -1}])
def test_an_empty_question_is_not_asked(ask, changes):
    _, _, made = ask(trail_of(), question(**changes))
    assert made == []
