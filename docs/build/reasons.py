# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/reasons.md: every reason that a link can have."""

from __future__ import annotations

from collections.abc import Iterator

from c7n_mfa.audit.reasons import LINKS, REASONS, Reason
from docs.build import text

_HEAD = ("Reason", "Verdict", "Meaning", "Fix", "Repaired", "Security Hub")
_INTRODUCTION = """\
Every link of a chain that is not intact has one of these codes as its `reason`.
The codes are stable: reports and pipelines may select on them.
*Repaired* says whether the action `set-signin-monitoring` fixes it, and *Security Hub* is the \
status code that the control CloudWatch.3 publishes for the same fault.

An unknown link never counts as intact.
The link's `detail` describes this resource, and its `permission` names the one that was missing.
`in-account` includes the number of the account, as in `in-account-210987654321`, and applies to \
trails and topics as well as to log groups."""


def page() -> str:
    return text.page("Reasons", [_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for link in LINKS:
        yield f"## {link}"
        yield text.table(_HEAD, [_row(r) for r in REASONS.values() if r.link == link])


def _row(reason: Reason) -> tuple[str, ...]:
    hub = f"`{reason.security_hub}`" if reason.security_hub else "-"
    repaired = "yes" if reason.repaired else "no"
    return f"`{reason.code}`", reason.verdict, reason.meaning, reason.fix, repaired, hub
