# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The account action, through c7n's own policy loading, on moto."""

from __future__ import annotations

import json

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair.values import subscription_key
from calls import denied, is_write, watched

KEY = "c7n:signin-monitoring"
DEFAULT_TOPIC = f"arn:aws:sns:us-east-1:{account.ACCOUNT}:SignInWithoutMfaAlarmSNSTopic"
DEFAULT_ALARM = f"arn:aws:cloudwatch:us-east-1:{account.ACCOUNT}:alarm:ConsoleSignInWithoutMfaAlarm"
TO_QUEUE = {"subscriptions": [{"protocol": "sqs", "endpoint": account.QUEUE}]}
TO_PERSON = {"subscriptions": [{"protocol": "email", "endpoint": "user@example.com"}]}
STEPS = ["topic", "topic-policy", "subscription", "record", "metric-filter", "alarm"]


@pytest.fixture
def load(request):
    def load(filter_options=None, **options):
        return PyTestUtils(request).load_policy(
            {
                "name": "signin-monitoring-repair",
                "resource": "aws.account",
                "filters": [
                    {
                        "type": "signin-monitoring",
                        "state": ["intact", "broken", "unknown"],
                        **(filter_options or {}),
                    }
                ],
                "actions": [{"type": "set-signin-monitoring", **options}],
            },
            config={"region": account.REGION, "account_id": account.ACCOUNT},
        )

    return load


@pytest.fixture
def repair(load, tmp_path):
    """Run the repair policy: the account afterwards and the receipt that custodian wrote."""

    def repair(**options):
        policy = load(**options)
        policy.options["output_dir"] = str(tmp_path)
        (found,) = policy.run()
        (receipt,) = json.loads(next(tmp_path.rglob("action-setsigninmonitoring")).read_text())
        return found[KEY], receipt

    return repair


def results(receipt) -> list[tuple[str, str]]:
    return [(step["step"], step["result"]) for step in receipt["steps"]]


@mock_aws
def test_everything_behind_the_log_group_is_built_and_found_intact(repair):
    account.add_trail()

    after, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [(step, "done") for step in STEPS]
    assert (receipt["before"], receipt["after"]) == ("broken", "intact")
    assert after["verdict"] == "intact"


@mock_aws
def test_what_is_built_bears_the_names_of_the_resolution_page(repair):
    account.add_trail()

    repair(**TO_QUEUE)

    (metric_filter,) = account.client("logs").describe_metric_filters()["metricFilters"]
    (alarm,) = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert metric_filter["filterName"] == "ConsoleSignInWithoutMfa"
    assert metric_filter["filterPattern"] == REQUIREMENTS["single-factor"].canonical
    assert metric_filter["metricTransformations"] == [
        {
            "metricName": "ConsoleSignInWithoutMfaCount",
            "metricNamespace": "CloudTrailMetrics",
            "metricValue": "1",
        }
    ]
    assert alarm["AlarmArn"] == DEFAULT_ALARM
    assert alarm["AlarmActions"] == [DEFAULT_TOPIC]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", 1.0, 300)


@mock_aws
def test_what_is_built_carries_the_tags(repair):
    account.add_trail()

    repair(tags={"owner": "security"}, **TO_QUEUE)

    topic = account.client("sns").list_tags_for_resource(ResourceArn=DEFAULT_TOPIC)["Tags"]
    alarm = account.client("cloudwatch").list_tags_for_resource(ResourceARN=DEFAULT_ALARM)["Tags"]
    expected = {"owner": "security", "c7n-mfa": "signin-monitoring"}
    record = subscription_key(DEFAULT_TOPIC, "sqs", account.QUEUE)
    assert {tag["Key"]: tag["Value"] for tag in topic} == {**expected, record: "signin-monitoring"}
    assert {tag["Key"]: tag["Value"] for tag in alarm} == expected


@mock_aws
def test_only_cloudwatch_alarms_of_the_account_may_publish_to_a_topic_that_repair_made(repair):
    account.add_trail()

    repair(**TO_QUEUE)

    attributes = account.client("sns").get_topic_attributes(TopicArn=DEFAULT_TOPIC)["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement == {
        "Sid": "C7nMfaCloudWatchAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": DEFAULT_TOPIC,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account.ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{account.ACCOUNT}:alarm:*"},
        },
    }


@mock_aws
def test_the_options_name_everything(repair):
    account.add_trail()

    _, receipt = repair(
        topic="Told",
        **{
            "filter-name": "f",
            "metric-name": "m",
            "namespace": "n",
            "alarm-name": "a",
        },
        **TO_QUEUE,
    )

    (metric_filter,) = account.client("logs").describe_metric_filters()["metricFilters"]
    (alarm,) = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert receipt["after"] == "intact"
    assert metric_filter["filterName"] == "f"
    assert (alarm["AlarmName"], alarm["Namespace"], alarm["MetricName"]) == ("a", "n", "m")
    assert alarm["AlarmActions"] == [account.TOPIC]


