# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""CloudTrail records as LookupEvents returns them, and whose they are.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.times import parse_time
from c7n_mfa.investigation.dossier import Kind
from c7n_mfa.signin.record import HIDDEN, SignIn, at, text

Actor = Literal["own", "session", "other"]

_IAM_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
# CloudTrail is of 2013; a record that claims to be older does not know what time it is.
_OLDEST = datetime(2013, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Who:
    """Whom to ask AWS about.

    `user` and `role` are names that IAM knows.  `lookup` is what LookupEvents takes for Username:
    the user's name, ``root``, or the name of the session of a role.
    """

    kind: Kind
    arn: str | None = None
    account: str | None = None
    user: str | None = None
    role: str | None = None
    lookup: str | None = None

    @property
    def partition(self) -> str:
        return Arn.parse(self.arn or "").partition or "aws"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `raw` is the whole of it, for what only some records have."""

    id: str
    at: datetime
    service: str
    name: str
    region: str | None
    address: str | None
    agent: str | None
    error: str | None
    raw: Mapping[str, Any]
    resources: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The ARN of who made the call, or what comes nearest to one."""
        identity = "userIdentity"
        return (
            text(at(self.raw, identity, "arn")) or text(at(self.raw, identity, "type")) or "unknown"
        )

    @property
    def in_console(self) -> bool:
        """Was it made with a console session, by a person?"""
        from_console = at(self.raw, "sessionCredentialFromConsole")
        return self.name == "ConsoleLogin" or str(from_console).lower() == "true"


def who_signed_in(record: Mapping[str, Any], sign_in: SignIn) -> Who:
    """The identity behind a sign-in, as far as AWS can be asked about it."""
    account, arn = sign_in.identity.account, sign_in.identity.arn
    issuer = at(record, "userIdentity", "sessionContext", "sessionIssuer")
    match (sign_in.identity.type or "").lower():
        case "root":
            return Who("root", arn, account, lookup="root")
        case "iamuser":
            name = _iam_name(sign_in.identity.user_name)
            if name:
                return Who("user", arn, account, user=name, lookup=name)
        case "assumedrole":
            _, role, session = [*(arn or "").split("/", 2), "", ""][:3]
            role_name = _iam_name(text(at(issuer, "userName")) or role)
            if role_name:
                known = text(at(issuer, "arn")) or arn
                return Who("role", known, account, role=role_name, lookup=session or None)
        case "federateduser":
            parent = at(issuer, "userName") if at(issuer, "type") == "IAMUser" else None
            session = (arn or "").partition("/")[2]
            return Who(
                "federated",
                text(at(issuer, "arn")) if parent else arn,
                account,
                user=_iam_name(text(parent)),
                lookup=session or None,
            )
    return Who("unknown", arn, account)


def parse(event: Any) -> Record | None:
    """The record of one event of LookupEvents; None when it makes no sense."""
    try:
        raw = json.loads(event.get("CloudTrailEvent"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    when, name = record_time(at(raw, "eventTime")), text(at(raw, "eventName"))
    if when is None or name is None:
        return None
    return Record(
        id=text(at(raw, "eventID")) or text(at(event, "EventId")) or "",
        at=when,
        service=(text(at(raw, "eventSource")) or "unknown").partition(".")[0],
        name=name,
        region=text(at(raw, "awsRegion")),
        address=text(at(raw, "sourceIPAddress")),
        agent=text(at(raw, "userAgent")),
        error=text(at(raw, "errorCode")) or text(at(raw, "errorMessage")),
        raw=raw,
        resources=_resources(at(event, "Resources")),
    )


def actor_of(record: Record, who: Who) -> Actor:
    """Whether a record that the lookup found is the identity's own.

    LookupEvents compares names, and a name is no identity: the session of a role may be named as a
    user is.  It often is the user then, since the console names the sessions of switched roles so.
    """
    kind = (text(at(record.raw, "userIdentity", "type")) or "").lower()
    if who.kind == "root":
        return "own" if kind == "root" else "other"
    if kind == "iamuser":
        name = text(at(record.raw, "userIdentity", "userName"))
        return "own" if who.kind == "user" and name == who.user else "other"
    if kind == "assumedrole":
        _, role, session = [*record.actor.split("/", 2), "", ""][:3]
        if who.kind == "role" and (role, session) == (who.role, who.lookup):
            return "own"
        return "session" if session == who.lookup else "other"
    if kind == "federateduser":
        mine = record.actor.partition("/")[2] == who.lookup
        return ("own" if who.kind == "federated" else "session") if mine else "other"
    return "other"


def record_time(text: object) -> datetime | None:
    """The time that CloudTrail writes; None for anything else, and for one before CloudTrail."""
    time = parse_time(text)
    return time if time and time >= _OLDEST else None


def _iam_name(name: str | None) -> str | None:
    if name is None or name == HIDDEN or not _IAM_NAME.fullmatch(name):
        return None
    return name


def _resources(listed: object) -> tuple[str, ...]:
    items = listed if isinstance(listed, list) else ()
    pairs = ((text(at(item, "ResourceType")), text(at(item, "ResourceName"))) for item in items)
    return tuple(f"{kind or 'resource'} {name}" for kind, name in pairs if name)
