# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

# c7n.testing reads this while it is imported; without it, policies load unvalidated.
os.environ["C7N_VALIDATE"] = "true"

ROOT = Path(__file__).parent.parent

_NOBODY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """Whatever a test does by mistake, it does with nobody's credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in _NOBODY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def plugin(nobody):
    """Tests that use c7n find our elements registered and no session of an earlier test.

    Tests of the pure core never import c7n and so do not wait for it either.
    """
    if "c7n" not in sys.modules:
        yield
        return
    from c7n.utils import reset_session_cache

    from c7n_mfa.entry import initialize

    initialize()
    reset_session_cache()
    yield
    reset_session_cache()


@pytest.fixture(scope="session")
def _clients():
    return {}


@pytest.fixture
def clients_made_once(_clients, monkeypatch):
    """For tests with many runs on moto: they share their clients, whose making takes longest."""
    import boto3

    real = boto3.Session.client

    def client(self, service, region_name=None, **options):
        key = (service, region_name or "us-east-1")
        if key not in _clients:
            _clients[key] = real(self, service, region_name=key[1], **options)
        return _clients[key]

    monkeypatch.setattr(boto3.Session, "client", client)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def run(request, tmp_path):
    """Run one account action through custodian: the receipt that it leaves."""
    from c7n.testing import PyTestUtils

    import mocked_account as account

    def run(action, **options):
        policy = PyTestUtils(request).load_policy(
            {"name": action, "resource": "aws.account", "actions": [{"type": action, **options}]},
            config={"region": account.REGION, "account_id": account.ACCOUNT},
        )
        policy.options["output_dir"] = str(tmp_path)
        policy.run()
        (path,) = tmp_path.rglob(f"action-{action.replace('-', '')}")
        (receipt,) = json.loads(path.read_text())
        return receipt

    return run
