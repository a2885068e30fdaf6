# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/faults.md: every row of the one-fault bench, with its verdict today."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from docs.build import policies, text

# The bench is data of the tests, which import it by the same names.
sys.path[:0] = [str(policies.ROOT / "tests")]

from bench.alarms import ALARM_FAULTS  # noqa: E402
from bench.filters import FILTER_FAULTS, METRIC_FAULTS  # noqa: E402
from bench.mutations import MUTATIONS, PEERS  # noqa: E402
from bench.topics import SUBSCRIPTION_FAULTS, TOPIC_FAULTS  # noqa: E402
from bench.trails import LOG_GROUP_FAULTS, TRAIL_FAULTS  # noqa: E402
from bench.working import INTACT  # noqa: E402
from chains import changed, good_snapshot, verdicts  # noqa: E402

FAULTS: Mapping[str, Mapping[str, tuple[dict, str]]] = {
    "Trail": TRAIL_FAULTS,
    "Log group": LOG_GROUP_FAULTS,
    "Metric filter": FILTER_FAULTS,
    "Metric": METRIC_FAULTS,
    "Alarm": ALARM_FAULTS,
    "Topic": TOPIC_FAULTS,
    "Subscription": SUBSCRIPTION_FAULTS,
}
_INTRODUCTION = """\
A working chain with one thing changed, and the verdict of c7n-mfa on each.
The tests run every row, and fail when its reason is missing or when there is any other.
The verdicts come from the code that generated this page; [reasons](reasons.md) explains \
each code."""
_PEERS = """\
Variants of a chain on which other tools were run.
*Prowler* is 5.46, and *c7n* is c7n 0.9.53 with the community rule ECC-AWS-077, both on an \
emulator; "not run" means that it was not tried.
The last two columns are what c7n-mfa says; the tests compare every row, for its own pattern and \
for the CIS text.
A filter that matches too much is broken here and passes there, and a topic in another account is \
unknown here, because it cannot be read."""
_PEER_HEAD = ("Variant", "Prowler", "c7n", "c7n-mfa", "Reason")


def page() -> str:
    return text.page("Faults", [_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    yield "## Beside other tools"
    yield _PEERS
    yield text.table(_PEER_HEAD, [_peer_row(name) for name in MUTATIONS])
    yield "## What works"
    yield "Chains that differ from the good one and are intact all the same."
    yield "\n".join(f"- {name}" for name in INTACT)
    for link, rows in FAULTS.items():
        yield f"## {link}"
        yield text.table(("Change", "Verdict", "Reason"), [_row(*row) for row in rows.items()])


def _row(name: str, row: tuple[dict, str]) -> tuple[str, ...]:
    verdict, faults = verdicts(changed(good_snapshot(), **row[0]))
    return name, verdict, text.listing(reason for _, reason in faults)


def _peer_row(name: str) -> tuple[str, ...]:
    number, _, variant = name.partition(" ")
    verdict, faults = verdicts(changed(good_snapshot(), **MUTATIONS[name][0]))
    reasons = text.listing(reason for _, reason in faults) if faults else "-"
    return variant, *PEERS[number], verdict, reasons
