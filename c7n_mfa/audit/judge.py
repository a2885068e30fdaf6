# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on every chain from a trail to a subscription, and on the account.  Pure, no AWS.

The account is intact when the metric filters of its intact chains catch, *together*, every sign-in
of the requirement; where its Regions were asked for, in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from c7n_mfa.audit.alarm import no_alarm, notifying_alarms, topics_of
from c7n_mfa.audit.metric_filter import (
    judge_filter,
    judge_metric,
    missing_sign_ins,
    pattern_of,
    relevant,
)
from c7n_mfa.audit.reasons import Verdict
from c7n_mfa.audit.topic import judge_subscriptions, judge_topic
from c7n_mfa.audit.trail import judge_log_group, judge_trail
from c7n_mfa.audit.values import Alarm, MetricFilter, Route, Snapshot, Trail
from c7n_mfa.audit.verdicts import (
    Chain,
    Judgement,
    Link,
    Region,
    best_first,
    fault,
    unreadable,
    worst,
)
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.frozen import frozen
from c7n_mfa.proof import Coverage, assess
from c7n_mfa.proof.families import Account
from c7n_mfa.proof.requirements import Requirement

EVERY_REGION = "every enabled Region"


@frozen
class _Part:
    """The chains of one Region, or of all: what the working ones catch, and what all may catch."""

    verdict: Verdict
    working: Coverage
    possible: Coverage


def judge(snapshot: Snapshot, requirement: Requirement, strict: bool = False) -> Judgement:
    """Judge every chain of the account, then the account."""
    requirement = _of_account(requirement, snapshot)
    chains = list(_Walk(snapshot, requirement, strict).chains())
    link = _unrecorded(snapshot, chains)
    chains += [Chain((link,))] if link else []
    parts = _parts(snapshot, chains, requirement, strict)
    verdict = worst(part.verdict for part in parts.values())
    decisive = next(part for part in parts.values() if part.verdict == verdict)
    chains = [_with_blind_spots(chain, parts) for chain in chains]
    # Best chain first: it is the one to read, and the one that repair starts from.
    chains.sort(key=best_first)
    return Judgement(
        requirement.name,
        verdict,
        decisive.working.blind_spots,
        decisive.working.advice,
        decisive.working.noise,
        decisive.working.depends_on,
        tuple(chains),
        tuple(_region(chains, region, part.verdict) for region, part in parts.items()),
        _routes(snapshot),
    )


def _of_account(requirement: Requirement, snapshot: Snapshot) -> Requirement:
    """A filter may name the account or the partition of the sign-ins that it is to catch."""
    if not snapshot.account_id:
        return requirement
    trails = () if isinstance(snapshot.trails, ReadFailure) else snapshot.trails
    partition = next((Arn.parse(trail.arn).partition for trail in trails), "aws")
    return requirement.of(Account(snapshot.account_id, partition))


# The account: what its chains catch together


def _parts(
    snapshot: Snapshot, chains: Sequence[Chain], requirement: Requirement, strict: bool
) -> dict[str, _Part]:
    """The verdict of each Region; one for all of them where they were not asked for."""
    judged: dict[tuple[int, ...], _Part] = {}
    parts = {}
    for region in _regions(snapshot) or (EVERY_REGION,):
        here = tuple(i for i, chain in enumerate(chains) if _records(chain, region))
        if here not in judged:
            judged[here] = _part([chains[i] for i in here], requirement, strict)
        parts[region] = judged[here]
    return parts


def _part(chains: Sequence[Chain], requirement: Requirement, strict: bool) -> _Part:
    working = _coverage(chains, requirement, strict, ("intact",))
    possible = _coverage(chains, requirement, strict, ("intact", "unknown"))
    return _Part(_verdict(working, possible, chains), working, possible)


def _verdict(working: Coverage, possible: Coverage, chains: Sequence[Chain]) -> Verdict:
    if working.verdict == "covers":
        return "intact"
    if working.verdict == "unknown" or any(_hides_what_follows(chain) for chain in chains):
        return "unknown"
    return "broken" if possible.verdict == "misses" else "unknown"


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
        for pattern in [pattern_of(chain.metric_filter)]
        if pattern is not None
    }
    return assess(tuple(patterns.values()), requirement, strict)


def _with_blind_spots(chain: Chain, parts: Mapping[str, _Part]) -> Chain:
    """When the account is not covered, a filter that misses sign-ins is a broken link.

    While the chains that may work catch between them what one of them misses, it is no fault.
    """
    missed = (_records(chain, r) for r, p in parts.items() if p.possible.verdict == "misses")
    if chain.coverage is None or chain.coverage.verdict != "misses" or not any(missed):
        return chain
    position = next(i for i, link in enumerate(chain.links) if link.link == "metric-filter")
    if chain.links[position].verdict != "intact":
        return chain
    assert chain.metric_filter is not None
    link = missing_sign_ins(chain.metric_filter, chain.coverage)
    return replace(chain, links=(*chain.links[:position], link))


def _routes(snapshot: Snapshot) -> tuple[Route, ...] | None:
    """The other routes, or what kept them from being read."""
    if snapshot.routes is None:
        return None
    return tuple(
        Route.unreadable(route) if isinstance(route, ReadFailure) else route
        for route in snapshot.routes
    )


# Regions: which of them a trail records, and the best chain of each


def _regions(snapshot: Snapshot) -> tuple[str, ...]:
    """The Regions that were asked for; empty where the account is judged as a whole."""
    if snapshot.regions is None or isinstance(snapshot.regions, ReadFailure):
        return ()
    return snapshot.regions


def _records(chain: Chain, region: str) -> bool:
    """Does the chain begin at a trail that records this Region?"""
    return chain.region is None or chain.region == region


