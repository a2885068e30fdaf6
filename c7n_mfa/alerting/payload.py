# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The alert for machines, and what is published: mail for people, JSON for the rest.  Pure.

The keys are a contract: docs/alerts.md has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from c7n_mfa.alerting.links import event_link, user_link
from c7n_mfa.alerting.ocsf import detection_finding
from c7n_mfa.alerting.values import Alert, Report
from c7n_mfa.aws.text import command, one_line, shorten
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Level
from c7n_mfa.signin.criteria import annotation

SCHEMA = "c7n-mfa/alert/1"
"""Which keys there are; it changes where one of them is taken away or means something else."""

Format = Literal["json", "text"]

JSON_PROTOCOLS = ("sqs", "lambda", "http", "https", "firehose")
"""Who gets the JSON; everybody else gets text: e-mail, and devices and phones one line."""

PUBLISH_BYTES = 256 * 1024
"""What SNS takes in one message, all its protocols and attributes together."""

_SPARE_BYTES = 4 * 1024
_LONGEST = 500
_MOST = 50
# What can be done without, the longest first.
_OPTIONAL = ("found", "not_checked", "next", "text", "reasons", "receipts", "new")


@frozen
class Said:
    """The words of the message that machines get too."""

    subject: str
    title: str
    text: str
    steps: tuple[str, ...]
    found: tuple[str, ...]
    new: tuple[str, ...]
    containment: str | None


def for_machines(
    report: Report, said: Said, severity: Level, attributes: Mapping[str, str]
) -> dict[str, Any]:
    """The alert by its keys; those of the attributes stand at the top, to be filtered by."""
    sign_in, dossier = report.sign_in, report.dossier or {}
    return {
        "schema": SCHEMA,
        **attributes,
        "account_name": report.account_name,
        "policy": report.sender.policy,
        "region": report.sender.region,
        "subject": said.subject,
        "title": said.title,
        "text": said.text,
        "containment": said.containment,
        "investigated": report.dossier is not None,
        "look": dossier.get("look", {}).get("number", 1),
        "new": list(said.new),
        "conversation": report.conversation.to_dict(),
        "links": {"user": user_link(sign_in), "event": event_link(sign_in)},
        "sign_in": plain(annotation(sign_in)),
        "next": list(said.steps),
        "receipts": [receipt(each) for each in report.receipts],
        "reasons": plain(dossier.get("reasons", ())),
        "found": list(said.found),
        "not_checked": plain(dossier.get("not_searched", ())),
        "ocsf": plain(detection_finding(report, severity, said.title)),
    }


def publication(alert: Alert, form: Format) -> dict[str, Any]:
    """The parameters of sns:Publish, but for the topic.

    SNS sends no attributes along with JSON, says its documentation; they are given all the same,
    and stand in the JSON too.
    """
    attributes = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in alert.attributes.items()
    }
    common = {"Subject": alert.subject, "MessageAttributes": attributes}
    if form == "text":
        return {"Message": alert.message, **common}
    return {"Message": _structured(alert), "MessageStructure": "json", **common}


def _structured(alert: Alert) -> str:
    payload, room = dict(alert.payload), PUBLISH_BYTES - _SPARE_BYTES
    for key in (None, *_OPTIONAL):
        if key is not None:
            payload = {**payload, key: None, "cut": [*payload.get("cut", ()), key]}
        body = dumped(payload)
        text = {"default": alert.message, "sms": alert.subject, "application": alert.subject}
        structured = dumped({**text, **dict.fromkeys(JSON_PROTOCOLS, body)})
        if len(structured.encode()) <= room:
            return structured
    # Only the text is left, and that is bounded.
    return dumped({"default": alert.message, **dict.fromkeys(JSON_PROTOCOLS, body)})


def dumped(value: object) -> str:
    # A lone surrogate has no UTF-8; one_line has taken them out of what is shown.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def receipt(data: Mapping[str, Any]) -> dict[str, Any]:
    """A receipt of containment, with its calls as commands."""
    kept = ("action", "result", "resource", "why", "error", "at")
    return {
        **{key: plain(data.get(key)) for key in kept},
        "undo": [
            {"command": command(call), "effect": plain(call.get("effect"))}
            for call in data.get("undo", ())
        ],
        "by_hand": [command(call) for call in data.get("by_hand", ())],
    }


def plain(value: Any) -> Any:
    """The value as it was, but for characters that show nothing, and without an end."""
    if isinstance(value, str):
        return shorten(one_line(value), _LONGEST)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value[:_MOST]]
    return value
