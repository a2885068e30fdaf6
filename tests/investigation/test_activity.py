# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import functools
import re
from datetime import timedelta

import botocore.session
import pytest

from c7n_mfa.investigation.activity import activity, reach
from c7n_mfa.investigation.dangers import (
    AGAINST_US,
    ANYBODYS,
    danger_of,
    worst_calls,
)
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
    ("s3", "PutAccountPublicAccessBlock"): ("s3control", "PutPublicAccessBlock"),
    ("s3", "DeleteAccountPublicAccessBlock"): ("s3control", "DeletePublicAccessBlock"),
}
# No SDK calls it: the browser does, while `aws login` waits for it.
NO_OPERATIONS = {("signin", "AuthorizeOAuth2Access")}
# The first part of an event's source, where botocore calls the service otherwise.
SERVICES = {
    "monitoring": "cloudwatch",
    "sso": "sso-admin",
    "access-analyzer": "accessanalyzer",
    "elasticfilesystem": "efs",
}


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
        source="https://stratus-red-team.cloud/attack-techniques/AWS/"
        "aws.persistence.iam-create-user-login-profile/",
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


# The client's names, and the grant: the examples of
# https://docs.aws.amazon.com/signin/latest/userguide/aws-mcp-server.html
CLI = "arn:aws:signin:::devtools/same-device"
MCP = "arn:aws:signin:us-west-2::external-client/dcr/b3f2c8a1-9d4e-4f7a-8c6b-2e1f5a3d9b7c"
CONSOLE = "arn:aws:signin:::console/canvas"


def oauth(name, client=CLI, grant=None, **changes):
    data = {"additionalEventData": {"grant_type": grant, "success": "true"}}
    return call(name, "signin", LATER, requestParameters={"client_id": client}, **data, **changes)


@pytest.mark.parametrize("client", [CLI, MCP, None, 7])
@pytest.mark.parametrize("name", ["AuthorizeOAuth2Access", "CreateOAuth2Token"])
def test_aws_login_is_dangerous_and_its_sessions_are_reached(name, client):
    record = oauth(name, client)

    (found,) = see(record).dangerous

    assert (found.level, found.technique, found.done) == ("high", "T1550.001", True)
    assert found.why == "creates credentials of aws login, which refresh themselves for 12 hours"
    assert found.target == (f"client_id={client}" if isinstance(client, str) else None)
    assert go(record).tokens == (name,)


def test_a_refresh_is_reached_and_not_told_every_quarter_of_an_hour():
    record = oauth("CreateOAuth2Token", grant="refresh_token")
    assert see(record).dangerous == ()
    assert go(record).tokens == ("CreateOAuth2Token",)


@pytest.mark.parametrize("name", ["AuthorizeOAuth2Access", "CreateOAuth2Token"])
def test_the_console_that_signs_in_by_oauth_is_neither(name):
    record = oauth(name, CONSOLE)
    assert see(record).dangerous == ()
    assert go(record).tokens == ()


def test_only_sign_in_has_clients_of_the_console():
    record = call("GetFederationToken", "sts", LATER, requestParameters={"client_id": CONSOLE})
    assert len(see(record).dangerous) == 1
    assert go(record).tokens == ("GetFederationToken",)


@pytest.mark.parametrize("name", ["CreateFunction20150331", "UpdateFunctionCode20150331v2"])
def test_lambda_versions_its_names(name):
    assert danger_of("lambda", name).technique == "T1648"


@pytest.mark.parametrize(
    ("service", "name"), [("s3", "CreateUser"), ("iam", "ListUsers"), ("iam", "createuser")]
)
def test_other_calls_are_not_dangerous(service, name):
    assert danger_of(service, name) is None


@functools.cache
def model_of(service):
    return botocore.session.get_session().get_service_model(service)


def operation_of(call):
    """Service and operation as botocore has them."""
    service, name = SPELT.get(call, call)
    name = re.sub(r"20\d{6}(v\d+)?$", "", name) if service == "lambda" else name
    return SERVICES.get(service, service), name


@pytest.mark.parametrize("call", sorted({*ANYBODYS, *AGAINST_US} - NO_OPERATIONS), ids=":".join)
def test_a_dangerous_call_is_an_operation_of_its_service(call):
    service, name = operation_of(call)
    model = model_of(service)
    assert name in model.operation_names
    assert SERVICES.get(call[0]) or model.endpoint_prefix.removeprefix("api.") in (
        call[0],
        SPELT.get(call, call)[0].replace("control", "-control"),
    )


@pytest.mark.parametrize("danger", sorted({*ANYBODYS.values(), *AGAINST_US.values()}, key=str))
def test_a_danger_says_why_and_who_says_so(danger):
    assert re.fullmatch(r"T\d{4}(\.\d{3})?", danger.technique)
    assert danger.level in LEVELS[1:]
    assert danger.why[0].islower()
    assert not danger.why.endswith(".")
    assert re.fullmatch(r"https://[\w.-]+/[\w./-]+", danger.source)


