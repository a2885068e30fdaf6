# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The dead-letter queue of each Region: one thing missing of an account where nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding.judge import judge
from c7n_mfa.forwarding.plan import plan_setting
from c7n_mfa.forwarding.values import NAME, DeadLetters, RegionState, Rule, RuleTarget
from forwarded import (
    ACCOUNT,
    HOME,
    NORTH,
    OURS,
    PLACE,
    add_role,
    add_rule,
    client,
    region,
    rule,
    seen,
    target,
)

QUEUE, TOPIC = "c7n-mfa-dead-letters", "SignInWithoutMfaAlarmSNSTopic"
FUNCTION = f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:custodian-signin-single-factor"
CUSTODIAN = "custodian-signin-single-factor"


def queue(where: str = NORTH, **changes: Any) -> DeadLetters:
    arn = f"arn:aws:sqs:{where}:{ACCOUNT}:{QUEUE}"
    sends = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {
            "ArnLike": {
                "aws:SourceArn": [PLACE.rule(where, name) for name in ("custodian-*", "c7n-mfa-*")]
            }
        },
    }
    good = {
        "url": f"https://sqs.example.com/{where}",
        "policy": {"Version": "2012-10-17", "Statement": [sends]},
        "alarmed": True,
        "topic": f"arn:aws:sns:{where}:{ACCOUNT}:{TOPIC}",
    }
    return DeadLetters(arn, **{**good, **changes})


def forwarding(found: Any = None, *, queued: bool = True, **changes: Any) -> RegionState:
    found = found or queue()
    config = {"Arn": queue().arn} if queued else None
    good = {"targets": {NAME: (target(DeadLetterConfig=config),)}, "dead_letters": found}
    return region(**{**good, **changes})


def home(found: Any = None, *, queued: bool = True, **changes: Any) -> RegionState:
    """The home Region, with a function of custodian's."""
    parameters: dict[str, Any] = {"Id": CUSTODIAN, "Arn": FUNCTION}
    if queued:
        parameters["DeadLetterConfig"] = {"Arn": queue(HOME).arn}
    good = {
        "rules": (Rule(CUSTODIAN, PLACE.rule(HOME, CUSTODIAN), {}),),
        "targets": {CUSTODIAN: (RuleTarget(CUSTODIAN, FUNCTION, None, parameters),)},
        "dead_letters": found or queue(HOME),
    }
    return RegionState(HOME, **{**good, **changes})


def state(here: RegionState | None = None, there: RegionState | None = None) -> Any:
    return replace_regions(seen(), here or home(), there or forwarding())


def replace_regions(found: Any, *regions: RegionState) -> Any:
    found.regions = regions
    return found


def judged(found: Any) -> dict[str, tuple[str | None, str]]:
    return {each.region: (each.reason, each.detail) for each in judge(found).regions}


def planned(found: Any) -> list[tuple[str, str, str]]:
    steps = plan_setting(found, judge(found), {"owner": "security"}).steps
    return [(step.step, step.region, step.result) for step in steps]


def test_an_account_where_nothing_is_lost_is_intact():
    assert judge(state()).verdict == "intact"
    assert planned(state()) == []


def test_without_the_option_nothing_is_asked_of_queues():
    assert judge(seen()).verdict == "intact"


@pytest.mark.parametrize(
    ("there", "detail", "steps"),
    [
        (
            forwarding(queue(url=None, policy={}, alarmed=False)),
            f"there is no queue {queue().arn}",
            ["queue", "alarm"],
        ),
        (
            forwarding(queued=False),
            f"what the target of {NAME} does not get is dropped",
            ["target"],
        ),
        (
            forwarding(queue(policy={})),
            f"the policy of {queue().arn} lets EventBridge send nothing for {NAME}",
            ["queue"],
        ),
    ],
)
def test_a_region_that_loses_sign_ins_is_broken_and_mended(there, detail, steps):
    assert judged(state(there=there))[NORTH] == ("dead-letters-absent", detail)
    assert planned(state(there=there)) == [(step, NORTH, "planned") for step in steps]


