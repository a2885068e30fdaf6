# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What repair, its removal and the test of an alarm may call, beyond what the audit reads.

Apart from what calls it: custodian asks for this when it loads, and only for this.
"""

from __future__ import annotations

REPAIR = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "logs:PutMetricFilter",
    "logs:TagResource",
    "sns:CreateTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
)
# Beyond these, with log-delivery.
DELIVERY = (
    "cloudtrail:UpdateTrail",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "logs:CreateLogGroup",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
)
REMOVAL = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:UpdateTrail",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "logs:DeleteLogGroup",
    "logs:DeleteMetricFilter",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:DescribeMetricFilters",
    "logs:DescribeSubscriptionFilters",
    "logs:ListTagsForResource",
    "logs:UntagResource",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:ListTagsForResource",
    "sns:SetTopicAttributes",
    "sns:Unsubscribe",
    "sns:UntagResource",
)
ALARM_TEST = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:SetAlarmState",
)
