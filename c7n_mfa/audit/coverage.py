# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One metric filter's pattern under one requirement: which of five states it is in.  Pure."""

from __future__ import annotations

from typing import Any

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import assess, may_match
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import Requirement

STATES = ("covers", "misses", "never-fires", "noisy", "unknown")

_SIGN_INS = tuple(f for f in FAMILIES if f.kind != "unrelated")
# What a pattern that means to look for sign-ins names.
_NAMES = ("ConsoleLogin", "MFAUsed")


def coverage_of(text: str, requirement: Requirement, strict: bool = False) -> dict[str, Any] | None:
    """The annotation for one metric filter; ``None`` when it has nothing to do with sign-ins.

    ``states`` holds one of covers, misses and unknown, and beside it never-fires and noisy where
    they are true.
    """
    pattern = _read(text)
    named = any(name in text for name in _NAMES)
    if pattern is None:
        return _unread(requirement) if named else None
    if not named and not may_match(pattern, _SIGN_INS):
        return None
    fires = may_match(pattern, FAMILIES)
    coverage = assess((pattern,), requirement, strict)
    noise = [spot for spot in coverage.noise if spot.grade == "observed"]
    states: list[str] = [coverage.verdict]
    states += ["never-fires"] if not fires else []
    states += ["noisy"] if noise else []
    return {
        "requirement": requirement.name,
        "states": states,
        "blind_spots": [spot.to_dict() for spot in coverage.blind_spots],
        "advice": [spot.to_dict() for spot in coverage.advice],
        "noise": [spot.to_dict() for spot in noise],
        "depends_on": [each.to_dict() for each in coverage.depends_on],
    }


def _read(text: str) -> Pattern | None:
    try:
        return parse(text)
    except PatternSyntaxError:
        return None


def _unread(requirement: Requirement) -> dict[str, Any]:
    """AWS has stored a pattern that this project would refuse: it cannot say what it means."""
    sentence = "The pattern is not one that the documented language has."
    return {
        "requirement": requirement.name,
        "states": ["unknown"],
        "blind_spots": [],
        "advice": [],
        "noise": [],
        "depends_on": [{"name": "unreadable-pattern", "sentence": sentence}],
    }
