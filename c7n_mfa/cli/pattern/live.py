# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""AWS's own answer, from ``logs:TestMetricFilter``: the only oracle there is for the language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c7n_mfa.pattern import Pattern
from c7n_mfa.proof.families import FAMILIES

_MESSAGES_A_CALL = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """An event on which AWS and this project answer differently.

    ``ours`` is None where this project says that the answer hangs on undocumented behaviour; the
    answer of AWS then settles it.
    """

    pattern: str
    event: Mapping[str, Any]
    ours: bool | None
    theirs: bool

    @property
    def is_bug(self) -> bool:
        return self.ours is not None

    def to_dict(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "event": dict(self.event),
            "ours": self.ours,
            "aws": self.theirs,
        }


def ask(
    logs: Any, patterns: Sequence[Pattern], events: Sequence[Mapping[str, Any]]
) -> tuple[int, tuple[Difference, ...]]:
    """How many answers were compared, and where AWS differs; ``logs`` is a boto3 client."""
    compared = 0
    differences: list[Difference] = []
    for pattern in patterns:
        for event, theirs in _answers(logs, pattern, events):
            compared += 1
            if pattern.match(event) is not theirs:
                differences.append(Difference(pattern.text, event, pattern.match(event), theirs))
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
