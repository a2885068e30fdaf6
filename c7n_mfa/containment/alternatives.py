# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What can be done instead, where no policy on a user contains whoever signed in.  Pure, no AWS.

Root is above all policies, the roles of Identity Center cannot be edited, and the session of a
role is no session of a user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.containment import documents
from c7n_mfa.signin.record import SignIn

ROLE_POLICY = "AWSRevokeOlderSessions"
"""The name that the IAM console gives to the policy with which it revokes a role's sessions."""

_DELETE_ROOT = "arn:{partition}:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"


@dataclass(frozen=True, slots=True)
class Advice:
    """Why nothing was contained, what a person can do, and the calls for it as boto3 names them."""

    why: str
    steps: tuple[str, ...]
    calls: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"why": self.why, "steps": list(self.steps), "calls": list(self.calls)}


def instead(sign_in: SignIn, now: datetime) -> Advice | None:
    """What to do about whoever signed in; None for an IAM user, who can be contained."""
    kind = (sign_in.identity.type or "").lower()
    if kind == "iamuser":
        return None
    if kind == "root":
        return _root(sign_in)
    if sign_in.path == "identity-center":
        return _identity_center()
    role = _role_of(sign_in.identity.arn)
    if role:
        return _role(role, now)
    return _federated() if kind == "federateduser" else _unknown()


def _root(sign_in: SignIn) -> Advice:
    partition = Arn.parse(sign_in.identity.arn or "").partition or "aws"
    call = {
        "service": "sts",
        "operation": "assume_root",
        "parameters": {
            "TargetPrincipal": sign_in.identity.account or "<account>",
            "TaskPolicyArn": {"arn": _DELETE_ROOT.format(partition=partition)},
        },
    }
    return Advice(
        "You cannot change the permissions of root: no policy in the account contains it.",
        (
            "Sign in as root, with its mailbox if need be, and change the password. IAM has no "
            "call that ends an open session of root.",
            "As root, enrol MFA, and delete every access key and MFA device that is not yours.",
            "In a member account, stop root at once from the organization: attach a service "
            "control policy that denies * where aws:PrincipalArn is like arn:*:iam::*:root.",
            "In a member account, then delete the password and keys of its root from the "
            "management account: sts:AssumeRoot with the task IAMDeleteRootUserCredentials.",
        ),
        (call,),
    )


def _identity_center() -> Advice:
    return Advice(
        "The roles of Identity Center cannot be edited in IAM.",
        (
            "In Identity Center, disable the user's access and delete the active sessions.",
            "What is open in the console lives on until the permission set's session ends: stop "
            "it with a deny on aws:TokenIssueTime in the permission set or in a service control "
            "policy.",
            "Ask for MFA there: Settings, Authentication, every time they sign in.",
        ),
    )


def _role(role: str, now: datetime) -> Advice:
    call = {
        "service": "iam",
        "operation": "put_role_policy",
        "parameters": {
            "RoleName": role,
            "PolicyName": ROLE_POLICY,
            "PolicyDocument": documents.text_of(documents.revoke_sessions(now)),
        },
    }
    return Advice(
        f"A session of the role {role} is no session of an IAM user: no policy on a user stops it.",
        (
            f"Revoke the role's sessions: put the inline policy {ROLE_POLICY} on it, as below. "
            "Everybody else in the role has to sign in again too.",
            "At the identity provider, or at the broker that hands out sessions, sign the person "
            "out and ask for MFA.",
        ),
        (call,),
    )


def _federated() -> Advice:
    return Advice(
        "A federated user has no policies of its own, but at most those of the IAM user whose "
        "access key made the session.",
        (
            "Find that IAM user by the GetFederationToken event before the sign-in.",
            "Contain that one: revoke-sessions reaches the sessions made with GetFederationToken.",
            "Deactivate the access key that made the session; it can make another.",
        ),
    )


def _unknown() -> Advice:
    return Advice(
        "The record does not say who signed in in a way that a policy could be put on.",
        ("Look the event up in CloudTrail by its eventID, and follow its access keys from there.",),
    )


def _role_of(arn: str | None) -> str | None:
    """The role of `arn:aws:sts::123456789012:assumed-role/Engineer/alice`."""
    kind, _, rest = Arn.parse(arn or "").resource.partition("/")
    return rest.partition("/")[0] or None if kind in ("assumed-role", "role") else None