def _unrecorded(snapshot: Snapshot, chains: Sequence[Chain]) -> Link | None:
    """The fault of an account with Regions that no trail records, or that could not be listed."""
    if isinstance(snapshot.regions, ReadFailure):
        if not any(chain.region for chain in chains):
            return None
        return unreadable("regions-unreadable", "ec2", snapshot.regions)
    missing = [
        region
        for region in _regions(snapshot)
        if not any(chain.trail_arn and _records(chain, region) for chain in chains)
    ]
    if not missing or not any(chain.trail_arn for chain in chains):
        return None
    detail = f"no trail records {', '.join(missing)}"
    return fault("trail-regions-uncovered", "cloudtrail", detail, regions=missing)


def _region(chains: Sequence[Chain], region: str, verdict: Verdict) -> Region:
    here = [i for i, chain in enumerate(chains) if chain.trail_arn and _records(chain, region)]
    best = min(here, key=lambda i: best_first(chains[i]), default=None)
    trail = None if best is None else chains[best].trail_arn
    return Region(region, verdict, trail, best)


# Chains: every path from a trail, as far as it is intact


@frozen
class _Walk:
    """One snapshot under one requirement."""

    snapshot: Snapshot
    requirement: Requirement
    strict: bool

    def chains(self) -> Iterator[Chain]:
        """The chains of every trail; without any trail, one link that says so."""
        trails = self.snapshot.trails
        if isinstance(trails, ReadFailure):
            yield Chain((unreadable("trail-unreadable", "cloudtrail", trails),))
        elif not trails:
            yield Chain((fault("trail-absent", "cloudtrail"),))
        else:
            for trail in trails:
                yield from self._from_trail(trail)

    def _from_trail(self, trail: Trail) -> Iterator[Chain]:
        only = None if trail.multi_region else trail.home_region
        link = judge_trail(trail, self.snapshot)
        chain = Chain((link,), trail_arn=trail.arn, region=only)
        if link.verdict != "intact":
            yield chain
            return
        chain = _add(chain, judge_log_group(self.snapshot, trail))
        if chain.last.verdict != "intact" or trail.log_group_arn is None:
            yield chain
            return
        filters = self.snapshot.filters.get(trail.log_group_arn, ())
        if isinstance(filters, ReadFailure):
            yield _add(chain, unreadable("filters-unreadable", trail.log_group_arn, filters))
        else:
            yield from self._from_filters(chain, filters)

    def _from_filters(self, chain: Chain, filters: Sequence[MetricFilter]) -> Iterator[Chain]:
        on_path = [f for f in filters if relevant(f, self.requirement)]
        if not on_path:
            yield self._without_filter(chain, filters)
        for metric_filter in on_path:
            pattern = pattern_of(metric_filter)
            coverage = assess((pattern,), self.requirement, self.strict) if pattern else None
            link = judge_filter(metric_filter, coverage, self.snapshot.account_id)
            start = _with_filter(_add(chain, link), metric_filter, coverage)
            if link.verdict != "intact":
                yield start
            else:
                yield from self._from_metric(start, metric_filter)

    def _without_filter(self, chain: Chain, filters: Sequence[MetricFilter]) -> Chain:
        """No filter matches any sign-in: name the one that was meant to, and why it cannot."""
        meant = next((f for f in filters if "ConsoleLogin" in f.pattern), None)
        pattern = pattern_of(meant) if meant else None
        if meant is None or pattern is None:
            detail = _none_matches(len(filters))
            group = chain.last.resource
            return _add(chain, fault("filter-absent", group, detail, filters=len(filters)))
        coverage = assess((pattern,), self.requirement, self.strict)
        link = missing_sign_ins(meant, coverage)
        return _with_filter(_add(chain, link), meant, coverage)

    def _from_metric(self, chain: Chain, metric_filter: MetricFilter) -> Iterator[Chain]:
        key = metric_filter.metric_key
        near = self.snapshot.near_alarms.get(key, ())
        chain = _add(chain, judge_metric(metric_filter, self.snapshot, self.requirement))
        if chain.last.verdict != "intact":
            yield chain
            return
        alarms = self.snapshot.alarms.get(key, ())
        if isinstance(alarms, ReadFailure):
            yield _add(chain, unreadable("alarms-unreadable", str(key), alarms))
        elif not alarms:
            yield _add(chain, no_alarm(metric_filter, near))
        else:
            for alarm in alarms:
                yield from self._from_alarm(chain, metric_filter, alarm)
            if isinstance(near, ReadFailure):
                # Those that were read do not work, and one on an expression might.
                yield _add(chain, unreadable("alarms-unreadable", str(key), near))

    def _from_alarm(
        self, chain: Chain, metric_filter: MetricFilter, alarm: Alarm
    ) -> Iterator[Chain]:
        for link, notifying in notifying_alarms(self.snapshot, alarm, metric_filter):
            to_alarm = replace(_add(chain, link), alarm=alarm)
            if link.verdict != "intact":
                yield to_alarm
                continue
            for arn in topics_of(notifying):
                to_topic = _add(to_alarm, judge_topic(self.snapshot, arn, notifying))
                if to_topic.last.verdict == "intact":
                    to_topic = _add(to_topic, judge_subscriptions(self.snapshot, arn, notifying))
                yield to_topic


def _add(chain: Chain, link: Link) -> Chain:
    return replace(chain, links=(*chain.links, link))


def _with_filter(chain: Chain, metric_filter: MetricFilter, coverage: Coverage | None) -> Chain:
    covers = coverage.caught if coverage else ()
    return replace(chain, covers=covers, metric_filter=metric_filter, coverage=coverage)


def _none_matches(count: int) -> str:
    if count == 0:
        return "the log group has no metric filter"
    return f"of the log group's metric filters ({count}), none matches a console sign-in"
