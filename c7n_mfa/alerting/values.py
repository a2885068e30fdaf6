# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What an alert is made of, and what it is: the values of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from c7n_mfa.aws.times import format_time
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Level
from c7n_mfa.signin.record import SignIn


@frozen
class Sender:
    """Whose message it is, and whether the policy contains.

    ``undescribed`` says why custodian could not describe the resource, ``unrecorded`` why the
    ledger does not work.
    """

    policy: str
    region: str
    contains: bool = False
    undescribed: str | None = None
    unrecorded: str | None = None


@frozen
class Conversation:
    """Sign-ins of one identity that follow each other: the number of this one, and since when.

    ``told`` is the worst severity that was told before; None for the first.
    """

    count: int = 1
    since: datetime | None = None
    told: Level | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"count": self.count, "since": format_time(self.since) if self.since else None}


@frozen
class Report:
    """What is known of a sign-in that is reported."""

    sign_in: SignIn
    dossier: Mapping[str, Any] | None
    receipts: Sequence[Mapping[str, Any]]
    sender: Sender
    now: datetime
    account_name: str | None = None
    conversation: Conversation = Conversation()


@frozen
class Alert:
    """One message: what SNS takes, and what subscriptions can be filtered by.

    ``severity`` is `high` where nothing was investigated, so that no filter drops it; the text
    claims none then.  ``payload`` is the same for machines.
    """

    severity: Level
    subject: str
    message: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
