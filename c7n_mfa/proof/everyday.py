# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The calls that every account makes all day, as data: an alarm on one of them is noise.

A row is a call, who makes it, and where it is known from.  *AWS* stands for what that service says
of its logging with CloudTrail, or for the CloudTrail user guide; *observed* for real records that
were published.  Rare calls (`DeleteTrail`, `StopLogging`, whatever root does) are not here: an
alarm that they set off too still means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from c7n_mfa.frozen import frozen
from c7n_mfa.proof.families import (
    ACCOUNT,
    ALICE,
    API_CALL,
    Account,
    record,
    relocated,
    role_session,
)

Caller = Literal["service", "role", "user", "web identity", "SAML user"]

_READ, _WRITE = True, False
_USER_GUIDE = "AWS: CloudTrail userIdentity element"
_INVICTUS = "observed: invictus-ir/aws_dataset"

# (service, operation, caller, read-only, error, source)
_CALLS: tuple[tuple[str, str, Caller, bool, str | None, str], ...] = (
    ("sts", "AssumeRole", "service", _READ, None, "AWS: IAM and STS; " + _USER_GUIDE),
    ("sts", "AssumeRole", "role", _READ, None, "AWS: IAM and STS"),
    ("sts", "AssumeRole", "user", _READ, None, "AWS: IAM and STS"),
    ("sts", "AssumeRole", "user", _READ, "AccessDenied", _INVICTUS),
    ("sts", "AssumeRoleWithWebIdentity", "web identity", _READ, None, "AWS: IAM and STS"),
    ("sts", "AssumeRoleWithSAML", "SAML user", _READ, None, "AWS: IAM and STS"),
    ("sts", "GetCallerIdentity", "user", _READ, None, _INVICTUS),
    ("sts", "GetSessionToken", "user", _READ, None, "AWS: IAM and STS"),
    ("kms", "Decrypt", "service", _READ, None, "AWS: KMS"),
    ("kms", "Decrypt", "role", _READ, None, "AWS: KMS"),
    ("kms", "Decrypt", "user", _READ, None, _INVICTUS),
    ("kms", "Encrypt", "user", _READ, None, _INVICTUS),
    ("kms", "GenerateDataKey", "service", _READ, None, "AWS: KMS"),
    ("kms", "GenerateDataKey", "role", _READ, None, "AWS: KMS"),
    ("kms", "DescribeKey", "role", _READ, None, "AWS: KMS"),
    ("kms", "CreateGrant", "role", _WRITE, None, "AWS: KMS"),
    ("ec2", "DescribeInstances", "role", _READ, None, "AWS: EC2"),
    ("ec2", "DescribeInstances", "service", _READ, None, "AWS: EC2 Auto Scaling"),
    ("ec2", "DescribeRegions", "role", _READ, None, "AWS: EC2"),
    ("ec2", "DescribeVolumes", "user", _READ, None, _INVICTUS),
    ("ec2", "DescribeSecurityGroups", "user", _READ, None, _INVICTUS),
    ("ec2", "DescribeNetworkInterfaces", "user", _READ, None, _INVICTUS),
    ("ec2", "DescribeInstanceAttribute", "role", _READ, "Client.UnauthorizedOperation", _INVICTUS),
    ("ec2", "CreateTags", "role", _WRITE, None, "AWS: EC2"),
    ("ec2", "RunInstances", "service", _WRITE, None, "AWS: EC2 Auto Scaling"),
    ("ec2", "TerminateInstances", "service", _WRITE, None, "AWS: EC2 Auto Scaling"),
    ("ec2", "CreateNetworkInterface", "service", _WRITE, None, "AWS: Lambda in a VPC"),
    ("ec2", "DeleteNetworkInterface", "service", _WRITE, None, "AWS: Lambda in a VPC"),
    ("elasticloadbalancing", "DescribeLoadBalancers", "role", _READ, None, "AWS: ELB"),
    ("elasticloadbalancing", "DescribeTargetHealth", "role", _READ, None, "AWS: ELB"),
    ("elasticloadbalancing", "RegisterTargets", "service", _WRITE, None, "AWS: ELB"),
    ("autoscaling", "DescribeAutoScalingGroups", "role", _READ, None, "AWS: EC2 Auto Scaling"),
    ("s3", "ListBuckets", "role", _READ, None, "AWS: S3"),
    ("s3", "GetBucketAcl", "service", _READ, None, "AWS: CloudTrail checks the bucket of a trail"),
    ("s3", "GetBucketLocation", "role", _READ, None, "AWS: S3"),
    ("s3", "GetBucketPolicyStatus", "role", _READ, "AccessDenied", "AWS: S3"),
    ("logs", "CreateLogStream", "role", _WRITE, None, "AWS: CloudWatch Logs"),
    ("logs", "DescribeLogGroups", "role", _READ, None, "AWS: CloudWatch Logs"),
    ("monitoring", "DescribeAlarms", "role", _READ, None, "AWS: CloudWatch"),
    ("monitoring", "ListMetrics", "role", _READ, None, "AWS: CloudWatch"),
    ("cloudtrail", "DescribeTrails", "role", _READ, None, "AWS: CloudTrail"),
    ("cloudtrail", "LookupEvents", "user", _READ, None, "AWS: CloudTrail"),
    ("config", "PutEvaluations", "role", _WRITE, None, "AWS: Config rules that are functions"),
    ("config", "DescribeConfigurationRecorders", "role", _READ, None, "AWS: Config"),
    ("iam", "GetRole", "user", _READ, None, _INVICTUS),
    ("iam", "GetUser", "user", _READ, None, _INVICTUS),
    ("iam", "ListRoles", "role", _READ, None, "AWS: IAM and STS"),
    ("iam", "ListAttachedRolePolicies", "user", _READ, None, _INVICTUS),
    ("ssm", "UpdateInstanceInformation", "role", _WRITE, None, "AWS: Systems Manager agents"),
    ("ssm", "GetParameter", "user", _READ, None, _INVICTUS),
    ("ssm", "DescribeParameters", "user", _READ, "ThrottlingException", _INVICTUS),
    ("secretsmanager", "GetSecretValue", "user", _READ, None, _INVICTUS),
    ("ecr", "GetAuthorizationToken", "role", _READ, None, "AWS: ECR"),
    ("ecr", "BatchGetImage", "role", _READ, None, "AWS: ECR"),
    ("ecs", "DescribeServices", "role", _READ, None, "AWS: ECS"),
    ("eks", "DescribeCluster", "role", _READ, None, "AWS: EKS"),
    ("lambda", "ListFunctions20150331", "role", _READ, None, "AWS: Lambda"),
    ("lambda", "GetFunction20150331v2", "role", _READ, None, "AWS: Lambda"),
    ("dynamodb", "DescribeTable", "role", _READ, None, "AWS: DynamoDB"),
    ("rds", "DescribeDBInstances", "user", _READ, None, _INVICTUS),
    ("sqs", "GetQueueAttributes", "role", _READ, None, "AWS: SQS"),
    ("sns", "ListTopics", "role", _READ, None, "AWS: SNS"),
    ("organizations", "DescribeOrganization", "role", _READ, None, "AWS: Organizations"),
    ("health", "DescribeEventAggregates", "user", _READ, None, _INVICTUS),
    ("ce", "GetCostAndUsage", "user", _READ, None, "AWS: Cost Explorer, on the console's home"),
    ("tagging", "GetResources", "role", _READ, None, "AWS: Resource Groups Tagging"),
)

