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
    },
    "filters": ["signin-monitoring"],
}


@pytest.fixture
def function(tmp_path, monkeypatch):
    """A cold function: its folder, its config.json, nothing registered."""
    (tmp_path / "config.json").write_text(json.dumps({"policies": [POLICY]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(c7n.handler, "policy_config", None)
    monkeypatch.setattr(c7n.handler, "policy_data", None)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    filters.unregister("signin-monitoring")


@mock_aws
def test_run_registers_the_plugin_before_custodian_reads_the_policy(function):
    assert handler.run({"detail": {}}, None) is True


@pytest.mark.parametrize(
    ("given", "logged"), [({}, False), ({"C7N_DEBUG_EVENT": "yes"}, True)], ids=["default", "yes"]
)
def test_events_are_logged_only_on_request(given, logged):
    code = "import c7n_mfa.handler, c7n.handler; print(c7n.handler.C7N_DEBUG_EVENT)"
    assert installs.run(sys.executable, "-c", code, **given).stdout == f"{logged}\n"
