# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The account the demo starts from: sign-ins are recorded, and nobody is notified."""

from __future__ import annotations

import json
from dataclasses import dataclass

import boto3

LOG_GROUP = "/aws/cloudtrail/management"
TRAIL = "management"
QUEUE = "security-team"


@dataclass(frozen=True, slots=True)
class Inbox:
    """An SQS queue: where the demo's security team reads its notifications."""

    url: str
    arn: str


def seed_trail(session: boto3.Session) -> str:
    """Make a multi-Region trail that delivers management events into a log group."""
    group = _log_group(session)
    trails = session.client("cloudtrail")
    delivery = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": _role(session)}
    made = trails.create_trail(
        Name=TRAIL,
        S3BucketName=f"cloudtrail-{_account(session)}",
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        **delivery,
    )
    # The local AWS forgets the log group on creation and keeps it on update.
    trails.update_trail(Name=TRAIL, **delivery)
    trails.start_logging(Name=TRAIL)
    return str(made["TrailARN"])


def seed_inbox(session: boto3.Session, topic: str = "*") -> Inbox:
    """Make the queue, with a policy that lets topics of this account send to it."""
    queues = session.client("sqs")
    url = queues.create_queue(QueueName=QUEUE)["QueueUrl"]
    answer = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = answer["Attributes"]["QueueArn"]
    policy = _queue_policy(arn, _account(session), topic)
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    return Inbox(url=url, arn=arn)


def _log_group(session: boto3.Session) -> str:
    logs = session.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]
    return str(group["arn"])


def _role(session: boto3.Session) -> str:
    return f"arn:aws:iam::{_account(session)}:role/cloudtrail-to-logs"


def _account(session: boto3.Session) -> str:
    return str(session.client("sts").get_caller_identity()["Account"])


def _queue_policy(queue: str, account: str, topic: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TopicsOfThisAccountMaySend",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {
                    "ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{account}:{topic}"},
                },
            }
        ],
    }
