# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The action `alert-signin`, and the shipped policies as functions in this process, on moto.

moto has no LookupEvents and no policy simulator; the investigation's own tests answer those.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.alerting import element as alert
from c7n_mfa.alerting import ledger
from c7n_mfa.alerting.element import AlertNotSent, NotContained, identifier
from c7n_mfa.containment import element as containment
from c7n_mfa.investigation import element as investigation
from c7n_mfa.investigation import event_history as lookup
from calls import denied, is_write, watched
from deployed import (
    ACCOUNT,
    EVENT_ID,
    REGION,
    TOPIC,
    Function,
    Inbox,
    event,
    record,
    seed_alice,
    shipped,
)
from longrun import long_but_one
from signin.records import RECORDS

TELLS = "signin-single-factor"
ROOT = "signin-single-factor-root"
CONTAINS = "signin-single-factor-contain"
ON_CALL = f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"
SIGNED_IN = datetime.fromisoformat(record()["eventTime"])
STUBS = {
    "cloudtrail:LookupEvents": {"Events": []},
    "iam:SimulatePrincipalPolicy": {"EvaluationResults": []},
}


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    # Nothing here is paced by CloudTrail.
    monkeypatch.setattr(lookup, "PACE_SECONDS", 0.0)
    # Nobody is contained for a sign-in of long ago.
    monkeypatch.setattr(containment, "now", lambda: SIGNED_IN + timedelta(seconds=20))
    with mock_aws():
        yield


@pytest.fixture
def deploy(tmp_path, monkeypatch):
    def deploy(name, change=lambda policy: None):
        policy = shipped(name)
        for action in policy["actions"]:
            if action["type"] == "investigate-signin":
                # Of some forty, which take moto seconds for each sign-in.
                action["regions"] = [REGION]
        change(policy)
        return Function(policy, tmp_path, monkeypatch)

    return deploy


@pytest.fixture
def alice():
    return seed_alice()


def test_it_reads_what_the_actions_before_it_leave():
    assert (alert.DOSSIER, alert.RECEIPTS) == (investigation.ANNOTATION, containment.ANNOTATION)
    assert alert.AlertSignin.permissions == (
        "iam:ListAccountAliases",
        *ledger.PERMISSIONS,
        "sns:Publish",
    )


# Telling.


def test_the_shipped_policy_tells_of_a_single_factor_sign_in(deploy, alice):
    inbox = Inbox()

    with watched(stubs=STUBS):
        assert deploy(TELLS).deliver(event(record())) is True

    (message,) = inbox.read()
    # CloudTrail keeps 90 days, and the record is of before.
    assert message["Subject"] == "[HIGH] alice signed in without MFA (123456789012)"
    assert EVENT_ID in message["Message"]
    attributes = {k: v["Value"] for k, v in message["MessageAttributes"].items()}
    assert attributes == {
        "severity": "high",
        "identity": "iam-user",
        "account": ACCOUNT,
        "complete": "no",
    }
    assert {key: message["Payload"][key] for key in attributes} == attributes


def test_it_changes_nothing_but_its_ledger(deploy, alice):
    Inbox()

    with watched(stubs=STUBS) as calls:
        deploy(TELLS).deliver(event(record()))

    assert {call for call in calls.made if is_write(call) and "Simulate" not in call} == {
        "sns:Publish",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
    }


@pytest.mark.parametrize("kind", ["mfa", "saml", "identity-center", "failure", "no-sign-in"])
def test_it_tells_nothing_of_others(deploy, kind):
    inbox = Inbox()
    function = deploy(TELLS)

    for labelled in RECORDS:
        if labelled.kind == kind:
            function.deliver(event(labelled.record))

    assert inbox.read() == []


@pytest.mark.parametrize("kind", ["root", "broker", "web-identity", "outcome-unsaid", "unsaid"])
def test_it_tells_of_everybody(deploy, kind):
    inbox = Inbox()

    with watched(stubs=STUBS):
        deploy(TELLS).deliver(event(record(kind)))

    assert len(inbox.subjects()) == 1


def test_a_user_deleted_in_between_is_told_of(deploy):
    inbox = Inbox()

    with watched(stubs=STUBS):
        deploy(TELLS).deliver(event(record()))

    assert "alice signed in without MFA" in inbox.subjects()[0]


@pytest.mark.long
def test_ten_deliveries_are_told_once(deploy, alice):
    inbox = Inbox()
    function = deploy(TELLS)

    with watched(stubs=STUBS):
        for _ in range(10):
            function.deliver(event(record()))

    assert len(inbox.read()) == 1


