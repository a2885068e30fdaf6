# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which metric filters matter to a requirement, and which drown the metric of another."""

from __future__ import annotations

from c7n_mfa.audit.values import MetricFilter, Snapshot
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import assess, may_catch
from c7n_mfa.proof.requirements import Requirement


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


def drowning(
    seen: Snapshot, requirement: Requirement, metric_filter: MetricFilter
) -> MetricFilter | None:
    """Another filter that writes the same metric for the events of every day."""
    for filters in seen.filters.values():
        for other in () if isinstance(filters, ReadFailure) else filters:
            if other == metric_filter or other.metric_key != metric_filter.metric_key:
                continue
            if _writes_every_day(other, requirement):
                return other
    return None


def _writes_every_day(metric_filter: MetricFilter, requirement: Requirement) -> bool:
    pattern = read(metric_filter)
    drowned = pattern is not None and assess((pattern,), requirement).too_broad
    return bool(drowned) or (metric_filter.default or 0) > 0
