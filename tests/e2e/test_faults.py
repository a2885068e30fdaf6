# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Repairs that are killed, and repairs side by side, as processes of their own on the local AWS.

Errors of every kind on every call are in tests/repair/test_repair_faults.py.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.account import seed_inbox, seed_trail
from longrun import long, long_but_one
from objects import objects

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[2]
REPAIR = ROOT / "policies" / "repair" / "signin-monitoring-repair.yml"
REMOVE = ROOT / "policies" / "repair" / "signin-monitoring-remove.yml"
KILLED = Path(__file__).with_name("killed")
CHAIN = [
    "CreateTopic",
    "SetTopicAttributes",
    "Subscribe",
    "TagResource",
    "PutMetricFilter",
    "PutMetricAlarm",
]
DELIVERY = ["CreateLogGroup", "PutRetentionPolicy", "CreateRole", "PutRolePolicy", "UpdateTrail"]
ONE_CHAIN = {"filters": 1, "subscriptions": 1, "alarms": 1, "topics": 1, "log groups": 1}
# The short run kills and meets at the fourth write, the long run at every one.
PLACES = [4, *long({*range(1, len(CHAIN) + 1)} - {4})]


def seed_trail_without_log_group(session) -> None:
    trails = session.client("cloudtrail")
    trails.create_trail(Name="management", S3BucketName="trail-bucket", IsMultiRegionTrail=True)
    trails.start_logging(Name="management")


@pytest.fixture
def policy(tmp_path):
    def write(endpoint: str, **options) -> Path:
        content = yaml.safe_load(REPAIR.read_text())
        (action,) = content["policies"][0]["actions"]
        action["subscriptions"] = [{"protocol": "sqs", "endpoint": endpoint}]
        action.update(options)
        path = tmp_path / "repair.yml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return write


@pytest.fixture
def start(aws_env, tmp_path):
    """Start custodian with the hook of killed/sitecustomize.py."""

    def start(path: Path, out: str = "out", **hook) -> subprocess.Popen:
        known = [str(KILLED), aws_env.get("PYTHONPATH", "")]
        environment = aws_env | {"PYTHONPATH": ":".join(filter(None, known))} | hook
        custodian = Path(sys.executable).with_name("custodian")
        return subprocess.Popen(
            [custodian, "run", "-s", out, path],
            env=environment,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def run(start):
    def run(path: Path, out: str = "out", **hook) -> int:
        process = start(path, out, **hook)
        _, said = process.communicate(timeout=120)
        assert "Traceback" not in said
        return process.returncode

    return run


def receipt(folder: Path, policy: str = "signin-monitoring-repair") -> dict:
    names = {"signin-monitoring-repair": "set", "signin-monitoring-remove": "remove"}
    path = folder / policy / f"action-{names[policy]}signinmonitoring"
    (only,) = json.loads(path.read_text())
    return only


def counts(session) -> dict[str, int]:
    found = objects(session)
    filters = [f for group in found["log groups"].values() for f in group["filters"]]
    subscriptions = [s for topic in found["topics"].values() for s in topic["subscriptions"]]
    things = {"filters": filters, "subscriptions": subscriptions}
    kinds = ("alarms", "topics", "log groups")
    return {name: len(each) for name, each in (things | {k: found[k] for k in kinds}).items()}


@pytest.mark.parametrize("number", PLACES)
def test_a_repair_killed_after_any_write_is_finished_by_the_next(
    session, policy, run, tmp_path, number
):
    seed_trail(session)
    path = policy(seed_inbox(session).arn)
    writes = tmp_path / "writes"

    killed = run(path, KILL_AFTER_WRITE=str(number), WRITES_TO=str(writes))

    assert killed == -signal.SIGKILL
    assert writes.read_text().split() == CHAIN[:number]
    assert run(path, "again") == 0
    assert counts(session) == ONE_CHAIN
    # Killed after its last write, the first one had left nothing to do.
    assert number == len(CHAIN) or receipt(tmp_path / "again")["after"] == "intact"


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, len(DELIVERY) + 1))
def test_a_delivery_killed_after_any_write_is_finished_by_the_next(
    session, policy, run, tmp_path, number
):
    seed_trail_without_log_group(session)
    path = policy(seed_inbox(session).arn, **{"log-delivery": "create"})
    writes = tmp_path / "writes"

    assert run(path, KILL_AFTER_WRITE=str(number), WRITES_TO=str(writes)) == -signal.SIGKILL

    assert writes.read_text().split() == DELIVERY[:number]
    assert run(path, "again") == 0
    assert receipt(tmp_path / "again")["after"] == "intact"
    assert counts(session) == ONE_CHAIN
    assert len(objects(session)["roles"]) == 1


@pytest.mark.parametrize("number", PLACES)
def test_two_repairs_in_any_phase_leave_one_chain(session, policy, start, tmp_path, number):
    """Both have planned from the same account; one waits while the other does all."""
    seed_trail(session)
    path = policy(seed_inbox(session).arn)
    planned, reached, done = (str(tmp_path / name) for name in ("planned", "reached", "done"))

    first = start(
        path,
        "first",
        STOPS=json.dumps([[1, str(tmp_path / "too"), planned], [number, reached, done]]),
    )
    second = start(path, "second", STOPS=json.dumps([[1, planned, reached]]))
    said = [second.communicate(timeout=120)[1]]
    Path(done).touch()
    said.append(first.communicate(timeout=120)[1])

    assert [first.returncode, second.returncode] == [0, 0], said
    assert counts(session) == ONE_CHAIN
    receipts = [receipt(tmp_path / out) for out in ("first", "second")]
    assert [each["after"] for each in receipts] == ["intact"] * 2
    assert {step["result"] for each in receipts for step in each["steps"]} == {"done"}


@pytest.mark.parametrize("delivery", long_but_one(["leave", "create"]))
def test_a_repair_that_is_removed_leaves_the_account_as_it_was(
    session, policy, run, tmp_path, delivery
):
    seed = seed_trail if delivery == "leave" else seed_trail_without_log_group
    seed(session)
    path = policy(seed_inbox(session).arn, **{"log-delivery": delivery})
    before = objects(session)
    assert run(path, "repaired") == 0
    assert receipt(tmp_path / "repaired")["after"] == "intact"

    assert run(REMOVE, "removed") == 0

    steps = receipt(tmp_path / "removed", "signin-monitoring-remove")["steps"]
    assert [(s["step"], s["error"]) for s in steps if s["result"] != "done"] == []
    assert objects(session) == before
