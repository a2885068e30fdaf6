# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/commands.md names every command, and the keys that each prints."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from c7n_mfa.cli.commands import group
from docs.build.pages import DOCS
from tests.signin.records import RECORDS

COMMANDS = (DOCS / "commands.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    (body,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    return body


def keys(name: str) -> set[str]:
    """The keys in the first column of a command's table."""
    rows = re.findall(r"^\| (`.*?`) \|", section(name), re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def output(*arguments: str) -> dict:
    return json.loads(CliRunner().invoke(group, [*arguments, "--format", "json"]).stdout)


@pytest.fixture
def trail_file(tmp_path):
    """A CloudTrail file with one sign-in."""
    (record,) = [each.record for each in RECORDS if each.kind == "root"][:1]
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({"Records": [record]}))
    return path


def test_every_command_has_an_exit_code_row_and_a_section():
    rows = re.findall(r"^\| `c7n-mfa (\w+) .*?` \|", COMMANDS, re.MULTILINE)
    sections = re.findall(r"^## (\w+)$", COMMANDS, re.MULTILINE)

    assert sorted(rows) == sorted(sections) == sorted(group.list_commands(None))


def test_the_keys_of_pattern_are_those_it_prints():
    assert keys("pattern") == set(output("pattern", "{ $.eventName = ConsoleLogin }"))


def test_the_keys_of_report_are_those_it_prints(tmp_path):
    assert keys("report") == set(output("report", str(tmp_path)))


def test_the_keys_of_signins_are_those_it_prints(trail_file):
    printed = CliRunner().invoke(group, ["signins", str(trail_file), "--format", "jsonl"]).stdout
    listed = re.search(r"`--format jsonl` prints .*?: (.*)\.", section("signins"))

    assert re.findall(r"`(\w+)`", listed[1]) == list(json.loads(printed))
