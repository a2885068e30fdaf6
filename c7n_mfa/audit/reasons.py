# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Every reason a link can have, with what it means and how to fix it.

The codes are stable: policies and reports select on them.  ``security_hub`` is the code that AWS
Security Hub's CloudWatch.3 control publishes for the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from c7n_mfa.frozen import frozen

Verdict = Literal["intact", "broken", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("intact", "broken", "unknown")

LINKS = ("trail", "log-group", "metric-filter", "metric", "alarm", "topic", "subscription")


@frozen
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
_REPAIR = "run the repair policy (action set-signin-monitoring)"
_GRANT = "grant the permission named in the detail and run the audit again"
_READ_THERE = (
    "run the audit in the account that owns it, or name a role that may read there (read-role)"
)


def _of(
    verdict: Verdict,
    code: str,
    meaning: str,
    fix: str,
    security_hub: str | None = None,
    repaired: bool = False,
) -> _Entry:
    return lambda link: Reason(code, link, verdict, meaning, fix, repaired, security_hub)


_Entry = Callable[[str], Reason]
_broken, _unknown = partial(_of, "broken"), partial(_of, "unknown")

_TABLE: Mapping[str, tuple[_Entry, ...]] = {
    "trail": (
        _broken(
            "trail-absent",
            "no trail records the account's management events",
            _ADD_TRAIL,
            "CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
        ),
        _broken(
            "trail-single-region",
            "the trail records one Region only, and sign-ins are recorded in the Region "
            "of the sign-in endpoint",
            "make the trail a multi-Region trail",
            "CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
        ),
        _broken(
            "trail-not-logging",
            "logging is switched off on the trail",
            "start logging on the trail (cloudtrail:StartLogging)",
        ),
        _broken(
            "trail-drops-sign-ins",
            "the trail's event selectors leave console sign-ins out",
            "let the trail record management events, read and write, or write only",
        ),
        _broken(
            "trail-delivery-failing",
            "the trail cannot deliver to its log group",
            "fix the role that the trail delivers with (logs:CreateLogStream, logs:PutLogEvents)",
        ),
        _broken(
            "trail-delivery-stale",
            "the trail still delivers to its bucket and no longer to its log group",
            "check the role that the trail delivers with, and let the trail deliver again"
            " (cloudtrail:UpdateTrail)",
        ),
        _unknown(
            "trail-quiet",
            "the trail has delivered no event for a day, although it would record this audit too,"
            " or none at all to its log group",
            "check whether the trail's bucket and log group receive events",
        ),
        _unknown(
            "trail-undecided",
            "whether the trail's event selectors let every console sign-in through cannot"
            " be decided",
            "let the trail record all management events",
        ),
        _broken(
            "trail-regions-uncovered",
            "enabled Regions are recorded by no trail, and sign-ins are recorded in the "
            "Region of the sign-in endpoint",
            _ADD_TRAIL,
            "CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
        ),
        _unknown(
            "regions-unreadable",
            "which Regions are enabled, or which trails record them, could not be read",
            _GRANT,
        ),
        _unknown("trail-unreadable", "the trail could not be read", _GRANT),
    ),
    "log-group": (
        _broken(
            "log-group-unset",
            "the trail delivers to no log group, so no metric filter reads its events",
            "let the trail deliver to a CloudWatch Logs log group "
            "(cloudtrail:UpdateTrail); set-signin-monitoring does it with log-delivery: "
            "create",
        ),
        _broken(
            "log-group-gone",
            "the log group that the trail names does not exist",
            "create the log group again or point the trail to one that exists; "
            "set-signin-monitoring creates it again with log-delivery: create",
        ),
        _broken(
            "log-group-class",
            "the log group is of a class that has no metric filters",
            "let the trail deliver to a log group of the STANDARD class",
        ),
        _unknown("log-group-unreadable", "the log group could not be read", _GRANT),
        _unknown(
            "in-account",
            "the link is in another account and cannot be read from here",
            _READ_THERE,
            "SNS_TOPIC_CROSS_ACCOUNT",
        ),
    ),
    "metric-filter": (
        _broken(
            "filter-absent",
            "no metric filter on the log group looks for console sign-ins",
            _REPAIR,
            "CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT",
            repaired=True,
        ),
        _broken(
            "filter-misses-sign-ins",
            "sign-ins that must be caught do not match the metric filter",
            _REPAIR,
            "CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
            repaired=True,
        ),
        _broken(
            "filter-catches-everything",
            "the metric filter is too broad: it also matches sign-ins with MFA or calls "
            "that are no sign-ins, so its alarm does not indicate a sign-in without MFA",
            _REPAIR,
            "CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
            repaired=True,
        ),
        _unknown(
            "filter-undecided",
            "whether the metric filter catches what it must depends on undocumented behaviour",
            "write the pattern without it; c7n-mfa's own pattern is one that does not depend on it",
        ),
        _broken(
            "filter-excludes-account",
            "fieldSelectionCriteria leave the account's events out",
            "remove fieldSelectionCriteria from the metric filter, or " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "filter-excludes-region",
            "fieldSelectionCriteria leave out the Region of the log group, and with it "
            "every sign-in or all but one Region's",
            "remove fieldSelectionCriteria from the metric filter, or " + _REPAIR,
            repaired=True,
        ),
        _unknown(
            "filter-field-selection",
            "fieldSelectionCriteria may leave accounts or Regions out: they cannot be "
            "read, or depend on whether the Region of an event is its own or its log "
            "group's",
            "remove fieldSelectionCriteria from the metric filter",
        ),
        _unknown(
            "filter-on-transformed-logs",
            "the metric filter reads transformed events, whose fields may have other paths",
            "let the metric filter read the original events (applyOnTransformedLogs false)",
        ),
        _unknown("filters-unreadable", "the metric filters could not be read", _GRANT),
    ),
    "metric": (
        _broken(
            "metric-value-useless",
            "a match publishes no value that an alarm fires on: the metric value is zero,"
            " negative, or a field that sign-ins do not have",
            "set the metric value to 1; " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "metric-has-dimensions",
            "the metric filter writes one metric for each value of its dimensions, and no"
            " alarm watches all of them",
            _REPAIR,
            repaired=True,
        ),
        _broken(
            "metric-shared",
            "another metric filter writes the same metric for sign-ins with MFA or calls "
            "that are no sign-ins, so an alarm on it does not indicate a sign-in without "
            "MFA",
            "give the other metric filter a metric of its own, or " + _REPAIR,
            repaired=True,
        ),
        _unknown(
            "metric-writers-undecided",
            "a metric filter of a log group that is no trail's writes the same metric, and how"
            " often it does is not known",
            "give the other metric filter a metric of its own",
        ),
        _unknown(
            "metric-writers-unreadable",
            "what else writes the metric could not be read",
            "grant logs:DescribeMetricFilters on every log group",
        ),
        _unknown(
            "metric-undecided",
            "the metric is split by account and Region, and it is not documented whether "
            "the one combination that an alarm watches is all there is",
            "remove emitSystemFieldDimensions from the metric filter",
        ),
    ),
    "alarm": (
        _broken(
            "alarm-absent",
            "no alarm watches the metric",
            _REPAIR,
            "CLOUDWATCH_ALARMS_NOT_PRESENT",
            repaired=True,
        ),
        _broken(
            "alarm-on-other-metric",
            "no alarm watches the metric; one watches a metric of nearly the same name",
            "let that alarm watch the filter's metric, or " + _REPAIR,
            "CLOUDWATCH_ALARMS_NOT_PRESENT",
            repaired=True,
        ),
        _broken(
            "alarm-unit-mismatch",
            "the alarm asks for a unit that the metric filter does not write, so it never has data",
            "take the unit off the alarm, or " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "alarm-cannot-fire",
            "one sign-in does not bring the alarm into ALARM",
            "alarm on Sum >= 1 over 1 period; " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "alarm-always-firing",
            "the alarm is in ALARM without any sign-in, so a sign-in changes nothing and "
            "nobody is notified",
            "alarm on Sum >= 1 and treat missing data as notBreaching; " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "alarm-actions-disabled",
            "the alarm's actions are switched off",
            "enable the alarm's actions (cloudwatch:EnableAlarmActions), or " + _REPAIR,
            "CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
            repaired=True,
        ),
        _broken(
            "alarm-without-action",
            "the alarm does nothing when it goes into ALARM",
            _REPAIR,
            "CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
            repaired=True,
        ),
        _broken(
            "alarm-action-not-topic",
            "the alarm's actions notify no topic",
            _REPAIR,
            "CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
            repaired=True,
        ),
        _broken(
            "alarm-stuck",
            "the alarm has been in ALARM for longer than a day, and notifies nobody until"
            " it has left it",
            "find out what holds the alarm there, then set it back (cloudwatch:SetAlarmState)",
        ),
        _broken(
            "alarm-suppressed",
            "the actions of the composite alarm that would notify are suppressed by another alarm",
            "bring the suppressor out of ALARM, or take it off the composite alarm",
        ),
        _broken(
            "alarm-muted",
            "an alarm mute rule silences the alarm now",
            "take the alarm out of the mute rule (cloudwatch:PutAlarmMuteRule)",
        ),
        _broken(
            "alarm-mute-due",
            "an alarm mute rule is scheduled to silence the alarm, and nobody is notified"
            " of a sign-in then",
            "take the alarm out of the mute rule (cloudwatch:PutAlarmMuteRule)",
        ),
        _unknown(
            "mute-rules-unreadable",
            "whether a mute rule silences the alarm could not be read",
            _GRANT,
        ),
        _unknown(
            "alarm-undecided",
            "whether one sign-in fires the alarm, or the composite alarm above it, cannot"
            " be decided",
            "alarm on Sum >= 1 over 1 period",
        ),
        _unknown("alarms-unreadable", "the alarms could not be read", _GRANT),
    ),
    "topic": (
        _broken(
            "topic-gone",
            "the topic that the alarm notifies does not exist",
            _REPAIR,
            "SNS_TOPIC_INVALID",
            repaired=True,
        ),
        _broken(
            "topic-refuses-alarms",
            "the topic's policy does not let CloudWatch alarms publish",
            "allow cloudwatch.amazonaws.com sns:Publish on the topic; " + _REPAIR,
            repaired=True,
        ),
        _broken(
            "topic-key-refuses-alarms",
            "CloudWatch alarms cannot use the key that encrypts the topic",
            "encrypt with a customer key whose policy gives cloudwatch.amazonaws.com "
            "kms:Decrypt and kms:GenerateDataKey*",
        ),
        _unknown(
            "topic-undecided",
            "whether CloudWatch alarms may publish to the topic cannot be decided",
            "look at the conditions named in the detail",
        ),
        _unknown("topic-unreadable", "the topic could not be read", _GRANT),
    ),
    "subscription": (
        _broken(
            "subscription-absent",
            "nobody is subscribed to the topic",
            "name a subscription in the repair policy (subscriptions:) and run it",
            "SNS_SUBSCRIPTION_NOT_PRESENT",
            repaired=True,
        ),
        _broken(
            "subscription-pending",
            "the only subscriptions wait to be confirmed",
            "click the link in the mail that AWS sent to the endpoint; a subscription "
            "nobody confirms expires after some days, and the repair policy then asks for"
            " it again",
            "SNS_SUBSCRIPTION_NOT_PRESENT",
        ),
        _broken(
            "subscription-filtered",
            "the subscription's filter policy lets no alarm notification through",
            "remove the filter policy from the subscription",
        ),
        _unknown(
            "subscription-undecided",
            "whether the subscription's filter policy lets alarm notifications through "
            "cannot be decided",
            "remove the filter policy from the subscription",
        ),
        _unknown("subscriptions-unreadable", "the subscriptions could not be read", _GRANT),
    ),
}


REASONS: Mapping[str, Reason] = {
    reason.code: reason
    for link, entries in _TABLE.items()
    for reason in (entry(link) for entry in entries)
}
