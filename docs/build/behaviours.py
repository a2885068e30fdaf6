# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/undocumented.md: what AWS does not say about filter patterns, by name."""

from __future__ import annotations

from c7n_mfa.pattern import BEHAVIOURS, Behaviour
from docs.build import text

_INTRODUCTION = """\
The documentation of the filter-pattern language leaves questions open.
Each has a name here, which an *unknown* verdict lists in `depends_on`.

If nothing settles a question, the behaviour is *open*: a pattern whose answer depends on it is \
unknown, never a guess.
If the evidence points one way, that way is *assumed*.
`c7n-mfa pattern --live` asks AWS, and says when the answer settles one of them."""


def page() -> str:
    return text.page(
        "Undocumented behaviour",
        [_INTRODUCTION, "## Open", _rows("open"), "## Assumed", _rows("assumed")],
    )


def _rows(status: str) -> str:
    behaviours = [behaviour for behaviour in _all() if behaviour.status == status]
    rows = [(f"`{b.name}`", b.sentence, b.evidence) for b in behaviours]
    return text.table(
        ("Name", "The question" if status == "open" else "Taken as", "Evidence"), rows
    )


def _all() -> list[Behaviour]:
    return sorted(BEHAVIOURS, key=lambda behaviour: behaviour.name)