_CALLED_BY: Mapping[str, str] = {"ec2": "autoscaling", "s3": "cloudtrail", "sts": "lambda"}
"""The service that calls another one; itself where it is not named."""


@frozen
class EverydayCall:
    """One call of every day: a sentence, a record of it, and where it is known from."""

    sentence: str
    event: Mapping[str, Any]
    source: str


@lru_cache(maxsize=256)
def everyday_calls(account: Account | None = None) -> tuple[EverydayCall, ...]:
    """The calls in one account, or in the one that stands for all."""
    calls = tuple(_call(*row) for row in _CALLS)
    if account is None:
        return calls
    return tuple(replace(call, event=relocated(call.event, account)) for call in calls)


def _call(
    service: str, operation: str, caller: Caller, read_only: bool, error: str | None, source: str
) -> EverydayCall:
    by = f"{_CALLED_BY.get(service, service)}.amazonaws.com"
    event = record(
        _identity(caller, by),
        {
            **API_CALL,
            "eventSource": f"{service}.amazonaws.com",
            "eventName": operation,
            "readOnly": read_only,
            **({"errorCode": error, "errorMessage": "You are not authorized"} if error else {}),
            **({"sourceIPAddress": by, "userAgent": by} if caller == "service" else {}),
        },
    )
    failed = " and AWS refuses it" if error else ""
    article = "an AWS" if caller == "service" else "an IAM" if caller == "user" else "a"
    return EverydayCall(f"{article} {caller} calls {service}:{operation}{failed}", event, source)


def _identity(caller: Caller, service: str) -> Mapping[str, Any]:
    match caller:
        case "service":
            return {"type": "AWSService", "invokedBy": service}
        case "user":
            return {**ALICE, "accessKeyId": "AKIAEXAMPLE000000000"}
        case "role":
            return role_session("Application", "", "false")
        case "web identity":
            principal = "arn:aws:iam::123456789012:oidc-provider/idp.example.com:client:workload"
            return {
                "type": "WebIdentityUser",
                "principalId": principal,
                "userName": "workload",
                "identityProvider": principal.partition(":client")[0],
            }
        case "SAML user":
            return {
                "type": "SAMLUser",
                "principalId": "EXAMPLE+NAMEQUALIFIER=:user@example.com",
                "userName": "user@example.com",
                "identityProvider": f"arn:aws:iam::{ACCOUNT}:saml-provider/example",
            }
