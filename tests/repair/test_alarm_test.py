# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The test of one alarm, against a CloudWatch written by hand.

No emulator keeps the items of an alarm's history that say what became of its actions.  Those here
are written by hand after the ones that CloudWatch keeps: a summary ("Successfully executed action
ARN", "Failed to execute action ARN. Received error: ..."), and data with `actionState`,
`notificationResource` and `error`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from c7n_mfa.audit.judge import judge
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair.alarm_test import (
    REASON,
    RESTORED,
    Clock,
    alarms_to_test,
    notified,
    run_alarm_test,
)
from chains import ALARM, TOPIC, beside, changed, good_snapshot

OTHER = TOPIC + "Other"
BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
SET = {"AlarmName": "SignIns", "StateValue": "ALARM", "StateReason": REASON}


def accepted(topic: str = TOPIC) -> dict:
    return {
        "HistoryItemType": "Action",
        "HistorySummary": f"Successfully executed action {topic}",
        "HistoryData": json.dumps(
            {"actionState": "Succeeded", "notificationResource": topic, "error": None}
        ),
    }


def refused(topic: str = TOPIC) -> dict:
    error = "CloudWatch Alarms is not authorized to perform: SNS:Publish"
    return {
        "HistoryItemType": "Action",
        "HistorySummary": f"Failed to execute action {topic}. Received error: {error}",
        "HistoryData": json.dumps(
            {"actionState": "Failed", "notificationResource": topic, "error": error}
        ),
    }


class CloudWatch:
    """A session and its client in one: what is asked is written down."""

    meta = boto3.client("cloudwatch", region_name="us-east-1").meta

    def __init__(self, *history, state="OK", actions=(TOPIC,), **alarm) -> None:
        # What each look into the history shows; the last one stays.
        self.history = list(history) or [[]]
        self.alarm = {
            "AlarmName": "SignIns",
            "StateValue": state,
            "AlarmActions": [*actions],
            "ActionsEnabled": True,
            **alarm,
        }
        self.sets: list[dict] = []
        self.asked: list[dict] = []
        self.errors: dict[str, list[Exception | None]] = {}
        self.slept: list[float] = []

    def client(self, service, region_name, config):
        assert (service, region_name) == ("cloudwatch", "us-east-1")
        return self

    def _fail(self, operation: str) -> None:
        errors = self.errors.get(operation)
        error = errors.pop(0) if errors else None
        if error:
            raise error

    def describe_alarms(self, **given):
        self._fail("describe_alarms")
        assert given["AlarmNames"] == ["SignIns"]
        return {"MetricAlarms": [self.alarm] if self.alarm else []}

    def set_alarm_state(self, **given):
        self.sets.append(given)
        self._fail("set_alarm_state")

    def describe_alarm_history(self, **given):
        self._fail("describe_alarm_history")
        self.asked.append(given)
        items = self.history.pop(0) if len(self.history) > 1 else self.history[0]
        return {"AlarmHistoryItems": items}

    @property
    def clock(self) -> Clock:
        return Clock(lambda: BEGUN + timedelta(seconds=sum(self.slept)), self.slept.append)

    def test(self, seconds: float = 30):
        return run_alarm_test(self, ALARM, seconds, self.clock)

    def restored(self, state: str) -> dict:
        return {"AlarmName": "SignIns", "StateValue": state, "StateReason": RESTORED}


def denied(operation: str) -> ClientError:
    message = f"not authorized to perform {operation}"
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_a_topic_that_takes_the_notification_is_said_to_and_the_state_is_restored(state):
    cloudwatch = CloudWatch([accepted()], state=state)

    assert cloudwatch.test().to_dict() == {
        "alarm": ALARM,
        "result": "accepted",
        "why": "every topic has taken the notification",
        "state": state,
        "topics": [
            {"topic": TOPIC, "accepted": True, "said": f"Successfully executed action {TOPIC}"}
        ],
        "restored": True,
        "error": None,
        "at": "2026-03-01T00:00:00+00:00",
    }
    assert cloudwatch.sets == [SET, cloudwatch.restored(state)]


def test_the_reason_says_that_it_is_a_test():
    assert REASON.startswith("c7n-mfa alarm test: nobody has signed in")


def test_a_topic_that_refuses_is_named_with_cloudwatchs_own_words():
    cloudwatch = CloudWatch([refused()])

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.why) == (
        "refused",
        "topic Told: CloudWatch Alarms is not authorized to perform: SNS:Publish",
    )
    assert cloudwatch.sets[-1] == cloudwatch.restored("OK")


def test_the_history_is_asked_for_again_until_it_answers():
    cloudwatch = CloudWatch([], [], [accepted()])

    assert cloudwatch.test().result == "accepted"
    assert cloudwatch.slept == [2.0, 2.0]


def test_only_actions_since_the_test_began_are_asked_for():
    cloudwatch = CloudWatch([accepted()])

    cloudwatch.test()

    (asked,) = cloudwatch.asked
    assert (asked["HistoryItemType"], asked["StartDate"]) == (
        "Action",
        BEGUN - timedelta(seconds=1),
    )


def test_every_topic_has_to_answer():
    cloudwatch = CloudWatch([accepted()], actions=(TOPIC, OTHER))

    outcome = cloudwatch.test(seconds=4)

    assert (outcome.result, outcome.why) == (
        "unanswered",
        "the alarm's history says nothing of topic ToldOther after 4 s",
    )
    assert [each.topic for each in outcome.topics] == [TOPIC]


