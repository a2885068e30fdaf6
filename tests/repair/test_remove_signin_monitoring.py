# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Repair, then removal: the account is as it was, object by object.  On moto."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws

import mocked_account as account
from calls import denied, is_write, watched
from objects import objects

pytestmark = pytest.mark.usefixtures("clients_made_once")

QUEUE = {"subscriptions": [{"protocol": "sqs", "endpoint": account.QUEUE}]}
OTHER_QUEUE = account.QUEUE + "-other"
TOPIC = f"arn:aws:sns:us-east-1:{account.ACCOUNT}:SignInWithoutMfaAlarmSNSTopic"
ALARM = "ConsoleSignInWithoutMfaAlarm"
FILTER = "ConsoleSignInWithoutMfa"
THEIRS = {
    "Sid": "Theirs",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": account.TOPIC,
}


@pytest.fixture
def repair(run):
    return lambda **options: run("set-signin-monitoring", **{**QUEUE, **options})


@pytest.fixture
def remove(run):
    return lambda **options: run("remove-signin-monitoring", **options)


def told(receipt) -> list[tuple[str, str]]:
    return [(step["step"], step["result"]) for step in receipt["steps"]]


def now() -> dict:
    return objects(boto3.Session())


# Starting accounts


def nothing_but_a_trail() -> None:
    account.add_trail()


def a_foreign_topic_with_statements() -> None:
    account.add_trail()
    account.add_topic()
    set_policy({"Version": "2008-10-17", "Id": "theirs", "Statement": [THEIRS]})


def a_foreign_topic_with_a_subscription() -> None:
    account.add_trail()
    account.add_topic()
    account.client("sqs").create_queue(QueueName="security-other")
    account.client("sns").subscribe(TopicArn=account.TOPIC, Protocol="sqs", Endpoint=OTHER_QUEUE)


def a_foreign_topic_with_the_subscription_that_the_policy_names() -> None:
    account.add_trail()
    account.add_topic()
    account.add_subscription()


def a_filter() -> None:
    account.add_trail()
    account.add_filter()


def a_filter_of_our_name_that_misses_sign_ins() -> None:
    account.add_trail()
    account.add_filter('{ $.eventName = "DeleteTrail" }', filterName=FILTER)


def an_alarm_whose_topic_refuses() -> None:
    account.add_good_chain()
    set_policy({"Version": "2012-10-17", "Statement": [THEIRS]})


def a_chain_that_lacks_the_subscription() -> None:
    account.add_trail()
    account.add_filter()
    account.add_topic()
    account.add_alarm()


def a_filter_that_is_gone_before_its_alarm() -> None:
    """An alarm by hand, of our name and on our metric, and nothing that feeds it."""
    account.add_trail()
    account.add_topic()
    account.add_alarm(
        AlarmName=ALARM,
        Namespace="CloudTrailMetrics",
        MetricName="ConsoleSignInWithoutMfaCount",
    )


def set_policy(document: dict) -> None:
    account.client("sns").set_topic_attributes(
        TopicArn=account.TOPIC, AttributeName="Policy", AttributeValue=json.dumps(document)
    )


ADOPTED = {"topic": "Told"}
STARTS = [
    (nothing_but_a_trail, {}),
    (a_foreign_topic_with_statements, ADOPTED),
    (a_foreign_topic_with_a_subscription, ADOPTED),
    (a_foreign_topic_with_the_subscription_that_the_policy_names, ADOPTED),
    (a_filter, {}),
    (a_filter, ADOPTED),
    (a_filter_of_our_name_that_misses_sign_ins, {}),
    (an_alarm_whose_topic_refuses, {}),
    (a_chain_that_lacks_the_subscription, {}),
    (a_filter_that_is_gone_before_its_alarm, ADOPTED),
]


