# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/README.md: what there is to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.build import policies, text

_DOCS = Path(__file__).resolve().parent.parent
_PAGES = {
    "Overview": (
        ("why.md", "the problem, and how c7n-mfa decides"),
        ("coverage.md", "what two public pages ask for, sentence by sentence, and where it is"),
        ("vocabulary.md", "the words that AWS and Cloud Custodian do not define"),
    ),
    "Audit": (
        ("faults.md", "one fault at a time in a working chain, beside Prowler and plain c7n"),
        ("reasons.md", "every reason code, with its fix"),
        ("requirements.md", "which sign-ins the metric filters have to catch"),
        ("patterns.md", "metric-filter patterns from public code, and what each catches"),
        ("undocumented.md", "what AWS does not say about filter patterns"),
    ),
    "Respond": (
        ("alerts.md", "the JSON that queues and web hooks get, Security Hub, and c7n-mailer"),
        ("messages.md", "what a person reads about each kind of sign-in"),
        ("signins.md", "how a sign-in's record is read, and which other detectors fire on it"),
        ("investigation.md", "what is looked up about a sign-in, and within which limits"),
        ("dangers.md", "which calls are dangerous after a sign-in, and who says so"),
        ("containment.md", "what is done to a user, and how it is undone"),
    ),
    "Operate": (
        ("commands.md", "the commands, their exit codes and their JSON"),
        ("permissions.md", "IAM policies for every policy and Lambda function"),
        ("reference.md", "all options of the filters and actions"),
        ("terraform.md", "the chain as Terraform resources, and audits beside Terraform"),
        ("remove.md", "how to remove everything that c7n-mfa has created"),
    ),
}
_HEAD = ("Policy", "What it finds", "Severity", "Category", "Changes")


def page() -> str:
    return text.page(
        "Documentation",
        [
            *_sections(),
            "## Policies",
            text.table(_HEAD, [_row(policies.policy(path)) for path in policies.files()]),
            "## Decisions",
            "\n".join(_decisions()),
        ],
    )


def _sections() -> Iterator[str]:
    for title, pages in _PAGES.items():
        yield f"## {title}"
        yield "\n".join(f"- [{name.removesuffix('.md')}]({name}): {what}" for name, what in pages)


def _row(policy: Any) -> tuple[str, ...]:
    about = policy.data["metadata"]
    changes = about["changes"]
    link = f"[{policy.name}](rules/{policy.name}.md)"
    finding = " ".join(policy.description.split())
    what = changes if isinstance(changes, str) else text.listing(changes)
    return link, finding, about["severity"], about["category"], what


def _decisions() -> Iterator[str]:
    for path in sorted((_DOCS / "adr").glob("*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        yield f"- [{title}](adr/{path.name})"
