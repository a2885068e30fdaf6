# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A log group and its metric filters."""

from __future__ import annotations

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import Snapshot
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure


def see_log_group(reader: Reader, seen: Snapshot, arn: str) -> None:
    name, region = shapes.log_group_name(arn), Arn.parse(arn).region
    # Sorted by name: what bears the prefix alone comes first, and is there or not.
    groups = reader.first_page(
        "logs",
        region,
        "describe_log_groups",
        "logGroups",
        arn,
        shapes.log_group,
        logGroupNamePrefix=name,
    )
    if isinstance(groups, ReadFailure):
        seen.log_groups[arn] = groups
    else:
        seen.log_groups[arn] = next((g for g in groups or () if g.name == name), None)
    if seen.log_groups[arn] is None:
        return
    filters = reader.every(
        "logs",
        region,
        "describe_metric_filters",
        "metricFilters",
        arn,
        lambda item: shapes.metric_filter(item, arn),
        logGroupName=name,
    )
    seen.filters[arn] = filters if filters is not None else ()
