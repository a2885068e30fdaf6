# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Forwarding with the real custodian on the local AWS, from broken to set up to taken away.

The local AWS stores rules, targets and roles, checks event patterns as EventBridge does, and
delivers nothing across Regions: that the rules are right is seen in their configuration.  What
moto delivers from bus to bus is in tests/forwarding/test_actions.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from c7n_mfa.forwarding.values import NAME
from c7n_mfa.signin.events import FORWARDED

pytestmark = [pytest.mark.local_aws, pytest.mark.long]

POLICIES = Path(__file__).parents[2] / "policies" / "respond"
REMOVED = """\
policies:
  - name: signin-forwarding-removed
    resource: aws.account
    actions:
      - type: remove-signin-forwarding
"""


@pytest.fixture
def run(aws_env, tmp_path):
    """Run a policy with custodian, and read one of the files that it wrote."""

    def run(policy: Path, wanted: str = "resources.json"):
        custodian = Path(sys.executable).with_name("custodian")
        out = tmp_path / "out"
        done = subprocess.run(
            [custodian, "run", "-s", out, policy], env=aws_env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads((out / policy.stem / wanted).read_text())

    return run


def regions(session) -> list[str]:
    return sorted(r["RegionName"] for r in session.client("ec2").describe_regions()["Regions"])


def test_broken_then_set_up_then_intact_then_taken_away(session, account, run, tmp_path):
    audit = POLICIES / "signin-forwarding-broken.yml"
    # An alarm notifies a topic of its own Region; elsewhere there is none here.
    session.client("sns").create_topic(Name="SignInWithoutMfaAlarmSNSTopic")
    others = [region for region in regions(session) if region != "us-east-1"]
    assert len(others) > 3

    (before,) = run(audit)
    assert [
        region["region"]
        for region in before["c7n:signin-forwarding"]["regions"]
        if region["reason"] == "rule-absent"
    ] == others

    (receipt,) = run(POLICIES / "signin-forwarding-repair.yml", "action-setsigninforwarding")
    undone = [step for step in receipt["steps"] if step["result"] != "done"]
    assert [(s["step"], s["region"], s["result"]) for s in undone] == [
        ("alarm", region, "skipped") for region in others
    ]
    assert (receipt["before"], receipt["after"]) == ("broken", "intact")
    assert run(audit) == []

    events = session.client("events", region_name=others[0])
    rule = events.describe_rule(Name=NAME)
    assert (rule["State"], json.loads(rule["EventPattern"])) == ("ENABLED", FORWARDED)
    assert events.list_targets_by_rule(Rule=NAME)["Targets"] == [
        {
            "Id": "home",
            "Arn": f"arn:aws:events:us-east-1:{account}:event-bus/default",
            "RoleArn": f"arn:aws:iam::{account}:role/{NAME}",
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{others[0]}:{account}:c7n-mfa-dead-letters"},
        }
    ]

    policy = tmp_path / "signin-forwarding-removed.yml"
    policy.write_text(REMOVED)
    (receipt,) = run(policy, "action-removesigninforwarding")
    assert {step["result"] for step in receipt["steps"]} == {"done"}
    assert events.list_rules()["Rules"] == []
    assert [r["RoleName"] for r in session.client("iam").list_roles()["Roles"]] == []
