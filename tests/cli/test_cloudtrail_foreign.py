# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Records under other names say the same, and never the opposite, of every labelled sign-in."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.cli.cloudtrail_foreign import translated
from c7n_mfa.signin.record import SignIn
from tests.signin.records import RECORDS

SAID = [each for each in RECORDS if each.record.get("eventName") == "ConsoleLogin"]
each_record = pytest.mark.parametrize("labelled", SAID, ids=lambda each: each.name)
BY_NAME = {each.name: each.record for each in RECORDS}
SURE = [
    "an IAM user without MFA",
    "root without MFA",
    "an IAM user with MFA",
    "root with MFA: MFAUsed is YES",
    "a role through a broker without proof of MFA",
    "a role through a broker with MFA",
    "a role of a web identity provider",
    "a role through SAML",
    "Identity Center",
    "a failure of an IAM user",
    "a failure with a user name that does not exist",
]
each_sure = pytest.mark.parametrize("name", SURE)


def at(record, path):
    for key in path.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def ocsf(record):
    """The record as Security Lake has it."""
    arn, principal = at(record, "userIdentity.arn"), at(record, "userIdentity.principalId")
    session = "userIdentity.sessionContext"
    used = at(record, "additionalEventData.MFAUsed")
    mfa = at(record, f"{session}.attributes.mfaAuthenticated")
    more = at(record, "additionalEventData")
    login = at(record, "responseElements.ConsoleLogin")
    return {
        "class_uid": 3002,
        "api": {
            "operation": record.get("eventName"),
            "service": {"name": record.get("eventSource")},
            "response": {
                "data": json.dumps(record.get("responseElements")),
                "error": record.get("errorCode"),
                "message": record.get("errorMessage"),
            },
        },
        "actor": {
            "idp": {"name": at(record, f"{session}.webIdFederationData.federatedProvider")},
            "session": {
                "issuer": at(record, f"{session}.sessionIssuer.arn"),
                "is_mfa": {"true": True, "false": False}.get(mfa) if isinstance(mfa, str) else None,
            },
            "user": {
                "type": at(record, "userIdentity.type"),
                "name": at(record, "userIdentity.userName"),
                "account": {"uid": at(record, "userIdentity.accountId")},
                "uid": arn,
                "uid_alt": principal,
            },
        },
        "is_mfa": {"yes": True, "no": False}.get(used.lower()) if isinstance(used, str) else None,
        "status": login if login in ("Success", "Failure") else None,
        "cloud": {"region": record.get("awsRegion"), "provider": "AWS"},
        "src_endpoint": {"ip": record.get("sourceIPAddress")},
        "http_request": {"user_agent": record.get("userAgent")},
        "metadata": {"uid": record.get("eventID"), "version": "1.1.0"},
        "time": 1768465800000,
        "unmapped": {
            f"additionalEventData.{name}": value
            for name, value in (more if isinstance(more, dict) else {}).items()
            if name not in ("MFAUsed", "LoginTo")
        },
    }


def sentinel(record):
    """The record as a row of Sentinel: a column for each field, two of them with JSON."""
    session = "userIdentity.sessionContext"
    columns = {
        "EventName": "eventName",
        "EventSource": "eventSource",
        "AwsEventId": "eventID",
        "TimeGenerated": "eventTime",
        "AWSRegion": "awsRegion",
        "SourceIpAddress": "sourceIPAddress",
        "UserAgent": "userAgent",
        "ErrorMessage": "errorMessage",
        "UserIdentityType": "userIdentity.type",
        "UserIdentityArn": "userIdentity.arn",
        "UserIdentityUserName": "userIdentity.userName",
        "UserIdentityAccountId": "userIdentity.accountId",
        "UserIdentityPrincipalid": "userIdentity.principalId",
        "SessionMfaAuthenticated": f"{session}.attributes.mfaAuthenticated",
        "SessionIssuerArn": f"{session}.sessionIssuer.arn",
        "SessionIssuerUserName": f"{session}.sessionIssuer.userName",
    }
    row = {column: at(record, path) or "" for column, path in columns.items()}
    for column in ("ResponseElements", "AdditionalEventData"):
        row[column] = json.dumps(record.get(column[0].lower() + column[1:]))
    return row


