# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person reads."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from c7n_mfa.alerting.message import (
    MESSAGE_LENGTH,
    SUBJECT_LENGTH,
    Sender,
    alert,
    clean,
    severity_of,
)
from c7n_mfa.aws.text import command
from c7n_mfa.containment.documents import cutoff_of
from c7n_mfa.investigation import severity
from c7n_mfa.investigation.advice import advice_for
from c7n_mfa.investigation.dossier import (
    AccessKey,
    Activity,
    Count,
    Credentials,
    DangerousCall,
    Dossier,
    EarlierSignIns,
    Facts,
    Finding,
    Gap,
    Origin,
    Owner,
    Place,
    Privileges,
    Reach,
    Related,
)
from c7n_mfa.investigation.page import to_dict
from c7n_mfa.investigation.records import who_signed_in
from c7n_mfa.investigation.severity import reasons_for
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, EVENT_ID, record
from signin.records import RECORDS

NOW = datetime(2026, 1, 15, 8, 31, tzinfo=UTC)
TELLS = Sender("signin-single-factor", "us-east-1")
CONTAINS = Sender("signin-single-factor-contain", "us-east-1", contains=True)
DOSSIER = {
    "severity": "medium",
    "summary": [
        "2026-01-15 08:30 UTC, account 123456789012, Region us-east-1, from `192.0.2.10`.",
        "Related alerts, 48 h: no findings; 3 failed attempts before.",
        "Privileges: administrator, AdministratorAccess.",
    ],
    "reasons": [{"code": "c", "level": "medium", "sentence": "no MFA device is enrolled"}],
    "advice": ["Ask alice whether this was them.", "Have the owner enrol MFA."],
    "not_searched": [
        {"what": "findings", "why": "access denied", "permission": "securityhub:GetFindings"},
        {"what": "other Regions", "why": "left out", "regions": ["eu-west-1", "eu-west-3"]},
    ],
}
DONE = {
    "action": "revoke-sessions",
    "result": "done",
    "resource": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "why": "c7n-mfa-revoke-sessions denies everything in sessions issued before now",
    "error": None,
    "undo": [
        {
            "service": "iam",
            "operation": "delete_user_policy",
            "parameters": {"UserName": "alice", "PolicyName": "c7n-mfa-revoke-sessions"},
        }
    ],
    "at": "2026-01-15T08:30:40Z",
}
FAILED = {
    **DONE,
    "action": "require-mfa",
    "result": "failed",
    "why": "the user is not contained by this action",
    "error": "access denied: grant iam:PutUserPolicy on alice",
    "undo": [],
}
SKIPPED = {
    **FAILED,
    "result": "skipped",
    "why": "excluded by the name break-glass-*",
    "error": None,
}

STOP = (
    "aws iam attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AWSDenyAll "
    "(denies everything, in open sessions and with access keys too; detach-user-policy undoes it)"
)


AT = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
USER_CREATED = DangerousCall(
    at=AT,
    service="iam",
    name="CreateUser",
    target="userName=bob",
    region="us-east-1",
    actor="alice",
    done=True,
    since=True,
    level="high",
    why="creates a user",
    technique="T1136.003",
)
# Everything that can be found.
FOUND = Facts(
    related=Related(
        findings=(Finding("guardduty", "us-east-1", "Odd", "high", "2026-01-15", "id"),),
        failed=4,
        last_failed=AT,
        burst=True,
    ),
    earlier=EarlierSignIns(2, 1, AT, AT, AT),
    origin=Origin(
        compared_with=9,
        new_address=True,
        network="192.0.2.0/24",
        new_network=True,
        usual=("198.51.100.0/24",),
        new_agent=True,
        hour=8,
        unusual_hour=True,
        place=Place("IS", "an ISP"),
        new_country=True,
    ),
    activity=Activity(
        before=(Count("s3", "ListBuckets", 3, 1),),
        since=(Count("iam", "CreateUser", 1, 0),),
        dangerous=(USER_CREATED, replace(USER_CREATED, name="CreateRole", done=False)),
    ),
    owner=Owner((("email", "user@example.com"),)),
    reach=Reach(("role/a",), ("GetSessionToken",), ("AKIA",), ("bob",), ("210987654321",), ("x",)),
    privileges=Privileges(True, "it has the policy AdministratorAccess", may=("iam:PassRole",)),
    credentials=Credentials(True, (), (AccessKey("AKIAEXAMPLE000000000", True, AT),)),
)


def sign_in(kind="iam-user", **changes):
    return SignIn.from_record(record(kind, **changes))


