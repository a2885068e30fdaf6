# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch Logs filter-pattern language: parse a pattern, match events.

>>> pattern = parse('{ $.eventName = "ConsoleLogin" }')
>>> pattern.match({"eventName": "ConsoleLogin"})
True
"""

from __future__ import annotations

from . import nodes
from .errors import PatternSyntaxError
from .explain import Clause, judge_condition
from .parser import Pattern, parse
from .undocumented import BEHAVIOURS, Behaviour
from .values import MISSING, Doubt, evaluate_atom, judge_atom

__all__ = [
    "BEHAVIOURS",
    "MISSING",
    "Behaviour",
    "Clause",
    "Doubt",
    "Pattern",
    "PatternSyntaxError",
    "evaluate_atom",
    "judge_atom",
    "judge_condition",
    "nodes",
    "parse",
]
