# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Notified once, by anybody, at any time, whoever dies on the way."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.logs.models import LogsBackend

from c7n_mfa.alerting.ledger import (
    LEASE_SECONDS,
    OUTCOMES,
    PERMISSIONS,
    Entries,
    Ledger,
    Notification,
    NotSent,
)
from c7n_mfa.aws.read import Reader
from calls import denied, watched

GROUP = "/aws/lambda/custodian-signin-single-factor"
KEY = "c7n-mfa/signin-single-factor/3fcfb182-98f8-4744-bd45-10a395ab61cb"
DENIED = "access denied: grant {} on " + GROUP
UNSAFE = "the ledger does not work, and the notification may be repeated: "


class Clock:
    """Starts at the real time, by which moto dates its streams; sleeping moves it on."""

    def __init__(self, now):
        self.now = now
        self.slept = 0.0

    def __call__(self):
        return self.now + self.slept

    def sleep(self, seconds):
        self.slept += seconds


@pytest.fixture(autouse=True)
def one_call_at_a_time(monkeypatch):
    """CloudWatch Logs takes calls side by side; moto goes through a dict that others add to."""
    turn = threading.RLock()

    def in_turn(method):
        def locked(*args, **kwargs):
            with turn:
                return method(*args, **kwargs)

        return locked

    for name in ("create_log_stream", "describe_log_streams"):
        monkeypatch.setattr(LogsBackend, name, in_turn(getattr(LogsBackend, name)))


@pytest.fixture
def logs():
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        client.create_log_group(logGroupName=GROUP)
        yield client


@pytest.fixture
def ledger():
    import time

    clock = Clock(time.time())
    return Ledger(Reader(boto3), "us-east-1", GROUP, KEY, clock, clock.sleep)


@pytest.fixture
def tell():
    """Tells, and counts how often."""
    sent = itertools.count(1)
    return lambda unrecorded: f"message-{next(sent)}"


def streams(logs):
    found = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    return [each["logStreamName"].removeprefix(f"{KEY}/") for each in found]


def add(logs, *names):
    for name in names:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=f"{KEY}/{name}")


def test_the_first_tells_in_two_calls(logs, ledger, tell):
    with watched() as calls:
        assert ledger.notify_once(tell) == Notification("notified", "message-1")

    assert calls.made == ["logs:CreateLogStream", "logs:CreateLogStream"]
    assert streams(logs) == ["claim-1", "notified"]


def test_the_second_does_not(logs, ledger, tell):
    ledger.notify_once(tell)

    assert ledger.notify_once(tell) == Notification("already")
    assert ledger.clock.slept == 0


def test_another_event_is_another_matter(logs, ledger, tell):
    ledger.notify_once(tell)
    ledger.key = f"{KEY}-2"

    assert ledger.notify_once(tell) == Notification("notified", "message-2")


def test_whoever_died_before_telling_is_replaced_when_the_claim_has_expired(logs, ledger, tell):
    add(logs, "claim-1")

    assert ledger.notify_once(tell) == Notification("notified", "message-1")
    assert LEASE_SECONDS - 1 <= ledger.clock.slept <= LEASE_SECONDS + 1
    assert streams(logs) == ["claim-1", "claim-2", "notified"]


def test_whoever_is_at_work_is_waited_for(logs, ledger, tell):
    add(logs, "claim-1")
    sleep = ledger.sleep

    def works_meanwhile(seconds):
        sleep(seconds)
        if ledger.clock.slept == 3:
            add(logs, "notified")

    ledger.sleep = works_meanwhile

    assert ledger.notify_once(tell) == Notification("already")
    assert ledger.clock.slept == 3


def test_what_failed_is_tried_again_at_once(logs, ledger, tell):
    def fail(unrecorded):
        raise NotSent("no topic")

    with pytest.raises(NotSent, match="no topic"):
        ledger.notify_once(fail)

    assert ledger.notify_once(tell) == Notification("notified", "message-1")
    assert ledger.clock.slept == 0
    assert streams(logs) == ["claim-1", "claim-2", "failed-1", "notified"]


