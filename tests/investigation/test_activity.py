# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from datetime import timedelta

import botocore.session
import pytest

from c7n_mfa.investigation.activity import activity, reach
from c7n_mfa.investigation.dangers import DANGERS, danger_of
from c7n_mfa.investigation.dossier import LEVELS, Activity, Count, DangerousCall, Reach, Seen
from investigated import ACCOUNT, ALICE, AT, ago, call, parsed

LATER = AT + timedelta(minutes=3)
NEVER = AT + timedelta(minutes=10)
DAY_BEFORE = ago(hours=24)
ALL = Seen(DAY_BEFORE, True)
NOTHING = Reach((), (), (), (), (), (), ALL)
# CloudTrail writes these otherwise than the API calls them.
SPELT = {
    ("s3", "DeleteBucketPublicAccessBlock"): ("s3", "DeletePublicAccessBlock"),
    ("s3", "PutBucketPublicAccessBlock"): ("s3", "PutPublicAccessBlock"),
    ("s3", "DeleteAccountPublicAccessBlock"): ("s3control", "DeletePublicAccessBlock"),
    ("lambda", "CreateFunctionUrlConfig"): ("lambda", "CreateFunctionUrlConfig"),
}
SERVICES = {"monitoring": "cloudwatch", "sso": "sso-admin", "access-analyzer": "accessanalyzer"}


def see(*records, since=DAY_BEFORE):
    return activity(parsed(*records), AT, since)


def go(*records, since=DAY_BEFORE):
    return reach(parsed(*records), AT, ACCOUNT, since)


def test_calls_are_counted_before_and_since_with_those_in_vain():
    found = see(
        call("ListBuckets", "s3", ago(hours=2)),
        call("ListBuckets", "s3", LATER),
        call("ListBuckets", "s3", LATER + timedelta(seconds=1), errorCode="AccessDenied"),
        call("ListUsers", "iam", LATER),
        call("ListUsers", "iam", ago(hours=25)),
    )
    assert found == Activity(
        before=(Count("s3", "ListBuckets", 1, 0),),
        since=(Count("s3", "ListBuckets", 2, 1), Count("iam", "ListUsers", 1, 0)),
        dangerous=(),
        seen=ALL,
        complete_since=True,
    )


@pytest.mark.parametrize(
    ("since", "complete_since"), [(ago(hours=1), True), (LATER + timedelta(minutes=1), False)]
)
def test_what_was_not_read_is_unknown_and_not_none(since, complete_since):
    found = see(call("ListBuckets", "s3", LATER + timedelta(minutes=2)), since=since)
    assert found == Activity(
        before=None,
        since=(Count("s3", "ListBuckets", 1, 0),),
        dangerous=None,
        seen=Seen(since, False),
        complete_since=complete_since,
    )
    assert see(since=NEVER) == Activity(None, None, None, Seen(NEVER, False), False)
    assert go(since=NEVER) == Reach(None, None, None, None, None, None, Seen(NEVER, False))


def test_what_was_read_stands_though_not_all_was():
    found = see(
        call("CreateUser", "iam", LATER), call("ListBuckets", "s3", ago(hours=1)), since=LATER
    )
    assert [count.name for count in found.before] == ["ListBuckets"]
    assert [count.name for count in found.since] == ["CreateUser"]
    assert [danger.name for danger in found.dangerous] == ["CreateUser"]
    assert (found.seen, found.complete_since) == (Seen(LATER, False), False)


def test_a_dangerous_call_is_told_with_target_reason_and_technique():
    (found,) = see(
        call("CreateAccessKey", "iam", LATER, requestParameters={"userName": "bob"})
    ).dangerous
    assert found == DangerousCall(
        at=LATER,
        service="iam",
        name="CreateAccessKey",
        target="userName=bob",
        region="us-east-1",
        actor=ALICE,
        done=True,
        since=True,
        level="high",
        why="creates credentials that outlive the session",
        technique="T1098.001",
    )


