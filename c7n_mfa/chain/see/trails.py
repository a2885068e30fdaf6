# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The trails, and the Regions that they are to record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from c7n_mfa.chain import shapes
from c7n_mfa.chain.alarm_shapes import objects
from c7n_mfa.chain.look import Looker
from c7n_mfa.chain.see.accounts import Lookers
from c7n_mfa.chain.unseen import Unseen
from c7n_mfa.chain.values import Arn, Snapshot, Trail

Trails = tuple[Trail, ...] | Unseen


def see_trails(looker: Looker, seen: Snapshot) -> None:
    """The trails of this Region, and the multi-Region trails of all of them."""
    # Shadow trails are included on purpose: they are the multi-Region trails of other Regions.
    seen.trails = _described(looker, seen.region, includeShadowTrails=True)


def _described(looker: Looker, region: str, **which: Any) -> Trails:
    answer: Trails | None = looker.one(
        "cloudtrail",
        region,
        "describe_trails",
        "*",
        lambda page: tuple(map(shapes.trail, objects(page["trailList"]))),
        **which,
    )
    return answer if answer is not None else ()


def see_regions(looker: Looker, seen: Snapshot) -> None:
    """The enabled Regions, and the trails that record one of them only."""
    regions: tuple[str, ...] | Unseen | None = looker.one(
        "ec2",
        seen.region,
        "describe_regions",
        "*",
        lambda page: tuple(sorted(str(each["RegionName"]) for each in page["Regions"])),
    )
    seen.regions = regions if regions is not None else ()
    if isinstance(seen.trails, Unseen) or isinstance(seen.regions, Unseen):
        return
    arns = looker.every(
        "cloudtrail", seen.region, "list_trails", "Trails", "*", lambda item: str(item["TrailARN"])
    )
    if isinstance(arns, Unseen):
        seen.regions = arns
        return
    known = {trail.arn for trail in seen.trails}
    for arn in (arn for arn in arns or () if arn not in known):
        found = _described(looker, Arn.parse(arn).region, trailNameList=[arn])
        if isinstance(found, Unseen):
            seen.regions = found
            return
        seen.trails = (*seen.trails, *found)


def see_statuses(lookers: Lookers, seen: Snapshot) -> None:
    """Add to each trail its status and its selectors, unless it is of no use anyway."""
    if isinstance(seen.trails, Unseen):
        return
    seen.trails = tuple(
        _with_status(_looker(lookers, trail), trail) if on_path(seen, trail) else trail
        for trail in seen.trails
    )


def on_path(seen: Snapshot, trail: Trail) -> bool:
    wanted = trail.multi_region or seen.regions is not None
    return wanted and trail.log_group_arn is not None


def _looker(lookers: Lookers, trail: Trail) -> Looker:
    # A trail of the organization tells its members too, so that no role is needed for it.
    return lookers.of(Arn.parse(trail.arn).account) or lookers.own


def _with_status(looker: Looker, trail: Trail) -> Trail:
    ask = ("cloudtrail", trail.home_region)
    status = looker.one(*ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn)
    if status is None:
        return replace(trail, logging=_gone("cloudtrail:GetTrailStatus", trail))
    if isinstance(status, Unseen):
        return replace(trail, logging=status)
    trail = replace(
        trail,
        logging=status.logging,
        delivery_error=status.delivery_error,
        delivered=status.delivered,
        delivered_to_bucket=status.delivered_to_bucket,
    )
    return _with_selectors(looker, trail) if status.logging else trail


def _with_selectors(looker: Looker, trail: Trail) -> Trail:
    found = looker.one(
        "cloudtrail",
        trail.home_region,
        "get_event_selectors",
        trail.arn,
        shapes.selectors,
        TrailName=trail.arn,
    )
    if found is None or isinstance(found, Unseen):
        gone = _gone("cloudtrail:GetEventSelectors", trail)
        return replace(trail, selectors=found or gone)
    return replace(trail, selectors=found[0], advanced_selectors=found[1])


def _gone(permission: str, trail: Trail) -> Unseen:
    """A trail that was listed a moment ago: deleted meanwhile, or hidden from this account."""
    return Unseen(permission, trail.arn, "TrailNotFoundException", "the trail was not found")


def log_groups(seen: Snapshot) -> Iterable[str]:
    """The log groups that the trails on the path deliver to."""
    if isinstance(seen.trails, Unseen):
        return ()
    wanted = (trail.log_group_arn for trail in seen.trails if on_path(seen, trail))
    return dict.fromkeys(filter(None, wanted))
