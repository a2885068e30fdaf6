# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The filter `signin`, through c7n's own policy loading."""

from __future__ import annotations

import json
import logging
import re

import pytest
from botocore.exceptions import ClientError
from c7n.exceptions import PolicyValidationError
from c7n.resolver import ValuesFrom
from c7n.testing import PyTestUtils

from deployed import ACCOUNT, EVENT_ID, REGION, event, record
from signin.records import RECORDS

KEY = "c7n:signin"
ALICE = {"UserName": "alice", "Arn": f"arn:aws:iam::{ACCOUNT}:user/alice"}
SAML = next(each.record for each in RECORDS if each.kind == "saml")
FAILURE = next(each.record for each in RECORDS if each.kind == "failure")
UNKNOWN = next(each.record for each in RECORDS if each.kind == "broker-unsaid")
MFA = next(each.record for each in RECORDS if each.kind == "mfa")
IDENTITY_CENTER = next(each.record for each in RECORDS if each.kind == "identity-center")
TOLD = {"single-factor": [True, "unknown"]}
"""What the shipped policy notifies of."""


@pytest.fixture
def load(request):
    def load(resource="aws.account", **options):
        policy = {
            "name": "signin-single-factor",
            "resource": resource,
            "filters": [{"type": "signin", **options}],
        }
        config = {"region": REGION, "account_id": ACCOUNT}
        return PyTestUtils(request).load_policy(policy, config=config)

    return load


@pytest.fixture
def kept(load):
    """The resources that are kept of one account, or of those given."""

    def kept(found, resources=None, resource="aws.account", **options):
        given = [{"account_id": ACCOUNT}] if resources is None else resources
        manager = load(resource, **options).resource_manager
        return manager.filter_resources([dict(each) for each in given], event(found))

    return kept


@pytest.mark.parametrize("labelled", RECORDS, ids=lambda labelled: labelled.name)
def test_exactly_the_single_factor_sign_ins_are_kept(kept, labelled):
    assert bool(kept(labelled.record)) is (labelled.single_factor is True)


def test_the_annotation_is_flat_and_has_the_telling_fields_first(kept):
    (account,) = kept(record())

    assert account[KEY] == {
        "address": "192.0.2.10",
        "region": "us-east-1",
        "factor": "single",
        "path": "password",
        "outcome": "success",
        "single_factor": True,
        "who": "alice",
        "identity": "iam-user",
        "account": ACCOUNT,
        "event_id": EVENT_ID,
        "event_time": "2026-01-15T08:30:00Z",
        "principal": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "reasons": "path-iam-user, outcome-success, factor-mfa-not-used",
        "user_agent": "Mozilla/5.0",
    }
    assert list(account[KEY])[:4] == ["address", "region", "factor", "path"]
    assert json.loads(json.dumps(account[KEY])) == account[KEY]


def test_a_long_agent_does_not_crowd_the_rest_out(kept):
    (account,) = kept(record(userAgent="x" * 5000))

    assert account[KEY]["user_agent"] == "x" * 200


@pytest.mark.parametrize("nothing", [None, {}, {"detail": {}}, {"detail": None}, {"detail": [1]}])
def test_without_a_sign_in_nothing_is_kept_and_that_is_said(load, nothing, caplog):
    caplog.set_level(logging.WARNING)
    manager = load().resource_manager

    assert manager.filter_resources([{"account_id": ACCOUNT}], nothing) == []
    said = "its event is no console sign-in" if nothing else "it runs without an event"
    assert caplog.messages == [f"policy:signin-single-factor signin matches nothing: {said}"]


# Whose sign-in it is.


def test_the_user_who_signed_in_is_kept_and_no_other(kept):
    bob = {"UserName": "bob", "Arn": f"arn:aws:iam::{ACCOUNT}:user/bob"}

    found = kept(record(), [ALICE, bob], "aws.iam-user")

    assert [user["UserName"] for user in found] == ["alice"]


def test_a_user_of_the_same_name_in_another_account_is_another_user(kept):
    other = {**ALICE, "Arn": "arn:aws:iam::210987654321:user/alice"}
    undescribed = {"UserName": "alice", "c7n:account-id": "210987654321"}

    assert kept(record(), [other, undescribed], "aws.iam-user") == []


