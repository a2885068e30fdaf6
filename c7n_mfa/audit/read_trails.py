# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The trails, and the Regions that they are to record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.alarm_shapes import objects
from c7n_mfa.audit.values import Snapshot, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, together

Trails = tuple[Trail, ...] | ReadFailure
Regions = tuple[str, ...] | ReadFailure


def read_trails(reader: Reader, region: str) -> Trails:
    """The trails of this Region, and the multi-Region trails of all of them."""
    # Shadow trails are included on purpose: they are the multi-Region trails of other Regions.
    return _described(reader, region, includeShadowTrails=True)


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


def read_every_trail(reader: Reader, region: str) -> tuple[Trails, Regions]:
    """The trails of all Regions, those that record one of them only included, and the Regions."""
    trails, regions, arns = together(
        partial(read_trails, reader, region),
        partial(_read_regions, reader, region),
        partial(_read_arns, reader, region),
    )
    failure = next((each for each in (regions, arns) if isinstance(each, ReadFailure)), None)
    if failure is not None or isinstance(trails, ReadFailure):
        return trails, failure or regions
    known = {trail.arn for trail in trails}
    others = together(
        *(
            partial(_described, reader, Arn.parse(arn).region, trailNameList=[arn])
            for arn in arns
            if arn not in known
        )
    )
    for found in others:
        if isinstance(found, ReadFailure):
            return trails, found
        trails = (*trails, *found)
    return trails, regions


def _read_regions(reader: Reader, region: str) -> Regions:
    answer: Regions | None = reader.one(
        "ec2",
        region,
        "describe_regions",
        "*",
        lambda page: tuple(sorted(str(each["RegionName"]) for each in page["Regions"])),
    )
    return answer if answer is not None else ()


def _read_arns(reader: Reader, region: str) -> tuple[str, ...] | ReadFailure:
    arns: tuple[str, ...] | ReadFailure | None = reader.every(
        "cloudtrail", region, "list_trails", "Trails", "*", lambda item: str(item["TrailARN"])
    )
    return arns if arns is not None else ()


def on_path(seen: Snapshot, trail: Trail) -> bool:
    wanted = trail.multi_region or seen.regions is not None
    return wanted and trail.log_group_arn is not None


def with_status(reader: Reader, trail: Trail) -> Trail:
    """The trail with its status, and its selectors while it logs."""
    ask = ("cloudtrail", trail.home_region)
    status, selectors = together(
        partial(
            reader.one, *ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn
        ),
        partial(
            reader.one,
            *ask,
            "get_event_selectors",
            trail.arn,
            shapes.selectors,
            TrailName=trail.arn,
        ),
    )
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
    if not status.logging:
        return trail
    if selectors is None or isinstance(selectors, ReadFailure):
        gone = _gone("cloudtrail:GetEventSelectors", trail)
        return replace(trail, selectors=selectors or gone)
    return replace(trail, selectors=selectors[0], advanced_selectors=selectors[1])


def _gone(permission: str, trail: Trail) -> ReadFailure:
    """A trail that was listed a moment ago: deleted meanwhile, or hidden from this account."""
    return ReadFailure(permission, trail.arn, "TrailNotFoundException", "the trail was not found")


def log_groups(seen: Snapshot) -> Iterable[str]:
    """The log groups that the trails on the path deliver to."""
    if isinstance(seen.trails, ReadFailure):
        return ()
    wanted = (trail.log_group_arn for trail in seen.trails if on_path(seen, trail))
    return dict.fromkeys(filter(None, wanted))
