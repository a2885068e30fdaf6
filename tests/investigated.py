# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A sign-in of alice, and an AWS that answers questions about her from a script.

No emulator has LookupEvents, findings and the policy simulator together: moto has no LookupEvents
at all, and GuardDuty without findings.  So answers are written by hand from the API models, and
both requests and answers are checked against these.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import boto3
from botocore.client import BaseClient
from botocore.validate import ParamValidator

from c7n_mfa.investigation.records import Record, parse
from c7n_mfa.signin.record import SignIn

ACCOUNT = "123456789012"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
HOME = "eu-west-1"
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOW = AT + timedelta(minutes=10)
EVENT_ID = "11111111-2222-3333-4444-555555555555"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Answer = Callable[[str, dict], dict]


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**span: float) -> datetime:
    return AT - timedelta(**span)


def call(name: str, source: str, at: datetime, **changes: Any) -> dict:
    """A CloudTrail record of alice's."""
    return {
        "eventID": f"{name}-{at.isoformat()}",
        "eventName": name,
        "eventSource": f"{source}.amazonaws.com",
        "eventTime": stamp(at),
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": BROWSER,
        "userIdentity": {
            "type": "IAMUser",
            "arn": ALICE,
            "accountId": ACCOUNT,
            "userName": "alice",
            "principalId": "AIDAEXAMPLE",
        },
        "recipientAccountId": ACCOUNT,
        **changes,
    }


def sign_in(at: datetime = AT, mfa: str = "No", outcome: str = "Success", **changes: Any) -> dict:
    return call(
        "ConsoleLogin",
        "signin",
        at,
        **{
            "responseElements": {"ConsoleLogin": outcome},
            "additionalEventData": {"MFAUsed": mfa, "LoginTo": "https://console.aws.amazon.com"},
            **changes,
        },
    )


def the_sign_in(**changes: Any) -> dict:
    return sign_in(eventID=EVENT_ID, **changes)


def the_root_sign_in() -> dict:
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    return the_sign_in(userIdentity=root)


def signed_in(record: dict) -> SignIn:
    found = SignIn.from_record(record)
    assert found is not None
    return found


def event(record: Any, resources: list | None = None) -> dict:
    """An event as LookupEvents wraps a record."""
    text = record if isinstance(record, str) else json.dumps(record)
    return {"EventId": "outer", "CloudTrailEvent": text, "Resources": resources or []}


def parsed(*records: dict) -> list[Record]:
    found = [parse(event(record)) for record in records]
    assert None not in found
    return [record for record in found if record]