def test_custodians_functions_at_home_get_the_queue_too():
    found = state(home(queued=False))
    (step,) = plan_setting(found, judge(found), {}).steps

    assert judged(found)[HOME] == (
        "dead-letters-absent",
        f"what the target of {CUSTODIAN} does not get is dropped",
    )
    assert step.call is not None
    assert step.call.parameters == {
        "Rule": CUSTODIAN,
        "Targets": [
            {"Id": CUSTODIAN, "Arn": FUNCTION, "DeadLetterConfig": {"Arn": queue(HOME).arn}}
        ],
    }
    assert step.undo[0].parameters["Targets"] == [{"Id": CUSTODIAN, "Arn": FUNCTION}]


def test_rules_of_others_at_home_are_no_matter():
    mine = Rule("orders", PLACE.rule(HOME, "orders"), {})
    targets = {"orders": (RuleTarget("x", FUNCTION, None, {"Id": "x", "Arn": FUNCTION}),)}

    assert judge(state(home(rules=(mine,), targets=targets))).verdict == "intact"


def test_at_home_an_alarm_has_to_notify_somebody():
    silent = state(home(queue(HOME, alarmed=False)))
    nobody = state(home(queue(HOME, alarmed=False, topic=None)))

    assert judged(silent)[HOME] == (
        "dead-letters-absent",
        f"no alarm on {queue(HOME).arn} notifies anybody",
    )
    assert planned(silent) == [("alarm", HOME, "planned")]
    assert planned(nobody) == [("alarm", HOME, "skipped")]


def test_elsewhere_there_may_be_no_topic_to_notify():
    assert judge(state(there=forwarding(queue(alarmed=False, topic=None)))).verdict == "intact"


@pytest.mark.parametrize("key", ["alias/aws/sqs", "arn:aws:kms:eu-north-1:1:alias/aws/sqs"])
def test_a_queue_with_a_key_that_eventbridge_may_not_use_loses_sign_ins(key):
    found = state(there=forwarding(queue(key=key)))

    assert judged(found)[NORTH] == (
        "dead-letters-absent",
        f"{queue().arn} is encrypted with {key}, which EventBridge may not use; let SQS manage the "
        "key",
    )
    assert planned(found) == [("queue", NORTH, "skipped")]
    assert judge(state(there=forwarding(queue(key="alias/mine")))).verdict == "intact"


@pytest.mark.parametrize("where", [HOME, NORTH])
def test_sign_ins_that_wait_are_told_and_nothing_is_changed(where):
    found = state(home(queue(HOME, waiting=2)) if where == HOME else None)
    if where == NORTH:
        found = state(there=forwarding(queue(waiting=2)))

    assert judged(found)[where] == ("dead-letters-waiting", f"2 wait in {queue(where).arn}")
    assert planned(found) == [("rule", where, "skipped")]


def test_what_could_not_be_read_is_unknown():
    denied = ReadFailure("sqs:GetQueueUrl", "q", "AccessDenied", "no")
    (verdict,) = [v for v in judge(state(there=forwarding(denied))).regions if v.region == NORTH]

    assert (verdict.verdict, verdict.reason) == ("unknown", "dead-letters-unseen")
    assert verdict.permission == "sqs:GetQueueUrl"


def test_a_foreign_rule_that_forwards_is_not_written_to():
    theirs = rule("theirs")
    there = forwarding(rules=(theirs,), targets={"theirs": (target(),)})

    assert judged(state(there=there))[NORTH][0] == "dead-letters-absent"
    assert planned(state(there=there)) == [("target", NORTH, "skipped")]


def test_a_rule_of_our_name_without_our_tag_is_not_written_to():
    there = forwarding(queued=False, tags={})

    assert planned(state(there=there)) == [("rule", NORTH, "skipped")]


def test_the_policy_of_a_queue_keeps_its_other_statements():
    theirs = {"Sid": "theirs", "Effect": "Allow", "Principal": "*", "Action": "sqs:ListQueues"}
    found = state(there=forwarding(queue(policy={"Version": "2008-10-17", "Statement": theirs})))
    (step,) = plan_setting(found, judge(found), {}).steps

    assert step.call is not None
    written = json.loads(step.call.parameters["Attributes"]["Policy"])
    repaired = state(there=forwarding(queue(policy=written)))
    assert written["Statement"][0] == theirs
    assert judge(repaired).verdict == "intact"