def test_ten_at_once_notify_once(logs, tell):
    together = threading.Barrier(10)

    def deliver(_):
        reader = Reader(boto3.Session())
        reader.client("logs", "us-east-1")
        together.wait()
        return Ledger(reader, "us-east-1", GROUP, KEY, sleep=lambda _: None).notify_once(tell)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(deliver, range(10)))

    assert sorted(each.result for each in results) == ["already"] * 9 + ["notified"]


def test_ten_that_take_over_at_once_notify_once(logs, tell):
    add(logs, "claim-1", "failed-1")
    together = threading.Barrier(10)

    def deliver(_):
        reader = Reader(boto3.Session())
        reader.client("logs", "us-east-1")
        together.wait()
        return Ledger(reader, "us-east-1", GROUP, KEY, sleep=lambda _: None).notify_once(tell)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(deliver, range(10)))

    assert sorted(each.result for each in results) == ["already"] * 9 + ["notified"]


def test_the_group_is_made_where_it_is_missing(logs, ledger, tell):
    logs.delete_log_group(logGroupName=GROUP)

    assert ledger.notify_once(tell) == Notification("notified", "message-1")
    assert ledger.notify_once(tell) == Notification("already")


@pytest.mark.parametrize(
    ("permission", "there"),
    [
        ("logs:CreateLogStream", ()),
        ("logs:DescribeLogStreams", ("claim-1",)),
    ],
)
def test_without_a_permission_it_is_told_all_the_same(logs, ledger, tell, permission, there):
    add(logs, *there)

    with watched({permission: denied}):
        sent = ledger.notify_once(tell)

    assert sent == Notification("notified", "message-1", UNSAFE + DENIED.format(permission))


def test_without_the_group_and_the_permission_to_make_it_it_is_told(logs, ledger, tell):
    logs.delete_log_group(logGroupName=GROUP)

    with watched({"logs:CreateLogGroup": denied}):
        sent = ledger.notify_once(tell)

    assert sent == Notification(
        "notified", "message-1", UNSAFE + DENIED.format("logs:CreateLogGroup")
    )


def test_a_group_that_others_make_at_this_moment_is_waited_for(logs, ledger, tell):
    logs.delete_log_group(logGroupName=GROUP)

    def busy(operation):
        # The others have made it by the time that this one is told to come again.
        calls.faults.clear()
        logs.create_log_group(logGroupName=GROUP)
        code = "OperationAbortedException"
        return ClientError({"Error": {"Code": code, "Message": "busy"}}, operation)

    with watched({"logs:CreateLogGroup": busy}) as calls:
        assert ledger.notify_once(tell) == Notification("notified", "message-1")


def test_a_mark_that_cannot_be_made_is_said(logs, ledger):
    def tell(unrecorded):
        calls.faults["logs:CreateLogStream"] = denied
        return "message-1"

    with watched() as calls:
        sent = ledger.notify_once(tell)

    assert sent == Notification(
        "notified", "message-1", UNSAFE + DENIED.format("logs:CreateLogStream")
    )


def test_a_claim_that_is_never_shown_does_not_keep_it_waiting_for_ever(logs, ledger, tell):
    add(logs, "claim-1")

    with watched(stubs={"logs:DescribeLogStreams": {"logStreams": []}}):
        sent = ledger.notify_once(tell)

    note = f"{UNSAFE}others have claimed to send it, and none of them has recorded that it is sent"
    assert sent == Notification("notified", "message-1", note)
    assert ledger.clock.slept == 2 * LEASE_SECONDS


def test_it_calls_what_it_says(logs, ledger, tell):
    logs.delete_log_group(logGroupName=GROUP)

    with watched() as calls:
        ledger.notify_once(tell)
        ledger.notify_once(tell)

    assert set(calls.made) == set(PERMISSIONS)


