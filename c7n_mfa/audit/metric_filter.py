# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a metric filter and on the metric that it writes, and what one filter catches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from c7n_mfa.audit.expressions import ACCOUNT, REGION, select
from c7n_mfa.audit.values import Alarm, MetricFilter, Snapshot
from c7n_mfa.audit.verdicts import FilterCoverage, Link, fault, intact, unreadable
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Coverage, Dependency, assess, may_catch, may_match
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import Requirement

_SELECTIONS = {
    "excludes-account": "filter-excludes-account",
    "excludes-region": "filter-excludes-region",
    "open": "filter-field-selection",
}


def judge_filter(metric_filter: MetricFilter, coverage: Coverage | None, account: str) -> Link:
    """The filter link; that a filter alone misses sign-ins is judged with the account."""
    name = metric_filter.name
    evidence = {"pattern": metric_filter.pattern}
    if coverage is None:
        detail = f"the pattern of metric filter {name} cannot be read"
        return fault("filter-undecided", name, detail, **evidence)
    selection = _selection(metric_filter, account)
    if selection is not None:
        detail = f"metric filter {name} selects by {metric_filter.field_selection}"
        return fault(selection, name, detail, **evidence)
    if metric_filter.transformed_logs:
        return fault("filter-on-transformed-logs", name, None, **evidence)
    if coverage.too_broad:
        spot = coverage.too_broad[0]
        detail = f"metric filter {name} also fires when {spot.sentence}"
        return fault("filter-catches-everything", name, detail, **evidence)
    if coverage.verdict == "unknown":
        dependencies = "; ".join(d.sentence.removesuffix(".") for d in coverage.depends_on)
        detail = f"whether metric filter {name} catches what it must is open: {dependencies}"
        return fault("filter-undecided", name, detail, **evidence)
    return intact("metric-filter", name, f"metric filter {name}", **evidence)


def _selection(metric_filter: MetricFilter, account: str) -> str | None:
    """The reason that fieldSelectionCriteria give, if they leave something out or may do so."""
    if not metric_filter.field_selection:
        return None
    group = Arn.parse(metric_filter.log_group_arn)
    decision = select(metric_filter.field_selection, account, group.account, group.region)
    return _SELECTIONS.get(decision)


def missing_sign_ins(metric_filter: MetricFilter, coverage: Coverage) -> Link:
    """The link of a filter that misses sign-ins that no other catches."""
    spots = coverage.blind_spots
    detail = f"metric filter {metric_filter.name} is silent when {spots[0].sentence}"
    if len(spots) > 1:
        detail += f", and in {len(spots) - 1} more cases"
    detail += f": {spots[0].because}"
    evidence = {"pattern": metric_filter.pattern, "misses": [spot.family for spot in spots]}
    return fault("filter-misses-sign-ins", metric_filter.name, detail, **evidence)


def judge_metric(
    metric_filter: MetricFilter,
    snapshot: Snapshot,
    requirement: Requirement,
) -> Link:
    """The metric link: what the filter writes, and what else writes it."""
    metric = str(metric_filter.metric_key)
    value = number(metric_filter.value)
    if value is None or value <= 0:
        detail = f"metric filter {metric_filter.name} publishes {metric_filter.value} for a match"
        return fault("metric-value-useless", metric, detail, value=metric_filter.value)
    if metric_filter.dimensions:
        return _split(metric_filter, snapshot.near_alarms.get(metric_filter.metric_key, ()))
    others = other_writers(snapshot, metric_filter)
    if isinstance(others, ReadFailure):
        return unreadable("metric-writers-unreadable", metric, others)
    everyday = _everyday(others, requirement)
    if everyday:
        detail = f"metric filter {everyday.name} writes {metric} too, also without such a sign-in"
        return fault("metric-shared", metric, detail, pattern=everyday.pattern)
    foreign = next((other for other in others if not _is_of_cloudtrail(snapshot, other)), None)
    if foreign:
        group = Arn.parse(foreign.log_group_arn).resource.removeprefix("log-group:")
        detail = f"metric filter {foreign.name} of log group {group.removesuffix(':*')} writes "
        detail += f"{metric} too, and how often is not known"
        return fault("metric-writers-undecided", metric, detail, pattern=foreign.pattern)
    return intact("metric", metric, f"metric {metric}", value=metric_filter.value)


def _split(metric_filter: MetricFilter, near: Sequence[Alarm] | ReadFailure) -> Link:
    """A metric with dimensions: an alarm on one account and Region may read all that there is."""
    metric = str(metric_filter.metric_key)
    evidence = {"dimensions": [*metric_filter.dimensions]}
    detail = f"metric {metric} is split by {', '.join(metric_filter.dimensions)}"
    if {*metric_filter.dimensions} <= {ACCOUNT, REGION}:
        for alarm in () if isinstance(near, ReadFailure) else near:
            if f"{alarm.namespace}/{alarm.metric}" == metric and alarm.dimensions:
                detail += f", and whether alarm {alarm.name} reads all of it is not documented"
                return fault("metric-undecided", metric, detail, **evidence)
    return fault("metric-has-dimensions", metric, detail, **evidence)