def said(found, dossier=None, receipts=(), sender=TELLS):
    return alert(found, dossier, receipts, sender, NOW)


def section(message, title):
    return message.partition(f"\n\n{title}\n")[2].partition("\n\n")[0].splitlines()


def test_the_whole_message_of_a_user_investigated():
    found = said(sign_in(), DOSSIER)

    assert found.subject == "[MEDIUM] alice signed in without MFA (123456789012)"
    assert found.attributes == {"severity": "medium", "identity": "iam-user", "account": ACCOUNT}
    assert (
        found.message
        == f"""\
MEDIUM: alice signed in without MFA, account 123456789012

Who:    IAM user, arn:aws:iam::123456789012:user/alice
When:   2026-01-15T08:30:00Z
From:   192.0.2.10, Mozilla/5.0
Region: us-east-1
How:    with a password, without MFA, successful
Event:  {EVENT_ID}

Why this is reported
- an IAM user signed in with a password
- ConsoleLogin is Success
- MFAUsed is No
- medium: no MFA device is enrolled

What was found
- Related alerts, 48 h: no findings; 3 failed attempts before.
- Privileges: administrator, AdministratorAccess.

What was done
- Nothing: this policy only notifies. If signin-single-factor-contain is deployed, it contains \
the user and sends its own message.

What to do next
1. Ask alice whether this was them.
2. Have the owner enrol MFA.

What was not checked
- findings: access denied; grant securityhub:GetFindings
- other Regions in eu-west-1, eu-west-3: left out

Sent by the policy signin-single-factor in us-east-1.
"""
    )


def test_what_was_done_comes_with_the_command_that_undoes_it_and_what_failed_is_shouted():
    message = said(sign_in(), None, [DONE, FAILED], CONTAINS).message

    assert section(message, "What was done") == [
        "- revoke-sessions: done. c7n-mfa-revoke-sessions denies everything in sessions issued "
        "before now",
        "  undo: aws iam delete-user-policy --user-name alice --policy-name "
        "c7n-mfa-revoke-sessions",
        "- require-mfa: FAILED. the user is not contained by this action (access denied: grant "
        "iam:PutUserPolicy on alice)",
        "- To release the user: put alice into users: in "
        "policies/respond/signin-user-release.yml, then custodian run --cache-period 0 -s "
        "output/released policies/respond/signin-user-release.yml",
    ]
    assert section(message, "What to do next")[1:] == [
        "2. If it was: let them enrol MFA with an administrator's help, and release the user.",
        "3. If it was not: leave the user contained, and look at what the session did "
        f"(CloudTrail, by user name). Access keys may still work: {STOP}",
    ]


def test_a_user_who_is_left_alone_is_said_to_be_and_there_is_nothing_to_release():
    message = said(sign_in(), None, [SKIPPED], CONTAINS).message

    assert section(message, "What was done") == [
        "- require-mfa: skipped. excluded by the name break-glass-*"
    ]
    assert section(message, "What to do next")[2] == (
        f"3. If it was not: stop the user, and look at what the session did: {STOP}"
    )


def test_a_containment_that_left_no_receipt_is_a_failure():
    assert section(said(sign_in(), None, [], CONTAINS).message, "What was done") == [
        "- FAILED: nothing was contained, and no receipt says why; see the function's log."
    ]


@pytest.mark.parametrize(
    ("receipts", "aftermath"),
    [
        ([], ", NOT contained"),
        ([DONE], ", contained"),
        ([{**DONE, "result": "already"}, SKIPPED], ", contained"),
        ([DONE, FAILED], ", only PARTLY contained"),
        ([FAILED], ", NOT contained"),
        ([SKIPPED], ", left alone"),
    ],
)
def test_the_subject_says_whether_the_user_is_contained(receipts, aftermath):
    subject = said(sign_in(), None, receipts, CONTAINS).subject

    assert subject == f"alice signed in without MFA{aftermath} (123456789012)"


def test_root_is_critical_whatever_was_found_and_is_told_what_can_be_done_instead():
    found = said(sign_in("root"), {**DOSSIER, "severity": "low"})

    assert found.subject == "[CRITICAL] root signed in without MFA (123456789012)"
    assert section(found.message, "What was done") == [
        "- Nothing: this policy only notifies. No policy in an account restricts its root user."
    ]


def test_root_is_told_how_to_recover_it_without_an_investigation_too():
    lines = section(said(sign_in("root")).message, "What to do next")

    assert lines[0] == "1. Ask the owner of root whether this was them, by a way outside AWS."
    assert lines[1].startswith("2. If not, recover root: sign in as root")
    assert lines[3] == "4. Enrol MFA for root."
    assert lines[-1].endswith(
        "from the management account: aws sts assume-root --target-principal 123456789012 "
        "--task-policy-arn "
        '\'{"arn": "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"}\''
    )


