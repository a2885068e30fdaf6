# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What machines read: its keys are a contract."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from c7n_mfa.alerting.message import alert
from c7n_mfa.alerting.payload import JSON_PROTOCOLS, PUBLISH_BYTES, SCHEMA, publication, receipt
from c7n_mfa.alerting.values import Sender
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, EVENT_ID, record
from docs.build.messages import messages
from docs.build.pages import DOCS
from signin.records import RECORDS

NOW = datetime(2026, 1, 15, 8, 31, tzinfo=UTC)
SENDER = Sender("signin-single-factor", "us-east-1")
USER = messages()["An IAM user"]
CONTAINED = messages()["A contained user"]
PAGE = (DOCS / "alerts.md").read_text(encoding="utf-8")


def told(found, dossier=None, receipts=()):
    return alert(SignIn.from_record(found), dossier, receipts, SENDER, NOW)


def test_every_key_is_in_the_docs_in_this_order_and_no_other():
    listed = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert listed == [*USER.payload, "cut"]


def test_the_docs_show_the_payload_of_a_contained_user():
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    assert json.loads(shown) == {**CONTAINED.payload, "text": "…"}


def test_what_subscriptions_filter_by_stands_at_the_top():
    assert {key: USER.payload[key] for key in USER.attributes} == USER.attributes
    assert USER.payload["schema"] == SCHEMA == "c7n-mfa/alert/1"


@pytest.mark.parametrize("title", messages())
def test_each_protocol_gets_its_part(title):
    message = messages()[title]
    published = publication(message, "json")

    parts = json.loads(published["Message"])
    assert published["MessageStructure"] == "json"
    assert parts["default"] == parts.get("email", parts["default"]) == message.message
    assert parts["sms"] == message.subject
    assert {protocol: json.loads(parts[protocol]) for protocol in JSON_PROTOCOLS} == dict.fromkeys(
        JSON_PROTOCOLS, message.payload
    )
    assert all(isinstance(part, str) for part in parts.values())


def test_text_is_sent_as_before():
    assert publication(USER, "text") == {
        "Subject": USER.subject,
        "Message": USER.message,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in USER.attributes.items()
        },
    }


LONG = "\u6f22" * 900
MANY = {
    "severity": "high",
    "summary": ["", *[LONG] * 200],
    "advice": [LONG] * 200,
    "reasons": [{"code": "c", "level": "high", "sentence": LONG}] * 200,
    "not_searched": [{"what": LONG, "why": LONG, "permission": None, "regions": []}] * 200,
}


def test_a_message_without_end_stays_below_what_sns_takes_and_says_what_is_cut():
    published = publication(told(record(), MANY), "json")

    assert len(published["Message"].encode()) <= PUBLISH_BYTES
    payload = json.loads(json.loads(published["Message"])["sqs"])
    assert payload["cut"]
    assert [payload[key] for key in payload["cut"]] == [None] * len(payload["cut"])
    assert payload["ocsf"]["class_uid"] == 2004


def test_news_without_end_stays_below_what_sns_takes():
    look = {"number": 2, "news": {"summary": "400 new dangerous calls", "lines": [LONG] * 400}}

    published = publication(told(record(), {**MANY, "look": look}), "json")

    assert len(published["Message"].encode()) <= PUBLISH_BYTES
    payload = json.loads(json.loads(published["Message"])["sqs"])
    assert payload["cut"][-1] == "new"


@pytest.mark.parametrize("labelled", RECORDS, ids=lambda labelled: labelled.name)
def test_every_labelled_sign_in_makes_json_that_sns_takes(labelled):
    if SignIn.from_record(labelled.record) is None:
        return

    published = publication(told(labelled.record), "json")

    payload = json.loads(json.loads(published["Message"].encode())["sqs"])
    assert missing(payload["ocsf"]) == []


def test_values_are_those_of_the_event_and_bounded():
    found = told(record(userAgent="https://evil.example/\u202e" + "y" * 900))

    agent = found.payload["sign_in"]["user_agent"]
    assert agent.startswith("https://evil.example/\\u{202e}y")
    assert len(agent) <= 500
    assert "evil.example" not in found.payload["text"]


def test_an_undo_is_a_command_and_says_what_works_again():
    delete = "aws iam delete-user-policy --user-name alice --policy-name"
    before = "sessions issued before 2026-01-15T08:31:00Z work again, and those of aws login"

    assert [receipt["undo"] for receipt in CONTAINED.payload["receipts"]] == [
        [{"command": f"{delete} c7n-mfa-revoke-sessions", "effect": before}],
        [
            {
                "command": f"{delete} c7n-mfa-require-mfa",
                "effect": "console sessions without MFA work again",
            }
        ],
    ]


