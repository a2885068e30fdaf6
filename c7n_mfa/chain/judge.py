# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on an account, from what was seen of it: pure, no AWS.

Every path from a trail to a topic is judged link by link, up to the first link that is not intact.
The account is intact when the metric filters of its intact chains catch, *together*, every sign-in
of the requirement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from c7n_mfa.chain import links
from c7n_mfa.chain.reasons import Verdict
from c7n_mfa.chain.values import Alarm, MetricFilter, Snapshot, Trail, Unseen
from c7n_mfa.chain.verdicts import (
    Chain,
    Judgement,
    Link,
    fault,
    unseen,
)
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Coverage, assess, may_catch
from c7n_mfa.requirements import Requirement


def relevant(metric_filter: MetricFilter, requirement: Requirement) -> bool:
    """Can the filter match any sign-in that the requirement wants caught?

    A pattern that cannot be read might, so it stays on the path.
    """
    pattern = read(metric_filter)
    return pattern is None or may_catch(pattern, requirement)


def read(metric_filter: MetricFilter) -> Pattern | None:
    """The parsed pattern; ``None`` where AWS took a pattern that this project cannot read."""
    try:
        return parse(metric_filter.pattern)
    except PatternSyntaxError:
        return None


def judge(seen: Snapshot, requirement: Requirement, strict: bool = False) -> Judgement:
    """Judge every chain of the account, then the account."""
    chains = [
        chain
        for prefix, trail in _beginnings(seen)
        for chain in _from_trail(seen, requirement, strict, prefix, trail)
    ]
    working = _coverage(chains, requirement, strict, ("intact",))
    hoped = _coverage(chains, requirement, strict, ("intact", "unknown"))
    verdict = _account_verdict(working, hoped, chains)
    # While the chains that may work catch between them what one of them misses, it is no fault.
    if hoped.verdict == "misses":
        chains = [_with_blind_spots(chain) for chain in chains]
    # Best chain first: it is the one to read, and the one that repair starts from.
    order = {"intact": 0, "unknown": 1, "broken": 2}
    chains.sort(key=lambda chain: (order[chain.verdict], -len(chain.links)))
    return Judgement(requirement.name, verdict, working, tuple(chains))


def _account_verdict(working: Coverage, hoped: Coverage, chains: Sequence[Chain]) -> Verdict:
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


def _with_blind_spots(chain: Chain) -> Chain:
    """When the account is not covered, a filter that misses sign-ins is a broken link."""
    if chain.coverage is None or chain.coverage.verdict != "misses":
        return chain
    position = next(i for i, link in enumerate(chain.links) if link.link == "metric-filter")
    if chain.links[position].verdict != "intact":
        return chain
    assert chain.metric_filter is not None
    link = links.blind(chain.metric_filter, chain.coverage)
    return replace(chain, links=(*chain.links[:position], link))


def _beginnings(seen: Snapshot) -> Iterator[tuple[tuple[Link, ...], Trail | None]]:
    """The trail link of every trail; without any trail, one link that says so."""
    if isinstance(seen.trails, Unseen):
        yield (unseen("trail-unreadable", "cloudtrail", seen.trails),), None
    elif not seen.trails:
        yield (fault("trail-absent", "cloudtrail"),), None
    else:
        for trail in seen.trails:
            yield (links.judge_trail(trail),), trail


def _from_trail(
    seen: Snapshot,
    requirement: Requirement,
    strict: bool,
    prefix: tuple[Link, ...],
    trail: Trail | None,
) -> Iterator[Chain]:
    if trail is None or prefix[-1].verdict != "intact":
        yield Chain(prefix)
        return
    group_link = links.judge_log_group(seen, trail)
    prefix = (*prefix, group_link)
    if group_link.verdict != "intact" or trail.log_group_arn is None:
        yield Chain(prefix)
        return
    filters = seen.filters.get(trail.log_group_arn, ())
    if isinstance(filters, Unseen):
        yield Chain((*prefix, unseen("filters-unreadable", trail.log_group_arn, filters)))
        return
    yield from _from_filters(seen, requirement, strict, prefix, filters)


