# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One fault of an alarm."""

from __future__ import annotations

from bench.parts import Row, throttled
from c7n_mfa.audit.values import MuteRule
from chains import ACCOUNT, ALARM, FUNCTION, REGION, a_filter, ago, an_alarm, denied

MUTE = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:nights"

ALARM_FAULTS: dict[str, Row] = {
    "no alarm": ({"alarm": ()}, "alarm-absent"),
    "alarms denied": ({"alarm": denied("cloudwatch:DescribeAlarmsForMetric")}, "alarms-unreadable"),
    "other namespace": (
        {"near_alarms": (an_alarm(namespace="AWS/CloudTrailMetrics"),)},
        "alarm-on-other-metric",
    ),
    "all alarms denied": (
        {"near_alarms": denied("cloudwatch:DescribeAlarms")},
        "alarms-unreadable",
    ),
    "dimensions asked for": ({"alarm": {"dimensions": (("a", "b"),)}}, "alarm-on-other-metric"),
    "unit that is not written": ({"alarm": {"unit": "Count"}}, "alarm-unit-mismatch"),
    "threshold out of reach": ({"alarm": {"threshold": 1e9}}, "alarm-cannot-fire"),
    "more than one": ({"alarm": {"comparison": "GreaterThanThreshold"}}, "alarm-cannot-fire"),
    "less than zero": (
        {"alarm": {"comparison": "LessThanThreshold", "threshold": 0.0}},
        "alarm-cannot-fire",
    ),
    "diluted average": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "Average"}},
        "alarm-cannot-fire",
    ),
    "zeroes of another filter on the same metric, under Average": (
        {
            "writers": (a_filter(), a_filter('{ $.x = "y" }', name="Zeroes", default=0.0)),
            "alarm": {"statistic": "Average"},
        },
        "alarm-cannot-fire",
    ),
    "zeroes of another filter on the same metric, under three of three": (
        {
            "writers": (a_filter(), a_filter('{ $.x = "y" }', name="Zeroes", default=0.0)),
            "alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 3},
        },
        "alarm-cannot-fire",
    ),
    "a period of ten seconds": ({"alarm": {"period": 10}}, "alarm-undecided"),
    "a period of thirty seconds": ({"alarm": {"period": 30}}, "alarm-undecided"),
    "three of three, quiet ones count": (
        {"alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 3, "missing": "notBreaching"}},
        "alarm-cannot-fire",
    ),
    "missing data breaches": ({"alarm": {"missing": "breaching"}}, "alarm-always-firing"),
    "missing data ignored": ({"alarm": {"missing": "ignore"}}, "alarm-always-firing"),
    "samples counted, defaults too": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "SampleCount"}},
        "alarm-always-firing",
    ),
    "dimensions of an alarm nearby": (
        {"near_alarms": (an_alarm(dimensions=(("a", "b"),)),)},
        "alarm-on-other-metric",
    ),
    "percentile among zeroes": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "p90"}},
        "alarm-cannot-fire",
    ),
    "interquartile mean among zeroes": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "IQM"}},
        "alarm-cannot-fire",
    ),
    "a high percentile among zeroes": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "p99.9"}},
        "alarm-undecided",
    ),
    "trimmed sum among zeroes": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "TS(10%:90%)"}},
        "alarm-undecided",
    ),
    "low samples ignored": (
        {"alarm": {"statistic": "p50", "low_samples_ignored": True}},
        "alarm-cannot-fire",
    ),
    "a statistic of tomorrow": ({"alarm": {"statistic": "XM(1:2)"}}, "alarm-undecided"),
    "wall clock window, two of three": (
        {"alarm": {"wall_clock": True, "evaluation_periods": 3, "datapoints_to_alarm": 2}},
        "alarm-undecided",
    ),
    "minimum among zeroes": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "Minimum"}},
        "alarm-cannot-fire",
    ),
    "two of three, zeroes between": (
        {
            "filter": {"default": 0.0},
            "alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 2},
        },
        "alarm-cannot-fire",
    ),
    "an expression of several metrics": (
        {"alarm": {"undecided": "m1 + m2 is no plain function of one metric"}},
        "alarm-undecided",
    ),
    "an expression that fills gaps with one": (
        {"alarm": {"reads": ("Security/SignIns",), "fill": 1.0}},
        "alarm-always-firing",
    ),
    "an expression that makes it too small": ({"alarm": {"scale": 0.5}}, "alarm-cannot-fire"),
    "warming up": ({"alarm": {"warm_until": ago(minutes=-5)}}, "alarm-undecided"),
    "in ALARM for a week": (
        {"alarm": {"state": "ALARM", "since": ago(days=7)}},
        "alarm-stuck",
    ),
    "muted now": ({"mutes": (MuteRule(MUTE, "ACTIVE", "ONE_TIME"),)}, "alarm-muted"),
    "muted every night": ({"mutes": (MuteRule(MUTE, "SCHEDULED", "RECURRING"),)}, "alarm-mute-due"),
    "muted next week": ({"mutes": (MuteRule(MUTE, "SCHEDULED", "ONE_TIME"),)}, "alarm-mute-due"),
    "mute rules denied": (
        {"mutes": denied("cloudwatch:ListAlarmMuteRules", ALARM)},
        "mute-rules-unreadable",
    ),
    "mute rules throttled": (
        {"mutes": throttled("cloudwatch:ListAlarmMuteRules", ALARM)},
        "mute-rules-unreadable",
    ),
    "composite alarms denied": (
        {"alarm": {"actions": ()}, "parents": denied("cloudwatch:DescribeAlarms", ALARM)},
        "alarms-unreadable",
    ),
    "composite alarm that wants another too": (
        {"alarm": {"actions": ()}, "parents": {"rule": "ALARM(SignIns) AND ALARM(Other)"}},
        "alarm-undecided",
    ),
    "composite alarm that wants it not": (
        {"alarm": {"actions": ()}, "parents": {"rule": "NOT ALARM(SignIns)"}},
        "alarm-undecided",
    ),
    "composite alarm without action": (
        {"alarm": {"actions": ()}, "parents": {"actions": ()}},
        "alarm-without-action",
    ),
    "composite alarm whose actions are off": (
        {"alarm": {"actions": ()}, "parents": {"actions_enabled": False}},
        "alarm-actions-disabled",
    ),
    "composite alarm that invokes a function": (
        {"alarm": {"actions": ()}, "parents": {"actions": (FUNCTION,)}},
        "alarm-action-not-topic",
    ),
    "composite alarm with a suppressor": (
        {"alarm": {"actions": ()}, "parents": {"suppressor": "Maintenance"}},
        "alarm-undecided",
    ),
    "composite alarm that is suppressed": (
        {
            "alarm": {"actions": ()},
            "parents": {"suppressor": "Maintenance", "suppressed_by": "Alarm"},
        },
        "alarm-suppressed",
    ),
    "composite alarm in ALARM for a week": (
        {"alarm": {"actions": ()}, "parents": {"state": "ALARM", "since": ago(days=7)}},
        "alarm-stuck",
    ),
    "composite alarm muted": (
        {
            "alarm": {"actions": ()},
            "parents": {},
            "mutes": (MuteRule(MUTE, "ACTIVE", "RECURRING"),),
        },
        "alarm-muted",
    ),
    "anomaly band": (
        {"alarm": {"comparison": "GreaterThanUpperThreshold"}},
        "alarm-undecided",
    ),
    "actions off": ({"alarm": {"actions_enabled": False}}, "alarm-actions-disabled"),
    "no action": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "a function only": ({"alarm": {"actions": (FUNCTION,)}}, "alarm-action-not-topic"),
}
