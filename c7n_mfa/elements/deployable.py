# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What every element of ours has: a function that could not find it is refused before it is made.

custodian packs itself alone and calls a handler that knows its own elements alone, unless the mode
of the policy says otherwise; without a word until the first event comes.
"""

import os
from typing import Any

from c7n.exceptions import PolicyValidationError

FUNCTION_VARIABLE = "AWS_LAMBDA_FUNCTION_NAME"


class Deployable:
    """Comes before custodian's own class among the bases of an element."""

    # custodian's own class has them.
    manager: Any
    type: str

    def modules(self):
        """What the element takes beside what each function has: its own module at least."""
        return [type(self).__module__]

    def validate(self):
        # In the function it is too late to refuse anything.
        if FUNCTION_VARIABLE not in os.environ:
            self._check_mode()
            self.check_beforehand()
        super().validate()  # type: ignore[misc]
        return self

    def check_beforehand(self):
        """What an element checks of its policy wherever it is validated, but in the function."""

    def is_being_deployed(self):
        """Whether this is `custodian run` that makes the function; not in it, nor beforehand."""
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
        if mode is None:
            return
        from c7n_mfa.archive.slices import problem

        manager = self.manager
        ours = [e for e in [*manager.iter_filters(), *manager.actions] if isinstance(e, Deployable)]
        everything = {module for each in ours for module in each.modules()}
        why = problem(mode, self.modules(), everything)
        if why:
            self.refuse(why)

    def refuse(self, why):
        """Say what is wrong with the policy, in which, and at which element."""
        raise PolicyValidationError(f"policy:{self.manager.ctx.policy.name} {self.type} {why}")
