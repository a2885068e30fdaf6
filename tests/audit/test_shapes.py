# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Alarms as DescribeAlarms answers them; written by hand from its API reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from c7n_mfa.audit.shapes import alarm, composite, concerns, moment, topic
from c7n_mfa.audit.values import CompositeAlarm, MetricKey
from c7n_mfa.aws.response import MalformedAnswer
from chains import ALARM, COMPOSITE, METRIC, NOW, TOPIC, an_alarm

BASE = {
    "AlarmArn": ALARM,
    "AlarmName": "SignIns",
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "EvaluationPeriods": 1,
    "AlarmActions": [TOPIC],
    "StateValue": "OK",
}
PLAIN = {
    **BASE,
    "Namespace": "Security",
    "MetricName": "SignIns",
    "Statistic": "Sum",
    "Period": 300,
}


def stat(id_: str = "m1", metric: str = "SignIns", **query) -> dict:
    what = {"Namespace": "Security", "MetricName": metric, "Dimensions": []}
    return {"Id": id_, "MetricStat": {"Metric": what, "Period": 300, "Stat": "Sum"}, **query}


def expression(text: str, *stats: dict, **query) -> dict:
    return {**BASE, "Metrics": [{"Id": "e1", "Expression": text, "ReturnData": True}, *stats]}


HIDDEN = stat(ReturnData=False)


def test_a_plain_alarm():
    assert alarm(PLAIN) == an_alarm()


def test_an_alarm_on_one_metric_given_as_a_query_is_plain():
    found = alarm({**BASE, "Metrics": [stat()]})

    assert found == an_alarm(reads=("Security/SignIns",))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("m1", {}),
        ("SUM([m1])", {}),
        ("m1 * 2", {"scale": 2.0}),
        ("FILL(m1, 0)", {"fill": 0.0}),
    ],
)
def test_a_plain_function_of_one_metric_is_an_alarm_on_it(text, changes):
    found = alarm(expression(text, HIDDEN))

    assert found == an_alarm(reads=("Security/SignIns",), **changes)


@pytest.mark.parametrize(
    "item",
    [
        expression("m1 + m2", HIDDEN, stat("m2", "Other", ReturnData=False)),
        expression("m2", HIDDEN),
        expression("ANOMALY_DETECTION_BAND(m1, 2)", HIDDEN),
        expression("m1", stat()),
    ],
    ids=["two metrics", "an id that is not there", "a band", "two values"],
)
def test_any_other_expression_is_undecided_and_concerns_the_metric(item):
    found = alarm(item)

    assert found.undecided is not None
    assert concerns(found, METRIC)
    assert not concerns(found, replace(METRIC, metric="Others"))


@pytest.mark.parametrize("lost", ["Threshold", "ComparisonOperator", "EvaluationPeriods", "Period"])
def test_an_answer_that_lacks_what_every_alarm_has_is_undecided(lost):
    found = alarm({name: value for name, value in PLAIN.items() if name != lost})

    assert found.undecided == f"the answer of AWS lacks {lost}"


def test_an_alarm_on_a_band_needs_no_threshold():
    item = {name: value for name, value in PLAIN.items() if name != "Threshold"}

    assert alarm({**item, "ThresholdMetricId": "band"}).undecided is None


def test_a_topic_without_any_attribute_is_no_topic():
    with pytest.raises(MalformedAnswer, match="the attributes are empty"):
        topic("arn:aws:sns:us-east-1:123456789012:one", {})


def test_a_metric_of_another_account_is_undecided():
    found = alarm({**BASE, "Metrics": [stat(AccountId="210987654321")]})

    assert found.undecided == "its metric is in account 210987654321"


def test_a_query_that_names_the_metric_concerns_it():
    text = 'SELECT SUM(SignIns) FROM SCHEMA("Security")'

    assert concerns(alarm(expression(text)), METRIC)
    assert not concerns(alarm(expression(text)), MetricKey("us-east-1", "Security", "Other", "1"))
    prom = {**BASE, "EvaluationCriteria": {"PromQLCriteria": {"Query": "sum(SignIns) > 0"}}}
    assert alarm(prom).undecided == "sum(SignIns) > 0 is no plain function of one metric"
    assert concerns(alarm(prom), METRIC)


def test_a_plain_alarm_concerns_no_expression():
    assert not concerns(an_alarm(), METRIC)


def test_what_newer_alarms_carry():
    found = alarm(
        {
            **PLAIN,
            "Statistic": None,
            "ExtendedStatistic": "p99",
            "EvaluateLowSampleCountPercentile": "ignore",
            "EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}},
            "AlarmConfigurationUpdatedTimestamp": NOW,
            "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 10},
            "StateValue": "ALARM",
            "StateUpdatedTimestamp": NOW,
        }
    )

    assert found == an_alarm(
        statistic="p99",
        low_samples_ignored=True,
        wall_clock=True,
        warm_until=NOW + timedelta(minutes=10),
        state="ALARM",
        since=NOW,
    )


def test_a_state_is_as_old_as_its_last_transition():
    later = NOW + timedelta(hours=1)

    found = alarm({**PLAIN, "StateUpdatedTimestamp": later, "StateTransitionedTimestamp": NOW})

    assert found.since == NOW


def test_a_composite_alarm():
    item = {"AlarmArn": COMPOSITE, "AlarmName": "C", "AlarmRule": "ALARM(SignIns)"}

    assert composite(item) == CompositeAlarm(COMPOSITE, "C", "ALARM(SignIns)", state="")


@pytest.mark.parametrize("value", ["", "2026-11-21T00:00:00Z", None, 5, datetime(2026, 1, 1)])
def test_a_moment_is_a_time_with_a_zone_or_nothing(value):
    assert moment(value) is None
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1, tzinfo=UTC)
