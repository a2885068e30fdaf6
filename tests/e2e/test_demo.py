# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The demo, told as a person would see it, and what it says when it goes otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.account import Inbox
from demo.shell import CommandFailed, Shell
from demo.story import Unexpected, write_policy

ROOT = Path(__file__).parents[2]
QUEUE = Inbox(url="http://queue", arn="arn:aws:sqs:us-east-1:123456789012:security-team")


def demo(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "demo", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def first_screen_of_the_readme() -> str:
    """What README shows as the demo's output."""
    screen = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    return re.findall(r"```text\n(.*?)```", screen, re.DOTALL)[0]


@pytest.mark.long
@pytest.mark.local_aws
@pytest.mark.usefixtures("local_aws")
def test_the_demo_goes_from_a_broken_chain_to_a_contained_user_and_back(tmp_path):
    summary = tmp_path / "summary.md"

    told = demo(tmp_path / "out", DEMO_SUMMARY=str(summary))

    assert (told.returncode, told.stderr) == (0, "")
    assert first_screen_of_the_readme() in told.stdout
    assert commands(told.stdout) == [
        f"custodian run -s {tmp_path}/out/audit policies/audit/signin-monitoring-broken.yml",
        f"c7n-mfa report {tmp_path}/out/audit",
        f"custodian run -s {tmp_path}/out/repair {tmp_path}/out/signin-monitoring-repaired.yml",
        f"c7n-mfa report {tmp_path}/out/repair",
        f"custodian run -s {tmp_path}/out/audit-again policies/audit/signin-monitoring-broken.yml",
        f"c7n-mfa report {tmp_path}/out/audit-again",
        f"custodian run -s {tmp_path}/out/respond policies/respond/signin-single-factor.yml",
        f"custodian run -s {tmp_path}/out/contain "
        "policies/respond/signin-single-factor-contained.yml",
        f"custodian run --cache-period 0 -s {tmp_path}/out/release "
        f"{tmp_path}/out/signin-user-released.yml",
    ]
    assert verdicts(told.stdout) == ["BROKEN", "INTACT", "INTACT"]
    first, _, second = told.stdout.partition("And when somebody does sign in without MFA?")
    assert marks(first.partition("From a sign-in to a person")[2]) == [
        "✓ trail",
        "✓ log group",
        "✓ metric filter",
        "✓ metric",
        "✓ alarm",
        "✓ topic",
        "✓ subscription",
    ]
    assert marks(second) == [
        "✓ one event, and two functions that it starts",
        "✓ told: [HIGH] alice signed in without MFA (123456789012)",
        "✓ contained: alice signed in without MFA, contained (123456789012)",
        "✓ refused: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: "
        "s3:ListAllMyBuckets with an explicit deny in an identity-based policy",
        "✓ released, and let in again",
    ]
    assert "delivered: ConsoleSignInWithoutMfaAlarm is in ALARM" in told.stdout
    assert summary.read_text(encoding="utf-8").endswith(
        "One notification delivered: `ConsoleSignInWithoutMfaAlarm`.\n"
    )


@pytest.mark.long
@pytest.mark.local_aws
@pytest.mark.usefixtures("local_aws")
def test_the_demo_may_be_told_again_into_the_same_place(tmp_path):
    first, second = demo(tmp_path), demo(tmp_path)

    assert (first.returncode, second.returncode) == (0, 0)
    assert verdicts(second.stdout) == ["BROKEN", "INTACT", "INTACT"]


def test_the_demo_never_touches_a_real_account(tmp_path):
    told = demo(tmp_path, AWS_PROFILE="production")

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(
        "AWS_PROFILE is set to production, and the demo only ever uses its own local AWS.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_without_its_environment_the_demo_says_how_to_get_it(tmp_path):
    python = tmp_path / "absent"

    told = demo(tmp_path / "out", C7N_MFA_LOCAL_AWS_PYTHON=str(python))

    assert (told.returncode, told.stdout, told.stderr) == (
        1,
        "",
        f"demo: The local AWS has no environment yet: there is no {python}. Run `make setup`, "
        "or name the interpreter that has ministack in C7N_MFA_LOCAL_AWS_PYTHON.\n",
    )


def test_the_demos_policy_is_the_shipped_one_but_for_who_is_told(tmp_path):
    shipped = ROOT / "policies" / "repair" / "signin-monitoring-repaired.yml"

    write_policy(shipped, tmp_path / "policy.yml", QUEUE)

    expected = yaml.safe_load(shipped.read_text(encoding="utf-8"))["policies"]
    expected[0]["actions"][0]["subscriptions"] = [{"protocol": "sqs", "endpoint": QUEUE.arn}]
    assert yaml.safe_load((tmp_path / "policy.yml").read_text()) == {"policies": expected}


def test_a_policy_that_repairs_nothing_is_no_repair(tmp_path):
    policy = tmp_path / "policy.yml"
    policy.write_text("policies: [{name: a, resource: aws.account, actions: [webhook]}]")

    with pytest.raises(Unexpected) as caught:
        write_policy(policy, tmp_path / "copy.yml", QUEUE)

    assert str(caught.value) == f"{policy} has no action set-signin-monitoring."


def test_a_command_that_fails_ends_the_story_with_its_status(tmp_path):
    shell = Shell(_Quiet(), {"PATH": os.defpath})

    with pytest.raises(CommandFailed) as caught:
        shell.succeed("python", "-c", "raise SystemExit(3)")

    assert str(caught.value) == "`python -c 'raise SystemExit(3)'` ended with status 3."


def test_a_command_that_is_not_installed_says_how_to_get_it():
    with pytest.raises(CommandFailed) as caught:
        Shell(_Quiet(), {}).run("no-such-program")

    missing = Path(sys.executable).parent / "no-such-program"
    assert str(caught.value) == f"{missing} is not installed. Run `make setup`."


class _Quiet:
    """A console that shows nothing."""

    file = sys.__stdout__

    def print(self, *_):
        pass


def commands(output):
    return [line.removeprefix("$ ") for line in output.splitlines() if line.startswith("$ ")]


def verdicts(output):
    start = "123456789012: "
    lines = [line for line in output.splitlines() if line.startswith(start)]
    return [line.removeprefix(start).partition(".")[0] for line in lines]


def marks(output):
    shown = (line.lstrip("│├└─ ").split("  ")[0] for line in output.splitlines())
    return [line for line in shown if line.startswith("✓")]
