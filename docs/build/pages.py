# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which pages are generated, and by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from docs.build import (
    alerts,
    behaviours,
    dangers,
    faults,
    index,
    messages,
    patterns,
    permissions,
    reasons,
    reference,
    requirements,
    signins,
)

DOCS = Path(__file__).resolve().parent.parent

PAGES: Mapping[str, Callable[[], str]] = {
    "alerts.md": alerts.page,
    "README.md": index.page,
    "dangers.md": dangers.page,
    "faults.md": faults.page,
    "messages.md": messages.page,
    "patterns.md": patterns.page,
    "permissions.md": permissions.page,
    "reasons.md": reasons.page,
    "reference.md": reference.page,
    "requirements.md": requirements.page,
    "signins.md": signins.page,
    "undocumented.md": behaviours.page,
}
