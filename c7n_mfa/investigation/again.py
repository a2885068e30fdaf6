# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The next look at a sign-in: when it is due, and the one-off schedule that calls the function.

A schedule of EventBridge Scheduler, and not a queue: a queue delays messages by 15 minutes at most,
and is polled for as long as it exists.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import write
from c7n_mfa.aws.operation import Operation, permissions_of
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.text import one_line, shorten
from c7n_mfa.aws.times import format_time
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Gap
from c7n_mfa.signin.second_look import Look

CREATE = Operation("scheduler", "CreateSchedule", ("iam:PassRole",))
PERMISSIONS = permissions_of([CREATE])

LATER = "calls that CloudTrail delivers later"
# Scheduler takes no time that is past when it gets it, and calls within the minute after.
_SOONEST = timedelta(seconds=30)
# Scheduler would try for a day; by then it is no second look any more.
_RETRIES = {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 1800}
_DENIED = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
_LONGEST = 200


@frozen
class NextLook:
    """The next look, and when it is due."""

    look: Look
    at: datetime


@frozen
class Function:
    """The function that is called again, the role that may call it, and its dead letters."""

    name: str
    region: str
    role: str
    dead_letters: str | None = None

    @property
    def arn(self) -> str:
        """Its account is that of the role: Scheduler takes no role of another."""
        role = Arn.parse(self.role)
        return f"arn:{role.partition}:lambda:{self.region}:{role.account}:function:{self.name}"


def due(
    after_minutes: Sequence[int], before: int, happened: datetime | None, now: datetime
) -> tuple[int, datetime] | None:
    """The number of the next look, of which there were so many before, and its time.

    One whose time has come already is left out: this look has seen what that one would have.
    """
    start = min(happened or now, now)
    times = enumerate((start + timedelta(minutes=each) for each in after_minutes), 2)
    return next(
        ((number, time) for number, time in times if number > before and time >= now + _SOONEST),
        None,
    )


def schedule(
    reader: Reader, function: Function, event: Mapping[str, Any], event_id: str, next_: NextLook
) -> Gap | None:
    """Have the function called again; the gap that is left where that does not work.

    The name is that of the event, so that an event that is delivered twice is one schedule.
    """
    look = next_.look
    digest = hashlib.sha256(f"{function.name}/{event_id}".encode(errors="replace")).hexdigest()
    letters = {"DeadLetterConfig": {"Arn": function.dead_letters}} if function.dead_letters else {}
    call = CREATE(
        function.region,
        Name=f"c7n-mfa-look-{look.number}-{digest[:32]}",
        Description=f"c7n-mfa looks again at a sign-in: {function.name}",
        ScheduleExpression=f"at({format_time(next_.at).removesuffix('Z')})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": function.arn,
            "RoleArn": function.role,
            "Input": _input(look.marked(event)),
            "RetryPolicy": _RETRIES,
            **letters,
        },
    )
    answer = write(reader, call, function.arn)
    is_failure = isinstance(answer, ReadFailure) and answer.code != "ConflictException"
    return _gap(answer) if is_failure else None


def _input(event: Mapping[str, Any]) -> str:
    """As JSON.  Scheduler puts other text for `<aws.scheduler.…>`, which a browser may be called.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    return json.dumps(event).replace("<", "\\u003c")


def role_problem(reader: Reader, role: str) -> str | None:
    """Why there may be no second look through this role; None where it exists."""
    name = role.rpartition("/")[2]
    found = reader.one("iam", "", "get_role", role, lambda answer: answer["Role"], RoleName=name)
    if isinstance(found, ReadFailure):
        return f"could not be checked: {found.sentence()}"
    if found is None:
        return "does not exist; until it does, there is no second look, and each message says so"
    return None


def _gap(failure: ReadFailure) -> Gap:
    denied = _DENIED.search(failure.message)
    if denied or failure.denied:
        permission = denied[1] if denied else failure.permission
        return Gap(LATER, "will not look again, access denied", permission)
    why = shorten(one_line(failure.message), _LONGEST)
    return Gap(LATER, f"will not look again, {CREATE.permission} failed with {failure.code}: {why}")
