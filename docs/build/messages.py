# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/messages.md: the message of each kind, as it is sent."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from c7n_mfa.alerting.message import alert
from c7n_mfa.alerting.values import Alert, Conversation, Sender
from c7n_mfa.aws.times import format_time
from c7n_mfa.containment import documents
from c7n_mfa.investigation.advice import advice_for, without_looking_again
from c7n_mfa.investigation.dangers import danger_of
from c7n_mfa.investigation.dossier import (
    AccessKey,
    Activity,
    Count,
    Credentials,
    DangerousCall,
    Dossier,
    EarlierSignIns,
    Facts,
    Gap,
    Origin,
    Owner,
    Privileges,
    Reach,
    Related,
    Seen,
)
from c7n_mfa.investigation.news import Told, news_since
from c7n_mfa.investigation.page import to_dict
from c7n_mfa.investigation.records import who_signed_in
from c7n_mfa.investigation.severity import reasons_for, severity_of, unseen
from c7n_mfa.signin.record import SignIn
from docs.build import text
from tests.signin.records import RECORDS

AT = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
NOW = AT + timedelta(minutes=1)
SECOND = AT + timedelta(minutes=15)
ACCOUNT = "123456789012"
ALERTS = Sender("signin-single-factor", "us-east-1")
CONTAINS = Sender("signin-single-factor-contain", "us-east-1", contains=True)
STANDING = (
    Gap("more than 30 days back", "beyond the option days; LookupEvents keeps 90 days"),
    Gap("data events, such as reading S3 objects", "LookupEvents does not have them"),
    Gap("the last minutes", "CloudTrail delivers calls 5 to 15 minutes late"),
)
_SECURITY = Owner((("security", "security@example.com"),))
_INTRODUCTION = """\
What a person reads, for each kind of sign-in.
What has to be read before anything is done stands above *What was found*, and is read in under a \
minute; the rest is there to be looked up.
What no investigation ever looks at is one line.
The names and texts of others are shown so that no mail client makes a link of them: `[.]` is the \
dot of a domain, and `[:]` a colon of an address.
Queues, functions and web hooks [get JSON](alerts.md)."""


def page() -> str:
    blocks = [_INTRODUCTION]
    for title, message in messages().items():
        shown = f"Subject: {message.subject}\n\n{message.message}"
        blocks += [f"## {title}", text.code(shown, "text")]
    return text.page("Messages", blocks)


def messages() -> Mapping[str, Alert]:
    """Each kind of message, by its title."""
    alice, root, broker = _record("iam-user"), _record("root"), _record("broker")
    contained = [_receipt(action) for action in ("revoke-sessions", "require-mfa")]
    failed = [_receipt("revoke-sessions"), _failed("require-mfa")]
    again = Conversation(3, AT - timedelta(minutes=22), told="high")
    return {
        "An IAM user": _alert(alice, _facts()),
        "The root user": _alert(root, _facts(owner=_SECURITY, privileges=None, credentials=None)),
        "A federation broker's session": _alert(broker, _facts(privileges=None, credentials=None)),
        "A contained user": _alert(alice, None, contained, CONTAINS),
        "A user who could not be contained": _alert(alice, None, failed[1:], CONTAINS),
        "One user too many": _alert(alice, None, [_left_to_a_person()], CONTAINS),
        "The third sign-in within an hour": _alert(alice, _facts(), conversation=again),
        "A second look": _second_look(alice),
    }


def _record(kind: str) -> dict[str, Any]:
    return copy.deepcopy(next(each.record for each in RECORDS if each.kind == kind))


def _alert(
    record: Mapping[str, Any],
    facts: Facts | None,
    receipts: Sequence[Mapping[str, Any]] = (),
    sender: Sender = ALERTS,
    conversation: Conversation = Conversation(),  # noqa: B008  frozen
) -> Alert:
    sign_in = SignIn.from_record(record)
    assert sign_in is not None
    dossier = None
    if facts:
        dossier = _published(_dossier(record, sign_in, facts, NOW), SECOND)
    return alert(sign_in, dossier, receipts, sender, NOW, "example-production", conversation)


def _second_look(record: Mapping[str, Any]) -> Alert:
    """What CloudTrail has delivered a quarter of an hour later."""
    sign_in = SignIn.from_record(record)
    assert sign_in is not None
    activity = replace(_facts().activity, dangerous=(_danger("CreateUser", "userName=backup"),))
    reach = replace(_facts().reach, users=("backup",))
    told = Told.of(_dossier(record, sign_in, _facts(), NOW))
    dossier = _dossier(record, sign_in, _facts(activity=activity, reach=reach), SECOND)
    news = news_since(told, dossier)
    assert news is not None
    look = {"number": 2, "news": {"summary": news.summary, "lines": list(news.lines)}}
    found = {**_published(dossier, AT + timedelta(hours=1)), "look": look}
    return alert(sign_in, found, (), ALERTS, SECOND, "example-production")


