# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What each permission is for, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

WHY: Mapping[str, str] = {
    "account:GetAlternateContact": "the account's security contact, to ask about root",
    "cloudtrail:DescribeTrails": "which trails there are, and where they deliver to",
    "cloudtrail:GetEventSelectors": "whether a trail records sign-ins",
    "cloudtrail:GetTrailStatus": "whether a trail is logging, and its delivery works",
    "cloudtrail:LookupEvents": "what the identity did before and since its sign-in",
    "cloudtrail:UpdateTrail": "give the trail a log group, or remove it again",
    "cloudwatch:DeleteAlarms": "delete the alarm that repair created",
    "cloudwatch:DescribeAlarmHistory": "whether past notifications of an alarm were accepted",
    "cloudwatch:DescribeAlarms": (
        "alarms that nearly watch the metric, if none does; an existing alarm of the name that "
        "repair would use"
    ),
    "cloudwatch:DescribeAlarmsForMetric": (
        "the alarms on a metric filter's metric, or on a dead-letter queue"
    ),
    "cloudwatch:ListAlarmMuteRules": "whether an alarm is muted, or will be",
    "cloudwatch:ListTagsForResource": "whether an existing alarm was created by an earlier repair",
    "cloudwatch:PutMetricAlarm": "create the alarm",
    "cloudwatch:TagResource": "tag the new alarm",
    "ec2:DescribeRegions": "which Regions are enabled",
    "events:DeleteRule": (
        "delete a rule: the function's own, or the forwarding rule that is left in a new home "
        "Region"
    ),
    "events:DescribeEventBus": "whether the policy of the home Region's bus denies events",
    "events:DescribeRule": "whether the schedule exists",
    "events:ListRules": "the rules that may forward a Region's sign-ins",
    "events:ListTagsForResource": "whether an existing rule was created by an earlier run",
    "events:ListTargetsByRule": "what a schedule starts, or where a rule forwards to",
    "events:PutRule": "create or change the schedule or the forwarding rule",
    "events:PutTargets": (
        "let the schedule start the function, or the rule forward sign-ins; name the dead-letter "
        "queue in its target"
    ),
    "events:RemoveTargets": "delete the targets of a rule before the rule",
    "events:TagResource": "tag the new rule",
    "guardduty:GetFindings": "what GuardDuty reported about the identity",
    "guardduty:ListDetectors": "whether GuardDuty is enabled",
    "guardduty:ListFindings": "which findings of GuardDuty are about the identity",
    "iam:CreateRole": "create the role for forwarding sign-ins, or for a trail's delivery",
    "iam:DeleteRole": "delete a role that c7n-mfa created",
    "iam:DeleteRolePolicy": "delete the policy of that role",
    "iam:DeleteUserPolicy": "release a user: delete the policies of containment",
    "iam:GetGroupPolicy": "whether an inline policy of a group makes the user administrator",
    "iam:GetLoginProfile": "whether the user has a password",
    "iam:GetPolicy": "which version of a managed policy is in force",
    "iam:GetPolicyVersion": "what that version allows",
    "iam:GetRole": "whether the role exists already, and who may assume it",
    "iam:GetRolePolicy": "what the inline policies of a role allow",
    "iam:GetUser": "custodian's own: the user who signed in; whether an excluded user exists",
    "iam:GetUserPolicy": "whether an inline policy makes the user administrator",
    "iam:ListAccessKeys": "which access keys the user has",
    "iam:ListAccountAliases": "custodian's own: the name of the account",
    "iam:ListAttachedGroupPolicies": "the managed policies of the user's groups",
    "iam:ListAttachedRolePolicies": "the managed policies of a role",
    "iam:ListAttachedUserPolicies": "the managed policies of the user",
    "iam:ListGroupPolicies": "the inline policies of the user's groups",
    "iam:ListGroupsForUser": "the groups of the user",
    "iam:ListMFADevices": "whether MFA is enrolled",
    "iam:ListRolePolicies": "the inline policies of a role",
    "iam:ListRoleTags": "who owns the role",
    "iam:ListUserPolicies": "the inline policies of the user",
    "iam:ListUserTags": "who owns the user, and who may not be contained",
    "iam:ListUsers": "custodian's own: the users; and who signed in, where that user was renamed",
    "iam:PassRole": (
        "pass the role to the function, rule, trail or schedule; no call, but IAM requires it"
    ),
    "iam:PutRolePolicy": (
        "let the forwarding role put events on the home Region's bus, or a trail's role write to "
        "its log group"
    ),
    "iam:PutUserPolicy": "deny a user's sessions: to contain it, and those from before a release",
    "iam:SimulatePrincipalPolicy": "what the identity may do, boundaries included",
    "iam:TagRole": "tag the new role",
    "iam:TagUser": "tag the user as contained or released, with the time",
    "iam:UntagUser": "remove the containment tags, on release or after a failed password reset",
    "iam:UpdateAssumeRolePolicy": "let EventBridge assume the forwarding role",
    "kms:Decrypt": "publish to a topic, or send to a dead-letter queue, with a customer key",
    "kms:DescribeKey": "whether the key behind an alias is AWS managed or customer managed",
    "kms:GenerateDataKey": "the same",
    "kms:GetKeyPolicy": "whether CloudWatch may use the customer key that encrypts a topic",
    "lambda:AddPermission": "let EventBridge start the function",
    "lambda:CreateFunction": "create the function",
    "lambda:DeleteFunction": "delete the function",
    "lambda:DeleteFunctionConcurrency": "remove a reserved concurrency that `mode` no longer has",
    "lambda:GetFunction": "whether the function exists, and with what code",
    "lambda:GetFunctionConfiguration": "wait until the function is ready",
    "lambda:InvokeFunction": "call the function again",
    "lambda:PutFunctionConcurrency": "reserve concurrency, if `mode` has it",
    "lambda:TagResource": "custodian's own tag, and those of `mode.tags`",
    "lambda:UntagResource": "remove tags that `mode.tags` no longer has",
    "lambda:UpdateFunctionCode": "update the function's code",
    "lambda:UpdateFunctionConfiguration": "update its configuration",
    "logs:CreateLogGroup": (
        "Lambda's own: the function's log; the ledger of alerts, if configured; the log group of a "
        "trail"
    ),
    "logs:CreateLogStream": (
        "Lambda's own: the function's log; an entry in the ledger of alerts, or in the count of "
        "contained users"
    ),
    "logs:DeleteLogGroup": "delete the log group that repair created",
    "logs:DeleteMetricFilter": "delete the metric filter that repair created",
    "logs:DescribeLogGroups": "whether the trail's log group exists, and its class",
    "logs:DescribeLogStreams": (
        "whether an alert was sent already, how many users are contained, or a log group holds "
        "events"
    ),
    "logs:DescribeMetricFilters": "the metric filters of that log group, or of all",
    "logs:DescribeSubscriptionFilters": "whether somebody reads the log group that repair created",
    "logs:ListTagsForResource": "whether a log group was created by repair",
    "logs:PutLogEvents": "Lambda's own: the function's log",
    "logs:PutMetricFilter": "create the metric filter",
    "logs:PutRetentionPolicy": "set how long the new log group keeps events",
    "logs:TagResource": "record a metric filter on its log group; tag a new log group",
    "logs:UntagResource": "remove c7n-mfa's tags from the log group",
    "scheduler:CreateSchedule": "have the function called again, for a second look",
    "securityhub:GetFindings": "what Security Hub reported about the identity",
    "sns:CreateTopic": "create the topic",
    "sns:DeleteTopic": "delete the topic that repair created",
    "sns:GetSubscriptionAttributes": "whether a subscription's filter policy stops messages",
    "sns:GetTopicAttributes": "whether the topic exists, its policy, its key, and its subscribers",
    "sns:ListSubscriptionsByTopic": "who is subscribed, and who has confirmed",
    "sns:ListTagsForResource": "whether a topic was created by repair",
    "sns:Publish": "publish the message about a sign-in",
    "sns:SetTopicAttributes": "let CloudWatch alarms publish to the topic",
    "sns:Subscribe": "create the subscriptions of the policy",
    "sns:TagResource": "tag the new topic, or record a subscription on an existing one",
    "sns:Unsubscribe": "delete a subscription that repair created",
    "sns:UntagResource": "remove c7n-mfa's tags from a topic",
    "sqs:CreateQueue": "create the dead-letter queue",
    "sqs:GetQueueAttributes": "what waits in the dead-letter queue, its policy and its key",
    "sqs:GetQueueUrl": "whether the dead-letter queue exists",
    "sqs:SendMessage": "Lambda's or Scheduler's own: send what failed to the dead-letter queue",
    "sqs:SetQueueAttributes": "let EventBridge send to the dead-letter queue",
    "sqs:TagQueue": "tag the new dead-letter queue",
    "sts:GetCallerIdentity": "custodian's own: the number of the account",
}