def test_only_what_undoes_a_containment_is_critical():
    assert {call for call, danger in ANYBODYS.items() if danger.level == "critical"} == set()
    undoing = ("DeleteUserPolicy", "DetachUserPolicy", "PutUserPolicy", "TagUser", "UntagUser")
    critical = {call for call, danger in AGAINST_US.items() if danger.level == "critical"}
    assert critical == {("iam", name) for name in undoing}
    assert {danger.level for danger in AGAINST_US.values()} == {"critical", "high"}


@pytest.mark.parametrize(
    ("service", "name", "parameters", "level"),
    [
        ("iam", "DeleteUserPolicy", {"policyName": "c7n-mfa-require-mfa"}, "critical"),
        ("iam", "PutUserPolicy", {"policyName": "c7n-mfa-revoke-sessions"}, "critical"),
        ("iam", "PutUserPolicy", {"policyName": "own"}, "high"),
        (
            "iam",
            "DetachUserPolicy",
            {"policyArn": "arn:aws-us-gov:iam::aws:policy/AWSDenyAll"},
            "critical",
        ),
        ("iam", "DetachUserPolicy", {"policyArn": "arn:aws:iam::aws:policy/ReadOnly"}, "high"),
        ("iam", "UntagUser", {"userName": "alice", "tagKeys": ["c7n-mfa-contained"]}, "critical"),
        (
            "iam",
            "TagUser",
            {"tags": [{"key": "team", "value": "a"}, {"key": "c7n-mfa-released", "value": "x"}]},
            "critical",
        ),
        ("iam", "UntagUser", {"userName": "alice", "tagKeys": ["team"]}, None),
        ("iam", "TagUser", {"tags": [{"key": "team", "value": "not-c7n-mfa-released"}]}, None),
        ("iam", "UpdateUser", {"userName": "alice", "newUserName": "bob"}, "high"),
        ("iam", "DeleteRolePolicy", {"roleName": "c7n-mfa-respond", "policyName": "p"}, "high"),
        ("iam", "DeleteRolePolicy", {"roleName": "other", "policyName": "p"}, None),
        (
            "lambda",
            "PutFunctionConcurrency20171031",
            {"functionName": "custodian-signin-single-factor", "reservedConcurrentExecutions": 0},
            "high",
        ),
        (
            "lambda",
            "DeleteFunction20150331",
            {"functionName": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:custodian-signin"},
            "high",
        ),
        ("lambda", "DeleteFunction20150331", {"functionName": "own"}, None),
        ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "own"}, "medium"),
        ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "custodian-x"}, "high"),
        ("events", "PutRule", {"name": "c7n-mfa-signin-forwarding"}, "high"),
        ("events", "PutRule", {"name": "own"}, None),
        ("events", "RemoveTargets", {"rule": "own", "ids": ["1"]}, "high"),
        (
            "sqs",
            "PurgeQueue",
            {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/c7n-mfa-dead-letters"},
            "high",
        ),
        ("sqs", "PurgeQueue", {"queueUrl": "https://sqs/own"}, "medium"),
        ("sns", "SetTopicAttributes", {"topicArn": "arn:x"}, "high"),
        ("logs", "DeleteLogGroup", {"logGroupName": "/aws/lambda/custodian-signin"}, "high"),
        ("eks", "CreateAccessEntry", None, "high"),
        ("s3", "DeleteAccountPublicAccessBlock", None, "high"),
        ("ec2", "DisableSnapshotBlockPublicAccess", None, "high"),
        ("signin", "AuthorizeOAuth2Access", None, "high"),
        ("monitoring", "PutDashboard", {"dashboardName": "c7n-mfa-x"}, None),
    ],
)
def test_an_attack_on_the_responder_is_worse_than_the_call(service, name, parameters, level):
    danger = danger_of(service, name, parameters)
    assert (danger.level if danger else None) == level


@pytest.mark.parametrize("parameters", ["c7n-mfa-", [], 7, None, {"a": {"b": [None, 1, []]}}])
def test_any_request_is_judged(parameters):
    assert danger_of("iam", "DeleteUserPolicy", parameters).level in ("high", "critical")


def test_an_undone_containment_is_told_as_critical():
    (found,) = see(
        call(
            "DeleteUserPolicy",
            "iam",
            LATER,
            requestParameters={"userName": "alice", "policyName": "c7n-mfa-require-mfa"},
        )
    ).dangerous
    assert (found.level, found.target) == ("critical", "userName=alice")
    assert found.why == "undoes what keeps a contained user out"


def test_what_undoes_a_containment_is_asked_for_first_where_iam_is_recorded():
    assert worst_calls(of_iam=True)[:6] == (
        "DeleteUserPolicy",
        "DetachUserPolicy",
        "PutUserPolicy",
        "UntagUser",
        "TagUser",
        "CreateAccessKey",
    )
    assert {"CreateUser", "StopLogging", "DeleteFunction20150331"} <= set(
        worst_calls(of_iam=True)[:16]
    )
    elsewhere = worst_calls(of_iam=False)
    assert {"StopLogging", "DeleteFunction20150331", "PutFunctionConcurrency20171031"} <= set(
        elsewhere[:8]
    )
    assert "CreateAccessKey" not in elsewhere


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
