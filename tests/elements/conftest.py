# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest
from c7n.testing import PyTestUtils

import mocked_account as account


@pytest.fixture
def run(request, tmp_path):
    """Run one account action through custodian: the receipt that it leaves."""

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
