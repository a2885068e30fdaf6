# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What there is to say about patterns under a requirement, as one value that prints as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Coverage, Spot, assess
from c7n_mfa.proof.requirements import Requirement

Verdict = Literal["covers", "misses", "unknown", "invalid"]

EXIT_CODES: dict[Verdict, int] = {"covers": 0, "misses": 1, "unknown": 1, "invalid": 2}


@dataclass(frozen=True, slots=True)
class Findings:
    """Patterns, taken together, held against one requirement.

    ``error`` is set, and ``coverage`` is not, where AWS would refuse one of the patterns.
    """

    texts: tuple[str, ...]
    requirement: Requirement
    strict: bool
    patterns: tuple[Pattern, ...] = ()
    coverage: Coverage | None = None
    error: PatternSyntaxError | None = None

    @property
    def verdict(self) -> Verdict:
        return self.coverage.verdict if self.coverage else "invalid"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def drowned(self) -> tuple[Spot, ...]:
        """Noise of every day, in which the sign-ins that are caught drown."""
        return self.coverage.drowned if self.coverage else ()

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Every event there is an example of: missed, perhaps missed, and caught in error."""
        if self.coverage is None:
            return ()
        return (*self.coverage.blind_spots, *self.coverage.advice, *self.coverage.noise)

    def to_dict(self) -> dict[str, Any]:
        """Stable keys; ``pattern`` is the first pattern, ``patterns`` are all of them."""
        found = self.coverage
        return {
            "pattern": self.texts[0],
            "patterns": list(self.texts),
            "requirement": self.requirement.name,
            "strict": self.strict,
            "verdict": self.verdict,
            "blind_spots": [spot.to_dict() for spot in found.blind_spots] if found else [],
            "advice": [spot.to_dict() for spot in found.advice] if found else [],
            "noise": [spot.to_dict() for spot in found.noise] if found else [],
            "drowned": [spot.family for spot in self.drowned],
            "depends_on": [each.to_dict() for each in found.depends_on] if found else [],
            "canonical": self.requirement.canonical_for(self.strict),
            "error": _error(self.error),
        }


def _error(error: PatternSyntaxError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"message": error.message, "pattern": error.source, "span": list(error.span)}


def examine(texts: Sequence[str], requirement: Requirement, strict: bool) -> Findings:
    """Parse the patterns and prove what they catch of the requirement, together."""
    try:
        patterns = tuple(parse(text) for text in texts)
    except PatternSyntaxError as error:
        return Findings(tuple(texts), requirement, strict, error=error)
    coverage = assess(patterns, requirement, strict)
    return Findings(tuple(texts), requirement, strict, patterns, coverage)
