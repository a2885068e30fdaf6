# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import c7n_mfa
import installs

SCRIPT = Path(sys.executable).with_name("c7n-mfa")
WITHOUT_EXTRA = (
    "import sys; sys.modules['click'] = sys.modules['rich'] = None; "
    "from c7n_mfa.cli import main; main({args!r})"
)


def test_version_is_that_of_the_package():
    done = installs.run(SCRIPT, "--version")
    assert (done.returncode, done.stdout) == (0, f"c7n-mfa {c7n_mfa.__version__}\n")


def test_unknown_command_is_a_usage_error():
    done = installs.run(SCRIPT, "reprot")
    assert done.returncode == 2
    assert "No such command 'reprot'" in done.stderr


def test_custodian_has_the_plugin_with_the_autoload_off():
    element = "account.filters.signin-monitoring"
    done = installs.run(SCRIPT, "custodian", "schema", element, C7N_MFA_AUTOLOAD="off")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Help\n----" in done.stdout


def test_custodian_gets_its_own_help_option():
    assert installs.run(SCRIPT, "custodian", "--help").stdout.startswith("usage: ")


def test_custodian_exit_code_is_passed_on(tmp_path):
    policies = [{"name": "typo", "resource": "account", "filters": ["signin-monitorign"]}]
    path = tmp_path / "typo.json"
    path.write_text(json.dumps({"policies": policies}))
    assert installs.run(SCRIPT, "custodian", "validate", path).returncode == 1


def test_custodian_works_without_the_cli_extra():
    code = WITHOUT_EXTRA.format(args=["custodian", "version"])
    done = installs.run(sys.executable, "-c", code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("args", [["--help"], ["report", "output"], []])
def test_without_the_cli_extra_the_rest_says_what_to_install(args):
    done = installs.run(sys.executable, "-c", WITHOUT_EXTRA.format(args=args))
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "c7n-mfa needs the package click for this: pip install 'c7n-mfa[cli]'.\n"
        "c7n-mfa custodian … works without it.\n",
    )


def test_help_lists_every_command_with_its_sentence():
    listed = installs.run(SCRIPT, "--help").stdout.partition("Commands:\n")[2].splitlines()
    names = ["custodian", "pattern", "plan", "report", "signins"]
    assert [line.split()[0] for line in listed] == names
    assert all(len(line.split()) > 2 for line in listed)
