# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How fast a compiled pattern matches parsed records, against a walk over its tree.

    python benchmarks/pattern_match.py

Prints records per second for both and their ratio, measured in one run: the ratio is what
to compare between machines.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "pattern")]

from treewalk import treewalk  # noqa: E402

from c7n_mfa.pattern import parse  # noqa: E402

PATTERNS = {
    "canonical": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    "CIS, IAM users": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'
    ' && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    "absent or not Yes": '{ ($.eventName = "ConsoleLogin") && (($.additionalEventData.MFAUsed'
    ' != "Yes") || ($.additionalEventData.MFAUsed NOT EXISTS)) }',
    "no equality first": '{ ($.additionalEventData.MFAUsed = "N*") || ($.errorCode = "Acc*") }',
}
RECORDS = 200_000
SIGN_IN_EVERY = 400
ROUNDS = 5


def record(number: int) -> dict[str, Any]:
    """A made-up CloudTrail record; now and then a console sign-in."""
    sign_in = number % SIGN_IN_EVERY == 0
    text = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "accountId": "123456789012", "userName": "user"},
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "signin.amazonaws.com" if sign_in else "s3.amazonaws.com",
        "eventName": "ConsoleLogin" if sign_in else "GetObject",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "responseElements": {"ConsoleLogin": "Success"} if sign_in else None,
        "additionalEventData": {"MFAUsed": "No" if number % 3 else "Yes"},
    }
    return dict(json.loads(json.dumps(text)))


def seconds(match: Callable[[Any], object], records: Iterable[Any]) -> float:
    """The best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for each in records:
            match(each)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    records = [record(number) for number in range(RECORDS)]
    print(f"{'pattern':20}{'compiled':>16}{'tree walk':>16}{'ratio':>8}")
    for name, text in PATTERNS.items():
        pattern = parse(text)
        condition = pattern.node.condition  # type: ignore[union-attr]
        assert all(pattern.match(each) is treewalk(condition, each) for each in records[:2000])
        fast = RECORDS / seconds(pattern.match, records)
        slow = RECORDS / seconds(lambda each, c=condition: treewalk(c, each), records)
        print(f"{name:20}{fast / 1e6:>12.2f} M/s{slow / 1e6:>12.2f} M/s{fast / slow:>8.1f}")


if __name__ == "__main__":
    main()
