# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The demo as a person sees it, and what it says when it goes otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.account import Inbox
from demo.monitoring import write_policy
from demo.shell import CommandFailed, Shell, Unexpected
from served import Served

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


def in_the_folder_of_the_readme(text: str, folder: Path) -> str:
    """The output with README's folder for the one that was given, quoted or not."""
    unquoted = re.sub(rf"'({re.escape(str(folder))}[^']*)'", r"\1", text)
    return unquoted.replace(str(folder), "output/demo")


@pytest.mark.long
@pytest.mark.local_aws
@pytest.mark.usefixtures("local_aws")
def test_the_demo_goes_from_a_broken_chain_to_a_contained_user_and_back(tmp_path):
    summary = tmp_path / "summary.md"

    shown = demo(tmp_path / "out", DEMO_SUMMARY=str(summary))

    assert (shown.returncode, shown.stderr) == (0, "")
    printed = in_the_folder_of_the_readme(shown.stdout, tmp_path / "out")
    assert printed.startswith(first_screen_of_the_readme())
    assert commands(printed) == [
        "custodian run -s output/demo/audit policies/audit/signin-monitoring-broken.yml",
        "c7n-mfa report output/demo/audit",
        "custodian run -s output/demo/repair output/demo/signin-monitoring-repair.yml",
        "custodian run -s output/demo/audit-again policies/audit/signin-monitoring-broken.yml",
        "c7n-mfa report output/demo/audit-again",
        "python -m demo.signin --user alice",
        "custodian run -s output/demo/respond policies/respond/signin-single-factor.yml",
        "custodian run -s output/demo/contain policies/respond/signin-single-factor-contain.yml",
        "custodian run --cache-period 0 -s output/demo/release output/demo/signin-user-release.yml",
    ]
    assert verdicts(shown.stdout) == ["BROKEN", "INTACT"]
    assert [line for line in shown.stdout.splitlines() if line in CAUSE_AND_EFFECT] == [
        *CAUSE_AND_EFFECT
    ]
    assert "export " not in shown.stdout
    assert summary.read_text(encoding="utf-8").endswith(
        "One notification delivered: `ConsoleSignInWithoutMfaAlarm`.\n"
    )


# What has to be there, in this order: nothing but the record in the log group was put there.
CAUSE_AND_EFFECT = (
    "alice signs in without MFA: recorded in /aws/cloudtrail/management.",
    "  metric filter ConsoleSignInWithoutMfa matches: "
    "CloudTrailMetrics/ConsoleSignInWithoutMfaCount 1",
    "  alarm ConsoleSignInWithoutMfaAlarm goes from OK to ALARM",
    "  ConsoleSignInWithoutMfaAlarm is in ALARM: Triggered by sign-in requests made without MFA.",
    "  Threshold Crossed: 1 out of the last 1 datapoints [1.0] was greater than or equal to the "
    "threshold (1.0) (minimum 1 to ALARM).",
    "Subject: [HIGH] alice signed in without MFA (123456789012)",
    "Subject: alice signed in without MFA, contained (123456789012)",
    "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: "
    "s3:ListAllMyBuckets with an explicit deny in an identity-based policy",
    "Her access key, which scripts may use, is left alone.",
    "A new session may do everything again; the one from before stays refused.",
)


@pytest.mark.long
@pytest.mark.local_aws
@pytest.mark.usefixtures("local_aws")
def test_the_demo_may_be_run_again_into_the_same_place_and_left_on(tmp_path):
    first = demo(tmp_path)

    with Served("demo", "--keep", tmp_path) as kept:
        bob = kept.sign_in("--user", "bob")
        status, _ = kept.interrupt()

    assert (first.returncode, status) == (0, 0)
    assert verdicts(kept.shown) == ["BROKEN", "INTACT"]
    assert bob == "bob signs in without MFA: recorded in /aws/cloudtrail/management.\n"


def test_the_demo_never_touches_a_real_account(tmp_path):
    shown = demo(tmp_path, AWS_PROFILE="production")

    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith(
        "AWS_PROFILE is set to production, and the demo only ever uses its own local AWS.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_without_its_environment_the_demo_says_how_to_get_it(tmp_path):
    python = tmp_path / "absent"

    shown = demo(tmp_path / "out", C7N_MFA_LOCAL_AWS_PYTHON=str(python))

    assert (shown.returncode, shown.stdout, shown.stderr) == (
        1,
        "",
        f"demo: The local AWS has no environment yet: there is no {python}. Run `make setup`, "
        "or name the interpreter that has ministack in C7N_MFA_LOCAL_AWS_PYTHON.\n",
    )


def test_the_demos_policy_is_the_shipped_one_but_for_the_subscription(tmp_path):
    shipped = ROOT / "policies" / "repair" / "signin-monitoring-repair.yml"

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


def test_a_command_that_fails_ends_the_demo_with_its_status_and_its_output():
    shell = Shell(_Quiet(), {"PATH": os.defpath})

    with pytest.raises(CommandFailed) as caught:
        shell.quietly("python", "-c", "print('no luck'); raise SystemExit(3)")

    assert str(caught.value) == (
        "`python -c 'print('\"'\"'no luck'\"'\"'); raise SystemExit(3)'` ended with status 3."
        "\nno luck\n"
    )


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
