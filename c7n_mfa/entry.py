# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The only place where anything is registered with c7n.

Three callers: the autoload subscribes `register` to c7n's resource types, and the console script
and the Lambda handler call `initialize` before c7n reads a policy.
"""

from __future__ import annotations

from typing import Any


def initialize() -> None:
    """Register every element. May be called any number of times."""
    for add_elements in _ELEMENTS.values():
        add_elements()


def register(registry: Any, resource_class: Any) -> None:
    """Subscriber to c7n's `resources`: register what belongs to the resource type just loaded.

    c7n calls its subscribers each time a policy names the type, loaded before or not.
    """
    add_elements = _ELEMENTS.get(resource_class.type)
    if add_elements is not None:
        add_elements()


def _account() -> None:
    from c7n.resources.account import actions, filters

    from c7n_mfa.elements.account import SetSigninMonitoring, SigninMonitoring

    filters.register("signin-monitoring", SigninMonitoring)
    actions.register("set-signin-monitoring", SetSigninMonitoring)


def _log_metric() -> None:
    from c7n.resources.cw import LogMetric

    from c7n_mfa.elements.log_metric import SigninCoverage

    LogMetric.filter_registry.register("signin-coverage", SigninCoverage)


_ELEMENTS = {"account": _account, "log-metric": _log_metric}
