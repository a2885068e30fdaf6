# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/permissions.md: the exact permissions of every shipped policy, as IAM policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from docs.build import policies, text
from docs.build.permission_words import WHY

# c7n asks who it is before it reads a policy, and no policy declares it.
_C7N = frozenset({"sts:GetCallerIdentity"})
LAMBDA_LOGS = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})
DEPLOY_FUNCTION = frozenset(
    {
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:PutFunctionConcurrency",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    }
)
DEPLOY_RULE = frozenset(
    {"events:DescribeRule", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets"}
)
# IAM's own, and no operation of any API.
NOT_OPERATIONS: Mapping[str, str] = {
    "iam:PassRole": "IAM asks for it whenever a role is handed to a service",
}
_READS = ("Describe", "Get", "List")
# What a write acts on; a read acts on the whole account.
_ACTS_ON = {
    "cloudwatch": f"arn:aws:cloudwatch:*:{policies.ACCOUNT}:alarm:*",
    "logs": f"arn:aws:logs:*:{policies.ACCOUNT}:log-group:*",
    "sns": f"arn:aws:sns:*:{policies.ACCOUNT}:*",
}

_INTRODUCTION = """\
What every shipped policy may call, and nothing else: the lists are what custodian itself takes \
from the filters and actions (`get_permissions()`), and tests compare them with the calls that \
are made.
A run makes only the calls that it needs, so few runs make all of these.
Replace 123456789012 with your account, and `arn:aws` in other partitions.

Where a permission to read is missing, the link that could not be looked at is `unknown`, and the \
permission is named.
Where one to write is missing, its step is `failed`, and the later steps are not tried.
Only where `iam:ListAccountAliases`, which is custodian's own, or the listing of the policy's own \
resource is denied does the policy itself fail."""
_ELSEWHERE = """\
Custodian's own options ask for more when they are used: `cloudwatch:PutMetricData` with \
`--metrics aws`, `s3:PutObject` on the bucket with `--output-dir s3://`, `logs:CreateLogGroup`, \
`logs:CreateLogStream` and `logs:PutLogEvents` with `--log-group`, and `sts:AssumeRole` with \
`--assume`."""


def page() -> str:
    blocks = [_INTRODUCTION, _ELSEWHERE]
    for path in policies.files():
        blocks += _sections(policies.policy(path))
    return text.page("Permissions", blocks)


def needed(policy: Any) -> frozenset[str]:
    """What a policy's filters and actions may call, c7n's own calls included."""
    return frozenset(policy.get_permissions()) | _C7N


def _sections(policy: Any) -> Iterator[str]:
    yield f"## {policy.name}"
    role = policy.data.get("mode", {}).get("role")
    if role is None:
        yield from _section(needed(policy), _runner(needed(policy)))
        return
    function = f"custodian-{policy.name}"
    yield "### The function's role"
    yield f"The role that `mode.role` names, `{_name_of(role)}`, trusts `lambda.amazonaws.com`:"
    yield _json(TRUST)
    yield "It may:"
    permissions = needed(policy) | LAMBDA_LOGS
    yield from _section(permissions, [*_runner(needed(policy)), _log_statement(function)])
    yield "### Whoever deploys it"
    yield "`custodian run` on this file makes the function and its schedule, and audits nothing."
    statements = _deployer(function, _name_of(role))
    yield from _section({a for s in statements for a in s["Action"]}, statements)


def _section(permissions: Iterable[str], statements: list[dict[str, Any]]) -> Iterator[str]:
    yield _json({"Version": "2012-10-17", "Statement": statements})
    rows = [(f"`{permission}`", WHY[permission]) for permission in sorted(permissions)]
    yield text.table(("Permission", "What for"), rows)


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def is_read(permission: str) -> bool:
    """Does the call change nothing?"""
    return permission.partition(":")[2].startswith(_READS)


def _runner(permissions: Iterable[str]) -> list[dict[str, Any]]:
    """One statement for all reads, and one for the writes of each service."""
    permissions = sorted(permissions)
    statements = [_statement("Look", [p for p in permissions if is_read(p)], "*")]
    for service, resource in _ACTS_ON.items():
        writes = [p for p in permissions if not is_read(p) and p.startswith(f"{service}:")]
        if writes:
            statements.append(_statement(f"Repair{service.capitalize()}", writes, resource))
    return statements


def _log_statement(function: str) -> dict[str, Any]:
    group = f"arn:aws:logs:*:{policies.ACCOUNT}:log-group:/aws/lambda/{function}*"
    return _statement("WriteItsOwnLog", LAMBDA_LOGS, group)


def _deployer(function: str, role: str) -> list[dict[str, Any]]:
    account = policies.ACCOUNT
    passing = _statement("PassTheRole", ["iam:PassRole"], f"arn:aws:iam::{account}:role/{role}")
    condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    return [
        _statement("Look", _C7N, "*"),
        _statement("Function", DEPLOY_FUNCTION, f"arn:aws:lambda:*:{account}:function:{function}"),
        _statement("Schedule", DEPLOY_RULE, f"arn:aws:events:*:{account}:rule/{function}"),
        {**passing, "Condition": condition},
    ]


def _statement(sid: str, actions: Iterable[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def _name_of(role: str) -> str:
    return role.rpartition("/")[2]


def _json(document: Mapping[str, Any]) -> str:
    return text.code(json.dumps(document, indent=2), "json")