def test_a_user_who_signs_in_in_capitals_is_the_same_user(kept):
    found = record()
    found["userIdentity"]["userName"] = "ALICE"

    assert len(kept(found, [ALICE], "aws.iam-user")) == 1


def test_a_user_who_was_moved_to_another_path_is_the_same_user(kept):
    moved = {**ALICE, "Arn": f"arn:aws:iam::{ACCOUNT}:user/staff/alice"}
    undescribed = {"UserName": "alice", "c7n:account-id": ACCOUNT}

    assert len(kept(record(), [moved, undescribed], "aws.iam-user")) == 2


@pytest.mark.parametrize(
    ("account", "is_kept"), [(ACCOUNT, True), ("210987654321", False)], ids=["own", "other"]
)
def test_a_role_is_that_of_its_account(kept, account, is_kept):
    role = {"RoleName": "Engineer", "Arn": f"arn:aws:iam::{account}:role/Engineer"}
    found = record("broker")
    found["userIdentity"]["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/user@example.com"

    assert (kept(found, [role], "aws.iam-role", **TOLD) != []) == is_kept


def test_a_user_named_as_the_alias_of_the_account_is_not_root(kept):
    root = record("root")
    root["userIdentity"]["userName"] = "alice"

    assert kept(root, [ALICE], "aws.iam-user") == []
    assert len(kept(root)) == 1


def test_a_record_without_an_arn_is_matched_by_the_name(kept):
    found = record()
    del found["userIdentity"]["arn"]

    assert len(kept(found, [ALICE], "aws.iam-user")) == 1


def test_the_role_of_a_session_is_kept_and_no_other(kept):
    roles = [{"RoleName": "Engineer"}, {"RoleName": "Other"}]
    found = record("broker")
    found["userIdentity"]["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/someone"

    assert [r["RoleName"] for r in kept(found, roles, "aws.iam-role", **TOLD)] == ["Engineer"]
    assert kept(record(), roles, "aws.iam-role", **TOLD) == []


# Options.


@pytest.mark.parametrize(
    ("options", "found", "is_kept"),
    [
        ({"identity": ["root"]}, record("root"), True),
        ({"identity": ["root"]}, record(), False),
        ({"identity": ["iam-user", "root"]}, record(), True),
        ({"identity": ["assumed-role"], **TOLD}, record("broker"), True),
        ({"path": ["broker"], **TOLD}, record("broker"), True),
        ({"path": ["broker"], **TOLD}, record("broker-mfa"), False),
        ({"path": ["web-identity"], **TOLD}, record("web-identity"), True),
        ({"path": ["web-identity"], **TOLD}, record("broker"), False),
        (TOLD, SAML, False),
        (TOLD, IDENTITY_CENTER, False),
        ({}, record("broker"), False),
        ({"requirement": "single-factor"}, record("broker"), True),
        ({"requirement": "single-factor"}, record("broker-mfa"), False),
        ({"path": ["password"]}, record(), True),
        ({"path": ["broker"], **TOLD}, record(), False),
        ({"path": ["password"]}, MFA, False),
        ({"single-factor": ["unknown"]}, UNKNOWN, True),
        ({"single-factor": ["unknown"]}, record(), False),
        ({"single-factor": [True, "unknown"]}, record(), True),
        ({"single-factor": [False]}, SAML, True),
        ({"single-factor": [False]}, record(), False),
        ({"factor": ["multi"]}, MFA, True),
        ({"factor": ["unknown"]}, SAML, True),
        ({"factor": ["unknown"]}, record(), False),
        ({"outcome": ["failure"]}, FAILURE, True),
        ({"outcome": ["failure"]}, record(), False),
        ({"outcome": ["success"], "single-factor": [True]}, SAML, False),
        ({"requirement": "single-factor"}, record(), True),
        ({"requirement": "cis-iam-user"}, record("root"), False),
        ({"requirement": "conformity"}, SAML, True),
        ({"requirement": "conformity"}, FAILURE, True),
        ({"requirement": "conformity"}, MFA, False),
        ({"requirement": "conformity", "single-factor": [True]}, FAILURE, False),
        ({"from": ["192.0.2.0/24"]}, record(), True),
        ({"from": ["192.0.2.10"]}, record(), True),
        ({"from": ["198.51.100.0/24"]}, record(), False),
        ({"not-from": ["192.0.2.0/24"]}, record(), False),
        ({"not-from": ["198.51.100.0/24", "2001:db8::/32"]}, record(), True),
        ({"not-from": ["2001:db8::/32"]}, record(sourceIPAddress="2001:db8::7"), False),
        ({"not-from": ["192.0.2.0/24"]}, record(sourceIPAddress="::ffff:192.0.2.7"), False),
        ({"not-from": ["0.0.0.0/1", "128.0.0.0/1"]}, record(sourceIPAddress="AWS Internal"), True),
        ({"from": ["0.0.0.0/0", "::/0"]}, record(sourceIPAddress="AWS Internal"), False),
        ({"not-from": ["0.0.0.0/1"]}, record(sourceIPAddress=None), True),
    ],
)
def test_options_narrow(kept, options, found, is_kept):
    assert bool(kept(found, **options)) is is_kept


LIST = {"value_from": {"url": "s3://example-bucket/offices.txt", "format": "txt"}}


@pytest.fixture
def offices(monkeypatch):
    """What the list in S3 holds, or the error that reading it ends in."""

    def hold(values):
        def get_values(_):
            if isinstance(values, Exception):
                raise values
            return values

        monkeypatch.setattr(ValuesFrom, "get_values", get_values)

    return hold


def test_a_list_elsewhere_is_used(kept, offices):
    offices({"192.0.2.0/24", "2001:db8::/32"})

    assert kept(record(), **{"not-from": LIST}) == []
    assert len(kept(record(), **{"from": LIST})) == 1
    assert len(kept(record(sourceIPAddress="198.51.100.9"), **{"not-from": LIST})) == 1


@pytest.mark.parametrize(
    "unreadable",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject"),
        OSError("no route to host"),
        ValueError("Unsupported format"),
        None,
        set(),
        {"one": "two"},
        ["no network", 7],
    ],
    ids=repr,
)
@pytest.mark.parametrize("option", ["from", "not-from"])
def test_a_list_that_cannot_be_read_hides_nothing(kept, offices, option, unreadable, caplog):
    offices(unreadable)

    assert len(kept(record(), **{option: LIST})) == 1
    assert "the list cannot be used, and filters nothing out" in caplog.text


def test_entries_that_are_no_networks_are_named_and_the_others_used(kept, offices, caplog):
    offices(["192.0.2.0/24", "head office"])

    assert kept(record(), **{"not-from": LIST}) == []
    assert "entries are ignored: head office" in caplog.text


def test_reading_a_list_takes_a_permission(load):
    table = {"value_from": {"url": "dynamodb", "query": "select a from b", "expr": "[].a"}}
    page = {"value_from": {"url": "https://example.com/offices.txt"}}

    def permissions(**options):
        (signin,) = load(**options).resource_manager.filters
        return signin.get_permissions()

    assert permissions() == []
    assert permissions(**{"from": LIST}) == ["s3:GetObject"]
    assert permissions(**{"from": page}) == []
    assert permissions(**{"from": LIST, "not-from": table}) == [
        "dynamodb:PartiQLSelect",
        "s3:GetObject",
    ]


# Refused by `custodian validate`.


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"not-from": ["192.0.2.0/24", "office"]},
            "not-from: office is not a network; write it like 192.0.2.0/24",
        ),
        (
            {"from": ["192.0.2.1/24"]},
            "from: 192.0.2.1/24 is not a network; write it like 192.0.2.0/24",
        ),
        (
            {"path": ["saml"]},
            "path: saml is never single-factor, and nothing would match; add factor: [unknown]",
        ),
        (
            {"path": ["broker", "saml"]},
            "path: broker, saml is never known to be single-factor, and nothing would match; "
            "add single-factor: [unknown]",
        ),
        (
            {"not-from": ["10.0.0.5/8"]},
            "not-from: 10.0.0.5/8 is not a network; write it like 10.0.0.0/8",
        ),
        ({"not-from": ["0.0.0.0/0"]}, "not-from: 0.0.0.0/0 leaves out everybody"),
        (
            {"single-factor": [True], "outcome": ["failure"]},
            "matches nothing: no sign-in of the account meets all of its options",
        ),
        (
            {"resource": "aws.iam-user", "identity": ["root"]},
            "matches nothing: no sign-in of an IAM user meets all of its options",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(load, options, why):
    with pytest.raises(PolicyValidationError) as refused:
        load(**options)

    assert str(refused.value) == f"policy:signin-single-factor signin {why}"


@pytest.mark.parametrize(
    "options",
    [
        {"pth": ["saml"]},
        {"path": ["sso"]},
        {"path": []},
        {"identity": ["alice"]},
        {"single-factor": ["maybe"]},
        {"requirement": "nist"},
        {"from": "192.0.2.0/24"},
        {"from": {"url": "s3://bucket/list"}},
    ],
)
def test_what_the_schema_does_not_know_is_refused(load, options):
    with pytest.raises(PolicyValidationError):
        load(**options)


MODE = {
    "type": "cloudtrail",
    "role": "arn:aws:iam::123456789012:role/c7n-mfa-respond",
    "handler": "c7n_mfa.handler.run",
    "packages": ["c7n_mfa"],
    "events": [
        {
            "event": "ConsoleLogin",
            "source": "signin.amazonaws.com",
            "ids": "userIdentity.userName",
        }
    ],
    "pattern": {"source": ["aws.signin"]},
}


@pytest.fixture
def deploy(request):
    def deploy(**mode):
        policy = {"name": "signed-in", "resource": "iam-user", "filters": ["signin"]}
        config = {"region": REGION, "account_id": ACCOUNT}
        return PyTestUtils(request).load_policy({**policy, "mode": {**MODE, **mode}}, config=config)

    return deploy


def test_a_function_that_no_sign_in_would_reach_is_refused(deploy, monkeypatch):
    assert deploy()
    arn = {**MODE["events"][0], "ids": "userIdentity.arn"}

    with pytest.raises(PolicyValidationError) as refused:
        deploy(events=[arn])

    assert str(refused.value) == (
        "policy:signed-in signin does not find an IAM user by the ids in mode: events; write "
        "event: ConsoleLogin, source: signin.amazonaws.com, ids: userIdentity.userName"
    )
    # In the function itself it is too late to refuse anything.
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "custodian-signed-in")
    assert deploy(events=[arn])


