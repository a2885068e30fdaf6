# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Times as AWS writes them, and as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def format_time(time: datetime) -> str:
    """As CloudTrail and IAM write it.

    >>> format_time(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    '2026-11-21T09:30:00Z'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_minute(time: datetime) -> str:
    """For a person, to the minute.

    >>> format_minute(datetime(2026, 11, 21, 9, 30, 59, tzinfo=UTC))
    '2026-11-21 09:30 UTC'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def parse_time(text: object) -> datetime | None:
    """The time of an ISO 8601 text; None for anything else, a time without a zone included."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None
