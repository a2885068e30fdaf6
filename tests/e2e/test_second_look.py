# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The second look on the local AWS, whose scheduler calls the function by itself.

It runs due schedules every ten seconds, deletes those that ask for it, and enforces what the role
of the function may do, but for `iam:PassRole`.  It calls the function without assuming the role of
the schedule, so that only the page of permissions is tested for that one.  Its LookupEvents hands
out real calls under the name of the access key, which here is the number of the account: so is the
user called who signs in.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from c7n_mfa.signin.events import envelope
from demo.account import seed_inbox
from demo.local_aws import LocalAws
from demo.response import seed_response
from demo.signin import console_login

pytestmark = [pytest.mark.local_aws, pytest.mark.long]

ROOT = Path(__file__).parents[2]
NAME = "signin-single-factor"
FUNCTION = f"custodian-{NAME}"
TOPIC = "SignInWithoutMfaAlarmSNSTopic"
ACTION = "- type: investigate-signin"
SHIPPED = "after-minutes: [15, 60]"


class Account:
    """An account in which the shipped policy is deployed, with looks that come sooner."""

    def __init__(self, aws: LocalAws, number: str, folder: Path) -> None:
        self.number, self.env, self.folder = number, aws.env(number), folder
        self.session = aws.session(number)
        self.inbox = seed_inbox(self.session)
        sns = self.session.client("sns")
        topic = sns.create_topic(Name=TOPIC)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.inbox.arn)
        seed_response(self.session)
        self.scheduler = self.session.client("scheduler")
        self.user = f"arn:aws:iam::{number}:user/{number}"
        self.read: list[dict] = []

    def run(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        command, *rest = args
        script = Path(sys.executable).with_name(str(command))
        return subprocess.run(
            [script, *rest],
            env=self.env,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=120,
        )

    def deploy(self, minutes: str) -> None:
        shipped = (ROOT / "policies" / "respond" / f"{NAME}.yml").read_text(encoding="utf-8")
        assert SHIPPED in shipped
        policy = self.folder / "sooner.yml"
        sooner = shipped.replace(SHIPPED, f"after-minutes: {minutes}")
        # The local AWS takes its time to answer for every Region.
        at_home = f"{ACTION}\n        regions: [us-east-1]"
        policy.write_text(sooner.replace(ACTION, at_home))
        done = self.run("custodian", "run", "-s", self.folder / "out", policy)
        assert done.returncode == 0, done.stderr

    def sign_in(self) -> dict:
        record = console_login(self.user)
        event = envelope(record, "us-east-1", self.number)
        answer = self.session.client("lambda").invoke(
            FunctionName=FUNCTION, Payload=json.dumps(event).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()
        return record

    def schedules(self) -> list[str]:
        found = self.scheduler.list_schedules()["Schedules"]
        return sorted(each["Name"][:15] for each in found)

    def messages(self, count: int, seconds: float = 0.0) -> list[str]:
        """So many messages in all, waited for as long as it takes, then for so many seconds."""
        sqs, until = self.session.client("sqs"), time.monotonic() + 180
        while time.monotonic() < until:
            # Seldom: the local AWS lists the last fifty calls of the account, and this is one.
            answer = sqs.receive_message(QueueUrl=self.inbox.url, WaitTimeSeconds=10)
            for message in answer.get("Messages", ()):
                self.read.append(json.loads(json.loads(message["Body"])["Message"]))
                sqs.delete_message(QueueUrl=self.inbox.url, ReceiptHandle=message["ReceiptHandle"])
            if len(self.read) >= count:
                until = min(until, time.monotonic() + seconds)
        return [message["subject"] for message in self.read]

    def stop_watching(self, name: str) -> None:
        """A call that is dangerous, of the user."""
        logs = self.session.client("logs")
        logs.create_log_group(logGroupName=name)
        logs.delete_log_group(logGroupName=name)


@pytest.fixture
def here(enforcing_aws: LocalAws, account: str, tmp_path: Path) -> Account:
    return Account(enforcing_aws, account, tmp_path)


def test_what_is_delivered_later_is_told_by_the_second_look_and_the_third_is_the_last(here):
    here.deploy("[1, 2]")

    here.sign_in()

    first = here.messages(1)
    assert len(first) == 1
    assert "without MFA" in first[0]
    assert here.schedules() == ["c7n-mfa-look-2-"]

    here.stop_watching("evidence")
    second = here.messages(2)[1]
    assert "Second look: " in second
    assert " - 1 new dangerous call (" in second
    assert "DeleteLogGroup" in here.read[1]["text"]
    assert here.schedules() == ["c7n-mfa-look-3-"]

    # Nothing is new for the third: it sends nothing, and schedules nothing.
    deadline = time.monotonic() + 180
    while here.schedules() and time.monotonic() < deadline:
        time.sleep(5)
    assert here.schedules() == []
    assert len(here.messages(2, seconds=20)) == 2


def test_a_role_without_the_permission_is_named_in_the_message(here):
    here.deploy("[1]")
    iam = here.session.client("iam")
    policy = iam.get_role_policy(RoleName="c7n-mfa-respond", PolicyName="documented")
    document = policy["PolicyDocument"]
    document["Statement"] = [
        each for each in document["Statement"] if "scheduler:CreateSchedule" not in each["Action"]
    ]
    iam.put_role_policy(
        RoleName="c7n-mfa-respond", PolicyName="documented", PolicyDocument=json.dumps(document)
    )

    here.sign_in()

    here.messages(1)
    told = "will not look again, access denied; grant scheduler:CreateSchedule"
    assert told in here.read[0]["text"]
    assert here.schedules() == []


def test_the_command_investigates_what_the_account_really_did(here):
    record = console_login(here.user)
    here.stop_watching("evidence")
    file = here.folder / "event.json"
    file.write_text(json.dumps(envelope(record, "us-east-1", here.number)))

    done = here.run("c7n-mfa", "investigate", file, "--format", "json", "--regions", "us-east-1")

    assert done.returncode == 1, done.stderr
    dossier = json.loads(done.stdout)
    dangerous = {call["name"] for call in dossier["activity"]["dangerous"]}
    assert "DeleteLogGroup" in dangerous
    assert dossier["sign_in"]["who"] == here.number
