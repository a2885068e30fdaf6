# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from c7n.exceptions import PolicyValidationError

import c7n_mfa
import installs
from c7n_mfa.cli.main import main
from cli.report.outputs import INTACT, audit

SCRIPT = Path(sys.executable).with_name("c7n-mfa")
WITHOUT_EXTRA = (
    "import sys; sys.modules['click'] = sys.modules['rich'] = None; "
    "from c7n_mfa.cli.main import main; main({args!r})"
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


def test_a_policy_that_custodian_refuses_late_is_a_sentence(monkeypatch, capsys):
    sentence = "policy:told alert-signin topic: arn:aws:sns:… does not exist; make it first"

    def refuse(args):
        raise PolicyValidationError(sentence)

    monkeypatch.setattr("c7n.cli.main", refuse)
    monkeypatch.setattr(sys, "argv", ["c7n-mfa"])
    with pytest.raises(SystemExit) as ended:
        main(["custodian", "run", "told.yml"])
    assert (ended.value.code, capsys.readouterr().err) == (1, f"c7n-mfa custodian: {sentence}\n")


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


def test_a_report_needs_nothing_that_talks_to_aws(tmp_path):
    audit(tmp_path, INTACT)
    without = (
        "import sys; sys.modules['botocore'] = sys.modules['c7n'] = None; "
        f"from c7n_mfa.cli.main import main; main(['report', {str(tmp_path)!r}])"
    )
    done = installs.run(sys.executable, "-c", without, C7N_MFA_AUTOLOAD="off")
    assert (done.returncode, done.stderr) == (0, "")


def test_help_lists_every_command_with_its_whole_sentence():
    listed = installs.run(SCRIPT, "--help").stdout.partition("Commands:\n")[2].splitlines()
    names = [
        *("confirm", "custodian", "investigate", "pattern", "plan", "redrive", "report", "signins")
    ]
    assert [line.split()[0] for line in listed] == names
    assert all(re.fullmatch(r"  \w+ +[A-Z][^.]+\.", line) for line in listed)


@pytest.mark.parametrize(
    ("args", "usage"),
    [
        (["--help"], "usage: c7n-mfa custodian [-h]"),
        (["run", "--help"], "usage: c7n-mfa custodian run [-h]"),
    ],
)
def test_custodian_is_called_by_what_was_typed(args, usage):
    assert installs.run(SCRIPT, "custodian", *args).stdout.startswith(usage)


def test_the_module_is_the_script():
    done = installs.run(sys.executable, "-m", "c7n_mfa", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"c7n-mfa {c7n_mfa.__version__}\n",
        "",
    )


@pytest.fixture
def output(tmp_path):
    """Of a policy run that found the account intact, so that 0 is the honest exit status."""
    return audit(tmp_path / "out", INTACT)


def shell(command, *words):
    """Run the script in a shell that redirects it."""
    return installs.run("bash", "-c", command, SCRIPT, *words)


EVERY_KIND = [
    ["--help"],
    ["--version"],
    ["report", "--help"],
    ["report", "OUT"],
    ["report", "OUT", "--format", "json"],
    ["report", "OUT", "--format", "markdown"],
    ["pattern", "{ $.eventName = ConsoleLogin }"],
    ["signins", "OUT/signin-monitoring.json"],
    ["custodian", "version"],
]


def typed(words, output):
    return [word.replace("OUT", str(output)) for word in words]


def told(done):
    """What the command itself says of its output; a sub-command may complain of its input too."""
    return [line for line in done.stderr.splitlines() if line.startswith("c7n-mfa: ")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk to write to")
@pytest.mark.parametrize("words", EVERY_KIND, ids=" ".join)
def test_a_full_disk_is_a_sentence_and_no_clean_bill(output, words):
    done = shell('"$0" "$@" >/dev/full', *typed(words, output))

    assert done.returncode == 2
    assert told(done) == ["c7n-mfa: standard output cannot be written: No space left on device."]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", EVERY_KIND[:-1], ids=" ".join)
def test_a_closed_output_is_a_sentence_and_no_clean_bill(output, words):
    done = shell('"$0" "$@" >&-', *typed(words, output))

    assert (done.returncode, done.stderr) == (
        2,
        "c7n-mfa: standard output is closed, so there is nowhere to print to.\n",
    )


def test_custodian_works_where_nobody_wants_its_output():
    assert shell('"$0" "$@" >&-', "custodian", "run", "--help").returncode == 0


@pytest.mark.parametrize("words", EVERY_KIND, ids=" ".join)
def test_whoever_closes_a_pipe_is_not_told_and_no_finding_is_claimed(output, words):
    # The reader is gone before the first word.
    script = '{ sleep 0.3; "$0" "$@"; echo "ended with $?" >&2; } | true'

    done = shell(script, *typed(words, output))

    assert done.stderr.splitlines()[-1] == "ended with 2"
    assert told(done) == []
    assert "Traceback" not in done.stderr


def test_an_output_that_takes_everything_leaves_the_exit_status_alone(output):
    assert shell('"$0" "$@" >/dev/null', "report", str(output)).returncode == 0