def test_two_sign_ins_are_told_twice(deploy, alice):
    inbox = Inbox()
    function = deploy(TELLS)
    other = "00000000-98f8-4744-bd45-10a395ab61cb"

    with watched(stubs=STUBS):
        function.deliver(event(record()))
        function.deliver(event(record(eventID=other)))

    assert len(inbox.read()) == 2


@pytest.mark.parametrize("odd", ["x", "a:b*c"])
def test_records_without_an_id_of_awss_are_told_apart_by_what_they_hold(deploy, alice, odd):
    inbox = Inbox()
    function = deploy(TELLS)

    with watched(stubs=STUBS):
        for agent in ("one", "one", "two"):
            function.deliver(event(record(eventID=odd, userAgent=agent)))

    assert len(inbox.read()) == 2


def test_an_id_is_that_of_aws_or_a_digest():
    assert identifier({"eventID": EVENT_ID.upper()}) == EVENT_ID
    assert identifier({"eventID": EVENT_ID + "\n"}).startswith("sha256-")
    assert identifier({}) == identifier({})
    assert identifier({"a": 1}) != identifier({"a": 2})


# One conversation.


def signed_in(number, minutes, **changes):
    at = (SIGNED_IN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event(
        record(eventID=f"{number:08}-98f8-4744-bd45-10a395ab61cb", eventTime=at, **changes)
    )


def test_the_sign_ins_of_an_hour_are_counted(deploy, alice):
    inbox = Inbox()
    function = deploy(TELLS)

    with watched(stubs=STUBS):
        for number, minutes in enumerate((0, 20, 59, 125)):
            function.deliver(signed_in(number, minutes))

    since = f"since {SIGNED_IN:%H:%M}"
    assert inbox.subjects() == [
        "[HIGH] alice signed in without MFA (123456789012)",
        f"[HIGH] alice signed in without MFA, 2nd {since} (123456789012)",
        f"[HIGH] alice signed in without MFA, 3rd {since} (123456789012)",
        "[HIGH] alice signed in without MFA (123456789012)",
    ]


def test_a_sign_in_delivered_again_is_counted_once(deploy, alice):
    inbox = Inbox()
    function = deploy(TELLS)

    with watched(stubs=STUBS):
        for number, minutes in ((0, 0), (0, 0), (1, 5), (1, 5)):
            function.deliver(signed_in(number, minutes))

    assert [message["Payload"]["conversation"]["count"] for message in inbox.read()] == [1, 2]


def test_others_are_counted_by_themselves(deploy, alice):
    inbox = Inbox()
    function = deploy(TELLS)
    bob = {**record()["userIdentity"], "userName": "bob", "arn": f"arn:aws:iam::{ACCOUNT}:user/bob"}

    with watched(stubs=STUBS):
        function.deliver(signed_in(0, 0))
        function.deliver(signed_in(1, 5, userIdentity=bob))

    assert [message["Payload"]["conversation"]["count"] for message in inbox.read()] == [1, 1]


def test_what_nobody_was_told_of_is_not_counted(deploy, alice):
    function = deploy(TELLS)
    with watched(stubs=STUBS), pytest.raises(AlertNotSent):
        function.deliver(signed_in(0, 0))
    inbox = Inbox()

    with watched(stubs=STUBS):
        function.deliver(signed_in(1, 5))

    (message,) = inbox.read()
    assert message["Payload"]["conversation"] == {"count": 1, "since": None}
    assert "\nWhat was found\n" in message["Message"]


def test_the_account_is_called_by_its_alias(deploy, alice):
    alice.create_account_alias(AccountAlias="example-production")
    inbox = Inbox()

    with watched(stubs=STUBS):
        deploy(CONTAINS).deliver(event(record()))

    (message,) = inbox.read()
    assert message["Payload"]["account_name"] == "example-production"
    assert message["Subject"].endswith("(123456789012, example-production)")


def test_an_alias_that_may_not_be_read_is_left_out(deploy, alice):
    alice.create_account_alias(AccountAlias="example-production")
    inbox = Inbox()

    with watched({"iam:ListAccountAliases": denied}, stubs=STUBS):
        deploy(CONTAINS).deliver(event(record()))

    (message,) = inbox.read()
    assert message["Payload"]["account_name"] is None
    assert message["Subject"].endswith("(123456789012)")
    assert "ListAccountAliases" not in message["Message"]


def test_an_alias_is_of_its_own_account_only(load):
    boto3.client("iam").create_account_alias(AccountAlias="example-production")
    inbox = Inbox(ON_CALL)
    found = record()
    found["userIdentity"]["accountId"] = "210987654321"

    act(load(), found)

    assert inbox.read()[0]["Payload"]["account_name"] is None


def test_people_get_text_and_machines_get_json(load):
    published = []

    def publish(parameters):
        published.append(parameters)
        return {"MessageId": "1"}

    with watched(stubs={"sns:Publish": publish}):
        act(load(), record())
        act(load(format="text"), record())

    structured, text = published
    parts = json.loads(structured["Message"])
    assert structured["MessageStructure"] == "json"
    assert "MessageStructure" not in text
    assert parts["default"] == text["Message"]
    assert json.loads(parts["sqs"])["text"] == text["Message"]
    assert structured["MessageAttributes"] == text["MessageAttributes"]


def test_root_is_told_to_whoever_is_on_call_and_others_are_not(deploy):
    inbox = Inbox(ON_CALL)
    function = deploy(ROOT)

    with watched(stubs=STUBS):
        function.deliver(event(record()))
        function.deliver(event(record("root", eventID="00000000-98f8-4744-bd45-10a395ab61cb")))

    assert inbox.subjects() == ["[CRITICAL] root signed in without MFA (123456789012)"]


def test_the_log_has_no_name_and_no_address(deploy, alice, caplog):
    caplog.set_level(logging.DEBUG)
    Inbox()

    with watched(stubs=STUBS):
        deploy(TELLS).deliver(event(record()))

    ours = [r.getMessage() for r in caplog.records if r.name.startswith("custodian")]
    assert [line for line in ours if "alice" in line or "192.0.2.10" in line] == []
    assert any(EVENT_ID in line for line in ours)


# Containing, and telling what was done.


def test_a_contained_user_is_told_of_with_what_was_done(deploy, alice):
    inbox = Inbox()

    deploy(CONTAINS).deliver(event(record()))

    (message,) = inbox.read()
    assert "- revoke-sessions: done." in message["Message"]
    assert "- require-mfa: done." in message["Message"]
    assert sorted(alice.list_user_policies(UserName="alice")["PolicyNames"]) == [
        "c7n-mfa-require-mfa",
        "c7n-mfa-revoke-sessions",
    ]


def test_ten_deliveries_contain_and_tell_once(deploy, alice):
    inbox = Inbox()
    function = deploy(CONTAINS)

    with watched() as calls:
        for _ in range(10):
            function.deliver(event(record()))

    assert len(inbox.read()) == 1
    assert calls.counts()["iam:PutUserPolicy"] == 2


def test_a_break_glass_user_is_left_alone_and_told_of(deploy, alice):
    inbox = Inbox()
    alice.tag_user(UserName="alice", Tags=[{"Key": "break-glass", "Value": "2026"}])

    deploy(CONTAINS).deliver(event(record()))

    assert alice.list_user_policies(UserName="alice")["PolicyNames"] == []
    assert inbox.read()[0]["Message"].count(": skipped. ") == 2


def test_root_is_no_user_of_its_alias(deploy, alice):
    inbox = Inbox()
    root = record("root")
    root["userIdentity"]["userName"] = "alice"

    deploy(CONTAINS).deliver(event(root))

    assert alice.list_user_policies(UserName="alice")["PolicyNames"] == []
    assert inbox.read() == []


def test_whoever_wanted_to_contain_a_deleted_user_tells_of_it(deploy):
    inbox = Inbox()

    deploy(CONTAINS).deliver(event(record()))

    (message,) = inbox.read()
    assert message["Subject"].startswith("alice signed in without MFA, NOT contained (")
    assert (
        "- require-mfa: FAILED. NOT contained: the user alice who signed in "
        "(AIDAEXAMPLEALICE00000) no longer exists\n"
    ) in message["Message"]
    assert (
        "- The account, user or role could not be described: there is no alice any more: renamed "
        "or deleted since the sign-in\n"
    ) in message["Message"]


# Faults.


ALL_CALLS = [
    "cloudtrail:LookupEvents",
    "guardduty:ListDetectors",
    "iam:GetLoginProfile",
    "iam:ListAccessKeys",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListUserPolicies",
    "iam:ListUserTags",
    "iam:SimulatePrincipalPolicy",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "securityhub:GetFindings",
]


@pytest.mark.parametrize("permission", long_but_one(ALL_CALLS))
def test_a_call_that_is_denied_stops_nothing(deploy, alice, permission):
    inbox = Inbox()

    with watched({permission: denied}, stubs=STUBS) as calls:
        deploy(TELLS).deliver(event(record()))

    assert permission in calls.made
    (message,) = inbox.read()
    named = permission.lower() in message["Message"].lower()
    assert permission.startswith("logs:") or named


CONTAINING = ["iam:GetUserPolicy", "iam:ListUserTags", "iam:PutUserPolicy", "iam:TagUser"]


@pytest.mark.parametrize("permission", CONTAINING)
def test_a_containment_that_is_denied_is_told_with_the_permission(deploy, alice, permission):
    inbox = Inbox()

    with watched({permission: denied}) as calls:
        deploy(CONTAINS).deliver(event(record()))

    assert permission in calls.made
    (message,) = inbox.read()
    assert f"grant {permission}" in message["Message"]
    assert "FAILED" in message["Message"]


def throttled(operation):
    return ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, operation)


