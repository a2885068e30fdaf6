# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether an event is one that custodian can work with, asked before custodian looks at it.

Custodian reads events as EventBridge delivers them, and stumbles over others: over an event that is
a list, a `detail` that is a text, a sign-in without `eventSource`.  Anybody who may invoke a
function can send one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from c7n_mfa.signin.record import SignIn

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
    names = {each["event"] if isinstance(each, dict) else each for each in events}
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
