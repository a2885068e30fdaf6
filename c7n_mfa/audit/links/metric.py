# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a metric filter and on the metric that it writes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from c7n_mfa.audit.selection import ACCOUNT, REGION, decide
from c7n_mfa.audit.values import Alarm, MetricFilter
from c7n_mfa.audit.verdicts import Link, fault, intact
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof import Coverage

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
        hangs = "; ".join(each.sentence.removesuffix(".") for each in coverage.depends_on)
        detail = f"whether metric filter {name} catches what it must is open: {hangs}"
        return fault("filter-undecided", name, detail, **evidence)
    return intact("metric-filter", name, f"metric filter {name}", **evidence)


def _selection(metric_filter: MetricFilter, account: str) -> str | None:
    """The reason that fieldSelectionCriteria give, if they leave something out or may do so."""
    if not metric_filter.field_selection:
        return None
    group = Arn.parse(metric_filter.log_group_arn)
    decision = decide(metric_filter.field_selection, account, group.account, group.region)
    return _SELECTIONS.get(decision)


def blind(metric_filter: MetricFilter, coverage: Coverage) -> Link:
    """The link of a filter that misses sign-ins nobody else catches."""
    spots = coverage.blind_spots
    detail = f"metric filter {metric_filter.name} is silent when {spots[0].sentence}"
    if len(spots) > 1:
        detail += f", and in {len(spots) - 1} more cases"
    detail += f": {spots[0].because}"
    evidence = {"pattern": metric_filter.pattern, "misses": [spot.family for spot in spots]}
    return fault("filter-misses-sign-ins", metric_filter.name, detail, **evidence)


def judge_metric(
    metric_filter: MetricFilter,
    drowning: MetricFilter | None,
    near: Sequence[Alarm] | ReadFailure = (),
) -> Link:
    """The metric link; ``drowning`` is a filter that writes the same metric every day."""
    metric = str(metric_filter.metric_key)
    value = number(metric_filter.value)
    if value is None or value <= 0:
        detail = f"metric filter {metric_filter.name} publishes {metric_filter.value} for a match"
        return fault("metric-value-useless", metric, detail, value=metric_filter.value)
    if metric_filter.dimensions:
        return _split(metric_filter, near)
    if drowning:
        detail = f"metric filter {drowning.name} writes {metric} too, also without such a sign-in"
        return fault("metric-shared", metric, detail, pattern=drowning.pattern)
    return intact("metric", metric, f"metric {metric}", value=metric_filter.value)


def _split(metric_filter: MetricFilter, near: Sequence[Alarm] | ReadFailure) -> Link:
    """A metric with dimensions: an alarm on one account and Region may see all that there is."""
    metric = str(metric_filter.metric_key)
    evidence = {"dimensions": [*metric_filter.dimensions]}
    detail = f"metric {metric} is split by {', '.join(metric_filter.dimensions)}"
    if {*metric_filter.dimensions} <= {ACCOUNT, REGION}:
        for alarm in () if isinstance(near, ReadFailure) else near:
            if f"{alarm.namespace}/{alarm.metric}" == metric and alarm.dimensions:
                detail += f", and whether alarm {alarm.name} sees all of it is not documented"
                return fault("metric-undecided", metric, detail, **evidence)
    return fault("metric-has-dimensions", metric, detail, **evidence)


def number(text: str) -> float | None:
    """A literal metric value; ``$.field`` is none, and no sign-in has a field with a number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
