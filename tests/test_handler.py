# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import sys

import c7n.handler
import pytest
from c7n.resources.account import filters
from moto import mock_aws

import installs
from c7n_mfa import handler

POLICY = {
    "name": "daily",
    "resource": "account",
    "mode": {
        "type": "periodic",
        "schedule": "rate(1 day)",
        "role": "arn:aws:iam::123456789012:role/x",
        "packages": ["c7n_mfa"],
        "handler": "c7n_mfa.handler.run",
    },
    "filters": ["signin-monitoring"],
}


@pytest.fixture
def function(tmp_path, monkeypatch):
    """A cold function: its folder, its config.json, nothing registered."""
    # A function that is told nothing else writes into /tmp itself.
    mode = {**POLICY["mode"], "execution-options": {"output_dir": str(tmp_path / "output")}}
    (tmp_path / "config.json").write_text(json.dumps({"policies": [{**POLICY, "mode": mode}]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(c7n.handler, "policy_config", None)
    monkeypatch.setattr(c7n.handler, "policy_data", None)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    filters.unregister("signin-monitoring")


@mock_aws
def test_run_registers_the_plugin_before_custodian_reads_the_policy(function):
    assert handler.run({"detail": {}}, None) is True


IMPORTED = """
import json, sys
from c7n_mfa.entry import initialize
initialize([json.loads(sys.argv[1])])
from c7n.resources.account import actions, filters
ours = [k for r in (filters, actions) for k, v in r.items() if v.__module__[:7] == "c7n_mfa"]
print(sorted(ours), "c7n_mfa.proof" in sys.modules)
"""


@pytest.mark.parametrize(
    ("policy", "registered"),
    [
        ({"resource": "aws.account", "filters": ["signin"]}, "['signin'] False"),
        ({"resource": "account", "filters": [{"not": [{"type": "signin"}]}]}, "['signin'] False"),
        (
            {"resource": "account", "actions": [{"type": "alert-signin", "topic": "signin"}]},
            "['alert-signin', 'signin'] False",
        ),
        (POLICY, "['signin-monitoring'] False"),
        ({"resource": "aws.s3", "filters": ["signin"]}, "[] False"),
        ({}, "[] False"),
    ],
)
def test_a_cold_function_registers_only_what_its_policy_names(policy, registered):
    done = installs.run(sys.executable, "-c", IMPORTED, json.dumps(policy), C7N_MFA_AUTOLOAD="off")
    assert done.stdout == f"{registered}\n", done.stderr


@pytest.mark.parametrize(
    ("given", "logged"), [({}, False), ({"C7N_DEBUG_EVENT": "yes"}, True)], ids=["default", "yes"]
)
def test_events_are_logged_only_on_request(given, logged):
    code = "import c7n_mfa.handler, c7n.handler; print(c7n.handler.C7N_DEBUG_EVENT)"
    assert installs.run(sys.executable, "-c", code, **given).stdout == f"{logged}\n"
