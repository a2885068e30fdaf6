# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The rule of a composite alarm: does it go into ALARM whenever one of its children does?"""

from __future__ import annotations

import re

from c7n_mfa.audit.values import Alarm

_ALARM = re.compile(r'ALARM\(\s*(?:"([^"]+)"|\'([^\']+)\'|([^()"\']+?))\s*\)')


def follows(rule: str, child: Alarm) -> bool:
    """Is the rule ``ALARM(child)``, alone or with others of its kind and ``OR`` between them?

    ``False`` says only that this is not so: what ``AND`` and ``NOT`` make of it is not decided.
    """
    names: list[str] = []

    def note(found: re.Match[str]) -> str:
        names.append(next(name for name in found.groups() if name))
        return "A"

    rest = re.sub(r"\s+", " ", _ALARM.sub(note, rule))
    return bool({child.name, child.arn} & {*names}) and _only_or(rest)


def _only_or(rest: str) -> bool:
    """``A OR (A OR A)`` and the like."""
    while True:
        simpler = re.sub(r"\( ?A ?\)|\bA OR A\b", "A", rest.strip())
        if simpler == rest:
            return rest == "A"
        rest = simpler