@mock_aws
@pytest.mark.parametrize(
    ("start", "options"), STARTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_repair_that_is_removed_leaves_the_account_as_it_was(repair, remove, start, options):
    start()
    before = now()
    assert repair(**options)["after"] == "intact"
    assert now() != before

    receipt = remove(**options)

    assert now() == before
    assert {result for _, result in told(receipt)} == {"done"}


@mock_aws
@pytest.mark.parametrize(
    ("start", "options"), STARTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_where_nothing_was_repaired_nothing_is_removed(remove, start, options):
    start()

    with watched() as calls:
        receipt = remove(**options)

    assert receipt["steps"] == []
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_an_intact_chain_of_others_is_left_alone(remove):
    account.add_good_chain()
    before = now()

    assert remove()["steps"] == []
    assert now() == before


@mock_aws
def test_the_order_is_from_the_alarm_back_to_the_topic(repair, remove):
    account.add_trail()
    repair()

    assert told(remove()) == [
        ("alarm", "done"),
        ("metric-filter", "done"),
        ("record", "done"),
        ("subscription", "done"),
        ("topic", "done"),
    ]


@mock_aws
def test_the_order_on_a_topic_of_others(repair, remove):
    a_foreign_topic_with_statements()
    repair(**ADOPTED)

    assert told(remove(**ADOPTED)) == [
        ("alarm", "done"),
        ("metric-filter", "done"),
        ("record", "done"),
        ("subscription", "done"),
        ("topic-policy", "done"),
        ("record", "done"),
    ]


@mock_aws
def test_a_second_removal_has_nothing_to_do(repair, remove):
    account.add_trail()
    repair()
    remove()

    with watched() as calls:
        receipt = remove()

    assert receipt["steps"] == []
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_the_topic_is_found_by_the_alarm_whatever_it_is_called(repair, remove):
    account.add_trail()
    before = now()
    repair(topic="AnotherName")

    remove()

    assert now() == before


@mock_aws
def test_an_alarm_of_another_name_is_found_by_its_metric(repair, remove):
    account.add_trail()
    before = now()
    repair(**{"alarm-name": "Mine", "filter-name": "mine", "metric-name": "m"})

    remove()

    assert now() == before


@mock_aws
def test_the_undo_of_every_step_makes_the_chain_again(repair, remove):
    account.add_trail()
    repair(tags={"owner": "security"})
    repaired = now()

    receipt = remove()

    for call in reversed([call for step in receipt["steps"] for call in step["undo"]]):
        getattr(account.client(call["service"]), call["operation"])(**call["parameters"])
    again = now()
    # A new subscription has a new name.
    for each in (repaired, again):
        each["topics"][TOPIC]["subscriptions"] = []
    assert again == repaired


@mock_aws
def test_what_was_changed_is_in_the_receipt_as_it_was(repair, remove):
    a_foreign_topic_with_statements()
    repair(**ADOPTED)

    (step,) = [s for s in remove(**ADOPTED)["steps"] if s["step"] == "topic-policy"]

    sids = [[s["Sid"] for s in step[when]["Statement"]] for when in ("before", "after")]
    assert sids == [["Theirs", "C7nMfaCloudWatchAlarms"], ["Theirs"]]


# What stays


@mock_aws
def test_an_alarm_that_has_lost_its_tag_stays(repair, remove):
    account.add_trail()
    repair()
    (alarm,) = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    account.client("cloudwatch").untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["c7n-mfa"])

    receipt = remove()

    assert "alarm" not in [step for step, _ in told(receipt)]
    assert list(now()["alarms"]) == [ALARM]


@mock_aws
def test_a_filter_whose_pattern_was_changed_stays(repair, remove):
    account.add_trail()
    repair()
    logs = account.client("logs")
    logs.delete_metric_filter(logGroupName=account.GROUP, filterName=FILTER)
    account.add_filter('{ $.eventName = "DeleteTrail" }', filterName=FILTER)

    receipt = remove()

    (step,) = [s for s in receipt["steps"] if s["step"] == "metric-filter"]
    assert (step["result"], step["why"]) == (
        "skipped",
        "it was made by a repair and its pattern changed since; delete it by hand",
    )
    assert [f["filterName"] for f in now()["log groups"][account.GROUP]["filters"]] == [FILTER]
    assert "record" not in [step for step, _ in told(receipt)]


@mock_aws
def test_a_filter_of_our_name_and_pattern_that_nobody_recorded_stays(remove):
    account.add_trail()
    account.add_filter(filterName=FILTER)
    before = now()

    assert remove()["steps"] == []
    assert now() == before


@mock_aws
def test_our_topic_stays_while_somebody_else_is_subscribed(repair, remove):
    account.add_trail()
    repair()
    account.client("sqs").create_queue(QueueName="security-other")
    account.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=OTHER_QUEUE)

    receipt = remove()

    (step,) = [s for s in receipt["steps"] if s["step"] == "topic"]
    assert (step["result"], step["why"]) == (
        "skipped",
        f"created by c7n-mfa, and others use it: sqs subscription {OTHER_QUEUE}",
    )
    (left,) = now()["topics"][TOPIC]["subscriptions"]
    assert left["Endpoint"] == OTHER_QUEUE


@mock_aws
def test_our_topic_stays_while_an_alarm_on_something_else_notifies_it(repair, remove):
    account.add_trail()
    repair()
    account.add_alarm(AlarmName="disk-full", MetricName="Disk", AlarmActions=[TOPIC])

    receipt = remove()

    (step,) = [s for s in receipt["steps"] if s["step"] == "topic"]
    assert step["why"] == "created by c7n-mfa, and others use it: alarm disk-full"
    assert list(now()["alarms"]) == ["disk-full"]


@mock_aws
def test_a_statement_that_somebody_changed_stays(repair, remove):
    a_foreign_topic_with_statements()
    repair(**ADOPTED)
    policy = now()["topics"][account.TOPIC]["attributes"]["Policy"]
    policy["Statement"][1]["Condition"] = {}
    set_policy(policy)

    receipt = remove(**ADOPTED)

    (step,) = [s for s in receipt["steps"] if s["step"] == "topic-policy"]
    assert (step["result"], step["why"]) == (
        "skipped",
        "the statement C7nMfaCloudWatchAlarms is another than repair makes",
    )
    assert now()["topics"][account.TOPIC]["attributes"]["Policy"] == policy


