# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What the filter and the actions of the forwarding may call.

Apart from what calls it: custodian asks for this when it loads, and only for this.
"""

from __future__ import annotations

LOOK = (
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
# Whose a rule is, before it is written to.
OWNER = ("events:ListTagsForResource",)
SET = (
    "events:DeleteRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "iam:CreateRole",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
)
REMOVE = (
    "events:DeleteRule",
    "events:RemoveTargets",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
)
