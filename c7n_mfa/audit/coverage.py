# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One metric filter's pattern under one requirement: which of five states it is in.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Dependency, Spot, assess, may_match
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import DEFAULT, Requirement
from c7n_mfa.shape import Node

_SIGN_INS = tuple(f for f in FAMILIES if f.kind != "unrelated")
# What a pattern that means to look for sign-ins names.
_NAMES = ("ConsoleLogin", "MFAUsed")


@dataclass(frozen=True, slots=True)
class FilterCoverage:
    """What one metric filter catches of a requirement.

    ``states`` holds one of covers, misses and unknown, and beside it never-fires and noisy where
    they are true.
    """

    requirement: str
    states: tuple[str, ...]
    blind_spots: tuple[Spot, ...] = ()
    advice: tuple[Spot, ...] = ()
    noise: tuple[Spot, ...] = ()
    depends_on: tuple[Dependency, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The annotation ``c7n:signin-coverage``; its keys are a stable interface."""
        return {
            "requirement": self.requirement,
            "states": list(self.states),
            "blind_spots": [spot.to_dict() for spot in self.blind_spots],
            "advice": [spot.to_dict() for spot in self.advice],
            "noise": [spot.to_dict() for spot in self.noise],
            "depends_on": [dependency.to_dict() for dependency in self.depends_on],
        }

    @classmethod
    def from_dict(cls, data: Any) -> FilterCoverage:
        """What ``to_dict`` gave, of this version or an earlier one."""
        node = Node.of(data)
        return cls(
            requirement=node["requirement"].maybe_text() or DEFAULT,
            states=node["states"].texts(),
            blind_spots=tuple(map(Spot.from_dict, node["blind_spots"].items())),
            advice=tuple(map(Spot.from_dict, node["advice"].items())),
            noise=tuple(map(Spot.from_dict, node["noise"].items())),
            depends_on=tuple(map(Dependency.from_dict, node["depends_on"].items())),
        )


def coverage_of(text: str, requirement: Requirement, strict: bool = False) -> FilterCoverage | None:
    """What one pattern catches; ``None`` when it has nothing to do with sign-ins."""
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
    return FilterCoverage(
        requirement.name,
        tuple(states),
        coverage.blind_spots,
        coverage.advice,
        tuple(noise),
        coverage.depends_on,
    )


def _read(text: str) -> Pattern | None:
    try:
        return parse(text)
    except PatternSyntaxError:
        return None


def _unread(requirement: Requirement) -> FilterCoverage:
    """AWS has stored a pattern that this project would refuse: it cannot say what it means."""
    sentence = "The pattern is not one that the documented language has."
    dependency = Dependency("unreadable-pattern", sentence)
    return FilterCoverage(requirement.name, ("unknown",), depends_on=(dependency,))
