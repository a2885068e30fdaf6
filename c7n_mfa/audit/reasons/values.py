# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a reason is, and the fixes that several of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["intact", "broken", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("intact", "broken", "unknown")

LINKS = (
    "trail",
    "log-group",
    "metric-filter",
    "metric",
    "alarm",
    "topic",
    "subscription",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a link is not intact: a code, its meaning, the fix, and whether repair handles it."""

    code: str
    link: str
    verdict: Verdict
    meaning: str
    fix: str
    repaired: bool = False
    security_hub: str | None = None


ADD_TRAIL = (
    "create a multi-Region trail that delivers management events to a CloudWatch Logs log group"
)
RUN_REPAIR = "run the repair policy (action set-signin-monitoring)"
GRANT = "grant the permission named in the detail and run the audit again"
LOOK_THERE = (
    "run the audit in the account that owns it, or name a role that may read there (read-role)"
)
