# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Changes to AWS: steps are planned, applied and undone.

A step is a value, planned without AWS; applying gives the same steps as receipts, with what became
of each.  Throttling is left to botocore, which tries again by itself.  A call is made again only
where AWS says that something made a moment ago is not there yet, or is being changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import partial
from typing import Any, ClassVar, Literal

from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import Reader, ReadFailure, together
from c7n_mfa.frozen import frozen

Result = Literal["planned", "done", "adopted", "already", "skipped", "failed", "not-tried"]
IN_PLACE: frozenset[Result] = frozenset({"done", "already"})
"""The results after which a thing is as it should be."""


@frozen
class Step:
    """One thing that is changed, was as it should be, or is declined, and why.

    ``before`` and ``after`` are what it changes, where something was there before.  ``undo`` are
    the calls that take it back, in the order to make them.
    """

    step: str
    result: Result
    resource: str
    why: str
    call: Call | None = None
    undo: tuple[Call, ...] = ()
    error: str | None = None
    before: Any = None
    after: Any = None

    KEYS: ClassVar[tuple[str, ...]] = (
        "step", "result", "resource", "why", "call", "before", "after", "undo", "error",
    )  # fmt: skip
    """What is published of it; the keys are a stable interface."""

    @property
    def is_write(self) -> bool:
        return self.result == "planned"

    @property
    def permission(self) -> str | None:
        """The permission that it takes, besides those for tags and roles."""
        return self.call.of.permission if self.call else None

    def to_dict(self) -> dict[str, Any]:
        return {key: _published(getattr(self, key)) for key in self.KEYS}


def _published(value: Any) -> Any:
    if isinstance(value, Call):
        return value.to_dict()
    return [call.to_dict() for call in value] if isinstance(value, tuple) else value


Steps = tuple[Step, ...]


@frozen
class Plan:
    """Steps before those of the Regions, those of each Region, and those that wait for them all.

    Regions are changed side by side; within one, and before and after, a failure stops the rest.
    """

    before: Steps = ()
    regions: Mapping[str, Steps] = field(default_factory=dict)
    after: Steps = ()

    @property
    def steps(self) -> Steps:
        """All of them, in order."""
        regions = (step for steps in self.regions.values() for step in steps)
        return (*self.before, *regions, *self.after)


def apply(reader: Reader, plan: Plan) -> Steps:
    """The steps with what became of each: ``done``, ``failed`` with the error, or ``not-tried``.

    A failure in one Region does not stop the others, and stops what waits for them all.
    """
    before = tuple(_in_order(reader, plan.before))
    stopped = _has_failure(before)
    lanes = (partial(_in_order, reader, steps, stopped) for steps in plan.regions.values())
    regions = tuple(step for lane in together(*lanes) for step in lane)
    after = _in_order(reader, plan.after, stopped or _has_failure(regions))
    return (*before, *regions, *after)


def _has_failure(steps: Iterable[Step]) -> bool:
    return any(step.result == "failed" for step in steps)


def _in_order(reader: Reader, steps: Steps, stopped: bool = False) -> list[Step]:
    receipts: list[Step] = []
    for step in steps:
        if stopped and step.is_write:
            receipts.append(replace(step, result="not-tried", undo=()))
        else:
            receipts.append(do(reader, step))
            stopped = stopped or receipts[-1].result == "failed"
    return receipts


def do(reader: Reader, step: Step) -> Step:
    """What becomes of one step; one that changes nothing stays as it is."""
    if not step.is_write or step.call is None:
        return step
    answer = write(reader, step.call)
    if not isinstance(answer, ReadFailure):
        undo = tuple(_known(call, answer) for call in step.undo)
        return replace(step, result="done", undo=undo)
    if answer.gone and step.call.of.takes_away:
        # To take away what somebody else has taken away meanwhile is done.
        return replace(step, result="done", undo=(), why="it was gone already")
    return replace(step, result="failed", undo=(), error=failed(answer))


def failed(answer: ReadFailure) -> str:
    """Why a call that changes something failed."""
    return f"{answer.permission} failed: {answer.cause or f'{answer.code}: {answer.message}'}"


