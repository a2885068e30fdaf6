# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from types import SimpleNamespace

import pytest
from c7n.resources.account import actions, filters

from c7n_mfa import entry
from c7n_mfa.audit.element import SetSigninMonitoring, SigninMonitoring


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


def test_registered_names_are_the_names_in_the_schemas():
    for name, element in (*filters.items(), *actions.items()):
        if element.__module__.startswith("c7n_mfa."):
            assert element.schema["properties"]["type"]["enum"] == [name]
