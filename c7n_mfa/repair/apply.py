# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Doing what a plan says, one step after the other.

Throttling is left to botocore, which tries again by itself.  Apply tries again only where AWS says
that something made a moment ago is not there yet: a new role takes some seconds to be known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from c7n_mfa.aws.read import Reader
from c7n_mfa.repair.calls import SUBSCRIPTION_ARN
from c7n_mfa.repair.values import Call, Step, is_write

_SETTLING = {
    "update_trail": (
        "CloudWatchLogsDeliveryUnavailableException",
        "InvalidCloudWatchLogsLogGroupArnException",
        "InvalidCloudWatchLogsRoleArnException",
    ),
    "put_role_policy": ("NoSuchEntity", "NoSuchEntityException"),
}
_WAITS = (2, 4, 8, 16, 30)
_TAKES_AWAY = ("delete_", "unsubscribe", "untag_")
_GONE = ("NotFound", "NotFoundException", "NoSuchEntity", "ResourceNotFound")


def apply(
    session: Any, plan: Iterable[Step], sleep: Callable[[float], None] | None = None
) -> tuple[Step, ...]:
    """Do the planned steps in order; the first that fails stops the rest.

    Returns the same steps with what became of each: ``done``, ``failed`` with the error and the
    permission it takes, or ``not-tried``.
    """
    reader = Reader(session)
    done: list[Step] = []
    stopped = False
    for step in plan:
        if not is_write(step):
            done.append(step)
        elif stopped:
            done.append(replace(step, result="not-tried", undo=()))
        else:
            done.append(_do(reader, step, sleep or time.sleep))
            stopped = done[-1].result == "failed"
    return tuple(done)


def _do(reader: Reader, step: Step, sleep: Callable[[float], None]) -> Step:
    call = step.call
    assert call is not None
    try:
        answer = _patiently(reader, call, sleep)
    except (ClientError, BotoCoreError) as error:
        if _was_gone(call, error):
            return replace(step, result="done", undo=(), why="it was gone already")
        needed = reader.permission(call.service, call.region, call.operation)
        return replace(step, result="failed", undo=(), error=f"{needed} failed: {error}")
    return replace(step, result="done", undo=tuple(_known(c, answer) for c in step.undo))


def _patiently(reader: Reader, call: Call, sleep: Callable[[float], None]) -> Any:
    client = reader.client(call.service, call.region)
    operation = getattr(client, call.operation)
    for seconds in _WAITS:
        try:
            return operation(**call.parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _SETTLING.get(call.operation, ()):
                raise
            sleep(seconds)
    return operation(**call.parameters)


def _was_gone(call: Call, error: Exception) -> bool:
    """To take away what somebody else has taken away meanwhile is done."""
    if not call.operation.startswith(_TAKES_AWAY) or not isinstance(error, ClientError):
        return False
    code = str(error.response["Error"]["Code"]).removesuffix("Exception")
    return code in {gone.removesuffix("Exception") for gone in _GONE}


def _known(call: Call, answer: Any) -> Call:
    """An undo call with what only the answer could tell."""
    said = answer.get("SubscriptionArn") if isinstance(answer, Mapping) else None
    parameters = {
        key: said or value if value == SUBSCRIPTION_ARN else value
        for key, value in call.parameters.items()
    }
    return replace(call, parameters=parameters)