@pytest.mark.parametrize("fault", [denied, throttled])
def test_an_account_that_cannot_be_described_is_told_of(deploy, alice, fault):
    inbox = Inbox()

    with watched({"iam:ListAccountAliases": fault}, stubs=STUBS):
        deploy(TELLS).deliver(event(record()))

    (message,) = inbox.read()
    code = fault("x").response["Error"]["Code"]
    assert (
        "- The account, user or role could not be described: iam:ListAccountAliases failed with "
        f"{code}\n"
    ) in message["Message"]


@pytest.mark.parametrize("fault", [denied, throttled])
def test_a_user_who_cannot_be_described_is_contained_and_told_of(deploy, alice, fault):
    inbox = Inbox()

    with watched({"iam:GetUser": fault}):
        deploy(CONTAINS).deliver(event(record()))

    assert len(alice.list_user_policies(UserName="alice")["PolicyNames"]) == 2
    assert "iam:GetUser failed with" in inbox.read()[0]["Message"]


def test_a_break_glass_user_who_cannot_be_described_is_left_alone(deploy, alice):
    alice.tag_user(UserName="alice", Tags=[{"Key": "break-glass", "Value": "2026"}])
    Inbox()

    with watched({"iam:GetUser": denied}):
        deploy(CONTAINS).deliver(event(record()))

    assert alice.list_user_policies(UserName="alice")["PolicyNames"] == []