def lower(value):
    """The record as Athena has it: lower-case columns, and two parts as texts."""
    if not isinstance(value, dict):
        return value
    kept = ("responseElements", "additionalEventData")
    return {
        name.lower(): json.dumps(part) if name in kept else lower(part)
        for name, part in value.items()
    }


def verdict(record):
    found = SignIn.from_record(record)
    return found.is_single_factor if found else False


@each_record
@pytest.mark.parametrize("form", [ocsf, lower], ids=["ocsf", "lower-case"])
def test_another_form_never_says_the_opposite(labelled, form):
    given = form(labelled.record)
    before = copy.deepcopy(given)
    assert verdict(translated(given)) in (labelled.single_factor, None)
    assert given == before


@each_sure
@pytest.mark.parametrize("form", [ocsf, lower], ids=["ocsf", "lower-case"])
def test_another_form_says_the_same_of_every_path(name, form):
    wanted = SignIn.from_record(BY_NAME[name])
    assert SignIn.from_record(translated(form(BY_NAME[name]))) == wanted


@each_sure
def test_sentinel_says_the_same_but_for_what_it_has_no_column_for(name):
    wanted = SignIn.from_record(BY_NAME[name])
    found = SignIn.from_record(translated(sentinel(BY_NAME[name])))
    path = "broker" if wanted.path == "web-identity" else wanted.path
    assert (found.path, found.outcome, found.factor) == (path, wanted.outcome, wanted.factor)
    assert (found.identity, found.event_id) == (wanted.identity, wanted.event_id)


def changed(value, path, new):
    made = copy.deepcopy(value)
    *steps, key = path.split(".")
    inner = made
    for step in steps:
        inner = inner[step]
    inner[key] = new
    return made


USER = ocsf(BY_NAME["an IAM user without MFA"])


@pytest.mark.parametrize(
    ("path", "new", "said"),
    [
        ("is_mfa", False, ("success", "single", True)),
        ("is_mfa", True, ("success", "multi", False)),
        # Versions before 1.1 have another name for it, and it may not be written at all.
        ("is_mfa", None, ("success", "unknown", None)),
        ("is_mfa", "maybe", ("success", "unknown", None)),
        ("unmapped", {"additionalEventData.MFAUsed": "Yes"}, ("success", "multi", False)),
        ("unmapped", {"additionalEventData": {"MFAUsed": "Yes"}}, ("success", "multi", False)),
        ("unmapped", {"additionalEventData": '{"MFAUsed": "Yes"}'}, ("success", "multi", False)),
        ("unmapped", [["additionalEventData.MFAUsed", "Yes"]], ("success", "multi", False)),
        (
            "unmapped",
            [{"key": "additionalEventData.MFAUsed", "value": "Yes"}],
            ("success", "multi", False),
        ),
        ("unmapped", '{"additionalEventData.MFAUsed": "Yes"}', ("success", "multi", False)),
        ("unmapped", "{additionalEventData.MFAUsed=Yes}", ("success", "unknown", None)),
        ("unmapped", ["x"], ("success", "unknown", None)),
        ("unmapped", {"additionalEventData": "x"}, ("success", "unknown", None)),
        ("unmapped", None, ("success", "single", True)),
        ("status", "Failure", ("unknown", "single", None)),
        ("status", None, ("success", "single", True)),
        ("status", ["Success"], ("success", "single", True)),
        ("status_id", 2, ("unknown", "single", None)),
        ("api.response", {}, ("success", "single", True)),
        ("api.response.data", {"ConsoleLogin": "Failure"}, ("unknown", "single", None)),
        ("api.response.data", "x", ("success", "single", True)),
        ("actor.user.type", "User", ("success", "unknown", None)),
        ("actor.session.is_mfa", True, ("success", "multi", False)),
        ("actor", None, ("success", "unknown", None)),
    ],
)
def test_an_ocsf_event_is_read_as_far_as_it_says(path, new, said):
    found = SignIn.from_record(translated(changed(USER, path, new)))
    assert (found.outcome, found.factor, found.is_single_factor) == said


