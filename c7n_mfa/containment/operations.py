# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The operations of containment, and the permissions of its actions and its filter.

Apart from what calls them: custodian asks for the permissions when it loads.
"""

from __future__ import annotations

from c7n_mfa.aws.operation import Operation, permissions_of

LOG_ENTRIES = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams")

PUT_USER_POLICY = Operation("iam", "PutUserPolicy")
DELETE_USER_POLICY = Operation("iam", "DeleteUserPolicy")
UPDATE_LOGIN_PROFILE = Operation("iam", "UpdateLoginProfile")
UPDATE_ACCESS_KEY = Operation("iam", "UpdateAccessKey")
DEACTIVATE_MFA_DEVICE = Operation("iam", "DeactivateMFADevice")
"""Printed for a person, and never called."""
TAG_USER = Operation("iam", "TagUser")
UNTAG_USER = Operation("iam", "UntagUser")


def _with(reads: list[str], *writes: Operation) -> tuple[str, ...]:
    return tuple(sorted([*reads, *permissions_of(writes)]))


# Users are listed for one who was renamed, and entries in the log count who is contained.
_READS = ["iam:ListUserTags", "iam:ListUsers", *LOG_ENTRIES]
PUT = _with(["iam:GetUserPolicy", *_READS], PUT_USER_POLICY, TAG_USER)
REQUIRE_MFA = tuple(sorted([*PUT, "iam:ListMFADevices"]))
NEW_KEYS = _with(["iam:ListAccessKeys"], UPDATE_ACCESS_KEY)
RESET = _with(["iam:GetLoginProfile", *_READS], TAG_USER, UNTAG_USER, UPDATE_LOGIN_PROFILE)
RELEASE = _with(
    ["iam:GetUserPolicy", "iam:ListUserTags"],
    DELETE_USER_POLICY,
    PUT_USER_POLICY,
    TAG_USER,
    UNTAG_USER,
)
FINISH = _with(["iam:GetUserPolicy", "iam:ListUserTags"], DELETE_USER_POLICY)
CONTAINED = ("iam:ListUserPolicies",)
