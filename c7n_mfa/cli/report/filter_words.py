# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sentences of a report about single metric filters, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator

from .values import Found
from .words import titled

_SENTENCES = {
    "never-fires": "no console sign-in at all matches its pattern",
    "misses": "sign-ins that must be caught do not match its pattern",
    "noisy": "it also fires on sign-ins that it should leave alone",
    "unknown": "what it catches could not be decided",
    "covers": "it catches every kind of sign-in that must be caught",
}


def filter_headline(found: Found) -> str:
    """One line: which metric filter, the verdict, and why."""
    verdict = found.metric_filter.verdict.upper()
    where = ", ".join(part for part in (found.run.account_id, found.run.region) if part)
    return f"{where or found.run.policy}: {verdict}. M{_name(found)[1:]}: {_why(found)}."


def filter_title(found: Found) -> str:
    """The name of a metric filter, and the states that it is in."""
    return f"{_name(found)}: {', '.join(found.metric_filter.states)}"


def called(found: Found) -> str:
    """Where a metric filter is, in a sentence that begins with it."""
    where = " ".join(part for part in (found.run.account_id, found.run.region) if part)
    return f"In {where}, {_name(found)}" if where else f"M{_name(found)[1:]}"


def pattern_line(found: Found) -> str:
    """The pattern as it is."""
    return f"pattern: {found.metric_filter.pattern or 'none, which matches everything'}"


def filter_notes(found: Found) -> Iterator[tuple[str, list[str]]]:
    """What there is to say about a metric filter's pattern: titles with sentences."""
    judged = found.metric_filter
    yield titled("silent when", judged.blind_spots)
    if "noisy" in judged.states:
        yield titled("noise: it also fires when", judged.noise)
    yield "the answer hangs on", [each.sentence for each in judged.depends_on]


def _name(found: Found) -> str:
    return f"metric filter {found.metric_filter.name} of log group {found.metric_filter.log_group}"


def _why(found: Found) -> str:
    """A filter that never fires misses everything, which goes without saying."""
    states = found.metric_filter.states
    said = [state for state in states if state != "misses" or "never-fires" not in states]
    return "; ".join(_SENTENCES.get(state, state) for state in said)
