# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a trail and on the log group that it delivers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from c7n_mfa.audit.values import Snapshot, Trail
from c7n_mfa.audit.verdicts import Link, fault, in_other_account, intact, unreadable
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure

# CloudTrail delivers to the bucket and to the log group within minutes of each other.
BEHIND = timedelta(hours=2)
# A trail that records reads records this audit too, so that it is never without events for long.
QUIET = timedelta(days=1)


def judge_trail(trail: Trail, snapshot: Snapshot | None = None) -> Link:
    """The trail link; without a snapshot, that of a trail of its own account."""
    snapshot = snapshot or Snapshot(Arn.parse(trail.arn).account, trail.home_region)
    if not trail.multi_region and snapshot.regions is None:
        detail = f"trail {trail.name} records {trail.home_region} only"
        return fault("trail-single-region", trail.arn, detail, home_region=trail.home_region)
    if trail.log_group_arn is None:
        # Judged as the log group's fault; the trail was not asked for its status.
        return intact("trail", trail.arn, f"trail {trail.name} records {_where(trail)}")
    if isinstance(trail.logging, ReadFailure):
        return _unread(trail, snapshot, trail.logging)
    if not trail.logging:
        return fault("trail-not-logging", trail.arn, f"logging of trail {trail.name} is off")
    if isinstance(trail.selectors, ReadFailure):
        return _unread(trail, snapshot, trail.selectors)
    return (
        _drops(trail, snapshot.account_id)
        or _fails(trail)
        or _lags(trail, snapshot.at)
        or intact("trail", trail.arn, f"trail {trail.name} records {_where(trail)} and is logging")
    )


def _where(trail: Trail) -> str:
    return "every Region" if trail.multi_region else f"{trail.home_region} only"


def _unread(trail: Trail, snapshot: Snapshot, failure: ReadFailure) -> Link:
    """A trail of another account need not be readable, unless its log group is in this one."""
    owner = Arn.parse(trail.arn).account
    group = Arn.parse(trail.log_group_arn or "")
    if owner == snapshot.account_id or group.account == snapshot.account_id:
        return unreadable("trail-unreadable", trail.arn, failure)
    return in_other_account("trail", trail.arn, owner, snapshot.accounts.get(owner))


def _drops(trail: Trail, account_id: str) -> Link | None:
    assert not isinstance(trail.selectors, ReadFailure)
    partition = Arn.parse(trail.arn).partition
    share = carries_sign_ins(trail.selectors, trail.advanced_selectors, account_id, partition)
    selectors = list(trail.advanced_selectors or trail.selectors)
    if share == "all":
        return None
    if share == "open":
        detail = f"the event selectors of trail {trail.name} depend on undecidable fields"
        return fault("trail-undecided", trail.arn, detail, selectors=selectors)
    part = "all" if share == "none" else "some"
    detail = f"the event selectors of trail {trail.name} leave out {part} console sign-ins"
    return fault("trail-drops-sign-ins", trail.arn, detail, selectors=selectors)


def _fails(trail: Trail) -> Link | None:
    if not trail.delivery_error:
        return None
    detail = f"trail {trail.name} cannot deliver to its log group: {trail.delivery_error}"
    return fault("trail-delivery-failing", trail.arn, detail, error=trail.delivery_error)


def _lags(trail: Trail, at: datetime | None) -> Link | None:
    """Deliveries to the log group that are behind those to the bucket, or that have ceased."""
    last, bucket = trail.delivered, trail.delivered_to_bucket
    if last is None:
        return _never(trail, bucket or at)
    when = last.isoformat()
    if bucket is not None and bucket - last > BEHIND:
        detail = f"trail {trail.name} last delivered to its log group at {when}, to its bucket at "
        detail += bucket.isoformat()
        return fault("trail-delivery-stale", trail.arn, detail, delivered=when)
    assert not isinstance(trail.selectors, ReadFailure)
    reads = records_reads(trail.selectors, trail.advanced_selectors)
    if at is not None and at - last > QUIET and reads:
        detail = f"trail {trail.name} has delivered nothing since {when}"
        return fault("trail-quiet", trail.arn, detail, delivered=when)
    return None


def _never(trail: Trail, until: datetime | None) -> Link | None:
    """A trail that logs for long and has brought nothing; nobody can say since when it should."""
    if trail.started is None or until is None or until - trail.started <= BEHIND:
        return None
    since = trail.started.isoformat()
    detail = f"trail {trail.name} has delivered nothing to its log group; it logs since {since}"
    return fault("trail-quiet", trail.arn, detail, started=since)


def judge_log_group(snapshot: Snapshot, trail: Trail) -> Link:
    arn = trail.log_group_arn
    if arn is None:
        detail = f"trail {trail.name} delivers to no log group"
        return fault("log-group-unset", trail.arn, detail)
    account = Arn.parse(arn).account
    if not snapshot.readable(account):
        return in_other_account("log-group", arn, account, snapshot.accounts.get(account))
    group = snapshot.log_groups.get(arn)
    if isinstance(group, ReadFailure):
        return unreadable("log-group-unreadable", arn, group)
    if group is None:
        return fault("log-group-gone", arn, f"trail {trail.name} names a log group that is gone")
    if group.group_class != "STANDARD":
        detail = f"log group {group.name} is of class {group.group_class}"
        return fault("log-group-class", arn, detail, log_group_class=group.group_class)
    return intact("log-group", arn, f"log group {group.name}")


# Event selectors: do they let console sign-ins through?  A ``ConsoleLogin`` is a management event,
# not read-only, of event source ``signin.amazonaws.com`` (CloudTrail user guide, sign-in events).

# How much of something comes through; "open" depends on a field that cannot be decided here.
Share = Literal["all", "some", "none", "open"]

_SOURCE = "signin.amazonaws.com"
# What an advanced field selector reads of every sign-in.
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


def _equals(value: str, more: bool, pattern: str) -> Share:
    if more:
        return "some" if pattern.startswith(value) and pattern != value else "none"
    return "all" if value == pattern else "none"


def _starts_with(value: str, more: bool, pattern: str) -> Share:
    if value.startswith(pattern):
        return "all"
    return "some" if more and pattern.startswith(value) else "none"


def _ends_with(value: str, more: bool, pattern: str) -> Share:
    if more:
        return "some"
    return "all" if value.endswith(pattern) else "none"


_TESTS: Mapping[str, Callable[[str, bool, str], Share]] = {
    "Equals": _equals,
    "StartsWith": _starts_with,
    "EndsWith": _ends_with,
}
_OPPOSITE: Mapping[Share, Share] = {"all": "none", "none": "all", "some": "some", "open": "open"}


def _most(shares: Iterable[Share]) -> Share:
    """Any of several texts will do."""
    snapshot = set(shares)
    return "all" if "all" in snapshot else "some" if "some" in snapshot else "none"


def _both(shares: Iterable[Share]) -> Share:
    """All of them have to let an event through: what one drops is dropped."""
    snapshot = set(shares)
    order: tuple[Share, ...] = ("none", "some", "open")
    return next((share for share in order if share in snapshot), "all")


def _either(shares: Iterable[Share]) -> Share:
    """One that lets an event through is enough; two that drop some may complete each other."""
    snapshot = [share for share in shares if share != "none"]
    if "all" in snapshot:
        return "all"
    if not snapshot:
        return "none"
    return "some" if snapshot == ["some"] else "open"
