# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Every path from a trail to a subscription, judged link by link.  Pure, no AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from c7n_mfa.audit import links
from c7n_mfa.audit.filters import drowning, read, relevant
from c7n_mfa.audit.values import Alarm, MetricFilter, Snapshot, Trail
from c7n_mfa.audit.verdicts import Chain, Link, fault, unseen
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof import Coverage, assess
from c7n_mfa.proof.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Walk:
    """One snapshot under one requirement."""

    seen: Snapshot
    requirement: Requirement
    strict: bool

    def chains(self) -> Iterator[Chain]:
        """The chains of every trail; without any trail, one link that says so."""
        trails = self.seen.trails
        if isinstance(trails, ReadFailure):
            yield Chain((unseen("trail-unreadable", "cloudtrail", trails),))
        elif not trails:
            yield Chain((fault("trail-absent", "cloudtrail"),))
        else:
            for trail in trails:
                yield from self._from_trail(trail)

    def _from_trail(self, trail: Trail) -> Iterator[Chain]:
        only = None if trail.multi_region else trail.home_region
        link = links.judge_trail(trail, self.seen)
        chain = Chain((link,), trail_arn=trail.arn, region=only)
        if link.verdict != "intact":
            yield chain
            return
        chain = add(chain, links.judge_log_group(self.seen, trail))
        if chain.last.verdict != "intact" or trail.log_group_arn is None:
            yield chain
            return
        filters = self.seen.filters.get(trail.log_group_arn, ())
        if isinstance(filters, ReadFailure):
            yield add(chain, unseen("filters-unreadable", trail.log_group_arn, filters))
        else:
            yield from self._from_filters(chain, filters)

    def _from_filters(self, chain: Chain, filters: Sequence[MetricFilter]) -> Iterator[Chain]:
        on_path = [f for f in filters if relevant(f, self.requirement)]
        if not on_path:
            yield self._without_filter(chain, filters)
        for metric_filter in on_path:
            pattern = read(metric_filter)
            coverage = assess((pattern,), self.requirement, self.strict) if pattern else None
            link = links.judge_filter(metric_filter, coverage, self.seen.account_id)
            start = _with_filter(add(chain, link), metric_filter, coverage)
            if link.verdict != "intact":
                yield start
            else:
                yield from self._from_metric(start, metric_filter)

    def _without_filter(self, chain: Chain, filters: Sequence[MetricFilter]) -> Chain:
        """No filter matches any sign-in: name the one that was meant to, and why it cannot."""
        meant = next((f for f in filters if "ConsoleLogin" in f.pattern), None)
        pattern = read(meant) if meant else None
        if meant is None or pattern is None:
            detail = _none_matches(len(filters))
            group = chain.last.resource
            return add(chain, fault("filter-absent", group, detail, filters=len(filters)))
        coverage = assess((pattern,), self.requirement, self.strict)
        link = links.blind(meant, coverage)
        return _with_filter(add(chain, link), meant, coverage)

    def _from_metric(self, chain: Chain, metric_filter: MetricFilter) -> Iterator[Chain]:
        key = metric_filter.metric_key
        near = self.seen.near_alarms.get(key, ())
        drowned_by = drowning(self.seen, self.requirement, metric_filter)
        chain = add(chain, links.judge_metric(metric_filter, drowned_by, near))
        if chain.last.verdict != "intact":
            yield chain
            return
        alarms = self.seen.alarms.get(key, ())
        if isinstance(alarms, ReadFailure):
            yield add(chain, unseen("alarms-unreadable", str(key), alarms))
        elif not alarms:
            yield add(chain, links.no_alarm(metric_filter, near))
        else:
            for alarm in alarms:
                yield from self._from_alarm(chain, metric_filter, alarm)
            if isinstance(near, ReadFailure):
                # Those that were found do not work, and one on an expression might.
                yield add(chain, unseen("alarms-unreadable", str(key), near))

    def _from_alarm(
        self, chain: Chain, metric_filter: MetricFilter, alarm: Alarm
    ) -> Iterator[Chain]:
        for link, teller in links.tellers(self.seen, alarm, metric_filter):
            told = replace(add(chain, link), alarm=alarm)
            if link.verdict != "intact":
                yield told
                continue
            for arn in links.topics_of(teller):
                to_topic = add(told, links.judge_topic(self.seen, arn, teller))
                if to_topic.last.verdict == "intact":
                    to_topic = add(to_topic, links.judge_subscriptions(self.seen, arn, teller))
                yield to_topic


def add(chain: Chain, link: Link) -> Chain:
    return replace(chain, links=(*chain.links, link))


def _with_filter(chain: Chain, metric_filter: MetricFilter, coverage: Coverage | None) -> Chain:
    covers = coverage.caught if coverage else ()
    return replace(chain, covers=covers, metric_filter=metric_filter, coverage=coverage)


def _none_matches(count: int) -> str:
    if count == 0:
        return "the log group has no metric filter"
    return f"of the log group's metric filters ({count}), none matches a console sign-in"
