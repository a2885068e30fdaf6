# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What an investigation may be told, and which permissions it takes.

Apart from the investigation itself, since a policy is read far more often than it is run.
"""

from __future__ import annotations

from dataclasses import dataclass

OWNER_TAGS = ("owner", "Owner", "email", "Email", "contact", "Contact", "OwnerContact")

PERMISSIONS = (
    "account:GetAlternateContact",
    "cloudtrail:LookupEvents",
    "ec2:DescribeRegions",
    "guardduty:GetFindings",
    "guardduty:ListDetectors",
    "guardduty:ListFindings",
    "iam:GetGroupPolicy",
    "iam:GetLoginProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "iam:ListUserPolicies",
    "iam:ListUserTags",
    "iam:SimulatePrincipalPolicy",
    "securityhub:GetFindings",
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``investigate-signin``; `regions` is None for every enabled one.

    `account` is the one that can be asked; None when nobody said which that is.
    """

    home: str = "us-east-1"
    regions: tuple[str, ...] | None = ()
    pages: int = 10
    days: int = 30
    budget_seconds: float = 60.0
    owner_tags: tuple[str, ...] = OWNER_TAGS
    geo_databases: tuple[str, ...] = ()
    account: str | None = None
