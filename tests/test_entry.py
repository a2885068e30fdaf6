# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from c7n.actions import Action
from c7n.filters import Filter
from c7n.resources.account import actions, filters
from c7n.resources.aws import AWS

from c7n_mfa import element, entry
from c7n_mfa.audit.element import SigninMonitoring
from c7n_mfa.element import Deployable
from c7n_mfa.proof.requirements import DEFAULT, REQUIREMENTS
from c7n_mfa.repair.element import SetSigninMonitoring


@pytest.fixture
def unregistered(plugin):
    filters.unregister("signin-monitoring")
    actions.unregister("set-signin-monitoring")
    yield
    entry.initialize()


def registered():
    return filters.get("signin-monitoring"), actions.get("set-signin-monitoring")


def test_initialize_registers_the_filter_and_the_action(unregistered):
    entry.initialize()
    assert registered() == (SigninMonitoring, SetSigninMonitoring)


def test_initialize_twice_changes_nothing_more(unregistered):
    entry.initialize()
    before = dict(filters.items()), dict(actions.items())
    entry.initialize()
    assert (dict(filters.items()), dict(actions.items())) == before


def test_register_adds_what_belongs_to_the_loaded_resource_type(unregistered):
    entry.register(None, SimpleNamespace(type="account"))
    assert registered() == (SigninMonitoring, SetSigninMonitoring)


def test_register_ignores_other_resource_types(unregistered):
    entry.register(None, SimpleNamespace(type="log-metric"))
    assert registered() == (None, None)


ROWS = [(row, resource) for row in entry.ELEMENTS for resource in row.resources]


@pytest.mark.parametrize(
    ("row", "resource"), ROWS, ids=[f"{resource} {row.name}" for row, resource in ROWS]
)
def test_a_row_is_registered_as_what_it_is(plugin, row, resource):
    manager = AWS.resources[resource]
    registries = {"filter": manager.filter_registry, "action": manager.action_registry}
    registered = registries.pop(row.kind).get(row.name)
    (other,) = registries.values()

    assert (registered.__module__, registered.__name__) == tuple(f"c7n_mfa.{row.where}".split(":"))
    assert issubclass(registered, {"filter": Filter, "action": Action}[row.kind])
    assert registered.schema["properties"]["type"]["enum"] == [row.name]
    assert row.name not in other
    assert callable(getattr(registered, "plan", None)) or not row.has_plan


def test_every_filter_and_action_has_a_row(plugin):
    registered = {
        (resource, name)
        for resource, manager in AWS.resources.items()
        for registry in (manager.filter_registry, manager.action_registry)
        for name, registered_class in registry.items()
        if registered_class.__module__.startswith("c7n_mfa.")
    }
    assert registered == {(resource, row.name) for row, resource in ROWS}
    written = {name for name in own_classes() if not name.startswith("_")}
    assert written == {row.where.partition(":")[2] for row in entry.ELEMENTS}


def own_classes():
    """The names of all classes that are filters or actions of c7n-mfa."""
    left = [Deployable]
    while left:
        left += (found := left.pop().__subclasses__())
        yield from (subclass.__name__ for subclass in found)


def test_what_contains_is_reported_by_the_alert():
    containing = {row.name for row in entry.ELEMENTS if row.contains}
    assert containing == {"require-mfa", "reset-password", "revoke-sessions"}
    reported = {row.name for row in entry.ELEMENTS if row.before_alert}
    assert reported == containing | {"investigate-signin"}


def test_the_names_of_the_requirements_are_those_there_are():
    assert list(element.REQUIREMENTS) == sorted(REQUIREMENTS)
    assert element.DEFAULT_REQUIREMENT == DEFAULT


def test_a_policy_that_uses_nothing_of_it_loads_nothing_that_reads_or_judges():
    code = (
        "import json, sys\n"
        "import c7n_mfa.entry as entry, c7n.resources.account\n"
        "entry.initialize()\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('c7n_mfa.')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    loaded = set(json.loads(done.stdout))
    assert {name for name in loaded if name.endswith("element")} > {"c7n_mfa.element"}
    rooms = ("audit.discover", "audit.judge", "audit.values", "aws.read", "pattern", "proof")
    rooms += ("investigation.dossier",)
    assert loaded.isdisjoint({f"c7n_mfa.{room}" for room in (*rooms, "repair.plan")})
