# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The promises that the files around the code make."""

from __future__ import annotations

import re
import shutil
import tomllib

import pytest
import yaml

import installs

PASSED = "==== 12 passed, 1 skipped in 0.01s ===="
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


@pytest.fixture
def ci(root, tmp_path):
    """Runs .ci/run where both test runs print these lines and end with these codes."""

    def run(*lines, codes=(0, 0)):
        shutil.copytree(root / ".ci", tmp_path / ".ci")
        runs = [
            f"{name}:\n\t@echo '{line}'; exit {code}\n"
            for name, line, code in zip(("test", "long"), lines, codes, strict=True)
        ]
        others = "lint validate:\n\t@echo $@\n"
        (tmp_path / "Makefile").write_text(others + "".join(runs))
        return installs.run("bash", tmp_path / ".ci" / "run", TMPDIR=str(tmp_path))

    return run


@pytest.fixture(params=["policies", "release"])
def workflow(root, request):
    return yaml.safe_load((root / f".github/workflows/{request.param}.yml").read_text())


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def test_make_alone_explains_every_target(root):
    done = installs.run("make", "--no-print-directory", "-C", root)
    explained = [line.split()[0] for line in done.stdout.splitlines()]
    phony = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert explained == phony[1].split()


def test_ci_runs_each_part_of_check_once_and_leaves_nothing(ci, root, tmp_path):
    done = ci(PASSED, PASSED)

    assert (done.returncode, done.stdout) == (0, f"{PASSED}\nlint\nvalidate\n{PASSED}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ci", "Makefile"]
    (parts,) = re.findall(r"^check: (.*?) ##", (root / "Makefile").read_text(), re.MULTILINE)
    assert sorted(parts.split()) == ["lint", "long", "test", "validate"]


@pytest.mark.parametrize("codes", [(1, 0), (0, 1)])
def test_ci_fails_when_a_test_failed(ci, codes):
    failed = "==== 1 failed, 12 passed in 0.01s ===="
    assert ci(failed, failed, codes=codes).returncode != 0


@pytest.mark.parametrize("line", ["== 3 skipped in 0.01s ==", "== 0 passed in 0.01s ==", ""])
def test_ci_fails_when_no_test_passed(ci, line):
    done = ci(line, PASSED)
    assert (done.returncode, done.stdout) == (1, f"{line}\nno test passed\n")


def test_ci_fails_when_no_long_test_passed(ci):
    assert ci(PASSED, "== 75 skipped in 0.01s ==").returncode == 1


def test_workflow_pins_every_action_by_commit(workflow):
    used = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_workflow_may_only_read_but_for_what_attaches_the_files(workflow):
    permissions = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    attaches = {"attach": {"contents": "write"}} if "attach" in permissions else {}
    readers = {name: {"contents": "read"} for name in permissions if name != "attach"}
    assert (workflow["permissions"], permissions) == ({}, readers | attaches)


def test_what_may_write_runs_nothing_of_the_checkout(root):
    release = yaml.safe_load((root / ".github/workflows/release.yml").read_text())
    steps = release["jobs"]["attach"]["steps"]
    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step] == [
        "actions/download-artifact"
    ]
    (command,) = [step["run"] for step in steps if "run" in step]
    assert command.split()[:3] == ["gh", "release", "create"]
    assert "--draft" in command


def test_the_workflow_runs_on_the_pythons_that_the_package_names(root, project):
    start = "Programming Language :: Python :: "
    named = [line.removeprefix(start) for line in project["classifiers"] if start in line]
    policies = yaml.safe_load((root / ".github/workflows/policies.yml").read_text())
    assert policies["jobs"]["check"]["strategy"]["matrix"]["python"] == named


def test_constraints_name_exact_versions_and_no_address(root):
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
