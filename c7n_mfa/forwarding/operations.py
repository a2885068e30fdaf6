# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The operations of the forwarding, and the permissions of its filter and actions.

Apart from what calls them: custodian asks for the permissions when it loads.
"""

from __future__ import annotations

from c7n_mfa.aws.operation import Operation, permissions_of

PUT_RULE = Operation("events", "PutRule", ("events:TagResource",))
PUT_TARGETS = Operation("events", "PutTargets", ("iam:PassRole",))
REMOVE_TARGETS = Operation("events", "RemoveTargets")
DELETE_RULE = Operation("events", "DeleteRule")

CREATE_QUEUE = Operation("sqs", "CreateQueue", ("sqs:TagQueue",))
SET_QUEUE_ATTRIBUTES = Operation("sqs", "SetQueueAttributes")
DELETE_QUEUE = Operation("sqs", "DeleteQueue")
PUT_ALARM = Operation("cloudwatch", "PutMetricAlarm", ("cloudwatch:TagResource",))
DELETE_ALARMS = Operation("cloudwatch", "DeleteAlarms")

CREATE_ROLE = Operation("iam", "CreateRole", ("iam:TagRole",))
TRUST_ROLE = Operation("iam", "UpdateAssumeRolePolicy")
PUT_ROLE_POLICY = Operation("iam", "PutRolePolicy")
DELETE_ROLE_POLICY = Operation("iam", "DeleteRolePolicy")
DELETE_ROLE = Operation("iam", "DeleteRole")

READ = (
    "ec2:DescribeRegions",
    "events:DescribeEventBus",
    "events:ListRules",
    "events:ListTargetsByRule",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "sts:GetCallerIdentity",
)
READ_DEAD_LETTERS = (
    "cloudwatch:DescribeAlarmsForMetric",
    "sns:GetTopicAttributes",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
)
"""What the option `dead-letters` takes besides, and what it writes."""
SET_DEAD_LETTERS = permissions_of([CREATE_QUEUE, SET_QUEUE_ATTRIBUTES, PUT_ALARM])
OWNER = ("events:ListTagsForResource",)
"""Who created a rule, before it is written to."""
SET = permissions_of(
    [
        PUT_RULE,
        PUT_TARGETS,
        REMOVE_TARGETS,
        DELETE_RULE,
        CREATE_ROLE,
        TRUST_ROLE,
        PUT_ROLE_POLICY,
    ]
)
REMOVE = permissions_of([REMOVE_TARGETS, DELETE_RULE, DELETE_ROLE_POLICY, DELETE_ROLE])
