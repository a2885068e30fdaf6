# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The periodic policy as a Lambda function: deployed by custodian, invoked, its work looked at."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from c7n_mfa.aws.times import format_time
from c7n_mfa.containment.documents import revoke_sessions
from c7n_mfa.containment.values import REVOKE_SESSIONS
from demo.account import seed_inbox, seed_trail

pytestmark = [pytest.mark.local_aws, pytest.mark.long]

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policies" / "periodic" / "signin-monitoring-repair-daily.yml"
FUNCTION = "custodian-signin-monitoring-repair-daily"


@pytest.fixture
def deployed(session, aws_env, account, tmp_path):
    """The shipped policy with the queue as its subscription, deployed by the real executable."""
    seed_trail(session)
    inbox = seed_inbox(session)
    session.client("iam").create_role(
        RoleName="c7n-mfa-signin-monitoring",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )
    policy = yaml.safe_load(POLICY.read_text())
    (action,) = policy["policies"][0]["actions"]
    action["subscriptions"] = [{"protocol": "sqs", "endpoint": inbox.arn}]
    path = tmp_path / "daily.yml"
    path.write_text(yaml.safe_dump(policy, sort_keys=False))
    custodian = Path(sys.executable).with_name("custodian")
    subprocess.run(
        [custodian, "run", "-s", tmp_path / "out", path],
        env=aws_env,
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    return session


def invoke(session, function=FUNCTION) -> dict:
    answer = session.client("lambda").invoke(
        FunctionName=function, Payload=b'{"detail": {}}', LogType="Tail"
    )
    log = base64.b64decode(answer.get("LogResult", "")).decode()
    assert "FunctionError" not in answer, log
    return {"result": json.loads(answer["Payload"].read()), "log": log}


def test_the_function_is_deployed_with_our_handler_and_a_schedule(deployed):
    configuration = deployed.client("lambda").get_function(FunctionName=FUNCTION)["Configuration"]
    (rule,) = deployed.client("events").list_rules(NamePrefix=FUNCTION)["Rules"]

    assert configuration["Handler"] == "c7n_mfa.handler.run"
    assert rule["ScheduleExpression"] == "rate(1 day)"


def test_the_function_repairs_the_chain_it_finds_broken(deployed, account):
    assert deployed.client("cloudwatch").describe_alarms()["MetricAlarms"] == []

    assert invoke(deployed)["result"] is True

    (alarm,) = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (metric_filter,) = deployed.client("logs").describe_metric_filters()["metricFilters"]
    subscriptions = deployed.client("sns").list_subscriptions_by_topic(
        TopicArn=f"arn:aws:sns:us-east-1:{account}:SignInWithoutMfaAlarmSNSTopic"
    )["Subscriptions"]
    assert alarm["AlarmName"] == "ConsoleSignInWithoutMfaAlarm"
    assert metric_filter["filterName"] == "ConsoleSignInWithoutMfa"
    assert [each["Protocol"] for each in subscriptions] == ["sqs"]


def test_a_second_invocation_changes_nothing(deployed):
    invoke(deployed)
    (before,) = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]

    invoke(deployed)

    (after,) = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert after == before


def test_what_a_release_left_is_removed_after_36_hours_and_nobody_is_released(
    session, aws_env, tmp_path
):
    iam, finish = session.client("iam"), "signin-user-release-finish"
    iam.create_role(
        RoleName="c7n-mfa-release-finish",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )
    now = datetime.now(UTC)
    for name, hours, tag in (
        ("released-long-ago", 37, "c7n-mfa-released"),
        ("released-today", 1, "c7n-mfa-released"),
        ("contained-for-days", 99, "c7n-mfa-contained"),
    ):
        at = now - timedelta(hours=hours)
        iam.create_user(UserName=name, Tags=[{"Key": tag, "Value": format_time(at)}])
        text = json.dumps(revoke_sessions(at))
        iam.put_user_policy(UserName=name, PolicyName=REVOKE_SESSIONS, PolicyDocument=text)
    custodian = Path(sys.executable).with_name("custodian")
    policy = POLICY.with_name(f"{finish}.yml")
    command = [custodian, "run", "-s", tmp_path / "out", policy]
    subprocess.run(command, env=aws_env, check=True, capture_output=True, cwd=tmp_path)

    invoke(session, f"custodian-{finish}")

    users = [user["UserName"] for user in iam.list_users()["Users"]]
    left = [u for u in users if iam.list_user_policies(UserName=u)["PolicyNames"]]
    assert sorted(left) == ["contained-for-days", "released-today"]
