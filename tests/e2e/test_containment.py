# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Containment on a local AWS that enforces IAM: what is denied, what is spared, what comes back.

It has no console.  The session of `GetSessionToken` stands for one: like a console session it
carries a token issued at a time and `aws:MultiFactorAuthPresent` of false.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from c7n_mfa.containment import documents
from c7n_mfa.containment.documents import Form
from demo.local_aws import LocalAws

pytestmark = pytest.mark.local_aws

CUSTODIAN = Path(sys.executable).with_name("custodian")
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
# A filter that keeps all: without any, a policy that contains is refused.
EVERYBODY = [{"type": "value", "key": "UserName", "value": "present"}]
BREAK_GLASS = {"exclude": {"names": ["break-glass-*"]}}


class Person:
    """An IAM user who may do everything, with a password and an access key."""

    def __init__(self, aws: LocalAws, account: str, name: str) -> None:
        self.aws, self.account, self.name = aws, account, name
        self.iam = aws.session(account).client("iam")
        self.iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "red"}])
        text = json.dumps({"Version": "2012-10-17", "Statement": [EVERYTHING]})
        self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text)
        self.iam.create_login_profile(UserName=name, Password="Correct-Horse-1")
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.key = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }

    def sign_in(self) -> dict[str, str]:
        """A new session without MFA."""
        token = self._client("sts", self.key).get_session_token()["Credentials"]
        return {
            "aws_access_key_id": token["AccessKeyId"],
            "aws_secret_access_key": token["SecretAccessKey"],
            "aws_session_token": token["SessionToken"],
        }

    def may(self, credentials: dict[str, str], service="s3", operation="list_buckets") -> bool:
        """Does the call go through?  Only AWS's own denial counts as a no."""
        try:
            getattr(self._client(service, credentials), operation)()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"):
                return False
            raise
        return True

    def _client(self, service: str, credentials: dict[str, str]):
        session = boto3.Session(region_name="us-east-1", **credentials)
        return session.client(service, endpoint_url=self.aws.endpoint_url)

    def snapshot(self) -> dict[str, object]:
        """Everything about the user that containment could touch."""
        of = {"UserName": self.name}
        return {
            "policies": {
                name: self.iam.get_user_policy(**of, PolicyName=name)["PolicyDocument"]
                for name in self.iam.list_user_policies(**of)["PolicyNames"]
            },
            "tags": self.iam.list_user_tags(**of)["Tags"],
            "keys": self.iam.list_access_keys(**of)["AccessKeyMetadata"],
            "password": self.iam.get_login_profile(**of)["LoginProfile"],
        }


def but_released(found: dict[str, object]) -> dict[str, object]:
    """All but the one tag and the one policy that a release leaves."""
    tags = [tag for tag in found["tags"] if tag["Key"] != "c7n-mfa-released"]
    policies = {k: v for k, v in found["policies"].items() if k != "c7n-mfa-revoke-sessions"}
    assert len(tags) == len(found["tags"]) - 1
    assert len(policies) == len(found["policies"]) - 1
    return {**found, "tags": tags, "policies": policies}


def may_in_a_new_session(person: Person) -> bool:
    # The time before which sessions are denied is that of the next whole second.
    time.sleep(2)
    return person.may(person.sign_in())


@pytest.fixture
def alice(enforcing_aws: LocalAws, account: str) -> Person:
    return Person(enforcing_aws, account, "alice")


