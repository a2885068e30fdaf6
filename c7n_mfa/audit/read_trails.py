# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The trails, and the Regions that they are to record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.alarm_shapes import objects
from c7n_mfa.audit.read_accounts import Readers
from c7n_mfa.audit.values import Snapshot, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure

Trails = tuple[Trail, ...] | ReadFailure


def see_trails(reader: Reader, seen: Snapshot) -> None:
    """The trails of this Region, and the multi-Region trails of all of them."""
    # Shadow trails are included on purpose: they are the multi-Region trails of other Regions.
    seen.trails = _described(reader, seen.region, includeShadowTrails=True)


def _described(reader: Reader, region: str, **which: Any) -> Trails:
    answer: Trails | None = reader.one(
        "cloudtrail",
        region,
        "describe_trails",
        "*",
        lambda page: tuple(map(shapes.trail, objects(page["trailList"]))),
        **which,
    )
    return answer if answer is not None else ()


def see_regions(reader: Reader, seen: Snapshot) -> None:
    """The enabled Regions, and the trails that record one of them only."""
    regions: tuple[str, ...] | ReadFailure | None = reader.one(
        "ec2",
        seen.region,
        "describe_regions",
        "*",
        lambda page: tuple(sorted(str(each["RegionName"]) for each in page["Regions"])),
    )
    seen.regions = regions if regions is not None else ()
    if isinstance(seen.trails, ReadFailure) or isinstance(seen.regions, ReadFailure):
        return
    arns = reader.every(
        "cloudtrail", seen.region, "list_trails", "Trails", "*", lambda item: str(item["TrailARN"])
    )
    if isinstance(arns, ReadFailure):
        seen.regions = arns
        return
    known = {trail.arn for trail in seen.trails}
    for arn in (arn for arn in arns or () if arn not in known):
        found = _described(reader, Arn.parse(arn).region, trailNameList=[arn])
        if isinstance(found, ReadFailure):
            seen.regions = found
            return
        seen.trails = (*seen.trails, *found)


def see_statuses(readers: Readers, seen: Snapshot) -> None:
    """Add to each trail its status and its selectors, unless it is of no use anyway."""
    if isinstance(seen.trails, ReadFailure):
        return
    seen.trails = tuple(
        _with_status(_reader(readers, trail), trail) if on_path(seen, trail) else trail
        for trail in seen.trails
    )


def on_path(seen: Snapshot, trail: Trail) -> bool:
    wanted = trail.multi_region or seen.regions is not None
    return wanted and trail.log_group_arn is not None


def _reader(readers: Readers, trail: Trail) -> Reader:
    # A trail of the organization tells its members too, so that no role is needed for it.
    return readers.of(Arn.parse(trail.arn).account) or readers.own


def _with_status(reader: Reader, trail: Trail) -> Trail:
    ask = ("cloudtrail", trail.home_region)
    status = reader.one(*ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn)
    if status is None:
        return replace(trail, logging=_gone("cloudtrail:GetTrailStatus", trail))
    if isinstance(status, ReadFailure):
        return replace(trail, logging=status)
    trail = replace(
        trail,
        logging=status.logging,
        delivery_error=status.delivery_error,
        delivered=status.delivered,
        delivered_to_bucket=status.delivered_to_bucket,
    )
    return _with_selectors(reader, trail) if status.logging else trail


def _with_selectors(reader: Reader, trail: Trail) -> Trail:
    found = reader.one(
        "cloudtrail",
        trail.home_region,
        "get_event_selectors",
        trail.arn,
        shapes.selectors,
        TrailName=trail.arn,
    )
    if found is None or isinstance(found, ReadFailure):
        gone = _gone("cloudtrail:GetEventSelectors", trail)
        return replace(trail, selectors=found or gone)
    return replace(trail, selectors=found[0], advanced_selectors=found[1])


def _gone(permission: str, trail: Trail) -> ReadFailure:
    """A trail that was listed a moment ago: deleted meanwhile, or hidden from this account."""
    return ReadFailure(permission, trail.arn, "TrailNotFoundException", "the trail was not found")


def log_groups(seen: Snapshot) -> Iterable[str]:
    """The log groups that the trails on the path deliver to."""
    if isinstance(seen.trails, ReadFailure):
        return ()
    wanted = (trail.log_group_arn for trail in seen.trails if on_path(seen, trail))
    return dict.fromkeys(filter(None, wanted))
