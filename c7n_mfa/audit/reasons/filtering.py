# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Why sign-ins do not reach the metric: the metric filter, and the metric itself."""

from __future__ import annotations

from c7n_mfa.audit.reasons.values import GRANT, RUN_REPAIR, Reason

REASONS = (
    Reason(
        "filter-absent",
        "metric-filter",
        "broken",
        "no metric filter on the log group looks for console sign-ins",
        RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT",
    ),
    Reason(
        "filter-misses-sign-ins",
        "metric-filter",
        "broken",
        "sign-ins that must be caught do not match the metric filter",
        RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
    ),
    Reason(
        "filter-catches-everything",
        "metric-filter",
        "broken",
        "the metric filter also matches sign-ins with MFA or calls that are no sign-ins, so its "
        "alarm does not tell of a sign-in without MFA",
        RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
    ),
    Reason(
        "filter-undecided",
        "metric-filter",
        "unknown",
        "whether the metric filter catches what it must hangs on undocumented behaviour",
        "write the pattern without it; c7n-mfa's own pattern is one that does not hang on it",
    ),
    Reason(
        "filter-excludes-account",
        "metric-filter",
        "broken",
        "fieldSelectionCriteria leave the account's events out",
        "remove fieldSelectionCriteria from the metric filter, or " + RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "filter-excludes-region",
        "metric-filter",
        "broken",
        "fieldSelectionCriteria leave out the Region of the log group, and with it every sign-in "
        "or all but one Region's",
        "remove fieldSelectionCriteria from the metric filter, or " + RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "filter-field-selection",
        "metric-filter",
        "unknown",
        "fieldSelectionCriteria may leave accounts or Regions out: they cannot be read, or hang on "
        "whether the Region of an event is its own or its log group's",
        "remove fieldSelectionCriteria from the metric filter",
    ),
    Reason(
        "filter-on-transformed-logs",
        "metric-filter",
        "unknown",
        "the metric filter reads transformed events, whose fields may have other paths",
        "let the metric filter read the original events (applyOnTransformedLogs false)",
    ),
    Reason(
        "filters-unreadable",
        "metric-filter",
        "unknown",
        "the metric filters could not be read",
        GRANT,
    ),
    Reason(
        "metric-value-useless",
        "metric",
        "broken",
        "a match publishes nothing an alarm can see: the metric value is zero, negative, or a "
        "field that sign-ins do not have",
        "set the metric value to 1; " + RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "metric-has-dimensions",
        "metric",
        "broken",
        "the metric filter writes one metric for each value of its dimensions, and no alarm "
        "watches all of them",
        RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "metric-shared",
        "metric",
        "broken",
        "another metric filter writes the same metric for sign-ins with MFA or calls that are no "
        "sign-ins, so an alarm on it does not tell of a sign-in without MFA",
        "give the other metric filter a metric of its own, or " + RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "metric-undecided",
        "metric",
        "unknown",
        "the metric is split by account and Region, and it is not documented whether the one "
        "combination that an alarm watches is all there is",
        "remove emitSystemFieldDimensions from the metric filter",
    ),
)
