# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The archives that custodian deploys for our packages, imported where only boto3 is."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from c7n.mu import custodian_archive

import installs

ROOT = Path(__file__).parent.parent
PYTHON = Path(
    os.environ.get("C7N_MFA_LAMBDA_PYTHON", Path(sys.prefix, "lambda-runtime", "bin", "python"))
)
WHOLE = "c7n_mfa"
POLICIES = [
    policy
    for path in sorted((ROOT / "policies").rglob("*.yml"))
    for policy in yaml.safe_load(path.read_text(encoding="utf-8"))["policies"]
    if "mode" in policy
]
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
ONLY_THE_COMMANDS = {"cli", "autoload", "__main__"}

# Every module that is packed, whenever a function would come to it.
IMPORT = """
import importlib, json, pathlib, sys
before = set(sys.modules)
import c7n_mfa.handler
folder = pathlib.Path(c7n_mfa.__file__).parent
for path in sorted(folder.rglob("*.py")):
    parts = path.relative_to(folder.parent).with_suffix("").parts
    if parts[1] not in sys.argv[1:]:
        importlib.import_module(".".join(parts).removesuffix(".__init__"))
new = {name.partition(".")[0] for name in set(sys.modules) - before if name[:2] != "__"}
print(json.dumps(sorted(new - sys.stdlib_module_names)))
print(c7n_mfa.__file__)
"""
INITIALIZE = """
import json, sys
import c7n_mfa.handler
from c7n.policy import PolicyCollection
from c7n.config import Config
from c7n.resources import load_resources
policy = json.loads(sys.argv[1])
load_resources((policy["resource"],))
c7n_mfa.entry.initialize([policy])
config = Config.empty(account_id="123456789012", region="us-east-1", output_dir="null://")
(loaded,) = PolicyCollection.from_data({"policies": [policy]}, config)
loaded.validate()
manager = loaded.resource_manager
print(*(each.type for each in [*manager.filters, *manager.actions]))
print(*(name for name in sys.modules if name.startswith(("c7n_mfa.pattern", "c7n_mfa.proof"))))
"""


class Built:
    """One archive: its bytes, and the folder into which Lambda would unpack it."""

    def __init__(self, folder, *packages):
        self.folder = folder
        built = custodian_archive(packages=list(packages))
        built.close()
        self.size, self.checksum = built.size, built.get_checksum()
        with zipfile.ZipFile(built.path) as packed:
            self.names = packed.namelist()
            packed.extractall(folder)
        # `remove` would forget the file and leave it; without it, it goes with the object.

    @property
    def ours(self):
        return {name for name in self.names if name.startswith("c7n_mfa/")}

    def run(self, code, *arguments):
        assert PYTHON.exists(), "make setup makes the environment that stands for Lambda's runtime"
        variables = {"PYTHONPATH": str(self.folder), "AWS_LAMBDA_FUNCTION_NAME": "custodian-it"}
        done = installs.run(PYTHON, "-c", code, *arguments, **variables)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Built once for each name; without any, custodian's own."""
    known = {}

    def archive(*packages):
        if packages not in known:
            known[packages] = Built(tmp_path_factory.mktemp("archive"), *packages)
        return known[packages]

    return archive


@pytest.fixture
def packed(archive):
    return archive(WHOLE)


def test_archive_holds_c7n_and_us_and_nothing_else(packed):
    assert {path.name for path in packed.folder.iterdir()} == {"c7n", "c7n_mfa"}
    assert len(packed.names) == len(set(packed.names))


def test_all_that_is_packed_imports_nothing_that_lambda_lacks(packed):
    modules, path = packed.run(IMPORT, *ONLY_THE_COMMANDS)
    assert set(json.loads(modules)) - KNOWN == set()
    assert Path(path) == packed.folder / "c7n_mfa" / "__init__.py"


def test_the_archive_is_the_same_each_time(packed):
    """Custodian uploads an archive whose checksum has changed."""
    build = f"custodian_archive(packages=['{WHOLE}'])"
    code = f"from c7n.mu import custodian_archive; print({build}.close().get_checksum())"
    again = installs.run(Path(sys.executable), "-c", code, PYTHONPATH=str(ROOT))
    assert again.stdout.strip() == packed.checksum


def test_files_are_packed_as_they_were_released(packed):
    for name in packed.ours:
        assert (packed.folder / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy["name"])
def test_a_shipped_function_finds_every_element_in_its_archive(policy, archive):
    found, language = archive(*policy["mode"]["packages"]).run(INITIALIZE, json.dumps(policy))
    assert found.split() == [each["type"] for each in [*policy["filters"], *policy["actions"]]]
    # The language and its proof are imported when an account is judged, and not before.
    assert language == ""


def test_the_runtime_that_we_import_in_has_only_boto3():
    code = "from importlib.util import find_spec as f; print(f('yaml'), f('jsonschema'), f('rich'))"
    assert installs.run(PYTHON, "-c", code).stdout == "None None None\n"
