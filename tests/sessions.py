# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What IAM allows a session of a user, by the inline policies that the user has.

Just the operators of containment, and time: credentials that have expired may do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from c7n_mfa.aws.times import format_time, parse_time


@dataclass(frozen=True)
class Credentials:
    """Temporary ones when they were ``issued``, else an access key; ``of`` is the OAuth session."""

    issued: datetime | None = None
    lives: timedelta = timedelta(hours=36)
    mfa: bool = False
    of: str | None = None

    def keys(self) -> dict[str, str]:
        """The condition keys of a request."""
        if self.issued is None:
            return {}
        keys = {
            "aws:TokenIssueTime": format_time(self.issued),
            "aws:MultiFactorAuthPresent": str(self.mfa).lower(),
        }
        return {**keys, "aws:SignInSessionArn": self.of} if self.of else keys


def may(iam: Any, name: str, credentials: Credentials, at: datetime, action="s3:GetObject") -> bool:
    """Does a request go through at this time, for a user who is allowed everything else?"""
    if credentials.issued and at >= credentials.issued + credentials.lives:
        return False
    documents = (
        iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]
    )
    denying = (s for d in documents for s in d["Statement"] if s["Effect"] == "Deny")
    return not any(_denies(each, credentials.keys(), action) for each in denying)


def _denies(statement: dict[str, Any], keys: dict[str, str], action: str) -> bool:
    named = statement.get("Action") or statement["NotAction"]
    listed = any(fnmatchcase(action, each) for each in ([named] if named == "*" else named))
    if listed is ("NotAction" in statement):
        return False
    ((operator, ((key, expected),)),) = (
        (operator, tuple(block.items())) for operator, block in statement["Condition"].items()
    )
    value = keys.get(key)
    if operator == "Null":
        return (value is None) is (expected == "true")
    if value is None:
        return operator.endswith("IfExists")
    if operator == "DateLessThan":
        return parse_time(value) < parse_time(expected)
    return {"Bool": value, "BoolIfExists": value}[operator] == expected