def test_a_description_that_breaks_off_is_gone_on_with(deploy, alice):
    inbox = Inbox()

    def only_once(answer):
        calls.faults["iam:GetUser"] = denied
        return answer

    with watched(answers={"iam:GetUser": only_once}) as calls:
        deploy(CONTAINS).deliver(event(record()))

    assert calls.counts()["iam:GetUser"] == 2
    assert "- require-mfa: done." in inbox.read()[0]["Message"]


GONE = ClientError({"Error": {"Code": "NotFound", "Message": "Topic does not exist"}}, "Publish")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            denied("Publish"),
            "An error occurred (AccessDenied) when calling the Publish operation: User is not "
            "authorized to perform Publish",
        ),
        (
            GONE,
            "An error occurred (NotFound) when calling the Publish operation: Topic does not exist",
        ),
        (
            EndpointConnectionError(endpoint_url="https://sns.us-east-1.amazonaws.com"),
            'Could not connect to the endpoint URL: "https://sns.us-east-1.amazonaws.com"',
        ),
        (ResponseParserError("no element found"), "no element found"),
    ],
    ids=["denied", "gone", "unreachable", "malformed"],
)
def test_when_nobody_can_be_told_the_user_is_contained_and_the_function_fails(
    deploy, alice, error, why
):
    with watched({"sns:Publish": lambda _: error}), pytest.raises(AlertNotSent) as failed:
        deploy(CONTAINS).deliver(event(record()))

    assert str(failed.value) == (
        f"policy:{CONTAINS} event:{EVENT_ID} nobody is notified: "
        f"sns:Publish on {TOPIC} failed: {why}"
    )
    assert len(alice.list_user_policies(UserName="alice")["PolicyNames"]) == 2


def test_what_failed_is_told_when_lambda_tries_again(deploy, alice):
    inbox = Inbox()
    function = deploy(CONTAINS)
    with watched({"sns:Publish": denied}), pytest.raises(AlertNotSent):
        function.deliver(event(record()))
    assert inbox.read() == []

    function.deliver(event(record()))

    (message,) = inbox.read()
    assert "- revoke-sessions: already." in message["Message"]


NOT_CONTAINED = (
    f"policy:{CONTAINS} event:{EVENT_ID} is reported, but containment failed for a reason that may "
    "pass, and is to be tried again: iam:PutUserPolicy on arn:aws:iam::123456789012:user/alice "
    "failed with Throttling: Rate exceeded"
)
SUBJECT = "alice signed in without MFA, {} (123456789012)"


def test_a_containment_that_fails_for_a_moment_is_tried_again_and_what_becomes_of_it_is_told(
    deploy, alice
):
    inbox = Inbox()
    function = deploy(CONTAINS)

    with watched({"iam:PutUserPolicy": throttled}):
        for _ in range(2):
            with pytest.raises(NotContained) as failed:
                function.deliver(event(record()))
    function.deliver(event(record()))
    function.deliver(event(record()))

    assert str(failed.value) == NOT_CONTAINED
    assert inbox.subjects() == [SUBJECT.format("NOT contained"), SUBJECT.format("contained")]
    assert len(alice.list_user_policies(UserName="alice")["PolicyNames"]) == 2


