# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps of the metric filter, with names that nobody else uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from c7n_mfa.audit.metric_filter import everyday_writer
from c7n_mfa.audit.shapes import log_group_name
from c7n_mfa.audit.values import MetricFilter
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair import calls
from c7n_mfa.repair.plan.start import Start
from c7n_mfa.repair.records import record_filter
from c7n_mfa.repair.values import Step


def new_filter(start: Start) -> MetricFilter:
    wish = start.wish
    requirement = REQUIREMENTS[wish.requirement]
    wished = MetricFilter(
        name=_filter_name(start),
        log_group_arn=start.base.log_group_arn,
        pattern=requirement.canonical_for(wish.strict),
        namespace=wish.namespace,
        metric=wish.metric_name,
    )
    # A metric that somebody else's filter writes every day can carry no alarm of ours.
    metrics = (replace(wished, metric=name) for name in _names(wish.metric_name))
    return next(f for f in metrics if everyday_writer(start.seen, requirement, f) is None)


def _filter_name(start: Start) -> str:
    """A filter that bears the name already may be anybody's, and is not overwritten."""
    filters = start.seen.filters.get(start.base.log_group_arn, ())
    taken = {f.name for f in filters} if not isinstance(filters, ReadFailure) else set()
    return next(name for name in _names(start.wish.filter_name) if name not in taken)


def _names(wished: str) -> Iterator[str]:
    """The wished name, and others like it for when it is taken."""
    yield wished
    yield f"{wished}-c7n-mfa"
    yield from (f"{wished}-c7n-mfa-{number}" for number in itertools.count(2))


def filter_steps(start: Start, metric_filter: MetricFilter) -> Iterator[Step]:
    if start.base.metric_filter:
        why = "it catches every sign-in of the requirement"
        yield Step("metric-filter", "adopted", metric_filter.name, why)
        return
    yield record_filter(start.base.log_group_arn, metric_filter.name)
    why = "no metric filter catches every sign-in of the requirement"
    group = log_group_name(start.base.log_group_arn)
    yield calls.put_metric_filter(metric_filter, group, why)