@mock_aws
def test_a_second_repair_makes_no_write(repair, load):
    account.add_trail()
    repair(**TO_QUEUE)

    with watched() as calls:
        load(**TO_QUEUE).run()

    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_an_intact_chain_is_left_alone(repair):
    account.add_good_chain()

    with watched() as calls:
        after, receipt = repair(**TO_QUEUE)

    assert receipt["steps"] == []
    assert after["verdict"] == "intact"
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_a_working_filter_and_topic_are_adopted(repair):
    account.add_trail()
    account.add_filter()
    account.add_topic()
    account.add_subscription()

    after, receipt = repair(topic="Told")

    assert results(receipt) == [
        ("topic", "adopted"),
        ("metric-filter", "adopted"),
        ("alarm", "done"),
    ]
    assert after["verdict"] == "intact"


@mock_aws
def test_only_the_missing_subscription_is_made(repair):
    account.add_trail()
    account.add_filter()
    account.add_topic()
    account.add_alarm()

    after, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [
        ("topic", "adopted"),
        ("record", "done"),
        ("subscription", "done"),
        ("metric-filter", "adopted"),
        ("alarm", "adopted"),
    ]
    assert after["verdict"] == "intact"


@mock_aws
def test_a_foreign_statement_of_a_topics_policy_stays(repair):
    account.add_trail()
    account.add_topic()
    foreign = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": account.TOPIC,
    }
    account.client("sns").set_topic_attributes(
        TopicArn=account.TOPIC,
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [foreign]}),
    )

    after, _ = repair(topic=account.TOPIC, **TO_QUEUE)

    attributes = account.client("sns").get_topic_attributes(TopicArn=account.TOPIC)["Attributes"]
    statements = json.loads(attributes["Policy"])["Statement"]
    assert after["verdict"] == "intact"
    assert foreign in statements
    assert [statement["Sid"] for statement in statements] == ["Theirs", "C7nMfaCloudWatchAlarms"]


