# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Every command in the README, typed in the README's order, against one account."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from c7n_mfa.chain.discover import PERMISSIONS
from demo.account import seed_trail
from demo.response import DEAD_LETTERS

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent

# The exit status that each command ends with in an account that has a trail and nothing else.
# Whatever is not listed ends with 0.
EXPECTED = {
    "c7n-mfa report output/audit": 1,
    "c7n-mfa plan policies/repair/signin-monitoring-repaired.yml": 1,
}


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def variant(command: str) -> list[str]:
    """The command as a test can run it: make only says what it would do, and pip likewise."""
    words = shlex.split(command)
    if words[0] == "make":
        # The tests run inside `make test`, and the demo has a test of its own.
        return ["make", "--dry-run", "--no-print-directory", *words[1:]]
    if words[:2] == ["pip", "install"]:
        options = ["--dry-run", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
        return [sys.executable, "-m", "pip", "install", *options, *words[2:]]
    return words


@pytest.fixture
def checkout(tmp_path):
    """The checkout, but for its output folder."""
    for name in os.listdir(ROOT):
        if name not in {"output", ".git", ".hypothesis"}:
            (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_every_command_works_in_the_order_of_the_page(session, aws_env, checkout):
    seed_trail(session)
    # What the page says that a function which responds needs; the topic is there by then.
    session.client("sqs").create_queue(QueueName=DEAD_LETTERS)
    env = {**aws_env, "PATH": f"{BIN}:{aws_env['PATH']}"}

    ended = {}
    for command in commands():
        done = subprocess.run(
            variant(command), env=env, cwd=checkout, capture_output=True, text=True
        )
        ended[command] = (done.returncode, done.stdout + done.stderr)

    wrong = [f"{c}: {e}" for c, e in ended.items() if e[0] != EXPECTED.get(c, 0)]
    # The repaired chain waits for the click in the mail; the local AWS confirms at once.
    assert not wrong, "\n\n".join(wrong)
    assert len(ended) >= 10
    assert not [command for command, (_, said) in ended.items() if "Traceback" in said]


def test_only_two_commands_are_asked_of_a_newcomer():
    see_it = README.partition("## See it")[2].partition("\n## ")[0]

    assert re.findall(r"^\$ (make .*)$", see_it, re.MULTILINE) == ["make demo", "make test"]


def test_ci_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()

    assert re.search(r"^\s*(?:if )?make test\b", script, re.MULTILINE)


def test_the_permissions_of_the_audit_are_those_the_readme_lists():
    (listed,) = re.findall(r"^(`cloudtrail:.*)\.$", README, re.MULTILINE)

    assert re.findall(r"`([a-z0-9]+:\w+)`", listed) == sorted(
        {*PERMISSIONS, "iam:ListAccountAliases"}
    )


def test_every_link_of_the_readme_leads_somewhere():
    targets = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)

    assert [target for target in targets if not leads_somewhere(target)] == []


def leads_somewhere(target: str) -> bool:
    """Is there the file, and in it the heading?"""
    path, _, anchor = target.partition("#")
    if not anchor or not (ROOT / path).is_file():
        return (ROOT / path).exists()
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.M)
    return anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
