# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The only place where anything is registered with c7n.

Three callers: the autoload subscribes `register` to c7n's resource types, and the console script
and the Lambda handler call `initialize` before c7n reads a policy.  A function starts cold and has
one policy, so there only what that names is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


def initialize(policies: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Register every element, or those that policies name.  May be called any number of times."""
    if policies is None:
        for resource in _ELEMENTS.values():
            resource.add()
        return
    for policy in policies:
        named = _ELEMENTS.get(str(policy.get("resource", "")).removeprefix("aws."))
        if named is not None:
            named.add(set(_texts([policy.get("filters", ()), policy.get("actions", ())])))


def register(registry: Any, resource_class: Any) -> None:
    """Subscriber to c7n's `resources`: register what belongs to the resource type just loaded.

    c7n calls its subscribers each time a policy names the type, loaded before or not.
    """
    resource = _ELEMENTS.get(resource_class.type)
    if resource is not None:
        resource.add()


@dataclass(frozen=True, slots=True)
class _Resource:
    """One of c7n's resource types, and our elements of it by name, each as `module:class`."""

    home: str
    filters: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)

    def add(self, named: set[str] | None = None) -> None:
        """Register all of them, or only those that are named."""
        resource = _load(f"c7n.resources.{self.home}")
        for registry, elements in (
            (resource.filter_registry, self.filters),
            (resource.action_registry, self.actions),
        ):
            for name, where in elements.items():
                if named is None or name in named:
                    registry.register(name, _load(f"c7n_mfa.{where}"))


def _load(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a policy's blocks: a filter or action is named by one, however it is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


_SIGNIN = {"signin": "signin.element:Signin"}
_TELLING = {
    "investigate-signin": "investigation.element:InvestigateSignin",
    "alert-signin": "alerting.element:AlertSignin",
}
_ELEMENTS = {
    "account": _Resource(
        "account:Account",
        filters={
            "signin-monitoring": "audit.element:SigninMonitoring",
            "signin-forwarding": "forwarding.element:SigninForwarding",
            **_SIGNIN,
        },
        actions={
            "set-signin-monitoring": "audit.element:SetSigninMonitoring",
            "remove-signin-monitoring": "repair.removal_element:RemoveSigninMonitoring",
            "test-signin-monitoring": "repair.alarm_test_element:DrillSigninMonitoring",
            "set-signin-forwarding": "forwarding.element:SetSigninForwarding",
            "remove-signin-forwarding": "forwarding.element:RemoveSigninForwarding",
            **_TELLING,
        },
    ),
    "iam-role": _Resource("iam:Role", filters=_SIGNIN, actions=_TELLING),
    "iam-user": _Resource(
        "iam:User",
        filters={"contained": "containment.release_element:ContainedFilter", **_SIGNIN},
        actions={
            "require-mfa": "containment.element:RequireMfa",
            "revoke-sessions": "containment.element:RevokeSessions",
            "reset-password": "containment.element:ResetPassword",
            "release": "containment.release_element:Release",
            **_TELLING,
        },
    ),
    "log-metric": _Resource(
        "cw:LogMetric", filters={"signin-coverage": "audit.coverage_element:SigninCoverage"}
    ),
}