@mock_aws
def test_an_alarm_of_the_same_name_that_watches_something_else_is_refused(repair):
    account.add_trail()
    account.add_alarm(AlarmName="ConsoleSignInWithoutMfaAlarm", MetricName="Other")

    with watched() as calls:
        after, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [("alarm", "skipped")]
    assert receipt["steps"][0]["why"] == (
        "an alarm named ConsoleSignInWithoutMfaAlarm exists, watches Security/Other and was not "
        "created by c7n-mfa (no tag c7n-mfa); rename it, or give the action another alarm-name"
    )
    assert after["verdict"] == "broken"
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_without_a_trail_nothing_is_made_and_the_fix_is_named(repair):
    with watched() as calls:
        _, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [("chain", "skipped")]
    assert "create a multi-Region trail" in receipt["steps"][0]["why"]
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_an_account_that_could_not_be_read_is_not_repaired(repair):
    account.add_trail()

    with watched({"logs:DescribeMetricFilters": denied}) as calls:
        _, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [("chain", "skipped")]
    assert "grant logs:DescribeMetricFilters" in receipt["steps"][0]["why"]
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
@pytest.mark.parametrize(
    ("permission", "failed"),
    [
        ("sns:CreateTopic", "topic"),
        ("sns:SetTopicAttributes", "topic-policy"),
        ("sns:Subscribe", "subscription"),
        ("logs:TagResource", "record"),
        ("logs:PutMetricFilter", "metric-filter"),
        ("cloudwatch:PutMetricAlarm", "alarm"),
    ],
)
def test_a_denied_step_stops_the_plan_and_the_next_run_completes_it(
    repair, tmp_path, permission, failed
):
    account.add_trail()
    at = STEPS.index(failed)

    with watched({permission: denied}):
        after, receipt = repair(**TO_QUEUE)

    assert results(receipt) == [
        *((step, "done") for step in STEPS[:at]),
        (failed, "failed"),
        *((step, "not-tried") for step in STEPS[at + 1 :]),
    ]
    assert receipt["steps"][at]["error"].startswith(f"{permission} failed: ")
    assert after["verdict"] == "broken"

    after, receipt = repair(**TO_QUEUE)

    assert after["verdict"] == "intact"
    assert len(account.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 1
    assert len(account.client("sns").list_subscriptions()["Subscriptions"]) == 1


@mock_aws
def test_a_pending_subscription_is_broken_with_the_click_as_the_fix(repair):
    # moto confirms e-mail subscriptions at once; AWS answers as set here by hand.
    def pending(answer):
        for subscription in answer["Subscriptions"]:
            subscription["SubscriptionArn"] = "PendingConfirmation"
        return answer

    account.add_trail()

    with watched(answers={"sns:ListSubscriptionsByTopic": pending}):
        after, receipt = repair(**TO_PERSON)

    (chain,) = after["chains"]
    last = chain["links"][-1]
    assert receipt["after"] == "broken"
    assert (last["link"], last["reason"]) == ("subscription", "subscription-pending")
    assert last["fix"].startswith("click the link in the mail that AWS sent to the endpoint")
    assert [link["verdict"] for link in chain["links"][:-1]] == ["intact"] * 6


@mock_aws
def test_a_pending_subscription_is_not_asked_for_again(repair):
    def pending(answer):
        for subscription in answer["Subscriptions"]:
            subscription["SubscriptionArn"] = "PendingConfirmation"
        return answer

    account.add_trail()
    with watched(answers={"sns:ListSubscriptionsByTopic": pending}):
        repair(**TO_PERSON)
        with watched() as calls:
            _, receipt = repair(**TO_PERSON)

    assert ("subscription", "adopted") in results(receipt)
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_every_write_says_how_it_is_undone(repair):
    account.add_trail()

    _, receipt = repair(**TO_QUEUE)

    (subscription,) = account.client("sns").list_subscriptions()["Subscriptions"]
    undo = {step["step"]: [call["operation"] for call in step["undo"]] for step in receipt["steps"]}
    assert undo == {
        "topic": ["delete_topic"],
        # It goes with the topic, which was made in the step before.
        "topic-policy": [],
        "subscription": ["unsubscribe"],
        "record": ["untag_resource"],
        "metric-filter": ["delete_metric_filter"],
        "alarm": ["delete_alarms"],
    }
    (unsubscribe,) = receipt["steps"][2]["undo"]
    assert unsubscribe["parameters"] == {"SubscriptionArn": subscription["SubscriptionArn"]}


@mock_aws
def test_the_action_repairs_for_the_requirement_of_the_filter(repair):
    account.add_trail()

    after, _ = repair(filter_options={"requirement": "cis-iam-user"}, **TO_QUEUE)

    (metric_filter,) = account.client("logs").describe_metric_filters()["metricFilters"]
    assert after["requirement"] == "cis-iam-user"
    assert metric_filter["filterPattern"] == REQUIREMENTS["cis-iam-user"].canonical


@mock_aws
def test_the_action_is_as_strict_as_the_filter(repair):
    account.add_good_chain(
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "No") }'
    )

    after, receipt = repair(filter_options={"requirement": "cis", "strict": True}, **TO_QUEUE)

    assert (receipt["before"], receipt["after"]) == ("broken", "intact")
    assert after["strict"] is True


@mock_aws
def test_calls_are_a_subset_of_the_declared_permissions(load):
    account.add_trail()
    account.add_alarm(AlarmName="ConsoleSignInWithoutMfaAlarm", MetricName="Other")
    refused = load(**TO_QUEUE)
    built = load(**{"alarm-name": "Mine"}, **TO_QUEUE)

    with watched() as calls:
        refused.run()
        built.run()

    assert set(calls.made) <= built.get_permissions()
    assert {"cloudwatch:PutMetricAlarm", "cloudwatch:ListTagsForResource"} <= set(calls.made)


@mock_aws
def test_a_dry_run_writes_nothing(load):
    account.add_trail()
    policy = load(**TO_QUEUE)
    policy.options["dryrun"] = True

    with watched() as calls:
        policy.run()

    assert [made for made in calls.made if is_write(made)] == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"subscription": []}, "subscription"),
        ({"subscriptions": [{"protocol": "pigeon", "endpoint": "x"}]}, "pigeon"),
        ({"subscriptions": [{"protocol": "email"}]}, "endpoint"),
        # SNS wants a role for it that there is no option for.
        ({"subscriptions": [{"protocol": "firehose", "endpoint": "x"}]}, "firehose"),
        ({"namespace": "AWS/CloudTrailMetrics"}, "AWS/CloudTrailMetrics"),
        ({"kms-key": "alias/aws/sns"}, "kms-key"),
        ({"tags": {"cost": 3}}, "3"),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_name(load, options, named):
    with pytest.raises(PolicyValidationError) as caught:
        load(**options)

    assert named in str(caught.value)


def test_an_endpoint_that_sns_would_refuse_is_refused_beforehand(load):
    with pytest.raises(PolicyValidationError) as caught:
        load(subscriptions=[{"protocol": "email", "endpoint": "security"}])

    assert str(caught.value) == (
        "policy:signin-monitoring-repair set-signin-monitoring subscriptions: protocol email: "
        "security is not an e-mail address"
    )
