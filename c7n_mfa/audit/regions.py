# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which Region's sign-ins are heard of: a table from what each chain records.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from c7n_mfa.audit.reasons import Verdict
from c7n_mfa.audit.values import Snapshot
from c7n_mfa.audit.verdicts import Chain, Link, Region, best_first, fault, unseen
from c7n_mfa.aws.read import ReadFailure

EVERY = "every enabled Region"


def listed(seen: Snapshot) -> tuple[str, ...]:
    """The Regions that were asked for; empty where the account is judged as a whole."""
    return () if seen.regions is None or isinstance(seen.regions, ReadFailure) else seen.regions


def records(chain: Chain, region: str) -> bool:
    """Does the chain begin at a trail that records this Region?"""
    return chain.region is None or chain.region == region


def unrecorded(seen: Snapshot, chains: Sequence[Chain]) -> Link | None:
    """The fault of an account with Regions that no trail records, or that could not be listed."""
    if isinstance(seen.regions, ReadFailure):
        if not any(chain.region for chain in chains):
            return None
        return unseen("regions-unreadable", "ec2", seen.regions)
    missing = [
        region
        for region in listed(seen)
        if not any(chain.trail_arn and records(chain, region) for chain in chains)
    ]
    if not missing or not any(chain.trail_arn for chain in chains):
        return None
    detail = f"no trail records {', '.join(missing)}"
    return fault("trail-regions-uncovered", "cloudtrail", detail, regions=missing)


def table(chains: Sequence[Chain], verdicts: Mapping[str, Verdict]) -> list[Region]:
    """Region by Region: the trail and the chain that is best there, and the verdict.

    Without a list of Regions, one row stands for all of them: a multi-Region trail records each.
    """
    return [_row(chains, region, verdict) for region, verdict in verdicts.items()]


def _row(chains: Sequence[Chain], region: str, verdict: Verdict) -> Region:
    here = [i for i, chain in enumerate(chains) if chain.trail_arn and records(chain, region)]
    best = min(here, key=lambda i: best_first(chains[i]), default=None)
    trail = None if best is None else chains[best].trail_arn
    return Region(region, verdict, trail, best)
