# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What all filters and actions of c7n-mfa have in common: a Lambda function that could not find
them is refused before it is created.

By default custodian packs only itself, and its handler knows only its own filters and actions; such
a function fails at its first event.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

from c7n.exceptions import PolicyValidationError

FUNCTION_VARIABLE = "AWS_LAMBDA_FUNCTION_NAME"
GROUP_VARIABLE = "AWS_LAMBDA_LOG_GROUP_NAME"
PACKAGE = "c7n_mfa"
HANDLER = "c7n_mfa.handler.run"

# By name: the requirements come with the whole language of patterns, and custodian reads the schema
# of every filter and action of a resource type, whichever of them the policy uses.
REQUIREMENTS = ("cis", "cis-iam-user", "conformity", "single-factor")
DEFAULT_REQUIREMENT = "single-factor"

# What custodian calls when a mode names no handler.
_CUSTODIANS_HANDLER = "custodian_policy.run"
_OLDEST_PYTHON = 11


class Deployable:
    """Comes before custodian's own class among the bases of an element."""

    # custodian's own class has them.
    manager: Any
    type: str

    def validate(self):
        # In the function it is too late to refuse anything.
        if FUNCTION_VARIABLE not in os.environ:
            self._check_mode()
            self.check_preflight()
        super().validate()  # type: ignore[misc]
        return self

    def check_preflight(self):
        """What an element checks of its policy wherever it is validated, but in the function."""

    def is_being_deployed(self):
        """Whether `custodian run` is creating the function: false in the function, and when only
        validating.
        """
        mode = self.manager.data.get("mode", {}).get("type", "pull")
        return mode != "pull" and self.is_run() and FUNCTION_VARIABLE not in os.environ

    def is_run(self):
        """Whether custodian is about to act: every policy that is not run has been left out, and
        the variables are filled in; it validates once before, when neither is so.
        """
        options = self.manager.config
        is_run = options.get("command") == "c7n.commands.run" and not options.get("dryrun")
        return bool(is_run and options.get("account_id") and options.get("region"))

    def _check_mode(self):
        mode = self.manager.data.get("mode")
        why = mode and packing_problem(mode)
        if why:
            self.refuse(why)

    @property
    def policy_name(self):
        return self.manager.ctx.policy.name

    def refuse(self, why):
        """Say what is wrong with the policy, in which, and at which element."""
        raise PolicyValidationError(f"policy:{self.policy_name} {self.type} {why}")


def own_log_group():
    """The log group of the function; None outside Lambda."""
    function = os.environ.get(FUNCTION_VARIABLE)
    return os.environ.get(GROUP_VARIABLE) or (f"/aws/lambda/{function}" if function else None)


def log_steps(log, account, steps):
    """What became of each step, in custodian's log."""
    for step in steps:
        level = log.error if step.result == "failed" else log.info
        region = f" region:{step.region or '-'}" if "region" in step.KEYS else ""
        what = f"{step.step} {step.result} {step.resource}: {step.error or step.why}"
        level("account:%s%s %s", account["account_id"], region, what)


def packing_problem(mode: Mapping[str, Any]) -> str | None:
    """Why a function with this ``mode`` would not find the filters and actions, and the fix.

    A handler of somebody else's or a layer may bring the plugin in another way, and is accepted.
    """
    if mode.get("type") == "pull":
        return None
    return (
        _handler_problem(mode.get("handler", _CUSTODIANS_HANDLER))
        or _python_problem(str(mode.get("runtime", "")))
        or _packages_problem(mode)
    )


def _handler_problem(handler: str) -> str | None:
    fix = f"write in mode: handler: {HANDLER}"
    if handler == _CUSTODIANS_HANDLER:
        return f"is not known to custodian's own function; {fix}"
    if handler != HANDLER and handler.partition(".")[0] in ("c7n", PACKAGE):
        return f"is not known to mode: handler: {handler}; {fix}"
    return None


def _python_problem(runtime: str) -> str | None:
    version = re.fullmatch(r"python3\.(\d+)", runtime)
    if version is None or int(version[1]) >= _OLDEST_PYTHON:
        return None
    return f"needs Python 3.{_OLDEST_PYTHON} or later; mode: runtime is {runtime}"


def _packages_problem(mode: Mapping[str, Any]) -> str | None:
    packages = mode.get("packages", ())
    fix = f"write in mode: packages: [{PACKAGE}]"
    for package in packages:
        if package != PACKAGE and package.replace("-", "_").partition(".")[0] == PACKAGE:
            return f"finds {package} in mode: packages, which is not packed by itself; {fix}"
    if PACKAGE in packages or mode.get("layers") or mode["handler"] != HANDLER:
        return None
    return f"is not packed with the function; {fix}"
