# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Mutated patterns on mutated events, for as long as one likes.

    python benchmarks/fuzz_pattern.py [MINUTES]

A pattern parses or is a PatternSyntaxError, its text reads back to an equal pattern, a match is
True, False or None, and a proof answers: nothing else may happen, and nothing may take a second.
Ends with 1 and the input at the first thing that does.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse  # noqa: E402
from c7n_mfa.proof import assess  # noqa: E402
from c7n_mfa.proof.families import FAMILIES  # noqa: E402
from c7n_mfa.proof.requirements import REQUIREMENTS  # noqa: E402
from docs.build import patterns  # noqa: E402

_MOST_SECONDS = 1.0
_PROOF_EVERY = 20
_PIECES = [
    *"{}[]()$.*=!<>&|%?-\"'\\, \n\t\x00é\u2028",
    "&&",
    "||",
    "!=",
    "$.",
    "[*]",
    ".*",
    "NOT EXISTS",
    "IS NULL",
    "IS TRUE",
    "...",
    "%a+b*[^c]{2,3}|d$%",
    "1e308",
    "-0.0",
    "999999999999999999999",
    '"*"',
    "['a.b']",
]
_SCALARS: list[Any] = [
    None,
    True,
    False,
    0,
    -1.5,
    1e300,
    2**70,
    "",
    "Yes",
    "*",
    "ConsoleLogin",
    "é",
]


def seeds() -> list[str]:
    """Patterns of the compliance suite and of the page of public patterns."""
    found = [each.pattern for each in patterns.read(patterns.PAGE.read_text(encoding="utf-8"))]
    for path in sorted((ROOT / "tests" / "compliance").glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            found += [case["pattern"] for case in group["cases"]]
    return found


def mutated(rng: random.Random, text: str, other: str) -> str:
    for _ in range(rng.randint(0, 4)):
        at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        middle = rng.choice(["", rng.choice(_PIECES), other[at:to], text[at:to] * 2])
        text = text[:at] + middle + text[rng.choice([at, to]) :]
    return text


def some_json(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if depth > 4 or kind < 0.5:
        return rng.choice(_SCALARS)
    if kind < 0.6:
        return [some_json(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    names = ["eventName", "userIdentity", "additionalEventData", "type", "MFAUsed", "a", "a.b", ""]
    return {rng.choice(names): some_json(rng, depth + 1) for _ in range(rng.randint(0, 5))}


class Fuzz:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seeds = seeds()
        self.seen: Counter[str] = Counter()
        self.slowest = 0.0

    def once(self) -> None:
        text = mutated(self.rng, self.rng.choice(self.seeds), self.rng.choice(self.seeds))
        pattern = self.timed(lambda: self.parsed(text), text)
        self.seen["parsed" if pattern else "refused"] += 1
        if pattern is None:
            return
        again = parse(str(pattern))
        assert again == pattern, f"{text!r} reads back as {again!r}"
        for event in self.events():
            answer = self.timed(lambda e=event: pattern.match(e), text)
            assert answer in (True, False, None), f"{text!r} answers {answer!r} on {event!r}"
        if self.seen["parsed"] % _PROOF_EVERY == 0:
            requirement = self.rng.choice(list(REQUIREMENTS.values()))
            self.timed(lambda: assess((pattern,), requirement), text)
            self.seen["proven"] += 1

    def parsed(self, text: str) -> Pattern | None:
        try:
            return parse(text)
        except PatternSyntaxError as refused:
            error = refused
        assert error.source == text
        assert str(error)
        return None

    def events(self) -> list[Any]:
        event = some_json(self.rng)
        witness = dict(self.rng.choice(FAMILIES).witness)
        raw = json.dumps(event)
        cut = raw[: self.rng.randint(0, len(raw))]
        return [witness, {**witness, "userIdentity": event}, {"a": event}, raw, cut, cut.encode()]

    def timed(self, work: Callable[[], Any], text: str) -> Any:
        start = time.perf_counter()
        result = work()
        taken = time.perf_counter() - start
        self.slowest = max(self.slowest, taken)
        assert taken < _MOST_SECONDS, f"{text!r} took {taken:.1f} s"
        return result


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    seed = int(time.time())
    fuzz = Fuzz(seed)
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        fuzz.once()
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(fuzz.seen.items()))
    print(f"seed {seed}, {minutes:g} minutes: {counts}; slowest {fuzz.slowest * 1000:.0f} ms")


if __name__ == "__main__":
    main()