def test_a_later_failure_takes_nothing_back_and_is_not_told(deploy, alice):
    inbox = Inbox()
    function = deploy(CONTAINS)
    function.deliver(event(record()))

    with watched({"iam:ListUserTags": throttled}), pytest.raises(NotContained):
        function.deliver(event(record()))

    assert inbox.subjects() == [SUBJECT.format("contained")]


def test_a_containment_that_is_denied_is_not_tried_again(deploy, alice):
    inbox = Inbox()

    with watched({"iam:PutUserPolicy": denied}):
        assert deploy(CONTAINS).deliver(event(record())) is True

    assert inbox.subjects() == [SUBJECT.format("NOT contained")]


def test_when_neither_works_it_is_the_telling_that_fails(deploy, alice):
    faults = {"iam:PutUserPolicy": throttled, "sns:Publish": denied}

    with watched(faults), pytest.raises(AlertNotSent):
        deploy(CONTAINS).deliver(event(record()))


def test_a_ledger_that_may_not_be_used_is_said_in_the_message(deploy, alice):
    inbox = Inbox()
    function = deploy(CONTAINS)

    with watched({"logs:CreateLogStream": denied}):
        function.deliver(event(record()))
        function.deliver(event(record()))

    line = (
        "- This message could not be recorded as sent, and may be sent again: access denied: grant "
        f"logs:CreateLogStream on /aws/lambda/custodian-{CONTAINS}\n"
    )
    assert [line in message["Message"] for message in inbox.read()] == [True, True]


# Outside Lambda.


@pytest.fixture
def load(request):
    def load(*actions, resource="aws.account", config=None, mode=None, **options):
        policy = {
            "name": "signin-told",
            "resource": resource,
            **({"mode": mode} if mode else {}),
            "actions": [{"type": "alert-signin", "topic": "on-call", **options}, *actions],
        }
        if config and not mode:
            mode = {key: value for key, value in mode_with("").items() if key != DEAD_LETTERS}
            policy["mode"] = mode
        where = {"region": REGION, "account_id": ACCOUNT, **(config or {})}
        return PyTestUtils(request).load_policy(policy, config=where)

    return load


DEAD_LETTERS = "dead_letter_config"


def mode_with(target):
    return {
        "type": "cloudtrail",
        "role": f"arn:aws:iam::{ACCOUNT}:role/c7n-mfa-respond",
        "packages": ["c7n_mfa"],
        "handler": "c7n_mfa.handler.run",
        "events": ["ConsoleLogin"],
        "pattern": {"source": ["aws.signin"]},
        "dead_letter_config": {"TargetArn": target},
    }


def act(policy, found=None, resource=None):
    (action,) = policy.resource_manager.actions
    return action.process([resource or {"account_id": ACCOUNT}], found and event(found))


def test_without_an_event_nothing_is_told(load, caplog):
    inbox = Inbox(ON_CALL)

    assert act(load()) == []
    assert act(load(), {}) == []
    assert inbox.read() == []
    assert caplog.messages[0] == (
        "policy:signin-told alert-signin sends nothing: it runs without an event"
    )


def test_outside_lambda_there_is_no_ledger(load, caplog):
    inbox = Inbox(ON_CALL)
    account = {"account_id": ACCOUNT}

    (told,) = act(load(), record(), account)
    act(load(), record())

    assert len(inbox.read()) == 2
    assert (
        account["c7n:signin-alert"]
        == told
        == {
            "severity": "high",
            "subject": "alice signed in without MFA (123456789012)",
            "topic": ON_CALL,
            "result": "notified",
            "message_id": told["message_id"],
            "note": "there is no ledger outside Lambda",
        }
    )
    assert json.loads(json.dumps(told)) == told


def test_a_ledger_can_be_named(load):
    inbox = Inbox(ON_CALL)

    results = [act(load(ledger="/c7n-mfa/told"), record())[0]["result"] for _ in range(3)]

    assert (results, len(inbox.read())) == (["notified", "already", "already"], 1)


def test_a_topic_in_another_region_is_published_to_there(load):
    arn = f"arn:aws:sns:eu-west-1:{ACCOUNT}:on-call"
    boto3.client("sns", region_name="eu-west-1").create_topic(Name="on-call")

    assert act(load(topic=arn), record())[0]["topic"] == arn


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-west-1", "arn:aws:sns:eu-west-1:123456789012:on-call"),
        ("cn-north-1", "arn:aws-cn:sns:cn-north-1:123456789012:on-call"),
        ("us-gov-west-1", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:on-call"),
    ],
)
def test_a_name_is_a_topic_of_the_policys_region(load, region, arn):
    (action,) = load(config={"region": region}).resource_manager.actions

    assert action.topic_arn == arn


