# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The archive that c7n deploys for `packages: [c7n_mfa]`, imported where only boto3 is."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from c7n.mu import custodian_archive

import installs

PYTHON = Path(
    os.environ.get("C7N_MFA_LAMBDA_PYTHON", Path(sys.prefix, "lambda-runtime", "bin", "python"))
)
# What the runtime carries, what boto3 needs, and what the archive is made of.
KNOWN = {
    "boto3",
    "botocore",
    "c7n",
    "c7n_mfa",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
}

IMPORT = """
import json, sys
before = set(sys.modules)
import c7n_mfa.handler, c7n_mfa.entry
c7n_mfa.entry.initialize()
new = {name.partition(".")[0] for name in set(sys.modules) - before if name[:2] != "__"}
print(json.dumps(sorted(new - sys.stdlib_module_names)))
print(c7n_mfa.__file__)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    built = custodian_archive(packages=["c7n_mfa"])
    built.close()
    with zipfile.ZipFile(built.path) as packed:
        packed.extractall(folder)
    built.remove()
    return folder


@pytest.fixture
def imported(archive):
    assert PYTHON.exists(), "make setup makes the environment that stands for the Lambda runtime"
    done = installs.run(PYTHON, "-c", IMPORT, PYTHONPATH=str(archive))
    assert (done.returncode, done.stderr) == (0, "")
    modules, path = done.stdout.splitlines()
    return set(json.loads(modules)), Path(path)


def test_archive_holds_c7n_and_us_and_nothing_else(archive):
    assert {path.name for path in archive.iterdir()} == {"c7n", "c7n_mfa"}


def test_handler_imports_from_the_archive(imported, archive):
    assert imported[1] == archive / "c7n_mfa" / "__init__.py"


def test_handler_imports_nothing_that_lambda_lacks(imported):
    assert imported[0] - KNOWN == set()


def test_handler_leaves_the_command_line_alone(archive):
    code = (
        "import sys, c7n_mfa.handler, c7n_mfa.entry; c7n_mfa.entry.initialize(); "
        "print(*(m for m in sys.modules if m.startswith(('c7n_mfa.cli', 'c7n_mfa.commands', "
        "'c7n_mfa.report', 'c7n_mfa.replay', 'c7n_mfa.review'))))"
    )
    assert installs.run(PYTHON, "-c", code, PYTHONPATH=str(archive)).stdout == "\n"


def test_the_runtime_that_we_import_in_has_only_boto3():
    code = "from importlib.util import find_spec as f; print(f('yaml'), f('jsonschema'), f('rich'))"
    assert installs.run(PYTHON, "-c", code).stdout == "None None None\n"