@pytest.fixture
def custodian(enforcing_aws: LocalAws, account: str, tmp_path: Path):
    """Run plain custodian with these actions on the users of the account."""

    def custodian(*actions, filters=EVERYBODY):
        policy = {
            "name": "contain-now",
            "resource": "aws.iam-user",
            "filters": list(filters),
            "actions": list(actions),
        }
        path, out = tmp_path / "policy.yml", tmp_path / "out"
        path.write_text(json.dumps({"policies": [policy]}))
        ended = subprocess.run(
            [CUSTODIAN, "run", "--cache-period=0", "-s", out, path],
            env=enforcing_aws.env(account),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stderr
        resources = json.loads((out / "contain-now" / "resources.json").read_text())
        return [resource["UserName"] for resource in resources]

    return custodian


def test_before_anything_the_session_and_the_key_may_do_everything(alice):
    assert (alice.may(alice.sign_in()), alice.may(alice.key)) == (True, True)


def test_requiring_mfa_stops_the_session_and_spares_the_key_until_the_release(alice, custodian):
    session, before = alice.sign_in(), alice.snapshot()

    custodian("require-mfa")

    assert not alice.may(session)
    assert not alice.may(session, "iam", "list_users")
    assert alice.may(alice.key)
    # Another session is no way around it.
    assert not alice.may(alice.sign_in())

    custodian("release")

    assert but_released(alice.snapshot()) == before
    assert (alice.may(session), alice.may(alice.key)) == (False, True)
    assert may_in_a_new_session(alice)


@pytest.mark.long
def test_requiring_mfa_of_all_stops_the_key_too_until_the_release(alice, custodian):
    session, before = alice.sign_in(), alice.snapshot()

    custodian({"type": "require-mfa", "scope": "all"})

    assert (alice.may(session), alice.may(alice.key)) == (False, False)

    custodian("release")

    assert but_released(alice.snapshot()) == before
    assert (alice.may(session), alice.may(alice.key)) == (False, True)
    assert may_in_a_new_session(alice)


@pytest.mark.long
def test_revoking_stops_the_sessions_of_before_and_no_later_one(alice, custodian):
    session, before = alice.sign_in(), alice.snapshot()

    custodian("revoke-sessions")

    assert (alice.may(session), alice.may(alice.key)) == (False, True)
    assert may_in_a_new_session(alice)

    custodian("release")

    assert but_released(alice.snapshot()) == before
    assert not alice.may(session)
    assert may_in_a_new_session(alice)


@pytest.mark.long
def test_open_enrolment_leaves_enrolment_and_nothing_else(alice, custodian):
    custodian("revoke-sessions", "reset-password", {"type": "require-mfa", "enrolment": "open"})
    time.sleep(2)
    session = alice.sign_in()

    assert alice.may(session, "iam", "list_virtual_mfa_devices")
    assert not alice.may(session)
    assert not alice.may(session, "iam", "list_users")


@pytest.mark.long
def test_a_contained_user_cannot_take_the_policies_off_from_the_session(alice, custodian):
    session = alice.sign_in()
    custodian("require-mfa")

    with pytest.raises(ClientError, match="AccessDenied"):
        alice._client("iam", session).delete_user_policy(
            UserName="alice", PolicyName="c7n-mfa-require-mfa"
        )


@pytest.mark.long
def test_a_reset_password_is_the_only_thing_that_a_release_leaves(alice, custodian):
    before = alice.snapshot()

    custodian("revoke-sessions", "reset-password", "require-mfa")
    custodian("release", filters=["contained"])

    password = {**before["password"], "PasswordResetRequired": True}
    assert but_released(alice.snapshot()) == {**before, "password": password}


@pytest.mark.long
def test_what_a_release_leaves_is_removed_after_36_hours(enforcing_aws, account, alice, custodian):
    from c7n_mfa.aws.read import Reader
    from c7n_mfa.containment.release import release
    from c7n_mfa.containment.values import User

    session, before = alice.sign_in(), alice.snapshot()
    custodian("require-mfa")
    custodian("release")
    reader, now = Reader(enforcing_aws.session(account)), datetime.now(UTC)

    early = release(reader, User("alice", "alice"), now + timedelta(hours=1))
    assert (early.result, alice.may(session)) == ("already", False)

    late = release(reader, User("alice", "alice"), now + timedelta(hours=37))
    assert late.result == "done"
    assert alice.snapshot()["policies"] == before["policies"]


@pytest.mark.long
def test_break_glass_users_keep_their_session(enforcing_aws, account, alice, custodian):
    guard = Person(enforcing_aws, account, "break-glass-1")
    session, before = guard.sign_in(), guard.snapshot()

    custodian(
        {"type": "revoke-sessions", **BREAK_GLASS},
        {"type": "reset-password", **BREAK_GLASS},
        {"type": "require-mfa", "scope": "all", **BREAK_GLASS},
    )

    assert guard.snapshot() == before
    assert (guard.may(session), guard.may(guard.key)) == (True, True)
    assert not alice.may(alice.key)


@pytest.mark.long
def test_the_filter_finds_those_who_are_contained(enforcing_aws, account, alice, custodian):
    Person(enforcing_aws, account, "bob")
    custodian("require-mfa", filters=[{"UserName": "alice"}])

    assert custodian(filters=["contained"]) == ["alice"]
    assert custodian(filters=[{"type": "contained", "days": 1}]) == []


def test_ten_at_once_are_one_containment(enforcing_aws, account, alice):
    from c7n_mfa.aws.read import Reader
    from c7n_mfa.aws.times import parse_time
    from c7n_mfa.containment.apply import Containment
    from c7n_mfa.containment.exclude import Exclusion
    from c7n_mfa.containment.values import Occasion, User

    session = alice.sign_in()
    at = parse_time("2026-11-21T09:30:20Z")
    occasion = Occasion(at, "contain-now", "11111111-aaaa", at)

    def contain(_):
        containment = Containment(Reader(enforcing_aws.session(account)), occasion, Exclusion())
        user = User("alice", "alice")
        return [
            *containment.revoke_sessions(user),
            *containment.reset_password(user, True),
            *containment.require_mfa(user, Form(), False),
        ]

    with ThreadPoolExecutor(10) as pool:
        receipts = [receipt for each in pool.map(contain, range(10)) for receipt in each]

    assert {receipt.result for receipt in receipts} <= {"done", "already"}
    after = alice.snapshot()
    assert sorted(after["policies"]) == ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions", "own"]
    assert after["policies"]["c7n-mfa-require-mfa"] == documents.require_mfa(Form())
    assert sorted(tag["Key"] for tag in after["tags"]) == [
        "c7n-mfa-contained",
        "c7n-mfa-event",
        "c7n-mfa-password-reset",
        "team",
    ]
    assert not alice.may(session)
