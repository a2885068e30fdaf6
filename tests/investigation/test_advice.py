# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What to do where no policy on a user helps."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import botocore.session
import pytest

from c7n_mfa.investigation.advice import uncontainable
from c7n_mfa.signin.record import SignIn

NOW = datetime(2026, 11, 21, 9, 30, 5, tzinfo=UTC)
STS = "arn:aws:sts::123456789012:"
IAM = "arn:aws:iam::123456789012:"
SSO_ROLE = f"{IAM}role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"


def sign_in(identity, **extra):
    record = {
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "userIdentity": {"accountId": "123456789012", **identity},
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": "No", **extra},
    }
    found = SignIn.from_record(record)
    assert found is not None
    return found


ROOT = sign_in({"type": "Root", "arn": f"{IAM}root"})
USER = sign_in({"type": "IAMUser", "arn": f"{IAM}user/alice", "userName": "alice"})
BROKER = sign_in(
    {
        "type": "AssumedRole",
        "arn": f"{STS}assumed-role/Engineer/alice",
        "sessionContext": {
            "attributes": {"mfaAuthenticated": "false"},
            "sessionIssuer": {"arn": f"{IAM}role/Engineer", "userName": "Engineer"},
        },
    }
)
SAML = sign_in(
    {"type": "AssumedRole", "arn": f"{STS}assumed-role/Engineer/alice"},
    SamlProviderArn=f"{IAM}saml-provider/idp",
)
IDENTITY_CENTER = sign_in(
    {
        "type": "AssumedRole",
        "arn": f"{STS}assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice",
        "sessionContext": {"sessionIssuer": {"arn": SSO_ROLE}},
    }
)
FEDERATED = sign_in({"type": "FederatedUser", "arn": f"{STS}federated-user/alice"})
STRANGE = sign_in({"type": "Something"})
EVERYBODY_ELSE = [ROOT, BROKER, SAML, IDENTITY_CENTER, FEDERATED, STRANGE]


def calls(advice):
    return tuple(step.call for step in advice.steps if step.call)


def test_an_iam_user_can_be_contained():
    assert uncontainable(USER, NOW) is None


def test_root_cannot_and_the_organization_can_help():
    advice = uncontainable(ROOT, NOW)

    assert advice.why == "No policy in an account restricts its root user."
    text = " ".join(advice.lines(NOW))
    for words in ("change its password", "service control policy", "aws sts assume-root"):
        assert words in text
    assert calls(advice) == (
        {
            "service": "sts",
            "operation": "assume_root",
            "parameters": {
                "TargetPrincipal": "123456789012",
                "TaskPolicyArn": {
                    "arn": "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"
                },
            },
        },
    )


@pytest.mark.parametrize("session", [BROKER, SAML], ids=["broker", "saml"])
def test_the_sessions_of_a_role_are_revoked_on_the_role(session):
    advice = uncontainable(session, NOW)

    (call,) = calls(advice)
    document = json.loads(call["parameters"].pop("PolicyDocument"))
    assert call == {
        "service": "iam",
        "operation": "put_role_policy",
        "parameters": {"RoleName": "Engineer", "PolicyName": "AWSRevokeOlderSessions"},
    }
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-11-21T09:30:05Z"}},
            }
        ],
    }


def test_a_role_of_identity_center_is_revoked_there_and_never_edited():
    advice = uncontainable(IDENTITY_CENTER, NOW)

    assert advice.why == "Roles of IAM Identity Center cannot be edited in IAM."
    assert calls(advice) == ()


def test_behind_a_federated_user_stands_an_iam_user():
    assert "GetFederationToken" in " ".join(uncontainable(FEDERATED, NOW).lines(NOW))


def test_a_record_that_does_not_say_who_is_not_guessed_at():
    advice = uncontainable(STRANGE, NOW)
    assert (calls(advice), len(advice.steps)) == ((), 1)


@pytest.mark.parametrize("found", EVERYBODY_ELSE, ids=lambda found: found.principal)
def test_advice_is_never_empty_and_each_line_is_one_sentence_or_ends_in_a_command(found):
    advice = uncontainable(found, NOW)
    for line in (advice.why, *advice.lines(NOW)):
        assert line.endswith(".") or re.search(r": `aws [^`]+`$", line)
    assert advice.steps


@pytest.mark.parametrize("found", EVERYBODY_ELSE, ids=lambda found: found.principal)
def test_the_calls_are_ones_that_boto3_would_make(found):
    from botocore.validate import ParamValidator

    for call in calls(uncontainable(found, NOW)):
        model = botocore.session.get_session().get_service_model(call["service"])
        name = "".join(word.capitalize() for word in call["operation"].split("_"))
        shape = model.operation_model(name).input_shape
        assert ParamValidator().validate(call["parameters"], shape).has_errors() is False


def test_an_account_that_is_not_said_is_left_to_fill_in():
    nameless = sign_in({"type": "Root", "accountId": None, "arn": None})
    (call,) = calls(uncontainable(nameless, NOW))
    assert call["parameters"]["TargetPrincipal"] == "<account>"