def test_an_ocsf_event_of_the_first_version_is_read_too():
    old = ocsf(BY_NAME["an IAM user without MFA"])
    old["mfa"] = old.pop("is_mfa")
    user = old["actor"]["user"]
    user["uid"], user["uuid"] = user.pop("uid_alt"), user["uid"]
    user["account_uid"] = user.pop("account")["uid"]
    wanted = SignIn.from_record(BY_NAME["an IAM user without MFA"])
    assert SignIn.from_record(translated(old)) == wanted


# What https://github.com/ocsf/examples and an integration of Elastic have as their samples.
SAMPLES = {
    "1.1.0": {
        "is_mfa": True,
        "api": {"response": {"data": '{"ConsoleLogin":"Success"}'}},
        "status": "Success",
        "user": {"uid": "arn:aws:iam::123456789012:user/alice", "uid_alt": "AIDAEXAMPLE"},
    },
    "1.0.0-rc.2": {
        "api": {"response": {}},
        "status": "Success",
        "status_id": 1,
        "user": {"uid": "AIDAEXAMPLE"},
    },
}


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.1.0", ("password", "success", "multi", False)),
        # It has no field for MFAUsed, and the device is what is left of it.
        ("1.0.0-rc.2", ("password", "success", "unknown", None)),
    ],
)
def test_the_samples_of_ocsf(version, said):
    sample = SAMPLES[version]
    event = {
        **sample,
        "class_uid": 3002,
        "activity_name": "Logon",
        "api": {"operation": "ConsoleLogin", "service": {"name": "signin.amazonaws.com"}}
        | sample["api"],
        "actor": {"user": {"name": "alice", "type": "IAMUser", **sample["user"]}},
        "metadata": {"version": version, "product": {"name": "CloudTrail"}},
        "unmapped": {
            "additionalEventData.MFAIdentifier": "arn:aws:iam::123456789012:u2f/user/alice/x",
            "additionalEventData.MobileVersion": "No",
            "recipientAccountId": "123456789012",
        },
    }
    found = SignIn.from_record(translated(event))
    assert (found.path, found.outcome, found.factor, found.is_single_factor) == said
    assert found.identity.principal_id == "AIDAEXAMPLE"


@pytest.mark.parametrize("time", [None, "x", True, 10**20, float("nan"), [1]])
def test_an_odd_time_is_no_traceback(time):
    found = SignIn.from_record(translated(changed(USER, "time", time)))
    assert found.is_single_factor is True


def test_a_column_that_was_not_selected_is_no_proof_that_there_was_no_mfa():
    row = {"eventname": "ConsoleLogin", "responseelements": '{"ConsoleLogin": "Success"}',
           "useridentity": '{"type": "IAMUser", "username": "alice"}'}  # fmt: skip
    found = SignIn.from_record(translated(row))
    assert (found.identity.name, found.path, found.factor) == ("alice", "password", "unknown")


@pytest.mark.parametrize("value", [{}, {"EventName": "ConsoleLogin"}, {"api": {}}, {"x": 1}])
def test_an_object_of_no_known_form_is_left_alone(value):
    assert translated(value) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*USER, "eventname", "additionalEventData", "uid"]), inner
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*USER, "EventName", "UserIdentityType"]), anything))
def test_any_json_at_all_is_taken(value):
    for given_value in (value, {**value, "class_uid": 1}, {**value, "eventname": "ConsoleLogin"}):
        SignIn.from_record(translated(given_value))