def _from_filters(
    seen: Snapshot,
    requirement: Requirement,
    strict: bool,
    prefix: tuple[Link, ...],
    filters: Sequence[MetricFilter],
) -> Iterator[Chain]:
    on_path = [f for f in filters if relevant(f, requirement)]
    if not on_path:
        yield _without_filter(requirement, strict, prefix, filters)
    for metric_filter in on_path:
        pattern = read(metric_filter)
        coverage = assess((pattern,), requirement, strict) if pattern else None
        filter_link = links.judge_filter(metric_filter, coverage)
        start = Chain((*prefix, filter_link), metric_filter, None, coverage)
        if filter_link.verdict != "intact":
            yield start
        else:
            yield from _from_metric(seen, requirement, start, metric_filter)


def _without_filter(
    requirement: Requirement,
    strict: bool,
    prefix: tuple[Link, ...],
    filters: Sequence[MetricFilter],
) -> Chain:
    """No filter matches any sign-in: name the one that was perhaps meant to, and why it cannot."""
    meant = next((f for f in filters if "ConsoleLogin" in f.pattern), None)
    pattern = read(meant) if meant else None
    if meant is None or pattern is None:
        detail = _none_matches(len(filters))
        group = prefix[-1].resource
        return Chain((*prefix, fault("filter-absent", group, detail, filters=len(filters))))
    coverage = assess((pattern,), requirement, strict)
    return Chain((*prefix, links.blind(meant, coverage)), meant, None, coverage)


def _none_matches(count: int) -> str:
    if count == 0:
        return "the log group has no metric filter"
    return f"of the log group's metric filters ({count}), none matches a console sign-in"


def drowning(
    seen: Snapshot, requirement: Requirement, metric_filter: MetricFilter
) -> MetricFilter | None:
    """Another filter that writes the same metric for the events of every day."""
    for filters in seen.filters.values():
        for other in () if isinstance(filters, Unseen) else filters:
            if other == metric_filter or other.metric_key != metric_filter.metric_key:
                continue
            if _writes_every_day(other, requirement):
                return other
    return None


def _writes_every_day(metric_filter: MetricFilter, requirement: Requirement) -> bool:
    pattern = read(metric_filter)
    drowned = pattern is not None and assess((pattern,), requirement).drowned
    return bool(drowned) or (metric_filter.default or 0) > 0


def _from_metric(
    seen: Snapshot, requirement: Requirement, chain: Chain, metric_filter: MetricFilter
) -> Iterator[Chain]:
    metric_link = links.judge_metric(metric_filter, drowning(seen, requirement, metric_filter))
    chain = replace(chain, links=(*chain.links, metric_link))
    if metric_link.verdict != "intact":
        yield chain
        return
    key = metric_filter.metric_key
    alarms = seen.alarms.get(key, ())
    if isinstance(alarms, Unseen):
        yield _add(chain, unseen("alarms-unreadable", str(key), alarms))
    elif not alarms:
        yield _add(chain, links.no_alarm(metric_filter, seen.near_alarms.get(key, ())))
    else:
        for alarm in alarms:
            yield from _from_alarm(seen, chain, metric_filter, alarm)


def _from_alarm(
    seen: Snapshot, chain: Chain, metric_filter: MetricFilter, alarm: Alarm
) -> Iterator[Chain]:
    alarm_link = links.judge_alarm(alarm, metric_filter)
    chain = replace(_add(chain, alarm_link), alarm=alarm)
    if alarm_link.verdict != "intact":
        yield chain
        return
    for arn in links.topics_of(alarm):
        topic_link = links.judge_topic(seen, arn, alarm)
        to_topic = _add(chain, topic_link)
        if topic_link.verdict == "intact":
            yield _add(to_topic, links.judge_subscriptions(seen, arn))
        else:
            yield to_topic


def _add(chain: Chain, link: Link) -> Chain:
    return replace(chain, links=(*chain.links, link))
