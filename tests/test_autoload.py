# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import sys
import types

import pytest

import installs
from c7n_mfa import autoload
from longrun import long_but_one

FILTER = "aws.account.filters.signin-monitoring"
ACTION = "aws.account.actions.set-signin-monitoring"
COMPLAINT = (
    "c7n-mfa could not load into custodian ({error}); "
    "C7N_MFA_AUTOLOAD=off in the environment stops it from trying.\n"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return installs.build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module", params=long_but_one(["wheel", "editable"]))
def python(request, wheel, tmp_path_factory):
    """The Python of an environment where c7n-mfa is installed, each way, next to c7n."""
    python = installs.environment(tmp_path_factory.mktemp(request.param) / "env")
    installs.borrow_dependencies(python)
    what = (wheel,) if request.param == "wheel" else ("--editable", installs.ROOT)
    installs.install(python, *what)
    return python


@pytest.fixture(scope="module")
def bare_python(wheel, tmp_path_factory):
    """The Python of an environment where c7n-mfa is installed and c7n is not."""
    python = installs.environment(tmp_path_factory.mktemp("bare") / "env")
    installs.install(python, wheel)
    return python


@pytest.fixture
def policy(tmp_path):
    def write(**options):
        element = {"type": "signin-monitoring"} | options
        policies = [{"name": "ours", "resource": "account", "filters": [element]}]
        path = tmp_path / "policy.json"
        path.write_text(json.dumps({"policies": policies}))
        return path

    return write


def check_clean(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_plain_custodian_explains_the_filter(python):
    assert "Help\n----" in check_clean(installs.run(python, installs.CUSTODIAN, "schema", FILTER))


def test_plain_custodian_explains_the_action(python):
    assert "Help\n----" in check_clean(installs.run(python, installs.CUSTODIAN, "schema", ACTION))


def test_plain_custodian_lists_our_elements_on_the_account(python):
    listed = check_clean(installs.run(python, installs.CUSTODIAN, "schema", "account"))
    assert {"- signin-monitoring", "- set-signin-monitoring"} <= set(
        map(str.strip, listed.split("\n"))
    )


def test_plain_custodian_validates_the_filter(python, policy):
    done = installs.run(python, installs.CUSTODIAN, "validate", policy())
    assert done.returncode == 0, done.stderr


def test_plain_custodian_refuses_an_unknown_option(python, policy):
    done = installs.run(python, installs.CUSTODIAN, "validate", policy(requirment="cis"))
    assert done.returncode == 1
    assert "'requirment' was unexpected" in done.stderr


def test_c7n_org_validates_the_filter(python, policy, tmp_path):
    accounts = tmp_path / "accounts.json"
    account = {"name": "one", "account_id": "123456789012", "role": "custodian"}
    accounts.write_text(json.dumps({"accounts": [account]}))
    done = installs.run(
        python, installs.C7N_ORG, "validate", "-c", accounts, "-u", policy(), AWS_DEFAULT_REGION="x"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("value", long_but_one(["off", "OFF", "0", "no", "false"]))
def test_switched_off_leaves_custodian_without_us(python, value):
    done = installs.run(python, installs.CUSTODIAN, "schema", FILTER, C7N_MFA_AUTOLOAD=value)
    assert (done.returncode, done.stdout) == (1, "")
    assert "signin-monitoring is not in the filters list for resource aws.account" in done.stderr


def test_another_value_of_the_switch_leaves_it_on(python):
    done = installs.run(python, installs.CUSTODIAN, "schema", FILTER, C7N_MFA_AUTOLOAD="yes")
    assert "Help\n----" in check_clean(done)


def test_start_up_imports_nothing_of_c7n_and_little_of_ours(python):
    code = "import sys; print(*sorted(m for m in sys.modules if m.startswith('c7n')))"
    assert check_clean(installs.run(python, "-c", code)) == "c7n_mfa c7n_mfa.autoload\n"


def test_other_resource_types_do_not_load_our_elements(python):
    code = (
        "import sys; from c7n.resources import load_resources; load_resources(('aws.s3',)); "
        "import c7n.manager; print('c7n_mfa.audit.element' in sys.modules)"
    )
    assert check_clean(installs.run(python, "-c", code)) == "False\n"


def test_the_finder_leaves_once_it_was_used(python):
    code = (
        "import sys, c7n.manager as m, c7n_mfa.autoload as a; "
        "print(any(isinstance(f, a._Finder) for f in sys.meta_path), type(m.__loader__).__name__, "
        "m.__spec__.loader is m.__loader__)"
    )
    assert check_clean(installs.run(python, "-c", code)) == "False SourceFileLoader True\n"


def test_asking_for_the_spec_alone_keeps_the_finder_waiting(python):
    code = (
        "import importlib.util as u; u.find_spec('c7n.manager'); import c7n.manager; "
        "print(len(c7n.manager.resources._subscribers)); "
        "from c7n_mfa.autoload import _on_resource; "
        "print(_on_resource in c7n.manager.resources._subscribers)"
    )
    assert check_clean(installs.run(python, "-c", code)).endswith("\nTrue\n")


def test_without_c7n_python_starts_silently(bare_python):
    done = installs.run(bare_python, "-c", "pass")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_c7n_the_missing_module_is_reported_as_ever(bare_python):
    done = installs.run(bare_python, "-c", "import c7n.manager")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'c7n'\n")


def test_python_starts_silently_when_our_package_is_gone(wheel, tmp_path):
    python = installs.environment(tmp_path / "env")
    installs.install(python, wheel)
    (module,) = tmp_path.glob("env/lib/*/site-packages/c7n_mfa/autoload.py")
    module.unlink()
    done = installs.run(python, "-c", "pass")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_c7n_of_another_shape_is_left_alone_with_one_sentence(bare_python, tmp_path):
    package = tmp_path / "c7n"
    package.mkdir()
    package.joinpath("__init__.py").touch()
    package.joinpath("manager.py").write_text("resources = print('loaded')\n")
    done = installs.run(bare_python, "-c", "import c7n.manager", PYTHONPATH=str(tmp_path))
    error = "'NoneType' object has no attribute 'subscribe'"
    assert (done.returncode, done.stdout) == (0, "loaded\n")
    assert done.stderr == COMPLAINT.format(error=error)


def test_an_error_of_c7n_itself_is_passed_on(bare_python, tmp_path):
    package = tmp_path / "c7n"
    package.mkdir()
    package.joinpath("__init__.py").touch()
    package.joinpath("manager.py").write_text("raise ValueError('theirs')\n")
    done = installs.run(bare_python, "-c", "import c7n.manager", PYTHONPATH=str(tmp_path))
    assert done.stderr.endswith("ValueError: theirs\n")
    assert "c7n-mfa" not in done.stderr


def test_a_failing_registration_is_said_once(monkeypatch, capsys):
    monkeypatch.setattr(autoload, "_told", False)
    monkeypatch.setitem(sys.modules, "c7n_mfa.entry", types.ModuleType("c7n_mfa.entry"))
    monkeypatch.delattr("c7n_mfa.entry", raising=False)
    account = types.SimpleNamespace(type="account")
    autoload._on_resource(None, account)
    autoload._on_resource(None, account)
    error = "module 'c7n_mfa.entry' has no attribute 'register'"
    assert capsys.readouterr().err == COMPLAINT.format(error=error)
