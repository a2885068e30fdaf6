# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a second look finds that has not been told before.  Pure.

What has been told travels in the event of the next look: as digests, since who is meant by them
stands in the event itself, and nothing more of it is needed to know it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import LEVELS, Dossier, Facts, Level
from c7n_mfa.investigation.page import (
    counted,
    dangerous_call,
    finding_line,
    quoted,
    worst_first,
)
from c7n_mfa.signin.parts import at

_DIGEST = 12
# Scheduler and Lambda take 256 KB: what does not fit is told twice, and every look takes place.
_MOST_THINGS = 8000
_LONGEST_SUMMARY = 45
_MOST_OF_A_KIND = 12


@frozen
class Told:
    """What has been told of a sign-in: how bad, how many attempts failed, and which things.

    ``unseen`` is what was told not to have been seen, or not wholly.
    """

    severity: Level = "low"
    failed: int = 0
    things: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dossier: Dossier) -> Told:
        things = frozenset(thing.digest for thing in _things(dossier.facts))
        failed, unseen = dossier.facts.related.failed or 0, frozenset(dossier.unseen)
        return cls(dossier.severity, failed, things, unseen)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Told:
        """As it came in an event; what makes no sense of it has not been told."""
        severity, failed = at(data, "severity"), at(data, "failed")
        return cls(
            severity if severity in LEVELS else "low",
            failed if isinstance(failed, int) else 0,
            _texts(at(data, "things")),
            _texts(at(data, "unseen")),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "failed": self.failed,
            "things": sorted(self.things)[:_MOST_THINGS],
            "unseen": sorted(self.unseen),
        }

    def __or__(self, other: Told) -> Told:
        return Told(
            max(self.severity, other.severity, key=LEVELS.index),
            max(self.failed, other.failed),
            self.things | other.things,
            self.unseen | other.unseen,
        )


def _texts(value: object) -> frozenset[str]:
    items = value if isinstance(value, list) else ()
    return frozenset(item for item in items if isinstance(item, str))


@frozen
class News:
    """What is new: in the few words that a subject has room for, and a line for each."""

    summary: str
    lines: tuple[str, ...]


@frozen
class _Thing:
    """Something that is told once: of which kind, what it is, and its line."""

    kind: str
    key: tuple[str, ...]
    line: str

    @property
    def digest(self) -> str:
        text = json.dumps([self.kind, *self.key])
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGEST]


def news_since(told: Told, dossier: Dossier) -> News | None:
    """What the dossier has that was not told; None for nothing."""
    new = [thing for thing in _things(dossier.facts) if thing.digest not in told.things]
    parts, lines = _counted(new), list(_lines(new))
    total = dossier.facts.related.failed or 0
    if total > told.failed:
        parts.append(counted(total - told.failed, "more failed attempt"))
        lines.append(f"{parts[-1]} before the sign-in, {total} in all")
    if LEVELS.index(dossier.severity) > LEVELS.index(told.severity):
        # The subject names it at its beginning.
        parts = parts or ["more severe"]
        lines.append(f"the severity was {told.severity}, and is {dossier.severity}")
    unseen = [each for each in dossier.unseen if each not in told.unseen]
    if unseen:
        parts.append("less was seen")
        lines.append(f"not seen this time, or not wholly: {', '.join(unseen)}")
    return News(_summary(parts), tuple(lines)) if parts else None


def _summary(parts: Sequence[str]) -> str:
    """As many of them as fit, the first always.

    >>> _summary(["12 new dangerous calls", "1 new user", "3 new access keys", "2 new roles"])
    '12 new dangerous calls, 1 new user and more'
    """
    shown = parts[0]
    for part in parts[1:]:
        if len(f"{shown}, {part} and more") > _LONGEST_SUMMARY:
            return f"{shown} and more"
        shown = f"{shown}, {part}"
    return shown


def _things(facts: Facts) -> Iterator[_Thing]:
    for call in worst_first(facts.dangerous):
        said = (str(call.at), call.service, call.name, call.region, call.actor, call.target)
        key = (*(part or "" for part in said), str(call.done))
        yield _Thing("dangerous call", key, dangerous_call(call))
    for finding in facts.related.findings or ():
        yield _Thing("finding", (finding.source, finding.id), f"finding: {finding_line(finding)}")
    credentials, reach = facts.credentials, facts.reach
    keys = [key.id for key in (credentials.keys if credentials else None) or ()]
    devices = [device.serial for device in (credentials.mfa if credentials else None) or ()]
    yield from _named("access key", [*keys, *((reach.keys if reach else None) or ())])
    yield from _named("MFA device", devices)
    for kind, field in _REACHED.items():
        yield from _named(kind, getattr(reach, field, None) or ())


_REACHED = {"role": "roles", "token": "tokens", "user": "users", "account": "accounts"}


def _named(kind: str, names: Iterable[str]) -> Iterator[_Thing]:
    for name in dict.fromkeys(names):
        yield _Thing(kind, (name,), f"new {kind} {quoted(name)}")


def _lines(new: Sequence[_Thing]) -> Iterator[str]:
    """A line for each, the first of each kind: a thousand calls must not push the rest out."""
    for kind in dict.fromkeys(thing.kind for thing in new):
        lines = [thing.line for thing in new if thing.kind == kind]
        yield from lines[:_MOST_OF_A_KIND]
        if len(lines) > _MOST_OF_A_KIND:
            yield f"{counted(len(lines) - _MOST_OF_A_KIND, f'more new {kind}')}, in the dossier"


def _counted(new: Iterable[_Thing]) -> list[str]:
    counts: dict[str, int] = {}
    for thing in new:
        counts[thing.kind] = counts.get(thing.kind, 0) + 1
    return [counted(count, f"new {kind}") for kind, count in counts.items()]