def trail_of(*records: dict, pages: int | None = None) -> Answer:
    """LookupEvents over these records as AWS answers it: filtered, newest first, in pages.

    Of fifty events each, or as many pages as are asked for.
    """

    def answer(region: str, parameters: dict) -> dict:
        (wanted,) = parameters["LookupAttributes"]
        key = {"Username": "userName", "EventName": "eventName"}[wanted["AttributeKey"]]
        start, end = stamp(parameters["StartTime"]), stamp(parameters["EndTime"])
        found = [
            r
            for r in records
            if r["awsRegion"] == region
            and wanted["AttributeValue"] in (r.get(key), *r["userIdentity"].values())
            and start <= r["eventTime"] <= end
        ]
        found.sort(key=lambda r: r["eventTime"], reverse=True)
        first = int(parameters.get("NextToken", "0"))
        size = -(-len(found) // pages) or 1 if pages else parameters["MaxResults"]
        more = {"NextToken": str(first + size)} if first + size < len(found) else {}
        return {"Events": [event(r) for r in found[first : first + size]], **more}

    return answer


def answers(**trail: Any) -> dict[str, Any]:
    """What AWS says of alice: a plain user with a password, one key and no MFA device."""
    return {
        "account:GetAlternateContact": {
            "AlternateContact": {"Name": "Security", "EmailAddress": "security@example.com"}
        },
        "cloudtrail:LookupEvents": trail_of(),
        "ec2:DescribeRegions": {
            "Regions": [{"RegionName": r} for r in ("us-east-1", HOME, "ap-south-1")]
        },
        "guardduty:GetFindings": {"Findings": []},
        "guardduty:ListDetectors": {"DetectorIds": ["d1"]},
        "guardduty:ListFindings": {"FindingIds": []},
        "iam:GetGroupPolicy": inline({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        "iam:GetLoginProfile": {"LoginProfile": {"UserName": "alice", "CreateDate": ago(days=400)}},
        "iam:GetPolicy": {"Policy": {"PolicyName": "ours", "DefaultVersionId": "v3"}},
        "iam:GetPolicyVersion": {
            "PolicyVersion": {"Document": {"Statement": []}, "VersionId": "v3"}
        },
        "iam:GetRolePolicy": inline({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        "iam:GetUserPolicy": inline({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        "iam:ListAccessKeys": {
            "AccessKeyMetadata": [
                {
                    "UserName": "alice",
                    "AccessKeyId": "AKIAEXAMPLE000000000",
                    "Status": "Active",
                    "CreateDate": ago(days=400),
                }
            ]
        },
        "iam:ListAttachedGroupPolicies": attached("aws:policy/ReadOnlyAccess"),
        "iam:ListAttachedRolePolicies": attached("aws:policy/ReadOnlyAccess"),
        "iam:ListAttachedUserPolicies": attached(f"{ACCOUNT}:policy/ours"),
        "iam:ListGroupPolicies": {"PolicyNames": ["buckets"]},
        "iam:ListGroupsForUser": {
            "Groups": [
                {
                    "Path": "/",
                    "GroupName": "staff",
                    "GroupId": "AGPAEXAMPLE000000000",
                    "Arn": f"arn:aws:iam::{ACCOUNT}:group/staff",
                    "CreateDate": ago(days=900),
                }
            ]
        },
        "iam:ListMFADevices": {"MFADevices": []},
        "iam:ListRolePolicies": {"PolicyNames": ["buckets"]},
        "iam:ListRoleTags": {"Tags": [{"Key": "owner", "Value": "user@example.com"}]},
        "iam:ListUserPolicies": {"PolicyNames": ["buckets"]},
        "iam:ListUserTags": {"Tags": [{"Key": "owner", "Value": "user@example.com"}]},
        "iam:SimulatePrincipalPolicy": {
            "EvaluationResults": [
                {"EvalActionName": "iam:CreateUser", "EvalDecision": "implicitDeny"},
                {"EvalActionName": "s3:GetObject", "EvalDecision": "allowed"},
            ]
        },
        "securityhub:GetFindings": {"Findings": []},
        **trail,
    }


def inline(*statements: dict) -> dict:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    # botocore hands the document out parsed, though its model says that it is a text.
    return {"PolicyName": "buckets", "PolicyDocument": document}


def attached(*policies: str) -> dict:
    return {
        "AttachedPolicies": [
            {"PolicyName": p.rpartition("/")[2], "PolicyArn": f"arn:aws:iam::{p}"} for p in policies
        ]
    }


def device(enrolled: datetime) -> dict:
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
    return {"MFADevices": [{"UserName": "alice", "SerialNumber": serial, "EnableDate": enrolled}]}


@contextmanager
def aws(script: dict[str, Any]):
    """Answer from a script: an answer, an error to raise, or a function of Region and request.

    Yields the calls as (permission, Region, request), in order.
    """
    made: list[tuple[str, str, dict]] = []

    def answer(client, operation, parameters):
        permission = f"{client.meta.service_model.service_name}:{operation}"
        made.append((permission, client.meta.region_name, parameters))
        model = client.meta.service_model.operation_model(operation)
        _check(parameters, model.input_shape)
        found = script[permission]
        if isinstance(found, BaseException):
            raise found
        return found(client.meta.region_name, parameters) if callable(found) else found

    with mock.patch.object(BaseClient, "_make_api_call", answer):
        yield made


class Session(boto3.Session):
    """A session that makes each client once: botocore takes its time, and answers none itself."""

    @functools.cache  # noqa: B019
    def client(self, service_name: str, region_name: str | None = None, config: Any = None) -> Any:
        return super().client(service_name, region_name, config=config)


@functools.cache
def session() -> Session:
    return Session("nobody", "secret", region_name=HOME)


def _check(parameters: dict, shape: Any) -> None:
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


class Clock:
    """A clock that only sleeping, and the latency of calls, move on."""

    def __init__(self, latency: float = 0.0) -> None:
        self.now = 1000.0
        self.latency = latency
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