def number(text: str) -> float | None:
    """A literal metric value; ``$.field`` is none, and no sign-in has a field with a number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


# Which metric filters matter


def relevant(metric_filter: MetricFilter, requirement: Requirement) -> bool:
    """Can the filter match any sign-in that the requirement must catch?

    A pattern that cannot be read might, so it stays on the path.
    """
    pattern = pattern_of(metric_filter)
    return pattern is None or may_catch(pattern, requirement)


def pattern_of(metric_filter: MetricFilter) -> Pattern | None:
    """The parsed pattern; ``None`` where AWS took a pattern that this project cannot read."""
    return _parsed(metric_filter.pattern)


def other_writers(
    snapshot: Snapshot, metric_filter: MetricFilter
) -> tuple[MetricFilter, ...] | ReadFailure:
    """The other metric filters that write the same metric, of whatever log group."""
    key = metric_filter.metric_key
    writers = snapshot.writers.get(key)
    if isinstance(writers, ReadFailure):
        return writers
    if writers is None:
        # Nobody asked for them: those that were read on the way from the trails.
        read = (f for f in snapshot.filters.values() if not isinstance(f, ReadFailure))
        writers = tuple(f for filters in read for f in filters if f.metric_key == key)
    return tuple(other for other in writers if other != metric_filter)


def with_defaults(snapshot: Snapshot, metric_filter: MetricFilter) -> MetricFilter:
    """The filter with the default that its metric has while other events arrive."""
    others = other_writers(snapshot, metric_filter)
    if metric_filter.default is not None or isinstance(others, ReadFailure):
        return metric_filter
    defaults = [other.default for other in others if other.default is not None]
    return replace(metric_filter, default=max(defaults)) if defaults else metric_filter


def everyday_writer(
    snapshot: Snapshot, requirement: Requirement, metric_filter: MetricFilter
) -> MetricFilter | None:
    """Another filter that writes the same metric for the events of every day."""
    others = other_writers(snapshot, metric_filter)
    return None if isinstance(others, ReadFailure) else _everyday(others, requirement)


def _everyday(others: Sequence[MetricFilter], requirement: Requirement) -> MetricFilter | None:
    return next((other for other in others if _writes_every_day(other, requirement)), None)


def _is_of_cloudtrail(snapshot: Snapshot, metric_filter: MetricFilter) -> bool:
    """Is its log group that of a trail, or does its pattern name what CloudTrail writes?"""
    if metric_filter.log_group_arn in snapshot.filters:
        return True
    pattern = pattern_of(metric_filter)
    return pattern is not None and may_match(pattern, FAMILIES)


def _writes_every_day(metric_filter: MetricFilter, requirement: Requirement) -> bool:
    pattern = pattern_of(metric_filter)
    broad = pattern is not None and assess((pattern,), requirement).too_broad
    return bool(broad) or (metric_filter.default or 0) > 0


# One metric filter by itself

_SIGN_INS = tuple(f for f in FAMILIES if f.kind != "unrelated")
# What a pattern that means to look for sign-ins names.
_NAMES = ("ConsoleLogin", "MFAUsed")


def coverage_of(text: str, requirement: Requirement, strict: bool = False) -> FilterCoverage | None:
    """What one pattern catches; ``None`` when it has nothing to do with sign-ins."""
    pattern = _parsed(text)
    named = any(name in text for name in _NAMES)
    if pattern is None:
        return _unreadable_coverage(requirement) if named else None
    if not named and not may_match(pattern, _SIGN_INS):
        return None
    fires = may_match(pattern, FAMILIES)
    coverage = assess((pattern,), requirement, strict)
    noise = [spot for spot in coverage.noise if spot.grade == "observed"]
    states: list[str] = [coverage.verdict]
    states += ["never-fires"] if not fires else []
    states += ["noisy"] if noise else []
    return FilterCoverage(
        requirement.name,
        tuple(states),
        coverage.blind_spots,
        coverage.advice,
        tuple(noise),
        coverage.depends_on,
    )


def _parsed(text: str) -> Pattern | None:
    try:
        return parse(text)
    except PatternSyntaxError:
        return None


def _unreadable_coverage(requirement: Requirement) -> FilterCoverage:
    """AWS has stored a pattern that this project would refuse: it cannot say what it means."""
    sentence = "The pattern is not one that the documented language has."
    dependency = Dependency("unreadable-pattern", sentence)
    return FilterCoverage(requirement.name, ("unknown",), depends_on=(dependency,))