def _published(dossier: Dossier, looks_again: datetime) -> dict[str, Any]:
    advice = without_looking_again(dossier.advice)
    return {**to_dict(replace(dossier, advice=advice)), "looks_again": format_time(looks_again)}


def _danger(name: str, target: str) -> DangerousCall:
    danger = danger_of("iam", name)
    assert danger is not None
    return DangerousCall(
        at=AT + timedelta(minutes=3),
        service="iam",
        name=name,
        target=target,
        region="us-east-1",
        actor="alice",
        done=True,
        since=True,
        level=danger.level,
        why=danger.why,
        technique=danger.technique,
    )


def _dossier(
    record: Mapping[str, Any], sign_in: SignIn, facts: Facts, written: datetime
) -> Dossier:
    who = who_signed_in(record, sign_in)
    reasons = reasons_for(sign_in, who.kind, AT, facts)
    return Dossier(
        sign_in=sign_in,
        kind=who.kind,
        at=AT,
        written=written,
        severity=severity_of(reasons),
        reasons=reasons,
        unseen=unseen(who.kind, facts),
        facts=facts,
        gaps=STANDING,
        advice=advice_for(sign_in, who, AT, facts),
    )


def _facts(**changes: Any) -> Facts:
    """An administrator from a new network, of whom nothing else is known yet."""
    two_days, month = (Seen(AT - timedelta(days=days), True) for days in (2, 30))
    facts = Facts(
        related=Related(findings=(), failed=0, burst=False, seen=two_days),
        earlier=EarlierSignIns(12, 0, None, None, month),
        origin=Origin(
            compared_with=212,
            seen=month,
            new_address=True,
            network="192.0.2.0/24",
            new_network=True,
            usual=("198.51.100.0/24",),
            new_agent=False,
            hour=8,
            unusual_hour=False,
        ),
        activity=Activity((Count("s3", "ListBuckets", 3, 0),), (), (), two_days, True),
        owner=Owner((("owner", "team-a@example.com"),)),
        reach=Reach((), (), (), (), (), (), two_days),
        privileges=Privileges(True, "its policy AdministratorAccess allows everything"),
        credentials=Credentials(True, (), (AccessKey("AKIAIOSFODNN7EXAMPLE", True, AT),)),
    )
    return replace(facts, **changes)


def _receipt(action: str) -> dict[str, Any]:
    why, effect = _RECEIPTS[action]
    policy = {"UserName": "alice", "PolicyName": f"c7n-mfa-{action}"}
    undo = {"service": "iam", "operation": "delete_user_policy", "parameters": policy}
    return {
        "action": action,
        "result": "done",
        "resource": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "why": why,
        "error": None,
        "undo": [{**undo, "effect": effect}],
        "at": "2026-01-15T08:30:40Z",
    }


_RECEIPTS = {
    "revoke-sessions": (
        "c7n-mfa-revoke-sessions denies everything in sessions issued before "
        "2026-01-15T08:31:00Z, and in those of aws login",
        "sessions issued before 2026-01-15T08:31:00Z work again, and those of aws login",
    ),
    "require-mfa": (
        "c7n-mfa-require-mfa denies everything in console sessions without MFA",
        "console sessions without MFA work again",
    ),
}


def _left_to_a_person() -> dict[str, Any]:
    """The receipt where `max-contained` users have been contained within the hour."""
    document = documents.text_of(documents.require_mfa(documents.Form()))
    policy = {"PolicyName": "c7n-mfa-require-mfa", "PolicyDocument": document}
    call = {"service": "iam", "operation": "put_user_policy"}
    return {
        **_failed("require-mfa"),
        "why": "NOT contained: 5 users were contained within the last hour (bob, carol, dave, "
        "erin, frank), and max-contained is reached; look at all of them, and contain this one by "
        "hand, or raise max-contained",
        "error": None,
        "by_hand": [{**call, "parameters": {"UserName": "alice", **policy}}],
    }


def _failed(action: str) -> dict[str, Any]:
    return {
        **_receipt(action),
        "result": "failed",
        "why": "the user is not contained by this action",
        "error": f"access denied: grant iam:PutUserPolicy on arn:aws:iam::{ACCOUNT}:user/alice",
        "undo": [],
    }
