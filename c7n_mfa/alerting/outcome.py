# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What the receipts of containment come to.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from c7n_mfa.alerting.ledger import Outcome

IN_PLACE = {"done", "already"}

# What IAM and botocore call what is over in a minute; all else needs a person.
_PASSES = re.compile(
    r"iam:\w+ on \S+ failed with "
    r"(\w*(Throttl|Timeout|Connect|Unavailable|Internal|ServiceFailure|TooManyRequests|HTTPClient)"
    r"\w*|RequestLimitExceeded|(ConcurrentModification|EntityTemporarilyUnmodifiable)\w*|5\d\d"
    r"|SSLError|ResponseStreamingError|IncompleteReadError|MalformedAnswer): "
)


def outcome_of(receipts: Iterable[Mapping[str, Any]], contains: bool) -> Outcome:
    """How far the user is contained, where that is left to hope for."""
    results = {receipt["result"] for receipt in receipts}
    if not results:
        return "not-contained" if contains else ""
    if "failed" not in results:
        return ""
    return "partly-contained" if results & IN_PLACE else "not-contained"


def passing(receipts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The errors that may be gone when the same is tried again.

    >>> passing([{"result": "failed", "error": "iam:TagUser on x failed with Throttling: later"}])
    ['iam:TagUser on x failed with Throttling: later']
    """
    failed = [receipt.get("error") or "" for receipt in receipts if receipt["result"] == "failed"]
    return [error for error in failed if _PASSES.match(error)]


def phrase(receipts: Sequence[Mapping[str, Any]], contains: bool) -> str:
    """What follows "signed in without MFA" in the subject."""
    outcome = outcome_of(receipts, contains)
    if outcome:
        return ", NOT contained" if outcome == "not-contained" else ", NOT WHOLLY contained"
    if not receipts:
        return ""
    in_place = any(receipt["result"] in IN_PLACE for receipt in receipts)
    return ", contained" if in_place else ", left alone"
