# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is said of any record at all, and what must hold beside the labels."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.signin.parts import read_parts
from c7n_mfa.signin.record import REASONS, Identity, Path, SignIn

from .records import RECORDS

BY_NAME = {each.name: each.record for each in RECORDS}
USER = BY_NAME["an IAM user without MFA"]
ROLE = BY_NAME["a role through a broker without proof of MFA"]
OF_KIND = {"single-factor": True, "multi-factor": False, "federated": False, "failure": False}
# The record does not say, and the design wants that said.
UNSAID = ("broker-role", "broker-federated-user", "broker-role-unsaid")


def changed(record, path, value):
    """The record with one field set."""
    made = copy.deepcopy(record)
    *steps, key = path.split(".")
    inner = made
    for step in steps:
        inner = inner[step]
    inner[key] = value
    return made


def law(family):
    """What the kind of a family makes of its sign-ins; None is no sign-in, or no answer."""
    return None if family.name in UNSAID else OF_KIND.get(family.kind)


def verdict(record):
    found = SignIn.from_record(record)
    return found.is_single_factor if found else None


@st.composite
def members(draw):
    """A record of a family, with other values in its free fields."""
    family = draw(st.sampled_from(FAMILIES))
    record = copy.deepcopy(dict(family.witness))
    for path, free in family.free.items():
        inner = record
        for step in path[:-1]:
            inner = inner.get(step, {})
        if free.optional and draw(st.booleans()):
            inner.pop(path[-1], None)
        elif path[-1] in inner and draw(st.booleans()):
            text = st.from_regex(free.like, fullmatch=True) if free.like else st.text(max_size=8)
            inner[path[-1]] = draw(text)
    return family, record


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_witness_of_a_family_is_what_its_kind_says(family):
    found = SignIn.from_record(family.witness)
    assert (found is None) == (family.kind == "unrelated")
    assert verdict(family.witness) is law(family)


@given(members())
def test_every_record_of_a_family_is_what_its_kind_says(member):
    family, record = member
    assert (SignIn.from_record(record) is None) == (family.kind == "unrelated")
    assert verdict(record) is law(family)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
words = st.sampled_from(
    [
        *("Yes", "YES", "no", "true", "False", "Success", "Failure", "ConsoleLogin", ""),
        *("IAMUser", "Root", "AssumedRole", "FederatedUser", "signin.amazonaws.com", " Yes "),
        *(
            "AWSReservedSSO_x",
            "arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x",
        ),
    ]
)
keys = st.sampled_from(
    [
        *("eventName", "eventSource", "userIdentity", "type", "arn", "userName", "sessionContext"),
        *("sessionIssuer", "attributes", "mfaAuthenticated", "additionalEventData", "MFAUsed"),
        *("SamlProviderArn", "responseElements", "ConsoleLogin", "errorMessage", "accountId"),
    ]
)
anything = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(), inner),
    max_leaves=12,
)


@given(anything)
def test_any_json_at_all_is_taken(value):
    found = SignIn.from_record(value)
    assert found is None or isinstance(value, dict)


@st.composite
def mangled(draw):
    """A labelled record with some of its values replaced by anything."""
    record = copy.deepcopy(draw(st.sampled_from(RECORDS)).record)
    for _ in range(draw(st.integers(1, 4))):
        inner = record
        while True:
            key = draw(st.sampled_from(sorted(inner)))
            if not (isinstance(inner[key], dict) and inner[key] and draw(st.booleans())):
                inner[key] = draw(anything)
                break
            inner = inner[key]
    record["eventName"] = "ConsoleLogin"
    return record


@given(mangled())
def test_a_mangled_record_has_words_that_can_be_used(record):
    found = SignIn.from_record(record)
    if found is None:
        return
    assert found.path in set(get_args(Path))
    assert found.outcome in {"success", "failure", "unknown"}
    assert found.factor in {"single", "multi", "unknown"}
    assert set(found.reasons) <= set(REASONS)
    assert found.principal.strip()
    assert found.identity.name.strip()


@given(mangled())
def test_a_single_factor_sign_in_has_evidence_for_every_part(record):
    found = SignIn.from_record(record)
    if found is None or not found.is_single_factor:
        return
    assert found.path == "password"
    readable, _ = read_parts(record)
    assert readable["responseElements"]["ConsoleLogin"].strip().lower() == "success"
    extra = readable.get("additionalEventData")
    assert extra is None or extra.get("MFAUsed") not in ("Yes", "YES", "yes", True)


@given(mangled())
def test_nothing_in_the_record_is_changed(record):
    before = copy.deepcopy(record)
    SignIn.from_record(record)
    assert repr(record) == repr(before)


def test_the_whole_sign_in_of_a_user():
    assert SignIn.from_record(USER) == SignIn(
        path="password",
        outcome="success",
        factor="single",
        reasons=("path-iam-user", "outcome-success", "factor-mfa-not-used"),
        identity=Identity(
            type="IAMUser",
            user_name="alice",
            arn="arn:aws:iam::123456789012:user/alice",
            account="123456789012",
            principal_id="AIDAEXAMPLEALICE00000",
        ),
        event_id="3fcfb182-98f8-4744-bd45-10a395ab61cb",
        event_time="2026-01-15T08:30:00Z",
        region="us-east-1",
        address="192.0.2.10",
        user_agent="Mozilla/5.0",
    )


def test_the_reasons_are_sentences_too():
    assert SignIn.from_record(USER).sentences == (
        "an IAM user signed in with a password",
        "ConsoleLogin is Success",
        "MFAUsed is No",
    )


