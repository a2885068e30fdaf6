# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/README.md: what there is to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.build import policies, text

_DOCS = Path(__file__).resolve().parent.parent
_PAGES = (
    ("why.md", "the problem, and how this decides"),
    ("vocabulary.md", "the words, with one meaning each"),
    ("requirements.md", "what has to be caught, and the kinds of sign-in"),
    ("signins.md", "what a sign-in's record says, and which other detectors fire on it"),
    ("patterns.md", "patterns from public code, and what each catches"),
    ("undocumented.md", "what AWS does not say about filter patterns"),
    ("investigation.md", "what is asked about a sign-in, and within which limits"),
    ("containment.md", "what is done to a user, and how it is undone"),
    ("reasons.md", "every reason a link can be broken or unknown for, and its fix"),
    ("faults.md", "what is said of a good chain with one thing changed, beside other tools"),
    ("reference.md", "our filters and actions, with all their options"),
    ("permissions.md", "the IAM policies for audit, repair and the Lambda function"),
)
_HEAD = ("Policy", "What it finds", "Severity", "Category", "Changes")


def page() -> str:
    return text.page(
        "Documentation",
        [
            "\n".join(f"- [{name.removesuffix('.md')}]({name}): {what}" for name, what in _PAGES),
            "## Policies",
            text.table(_HEAD, [_row(policies.policy(path)) for path in policies.files()]),
            "## Decisions",
            "\n".join(_decisions()),
        ],
    )


def _row(policy: Any) -> tuple[str, ...]:
    about = policy.data["metadata"]
    changes = about["changes"]
    link = f"[{policy.name}](rules/{policy.name}.md)"
    found = " ".join(policy.description.split())
    what = changes if isinstance(changes, str) else text.listing(changes)
    return link, found, about["severity"], about["category"], what


def _decisions() -> Iterator[str]:
    for path in sorted((_DOCS / "adr").glob("*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        yield f"- [{title}](adr/{path.name})"