def test_one_topic_that_refuses_is_enough():
    cloudwatch = CloudWatch([accepted(), refused(OTHER)], actions=(TOPIC, OTHER))

    assert cloudwatch.test().result == "refused"


def test_when_the_time_is_over_the_state_is_restored():
    cloudwatch = CloudWatch()

    outcome = cloudwatch.test(seconds=5)

    assert (outcome.result, outcome.restored) == ("unanswered", True)
    assert cloudwatch.slept == [2.0] * 3
    assert cloudwatch.sets[-1] == cloudwatch.restored("OK")


def test_what_happens_to_another_topic_is_no_answer():
    assert CloudWatch([accepted(OTHER)]).test(seconds=1).result == "unanswered"


def test_an_alarm_that_is_in_alarm_is_left_alone():
    cloudwatch = CloudWatch(state="ALARM")

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.why) == (
        "skipped",
        "the alarm is in ALARM already, and may mean it",
    )
    assert (cloudwatch.sets, outcome.restored) == ([], None)


@pytest.mark.parametrize(
    "alarm",
    [{"actions": ()}, {"actions": ("arn:aws:lambda:::f",)}, {"ActionsEnabled": False}],
    ids=str,
)
def test_an_alarm_that_notifies_no_topic_is_not_set(alarm):
    cloudwatch = CloudWatch(**alarm)

    assert cloudwatch.test().why == "the alarm notifies no topic"
    assert cloudwatch.sets == []


def test_an_alarm_that_is_gone_is_skipped():
    cloudwatch = CloudWatch()
    cloudwatch.alarm = {}

    assert cloudwatch.test().why == "the alarm is gone"


def test_an_alarm_that_cannot_be_read_is_not_set():
    cloudwatch = CloudWatch()
    cloudwatch.errors["describe_alarms"] = [denied("DescribeAlarms")]

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.error) == (
        "failed",
        f"access denied: grant cloudwatch:DescribeAlarms on {ALARM}",
    )
    assert cloudwatch.sets == []


@pytest.mark.parametrize(
    "error", [denied("SetAlarmState"), ReadTimeoutError(endpoint_url="https://example.com")]
)
def test_a_set_that_fails_is_undone_all_the_same(error):
    # A call that timed out may have been made.
    cloudwatch = CloudWatch()
    cloudwatch.errors["set_alarm_state"] = [error]

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.why, outcome.restored) == (
        "failed",
        "the alarm could not be set",
        True,
    )
    assert outcome.error.startswith("cloudwatch:SetAlarmState failed: ")
    assert cloudwatch.sets == [SET, cloudwatch.restored("OK")]


def test_a_history_that_cannot_be_read_fails_the_test_and_the_state_is_restored():
    cloudwatch = CloudWatch()
    cloudwatch.errors["describe_alarm_history"] = [denied("DescribeAlarmHistory")]

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.restored) == ("failed", True)
    assert outcome.error == f"access denied: grant cloudwatch:DescribeAlarmHistory on {ALARM}"


def test_a_state_that_cannot_be_put_back_is_said():
    cloudwatch = CloudWatch([accepted()])
    cloudwatch.errors["set_alarm_state"] = [None, denied("SetAlarmState")]

    outcome = cloudwatch.test()

    assert (outcome.result, outcome.restored) == ("accepted", False)
    assert outcome.why.endswith("; the state could not be put back")
    assert outcome.error.startswith("cloudwatch:SetAlarmState failed: ")


def test_whoever_interrupts_the_test_finds_the_state_restored():
    cloudwatch = CloudWatch()

    def interrupted(seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_alarm_test(cloudwatch, ALARM, 30, Clock(lambda: BEGUN, interrupted))

    assert cloudwatch.sets == [SET, cloudwatch.restored("OK")]


# The items of the history


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        (accepted(), (TOPIC, True)),
        (refused(), (TOPIC, False)),
        ({**accepted(), "HistoryData": None}, (TOPIC, True)),
        ({**refused(), "HistoryData": "no JSON"}, (TOPIC, False)),
        ({**accepted(), "HistoryData": "[]"}, (TOPIC, True)),
        ({"HistorySummary": "Alarm updated from OK to ALARM"}, None),
        ({**accepted(), "HistoryItemType": "StateUpdate"}, None),
    ],
)
def test_an_item_of_the_history_is_read_with_and_without_its_data(item, answer):
    outcome = notified(item)

    assert (outcome and (outcome.topic, outcome.accepted)) == answer


# Which alarms


def judged(seen):
    return judge(seen, REQUIREMENTS["single-factor"])


def test_the_alarm_of_every_intact_chain_is_tested_once():
    second = ALARM.replace("SignIns", "Second")
    seen = beside(good_snapshot(), "Second", good_snapshot().filters.popitem()[1][0])

    assert sorted(alarms_to_test(judged(seen))) == [second, ALARM]


def test_without_an_intact_chain_the_one_that_gets_furthest_is_tested():
    assert alarms_to_test(judged(changed(good_snapshot(), subscription=()))) == (ALARM,)


def test_without_an_alarm_there_is_nothing_to_test():
    assert alarms_to_test(judged(changed(good_snapshot(), alarm=()))) == ()
