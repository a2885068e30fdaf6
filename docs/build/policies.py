# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The shipped policies, loaded as custodian loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from c7n.config import Config
from c7n.policy import load

from c7n_mfa.entry import initialize

ROOT = Path(__file__).resolve().parent.parent.parent
ACCOUNT = "123456789012"


def files() -> list[Path]:
    """Every policy file, by folder and name."""
    return sorted((ROOT / "policies").glob("*/*.yml"))


def policy(path: Path) -> Any:
    """The one policy of a file, validated."""
    initialize()
    config = Config.empty(account_id=ACCOUNT, region="us-east-1", output_dir="null://")
    (only,) = load(config, str(path), validate=True)
    return only
