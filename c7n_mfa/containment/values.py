# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who is contained, on what occasion, what is decided, and the receipt of what became of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from c7n_mfa.aws.change import Result, Step, tags_in
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.frozen import frozen
from c7n_mfa.signin.criteria import identity
from c7n_mfa.signin.events import lacking
from c7n_mfa.signin.record import SignIn

REQUIRE_MFA = "c7n-mfa-require-mfa"
REVOKE_SESSIONS = "c7n-mfa-revoke-sessions"
POLICIES = (REQUIRE_MFA, REVOKE_SESSIONS)
"""The inline policies of containment, by their names."""

CONTAINED = "c7n-mfa-contained"
EVENT = "c7n-mfa-event"
PASSWORD_RESET = "c7n-mfa-password-reset"
NEW_KEYS = "c7n-mfa-new-keys"
TAGS = (CONTAINED, EVENT, PASSWORD_RESET, NEW_KEYS)
"""The tags of containment: since when, because of what, when the password was reset, and the access
keys made since that were deactivated.
"""
RELEASED = "c7n-mfa-released"
"""The tag that stays after a release and says when that was; it makes nobody contained."""

Document = dict[str, Any]

_NOT_IN_A_TAG = re.compile(r"[^\w .:/=+@-]", re.ASCII)
_TAG_LENGTH = 256
_ID_LENGTH = 200
_FRESH = timedelta(minutes=15)


@frozen
class User:
    """An IAM user as custodian found it.

    Not ``described``: custodian could not, and its tags are not known.  ``acted`` holds the times
    at which this run has acted on the user before.  ``id`` stays the same when the user is renamed,
    and no other user ever gets it.  ``begun``: this run has done something to the user.
    """

    name: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)
    described: bool = True
    acted: frozenset[str] = frozenset()
    id: str | None = None
    begun: bool = False

    @classmethod
    def from_resource(
        cls, resource: Mapping[str, Any], receipts: Collection[Mapping[str, Any]] = ()
    ) -> User:
        name, arn = resource["UserName"], resource.get("Arn")
        acted = frozenset(receipt["at"] for receipt in receipts)
        tags = tags_in(resource.get("Tags"))
        begun = any(receipt["result"] == "done" for receipt in receipts)
        return cls(name, arn or name, tags, bool(arn), acted, resource.get("UserId"), begun)


@frozen
class Occasion:
    """What a user is contained for: a sign-in, or a run of a policy without an event.

    ``event_time`` is never later than ``now``, whatever the event says.  ``lacks`` is what an event
    does not say, of what nobody is contained without.  ``user_name`` and ``user_id`` are those of
    the IAM user who signed in.
    """

    now: datetime
    policy: str
    event_id: str | None = None
    event_time: datetime | None = None
    lacks: str | None = None
    user_name: str | None = None
    user_id: str | None = None

    @classmethod
    def of(cls, event: object, now: datetime, policy: str) -> Occasion:
        """The occasion of a custodian event; without one, None, a person has chosen the users."""
        detail = event.get("detail") if isinstance(event, dict) else None
        detail = detail if isinstance(detail, dict) else {}
        time = parse_time(detail.get("eventTime"))
        event_id = detail.get("eventID")
        sign_in = SignIn.from_record(detail)
        who = sign_in.identity if sign_in and identity(sign_in) == "iam-user" else None
        return cls(
            now=now,
            policy=policy,
            event_id=event_id if isinstance(event_id, str) and event_id.strip() else None,
            event_time=min(time, now) if time else None,
            lacks=None if event is None else lacking(event if isinstance(event, dict) else {}),
            user_name=who.user_name if who else None,
            user_id=who.principal_id if who else None,
        )

    @property
    def at(self) -> str:
        return format_time(self.now)

    @property
    def reason(self) -> str:
        """The value of the tag that says why: the event's id and time, or the policy's name."""
        if not self.event_id:
            return tag_value(f"policy:{self.policy}")
        time = f" {format_time(self.event_time)}" if self.event_time else ""
        return tag_value(self.event_id[:_ID_LENGTH] + time)

    @property
    def is_fresh(self) -> bool:
        """Nobody can have been given a new password since."""
        return self.event_time is None or self.now - self.event_time <= _FRESH


@frozen
class Decision:
    """What to do to a user: nothing without a ``call``, and then ``result`` says why not.

    Only the call that resets a password holds a secret.

    ``fallback`` is done where the call does not fit into the user's inline policies.
    ``tags`` are what the user carries afterwards, ``memory`` those that are set before the call:
    what must not be done twice is remembered first.
    """

    result: Result
    why: str
    call: Call | None = None
    undo: tuple[Call, ...] = ()
    fallback: Decision | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, str] = field(default_factory=dict)


@frozen
class Receipt(Step):
    """What became of one action on one user, and when.

    ``by_hand`` are the calls that were left for a person to make.
    """

    at: str = ""
    by_hand: tuple[Call, ...] = ()

    KEYS: ClassVar[tuple[str, ...]] = (
        "action", "result", "resource", "why", "error", "undo", "by_hand", "at",
    )  # fmt: skip

    @property
    def action(self) -> str:
        return self.step


def tag_value(text: str) -> str:
    """The text with nothing in it that IAM refuses in the value of a tag.

    >>> tag_value("policy:a_b[c]")
    'policy:a_b-c-'
    """
    return _NOT_IN_A_TAG.sub("-", text)[:_TAG_LENGTH]
