# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Do a trail's event selectors let console sign-ins through?

A ``ConsoleLogin`` is a management event, not read-only, of event source ``signin.amazonaws.com``
(CloudTrail user guide, sign-in events).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

# How much of something comes through; "open" hangs on a field that cannot be decided here.
Share = Literal["all", "some", "none", "open"]

_SOURCE = "signin.amazonaws.com"
# What an advanced field selector sees of every sign-in.
_SIGN_IN = {
    "eventCategory": "Management",
    "eventSource": _SOURCE,
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "readOnly": "false",
    "sessionCredentialFromConsole": "",
}
# The principals of sign-ins: an ARN, or the beginning of one with anything behind it.
_PRINCIPALS = (
    ("arn:{}:iam::{}:user/", True),
    ("arn:{}:iam::{}:root", False),
    ("arn:{}:sts::{}:assumed-role/", True),
    ("arn:{}:sts::{}:federated-user/", True),
)


def carries_sign_ins(
    selectors: Sequence[Mapping[str, Any]],
    advanced: Sequence[Mapping[str, Any]],
    account: str,
    partition: str = "aws",
) -> Share:
    """How many of the account's console sign-ins does a trail with these selectors record?

    A trail without any selector records management events.
    """
    if advanced:
        values = _values(account, partition)
        return _either(_advanced(selector, values) for selector in advanced)
    if not selectors or any(map(_basic, selectors)):
        return "all"
    return "none"


def records_reads(
    selectors: Sequence[Mapping[str, Any]], advanced: Sequence[Mapping[str, Any]]
) -> bool:
    """Does the trail surely record read-only events too, of which there are always some?"""
    if advanced:
        return False
    return not selectors or any(
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") == "All"
        for selector in selectors
    )


def _basic(selector: Mapping[str, Any]) -> bool:
    return bool(
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") in ("All", "WriteOnly")
        and _SOURCE not in (selector.get("ExcludeManagementEventSources") or ())
    )


_Values = Mapping[str, Sequence[tuple[str, bool]]]


def _values(account: str, partition: str) -> _Values:
    """The values of each field in sign-ins: text, and whether anything may follow it."""
    known = {field: [(value, False)] for field, value in _SIGN_IN.items()}
    principals = [(start.format(partition, account), open_) for start, open_ in _PRINCIPALS]
    return {**known, "userIdentity.arn": principals}


def _advanced(selector: Mapping[str, Any], values: _Values) -> Share:
    return _both(_field(part, values) for part in selector.get("FieldSelectors", ()))


def _field(part: Mapping[str, Any], values: _Values) -> Share:
    known = values.get(part.get("Field", ""))
    if known is None:
        return "open"
    shares = {_both(_tests(part, value)) for value in known}
    return shares.pop() if len(shares) == 1 else "some"


def _tests(part: Mapping[str, Any], value: tuple[str, bool]) -> Iterator[Share]:
    """How much of one value passes each test of a field; the tests all have to be passed."""
    for name, test in _TESTS.items():
        if part.get(name):
            yield _most(test(*value, text) for text in part[name])
        if part.get(f"Not{name}"):
            yield _OPPOSITE[_most(test(*value, text) for text in part[f"Not{name}"])]


def _equals(value: str, more: bool, wanted: str) -> Share:
    if more:
        return "some" if wanted.startswith(value) and wanted != value else "none"
    return "all" if value == wanted else "none"


def _starts_with(value: str, more: bool, wanted: str) -> Share:
    if value.startswith(wanted):
        return "all"
    return "some" if more and wanted.startswith(value) else "none"


def _ends_with(value: str, more: bool, wanted: str) -> Share:
    if more:
        return "some"
    return "all" if value.endswith(wanted) else "none"


_TESTS: Mapping[str, Callable[[str, bool, str], Share]] = {
    "Equals": _equals,
    "StartsWith": _starts_with,
    "EndsWith": _ends_with,
}
_OPPOSITE: Mapping[Share, Share] = {"all": "none", "none": "all", "some": "some", "open": "open"}


def _most(shares: Iterable[Share]) -> Share:
    """Any of several texts will do."""
    seen = set(shares)
    return "all" if "all" in seen else "some" if "some" in seen else "none"


def _both(shares: Iterable[Share]) -> Share:
    """All of them have to let an event through: what one drops is dropped."""
    seen = set(shares)
    order: tuple[Share, ...] = ("none", "some", "open")
    return next((share for share in order if share in seen), "all")


def _either(shares: Iterable[Share]) -> Share:
    """One that lets an event through is enough; two that drop some may complete each other."""
    seen = [share for share in shares if share != "none"]
    if "all" in seen:
        return "all"
    if not seen:
        return "none"
    return "some" if seen == ["some"] else "open"