def test_what_is_left_to_a_person_is_a_command():
    parameters = {"UserName": "alice", "PolicyArn": "arn:aws:iam::aws:policy/AWSDenyAll"}
    call = {"service": "iam", "operation": "attach_user_policy", "parameters": parameters}

    assert receipt({"action": "require-mfa", "by_hand": [call]})["by_hand"] == [
        "aws iam attach-user-policy --user-name alice --policy-arn "
        "arn:aws:iam::aws:policy/AWSDenyAll"
    ]


@pytest.mark.parametrize(
    ("title", "containment"),
    [
        ("An IAM user", None),
        ("A contained user", "contained"),
        ("A user who could not be contained", "not-contained"),
    ],
)
def test_how_far_a_user_is_contained_is_a_word(title, containment):
    assert messages()[title].payload["containment"] == containment


# OCSF 1.1.0: what https://schema.ocsf.io/1.1.0/classes/detection_finding?profiles=cloud requires,
# and of the objects that are used; each group of the last has at least one of its attributes.
REQUIRED = [
    "activity_id",
    "category_uid",
    "class_uid",
    "type_uid",
    "severity_id",
    "time",
    "metadata.version",
    "metadata.product.vendor_name",
    "cloud.provider",
    "finding_info.uid",
    "finding_info.title",
    "finding_info.analytic.type_id",
]


def missing(finding):
    def at(path):
        value = finding
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    return [path for path in REQUIRED if at(path) in (None, "")]


def test_the_finding_is_a_detection_finding_of_ocsf():
    finding = USER.payload["ocsf"]

    assert missing(finding) == []
    assert missing({**finding, "cloud": {}}) == ["cloud.provider"]
    assert finding["type_uid"] == finding["class_uid"] * 100 + finding["activity_id"] == 200401
    assert finding == {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "severity_id": 4,
        "severity": "High",
        "status_id": 1,
        "status": "New",
        "time": 1768465860000,
        "message": "alice signed in without MFA",
        "metadata": {
            "version": "1.1.0",
            "profiles": ["cloud"],
            "product": {
                "name": "c7n-mfa",
                "vendor_name": "c7n-mfa",
                "version": finding["metadata"]["product"]["version"],
                "feature": {"name": "signin-single-factor"},
            },
        },
        "cloud": {
            "provider": "AWS",
            "region": "us-east-1",
            "account": {
                "uid": ACCOUNT,
                "name": "example-production",
                "type": "AWS Account",
                "type_id": 10,
            },
        },
        "finding_info": {
            "uid": EVENT_ID,
            "title": "alice signed in without MFA",
            "desc": "an IAM user signed in with a password; ConsoleLogin is Success; MFAUsed is No",
            "types": ["Console sign-in without proof of MFA"],
            "created_time": 1768465860000,
            "first_seen_time": 1768465800000,
            "analytic": {
                "type_id": 1,
                "type": "Rule",
                "name": "signin-single-factor",
                "uid": "signin-single-factor",
            },
            "attacks": [
                {
                    "tactic": {"uid": "TA0001", "name": "Initial Access"},
                    "technique": {"uid": "T1078.004", "name": "Cloud Accounts"},
                    "version": "16.1",
                }
            ],
        },
        "evidences": [
            {
                "api": {"operation": "ConsoleLogin", "service": {"name": "signin.amazonaws.com"}},
                "src_endpoint": {"ip": "192.0.2.10"},
                "actor": {
                    "user": {
                        "name": "alice",
                        "uid": finding["evidences"][0]["actor"]["user"]["uid"],
                        "uid_alt": f"arn:aws:iam::{ACCOUNT}:user/alice",
                    }
                },
            }
        ],
        "resources": [
            {
                "uid": f"arn:aws:iam::{ACCOUNT}:user/alice",
                "name": "alice",
                "type": "IAMUser",
                "region": "us-east-1",
                "cloud_partition": "aws",
            }
        ],
    }


def test_what_the_record_does_not_say_is_left_out_of_the_finding():
    bare = record(eventID=None, eventTime=None, awsRegion=None, sourceIPAddress="AWS Internal")
    bare["userIdentity"] = {"type": "IAMUser"}
    bare.pop("recipientAccountId", None)
    finding = told(bare).payload["ocsf"]

    assert missing(finding) == []
    assert finding["cloud"] == {"provider": "AWS"}
    assert "first_seen_time" not in finding["finding_info"]
    assert set(finding["evidences"][0]) == {"api"}