@pytest.mark.parametrize(
    ("record", "name", "principal"),
    [
        ("an IAM user without MFA", "alice", "arn:aws:iam::123456789012:user/alice"),
        (
            "root without MFA, with the alias of the account as userName",
            "root",
            "arn:aws:iam::123456789012:root",
        ),
        (
            "a role through SAML",
            "Engineer/user@example.com",
            "arn:aws:sts::123456789012:assumed-role/Engineer/user@example.com",
        ),
        (
            "a federated user through a broker without proof of MFA",
            "alice",
            "arn:aws:sts::123456789012:federated-user/alice",
        ),
        ("a failure of an IAM user", "alice", "alice"),
        (
            "a failure with a user name that does not exist",
            "a hidden user name",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
        ("an IAM user without MFA and nothing of who it was", "123456789012", "123456789012"),
    ],
)
def test_who_it_was_has_a_name_and_a_principal(record, name, principal):
    found = SignIn.from_record(BY_NAME[record])
    assert (found.identity.name, found.principal) == (name, principal)


def test_nobody_at_all_is_unknown():
    found = SignIn.from_record({"eventName": "ConsoleLogin"})
    assert (found.identity.name, found.principal) == ("unknown", "unknown")
    assert (found.path, found.outcome, found.factor) == ("unknown", "unknown", "unknown")


@pytest.mark.parametrize("value", [None, 5, 5.5, True, [], {}, ["x"], {"x": 1}, "", "  "])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("eventID", "event_id"),
        ("eventTime", "event_time"),
        ("awsRegion", "region"),
        ("sourceIPAddress", "address"),
        ("userAgent", "user_agent"),
    ],
)
def test_a_field_that_is_no_text_is_none(path, field, value):
    assert getattr(SignIn.from_record(changed(USER, path, value)), field) is None


@pytest.mark.parametrize("value", [None, 5, [], "ConsoleLogin", b"ConsoleLogin", [USER], {}])
def test_what_is_no_record_is_no_sign_in(value):
    assert SignIn.from_record(value) is None


@pytest.mark.parametrize("value", ["consolelogin", "ConsoleLogin ", None, 1, ["ConsoleLogin"]])
def test_another_event_name_is_no_sign_in(value):
    assert SignIn.from_record(changed(USER, "eventName", value)) is None


@pytest.mark.parametrize("value", ["iam.amazonaws.com", "sts.amazonaws.com", "aws.signin"])
def test_another_event_source_is_no_sign_in(value):
    assert SignIn.from_record(changed(USER, "eventSource", value)) is None


@pytest.mark.parametrize("value", [None, 1, ""])
def test_an_event_source_that_says_nothing_loses_no_sign_in(value):
    assert verdict(changed(USER, "eventSource", value)) is True


@pytest.mark.parametrize("kind", ["AwsConsoleSignIn", "AwsConsoleSignin", None, 5, {}])
def test_the_event_type_decides_nothing(kind):
    assert verdict(changed(USER, "eventType", kind)) is True


@pytest.mark.parametrize("said", ["Yes", "YES", "yes", " Yes ", "true", True])
def test_mfa_in_any_spelling_is_multi_factor(said):
    assert verdict(changed(USER, "additionalEventData.MFAUsed", said)) is False


@pytest.mark.parametrize("said", [0, 1, 2.5, "y", "Yes!", "Yes,No", [], ["Yes"], {}, {"Yes": 1}])
def test_mfa_in_no_spelling_is_not_guessed(said):
    assert verdict(changed(USER, "additionalEventData.MFAUsed", said)) is None


@pytest.mark.parametrize("kind", ["iamuser", "IAMUSER", " IAMUser"])
def test_the_spelling_of_the_type_decides_nothing(kind):
    assert verdict(changed(USER, "userIdentity.type", kind)) is True


def test_an_error_beside_a_success_is_no_failure():
    assert verdict(changed(USER, "errorMessage", "Failed authentication")) is True


ISSUER = "userIdentity.sessionContext.sessionIssuer.arn"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/AWSReservedSSO_Engineer_0123456789abcdef",
        "arn:aws:iam::123456789012:role/x/AWSReservedSSO_Engineer_0123456789abcdef",
        "arn:aws:iam::123456789012:role/sso.amazonaws.com/AWSReservedSSO_Engineer",
        "arn:aws:iam::123456789012:role/aws-reserved/AWSReservedSSO_Engineer",
        "arn:aws:iam::123456789012:role/AWS-RESERVED/sso.amazonaws.com/AWSReservedSSO_Engineer",
    ],
)
def test_a_look_alike_outside_the_path_is_a_broker_session(arn):
    found = SignIn.from_record(changed(ROLE, ISSUER, arn))
    assert (found.path, found.is_single_factor) == ("broker", None)
    assert found.reasons[:2] == ("path-look-alike", "path-broker")


def test_the_real_trail_has_one_single_factor_sign_in(root):
    trail = root.parent / "shared" / "data" / "trail"
    if not trail.is_dir():
        pytest.skip("the real logs are not beside the checkout")
    files = (json.loads(gzip.decompress(path.read_bytes())) for path in trail.glob("*.json.gz"))
    records = [record for file in files for record in file["Records"]]

    found = [sign_in for sign_in in map(SignIn.from_record, records) if sign_in]

    assert len(records) == 2900
    assert Counter(each.is_single_factor for each in found) == {True: 1, False: 1}
