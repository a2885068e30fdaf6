# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The events of sign-ins: what EventBridge delivers of them, and what a function refuses.

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
from types import MappingProxyType
from typing import Any

from c7n_mfa.signin.record import SignIn

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

MODE: Mapping[str, Any] = {"detail-type": [DETAIL_TYPES[1]], "detail": _CANDIDATE}
"""`mode.pattern` of a policy that responds: custodian adds source, name and the other spelling."""

NOT_A_SIGN_IN: Mapping[str, str] = MappingProxyType(
    {
        "event-malformed": "the event is no object",
        "detail-malformed": "the detail of the event is no object",
        "no-console-sign-in": "the detail is no record of a console sign-in",
        "source-unlike-policy": "eventSource is none that the policy listens to",
        "user-name-malformed": "userIdentity.userName is no name that an IAM user can have",
    }
)
"""Every code of `refusal`, with its sentence."""

# Scheduled events of EventBridge Scheduler; custodian reads it as an empty object.
_EMPTY_DETAIL = "{}"
_SIGN_IN = "ConsoleLogin"
_USER_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


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


def refusal(event: object, policies: Iterable[Mapping[str, Any]]) -> str | None:
    """The code of `NOT_A_SIGN_IN` for which the event is not given to custodian, or None.

    A function whose policies listen to nothing but console sign-ins takes nothing else.
    """
    if not isinstance(event, dict):
        return "event-malformed"
    detail = event.get("detail", {})
    if not isinstance(detail, dict) and detail != _EMPTY_DETAIL:
        return "detail-malformed"
    listening = [policy for policy in policies if _listens_to_sign_ins(policy)]
    codes = (_refused_by(policy, detail) for policy in listening)
    return next(filter(None, codes), None)


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


def _listens_to_sign_ins(policy: Mapping[str, Any]) -> bool:
    mode = policy.get("mode", {})
    events = mode.get("events", ())
    names = {event["event"] if isinstance(event, dict) else event for event in events}
    return mode.get("type") == "cloudtrail" and names == {_SIGN_IN}


def _refused_by(policy: Mapping[str, Any], detail: Any) -> str | None:
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


def _refused_name(identity: object) -> str | None:
    """IAM refuses such a name where custodian expects it to say that there is no such user."""
    name = identity.get("userName") if isinstance(identity, dict) else None
    if not name or (isinstance(name, str) and _USER_NAME.fullmatch(name)):
        return None
    return "user-name-malformed"
