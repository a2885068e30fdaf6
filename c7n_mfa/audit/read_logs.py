# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A log group and its metric filters."""

from __future__ import annotations

from functools import partial

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import LogGroup, MetricFilter
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, together

Group = LogGroup | ReadFailure | None
Filters = tuple[MetricFilter, ...] | ReadFailure


def read_log_group(reader: Reader, arn: str) -> tuple[Group, Filters]:
    """The log group and its metric filters; ``None`` and none where it is gone."""
    group, filters = together(
        partial(_read_group, reader, arn), partial(_read_filters, reader, arn)
    )
    return group, () if group is None or filters is None else filters


def _read_group(reader: Reader, arn: str) -> Group:
    name = shapes.log_group_name(arn)
    # Sorted by name: what bears the prefix alone comes first, and is there or not.
    groups = reader.first_page(
        "logs",
        Arn.parse(arn).region,
        "describe_log_groups",
        "logGroups",
        arn,
        shapes.log_group,
        logGroupNamePrefix=name,
    )
    if isinstance(groups, ReadFailure):
        return groups
    return next((group for group in groups or () if group.name == name), None)


def _read_filters(reader: Reader, arn: str) -> Filters | None:
    filters: Filters | None = reader.every(
        "logs",
        Arn.parse(arn).region,
        "describe_metric_filters",
        "metricFilters",
        arn,
        lambda item: shapes.metric_filter(item, arn),
        logGroupName=shapes.log_group_name(arn),
    )
    return filters
