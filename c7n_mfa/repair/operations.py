# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The operations of a repair, of its removal and of the test of an alarm, and their permissions.

Beyond what the audit reads.  Apart from what calls them: custodian asks for the permissions when
it loads.
"""

from __future__ import annotations

from c7n_mfa.aws.operation import Operation, permissions_of

PUT_METRIC_ALARM = Operation("cloudwatch", "PutMetricAlarm", ("cloudwatch:TagResource",))
DELETE_ALARMS = Operation("cloudwatch", "DeleteAlarms")
SET_ALARM_STATE = Operation("cloudwatch", "SetAlarmState")

PUT_METRIC_FILTER = Operation("logs", "PutMetricFilter")
DELETE_METRIC_FILTER = Operation("logs", "DeleteMetricFilter")
TAG_LOG_GROUP = Operation("logs", "TagResource")
UNTAG_LOG_GROUP = Operation("logs", "UntagResource")
CREATE_LOG_GROUP = Operation("logs", "CreateLogGroup", ("logs:TagResource",))
PUT_RETENTION_POLICY = Operation("logs", "PutRetentionPolicy")
DELETE_RETENTION_POLICY = Operation("logs", "DeleteRetentionPolicy")
DELETE_LOG_GROUP = Operation("logs", "DeleteLogGroup")

CREATE_TOPIC = Operation("sns", "CreateTopic", ("sns:TagResource",))
SET_TOPIC_ATTRIBUTES = Operation("sns", "SetTopicAttributes")
SUBSCRIBE = Operation("sns", "Subscribe")
UNSUBSCRIBE = Operation("sns", "Unsubscribe")
TAG_TOPIC = Operation("sns", "TagResource")
UNTAG_TOPIC = Operation("sns", "UntagResource")
DELETE_TOPIC = Operation("sns", "DeleteTopic")

CREATE_ROLE = Operation("iam", "CreateRole", ("iam:TagRole",))
PUT_ROLE_POLICY = Operation("iam", "PutRolePolicy")
DELETE_ROLE_POLICY = Operation("iam", "DeleteRolePolicy")
DELETE_ROLE = Operation("iam", "DeleteRole")

LET_DELIVER = Operation("cloudtrail", "UpdateTrail", ("iam:PassRole",))
"""Gives a trail a log group and the role to deliver with."""
STOP_DELIVERY = Operation("cloudtrail", "UpdateTrail")

_ALARM = ("cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource")
_ROLE = ("iam:GetRole", "iam:GetRolePolicy")
REPAIR = (
    *_ALARM,
    *permissions_of(
        [
            PUT_METRIC_ALARM,
            PUT_METRIC_FILTER,
            TAG_LOG_GROUP,
            CREATE_TOPIC,
            SET_TOPIC_ATTRIBUTES,
            SUBSCRIBE,
            TAG_TOPIC,
        ]
    ),
)
_DELIVERY = (
    *_ROLE,
    "logs:ListTagsForResource",
    *permissions_of(
        [CREATE_LOG_GROUP, PUT_RETENTION_POLICY, CREATE_ROLE, PUT_ROLE_POLICY, LET_DELIVER]
    ),
)
DELIVERY = tuple(sorted({*_DELIVERY} - {*REPAIR}))
"""What log-delivery takes beyond the rest of a repair."""
REMOVAL = (
    *_ALARM,
    *_ROLE,
    "cloudtrail:DescribeTrails",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:DescribeMetricFilters",
    "logs:DescribeSubscriptionFilters",
    "logs:ListTagsForResource",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:ListTagsForResource",
    *permissions_of(
        [
            DELETE_ALARMS,
            DELETE_METRIC_FILTER,
            UNTAG_LOG_GROUP,
            DELETE_LOG_GROUP,
            SET_TOPIC_ATTRIBUTES,
            UNSUBSCRIBE,
            UNTAG_TOPIC,
            DELETE_TOPIC,
            STOP_DELIVERY,
            DELETE_ROLE_POLICY,
            DELETE_ROLE,
        ]
    ),
)
ALARM_TEST = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    *permissions_of([SET_ALARM_STATE]),
)