def test_a_refused_call_is_not_done():
    (found,) = see(call("StopLogging", "cloudtrail", LATER, errorCode="AccessDenied")).dangerous
    assert (found.done, found.since) == (False, True)


def test_a_call_of_the_day_before_is_not_since():
    (found,) = see(call("StopLogging", "cloudtrail", ago(hours=1))).dangerous
    assert (found.done, found.since) == (True, False)


@pytest.mark.parametrize(
    ("parameters", "target"),
    [
        (None, None),
        ([], None),
        ({"userName": 7}, None),
        ({"alarmNames": ["a", "b"]}, "alarmNames=a, b"),
        ({"userName": "bob", "policyArn": "arn:x"}, "policyArn=arn:x"),
    ],
)
def test_the_target_is_whatever_the_request_names(parameters, target):
    (found,) = see(call("StopLogging", "cloudtrail", LATER, requestParameters=parameters)).dangerous
    assert found.target == target


@pytest.mark.parametrize("name", ["CreateFunction20150331", "UpdateFunctionCode20150331v2"])
def test_lambda_versions_its_names(name):
    assert danger_of("lambda", name).technique == "T1648"


@pytest.mark.parametrize(
    ("service", "name"), [("s3", "CreateUser"), ("iam", "ListUsers"), ("iam", "createuser")]
)
def test_other_calls_are_not_dangerous(service, name):
    assert danger_of(service, name) is None


@pytest.mark.parametrize("known", sorted(DANGERS), ids=":".join)
def test_a_dangerous_call_exists_and_says_why(known):
    service, name = SPELT.get(known, known)
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    found = DANGERS[known]
    assert name in model.operation_names
    assert re.fullmatch(r"T\d{4}(\.\d{3})?", found.technique)
    assert found.level in LEVELS[1:3]
    assert found.why[0].islower()
    assert not found.why.endswith(".")


def test_roles_tokens_keys_users_and_accounts_are_reached():
    role = "arn:aws:iam::210987654321:role/Audit"
    found = go(
        call("AssumeRole", "sts", LATER, requestParameters={"roleArn": role}),
        call("GetFederationToken", "sts", LATER),
        call("CreateOAuth2Token", "signin", LATER, eventID="x"),
        call(
            "CreateAccessKey",
            "iam",
            LATER,
            responseElements={"accessKey": {"accessKeyId": "AKIAEXAMPLE000000001"}},
        ),
        call("CreateUser", "iam", LATER, responseElements={"user": {"userName": "bob"}}),
    )
    assert found == Reach(
        roles=(role,),
        tokens=("GetFederationToken", "CreateOAuth2Token"),
        keys=("AKIAEXAMPLE000000001",),
        users=("bob",),
        accounts=("210987654321",),
        touched=(),
        seen=ALL,
    )


def test_a_switch_of_role_in_the_console_is_recorded_as_the_role():
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice"
    identity = {"type": "AssumedRole", "arn": session}
    found = go(call("SwitchRole", "signin", LATER, userIdentity=identity))
    assert found.roles == (session,)


@pytest.mark.parametrize(
    "record",
    [
        call("AssumeRole", "sts", ago(hours=25), requestParameters={"roleArn": "arn:x"}),
        call(
            "AssumeRole", "sts", LATER, requestParameters={"roleArn": "arn:x"}, errorCode="Denied"
        ),
        call("AssumeRole", "sts", LATER, requestParameters=None),
        call("SwitchRole", "other", LATER),
        call("CreateAccessKey", "iam", LATER, responseElements=None),
        call("CreateUser", "identitystore", LATER, responseElements={"user": {"userName": "b"}}),
        call("ListRoles", "iam", LATER, requestParameters={"arn": f"arn:aws:iam::{ACCOUNT}:x"}),
        call("ListBuckets", "s3", LATER),
    ],
)
def test_old_refused_or_harmless_calls_reach_nothing(record):
    assert go(record) == NOTHING
