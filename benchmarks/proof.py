# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How long a proof takes, against parsing the same pattern.

    python benchmarks/proof.py

Prints the median and the longest proof over the patterns of docs/patterns.md under every
requirement, and patterns made to be hard.  Caches are cleared before every proof.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from c7n_mfa import proof  # noqa: E402
from c7n_mfa.pattern import Pattern, parse  # noqa: E402
from c7n_mfa.proof import assess, classes  # noqa: E402
from c7n_mfa.proof.requirements import REQUIREMENTS  # noqa: E402
from docs.build import patterns  # noqa: E402

_FREE = (
    "$.userIdentity.userName",
    "$.userAgent",
    "$.sourceIPAddress",
    "$.userIdentity.principalId",
    "$.eventTime",
    "$.awsRegion",
    "$.eventID",
    "$.userIdentity.arn",
)


def hard() -> dict[str, str]:
    """As many conditions as fit into 1,024 characters, in ways that multiply classes."""
    pairs = [f'({field} != "*{letter}*")' for letter in "abcdefgh" for field in _FREE]
    either = [f"({a} || {b})" for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    always = [f'({f} = "*{n}*" || {f} != "*{n}*")' for n in "abcdefgh" for f in _FREE[:5]]
    wide = [f'({f} = "*{n}*" || {f} != "*{n}*")' for f in _FREE[:2] for n in "abcdefghijkl"]
    has, lacks = '($.userAgent = "*{}*")'.format, '($.userAgent != "*{}*")'.format
    letters = "bcdefghijklm"
    steps = [f"({has(a)} && {lacks(b)})" for a, b in itertools.pairwise(letters)]
    circle = " || ".join([lacks("b"), *steps, f"({has('b')} && {has('m')})"])
    return {
        "a circle of letters": f"{{ $.eventName = ConsoleLogin && ({circle}) }}",
        "always true, every field": _within(always),
        "always true, two fields": _within(wide),
        "every field, every letter": _within(pairs),
        "pairs of alternatives": _within(either),
        "regexes": "{ ($.userAgent = %a+b*[c-z]+%) && ($.userIdentity.userName != %x{2,9}y%) }",
        "twenty selectors": _within([f'($.x{n}.y = "{n}")' for n in range(20)]),
    }


def _within(conditions: list[str]) -> str:
    text = "{ " + " && ".join(conditions) + " }"
    while len(text) > 1024:
        conditions = conditions[:-1]
        text = "{ " + " && ".join(conditions) + " }"
    return text


def milliseconds(work: Callable[[], object]) -> float:
    proof._assess.cache_clear()
    for name in ("_of_each_cell", "_whole", "_glob_languages", "_exactly"):
        getattr(classes, name).cache_clear()
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    found = patterns.read(patterns.PAGE.read_text(encoding="utf-8"))
    parsed = [pattern for each in found if isinstance(pattern := each.parsed(), Pattern)]
    parsing = [milliseconds(lambda p=p: parse(p.text)) for p in parsed]
    for name, requirement in REQUIREMENTS.items():
        taken = [milliseconds(lambda p=p, r=requirement: assess((p,), r)) for p in parsed]
        print(
            f"{name:14} {len(taken)} patterns: median {statistics.median(taken):.1f} ms, "
            f"longest {max(taken):.1f} ms, "
            f"{statistics.median(taken) / statistics.median(parsing):.0f} x its parsing"
        )
    for name, text in hard().items():
        pattern = parse(text)
        taken_ms = milliseconds(lambda p=pattern: assess((p,), REQUIREMENTS["single-factor"]))
        answer = assess((pattern,), REQUIREMENTS["single-factor"])
        hangs = ", ".join(each.name for each in answer.depends_on)
        print(f"hard: {name} ({len(text)} characters): {taken_ms:.0f} ms, {answer.verdict} {hangs}")


if __name__ == "__main__":
    main()
