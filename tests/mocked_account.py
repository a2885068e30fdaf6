# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""An account in moto: a trail into a log group, and the links behind it one by one.

moto does not evaluate filters, keeps two filters of one name side by side, shows every subscription
as confirmed, and answers an empty list of event selectors where AWS answers its default.
"""

from __future__ import annotations

import boto3

from c7n_mfa.proof.requirements import REQUIREMENTS

ACCOUNT = "123456789012"
REGION = "us-east-1"
GROUP = "CloudTrail/Logs"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:Told"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:security"
CANONICAL = REQUIREMENTS["single-factor"].canonical


def client(service: str):
    return boto3.client(service, region_name=REGION)


def add_trail(**changes) -> None:
    client("s3").create_bucket(Bucket="trail-bucket")
    client("logs").create_log_group(logGroupName=GROUP)
    trail = {
        "Name": "management",
        "S3BucketName": "trail-bucket",
        "IsMultiRegionTrail": True,
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*",
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/to-logs",
    }
    client("cloudtrail").create_trail(**{**trail, **changes})
    client("cloudtrail").start_logging(Name="management")


def add_filter(pattern: str = CANONICAL, **changes) -> None:
    metric_filter = {
        "logGroupName": GROUP,
        "filterName": "SignIns",
        "filterPattern": pattern,
        "metricTransformations": [
            {"metricName": "SignIns", "metricNamespace": "Security", "metricValue": "1"}
        ],
    }
    client("logs").put_metric_filter(**{**metric_filter, **changes})


def add_alarm(**changes) -> None:
    alarm = {
        "AlarmName": "SignIns",
        "Namespace": "Security",
        "MetricName": "SignIns",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": [TOPIC],
    }
    client("cloudwatch").put_metric_alarm(**{**alarm, **changes})


def add_topic() -> None:
    client("sns").create_topic(Name="Told")


def add_subscription() -> None:
    client("sqs").create_queue(QueueName="security")
    client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE)


def add_good_chain(pattern: str = CANONICAL) -> None:
    add_trail()
    add_filter(pattern)
    add_topic()
    add_alarm()
    add_subscription()
