# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What Lambda calls for our policies: `mode: {handler: c7n_mfa.handler.run}`.

c7n logs every event it is given, whole, unless told otherwise: for a sign-in that is a user name
and an address in a log that people who never act on it can read. Our functions therefore start
with `C7N_DEBUG_EVENT=no`; set it to `yes` on the function to have the events back.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("C7N_DEBUG_EVENT", "no")

# Not above: c7n.handler reads its environment while it is imported.
from c7n.handler import dispatch_event

from c7n_mfa.entry import initialize


def run(event: dict[str, Any], context: object) -> Any:
    """Register our elements, then do what c7n's own handler does."""
    initialize()
    return dispatch_event(event, context)