def test_a_finding_carries_address_region_factor_and_path(load, request):
    policy = PyTestUtils(request).load_policy(
        {
            "name": "signin-found",
            "resource": "aws.account",
            "filters": ["signin"],
            "actions": [
                {
                    "type": "post-finding",
                    "types": ["TTPs/Initial Access/TTPs"],
                    "severity_label": "HIGH",
                }
            ],
        },
        config={"region": REGION, "account_id": ACCOUNT},
    )
    manager = policy.resource_manager
    (account,) = manager.filter_resources([{"account_id": ACCOUNT}], event(record()))

    finding = manager.actions[0].get_finding([account], None, "now", "now")

    (resource,) = finding["Resources"]
    found = json.loads(resource["Details"]["Other"]["c7n:signin"])
    assert [found[key] for key in ("address", "region", "factor", "path")] == [
        "192.0.2.10",
        "us-east-1",
        "single",
        "password",
    ]


# Refused by `custodian validate`, or told at deploy.


def test_it_comes_last(load):
    with pytest.raises(PolicyValidationError) as refused:
        load("revoke-sessions", resource="aws.iam-user")

    assert str(refused.value) == (
        "policy:signin-told alert-signin comes before revoke-sessions and cannot report it; "
        "put alert-signin last"
    )


NO_ARN = "is not the ARN of a topic; write arn:{partition}:sns:{region}:{account_id}:NAME"
NO_NAME = (
    "is not the name of a topic; a name has letters, digits, - and _, and no more than 256 of them"
)
FIFO = "is a FIFO topic, which no person can be subscribed to; name a standard topic"
LEFT = "which has no value; put a value in its place"
NO_TARGET = (
    "is not the ARN of a standard queue or topic; write "
    "arn:{partition}:sqs:{region}:{account_id}:NAME"
)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("arn:aws:sns:us-east-1:123456789012", NO_ARN),
        ("arn:aws:sns:us-east-1:1234:on-call", NO_ARN),
        ("arn:aws:sns::123456789012:on-call", NO_ARN),
        ("on:call", NO_ARN),
        (
            "arn:aws:sqs:us-east-1:123456789012:on-call",
            "is an ARN of sqs, not of sns; name a topic",
        ),
        ("arn:", "is an ARN of nothing, not of sns; name a topic"),
        (
            "arn:aws:sns:us-east-1:123456789012:on-call:8a0e-subscription",
            "is the ARN of a subscription; leave out what follows the name of the topic",
        ),
        ("on-call.fifo", FIFO),
        ("arn:aws:sns:us-east-1:123456789012:on-call.fifo", FIFO),
        ("on call", NO_NAME),
        ("x" * 257, NO_NAME),
        (
            "security@example.com",
            "is an address; subscribe it to a topic, and name the topic",
        ),
    ],
)
def test_what_is_no_topic_is_refused_with_the_mend(load, topic, why):
    with pytest.raises(PolicyValidationError) as refused:
        load(topic=topic)

    assert str(refused.value) == f"policy:signin-told alert-signin topic: {topic} {why}"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("c7n-mfa-dead-letters", NO_TARGET),
        ("", NO_TARGET),
        (5, NO_TARGET),
        ("arn:aws:lambda:us-east-1:123456789012:function:x", NO_TARGET),
        ("arn:aws:sqs:us-east-1:123456789012:letters.fifo", NO_TARGET),
    ],
)
def test_what_takes_no_dead_letters_is_refused(load, target, why):
    with pytest.raises(PolicyValidationError) as refused:
        load(mode=mode_with(target))

    assert str(refused.value) == (
        f"policy:signin-told alert-signin mode: dead_letter_config: TargetArn: {target} {why}"
    )


@pytest.mark.parametrize(
    "target",
    [
        "arn:aws-cn:sqs:cn-north-1:123456789012:letters",
        "arn:{partition}:sqs:{region}:{account_id}:letters",
        "{letters}",
        "arn:aws:sns:us-east-1:123456789012:letters",
    ],
)
def test_what_takes_dead_letters_is_taken(load, target):
    assert load(mode=mode_with(target))


@pytest.mark.parametrize(
    "topic",
    [
        "on-call",
        "arn:aws:sns:us-east-1:123456789012:on-call",
        "arn:aws-us-gov:sns:us-gov-west-1:123456789012:on-call",
        "arn:{partition}:sns:{region}:{account_id}:on-call",
    ],
)
def test_what_is_a_topic_is_taken(load, topic):
    assert load(topic=topic)


