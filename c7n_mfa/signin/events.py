# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The events of sign-ins: what EventBridge delivers of them, and what a function refuses.

Only AWS may put an event on a bus whose source begins with `aws.`; everything else of an event is
free text for whoever may call `events:PutEvents`.  So every rule asks for the source.  Whoever may
invoke a function can send it anything, and what does not fit together is refused: another source,
another account, a record that does not say which event it is of and when that was.

A prefilter, the event pattern of a rule, only saves work.  It may let through what is no
single-factor sign-in, and must never stop what is one, or might be.  It therefore names what is
certainly none, a failure and a `Yes`, and lets everything else pass, fields that are absent
included: `anything-but` alone asks for the field to be there.  EventBridge does not tell a list
from what it holds: a record whose `MFAUsed` were a list with `Yes` in it would be stopped.
CloudTrail writes no lists there.

Custodian reads events as EventBridge delivers them, and stumbles over others: over an event that is
a list, a `detail` that is a text, a sign-in without `eventSource`.  Anybody who may invoke a
function can send one, so that they are refused before custodian looks at them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from c7n_mfa.aws.times import parse_time
from c7n_mfa.signin.record import SignIn
from c7n_mfa.signin.second_look import is_marked, looks_again

SOURCE = "aws.signin"
# The first is what is delivered, and what custodian puts into its rules; the second stands in the
# EventBridge user guide.
DETAIL_TYPES = ("AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail")

_CANDIDATE: Mapping[str, Any] = {
    "responseElements": {"ConsoleLogin": [{"exists": False}, {"anything-but": ["Failure"]}]},
    "additionalEventData": {"MFAUsed": [{"exists": False}, {"anything-but": ["Yes"]}]},
}

FORWARDED: Mapping[str, Any] = {
    "source": [SOURCE],
    "detail-type": list(DETAIL_TYPES),
    "detail": {"eventName": ["ConsoleLogin"], **_CANDIDATE},
}
"""The event pattern of the rules that forward sign-ins to the home Region."""

MODE: Mapping[str, Any] = {
    "source": [SOURCE],
    "detail-type": [DETAIL_TYPES[1]],
    "detail": _CANDIDATE,
}
"""`mode.pattern` of a policy that responds: custodian adds the name and the other spelling, and not
the source of the event, only the `eventSource` of the record in it."""

NOT_A_SIGN_IN: Mapping[str, str] = MappingProxyType(
    {
        "event-malformed": "the event is no object",
        "detail-malformed": "the detail of the event is no object",
        "no-console-sign-in": "the detail is no record of a console sign-in",
        "source-unlike-policy": "eventSource is none that the policy listens to",
        "user-name-malformed": "userIdentity.userName is no name that an IAM user can have",
        "source-not-aws": f"the source of the event is not {SOURCE}, as of all that AWS delivers",
        "account-unlike-function": "the event is not of the account in which the policy acts",
        "recipient-unlike-account": "recipientAccountId is not the account of the event",
        "id-absent": "the event, or the record in it, has no id",
        "time-absent": "the event, or the record in it, has no time",
        "second-look-unasked": "the event asks for a second look, and the policy for none such",
    }
)
"""Every code of `refusal`, with its sentence."""

# Scheduled events of EventBridge Scheduler; custodian reads it as an empty object.
_EMPTY_DETAIL = "{}"
_SIGN_IN = "ConsoleLogin"
_USER_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}")
_ANY = "*"


def envelope(
    record: object, region: str, account: str, detail_type: str = DETAIL_TYPES[0]
) -> dict[str, Any]:
    """The event that EventBridge delivers for a CloudTrail record."""
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": detail_type,
        "source": SOURCE,
        "account": account,
        "time": "2026-01-15T08:30:05Z",
        "region": region,
        "resources": [],
        "detail": record,
    }


def refusal(
    event: object, policies: Iterable[Mapping[str, Any]], own_account: str | None
) -> str | None:
    """The code of `NOT_A_SIGN_IN` for which the event is not given to custodian, or None.

    A function whose policies listen to nothing but console sign-ins takes nothing else, and one
    that listens to any of CloudTrail's events takes them only as AWS delivers them.
    ``own_account`` is the function's.
    """
    if not isinstance(event, dict):
        return "event-malformed"
    detail = event.get("detail", {})
    if not isinstance(detail, dict) and detail != _EMPTY_DETAIL:
        return "detail-malformed"
    codes = (_refused_by(policy, event, own_account) for policy in policies)
    return next(filter(None, codes), None)


