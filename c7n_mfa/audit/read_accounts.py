# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Whose account a link is in, and the role that may look there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3

from c7n_mfa.audit.values import Snapshot
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure

# custodian replaces {account_id} in a policy with its own account before anybody sees it.
PLACEHOLDERS = ("<account_id>", "{account_id}")


def role_for(template: str | None, account: str) -> str | None:
    """The ARN of the role to look into an account with; one without a placeholder fits its own.

    >>> role_for("arn:aws:iam::<account_id>:role/audit", "210987654321")
    'arn:aws:iam::210987654321:role/audit'
    """
    if template is None:
        return None
    for placeholder in PLACEHOLDERS:
        template = template.replace(placeholder, account)
    return template if Arn.parse(template).account == account else None


@dataclass
class Readers:
    """One reader for each account: our own session's, and those of roles assumed elsewhere."""

    seen: Snapshot
    own: Reader
    read_role: str | None = None
    become: Callable[[Any], Any] = field(default=lambda keys: boto3.Session(**keys))
    others: dict[str, Reader] = field(default_factory=dict)

    def of(self, account: str) -> Reader | None:
        """The reader for an account; ``None`` where nothing there can be read."""
        if account == self.seen.account_id:
            return self.own
        if account not in self.seen.accounts:
            self._try(account)
        return self.others.get(account)

    def of_arn(self, arn: str) -> Reader | None:
        """The reader for the account that an ARN names."""
        return self.of(Arn.parse(arn).account)

    def _try(self, account: str) -> None:
        role = role_for(self.read_role, account)
        if role is None:
            return
        keys = self.own.one(
            "sts",
            self.seen.region,
            "assume_role",
            role,
            _keys,
            RoleArn=role,
            RoleSessionName="c7n-mfa",
        )
        if keys is None or isinstance(keys, ReadFailure):
            gone = ReadFailure("sts:AssumeRole", role, "NotFound", "the role was not found")
            self.seen.accounts[account] = keys or gone
        else:
            self.seen.accounts[account] = None
            self.others[account] = Reader(self.become(keys))


def _keys(answer: Any) -> dict[str, str]:
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
