# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alarm test: an alarm is put into ALARM by hand, and its history says what became of it.

The state is restored whatever happens.  An alarm that is in ALARM already is left alone: it would
make no transition, and somebody may be looking at it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from c7n_mfa.audit.verdicts import Judgement
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import failed, write
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.frozen import frozen
from c7n_mfa.repair.operations import SET_ALARM_STATE

REASON = "c7n-mfa alarm test: nobody has signed in; this tests that a notification arrives."
RESTORED = "c7n-mfa alarm test: over, the state is what it was before."
_EVERY = 2.0

Result = Literal["accepted", "refused", "unanswered", "skipped", "failed"]


@frozen
class Clock:
    """The time and the waiting; a test brings its own."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@frozen
class Notified:
    """What the alarm's history says of one action: ``said`` in CloudWatch's words."""

    topic: str
    accepted: bool
    said: str


@frozen
class AlarmTest:
    """What became of the test of one alarm; ``restored`` is ``None`` where nothing was changed."""

    alarm: str
    result: Result
    why: str
    state: str | None = None
    topics: tuple[Notified, ...] = ()
    restored: bool | None = None
    error: str | None = None
    at: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "alarm": self.alarm,
            "result": self.result,
            "why": self.why,
            "state": self.state,
            "topics": [
                {"topic": answer.topic, "accepted": answer.accepted, "said": answer.said}
                for answer in self.topics
            ],
            "restored": self.restored,
            "error": self.error,
            "at": self.at,
        }


def alarms_to_test(judgement: Judgement) -> tuple[str, ...]:
    """The alarms of the intact chains; without any, that of the chain that gets furthest."""
    intact = [c.alarm.arn for c in judgement.chains if c.verdict == "intact" and c.alarm]
    furthest = sorted(judgement.chains, key=lambda chain: -len(chain.links))
    others = [chain.alarm.arn for chain in furthest if chain.alarm]
    return tuple(dict.fromkeys(intact or others[:1]))


def run_alarm_test(
    session: Any, alarm_arn: str, seconds: float, clock: Clock | None = None
) -> AlarmTest:
    """Put the alarm into ALARM, wait for its action history, and restore the state."""
    return _Run(Reader(session), alarm_arn, seconds, clock or Clock()).run()


@frozen
class _Run:
    reader: Reader
    arn: str
    seconds: float
    clock: Clock

    @property
    def name(self) -> str:
        return Arn.parse(self.arn).resource.removeprefix("alarm:")

    def run(self) -> AlarmTest:
        alarm = self._alarm()
        if isinstance(alarm, ReadFailure):
            return AlarmTest(
                self.arn, "failed", "the alarm could not be read", error=alarm.sentence()
            )
        if alarm is None:
            return AlarmTest(self.arn, "skipped", "the alarm is gone")
        state, topics = alarm["StateValue"], _topics(alarm)
        if state == "ALARM":
            why = "the alarm is in ALARM already, and may mean it"
            return AlarmTest(self.arn, "skipped", why, state)
        if not topics or not alarm.get("ActionsEnabled", True):
            return AlarmTest(self.arn, "skipped", "the alarm notifies no topic", state)
        return self._test(state, topics)

    def _alarm(self) -> Mapping[str, Any] | ReadFailure | None:
        answer = self.reader.one(
            "cloudwatch",
            Arn.parse(self.arn).region,
            "describe_alarms",
            self.arn,
            lambda page: tuple(page["MetricAlarms"]),
            AlarmNames=[self.name],
            AlarmTypes=["MetricAlarm"],
        )
        if answer is None or isinstance(answer, ReadFailure):
            return answer
        return next(iter(answer), None)

    def _test(self, state: str, topics: tuple[str, ...]) -> AlarmTest:
        begun = self.clock.now()
        test = AlarmTest(self.arn, "failed", "the test was cut short", state, at=begun.isoformat())
        restored: str | None = None
        try:
            error = self._set("ALARM", REASON)
            if error:
                # A call that timed out may have been made all the same, so the state is restored.
                test = replace(test, why="the alarm could not be set", error=error)
            else:
                test = self._wait(test, begun, topics)
        finally:
            restored = self._set(state, RESTORED)
        if restored:
            why = f"{test.why}; the state could not be put back"
            return replace(test, restored=False, why=why, error=test.error or restored)
        return replace(test, restored=True)

    def _set(self, state: str, reason: str) -> str | None:
        """Set the alarm's state; the error as a sentence."""
        region = Arn.parse(self.arn).region
        call = SET_ALARM_STATE(region, AlarmName=self.name, StateValue=state, StateReason=reason)
        answer = write(self.reader, call)
        return failed(answer) if isinstance(answer, ReadFailure) else None

    def _wait(self, test: AlarmTest, begun: datetime, topics: tuple[str, ...]) -> AlarmTest:
        """Ask for the history until every topic has answered, or the time is over."""
        until = begun + timedelta(seconds=self.seconds)
        while True:
            history = self._history(begun)
            if isinstance(history, ReadFailure):
                why = "the history of the alarm could not be read"
                return replace(test, why=why, error=history.sentence())
            answers = {answer.topic: answer for answer in history if answer.topic in topics}
            if len(answers) == len(topics) or self.clock.now() >= until:
                return _judged(test, topics, answers, self.seconds)
            self.clock.sleep(_EVERY)

    def _history(self, begun: datetime) -> tuple[Notified, ...] | ReadFailure:
        answer = self.reader.every(
            "cloudwatch",
            Arn.parse(self.arn).region,
            "describe_alarm_history",
            "AlarmHistoryItems",
            self.arn,
            notified,
            AlarmName=self.name,
            HistoryItemType="Action",
            # The clocks of two machines: a second is more than the history is precise to.
            StartDate=begun - timedelta(seconds=1),
            ScanBy="TimestampAscending",
        )
        if isinstance(answer, ReadFailure):
            return answer
        return tuple(notification for notification in answer or () if notification is not None)


