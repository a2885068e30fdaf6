# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which sign-ins EventBridge lets through: its event patterns, and what they match.

A prefilter only saves work.  It may let through what is no single-factor sign-in, and must never
stop what is one, or might be.  It therefore names what is certainly none, a failure and a `Yes`,
and lets everything else pass, fields that are absent included: `anything-but` alone asks for the
field to be there.

EventBridge does not tell a list from what it holds: a record whose `MFAUsed` were a list with `Yes`
in it would be stopped.  CloudTrail writes no lists there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SOURCE = "aws.signin"
# The first is what is delivered, and what custodian puts into its rules; the second stands in the
# EventBridge user guide.
DETAIL_TYPES = ("AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail")

_CANDIDATE: Mapping[str, Any] = {
    "responseElements": {"ConsoleLogin": [{"exists": False}, {"anything-but": ["Failure"]}]},
    "additionalEventData": {"MFAUsed": [{"exists": False}, {"anything-but": ["Yes"]}]},
}

FORWARDED: Mapping[str, Any] = {
    "source": [SOURCE],
    "detail-type": list(DETAIL_TYPES),
    "detail": {"eventName": ["ConsoleLogin"], **_CANDIDATE},
}
"""The event pattern of the rules that forward sign-ins to the home Region."""

MODE: Mapping[str, Any] = {"detail-type": [DETAIL_TYPES[1]], "detail": _CANDIDATE}
"""`mode.pattern` of a policy that responds: custodian adds source, name and the other spelling."""


def envelope(
    record: object, region: str, account: str, detail_type: str = DETAIL_TYPES[0]
) -> dict[str, Any]:
    """The event that EventBridge delivers for a CloudTrail record."""
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": detail_type,
        "source": SOURCE,
        "account": account,
        "time": "2026-01-15T08:30:05Z",
        "region": region,
        "resources": [],
        "detail": record,
    }