def test_a_role_is_told_how_to_revoke_its_sessions():
    broker = record("broker")
    broker["userIdentity"]["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/someone"

    lines = section(said(SignIn.from_record(broker)).message, "What to do next")

    # As a shell runs it: the sessions that end are those until now, and not until the message.
    (revoking,) = [line for line in lines if "put-role-policy" in line]
    typed = f"printf '%s\\n' {revoking.partition(': ')[2]}"
    before = datetime.now(UTC).replace(microsecond=0)
    done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True)
    *words, document = done.stdout.splitlines()
    assert words == [
        *["aws", "iam", "put-role-policy", "--role-name", "Engineer"],
        *["--policy-name", "AWSRevokeOlderSessions", "--policy-document"],
    ]
    assert before <= cutoff_of(json.loads(document)) <= datetime.now(UTC)


def test_a_hostile_name_stays_within_its_quotation():
    found = record()
    found["userIdentity"]["userName"] = "x; $(touch y) `z` 'q'\n"
    message = said(SignIn.from_record(found), None, [SKIPPED], CONTAINS).message

    line = section(message, "What to do next")[2].partition("did: ")[2].partition(" (denies")[0]
    assert shlex.split(line)[4:6] == ["x; $(touch y) `z` 'q'", "--policy-arn"]


def test_a_failed_sign_in_needs_no_containment():
    found = sign_in("root", responseElements={"ConsoleLogin": "Failure"})

    assert section(said(found).message, "What was done") == [
        "- Nothing: this policy only notifies."
    ]
    assert len(section(said(found).message, "What to do next")) == 1


def test_a_message_without_an_investigation_says_so():
    assert section(said(sign_in()).message, "What was not checked") == [
        "- This policy does not investigate. If signin-single-factor is deployed, its message has "
        "the results of an investigation."
    ]


def test_what_could_not_be_remembered_is_said_with_the_permission():
    sender = replace(TELLS, unrecorded="access denied: grant logs:CreateLogStream on /a/b")

    assert section(said(sign_in(), DOSSIER, (), sender).message, "What was not checked")[0] == (
        "- This message could not be recorded as sent, and may be sent again: access denied: grant "
        "logs:CreateLogStream on /a/b"
    )


def test_without_an_investigation_no_severity_is_claimed_and_filters_let_it_through():
    found = said(sign_in())

    assert found.subject == "alice signed in without MFA (123456789012)"
    assert found.message.startswith("alice signed in without MFA, account 123456789012\n")
    assert (found.severity, found.attributes["severity"]) == ("high", "high")


def test_root_is_critical_without_an_investigation():
    assert said(sign_in("root")).subject.startswith("[CRITICAL] root ")


@pytest.mark.parametrize(
    ("kind", "changes", "how"),
    [
        (
            "broker",
            {},
            "through a federation broker, MFA unknown (the record does not say), successful",
        ),
        (
            "iam-user",
            {"additionalEventData": {"MFAUsed": "Yes"}},
            "with a password, with MFA, successful",
        ),
        (
            "iam-user",
            {"responseElements": {"ConsoleLogin": "Failure"}},
            "with a password, without MFA, failed",
        ),
    ],
)
def test_how_is_said_in_plain_words(kind, changes, how):
    assert f"\nHow:    {how}\n" in said(sign_in(kind, **changes)).message


@pytest.mark.parametrize("labelled", RECORDS, ids=lambda labelled: labelled.name)
def test_every_labelled_sign_in_makes_a_message_that_sns_takes(labelled):
    found = SignIn.from_record(labelled.record)
    if found is None:
        return

    told = said(found, DOSSIER, [DONE, FAILED])

    assert 0 < len(told.subject) <= SUBJECT_LENGTH
    assert told.subject.isascii()
    assert told.subject.isprintable()
    assert len(told.message) <= MESSAGE_LENGTH
    assert all(told.attributes.values())


def investigated(found, record):
    """The dossier of a sign-in of which everything that could be found was found."""
    who = who_signed_in(record, found)
    reasons = reasons_for(found, who.kind, AT, FOUND)
    gaps = (Gap("other Regions", "the option regions leaves them out"),)
    advice = advice_for(found, who, AT, FOUND)
    level = severity.severity_of(reasons)
    return to_dict(Dossier(found, who.kind, AT, NOW, level, reasons, FOUND, gaps, advice))


