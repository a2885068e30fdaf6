# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The local AWS, started once for all end-to-end tests; every test has an account to itself."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import boto3
import pytest

from demo.local_aws import LocalAws, why_unavailable

_ACCOUNTS = (f"{number:012d}" for number in itertools.count(222200000001))


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    """A running local AWS; where there is no environment for it, CI fails and a person skips."""
    reason = why_unavailable()
    if reason and os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="module")
def enforcing_aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """A local AWS that enforces IAM; skipped, or failed, as the one that does not."""
    with LocalAws(settings={"AUTH": "true"}) as aws:
        yield aws


@pytest.fixture
def account() -> str:
    """The id of an account in which nothing has happened yet."""
    return next(_ACCOUNTS)


@pytest.fixture
def aws_env(local_aws: LocalAws, account: str) -> dict[str, str]:
    """The environment in which custodian runs against that account."""
    return local_aws.env(account)


@pytest.fixture
def session(local_aws: LocalAws, account: str) -> boto3.Session:
    """A session in that account."""
    return local_aws.session(account)
