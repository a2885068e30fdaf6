# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/dangers.md: the calls that an investigation calls dangerous, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from c7n_mfa.investigation.dangers import AGAINST_US, ANYBODYS, Danger
from docs.build import text

_INTRODUCTION = """\
The calls that [`investigate-signin`](investigation.md) tells one by one.
*Critical* is what undoes the containment of a user; *high* what keeps an intruder in, raises what \
the intruder may do, or blinds who watches; *medium* what the intruder may have come for.
Event names are those of CloudTrail; Lambda writes the version of its API behind some."""
_AGAINST_US = """\
These count where the request names something of c7n-mfa's own: `c7n-mfa-…` (policies, tags, rule, \
role, queue), `custodian-…` (functions, rules and their log groups), or AWSDenyAll, with which an \
administrator stops a user."""
_COLUMNS = ("Level", "Why", "Calls", "Technique", "Source")


def page() -> str:
    return text.page(
        "Dangerous calls",
        [
            _INTRODUCTION,
            "## Against the responder",
            _AGAINST_US,
            _table(AGAINST_US),
            "## Against anybody",
            _table(ANYBODYS),
        ],
    )


def _table(dangers: Mapping[tuple[str, str], Danger]) -> str:
    calls: dict[Danger, list[str]] = {}
    for (service, name), danger in dangers.items():
        calls.setdefault(danger, []).append(f"{service}:{name}")
    return text.table(_COLUMNS, [_row(*each) for each in calls.items()])


def _row(danger: Danger, calls: Iterable[str]) -> tuple[str, ...]:
    path = danger.technique.replace(".", "/")
    technique = f"[{danger.technique}](https://attack.mitre.org/techniques/{path}/)"
    shown = ", ".join(f"`{call}`" for call in calls)
    source = f"[{danger.source.split('/')[2]}]({danger.source})"
    return danger.level, danger.why, shown, technique, source