def undo(reader: Reader, receipts: Iterable[Step]) -> list[ReadFailure]:
    """Take back what was done, the last first; the calls that failed."""
    calls = (call for step in reversed(tuple(receipts)) for call in step.undo)
    answers = [write(reader, call) for call in calls]
    return [answer for answer in answers if isinstance(answer, ReadFailure)]


# Of what was made a moment ago, and of what somebody else changes at this moment.
_SETTLING = (2.0, 4.0, 8.0, 16.0, 30.0)
_TO_BE_ASSUMED = (1.0, 2.0, 4.0, 8.0)
_BUSY = (0.2, 0.6, 1.8)
# The service and operation, what AWS says, and how long to wait before each new call.
_AGAIN = (
    ("cloudtrail:UpdateTrail", "CloudWatchLogsDeliveryUnavailable", _SETTLING),
    ("cloudtrail:UpdateTrail", "InvalidCloudWatchLogsLogGroupArn", _SETTLING),
    ("cloudtrail:UpdateTrail", "InvalidCloudWatchLogsRoleArn", _SETTLING),
    ("iam:PutRolePolicy", "NoSuchEntity", _SETTLING),
    ("events:PutTargets", "cannot be assumed", _TO_BE_ASSUMED),
    ("iam:", "ConcurrentModification", _BUSY),
    ("iam:", "EntityTemporarilyUnmodifiable", _BUSY),
)


def write(reader: Reader, call: Call, target: str = "") -> Any:
    """The answer to a call that changes something, or why it failed."""
    answer = _made(reader, call, target)
    for seconds in _waits(call, answer):
        time.sleep(seconds)
        answer = _made(reader, call, target)
        if not _waits(call, answer):
            break
    return answer


def _waits(call: Call, answer: Any) -> tuple[float, ...]:
    """How long to wait before each new call; none where another call would be of no use."""
    if not isinstance(answer, ReadFailure):
        return ()
    said = f"{answer.code}: {answer.message}"
    matching = (
        waits
        for operation, text, waits in _AGAIN
        if call.of.permission.startswith(operation) and text in said
    )
    return next(matching, ())


def _made(reader: Reader, call: Call, target: str) -> Any:
    where = (call.service, call.region, call.operation)
    answer = reader.ask(*where, target, lambda answer: answer, **call.parameters)
    entries = answer.get("FailedEntries") if isinstance(answer, Mapping) else None
    if not entries:
        return answer
    # EventBridge answers 200 for targets that it did not take.
    code, message = str(entries[0].get("ErrorCode")), str(entries[0].get("ErrorMessage"))
    return ReadFailure(call.of.permission, target, code, message)


def answered(key: str) -> str:
    """What stands in an undo call for a value that only the answer to the step's call says."""
    return f"<{key}>"


def _known(call: Call, answer: Any) -> Call:
    """An undo call with what the answer says."""
    said = answer if isinstance(answer, Mapping) else {}
    texts = {answered(key): value for key, value in said.items()}
    parameters = {
        key: texts.get(value, value) if isinstance(value, str) else value
        for key, value in call.parameters.items()
    }
    return replace(call, parameters=parameters)


# Tags, by which what c7n-mfa has created is known again

OWNER_TAG = "c7n-mfa"


def is_created(tags: object, value: str) -> bool:
    """Do these tags say that c7n-mfa has created what carries them?  Unknown tags do not."""
    return isinstance(tags, Mapping) and tags.get(OWNER_TAG) == value


def tag_list(tags: object) -> list[dict[str, str]]:
    """Tags as most APIs take them; none where they are unknown.

    >>> tag_list({"b": "2", "a": "1"})
    [{'Key': 'a', 'Value': '1'}, {'Key': 'b', 'Value': '2'}]
    """
    known = tags if isinstance(tags, Mapping) else {}
    return [{"Key": key, "Value": known[key]} for key in sorted(known)]


def tags_in(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as most APIs answer with them, by their keys."""
    return {tag["Key"]: tag["Value"] for tag in listed or ()}