def test_a_rule_that_is_made_names_the_queue_at_once():
    there = forwarding(queue(url=None, policy={}, alarmed=False), rules=(), targets={}, tags={})
    steps = plan_setting(state(there=there), judge(state(there=there)), {}).steps

    assert [step.step for step in steps] == ["rule", "queue", "alarm", "target"]
    assert steps[-1].call is not None
    (written,) = steps[-1].call.parameters["Targets"]
    assert written["DeadLetterConfig"] == {"Arn": queue().arn}


# In moto


@pytest.fixture
def run(request):
    def run(**options):
        asked = {"home": HOME, "regions": [HOME, NORTH], "dead-letters": QUEUE}
        policy = {
            "name": "forward",
            "resource": "account",
            "filters": [{"type": "signin-forwarding", **asked}],
            "actions": [{"type": "set-signin-forwarding", **asked, "topic": TOPIC, **options}],
        }
        config = {"region": HOME, "account_id": ACCOUNT}
        found = PyTestUtils(request).load_policy(policy, config=config).run()
        return found[0]["c7n:signin-forwarding"] if found else None

    return run


@mock_aws
def test_queues_alarm_and_targets_are_set_up_once_and_then_left_alone(run):
    add_role()
    add_rule(NORTH)
    client("sns").create_topic(Name=TOPIC)
    events = client("events")
    events.put_rule(Name=CUSTODIAN, EventPattern=json.dumps({"source": ["aws.signin"]}))
    events.put_targets(Rule=CUSTODIAN, Targets=[{"Id": CUSTODIAN, "Arn": FUNCTION}])

    after = run()

    assert after["verdict"] == "intact", after
    assert events.list_targets_by_rule(Rule=CUSTODIAN)["Targets"] == [
        {"Id": CUSTODIAN, "Arn": FUNCTION, "DeadLetterConfig": {"Arn": queue(HOME).arn}}
    ]
    (led,) = client("events", NORTH).list_targets_by_rule(Rule=NAME)["Targets"]
    assert led == {**target().parameters, "DeadLetterConfig": {"Arn": queue().arn}}
    (alarm,) = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["AlarmActions"] == [f"arn:aws:sns:{HOME}:{ACCOUNT}:{TOPIC}"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        *("ApproximateNumberOfMessagesVisible", 0.0, "GreaterThanThreshold"),
    )
    assert client("cloudwatch", NORTH).describe_alarms()["MetricAlarms"] == []
    for where in (HOME, NORTH):
        sqs = client("sqs", where)
        url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
        assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == OURS
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["MessageRetentionPeriod"] == "1209600"
    assert run() is None

    url = client("sqs", NORTH).get_queue_url(QueueName=QUEUE)["QueueUrl"]
    client("sqs", NORTH).send_message(QueueUrl=url, MessageBody="{}")
    (there,) = [each for each in run()["regions"] if each["region"] == NORTH]
    assert (there["reason"], there["detail"]) == (
        "dead-letters-waiting",
        f"1 wait in {queue().arn}",
    )


@mock_aws
def test_a_queue_that_somebody_made_before_is_kept(run):
    add_role()
    add_rule(NORTH)
    client("sns").create_topic(Name=TOPIC)
    url = client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]

    assert run()["verdict"] == "intact"
    assert client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"] == url
    assert client("sqs").list_queue_tags(QueueUrl=url).get("Tags", {}) == {}


def test_nothing_is_asked_of_queues_without_the_option_and_its_permissions_say_so(request):
    def permissions(**options):
        policy = {
            "name": "forward",
            "resource": "account",
            "filters": [{"type": "signin-forwarding", **options}],
        }
        return PyTestUtils(request).load_policy(policy).get_permissions()

    more = permissions(**{"dead-letters": QUEUE}) - permissions()
    assert more == {
        *("cloudwatch:DescribeAlarmsForMetric", "sns:GetTopicAttributes"),
        *("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
    }
