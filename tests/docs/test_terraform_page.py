# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/terraform.md: its resources are those that a repair creates."""

from __future__ import annotations

import json
import re

import pytest
from c7n.config import Config
from c7n.policy import load
from moto import mock_aws

import mocked_account as account
from demo.account import LOG_GROUP, TRAIL
from docs.build import policies
from docs.build.pages import DOCS

PAGE = (DOCS / "terraform.md").read_text(encoding="utf-8")
REPAIR = policies.ROOT / "policies" / "repair" / "signin-monitoring-repair.yml"


def block(head: str) -> dict[str, str]:
    """The arguments of a block of HCL, without those of the blocks inside it."""
    (body,) = re.findall(rf"^ *{head} {{\n(.*?)^ *}}", PAGE, re.MULTILINE | re.DOTALL)
    outer = body.partition("\n\n")[0]
    return dict(re.findall(r"^ +(\w+) += (.+)$", outer, re.MULTILINE))


def resource(kind: str) -> dict[str, str]:
    return block(f'resource "{kind}" "signin"')


@pytest.fixture
def client(tmp_path):
    """Clients of an account in moto after the shipped repair."""
    with mock_aws():
        arn = f"arn:aws:logs:{account.REGION}:{account.ACCOUNT}:log-group:{LOG_GROUP}:*"
        account.client("logs").create_log_group(logGroupName=LOG_GROUP)
        account.add_trail(Name=TRAIL, CloudWatchLogsLogGroupArn=arn)
        config = Config.empty(
            account_id=account.ACCOUNT, region=account.REGION, output_dir=str(tmp_path)
        )
        (policy,) = load(config, str(REPAIR))
        policy()
        yield account.client


def test_the_metric_filter_is_the_one_that_a_repair_creates(client):
    (created,) = client("logs").describe_metric_filters()["metricFilters"]
    (metric,) = created["metricTransformations"]

    assert resource("aws_cloudwatch_log_metric_filter") == {
        "name": f'"{created["filterName"]}"',
        "log_group_name": "var.log_group",
        "pattern": json.dumps(created["filterPattern"]),
    }
    assert block("metric_transformation") == {
        "name": f'"{metric["metricName"]}"',
        "namespace": f'"{metric["metricNamespace"]}"',
        "value": f'"{metric["metricValue"]}"',
    }


def test_the_alarm_is_the_one_that_a_repair_creates(client):
    (alarm,) = client("cloudwatch").describe_alarms()["MetricAlarms"]

    assert resource("aws_cloudwatch_metric_alarm") == {
        "alarm_name": f'"{alarm["AlarmName"]}"',
        "alarm_description": f'"{alarm["AlarmDescription"]}"',
        "namespace": f'"{alarm["Namespace"]}"',
        "metric_name": f'"{alarm["MetricName"]}"',
        "statistic": f'"{alarm["Statistic"]}"',
        "comparison_operator": f'"{alarm["ComparisonOperator"]}"',
        "threshold": f"{alarm['Threshold']:g}",
        "period": str(alarm["Period"]),
        "evaluation_periods": str(alarm["EvaluationPeriods"]),
        "treat_missing_data": f'"{alarm["TreatMissingData"]}"',
        "alarm_actions": "[aws_sns_topic.signin.arn]",
    }


def test_the_topic_and_its_policy_are_those_that_a_repair_creates(client):
    (topic,) = client("sns").list_topics()["Topics"]
    arn = topic["TopicArn"]
    policy = client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    (created,) = (s for s in json.loads(policy)["Statement"] if s["Sid"].startswith("C7nMfa"))
    written = statement(arn)

    assert resource("aws_sns_topic") == {"name": f'"{arn.rpartition(":")[2]}"'}
    assert written == created


def statement(topic: str) -> dict:
    """The statement on the page, as Terraform would write it for this account."""
    (text,) = re.findall(r"Statement = \[({.*?^    })\]", PAGE, re.MULTILINE | re.DOTALL)
    text = text.replace("${data.aws_caller_identity.this.account_id}", account.ACCOUNT)
    text = text.replace("data.aws_caller_identity.this.account_id", f'"{account.ACCOUNT}"')
    text = text.replace("aws_sns_topic.signin.arn", f'"{topic}"')
    keys = re.sub(r'("?)([\w:]+)\1 += ', r'"\2": ', text)
    commas = re.sub(r'(["}])(\s*\n\s*")', r"\1,\2", keys)
    return json.loads(commas)
