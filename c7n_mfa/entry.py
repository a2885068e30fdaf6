# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The filters and actions, one row each, and the only place where they are registered with c7n.

Three callers: the autoload subscribes `register` to c7n's resource types, and the console script
and the Lambda handler call `initialize` before c7n reads a policy.  A function starts cold and has
one policy, so there only what that names is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Literal

from c7n_mfa.frozen import frozen


@frozen
class Element:
    """One filter or action: where its class is, and on which of custodian's resources it works.

    ``judges``: what the report shows its verdict on, one by one.
    ``has_plan``: `c7n-mfa plan` shows what it would change.
    ``contains``: it stops an IAM user.
    ``before_alert``: `alert-signin` reports what it did, and so has to come after it.
    """

    name: str
    kind: Literal["filter", "action"]
    where: str
    resources: tuple[str, ...]
    judges: Literal["accounts", "metric filters"] | None = None
    has_plan: bool = False
    contains: bool = False
    before_alert: bool = False

    def add_to(self, resource: str) -> None:
        """Register it on a resource type."""
        manager = _load(f"c7n.resources.{_HOMES[resource]}")
        registry = manager.filter_registry if self.kind == "filter" else manager.action_registry
        registry.register(self.name, _load(f"c7n_mfa.{self.where}"))


_HOMES = {
    "account": "account:Account",
    "iam-role": "iam:Role",
    "iam-user": "iam:User",
    "log-metric": "cw:LogMetric",
}
_ACCOUNT, _USER = ("account",), ("iam-user",)
_WHO_SIGNS_IN = ("account", "iam-role", "iam-user")

ELEMENTS = (
    Element(
        "signin-monitoring",
        "filter",
        "audit.element:SigninMonitoring",
        _ACCOUNT,
        judges="accounts",
    ),
    Element(
        "set-signin-monitoring",
        "action",
        "repair.element:SetSigninMonitoring",
        _ACCOUNT,
        judges="accounts",
        has_plan=True,
    ),
    Element(
        "remove-signin-monitoring",
        "action",
        "repair.element:RemoveSigninMonitoring",
        _ACCOUNT,
        has_plan=True,
    ),
    Element(
        "test-signin-monitoring",
        "action",
        "repair.element:SigninMonitoringTest",
        _ACCOUNT,
    ),
    Element(
        "signin-coverage",
        "filter",
        "audit.element:SigninCoverage",
        ("log-metric",),
        judges="metric filters",
    ),
    Element("signin-forwarding", "filter", "forwarding.element:SigninForwarding", _ACCOUNT),
    Element(
        "set-signin-forwarding",
        "action",
        "forwarding.element:SetSigninForwarding",
        _ACCOUNT,
        has_plan=True,
    ),
    Element(
        "remove-signin-forwarding",
        "action",
        "forwarding.element:RemoveSigninForwarding",
        _ACCOUNT,
    ),
    Element("signin", "filter", "signin.element:Signin", _WHO_SIGNS_IN),
    Element(
        "investigate-signin",
        "action",
        "investigation.element:InvestigateSignin",
        _WHO_SIGNS_IN,
        before_alert=True,
    ),
    Element("contained", "filter", "containment.release_element:ContainedFilter", _USER),
    Element(
        "revoke-sessions",
        "action",
        "containment.element:RevokeSessions",
        _USER,
        contains=True,
        before_alert=True,
    ),
    Element(
        "reset-password",
        "action",
        "containment.element:ResetPassword",
        _USER,
        contains=True,
        before_alert=True,
    ),
    Element(
        "require-mfa",
        "action",
        "containment.element:RequireMfa",
        _USER,
        contains=True,
        before_alert=True,
    ),
    Element("release", "action", "containment.release_element:Release", _USER),
    Element("alert-signin", "action", "alerting.element:AlertSignin", _WHO_SIGNS_IN),
)


def initialize(policies: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Register every element, or those that policies name.  May be called any number of times."""
    if policies is None:
        for element in ELEMENTS:
            for resource in element.resources:
                element.add_to(resource)
        return
    for policy in policies:
        resource = str(policy.get("resource", "")).removeprefix("aws.")
        named = set(_texts([policy.get("filters", ()), policy.get("actions", ())]))
        for element in ELEMENTS:
            if resource in element.resources and element.name in named:
                element.add_to(resource)


def register(registry: Any, resource_class: Any) -> None:
    """Subscriber to c7n's `resources`: register what belongs to the resource type just loaded.

    c7n calls its subscribers each time a policy names the type, loaded before or not.
    """
    for element in ELEMENTS:
        if resource_class.type in element.resources:
            element.add_to(resource_class.type)


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
