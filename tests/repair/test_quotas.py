# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Quotas of AWS, named before the first write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.values import Topic
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair.plan import make_plan
from c7n_mfa.repair.target import choose_target
from c7n_mfa.repair.values import Existing, RepairOptions
from chains import CIS_SSO, GROUP, TOPIC, a_filter, an_alarm, document, good_snapshot, statement

QUEUE = ("sqs", "arn:aws:sqs:us-east-1:123456789012:security")
OPTIONS = RepairOptions("single-factor", subscriptions=(QUEUE,))
NAME = "ConsoleSignInWithoutMfaAlarm"


def plan(filters=(), options=OPTIONS, **existing):
    seen = replace(
        good_snapshot(), filters={GROUP: tuple(filters)}, alarms={}, topics={}, subscriptions={}
    )
    judgement = judge(seen, REQUIREMENTS["single-factor"])
    assert choose_target(judgement, options, seen) is not None
    return make_plan(judgement, seen, Existing(**existing), options)


def others(count: int):
    return [a_filter('{ $.eventName = "DeleteTrail" }', name=f"other-{n}") for n in range(count)]


def a_foreign_topic(statements: int, **changes) -> Topic:
    theirs = [
        statement(Sid=f"S{n}", Principal={"Service": "events.amazonaws.com"}, **changes)
        for n in range(statements)
    ]
    return Topic(TOPIC, document(*theirs))


def our_alarm(actions: int):
    notified = tuple(f"{TOPIC}{n}" for n in range(actions))
    alarm = an_alarm(name=NAME, threshold=9.0, actions=notified)
    return {
        "alarm": alarm,
        "alarm_created": True,
        "alarm_as_put": {"AlarmName": NAME, "AlarmActions": [*notified]},
    }


def refusals(steps):
    assert [step for step in steps if step.is_write] == []
    return [(step.step, step.why) for step in steps]


def test_the_hundred_and_first_metric_filter_is_refused():
    assert refusals(plan(others(100))) == [
        (
            "metric-filter",
            "AWS allows 100 metric filters in a log group, and this would make it 101",
        )
    ]


def test_the_hundredth_metric_filter_is_made():
    assert [s.result for s in plan(others(99))] == ["planned"] * 6


def test_a_full_log_group_does_not_matter_when_its_filter_is_adopted():
    filters = [*others(99), a_filter()]

    assert ("metric-filter", "adopted") in [(s.step, s.result) for s in plan(filters)]


def test_the_sixth_action_of_our_alarm_is_refused():
    assert refusals(plan(**our_alarm(5))) == [
        ("alarm", "AWS allows 5 actions of an alarm for a state, and this would make it 6")
    ]


def test_the_fifth_action_of_our_alarm_is_made():
    assert plan(**our_alarm(4))[-1].is_write


def test_more_tags_than_a_resource_can_have_are_refused():
    options = replace(OPTIONS, tags={f"t{n}": "v" for n in range(49)})

    assert refusals(plan(options=options)) == [
        ("topic", "AWS allows 50 tags on a resource, and this would make it 51")
    ]


def test_more_tags_than_an_alarm_can_have_are_refused_too():
    options = replace(OPTIONS, tags={f"t{n}": "v" for n in range(50)})

    assert [step for step, _ in refusals(plan(options=options))] == ["topic", "alarm"]


def test_the_hundred_and_first_statement_of_a_topic_policy_is_refused():
    options = replace(OPTIONS, topic=TOPIC, topic_given=True)

    assert refusals(plan(options=options, topic=a_foreign_topic(100))) == [
        (
            "topic-policy",
            "AWS allows 100 statements in a topic's policy, and this would make it 101",
        )
    ]


def test_a_topic_policy_that_would_be_too_long_is_refused():
    options = replace(OPTIONS, topic=TOPIC, topic_given=True)
    topic = a_foreign_topic(9, Condition={"StringEquals": {"aws:SourceArn": "x" * 3300}})

    ((step, why),) = refusals(plan(options=options, topic=topic))

    assert step == "topic-policy"
    assert why.startswith("AWS allows 30000 bytes of a topic's policy, and this would make it 3")


def test_an_adopted_alarm_counts_for_nothing():
    seen = good_snapshot()

    assert make_plan(judge(seen, REQUIREMENTS["single-factor"]), seen, Existing(), OPTIONS) == ()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_no_pattern_that_repair_makes_counts_as_one_with_a_regular_expression(name, strict):
    # Which have a quota of their own, five in a log group, that need not be looked at.
    assert "%" not in REQUIREMENTS[name].canonical_for(strict)


def test_filters_of_others_that_miss_sign_ins_count():
    assert refusals(plan([*others(99), a_filter(CIS_SSO)]))[0][0] == "metric-filter"