def lacking(event: Mapping[str, Any]) -> str | None:
    """What the event does not say, of what nobody is contained without; None when it says all.

    >>> lacking({"detail": {"eventName": "ConsoleLogin", "recipientAccountId": "123456789012"}})
    'event id'
    """
    detail = event.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    # Other events than CloudTrail's have their id and time around the detail.
    is_record = "eventName" in detail
    said: Mapping[str, object] = {
        "account": detail.get("recipientAccountId") or event.get("account"),
        "event id": detail.get("eventID") if is_record else event.get("id"),
        "time": parse_time(detail.get("eventTime") if is_record else event.get("time")),
    }
    absent = (what for what, value in said.items() if not _is_said(value))
    return next(absent, None)


def readable(event: Any) -> Any:
    """The event with nothing in it that cannot be written as UTF-8.

    JSON can say half of a surrogate pair, and neither a file nor an API takes one.
    """
    text = json.dumps(event, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode(errors="replace"))
    return event


def _refused_by(
    policy: Mapping[str, Any], event: Mapping[str, Any], own_account: str | None
) -> str | None:
    mode = policy.get("mode") or {}
    events = mode.get("events", ()) if mode.get("type") == "cloudtrail" else ()
    names = {each["event"] if isinstance(each, dict) else each for each in events}
    if not names:
        return None
    detail = event.get("detail")
    refused = _refused_record(policy, detail) if names == {_SIGN_IN} else None
    refused = refused or _refused_envelope(event, _acts_in(mode, own_account))
    is_unasked = is_marked(event) and not looks_again(event, policy)
    return refused or ("second-look-unasked" if is_unasked else None)


def _refused_record(policy: Mapping[str, Any], detail: Any) -> str | None:
    if SignIn.from_record(detail) is None:
        return "no-console-sign-in"
    sources = {e["source"] for e in policy["mode"]["events"] if isinstance(e, dict)}
    # Custodian wants the source to be there, whatever the event of the policy says.
    source = detail.get("eventSource")
    if not isinstance(source, str) or (sources and source not in sources):
        return "source-unlike-policy"
    if str(policy.get("resource", "")).removeprefix("aws.") == "iam-user":
        return _refused_name(detail.get("userIdentity"))
    return None


def _refused_envelope(event: Mapping[str, Any], account: str | None) -> str | None:
    """What AWS would not have delivered.  An event that another Region or account has forwarded
    keeps its account, its id and its time.
    """
    detail = event.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    source, of = event.get("source"), event.get("account")
    is_aws = source == SOURCE or (
        detail.get("eventName") != _SIGN_IN and isinstance(source, str) and source[:4] == "aws."
    )
    if not is_aws:
        return "source-not-aws"
    if not isinstance(of, str) or not _ACCOUNT.fullmatch(of) or account not in (of, _ANY):
        return "account-unlike-function"
    if detail.get("recipientAccountId") not in (None, of):
        return "recipient-unlike-account"
    if not (_is_said(event.get("id")) and _is_said(detail.get("eventID"))):
        return "id-absent"
    if not (parse_time(event.get("time")) and parse_time(detail.get("eventTime"))):
        return "time-absent"
    return None


def _acts_in(mode: Mapping[str, Any], own_account: str | None) -> str | None:
    """The account in which custodian acts; with `member-role`, that of each event."""
    if mode.get("member-role"):
        return _ANY
    role = (mode.get("execution-options") or {}).get("assume_role")
    return str(role).split(":")[4] if str(role).startswith("arn:") else own_account


def _is_said(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else isinstance(value, datetime))


def _refused_name(identity: object) -> str | None:
    """IAM refuses such a name where custodian expects it to say that there is no such user."""
    name = identity.get("userName") if isinstance(identity, dict) else None
    if not name or (isinstance(name, str) and _USER_NAME.fullmatch(name)):
        return None
    return "user-name-malformed"
