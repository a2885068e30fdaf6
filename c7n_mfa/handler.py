# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What Lambda calls for our policies: `mode: {handler: c7n_mfa.handler.run}`.

c7n logs every event it is given, whole, unless told otherwise: for a sign-in that is a user name
and an address in a log that people who never act on it can read. Our functions therefore start
with `C7N_DEBUG_EVENT=no`; set it to `yes` on the function to have the events back.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("C7N_DEBUG_EVENT", "no")

# Not above: c7n.handler reads its environment while it is imported.
import c7n.handler

from c7n_mfa.entry import initialize
from c7n_mfa.signin import events

log = logging.getLogger("custodian.c7n_mfa")

refused: Counter[str] = Counter()
"""How many events of each kind this process has not given to custodian."""


def run(event: Any, context: object) -> Any:
    """Register our elements, then do what c7n's own handler does with an event it can work with."""
    config = _config()
    policies = config.get("policies", [])
    initialize(policies)
    code = events.refusal(event, policies, _account(config, context))
    if code is None:
        return c7n.handler.dispatch_event(events.readable(event), context)
    refused[code] += 1
    # The event may hold anything, a password in place of a user name among them: it is not shown.
    log.warning("not-a-sign-in %s: %s (%d)", code, events.NOT_A_SIGN_IN[code], refused[code])
    return False


def _config() -> dict[str, Any]:
    """The function's policies and options, which c7n keeps once it has read them."""
    data = c7n.handler.policy_data
    if data is None:
        data = json.loads(Path("config.json").read_text(encoding="utf-8"))
    return data or {}


def _account(config: Mapping[str, Any], context: object) -> str | None:
    """The function's account: of its ARN, which Lambda always names, or of its options."""
    arn = getattr(context, "invoked_function_arn", None)
    if isinstance(arn, str) and arn.startswith("arn:"):
        return arn.split(":")[4]
    options = [config, *(policy.get("mode", {}) for policy in config.get("policies", ()))]
    accounts = ((each.get("execution-options") or {}).get("account_id") for each in options)
    return next(filter(None, accounts), None)
