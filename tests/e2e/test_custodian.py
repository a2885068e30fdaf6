# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person types, from the first audit to the notification, with the real executables.

The local AWS does not evaluate metric filters: that a filter catches a sign-in is proven in
tests/proof; what follows the filter is real here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.account import seed_inbox, seed_trail

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / "policies" / "audit" / "signin-monitoring-broken.yml"
REPAIR = ROOT / "policies" / "repair" / "signin-monitoring-repair.yml"


@pytest.fixture
def run(aws_env, tmp_path):
    """Run one of the executables of this environment in an empty folder."""

    def run(program, *args):
        path = Path(sys.executable).with_name(program)
        return subprocess.run(
            [path, *map(str, args)], env=aws_env, capture_output=True, text=True, cwd=tmp_path
        )

    return run


@pytest.fixture
def repair_policy(tmp_path):
    def write(endpoint: str, **options) -> Path:
        policy = yaml.safe_load(REPAIR.read_text())
        (action,) = policy["policies"][0]["actions"]
        action["subscriptions"] = [{"protocol": "sqs", "endpoint": endpoint}]
        action.update(options)
        path = tmp_path / "repair.yml"
        path.write_text(yaml.safe_dump(policy, sort_keys=False))
        return path

    return write


def test_broken_then_repaired_then_intact_then_told(session, run, repair_policy, tmp_path):
    seed_trail(session)
    inbox = seed_inbox(session)

    assert run("custodian", "run", "-s", "before", AUDIT).returncode == 0
    before = run("c7n-mfa", "report", "before")
    assert (before.returncode, before.stdout.partition(". ")[0][13:]) == (1, " BROKEN")

    assert run("custodian", "run", "-s", "repair", repair_policy(inbox.arn)).returncode == 0
    assert run("c7n-mfa", "report", "repair").returncode == 0

    assert run("custodian", "run", "-s", "after", AUDIT).returncode == 0
    after = run("c7n-mfa", "report", "--format", "json", "after")
    assert (after.returncode, json.loads(after.stdout)["verdict"]) == (0, "intact")

    session.client("cloudwatch").set_alarm_state(
        AlarmName="ConsoleSignInWithoutMfaAlarm", StateValue="ALARM", StateReason="a test"
    )
    (message,) = session.client("sqs").receive_message(QueueUrl=inbox.url, WaitTimeSeconds=5)[
        "Messages"
    ]
    notification = json.loads(json.loads(message["Body"])["Message"])
    assert notification["AlarmName"] == "ConsoleSignInWithoutMfaAlarm"
    assert notification["NewStateValue"] == "ALARM"


def test_two_repairs_at_once_leave_one_chain(session, aws_env, repair_policy, tmp_path):
    seed_trail(session)
    inbox = seed_inbox(session)
    policy = repair_policy(inbox.arn)
    custodian = Path(sys.executable).with_name("custodian")

    both = [
        subprocess.Popen(
            [custodian, "run", "-s", f"out-{number}", policy],
            env=aws_env,
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        for number in (1, 2)
    ]

    assert [each.wait(timeout=120) for each in both] == [0, 0]
    assert len(session.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 1
    assert len(session.client("logs").describe_metric_filters()["metricFilters"]) == 1
    assert len(session.client("sns").list_topics()["Topics"]) == 1
    assert len(session.client("sns").list_subscriptions()["Subscriptions"]) == 1


def test_a_typo_in_an_option_is_refused_by_validate_and_named(run, tmp_path):
    path = tmp_path / "typo.yml"
    path.write_text(AUDIT.read_text().replace("requirement:", "requirment:"))

    refused = run("custodian", "validate", path)

    assert refused.returncode == 1
    assert "requirment" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_shipped_policies_are_valid(run):
    shipped = sorted((ROOT / "policies").rglob("*.yml"))

    valid = run("custodian", "validate", *shipped)

    assert valid.returncode == 0, valid.stderr
