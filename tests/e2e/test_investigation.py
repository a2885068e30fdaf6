# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The investigation as a Lambda function on the local AWS, its dossier read back from the bucket.

The local AWS records real calls and hands them out through LookupEvents, on one page and under the
name of the access key; so the user here is named as the key of the session is.  It has neither
GuardDuty nor Security Hub nor console sign-ins: the dossier must say so, and go on.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from c7n_mfa.signin.events import envelope
from investigated import EVENT_ID, stamp, the_sign_in

pytestmark = [pytest.mark.local_aws, pytest.mark.long]

FUNCTION = "custodian-signin-investigated"
ROLE = "c7n-mfa-signin-respond"


@pytest.fixture
def bucket(account):
    return f"dossiers-{account}"


@pytest.fixture
def policy(account, bucket):
    return {
        "name": "signin-investigated",
        "resource": "iam-user",
        "mode": {
            "type": "cloudtrail",
            "role": f"arn:aws:iam::{account}:role/{ROLE}",
            "handler": "c7n_mfa.handler.run",
            "packages": ["c7n_mfa"],
            "timeout": 120,
            "execution-options": {"output_dir": f"s3://{bucket}/respond?region=us-east-1"},
            "events": [
                {
                    "source": "signin.amazonaws.com",
                    "event": "ConsoleLogin",
                    "ids": "userIdentity.userName",
                }
            ],
            "pattern": {"source": ["aws.signin"]},
        },
        "actions": [{"type": "investigate-signin", "budget-seconds": 30}],
    }


@pytest.fixture
def deployed(session, aws_env, account, bucket, policy, tmp_path):
    """The function, and a user who is an administrator and has an owner."""
    iam = session.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    iam.create_user(UserName=account, Tags=[{"Key": "owner", "Value": "user@example.com"}])
    iam.create_login_profile(UserName=account, Password="not-a-secret")
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(UserName=account, PolicyArn=administrator)
    session.client("s3").create_bucket(Bucket=bucket)
    path = tmp_path / "investigated.yml"
    path.write_text(yaml.safe_dump({"policies": [policy]}, sort_keys=False))
    custodian = Path(sys.executable).with_name("custodian")
    subprocess.run(
        [custodian, "run", "-s", tmp_path / "out", path],
        env=aws_env,
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    return session


def invoke(session, account) -> None:
    """Hand the function a sign-in of the user, a minute ago."""
    when = datetime.now(UTC) - timedelta(minutes=1)
    identity = {
        "type": "IAMUser",
        "userName": account,
        "accountId": account,
        "arn": f"arn:aws:iam::{account}:user/{account}",
    }
    record = the_sign_in(userIdentity=identity, eventTime=stamp(when), recipientAccountId=account)
    answer = session.client("lambda").invoke(
        FunctionName=FUNCTION,
        Payload=json.dumps(envelope(record, "us-east-1", account)),
        LogType="Tail",
    )
    log = base64.b64decode(answer.get("LogResult", "")).decode()
    assert "FunctionError" not in answer, log


@pytest.fixture
def written(deployed, bucket):
    """Read the dossier as custodian left it in the bucket."""

    def written() -> dict[str, str]:
        s3 = deployed.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        packed = {
            key.rpartition("/")[2]: s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in keys
            if "dossier-" in key
        }
        return {name: gzip.decompress(body).decode() for name, body in packed.items()}

    return written


def test_the_function_leaves_a_dossier_of_what_the_account_really_did(deployed, account, written):
    deployed.client("logs").create_log_group(logGroupName="evidence")
    deployed.client("logs").delete_log_group(logGroupName="evidence")
    deployed.client("events").disable_rule(Name=FUNCTION)

    invoke(deployed, account)

    found = written()
    assert sorted(found) == [f"dossier-{EVENT_ID}.json.gz", f"dossier-{EVENT_ID}.md.gz"]
    dossier = json.loads(found[f"dossier-{EVENT_ID}.json.gz"])
    dangerous = {call["name"]: call for call in dossier["activity"]["dangerous"]}
    # The names of IAM's own calls, in the body of the request, the local AWS does not record.
    assert dangerous["DeleteLogGroup"]["since"] is True
    assert dangerous["DeleteLogGroup"]["target"] == "logGroupName=evidence"
    against_us = "cuts the function that responds off from its events"
    assert (dangerous["DisableRule"]["level"], dangerous["DisableRule"]["why"]) == (
        "high",
        against_us,
    )
    assert dossier["privileges"]["because"] == "it has the policy AdministratorAccess"
    assert dossier["credentials"]["password"] is True
    assert dossier["owner"] == {"contacts": [["owner", "user@example.com"]]}
    headline = f"# CRITICAL: {account} signed in without MFA"
    assert found[f"dossier-{EVENT_ID}.md.gz"].splitlines()[0] == headline


def test_services_that_are_not_there_are_named_and_stop_nothing(deployed, account, written):
    invoke(deployed, account)

    dossier = json.loads(written()[f"dossier-{EVENT_ID}.json.gz"])
    missing = {gap["what"] for gap in dossier["not_searched"]}
    assert {"findings of Security Hub", "findings of GuardDuty"} <= missing
    assert dossier["related"]["findings"] is None
    assert dossier["activity"] is not None
