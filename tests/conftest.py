# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import contextlib
import functools
import getpass
import json
import os
import random
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from hypothesis import settings
from werkzeug.routing.rules import Rule

# c7n.testing reads this while it is imported; without it, policies load unvalidated.
os.environ["C7N_VALIDATE"] = "true"
# moto would make a thousand machine images for each Region that is asked for.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

ROOT = Path(__file__).parent.parent

# Without a deadline: it would time the tests, on machines that are busy with others of them.
settings.register_profile("short", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("short")

_loader = functools.cache(create_loader)


def _shared_loader(data_path: str | None = None) -> Loader:
    loader = _loader(data_path)
    # Every boto3 session adds its own folder to the list.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


# Each session reads the models of its services anew, megabytes of JSON and most of the time of
# tests on moto. None of them changes a model, so all of them share what the first has read.
botocore.session.create_loader = _shared_loader

_compiling = threading.RLock()


def _in_turn(method):
    @functools.wraps(method)
    def locked(*args, **kwargs):
        with _compiling:
            return method(*args, **kwargs)

    return locked


# moto routes the first call to each service by rules that werkzeug compiles from syntax trees, and
# two threads that make those at once upset Python 3.11 (python/cpython#106905).
Rule._compile_builder = _in_turn(Rule._compile_builder)

_NOBODY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def pytest_configure() -> None:
    # Before there are workers, so that all of them draw the same.
    os.environ.setdefault("C7N_MFA_FUZZ_SEED", str(random.randrange(10**9)))


def pytest_report_header() -> str:
    return f"fuzz: C7N_MFA_FUZZ_SEED={os.environ['C7N_MFA_FUZZ_SEED']}"


# A function of custodian's writes into /tmp itself, whatever TMPDIR says: on the local AWS, too.
_OF_FUNCTIONS = {Path("/tmp", path.stem) for path in ROOT.glob("policies/*/*.yml")}
_OF_OTHERS = {path for path in _OF_FUNCTIONS if path.exists()}


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what functions have written, and the folder around pytest's runs if it is empty."""
    if hasattr(config, "workerinput"):
        return
    for folder in _OF_FUNCTIONS - _OF_OTHERS:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        Path(tempfile.gettempdir(), f"pytest-of-{getpass.getuser()}").rmdir()


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
    from c7n.resources import aws
    from c7n.utils import reset_session_cache

    from c7n_mfa.entry import initialize

    initialize()
    reset_session_cache()
    # With it custodian asks for the account, with whatever credentials there were at first.
    aws._profile_session = None
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