@pytest.mark.parametrize(
    ("streams", "number"),
    [
        ([], 1),
        ([("claim-1", 0.0)], None),
        ([("claim-1", -LEASE_SECONDS)], 2),
        ([("claim-1", 0.0), ("failed-1", 0.0)], 2),
        ([("claim-1", -99.0), ("claim-2", 0.0)], None),
        ([("claim-1", -99.0), ("claim-2", -98.0)], 3),
        ([("claim-x", 0.0), ("else", 0.0), ("failed-", 0.0)], 1),
    ],
)
def test_the_next_claim(streams, number):
    assert Entries.of(streams).next_claim(now=0.0) == number


# "told" is what functions of the release before wrote.
@pytest.mark.parametrize("entry", ["notified", "told"])
def test_notified_is_notified_whatever_else_is_there(entry):
    assert Entries.of([("claim-1", 0.0), ("failed-1", 0.0), (entry, 1.0)]).notified is True
    assert Entries.of([("claim-1", 0.0), (f"{entry}-2", 1.0)]).notified is False


# What turns out better when it is tried again.


def book_of(ledger, outcome):
    return replace(ledger, outcome=outcome)


def notified_in_turn(ledger, tell, *outcomes):
    return [book_of(ledger, each).notify_once(tell).result for each in outcomes]


def test_a_failed_containment_that_works_in_the_end_is_told_once_more(logs, ledger, tell):
    outcomes = ["not-contained", "not-contained", "", ""]

    assert notified_in_turn(ledger, tell, *outcomes) == [
        "notified",
        "already",
        "notified",
        "already",
    ]
    assert streams(logs) == [
        "claim-1",
        "not-contained/claim-1",
        "not-contained/notified",
        "notified",
    ]


def test_each_step_to_the_better_is_told(logs, ledger, tell):
    assert (
        notified_in_turn(ledger, tell, *OUTCOMES, *OUTCOMES) == ["notified"] * 3 + ["already"] * 3
    )


@pytest.mark.parametrize("worse", ["not-contained", "partly-contained"])
def test_a_failure_after_a_containment_that_was_told_is_not_told(logs, ledger, tell, worse):
    assert notified_in_turn(ledger, tell, "", worse) == ["notified", "already"]


def test_a_worse_half_is_not_told_after_a_better_one(logs, ledger, tell):
    outcomes = ["partly-contained", "not-contained"]

    assert notified_in_turn(ledger, tell, *outcomes) == ["notified", "already"]


def test_whoever_tells_of_a_failure_at_this_moment_is_waited_for(logs, ledger, tell):
    add(logs, "not-contained/claim-1")

    assert book_of(ledger, "not-contained").notify_once(tell) == Notification(
        "notified", "message-1"
    )
    assert ledger.clock.slept >= LEASE_SECONDS - 1


def test_a_failure_is_told_where_the_group_is_missing(logs, ledger, tell):
    logs.delete_log_group(logGroupName=GROUP)

    assert notified_in_turn(ledger, tell, "not-contained", "not-contained") == [
        "notified",
        "already",
    ]


@pytest.mark.parametrize("permission", ["logs:CreateLogStream", "logs:DescribeLogStreams"])
def test_a_failure_is_told_where_the_ledger_does_not_work(logs, ledger, tell, permission):
    with watched({permission: denied}):
        sent = book_of(ledger, "not-contained").notify_once(tell)

    assert sent == Notification("notified", "message-1", UNSAFE + DENIED.format(permission))


def test_whoever_tells_hears_why_it_may_come_again(logs, ledger):
    heard = []

    with watched({"logs:CreateLogStream": denied}):
        ledger.notify_once(lambda unrecorded: heard.append(unrecorded) or "message-1")
    ledger.notify_once(lambda unrecorded: heard.append(unrecorded) or "message-2")

    assert heard == [DENIED.format("logs:CreateLogStream"), None]


def test_entries_of_another_outcome_are_no_claims():
    entries = [("not-contained/claim-1", 0.0), ("not-contained/notified", 0.0)]

    assert Entries.of(entries) == Entries(False, {}, frozenset())
    assert Entries.of(entries, "not-contained") == Entries(True, {1: 0.0}, frozenset())