@pytest.mark.parametrize(
    "element",
    [
        {"filters": ["signin"]},
        {"actions": [{"type": "investigate-signin"}]},
        {"actions": [{"type": "alert-signin", "topic": "on-call"}]},
        {"filters": ["signin"], "actions": ["require-mfa"]},
        {"filters": ["signin"], "actions": ["revoke-sessions"]},
        {"filters": ["signin"], "actions": ["reset-password"]},
    ],
    ids=str,
)
def test_a_function_that_others_than_aws_could_start_is_refused(request, element):
    def deploy(pattern):
        policy = {"name": "signed-in", "resource": "iam-user", "mode": {**MODE, "pattern": pattern}}
        config = {"region": REGION, "account_id": ACCOUNT}
        return PyTestUtils(request).load_policy({**policy, **element}, config=config)

    assert deploy(MODE["pattern"])

    with pytest.raises(PolicyValidationError) as refused:
        deploy({"detail": {"userIdentity": {"type": ["IAMUser"]}}})

    assert re.fullmatch(
        r"policy:signed-in [a-z-]+ could be started by whoever may call events:PutEvents, with an "
        r"event of source example\.com that says what they like; write in mode: pattern: "
        r"\{source: \[aws\.signin\]\}",
        str(refused.value),
    )


def test_a_pattern_that_stops_what_is_wanted_is_warned_of(deploy, caplog):
    caplog.set_level(logging.WARNING)

    never_said = {"detail": {"additionalEventData": {"MFAUsed": [{"exists": False}]}}}
    deploy(pattern={**MODE["pattern"], **never_said})

    assert caplog.messages == [
        "policy:signed-in signin: mode: pattern stops a sign-in that the filter matches: "
        "an IAM user signs in with a password and no MFA"
    ]
