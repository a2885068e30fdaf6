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

from demo.account import seed_trail
from demo.local_aws import ACCOUNT
from demo.response import DEAD_LETTERS

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent

# The exit status that each command ends with in an account that has a trail and nothing else.
# Whatever is not listed ends with 0.
EXPECTED = {
    "c7n-mfa report output/audit": 1,
    "c7n-mfa plan policies/repair/signin-monitoring-repair.yml": 1,
    "c7n-mfa pattern": 1,
    "c7n-mfa report output/org": 1,
    "c7n-mfa plan policies/repair/signin-monitoring-remove.yml": 1,
}
WORDS = 1300


def commands(page: str = README) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def results() -> list[str]:
    """What the page shows below its commands, but for the demo's output and the message sent."""
    blocks = re.findall(r"```\n\n```text\n(.*?)```", README, re.DOTALL)
    return [block for block in blocks if not block.startswith("Subject:")]


def variant(command: str) -> list[str]:
    """The command as a test can run it: make only says what it would do, and pip likewise."""
    if command == "make build":
        return [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", str(ROOT)]
    words = shlex.split(command)
    if words[0] == "make":
        # The tests run inside `make test`, and the demo has a test of its own.
        return ["make", "--dry-run", "--no-print-directory", *words[1:]]
    if words[:2] == ["pip", "install"]:
        options = "--dry-run --no-deps --no-build-isolation --no-index -q"
        what = command.removeprefix("pip install ")
        return ["bash", "-c", f"{shlex.quote(sys.executable)} -m pip install {options} {what}"]
    return words


@pytest.fixture
def checkout(tmp_path):
    """The checkout, but for its output folders, with the page's own accounts.yml."""
    for name in os.listdir(ROOT):
        if name not in {"output", "dist", ".git", ".hypothesis"}:
            (tmp_path / name).symlink_to(ROOT / name)
    (accounts,) = re.findall(r"```yaml\n(accounts:\n.*?)```", README, re.DOTALL)
    (tmp_path / "accounts.yml").write_text(accounts)
    return tmp_path


def expected(command: str) -> int:
    """The listed status of a command, or of one that begins with the listed words."""
    return next((code for start, code in EXPECTED.items() if command.startswith(start)), 0)


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

    printed = "\n".join(said for _, said in ended.values())
    wrong = [f"{c}: {e}" for c, e in ended.items() if e[0] != expected(c)]
    # The repaired chain waits for the click in the mail; the local AWS confirms at once.
    assert not wrong, "\n\n".join(wrong)
    assert len(ended) >= 10
    assert not [command for command, (_, said) in ended.items() if "Traceback" in said]
    said = printed.replace(aws_env["AWS_ACCESS_KEY_ID"], ACCOUNT)
    assert [result for result in results() if result not in said] == []


def test_the_first_screen_has_two_commands_and_no_more():
    first_screen = README.partition("\n## ")[0]

    assert commands(first_screen) == ["make demo", "make test"]


def test_the_page_is_short():
    assert len(README.split()) <= WORDS


def test_ci_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()

    assert re.search(r"^\s*(?:if )?make test\b", script, re.MULTILINE)


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