@mock_aws
def test_a_subscription_that_nobody_confirmed_stays_with_its_record(repair, remove):
    # moto confirms at once; AWS answers as set here by hand.
    def pending(answer):
        for subscription in answer["Subscriptions"]:
            subscription["SubscriptionArn"] = "PendingConfirmation"
        return answer

    a_foreign_topic_with_statements()
    repair(**ADOPTED)

    with watched(answers={"sns:ListSubscriptionsByTopic": pending}):
        receipt = remove(**ADOPTED)

    (step,) = [s for s in receipt["steps"] if s["step"] == "subscription"]
    assert (step["result"], step["why"]) == (
        "skipped",
        "nobody has confirmed it, so it cannot be taken away; it expires by itself",
    )
    tags = now()["topics"][account.TOPIC]["tags"]
    assert [key for key in tags if key.startswith("c7n-mfa-subscription-")] != []


# What could not be looked at


@mock_aws
@pytest.mark.parametrize(
    "permission",
    [
        "cloudwatch:ListTagsForResource",
        "logs:ListTagsForResource",
        "sns:ListTagsForResource",
    ],
)
def test_tags_that_cannot_be_read_say_nothing_was_created(repair, remove, permission):
    account.add_trail()
    repair()
    service = permission.partition(":")[0]

    with watched({permission: denied}) as calls:
        receipt = remove()

    deleted = {
        "cloudwatch": "cloudwatch:DeleteAlarms",
        "logs": "logs:DeleteMetricFilter",
        "sns": "sns:DeleteTopic",
    }
    assert deleted[service] not in calls.made
    said = [s["why"] for s in receipt["steps"] if s["result"] == "skipped"]
    assert said
    assert all(f"access denied: grant {permission}" in why for why in said)


@mock_aws
@pytest.mark.parametrize(
    ("permission", "failed"),
    [
        ("cloudwatch:DeleteAlarms", "alarm"),
        ("logs:DeleteMetricFilter", "metric-filter"),
        ("logs:UntagResource", "record"),
        ("sns:Unsubscribe", "subscription"),
        ("sns:DeleteTopic", "topic"),
    ],
)
def test_a_denied_step_stops_the_removal_and_the_next_run_completes_it(
    repair, remove, permission, failed
):
    account.add_trail()
    before = now()
    repair()

    with watched({permission: denied}):
        receipt = remove()

    assert (failed, "failed") in told(receipt)
    assert {r for _, r in told(receipt)[told(receipt).index((failed, "failed")) + 1 :]} <= {
        "not-tried"
    }
    remove()
    assert now() == before


def add_trail_without_log_group():
    account.client("s3").create_bucket(Bucket="trail-bucket")
    trails = account.client("cloudtrail")
    trails.create_trail(Name="management", S3BucketName="trail-bucket", IsMultiRegionTrail=True)
    trails.start_logging(Name="management")


@mock_aws
@pytest.mark.parametrize("permission", ["iam:GetRole", "iam:GetRolePolicy"])
def test_a_delivery_stays_while_its_role_cannot_be_seen(repair, remove, permission):
    add_trail_without_log_group()
    before = now()
    repair(**{"log-delivery": "create"})
    kept = {kind: now()[kind] for kind in ("trails", "roles")}

    with watched({permission: denied}):
        receipt = remove()

    (group,) = [step for step in receipt["steps"] if step["step"] == "log-group"]
    assert group["result"] == "skipped"
    assert group["why"].startswith(f"access denied: grant {permission} on ")
    assert {kind: now()[kind] for kind in kept} == kept
    remove()
    assert now() == before


@mock_aws
def test_a_delivery_stays_while_nobody_can_say_which_trails_use_it(repair, remove):
    add_trail_without_log_group()
    before = now()
    repair(**{"log-delivery": "create"})
    kept = {kind: now()[kind] for kind in ("trails", "roles")}

    # The audit lists the trails too, and goes well.
    looks = iter(["the audit's"])

    def second_denied(answer):
        if next(looks, None) is None:
            raise denied("DescribeTrails")
        return answer

    with watched(answers={"cloudtrail:DescribeTrails": second_denied}):
        receipt = remove()

    said = "access denied: grant cloudtrail:DescribeTrails on *"
    steps = {step["step"]: (step["result"], step["why"]) for step in receipt["steps"]}
    assert (steps["role"], steps["log-group"]) == (("skipped", said), ("skipped", said))
    assert {kind: now()[kind] for kind in kept} == kept
    remove()
    assert now() == before


@mock_aws
def test_calls_are_a_subset_of_the_declared_permissions(repair, remove):
    from c7n_mfa.repair.element import RemoveSigninMonitoring

    a_foreign_topic_with_statements()
    repair(**ADOPTED)

    with watched() as calls:
        remove(**ADOPTED)

    custodians = {"iam:ListAccountAliases", "sts:GetCallerIdentity"}
    assert set(calls.made) - custodians <= set(RemoveSigninMonitoring.permissions)
