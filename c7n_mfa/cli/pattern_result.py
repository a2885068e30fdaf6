# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What there is to say about patterns: proven under a requirement, and answered by AWS itself.

AWS's own answer, from ``logs:TestMetricFilter``, is the only oracle there is for the language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from c7n_mfa.frozen import frozen
from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.proof import Coverage, Spot, assess
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import Requirement

Verdict = Literal["covers", "misses", "unknown", "invalid"]

EXIT_CODES: dict[Verdict, int] = {"covers": 0, "misses": 1, "unknown": 1, "invalid": 2}
_MESSAGES_A_CALL = 50


@frozen
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
        return max(EXIT_CODES[self.verdict], 1 if self.too_broad else 0)

    @property
    def too_broad(self) -> tuple[Spot, ...]:
        """Events of every day that are caught too, so that an alarm means nothing."""
        return self.coverage.too_broad if self.coverage else ()

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Every event there is an example of: missed, perhaps missed, and caught in error."""
        if self.coverage is None:
            return ()
        return (*self.coverage.blind_spots, *self.coverage.advice, *self.coverage.noise)

    def to_dict(self) -> dict[str, Any]:
        """Stable keys; ``pattern`` is the first pattern, ``patterns`` are all of them."""
        lists = ("blind_spots", "advice", "noise", "depends_on")
        return {
            "pattern": self.texts[0],
            "patterns": list(self.texts),
            "requirement": self.requirement.name,
            "strict": self.strict,
            "verdict": self.verdict,
            # Of a pattern that AWS would refuse there is no coverage.
            **{key: [item.to_dict() for item in getattr(self.coverage, key, ())] for key in lists},
            "drowned": [spot.family for spot in self.too_broad],
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


@frozen
class Difference:
    """An event on which AWS and c7n-mfa answer differently.

    ``predicted`` is None where c7n-mfa says that the answer depends on undocumented behaviour; the
    answer of AWS then settles it.
    """

    pattern: str
    event: Mapping[str, Any]
    predicted: bool | None
    actual: bool

    @property
    def is_bug(self) -> bool:
        return self.predicted is not None

    def to_dict(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "event": dict(self.event),
            "ours": self.predicted,
            "aws": self.actual,
        }


def ask(
    logs: Any, patterns: Sequence[Pattern], events: Sequence[Mapping[str, Any]]
) -> tuple[int, tuple[Difference, ...]]:
    """How many answers were compared, and where AWS differs; ``logs`` is a boto3 client."""
    compared = 0
    differences: list[Difference] = []
    for pattern in patterns:
        for event, actual in _answers(logs, pattern, events):
            compared += 1
            predicted = pattern.match(event)
            if predicted is not actual:
                differences.append(Difference(pattern.text, event, predicted, actual))
    return compared, tuple(differences)


def events_to_ask(spots: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The witness of every family, and the examples that were found, each once."""
    events = [family.witness for family in FAMILIES] + list(spots)
    return list({json.dumps(event, sort_keys=True): event for event in events}.values())


def _answers(
    logs: Any, pattern: Pattern, events: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    for start in range(0, len(events), _MESSAGES_A_CALL):
        part = events[start : start + _MESSAGES_A_CALL]
        # As CloudTrail delivers them to a log group: compact.
        messages = [json.dumps(event, separators=(",", ":")) for event in part]
        answer = logs.test_metric_filter(filterPattern=pattern.text, logEventMessages=messages)
        # eventNumber counts from 1.
        matched = {match["eventNumber"] for match in answer["matches"]}
        yield from ((event, number in matched) for number, event in enumerate(part, start=1))
