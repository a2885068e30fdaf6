# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Every reason a link can have, with what it means and how to mend it.

The codes are stable: policies and reports select on them.  ``security_hub`` is the code that AWS
Security Hub's CloudWatch.3 control publishes for the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping

from c7n_mfa.audit.reasons import filtering, recording
from c7n_mfa.audit.reasons import notifying as telling
from c7n_mfa.audit.reasons.values import LINKS, VERDICTS, Reason, Verdict

__all__ = ["LINKS", "REASONS", "VERDICTS", "Reason", "Verdict"]

REASONS: Mapping[str, Reason] = {
    reason.code: reason for module in (recording, filtering, telling) for reason in module.REASONS
}
