# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The messages that pages show are those that are sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from c7n_mfa.alerting.message import Alert, Sender, alert
from c7n_mfa.containment import decide
from c7n_mfa.containment.documents import Form
from c7n_mfa.containment.values import Occasion, Receipt
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, record

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 15, 8, 31, tzinfo=UTC)
DOSSIER = {
    "severity": "high",
    "summary": [
        "2026-01-15 08:30 UTC, account 123456789012, Region us-east-1, from `192.0.2.10`.",
        "Related alerts, 48 h: no findings; 0 failed attempts before.",
        "Earlier sign-ins without MFA: 0 of 12 sign-ins since 2025-12-16.",
    ],
    "reasons": [
        {
            "code": "administrator",
            "level": "high",
            "sentence": "an administrator: its policy everything allows every action on every "
            "resource",
        }
    ],
    "advice": [],
    "not_searched": [],
}
OCCASION = Occasion(
    now=datetime(2026, 1, 15, 8, 30, 40, tzinfo=UTC),
    policy="signin-single-factor-contain",
    event_time=datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
)
CONTAINED = {
    "revoke-sessions": decide.revoke_sessions("alice", None, {}, OCCASION),
    "require-mfa": decide.require_mfa("alice", None, Form(), {}, OCCASION),
}


def receipt(action: str) -> dict:
    decision = CONTAINED[action]
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    done = Receipt(action, "done", arn, decision.why, undo=decision.undo, at=OCCASION.at)
    return done.to_dict()


def sent(contains: bool) -> list[str]:
    """The subject and the lines of the message about one sign-in."""
    name = "signin-single-factor" + ("-contain" if contains else "")
    receipts = [receipt(action) for action in CONTAINED] if contains else []
    sign_in = SignIn.from_record(record("iam-user"))
    message: Alert = alert(
        sign_in, DOSSIER, receipts, Sender(name, "us-east-1", contains=contains), NOW
    )
    return [f"Subject: {message.subject}", *message.message.splitlines()]


def shown(page: str) -> list[str]:
    """The lines of the message on a page, but for where it is cut."""
    (text,) = re.findall(r"```text\n(Subject: .*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [line for line in text.splitlines() if line not in ("", "…")]


@pytest.mark.parametrize(
    ("page", "contains"),
    [
        ("README.md", False),
        ("docs/rules/signin-single-factor.md", False),
        ("docs/rules/signin-single-factor-contain.md", True),
    ],
)
def test_the_lines_of_a_shown_message_are_sent_in_this_order(page, contains):
    lines, listed = sent(contains), shown(page)

    assert [line for line in lines if line in listed] == listed
