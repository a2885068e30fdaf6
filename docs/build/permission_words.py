# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What each permission is for, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

WHY: Mapping[str, str] = {
    "cloudtrail:DescribeTrails": "which trails there are, and where they deliver to",
    "cloudtrail:GetEventSelectors": "whether a trail records sign-ins",
    "cloudtrail:GetTrailStatus": "whether a trail is logging, and its delivery works",
    "cloudwatch:DescribeAlarms": (
        "alarms that nearly watch the metric, when none does; the alarm of the name that repair "
        "would use"
    ),
    "cloudwatch:DescribeAlarmsForMetric": "the alarms on a metric filter's metric",
    "cloudwatch:ListTagsForResource": "whether an alarm in the way was made by an earlier repair",
    "cloudwatch:PutMetricAlarm": "make the alarm",
    "cloudwatch:TagResource": "tag the alarm as it is made",
    "events:DescribeRule": "whether the schedule exists",
    "events:ListTargetsByRule": "whether the schedule starts the function",
    "events:PutRule": "make the schedule, or change it",
    "events:PutTargets": "let the schedule start the function",
    "iam:ListAccountAliases": "custodian's own: the name of the account",
    "iam:PassRole": "hand the role to the function; no call, but IAM asks for it",
    "kms:GetKeyPolicy": "whether CloudWatch may use the customer key that encrypts a topic",
    "lambda:AddPermission": "let EventBridge start the function",
    "lambda:CreateFunction": "make the function",
    "lambda:DeleteFunctionConcurrency": "take a reserved concurrency back, once `mode` has none",
    "lambda:GetFunction": "whether the function exists, and with what code",
    "lambda:GetFunctionConfiguration": "wait until the function is ready",
    "lambda:PutFunctionConcurrency": "reserve concurrency, where `mode` asks for it",
    "lambda:TagResource": "custodian's own tag, and those of `mode.tags`",
    "lambda:UntagResource": "take tags off that `mode.tags` no longer has",
    "lambda:UpdateFunctionCode": "bring the function up to date",
    "lambda:UpdateFunctionConfiguration": "bring its settings up to date",
    "logs:CreateLogGroup": "Lambda's own: the function's log",
    "logs:CreateLogStream": "Lambda's own: the function's log",
    "logs:DescribeLogGroups": "whether the trail's log group exists, and its class",
    "logs:DescribeMetricFilters": "the metric filters of that log group, or of all",
    "logs:PutLogEvents": "Lambda's own: the function's log",
    "logs:PutMetricFilter": "make the metric filter",
    "sns:CreateTopic": "make the topic",
    "sns:GetSubscriptionAttributes": "whether a subscription's filter policy stops alarms",
    "sns:GetTopicAttributes": "whether the topic exists, its policy, and its key",
    "sns:ListSubscriptionsByTopic": "who is subscribed, and who has confirmed",
    "sns:SetTopicAttributes": "let CloudWatch alarms publish to the topic",
    "sns:Subscribe": "subscribe whom the policy names",
    "sns:TagResource": "tag the topic as it is made",
    "sts:GetCallerIdentity": "custodian's own: the number of the account",
}
