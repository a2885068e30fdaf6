# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a trail and on the log group that it delivers to."""

from __future__ import annotations

from datetime import datetime, timedelta

from c7n_mfa.audit.selectors import carries_sign_ins, records_reads
from c7n_mfa.audit.values import Snapshot, Trail
from c7n_mfa.audit.verdicts import Link, elsewhere, fault, intact, unseen
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure

# CloudTrail delivers to the bucket and to the log group within minutes of each other.
BEHIND = timedelta(hours=2)
# A trail that records reads records this audit too, so that it is never quiet for long.
QUIET = timedelta(days=1)


def judge_trail(trail: Trail, seen: Snapshot | None = None) -> Link:
    """The trail link; without a snapshot, that of a trail of its own account."""
    seen = seen or Snapshot(Arn.parse(trail.arn).account, trail.home_region)
    if not trail.multi_region and seen.regions is None:
        detail = f"trail {trail.name} records {trail.home_region} only"
        return fault("trail-single-region", trail.arn, detail, home_region=trail.home_region)
    if trail.log_group_arn is None:
        # Judged as the log group's fault; the trail was not asked for its status.
        return intact("trail", trail.arn, f"trail {trail.name} records {_where(trail)}")
    if isinstance(trail.logging, ReadFailure):
        return _unread(trail, seen, trail.logging)
    if not trail.logging:
        return fault("trail-not-logging", trail.arn, f"logging of trail {trail.name} is off")
    if isinstance(trail.selectors, ReadFailure):
        return _unread(trail, seen, trail.selectors)
    return (
        _drops(trail, seen.account_id)
        or _fails(trail)
        or _lags(trail, seen.at)
        or intact("trail", trail.arn, f"trail {trail.name} records {_where(trail)} and is logging")
    )


def _where(trail: Trail) -> str:
    return "every Region" if trail.multi_region else f"{trail.home_region} only"


def _unread(trail: Trail, seen: Snapshot, look: ReadFailure) -> Link:
    """A trail that does not tell: one of another account need not, unless its log group is ours."""
    owner = Arn.parse(trail.arn).account
    group = Arn.parse(trail.log_group_arn or "")
    if owner == seen.account_id or group.account == seen.account_id:
        return unseen("trail-unreadable", trail.arn, look)
    return elsewhere("trail", trail.arn, owner, seen.accounts.get(owner))


def _drops(trail: Trail, account_id: str) -> Link | None:
    assert not isinstance(trail.selectors, ReadFailure)
    partition = Arn.parse(trail.arn).partition
    share = carries_sign_ins(trail.selectors, trail.advanced_selectors, account_id, partition)
    selectors = list(trail.advanced_selectors or trail.selectors)
    if share == "all":
        return None
    if share == "open":
        detail = f"the event selectors of trail {trail.name} hang on fields that cannot be decided"
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
        return None
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


def judge_log_group(seen: Snapshot, trail: Trail) -> Link:
    arn = trail.log_group_arn
    if arn is None:
        detail = f"trail {trail.name} delivers to no log group"
        return fault("log-group-unset", trail.arn, detail)
    account = Arn.parse(arn).account
    if not seen.readable(account):
        return elsewhere("log-group", arn, account, seen.accounts.get(account))
    group = seen.log_groups.get(arn)
    if isinstance(group, ReadFailure):
        return unseen("log-group-unreadable", arn, group)
    if group is None:
        return fault("log-group-gone", arn, f"trail {trail.name} names a log group that is gone")
    if group.group_class != "STANDARD":
        detail = f"log group {group.name} is of class {group.group_class}"
        return fault("log-group-class", arn, detail, log_group_class=group.group_class)
    return intact("log-group", arn, f"log group {group.name}")
