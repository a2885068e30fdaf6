# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Taking a repair back: what of it is there (find, AWS), and the steps that undo it (plan, pure).

Nothing is taken away but what repair has tagged or written down as its own; the rest stays, and
where that keeps something of ours too, the step is skipped with the reason.
"""

from __future__ import annotations

from c7n_mfa.repair.removal.find import find_ours
from c7n_mfa.repair.removal.plan import make_removal

__all__ = ["find_ours", "make_removal"]
