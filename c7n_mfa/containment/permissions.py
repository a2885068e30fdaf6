# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What the actions of containment may call.

Apart from what calls it: custodian asks for this when it loads, and only for this.
"""

from __future__ import annotations

PUT = ("iam:GetUserPolicy", "iam:ListUserTags", "iam:PutUserPolicy", "iam:TagUser")
RESET = (
    "iam:GetLoginProfile",
    "iam:ListUserTags",
    "iam:TagUser",
    "iam:UntagUser",
    "iam:UpdateLoginProfile",
)
RELEASE = (
    "iam:DeleteUserPolicy",
    "iam:GetUserPolicy",
    "iam:ListUserTags",
    "iam:TagUser",
    "iam:UntagUser",
)
CONTAINED = ("iam:ListUserPolicies",)