def _topics(alarm: Mapping[str, Any]) -> tuple[str, ...]:
    actions = dict.fromkeys(alarm.get("AlarmActions") or ())
    return tuple(arn for arn in actions if Arn.parse(arn).service == "sns")


def notified(item: Mapping[str, Any]) -> Notified | None:
    """One item of the history; ``None`` where it is not the action of an alarm on a topic.

    >>> notified({"HistorySummary": "Successfully executed action arn:aws:sns:::Told"})
    Notified(topic='arn:aws:sns:::Told', accepted=True, said='Successfully executed action \
arn:aws:sns:::Told')
    """
    if item.get("HistoryItemType", "Action") != "Action":
        return None
    summary, data = str(item["HistorySummary"]), _data(item.get("HistoryData"))
    named = data.get("notificationResource") or _first_arn(summary.split())
    if not named:
        return None
    state = data.get("actionState")
    accepted = state == "Succeeded" if state else summary.startswith("Successfully executed")
    said = str(data.get("error") or summary)
    return Notified(str(named), accepted, said)


def _data(text: object) -> Mapping[str, Any]:
    try:
        data = json.loads(str(text or "{}"))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _first_arn(words: Iterable[str]) -> str | None:
    return next((word.rstrip(".,") for word in words if word.startswith("arn:")), None)


def _judged(
    test: AlarmTest, topics: tuple[str, ...], answers: Mapping[str, Notified], seconds: float
) -> AlarmTest:
    test = replace(test, topics=tuple(answers[topic] for topic in topics if topic in answers))
    refused = [answer for answer in test.topics if not answer.accepted]
    silent = [topic for topic in topics if topic not in answers]
    if refused:
        names = ", ".join(Arn.parse(answer.topic).resource for answer in refused)
        return replace(test, result="refused", why=f"topic {names}: {refused[0].said}")
    if silent:
        names = ", ".join(Arn.parse(topic).resource for topic in silent)
        why = f"the alarm's history says nothing of topic {names} after {seconds:g} s"
        return replace(test, result="unanswered", why=why)
    return replace(test, result="accepted", why="every topic has taken the notification")
