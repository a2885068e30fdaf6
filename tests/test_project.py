# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The promises that the files around the code make."""

from __future__ import annotations

import re
import shutil

import pytest
import yaml

import installs

PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


@pytest.fixture
def ci(root, tmp_path):
    """Runs .ci/run over a test suite that prints this line and ends with this exit code."""

    def run(line, exit_code):
        shutil.copytree(root / ".ci", tmp_path / ".ci")
        (tmp_path / "Makefile").write_text(f"test:\n\t@echo '{line}'; exit {exit_code}\n")
        return installs.run("bash", tmp_path / ".ci" / "run")

    return run


@pytest.fixture
def workflow(root):
    return yaml.safe_load((root / ".github/workflows/policies.yml").read_text())


def test_make_alone_explains_every_target(root):
    done = installs.run("make", "--no-print-directory", "-C", root)
    explained = [line.split()[0] for line in done.stdout.splitlines()]
    phony = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert explained == phony[1].split()


def test_ci_passes_when_tests_passed(ci):
    assert ci("==== 12 passed, 1 skipped in 0.01s ====", 0).returncode == 0


def test_ci_fails_when_a_test_failed(ci):
    assert ci("==== 1 failed, 12 passed in 0.01s ====", 1).returncode != 0


@pytest.mark.parametrize("line", ["== 3 skipped in 0.01s ==", "== 0 passed in 0.01s ==", ""])
def test_ci_fails_when_no_test_passed(ci, line):
    done = ci(line, 0)
    assert (done.returncode, done.stdout) == (1, f"{line}\nno test passed\n")


def test_workflow_pins_every_action_by_commit(workflow):
    used = [step["uses"] for step in workflow["jobs"]["check"]["steps"] if "uses" in step]
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_workflow_may_only_read(workflow):
    permissions = [job["permissions"] for job in workflow["jobs"].values()]
    assert (workflow["permissions"], permissions) == ({}, [{"contents": "read"}])


def test_constraints_name_exact_versions_and_no_address(root):
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
