# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on an account, from what was seen of it: pure, no AWS.

The account is intact when the metric filters of its intact chains catch, *together*, every sign-in
of the requirement; where its Regions were asked for, in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from c7n_mfa.audit import links, regions
from c7n_mfa.audit.filters import drowning, read, relevant
from c7n_mfa.audit.reasons import Verdict
from c7n_mfa.audit.values import Route, Snapshot
from c7n_mfa.audit.verdicts import Chain, Judgement, best_first, worst
from c7n_mfa.audit.walk import Walk
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof import Coverage, assess
from c7n_mfa.proof.requirements import Requirement

__all__ = ["drowning", "judge", "read", "relevant"]


@dataclass(frozen=True, slots=True)
class _Part:
    """The chains of one Region, or of all: what the working ones catch, and what all might."""

    verdict: Verdict
    working: Coverage
    hoped: Coverage


def judge(seen: Snapshot, requirement: Requirement, strict: bool = False) -> Judgement:
    """Judge every chain of the account, then the account."""
    chains = list(Walk(seen, requirement, strict).chains())
    link = regions.unrecorded(seen, chains)
    chains += [Chain((link,))] if link else []
    parts = _parts(seen, chains, requirement, strict)
    verdict = worst(part.verdict for part in parts.values())
    decisive = next(part for part in parts.values() if part.verdict == verdict)
    chains = [_with_blind_spots(chain, parts) for chain in chains]
    # Best chain first: it is the one to read, and the one that repair starts from.
    chains.sort(key=best_first)
    by_region = {region: part.verdict for region, part in parts.items()}
    return Judgement(
        requirement.name,
        verdict,
        decisive.working.blind_spots,
        decisive.working.advice,
        decisive.working.noise,
        decisive.working.depends_on,
        tuple(chains),
        tuple(regions.table(chains, by_region)),
        _routes(seen),
    )


def _parts(
    seen: Snapshot, chains: Sequence[Chain], requirement: Requirement, strict: bool
) -> dict[str, _Part]:
    """The verdict of each Region; one for all of them where they were not asked for."""
    asked = regions.listed(seen) or (regions.EVERY,)
    known: dict[tuple[int, ...], _Part] = {}
    found = {}
    for region in asked:
        here = tuple(i for i, chain in enumerate(chains) if regions.records(chain, region))
        if here not in known:
            known[here] = _part([chains[i] for i in here], requirement, strict)
        found[region] = known[here]
    return found


def _part(chains: Sequence[Chain], requirement: Requirement, strict: bool) -> _Part:
    working = _coverage(chains, requirement, strict, ("intact",))
    hoped = _coverage(chains, requirement, strict, ("intact", "unknown"))
    return _Part(_verdict(working, hoped, chains), working, hoped)


def _verdict(working: Coverage, hoped: Coverage, chains: Sequence[Chain]) -> Verdict:
    if working.verdict == "covers":
        return "intact"
    if working.verdict == "unknown" or any(_hides_what_follows(chain) for chain in chains):
        return "unknown"
    return "broken" if hoped.verdict == "misses" else "unknown"


def _hides_what_follows(chain: Chain) -> bool:
    """An unknown link before the filter, or an unreadable pattern: it may catch everything."""
    return chain.verdict == "unknown" and chain.coverage is None


def _coverage(
    chains: Iterable[Chain], requirement: Requirement, strict: bool, verdicts: Sequence[Verdict]
) -> Coverage:
    patterns = {
        chain.metric_filter.pattern: pattern
        for chain in chains
        if chain.verdict in verdicts and chain.metric_filter
        for pattern in [read(chain.metric_filter)]
        if pattern is not None
    }
    return assess(tuple(patterns.values()), requirement, strict)


def _with_blind_spots(chain: Chain, parts: Mapping[str, _Part]) -> Chain:
    """When the account is not covered, a filter that misses sign-ins is a broken link.

    While the chains that may work catch between them what one of them misses, it is no fault.
    """
    missed = (regions.records(chain, r) for r, p in parts.items() if p.hoped.verdict == "misses")
    if chain.coverage is None or chain.coverage.verdict != "misses" or not any(missed):
        return chain
    position = next(i for i, link in enumerate(chain.links) if link.link == "metric-filter")
    if chain.links[position].verdict != "intact":
        return chain
    assert chain.metric_filter is not None
    link = links.blind(chain.metric_filter, chain.coverage)
    return replace(chain, links=(*chain.links[:position], link))


def _routes(seen: Snapshot) -> tuple[Route, ...] | None:
    """The other routes, or what kept them from being read."""
    if seen.routes is None:
        return None
    return tuple(
        Route.unreadable(route) if isinstance(route, ReadFailure) else route
        for route in seen.routes
    )
