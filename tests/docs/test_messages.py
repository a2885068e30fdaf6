# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The messages that pages show are those that are sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.build.messages import messages

ROOT = Path(__file__).parents[2]


def sent(title: str) -> list[str]:
    """The subject and the lines of the message about one sign-in."""
    message = messages()[title]
    return [f"Subject: {message.subject}", *message.message.splitlines()]


def shown(page: str) -> list[str]:
    """The lines of the message on a page, but for where it is cut."""
    (text,) = re.findall(r"```text\n(Subject: .*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [line for line in text.splitlines() if line not in ("", "…")]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("README.md", "An IAM user"),
        ("docs/rules/signin-single-factor.md", "An IAM user"),
        ("docs/rules/signin-single-factor-contain.md", "A contained user"),
    ],
)
def test_the_lines_of_a_shown_message_are_sent_in_this_order(page, title):
    lines, listed = sent(title), shown(page)

    assert [line for line in lines if line in listed] == listed
