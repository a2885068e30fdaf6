# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The alarm test on the local AWS: the message arrives, and says that it is a test.

The local AWS keeps no Action items in an alarm's history, so the test finds no answer there; what
it makes of an answer is in tests/repair/test_alarm_test.py, with items written by hand.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.account import seed_inbox, seed_trail

pytestmark = [pytest.mark.local_aws, pytest.mark.long]

SUBSCRIBED = {"type": "set-signin-monitoring"}
DRILL = {"type": "test-signin-monitoring", "wait-seconds": 1}


@pytest.fixture
def run(aws_env, tmp_path):
    def run(name: str, action: dict) -> dict:
        path = tmp_path / f"{name}.yml"
        policy = {"name": name, "resource": "aws.account", "actions": [action]}
        path.write_text(yaml.safe_dump({"policies": [policy]}))
        custodian = Path(sys.executable).with_name("custodian")
        subprocess.run(
            [custodian, "run", "-s", "out", path],
            env=aws_env,
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        (receipt,) = (tmp_path / "out" / name).glob("action-*")
        return json.loads(receipt.read_text())[0]

    return run


def test_the_message_of_an_alarm_test_arrives_and_the_state_is_put_back(session, run):
    seed_trail(session)
    inbox = seed_inbox(session)
    repair = {**SUBSCRIBED, "subscriptions": [{"protocol": "sqs", "endpoint": inbox.arn}]}
    assert run("repaired", repair)["after"] == "intact"
    (before,) = session.client("cloudwatch").describe_alarms()["MetricAlarms"]

    (drill,) = run("tested", DRILL)["drills"]

    (after,) = session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (drill["result"], drill["restored"]) == ("unanswered", True)
    assert after["StateValue"] == before["StateValue"]
    answer = session.client("sqs").receive_message(QueueUrl=inbox.url, WaitTimeSeconds=5)
    (message,) = answer["Messages"]
    notification = json.loads(json.loads(message["Body"])["Message"])
    assert (notification["AlarmName"], notification["NewStateValue"]) == (
        "ConsoleSignInWithoutMfaAlarm",
        "ALARM",
    )
    assert notification["NewStateReason"].startswith("c7n-mfa alarm test: nobody has signed in")
