# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Every reason a link can have, with what it means and how to mend it.

The codes are stable: policies and reports select on them.  ``security_hub`` is the code that AWS
Security Hub's CloudWatch.3 control publishes for the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["intact", "broken", "unknown"]

LINKS = (
    "trail",
    "log-group",
    "metric-filter",
    "metric",
    "alarm",
    "topic",
    "subscription",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a link is not intact: a code, its meaning, the fix, and whether repair handles it."""

    code: str
    link: str
    verdict: Verdict
    meaning: str
    fix: str
    repaired: bool = False
    security_hub: str | None = None


_ADD_TRAIL = (
    "create a multi-Region trail that delivers management events to a CloudWatch Logs log group"
)
_RUN_REPAIR = "run the repair policy (action set-signin-monitoring)"
_GRANT = "grant the permission named in the detail and run the audit again"
_LOOK_THERE = "run the audit in the account that owns it, or with a role that may read there"

_ALL = (
    Reason(
        "trail-absent",
        "trail",
        "broken",
        "no trail records the account's management events",
        _ADD_TRAIL,
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "trail-single-region",
        "trail",
        "broken",
        "the trail records one Region only, and sign-ins are recorded in the Region of the "
        "sign-in endpoint",
        "make the trail a multi-Region trail",
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "trail-not-logging",
        "trail",
        "broken",
        "logging is switched off on the trail",
        "start logging on the trail (cloudtrail:StartLogging)",
    ),
    Reason(
        "trail-drops-sign-ins",
        "trail",
        "broken",
        "the trail's event selectors leave console sign-ins out",
        "let the trail record management events, read and write, or write only",
    ),
    Reason(
        "trail-delivery-failing",
        "trail",
        "broken",
        "the trail cannot deliver to its log group",
        "mend the role that the trail delivers with (logs:CreateLogStream, logs:PutLogEvents)",
    ),
    Reason(
        "trail-delivery-stale",
        "trail",
        "broken",
        "the trail still delivers to its bucket and no longer to its log group",
        "look at the role that the trail delivers with, and let the trail deliver again "
        "(cloudtrail:UpdateTrail)",
    ),
    Reason(
        "trail-quiet",
        "trail",
        "unknown",
        "the trail has delivered no event for a day, although it would record this audit too",
        "look whether the trail's bucket and log group receive events",
    ),
    Reason(
        "trail-undecided",
        "trail",
        "unknown",
        "whether the trail's event selectors let every console sign-in through cannot be decided",
        "let the trail record all management events",
    ),
    Reason(
        "trail-regions-uncovered",
        "trail",
        "broken",
        "enabled Regions are recorded by no trail, and sign-ins are recorded in the Region of the "
        "sign-in endpoint",
        _ADD_TRAIL,
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "regions-unreadable",
        "trail",
        "unknown",
        "which Regions are enabled, or which trails record them, could not be read",
        _GRANT,
    ),
    Reason("trail-unreadable", "trail", "unknown", "the trail could not be looked at", _GRANT),
    Reason(
        "log-group-unset",
        "log-group",
        "broken",
        "the trail delivers to no log group, so no metric filter can see its events",
        "let the trail deliver to a CloudWatch Logs log group (cloudtrail:UpdateTrail)",
    ),
    Reason(
        "log-group-gone",
        "log-group",
        "broken",
        "the log group that the trail names does not exist",
        "create the log group again or point the trail to one that exists",
    ),
    Reason(
        "log-group-class",
        "log-group",
        "broken",
        "the log group is of a class that has no metric filters",
        "let the trail deliver to a log group of the STANDARD class",
    ),
    Reason(
        "log-group-unreadable", "log-group", "unknown", "the log group could not be read", _GRANT
    ),
    Reason(
        "in-account",
        "log-group",
        "unknown",
        "the link is in another account and cannot be read from here",
        _LOOK_THERE,
        security_hub="SNS_TOPIC_CROSS_ACCOUNT",
    ),
    Reason(
        "filter-absent",
        "metric-filter",
        "broken",
        "no metric filter on the log group looks for console sign-ins",
        _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT",
    ),
    Reason(
        "filter-misses-sign-ins",
        "metric-filter",
        "broken",
        "sign-ins that must be caught do not match the metric filter",
        _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
    ),
    Reason(
        "filter-catches-everything",
        "metric-filter",
        "broken",
        "the metric filter also matches sign-ins with MFA or calls that are no sign-ins, so its "
        "alarm does not tell of a sign-in without MFA",
        _RUN_REPAIR,
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
        "remove fieldSelectionCriteria from the metric filter, or " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "filter-excludes-region",
        "metric-filter",
        "broken",
        "fieldSelectionCriteria leave out the Region of the log group, and with it every sign-in "
        "or all but one Region's",
        "remove fieldSelectionCriteria from the metric filter, or " + _RUN_REPAIR,
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
        _GRANT,
    ),
    Reason(
        "metric-value-useless",
        "metric",
        "broken",
        "a match publishes nothing an alarm can see: the metric value is zero, negative, or a "
        "field that sign-ins do not have",
        "set the metric value to 1; " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "metric-has-dimensions",
        "metric",
        "broken",
        "the metric filter writes one metric for each value of its dimensions, and no alarm "
        "watches all of them",
        _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "metric-shared",
        "metric",
        "broken",
        "another metric filter writes the same metric for sign-ins with MFA or calls that are no "
        "sign-ins, so an alarm on it does not tell of a sign-in without MFA",
        "give the other metric filter a metric of its own, or " + _RUN_REPAIR,
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
    Reason(
        "alarm-absent",
        "alarm",
        "broken",
        "no alarm watches the metric",
        _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDWATCH_ALARMS_NOT_PRESENT",
    ),
    Reason(
        "alarm-on-other-metric",
        "alarm",
        "broken",
        "no alarm watches the metric; one watches a metric of nearly the same name",
        "let that alarm watch the filter's metric, or " + _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDWATCH_ALARMS_NOT_PRESENT",
    ),
    Reason(
        "alarm-unit-mismatch",
        "alarm",
        "broken",
        "the alarm asks for a unit that the metric filter does not write, so it never has data",
        "take the unit off the alarm, or " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "alarm-cannot-fire",
        "alarm",
        "broken",
        "one sign-in does not bring the alarm into ALARM",
        "alarm on Sum >= 1 over 1 period; " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "alarm-always-firing",
        "alarm",
        "broken",
        "the alarm is in ALARM without any sign-in, so a sign-in changes nothing and nobody is "
        "notified",
        "alarm on Sum >= 1 and treat missing data as notBreaching; " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "alarm-actions-disabled",
        "alarm",
        "broken",
        "the alarm's actions are switched off",
        "enable the alarm's actions (cloudwatch:EnableAlarmActions), or " + _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
    ),
    Reason(
        "alarm-without-action",
        "alarm",
        "broken",
        "the alarm does nothing when it goes into ALARM",
        _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
    ),
    Reason(
        "alarm-action-not-topic",
        "alarm",
        "broken",
        "the alarm's actions notify no topic",
        _RUN_REPAIR,
        repaired=True,
        security_hub="CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
    ),
    Reason(
        "alarm-stuck",
        "alarm",
        "broken",
        "the alarm has been in ALARM for longer than a day, and tells of nothing until it has "
        "left it",
        "find out what holds the alarm there, then set it back (cloudwatch:SetAlarmState)",
    ),
    Reason(
        "alarm-suppressed",
        "alarm",
        "broken",
        "the actions of the composite alarm that would tell are suppressed by another alarm",
        "bring the suppressor out of ALARM, or take it off the composite alarm",
    ),
    Reason(
        "alarm-muted",
        "alarm",
        "broken",
        "an alarm mute rule silences the alarm now",
        "take the alarm out of the mute rule (cloudwatch:PutAlarmMuteRule)",
    ),
    Reason(
        "alarm-mute-due",
        "alarm",
        "broken",
        "an alarm mute rule is scheduled to silence the alarm, and nobody hears of a sign-in then",
        "take the alarm out of the mute rule (cloudwatch:PutAlarmMuteRule)",
    ),
    Reason(
        "mute-rules-unreadable",
        "alarm",
        "unknown",
        "whether a mute rule silences the alarm could not be read",
        _GRANT,
    ),
    Reason(
        "alarm-undecided",
        "alarm",
        "unknown",
        "whether one sign-in fires the alarm, or the composite alarm above it, cannot be decided",
        "alarm on Sum >= 1 over 1 period",
    ),
    Reason("alarms-unreadable", "alarm", "unknown", "the alarms could not be read", _GRANT),
    Reason(
        "topic-gone",
        "topic",
        "broken",
        "the topic that the alarm notifies does not exist",
        _RUN_REPAIR,
        repaired=True,
        security_hub="SNS_TOPIC_INVALID",
    ),
    Reason(
        "topic-refuses-alarms",
        "topic",
        "broken",
        "the topic's policy does not let CloudWatch alarms publish",
        "allow cloudwatch.amazonaws.com sns:Publish on the topic; " + _RUN_REPAIR,
        repaired=True,
    ),
    Reason(
        "topic-key-refuses-alarms",
        "topic",
        "broken",
        "CloudWatch alarms cannot use the key that encrypts the topic",
        "encrypt with a customer key whose policy gives cloudwatch.amazonaws.com kms:Decrypt and "
        "kms:GenerateDataKey*",
    ),
    Reason(
        "topic-undecided",
        "topic",
        "unknown",
        "whether CloudWatch alarms may publish to the topic cannot be decided",
        "look at the conditions named in the detail",
    ),
    Reason("topic-unreadable", "topic", "unknown", "the topic could not be read", _GRANT),
    Reason(
        "subscription-absent",
        "subscription",
        "broken",
        "nobody is subscribed to the topic",
        "name a subscription in the repair policy (subscriptions:) and run it",
        repaired=True,
        security_hub="SNS_SUBSCRIPTION_NOT_PRESENT",
    ),
    Reason(
        "subscription-pending",
        "subscription",
        "broken",
        "the only subscriptions wait to be confirmed",
        "click the link in the mail that AWS sent to the endpoint; a subscription nobody confirms "
        "expires after some days, and the repair policy then asks for it again",
        security_hub="SNS_SUBSCRIPTION_NOT_PRESENT",
    ),
    Reason(
        "subscription-filtered",
        "subscription",
        "broken",
        "the subscription's filter policy lets no alarm notification through",
        "remove the filter policy from the subscription",
    ),
    Reason(
        "subscription-undecided",
        "subscription",
        "unknown",
        "whether the subscription's filter policy lets alarm notifications through cannot be "
        "decided",
        "remove the filter policy from the subscription",
    ),
    Reason(
        "subscriptions-unreadable",
        "subscription",
        "unknown",
        "the subscriptions could not be read",
        _GRANT,
    ),
)

REASONS: Mapping[str, Reason] = {reason.code: reason for reason in _ALL}
