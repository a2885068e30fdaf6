# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What the audit may call.

Apart from what calls it: custodian asks for this when it loads, and only for this.
"""

from __future__ import annotations

READ = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmsForMetric",
    "cloudwatch:ListAlarmMuteRules",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "logs:DescribeLogGroups",
    "logs:DescribeMetricFilters",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sts:GetCallerIdentity",
)


def needed(regions: bool, routes: bool, role: bool) -> tuple[str, ...]:
    """The permissions that an audit with these options takes."""
    more = {
        "cloudtrail:ListTrails": regions,
        "ec2:DescribeRegions": regions,
        "events:ListRules": routes,
        "events:ListTargetsByRule": routes,
        "sts:AssumeRole": role,
    }
    return tuple(sorted([*READ, *(name for name, asked in more.items() if asked)]))
