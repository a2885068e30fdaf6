# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The option log-delivery: a trail gets a log group and a role, and loses them again.  On moto.

moto lets a trail name any role and group; that AWS does not know a new role for some seconds is
played here.
"""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from c7n_mfa.aws import change
from calls import denied, is_write, watched
from objects import objects

pytestmark = pytest.mark.usefixtures("clients_made_once")

QUEUE = {"subscriptions": [{"protocol": "sqs", "endpoint": account.QUEUE}]}
TRAIL = f"arn:aws:cloudtrail:us-east-1:{account.ACCOUNT}:trail/management"
GROUP = f"arn:aws:logs:us-east-1:{account.ACCOUNT}:log-group:c7n-mfa-cloudtrail"
ROLE = f"arn:aws:iam::{account.ACCOUNT}:role/c7n-mfa-cloudtrail-to-logs"
DELIVERY = ["log-group", "log-retention", "role", "role-policy", "trail-delivery"]
STEPS = [*DELIVERY, "topic", "topic-policy", "subscription", "record", "metric-filter", "alarm"]


@pytest.fixture
def repair(run):
    return lambda **options: run(
        "set-signin-monitoring", **{"log-delivery": "create", **QUEUE, **options}
    )


@pytest.fixture
def remove(run):
    return lambda **options: run("remove-signin-monitoring", **options)


def told(receipt) -> list[tuple[str, str]]:
    return [(step["step"], step["result"]) for step in receipt["steps"]]


def now() -> dict:
    return objects(boto3.Session())


def add_trail(**changes) -> None:
    account.client("s3").create_bucket(Bucket="trail-bucket")
    trail = {"Name": "management", "S3BucketName": "trail-bucket", "IsMultiRegionTrail": True}
    account.client("cloudtrail").create_trail(**{**trail, **changes})
    account.client("cloudtrail").start_logging(Name="management")


def add_trail_whose_group_is_gone() -> None:
    account.add_trail()
    account.client("logs").delete_log_group(logGroupName=account.GROUP)


def check_refused(receipt, step: str) -> str:
    assert told(receipt) == [(step, "skipped")]
    return receipt["steps"][0]["why"]


@mock_aws
def test_a_trail_without_a_log_group_gets_one_and_the_rest_of_the_chain(repair):
    add_trail()

    receipt = repair()

    assert told(receipt) == [(step, "done") for step in STEPS]
    assert (receipt["before"], receipt["after"]) == ("broken", "intact")


@mock_aws
def test_what_the_delivery_is_made_of(repair):
    add_trail()

    repair(tags={"owner": "security"})

    found = now()
    (trail,) = found["trails"].values()
    group = found["log groups"]["c7n-mfa-cloudtrail"]
    role = found["roles"]["c7n-mfa-cloudtrail-to-logs"]
    assert trail["settings"]["CloudWatchLogsLogGroupArn"] == f"{GROUP}:*"
    assert trail["settings"]["CloudWatchLogsRoleArn"] == ROLE
    assert group["settings"]["retentionInDays"] == 365
    assert group["tags"].items() >= {"c7n-mfa": "signin-monitoring", "owner": "security"}.items()
    assert role["role"]["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
            }
        ],
    }
    assert role["policies"] == {
        "deliver-to-log-group": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"{GROUP}:log-stream:*",
                }
            ],
        }
    }


@mock_aws
def test_the_retention_is_an_option(repair):
    add_trail()

    repair(**{"log-retention-days": 90})

    assert now()["log groups"]["c7n-mfa-cloudtrail"]["settings"]["retentionInDays"] == 90


@mock_aws
@pytest.mark.parametrize("options", [{"log-delivery": "leave"}, {}], ids=["leave", "not given"])
def test_it_is_off_unless_asked_for(run, options):
    add_trail()

    with watched() as calls:
        receipt = run("set-signin-monitoring", **options, **QUEUE)

    assert "let the trail deliver to a CloudWatch Logs log group" in check_refused(receipt, "chain")
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_a_log_group_that_is_gone_is_made_again_under_its_name(repair):
    add_trail_whose_group_is_gone()
    before = now()["trails"]

    receipt = repair()

    assert told(receipt) == [(s, "done") for s in STEPS if s not in DELIVERY[2:]]
    assert receipt["after"] == "intact"
    assert list(now()["log groups"]) == [account.GROUP]
    assert now()["trails"] == before


@mock_aws
def test_a_log_group_that_is_gone_is_made_again_when_aws_speaks_of_the_delivery_only(repair):
    # moto delivers nothing; AWS says this of a trail whose log group is gone, until it delivers.
    def failing(answer):
        return {**answer, "LatestCloudWatchLogsDeliveryError": "Log group not found"}

    add_trail_whose_group_is_gone()

    with watched(answers={"cloudtrail:GetTrailStatus": failing}):
        receipt = repair()

    assert told(receipt) == [(s, "done") for s in STEPS if s not in DELIVERY[2:]]
    assert receipt["after"] == "broken"
    assert list(now()["log groups"]) == [account.GROUP]


@mock_aws
def test_a_delivery_that_fails_into_a_log_group_that_exists_is_not_mended(repair):
    def failing(answer):
        return {**answer, "LatestCloudWatchLogsDeliveryError": "Access denied"}

    account.add_trail()

    with watched(answers={"cloudtrail:GetTrailStatus": failing}):
        assert "cannot deliver to its log group" in check_refused(repair(), "chain")


@mock_aws
def test_a_working_log_group_is_used_and_nothing_is_delivered_anew(repair):
    account.add_trail()

    assert not {step for step, _ in told(repair())} & set(DELIVERY)


@mock_aws
@pytest.mark.parametrize("start", [add_trail, add_trail_whose_group_is_gone])
def test_removal_leaves_the_account_as_it_was(repair, remove, start):
    start()
    before = now()
    repair()

    receipt = remove()

    assert now() == before
    assert {result for _, result in told(receipt)} == {"done"}


@mock_aws
def test_removal_stops_the_delivery_last_but_for_role_and_group(repair, remove):
    add_trail()
    repair()

    assert [step for step, _ in told(remove())] == [
        "alarm",
        "metric-filter",
        "record",
        "subscription",
        "topic",
        "trail-delivery",
        "role-policy",
        "role",
        "log-group",
    ]


@mock_aws
def test_a_log_group_that_holds_events_stays_unless_asked(repair, remove):
    add_trail()
    repair()
    stream = {"logGroupName": "c7n-mfa-cloudtrail", "logStreamName": "123456789012_CloudTrail"}
    account.client("logs").create_log_stream(**stream)

    kept = remove()

    (step,) = [s for s in kept["steps"] if s["step"] == "log-group"]
    assert (step["result"], step["why"]) == (
        "skipped",
        "created by c7n-mfa, and holds events; delete them too with log-records: delete",
    )
    assert list(now()["log groups"]) == ["c7n-mfa-cloudtrail"]
    assert told(remove(**{"log-records": "delete"})) == [("log-group", "done")]
    assert now()["log groups"] == {}


@mock_aws
def test_a_log_group_that_others_use_stays_and_so_does_its_delivery(repair, remove):
    add_trail()
    repair()
    account.add_filter(
        '{ $.eventName = "DeleteTrail" }', logGroupName="c7n-mfa-cloudtrail", filterName="theirs"
    )

    receipt = remove()

    (step,) = [s for s in receipt["steps"] if s["step"] == "log-group"]
    assert step["why"] == "created by c7n-mfa, and others use it: theirs"
    assert not {"trail-delivery", "role", "role-policy"} & {s for s, _ in told(receipt)}
    (trail,) = now()["trails"].values()
    assert trail["settings"]["CloudWatchLogsRoleArn"] == ROLE


@mock_aws
@pytest.mark.parametrize("done", range(1, len(DELIVERY) + 1))
def test_a_repair_that_was_stopped_is_finished_and_what_is_there_adopted(repair, done):
    add_trail()
    writes = [
        "logs:CreateLogGroup",
        "logs:PutRetentionPolicy",
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "cloudtrail:UpdateTrail",
        "sns:CreateTopic",
    ]

    with watched({writes[done]: denied}):
        assert (*told(repair()),)[done] == ([*DELIVERY, "topic"][done], "failed")

    assert repair()["after"] == "intact"
    assert list(now()["log groups"]) == ["c7n-mfa-cloudtrail"]
    assert list(now()["roles"]) == ["c7n-mfa-cloudtrail-to-logs"]


@mock_aws
@pytest.mark.parametrize(
    "code",
    ["InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException"],
)
def test_a_role_that_is_not_known_yet_is_waited_for(repair, monkeypatch, code):
    add_trail()
    waited = []
    monkeypatch.setattr(change.time, "sleep", waited.append)
    calls_left = iter(range(3))
    faults = {}

    def not_yet(operation):
        if next(calls_left, None) == 2:
            faults.clear()
        return ClientError({"Error": {"Code": code, "Message": "access denied"}}, operation)

    faults["cloudtrail:UpdateTrail"] = not_yet
    with watched() as calls:
        calls.faults = faults
        receipt = repair()

    assert receipt["after"] == "intact"
    assert waited == [2, 4, 8]


@mock_aws
def test_a_role_that_never_comes_is_a_failed_step(repair, monkeypatch):
    add_trail()
    waited = []
    monkeypatch.setattr(change.time, "sleep", waited.append)
    answer = {"Error": {"Code": "InvalidCloudWatchLogsRoleArnException", "Message": "no"}}

    with watched({"cloudtrail:UpdateTrail": lambda name: ClientError(answer, name)}):
        receipt = repair()

    assert told(receipt)[4] == ("trail-delivery", "failed")
    assert waited == [2, 4, 8, 16, 30]


@mock_aws
def test_a_denied_update_is_not_waited_for(repair, monkeypatch):
    add_trail()
    waited = []
    monkeypatch.setattr(change.time, "sleep", waited.append)

    with watched({"cloudtrail:UpdateTrail": denied}):
        repair()

    assert waited == []


# Refusals


@mock_aws
def test_a_log_group_of_the_name_that_others_made_is_not_replaced(repair):
    add_trail()
    account.client("logs").create_log_group(logGroupName="c7n-mfa-cloudtrail")
    before = now()

    why = check_refused(repair(), "log-group")

    assert why == (
        "a log group named c7n-mfa-cloudtrail exists and was not created by c7n-mfa (no tag "
        "c7n-mfa); let the "
        "trail deliver to it, or rename it"
    )
    assert now() == before


@mock_aws
def test_a_role_of_the_name_that_others_made_is_refused(repair):
    add_trail()
    account.client("iam").create_role(
        RoleName="c7n-mfa-cloudtrail-to-logs", AssumeRolePolicyDocument="{}"
    )

    assert check_refused(repair(), "role") == (
        "a role named c7n-mfa-cloudtrail-to-logs exists and was not created by c7n-mfa (no tag "
        "c7n-mfa); rename it"
    )


@mock_aws
def test_our_role_for_another_trail_is_refused(repair):
    add_trail()
    account.client("iam").create_role(
        RoleName="c7n-mfa-cloudtrail-to-logs",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
        Tags=[{"Key": "c7n-mfa", "Value": "signin-monitoring"}],
    )

    assert check_refused(repair(), "role") == (
        "the role c7n-mfa-cloudtrail-to-logs exists and trusts another trail; delete it first"
    )


@mock_aws
def test_a_trail_that_is_not_logging_is_refused(repair):
    add_trail()
    account.client("cloudtrail").stop_logging(Name="management")

    with watched() as calls:
        why = check_refused(repair(), "trail-delivery")

    assert why.startswith("logging of trail management is off; ")
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_a_trail_that_drops_sign_ins_is_refused(repair):
    add_trail()
    account.client("cloudtrail").put_event_selectors(
        TrailName="management",
        EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}],
    )

    assert "console sign-ins" in check_refused(repair(), "trail-delivery")


@mock_aws
@pytest.mark.parametrize(
    ("permission", "step"),
    [
        ("cloudtrail:GetTrailStatus", "trail-delivery"),
        ("cloudtrail:GetEventSelectors", "trail-delivery"),
        ("logs:DescribeLogGroups", "log-group"),
        ("iam:GetRole", "role"),
    ],
)
def test_what_cannot_be_read_before_the_first_write_is_refused(repair, permission, step):
    add_trail()

    with watched({permission: denied}) as calls:
        why = check_refused(repair(), step)

    assert f"grant {permission}" in why
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_calls_are_a_subset_of_the_declared_permissions(request):
    add_trail()
    action = {"type": "set-signin-monitoring", "log-delivery": "create", **QUEUE}
    policy = PyTestUtils(request).load_policy(
        {"name": "p", "resource": "aws.account", "actions": [action]},
        config={"region": account.REGION, "account_id": account.ACCOUNT},
    )

    with watched() as calls:
        policy.run()

    assert set(calls.made) - {"sts:GetCallerIdentity"} <= policy.get_permissions()
    assert {"iam:CreateRole", "cloudtrail:UpdateTrail"} <= set(calls.made)


@mock_aws
def test_without_the_option_its_permissions_are_not_asked_for(request):
    policy = PyTestUtils(request).load_policy(
        {
            "name": "p",
            "resource": "aws.account",
            "actions": [{"type": "set-signin-monitoring"}],
        },
        config={"region": account.REGION, "account_id": account.ACCOUNT},
    )

    assert not {p for p in policy.get_permissions() if p.startswith("iam:C")}
    assert "cloudtrail:UpdateTrail" not in policy.get_permissions()
