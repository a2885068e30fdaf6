# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Doing what a plan says: one step after the other in a Region, and the Regions side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from c7n_mfa.aws.read import Reader, together
from c7n_mfa.forwarding.values import Plan, Step
from c7n_mfa.repair.values import Call

# A role that was just made takes some seconds until EventBridge may take it.
WAITS = (1.0, 2.0, 4.0, 8.0)
_NOT_YET = "cannot be assumed"

Sleep = Callable[[float], None]


def apply(reader: Reader, plan: Plan, sleep: Sleep = time.sleep) -> tuple[Step, ...]:
    """The same steps with what became of each: ``done``, ``failed`` or ``not-tried``.

    A failure in one Region does not stop the others, and stops what waits for them all.
    """
    before = _in_order(reader, plan.before, sleep)
    stopped = _failed(before)
    groups = together(
        *(partial(_in_order, reader, steps, sleep, stopped) for steps in plan.regions.values())
    )
    regions = tuple(step for group in groups for step in group)
    after = _in_order(reader, plan.after, sleep, stopped or _failed(regions))
    return (*before, *regions, *after)


def _failed(steps: Iterable[Step]) -> bool:
    return any(step.result == "failed" for step in steps)


def _in_order(
    reader: Reader, steps: Iterable[Step], sleep: Sleep, stopped: bool = False
) -> tuple[Step, ...]:
    done: list[Step] = []
    for step in steps:
        if step.result != "planned":
            done.append(step)
        elif stopped:
            done.append(replace(step, result="not-tried", undo=()))
        else:
            done.append(_do(reader, step, sleep))
            stopped = done[-1].result == "failed"
    return tuple(done)


def _do(reader: Reader, step: Step, sleep: Sleep) -> Step:
    call = step.call
    assert call is not None
    error = _error(reader, call)
    for wait in WAITS:
        if error is None or _NOT_YET not in error:
            break
        sleep(wait)
        error = _error(reader, call)
    if error is None:
        return replace(step, result="done")
    needed = reader.permission(call.service, call.region, call.operation)
    return replace(step, result="failed", undo=(), error=f"{needed} failed: {error}")


def _error(reader: Reader, call: Call) -> str | None:
    """Why the call failed; ``None`` when it did not."""
    try:
        client = reader.client(call.service, call.region)
        answer = getattr(client, call.operation)(**call.parameters)
    except (ClientError, BotoCoreError) as error:
        return str(error)
    return _entry_error(answer)


def _entry_error(answer: Any) -> str | None:
    """EventBridge answers 200 for targets that it did not take."""
    for entry in answer.get("FailedEntries") or ():
        return f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
    return None
