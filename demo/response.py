# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What responding to a sign-in takes in an account, and a user who signs in without MFA."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from c7n_mfa.signin.events import DETAIL_TYPES, SOURCE

from .signin import console_login

# Each role, and the policy whose function runs as it.
ROLES = {
    "c7n-mfa-respond": "signin-single-factor",
    "c7n-mfa-contain": "signin-single-factor-contain",
}
LOOK_AGAIN = "c7n-mfa-look-again"
DEAD_LETTERS = "c7n-mfa-dead-letters"
# AWS takes no event of `aws.signin` from anybody but itself, and neither does the local AWS: by
# this trace header it knows what stands for CloudTrail.
CLOUDTRAIL = "local-cloudtrail"

_ROOT = Path(__file__).resolve().parent.parent
_PERMISSIONS = _ROOT / "docs" / "permissions.md"
# Where the policy that releases wants a name.
_PLACEHOLDER = "<user-name>"
_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class Person:
    """An IAM user who may do everything.

    There is no console here.  The session of `GetSessionToken` stands for one: it carries the time
    it was issued and, as in the console, `aws:MultiFactorAuthPresent` of false.
    """

    name: str
    arn: str
    id: str
    key: dict[str, str]
    endpoint_url: str

    def console_session(self) -> dict[str, str]:
        token = self._client("sts", self.key).get_session_token()["Credentials"]
        return {
            "aws_access_key_id": token["AccessKeyId"],
            "aws_secret_access_key": token["SecretAccessKey"],
            "aws_session_token": token["SessionToken"],
        }

    def refusal(self, credentials: dict[str, str]) -> str | None:
        """What AWS says to these credentials when they list buckets; None when they may."""
        try:
            self._client("s3", credentials).list_buckets()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
                raise
            return str(error.response["Error"]["Message"])
        return None

    def _client(self, service: str, credentials: dict[str, str]) -> Any:
        session = boto3.Session(region_name="us-east-1", **credentials)
        return session.client(service, endpoint_url=self.endpoint_url)


def seed_response(session: boto3.Session) -> None:
    """Make the roles that the functions run as, and the queue for what could not be told.

    A role may do what docs/permissions.md says, to the letter, and nothing else.
    """
    iam = session.client("iam")
    account = session.client("sts").get_caller_identity()["Account"]
    roles = {role: documented(policy, account) for role, policy in ROLES.items()}
    # Behind those of the function's role, those of the schedule's.
    roles[LOOK_AGAIN] = documented(ROLES["c7n-mfa-respond"], account)[2:]
    for role, (trust, permissions, *_) in roles.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=role, PolicyName="documented", PolicyDocument=permissions)
    session.client("sqs").create_queue(QueueName=DEAD_LETTERS)


def documented(policy: str, account: str) -> list[str]:
    """The trust and the permissions of a policy's roles, from the page that people paste from."""
    page = _PERMISSIONS.read_text(encoding="utf-8").replace("123456789012", account)
    section = page.partition(f"\n## {policy}\n")[2].partition("\n## ")[0]
    return re.findall(r"```json\n(.*?)```", section, re.DOTALL)


def seed_person(session: boto3.Session, endpoint_url: str, name: str = "alice") -> Person:
    """Make a user who may do everything, with an access key to get sessions with."""
    iam = session.client("iam")
    user = iam.create_user(UserName=name)["User"]
    document = json.dumps(_EVERYTHING)
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }
    return Person(name, user["Arn"], user["UserId"], credentials, endpoint_url)


def write_release(policy: str, target: Path, name: str) -> None:
    """A copy of the policy that releases, with the name put in as a person would."""
    text = (_ROOT / policy).read_text(encoding="utf-8")
    if _PLACEHOLDER not in text:
        raise ValueError(f"{policy} has no {_PLACEHOLDER} to put a name in.")
    target.write_text(text.replace(_PLACEHOLDER, name), encoding="utf-8")


def sign_in(person: Person) -> dict[str, Any]:
    """The CloudTrail record of the person's signing in, with a password and no MFA.

    A minute ago: an event takes as long, and what denies sessions reaches a minute further.
    """
    return console_login(person.arn, at=datetime.now(UTC) - timedelta(minutes=1), user_id=person.id)


def entry(record: dict[str, Any]) -> dict[str, str]:
    """What `events put-events` takes for a record that CloudTrail delivers."""
    return {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPES[0],
        "Detail": json.dumps(record),
        "TraceHeader": CLOUDTRAIL,
    }