def sentences(message):
    """What stands between two stops, without the number of a line and its level."""
    numbered = re.compile(r"^(- |\d+\. )?((low|medium|high|critical): )?", re.MULTILINE)
    parts = re.split(r"(?<=[.;]) |\n|: (?=aws )", numbered.sub("", message))
    return [part.strip(" .;").lower() for part in parts if part.strip(" .;")]


@pytest.mark.parametrize(
    "receipts", [[], [DONE], [FAILED, SKIPPED]], ids=["none", "done", "failed"]
)
@pytest.mark.parametrize("with_dossier", [True, False], ids=["investigated", "not"])
@pytest.mark.parametrize("labelled", RECORDS, ids=lambda labelled: labelled.name)
def test_no_sentence_of_a_message_is_repeated(labelled, with_dossier, receipts):
    found = SignIn.from_record(labelled.record)
    if found is None:
        return
    dossier = investigated(found, labelled.record) if with_dossier else None
    times = Counter(sentences(said(found, dossier, receipts, CONTAINS).message))

    assert [sentence for sentence, count in times.items() if count > 1] == []


HOSTILE = "x\r\nTo: all@example.com\n\nWhat was done\n- nothing\u202e\x00\ud800" + "y" * 9000


def test_what_an_intruder_writes_stays_one_short_line():
    found = record(userAgent=HOSTILE, sourceIPAddress=HOSTILE, eventTime=HOSTILE, eventID=HOSTILE)
    found["userIdentity"].update(userName=HOSTILE, arn=HOSTILE, accountId=HOSTILE)

    told = said(SignIn.from_record(found), DOSSIER)

    message = said(sign_in(), DOSSIER).message
    assert told.message.count("\n") == message.count("\n")
    assert told.message.encode()
    assert len(told.subject) == SUBJECT_LENGTH
    assert told.subject.isprintable()


def test_no_attribute_is_empty():
    found = record()
    found["userIdentity"]["accountId"] = "\x00"

    assert said(SignIn.from_record(found)).attributes["account"] == "unknown"


def test_a_subject_is_ascii_and_cut():
    found = record()
    found["userIdentity"]["userName"] = "ä" * 200

    subject = said(SignIn.from_record(found)).subject

    assert subject == "?" * 97 + "..."


def test_a_message_without_end_is_cut_and_says_so():
    many = {**DOSSIER, "advice": ["x" * 200] * 1000}

    told = said(sign_in(), many)

    assert len(told.message) == MESSAGE_LENGTH
    assert told.message.endswith("(cut here; the rest is in the policy's output)\n")


@pytest.mark.parametrize(
    ("dossier", "severity"),
    [(None, "high"), ({}, "high"), ({"severity": "low"}, "low"), ({"severity": "odd"}, "high")],
)
def test_the_severity_is_the_dossiers_or_high(dossier, severity):
    assert severity_of(sign_in(), dossier) == severity


def test_a_failure_of_root_is_not_critical():
    found = record("root", responseElements={"ConsoleLogin": "Failure"})

    assert severity_of(SignIn.from_record(found), {"severity": "low"}) == "low"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "failed to sign in"),
        ({"additionalEventData": {"MFAUsed": "Yes"}}, "signed in with MFA"),
        ({"responseElements": None}, "may have signed in without MFA"),
        ({"additionalEventData": []}, "signed in, MFA unknown"),
        (
            {"additionalEventData": [], "responseElements": None},
            "may have signed in, MFA unknown",
        ),
    ],
)
def test_other_sign_ins_are_called_what_they_are(changes, what):
    assert said(sign_in(**changes)).subject == f"alice {what} (123456789012)"


def test_a_command_is_quoted_as_a_shell_needs_it():
    call = {
        "service": "iam",
        "operation": "put_user_policy",
        "parameters": {"UserName": "a'b", "PolicyDocument": '{"Version":"2012-10-17"}'},
    }

    assert shlex.split(command(call)) == [
        *["aws", "iam", "put-user-policy", "--user-name", "a'b"],
        *["--policy-document", '{"Version":"2012-10-17"}'],
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, ["--password-reset-required"]),
        (False, ["--no-password-reset-required"]),
        (["a"], ["--password-reset-required", '["a"]']),
    ],
)
def test_a_command_spells_values_as_the_command_line_does(value, words):
    call = {
        "service": "iam",
        "operation": "update_login_profile",
        "parameters": {"PasswordResetRequired": value},
    }

    assert shlex.split(command(call))[3:] == words


def test_cleaning_leaves_good_text_alone():
    assert clean("Zürich, 東京") == "Zürich, 東京"
    assert clean(json.dumps({"a": 1})) == '{"a": 1}'