@pytest.mark.parametrize(
    ("topic", "left"),
    [("{topic}", "{topic}"), ("arn:aws:sns:{regoin}:{account_id}:x", "{regoin}"), ("a{b", "{b")],
)
def test_a_variable_of_the_policy_is_filled_in_or_refused_when_it_is_run(load, topic, left):
    assert load(topic=topic)

    with pytest.raises(PolicyValidationError) as refused:
        load(topic=topic, config=DEPLOYING)

    assert str(refused.value) == (
        f"policy:signin-told alert-signin topic: {topic} has {left}, {LEFT}"
    )


@pytest.mark.parametrize("options", [{"topic": ""}, {"to": "x"}, {"ledger": "a b"}])
def test_what_the_schema_does_not_know_is_refused(load, options):
    with pytest.raises(PolicyValidationError):
        load(**options)


def test_a_topic_is_needed(request):
    with pytest.raises(PolicyValidationError) as refused:
        PyTestUtils(request).load_policy(
            {"name": "signin-told", "resource": "aws.account", "actions": ["alert-signin"]}
        )

    assert str(refused.value) == "policy:signin-told alert-signin needs a topic"


DEPLOYING = {"command": "c7n.commands.run", "dryrun": False}


def test_a_topic_that_is_missing_is_told_at_deploy(load):
    with pytest.raises(PolicyValidationError) as refused:
        load(config=DEPLOYING)

    assert str(refused.value) == (
        f"policy:signin-told alert-signin topic: {ON_CALL} does not exist; create it and subscribe "
        "to it first"
    )


QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:c7n-mfa-dead-letters"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
ENCRYPTED = (
    "is encrypted with {}: the function's role needs kms:GenerateDataKey* and kms:Decrypt on that "
    "key (docs/permissions.md)"
)


OF_THE_TOPIC = [
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:GetSubscriptionAttributes",
]


def topic_of(**attributes):
    """What SNS says of a topic; moto counts no subscription as confirmed."""
    found = {"SubscriptionsConfirmed": "1", **attributes}
    return {"sns:GetTopicAttributes": lambda answer: {"Attributes": found}}


def make_queue(**attributes):
    boto3.client("sqs").create_queue(QueueName="c7n-mfa-dead-letters", Attributes=attributes)


def test_a_topic_that_is_there_can_be_deployed(load, caplog):
    Inbox(ON_CALL)

    with watched(answers=topic_of()) as calls:
        assert load(config=DEPLOYING)

    assert (calls.made, caplog.messages) == (OF_THE_TOPIC, [])


def test_a_topic_without_a_confirmed_subscription_is_warned_of(load, caplog):
    Inbox(ON_CALL)

    with watched(answers=topic_of(SubscriptionsConfirmed="0")):
        load(config=DEPLOYING)

    assert caplog.messages == [
        f"policy:signin-told alert-signin topic: {ON_CALL} has no confirmed subscription; nobody "
        "would be notified"
    ]


def filtered(protocol, scope=None):
    """A subscription of the topic on call that has a filter policy."""
    sns = boto3.client("sns", region_name=REGION)
    endpoint = "security@example.com" if protocol == "email" else "https://example.com/hook"
    arn = sns.subscribe(
        TopicArn=ON_CALL, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    wanted = {"FilterPolicyScope": scope, "FilterPolicy": '{"severity": ["critical"]}'}
    for name, value in wanted.items():
        if value:
            sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=name, AttributeValue=value
            )
    return arn


@pytest.mark.parametrize(
    ("protocol", "scope", "options", "why"),
    [
        ("https", None, {}, "filters by message attributes, and SNS sends none with format: json"),
        ("https", "MessageAttributes", {"format": "json"}, "filters by message attributes, and"),
        ("email", "MessageBody", {}, "has a filter policy, and with format: json it would get no"),
        ("email", None, {}, "has a filter policy, and with format: json it would get no message"),
        ("https", "MessageBody", {"format": "text"}, "filters by the body, and with format: text"),
    ],
)
def test_a_filter_that_would_keep_every_message_away_is_refused(
    load, protocol, scope, options, why
):
    Inbox(ON_CALL)
    arn = filtered(protocol, scope)

    with watched(answers=topic_of()), pytest.raises(PolicyValidationError) as refused:
        load(config=DEPLOYING, **options)

    assert str(refused.value).startswith(
        f"policy:signin-told alert-signin topic: its {protocol} subscription {arn} {why}"
    )


@pytest.mark.parametrize(
    ("protocol", "scope", "options"),
    [
        ("https", "MessageBody", {}),
        ("https", None, {"format": "text"}),
        ("email", "MessageAttributes", {"format": "text"}),
    ],
)
def test_a_filter_that_may_match_is_taken(load, caplog, protocol, scope, options):
    Inbox(ON_CALL)
    filtered(protocol, scope)

    with watched(answers=topic_of()):
        assert load(config=DEPLOYING, **options)

    assert caplog.messages == []


