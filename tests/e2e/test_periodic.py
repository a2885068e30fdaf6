# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The periodic policy as a Lambda function: deployed by custodian, invoked, its work looked at."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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


def invoke(session) -> dict:
    answer = session.client("lambda").invoke(
        FunctionName=FUNCTION, Payload=b'{"detail": {}}', LogType="Tail"
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
