# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What policy documents give away.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from c7n_mfa.signin.record import at

ADMINISTRATOR = "AdministratorAccess"

# What decides over the damage; asked of the policy simulator in one request.
ASKED = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:PassRole",
    "iam:UpdateAssumeRolePolicy",
    "sts:AssumeRole",
    "cloudtrail:StopLogging",
    "ec2:RunInstances",
    "kms:Decrypt",
    "lambda:CreateFunction",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
)
# With these one makes oneself administrator.
ESCALATING = ("iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy")


def allows_everything(document: Any) -> bool:
    """Does a statement allow every action on every resource, whatever its conditions?

    A condition may narrow it to nothing, so that this may say too much.  It never says too little.
    """
    statements = at(document, "Statement")
    return any(map(_allows_everything, _listed(statements)))


def _allows_everything(statement: Any) -> bool:
    return (
        at(statement, "Effect") == "Allow"
        and any(action in ("*", "*:*") for action in _listed(at(statement, "Action")))
        and "*" in _listed(at(statement, "Resource"))
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_administrator_policy(arn: str) -> bool:
    """AWS's own policy, in whatever partition; one of the customer may bear the same name."""
    owner, _, name = arn.partition(":policy/")
    return owner.endswith(":iam::aws") and name == ADMINISTRATOR


def names(arns: Iterable[str]) -> tuple[str, ...]:
    return tuple(arn.rpartition("/")[2] for arn in arns)