@pytest.mark.parametrize(
    "permission", ["sns:ListSubscriptionsByTopic", "sns:GetSubscriptionAttributes"]
)
def test_filters_that_may_not_be_looked_at_are_warned_of(load, caplog, permission):
    Inbox(ON_CALL)

    with watched({permission: denied}, topic_of()):
        load(config=DEPLOYING)

    (warning,) = caplog.messages
    assert "could not be read: " in warning
    assert permission in warning


@pytest.mark.parametrize("key", [KEY, "alias/ours", "1234"])
def test_a_topic_with_a_customer_key_is_warned_of(load, caplog, key):
    Inbox(ON_CALL)

    with watched(answers=topic_of(KmsMasterKeyId=key)):
        load(config=DEPLOYING)

    assert caplog.messages == [
        f"policy:signin-told alert-signin topic: {ON_CALL} {ENCRYPTED.format(key)}"
    ]


@pytest.mark.parametrize("key", ["alias/aws/sns", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/sns"])
def test_a_topic_with_awss_own_key_is_not(load, caplog, key):
    Inbox(ON_CALL)

    with watched(answers=topic_of(KmsMasterKeyId=key)):
        load(config=DEPLOYING)

    assert caplog.messages == []


def test_a_topic_that_may_not_be_looked_at_is_warned_of(load, caplog):
    with watched({"sns:GetTopicAttributes": denied}):
        load(config=DEPLOYING)

    assert caplog.messages == [
        f"policy:signin-told alert-signin topic: {ON_CALL} could not be read: access denied: "
        f"grant sns:GetTopicAttributes on {ON_CALL}"
    ]


def test_a_dead_letter_queue_that_is_missing_is_told_at_deploy(load):
    Inbox(ON_CALL)

    with watched(answers=topic_of()), pytest.raises(PolicyValidationError) as refused:
        load(config=DEPLOYING, mode=mode_with(QUEUE))

    assert str(refused.value) == (
        "policy:signin-told alert-signin mode: dead_letter_config: TargetArn: "
        f"{QUEUE} does not exist; create the queue first"
    )


def test_a_dead_letter_queue_that_is_there_can_be_deployed(load, caplog):
    Inbox(ON_CALL)
    make_queue()

    with watched(answers=topic_of()) as calls:
        load(config=DEPLOYING, mode=mode_with(QUEUE))

    assert caplog.messages == []
    assert calls.made == [*OF_THE_TOPIC, "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]


@pytest.mark.parametrize("permission", ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"])
def test_a_dead_letter_queue_that_may_not_be_looked_at_is_warned_of(load, caplog, permission):
    Inbox(ON_CALL)
    make_queue()

    with watched({permission: denied}, topic_of()):
        load(config=DEPLOYING, mode=mode_with(QUEUE))

    assert caplog.messages == [
        "policy:signin-told alert-signin mode: dead_letter_config: TargetArn: "
        f"{QUEUE} could not be read: access denied: grant {permission} on {QUEUE}"
    ]


def test_another_accounts_dead_letter_queue_is_not_said_to_be_missing(load, caplog):
    Inbox(ON_CALL)
    other = QUEUE.replace(ACCOUNT, "999999999999")

    with watched(answers=topic_of()):
        load(config=DEPLOYING, mode=mode_with(other))

    (warned,) = caplog.messages
    assert f"{other} could not be read: " in warned


def test_a_dead_letter_queue_with_a_customer_key_is_warned_of(load, caplog):
    Inbox(ON_CALL)
    make_queue(KmsMasterKeyId=KEY)

    with watched(answers=topic_of()):
        load(config=DEPLOYING, mode=mode_with(QUEUE))

    assert caplog.messages == [
        "policy:signin-told alert-signin mode: dead_letter_config: TargetArn: "
        f"{QUEUE} {ENCRYPTED.format(KEY)}"
    ]


def test_a_topic_for_dead_letters_is_left_to_its_owner(load, caplog):
    Inbox(ON_CALL)

    with watched(answers=topic_of()) as calls:
        load(config=DEPLOYING, mode=mode_with(f"arn:aws:sns:{REGION}:{ACCOUNT}:letters"))

    assert (calls.made, caplog.messages) == (OF_THE_TOPIC, [])


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"command": "c7n.commands.validate", "dryrun": True},
        {**DEPLOYING, "dryrun": True},
        {**DEPLOYING, "region": ""},
    ],
)
def test_nobody_is_asked_when_nothing_is_deployed(load, config):
    with watched() as calls:
        load(config=config)

    assert calls.made == []


def test_nobody_is_asked_inside_the_function(load, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "custodian-signin-told")

    with watched() as calls:
        load(config=DEPLOYING)

    assert calls.made == []
