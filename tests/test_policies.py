# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What every shipped policy promises, whatever it is about."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from c7n.config import Config
from c7n.policy import load
from c7n.schema import ElementSchema

from docs.build.reference import elements

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "policies").rglob("*.*"))
ELEMENTS = elements()

ORDER = ["name", "resource", "description", "tags", "metadata", "mode", "conditions"]
ORDER += ["filters", "actions"]
METADATA = ["severity", "category", "controls", "attack", "references", "false-positives"]
METADATA += ["changes"]
VARIABLES = {"{account_id}", "{region}", "{partition}", "{now}"}
CATEGORIES = {"audit": "audit", "repair": "remediate", "periodic": "remediate"}
CATEGORIES |= {"respond": "respond", "guard": "audit"}
# Tagging what is made is a permission of its own, and part of the call that makes it.
TAGGING = {"cloudwatch:TagResource", "sns:TagResource"}
READS = ("Describe", "Get", "List", "Lookup", "Simulate")

each_policy = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def raw(path: Path) -> dict[str, Any]:
    """The one policy of a file, as it is written."""
    (only,) = yaml.safe_load(path.read_text(encoding="utf-8"))["policies"]
    return only


def loaded(path: Path) -> Any:
    """The same as custodian loads it, validated."""
    config = Config.empty(account_id="123456789012", region="us-east-1", output_dir="null://")
    (only,) = load(config, str(path), validate=True)
    return only


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def writes(policy: Any) -> set[str]:
    permissions = policy.get_permissions()
    return {p for p in permissions if not p.partition(":")[2].startswith(READS)}


def test_there_are_policies_and_nothing_else_below_policies():
    assert {path.parent.name for path in FILES} >= {"audit", "repair", "periodic"}
    assert [path for path in FILES if path.suffix != ".yml" and path.is_file()] == []


def test_policy_names_are_unique():
    names = [path.stem for path in FILES]
    assert sorted(set(names)) == sorted(names)


@each_policy
def test_a_file_holds_one_policy_of_its_own_name(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(content) <= {"vars", "policies"}
    assert [policy["name"] for policy in content["policies"]] == [path.stem]


@each_policy
def test_keys_come_in_the_order_of_reading(path):
    keys = list(raw(path))
    assert keys == [key for key in ORDER if key in keys]
    assert set(keys) >= {"name", "resource", "description", "tags", "metadata", "filters"}


@each_policy
def test_metadata_is_complete_and_in_order(path):
    about = raw(path)["metadata"]
    assert list(about) == METADATA
    assert [key for key, value in about.items() if not value] == []


@each_policy
def test_metadata_uses_custodians_words(path):
    about = raw(path)["metadata"]
    assert about["severity"] in {"low", "medium", "high", "critical"}
    assert about["category"] == CATEGORIES[path.parent.name]
    assert [a for a in about["attack"] if not re.fullmatch(r"T\d{4}(\.\d{3})?", a)] == []
    assert [link for link in about["references"] if not link.startswith("https://")] == []


@each_policy
def test_changes_are_the_calls_that_write(path):
    claimed = raw(path)["metadata"]["changes"]
    claimed = set() if claimed == "nothing" else set(claimed)
    assert claimed == writes(loaded(path)) - TAGGING


@each_policy
def test_the_only_braces_are_custodians_variables(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = {b for text in strings(content) for b in re.findall(r"\{[^{}]*\}|[{}]", text)}
    assert found - VARIABLES == set()


@each_policy
def test_variables_expand_as_they_do_at_run_time(path):
    policy = loaded(path)

    policy.expand_variables(policy.get_variables())

    assert [text for text in strings(policy.data) if "{" in text or "}" in text] == []


@each_policy
def test_a_description_fits_a_lambda_function(path):
    assert len(raw(path)["description"]) <= 256


@each_policy
def test_a_role_in_lambda_finds_the_plugin(path):
    mode = raw(path).get("mode")
    if mode is not None:
        assert mode["packages"] == ["c7n_mfa"]
        assert mode["handler"] == "c7n_mfa.handler.run"


def test_policies_that_audit_repair_and_repeat_share_their_filters_word_for_word():
    names = "broken", "repair", "repair-daily"
    paths = [path for path in FILES if path.stem in {f"signin-monitoring-{n}" for n in names}]
    texts = {re.search(r"^    filters:\n((?:      .*\n)+)", p.read_text(), re.M)[1] for p in paths}
    assert (len(paths), len(texts)) == (3, 1)


def test_every_policy_has_a_page_and_every_page_a_policy():
    pages = [page.stem for page in (ROOT / "docs" / "rules").iterdir()]
    assert sorted(pages) == sorted(path.stem for path in FILES)


# The examples in our docstrings, split as core's own test of its examples splits them.


def examples() -> Iterator[str]:
    # One class may serve several resources.
    for element in {element.cls: element for element in ELEMENTS}.values():
        blocks = [part.split("\n\n") for part in ElementSchema.doc(element.cls).split("yaml")]
        yield from (b for b in itertools.chain.from_iterable(blocks) if "policies:\n" in b)


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.name)
def test_every_element_has_an_example_that_uses_it(element):
    used = [text for text in examples() if f"type: {element.name}\n" in f"{text}\n"]
    assert ":example:" in element.cls.__doc__
    assert used != []


@pytest.mark.parametrize("text", list(examples()))
def test_an_example_loads_through_the_schema(text, tmp_path):
    path = tmp_path / "example.yml"
    path.write_text(text)
    resource = loaded(path).resource_type.removeprefix("aws.")
    assert f"aws.{resource}" in {element.resource for element in ELEMENTS}


def test_names_of_examples_are_unique():
    names = [p["name"] for text in examples() for p in yaml.safe_load(text)["policies"]]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.name)
def test_annotations_carry_custodians_prefix(element):
    # custodian clears exactly the keys with this prefix inside `or` and `not`.
    assert getattr(element.cls, "annotation_key", "c7n:").startswith("c7n:")


# What no file may say, written so that this file does not say it either.

FORBIDDEN = {
    "a path of a machine": r"(?<![\w.~-])/(?:work|root|home|Users)/[\w.]",
    "a package registry": r"\bpypi[.]org\b|\bpythonhosted[.]|\bnpmjs[.]|\bcrates[.]io\b",
    "a writing assistant": r"(?i)\b(?:chat[g]pt|anthrop[i]c|cla[u]de|open[a]i|copi[l]ot)\b",
}
# What .gitignore names.
IGNORED = {".git", ".venv", ".coverage", ".hypothesis", "__pycache__", "dist", "output"}


def committed(folder: Path = ROOT) -> Iterator[Path]:
    """Every file but caches, environments and builds."""
    for path in sorted(folder.iterdir()):
        if path.name in IGNORED or path.name.endswith(("_cache", ".egg-info")):
            continue
        if path.is_file():
            yield path
        elif path != ROOT / "build":
            yield from committed(path)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in committed()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of a machine", "/ro" + "ot/.cache"),
        ("a package registry", "https://py" + "pi.org/simple"),
        ("a writing assistant", "Chat" + "GPT"),
    ],
)
def test_the_patterns_find_what_they_are_for(what, line):
    assert re.search(FORBIDDEN[what], line)
