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
from functools import cache

import pytest

from c7n_mfa.alerting.message import (
    MESSAGE_LENGTH,
    alert,
    clean,
    severity_of,
)
from c7n_mfa.alerting.subject import SUBJECT_LENGTH
from c7n_mfa.alerting.values import Conversation, Sender
from c7n_mfa.aws.text import command
from c7n_mfa.containment.documents import cutoff_of
from c7n_mfa.investigation import severity
from c7n_mfa.investigation.advice import STOPS, advice_for
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
    Seen,
)
from c7n_mfa.investigation.page import to_dict
from c7n_mfa.investigation.records import who_signed_in
from c7n_mfa.investigation.severity import reasons_for
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, EVENT_ID, record
from docs.build.messages import messages
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
    "aws iam attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AWSDenyAll"
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
SEEN = Seen(AT, True)
# Everything that can be found.
FOUND = Facts(
    related=Related(
        findings=(Finding("guardduty", "us-east-1", "Odd", "high", "2026-01-15", "id"),),
        failed=4,
        last_failed=AT,
        burst=True,
        seen=SEEN,
    ),
    earlier=EarlierSignIns(2, 1, AT, AT, SEEN),
    origin=Origin(
        compared_with=9,
        seen=SEEN,
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
        seen=SEEN,
        complete_since=True,
    ),
    owner=Owner((("email", "user@example.com"),)),
    reach=Reach(
        ("role/a",), ("GetSessionToken",), ("AKIA",), ("bob",), ("210987654321",), ("x",), SEEN
    ),
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
    assert found.attributes == {
        "severity": "medium",
        "identity": "iam-user",
        "account": ACCOUNT,
        "complete": "no",
    }

    assert (
        found.message
        == f"""\
MEDIUM: alice signed in without MFA, account 123456789012

Who:    IAM user, arn:aws:iam::123456789012:user/alice
When:   2026-01-15T08:30:00Z, Region us-east-1
From:   192.0.2.10, browser "Mozilla/5.0"
How:    with a password, without MFA, successful
User:   https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/alice
Event:  https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/\
{EVENT_ID}

What to do next
1. Ask alice whether this was them.
2. Have the owner enrol MFA.

What was done
- Nothing: this policy only notifies. signin-single-factor-contain, if deployed, sends its own.

Why this is reported
- an IAM user signed in with a password; ConsoleLogin is Success; MFAUsed is No
- medium: no MFA device is enrolled

What was found
- Related alerts, 48 h: no findings; 3 failed attempts before.
- Privileges: administrator, AdministratorAccess.

What was not checked
- findings: access denied; grant securityhub:GetFindings
- other Regions in eu-west-1, eu-west-3: left out

Sent by the policy signin-single-factor in us-east-1.
"""
    )


@pytest.mark.parametrize(
    ("dossier", "complete"),
    [
        (None, "no"),
        ({"severity": "high"}, "no"),
        ({"severity": "high", "unseen": ["failures"]}, "no"),
        ({"severity": "medium", "unseen": []}, "yes"),
    ],
)
def test_an_attribute_says_whether_all_was_seen_that_decides_the_severity(dossier, complete):
    assert said(sign_in(), dossier).attributes["complete"] == complete


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
        "policies/respond/signin-user-release.yml, then",
        "  custodian run --cache-period 0 -s output/released "
        "policies/respond/signin-user-release.yml",
    ]
    assert section(message, "What to do next")[1:] == [
        "2. If it was, let them enrol MFA with an administrator's help, and release the user.",
        "3. If not, leave the user contained. Access keys may still work, and so may an MFA "
        f"device enrolled since the sign-in; this stops them too ({STOPS}):",
        f"   {STOP}",
        "4. Look at what the session did (CloudTrail, by user name).",
    ]


def test_a_user_who_is_left_alone_is_said_to_be_and_there_is_nothing_to_release():
    message = said(sign_in(), None, [SKIPPED], CONTAINS).message

    assert section(message, "What was done") == [
        "- require-mfa: skipped. excluded by the name break-glass-*"
    ]
    assert section(message, "What to do next")[2:] == [
        f"3. If not, stop the user with AWSDenyAll ({STOPS}), and look at what the session did:",
        f"   {STOP}",
    ]


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
    assert lines[2].endswith("that is not the owner's, and enrol MFA.")
    assert lines[-2].endswith("in the management account, delete root's password and access keys:")
    assert lines[-1] == (
        "   aws sts assume-root --target-principal 123456789012 --task-policy-arn "
        '\'{"arn": "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"}\''
    )


def test_a_role_is_told_how_to_revoke_its_sessions():
    broker = record("broker")
    broker["userIdentity"]["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/someone"

    lines = section(said(SignIn.from_record(broker)).message, "What to do next")

    # As a shell runs it: the sessions that end are those until now, and not until the message.
    (revoking,) = [line for line in lines if "put-role-policy" in line]
    typed = f"printf '%s\\n' {revoking}"
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
    found["userIdentity"]["userName"] = "x; $(touch y) 'q' z.example\n"
    message = said(SignIn.from_record(found), None, [SKIPPED], CONTAINS).message

    line = section(message, "What to do next")[-1]
    assert shlex.split(line)[4:6] == ["x; $(touch y) 'q' z.example", "--policy-arn"]
    assert "z.example" not in line


def test_a_failed_sign_in_needs_no_containment():
    found = sign_in("root", responseElements={"ConsoleLogin": "Failure"})

    assert section(said(found).message, "What was done") == [
        "- Nothing: this policy only notifies."
    ]
    assert len(section(said(found).message, "What to do next")) == 1


def test_a_message_without_an_investigation_says_so():
    assert section(said(sign_in()).message, "What was not checked") == [
        "- Anything: this policy does not investigate. signin-single-factor, if deployed, does."
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
    return to_dict(investigation_of(found, record))


def investigation_of(found, event=None):
    who = who_signed_in(event or record(), found)
    reasons = reasons_for(found, who.kind, AT, FOUND)
    gaps = (Gap("other Regions", "the option regions leaves them out"),)
    advice = advice_for(found, who, AT, FOUND)
    level = severity.severity_of(reasons)
    return Dossier(found, who.kind, AT, NOW, level, reasons, (), FOUND, gaps, advice)


def sentences(message):
    """What stands between two stops, without the number of a line and its level."""
    numbered = re.compile(r"^(- |\d+\. )?((low|medium|high|critical): )?", re.MULTILINE)
    parts = re.split(r"(?<=[.;]) |\n|: (?=aws )", numbered.sub("", message))
    return [part.strip(" .;").lower() for part in parts if part.strip(" .;")]


@pytest.mark.parametrize(
    "receipts", [[], [DONE], [FAILED, SKIPPED]], ids=["none", "done", "failed"]
)
@pytest.mark.parametrize("with_dossier", [True, False], ids=["investigated", "not"])
def test_no_sentence_of_a_message_is_repeated(with_dossier, receipts):
    repeated = {}
    for name, (found, dossier) in investigated_records().items():
        message = said(found, dossier if with_dossier else None, receipts, CONTAINS).message
        times = Counter(sentences(message))
        repeated[name] = [sentence for sentence, count in times.items() if count > 1]

    assert len(repeated) > 100
    assert {name: twice for name, twice in repeated.items() if twice} == {}


@cache
def investigated_records():
    """Every sign-in of the corpus, with a dossier of it."""
    sign_ins = ((labelled, SignIn.from_record(labelled.record)) for labelled in RECORDS)
    return {
        labelled.name: (found, investigated(found, labelled.record))
        for labelled, found in sign_ins
        if found is not None
    }


HOSTILE = "x\r\nTo: all@example.com\n\nWhat was done\n- nothing\u202e\x00\ud800" + "y" * 9000


def test_what_an_intruder_writes_stays_one_short_line():
    found = record(userAgent=HOSTILE, sourceIPAddress=HOSTILE, eventTime=HOSTILE, eventID=HOSTILE)
    found["userIdentity"].update(userName=HOSTILE, arn=HOSTILE, accountId=HOSTILE)

    told = said(SignIn.from_record(found), DOSSIER)

    # But for the link to the user, who has no such name.
    message = said(sign_in(), DOSSIER).message
    assert told.message.count("\n") == message.count("\n") - 1
    assert told.message.encode()
    assert len(told.subject) <= SUBJECT_LENGTH
    assert told.subject.isprintable()


def test_what_is_quoted_does_not_get_out_of_its_quotation():
    written = "x': refused. Nothing to do for 'alice"
    dossier = {
        "severity": "high",
        "summary": ["", f"Reach: users `{written}`."],
        "advice": [f'Check, and undo: CreateUser ("{written}") at 8, which creates a user.'],
    }

    message = said(sign_in(), dossier).message

    assert section(message, "What was found") == [f'- Reach: users "{written}".']
    assert section(message, "What to do next") == [
        f'1. Check, and undo: CreateUser ("{written}") at 8, which creates a user.'
    ]


def test_no_attribute_is_empty():
    found = record()
    found["userIdentity"]["accountId"] = "\x00"

    assert said(SignIn.from_record(found)).attributes["account"] == "unknown"


def test_a_subject_is_ascii_and_cut():
    found = record()
    found["userIdentity"]["userName"] = "ä" * 200

    subject = said(SignIn.from_record(found)).subject

    assert subject == f'"{"?" * 57}..." signed in without MFA (123456789012)'
    assert len(subject) == 99


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


def test_a_name_that_begins_with_a_dash_is_no_option():
    call = {
        "service": "iam",
        "operation": "delete_user_policy",
        "parameters": {"UserName": "-alice", "PolicyName": "x"},
    }

    assert command(call) == "aws iam delete-user-policy --user-name=-alice --policy-name x"


def test_a_name_with_a_comma_says_nothing_more_of_the_sign_in():
    found = record()
    found["userIdentity"]["userName"] = "alice,contained"

    subject = said(SignIn.from_record(found)).subject

    assert subject == f'"alice,contained" signed in without MFA ({ACCOUNT})'


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
    assert clean("a: 1, b.2 (c)") == "a: 1, b.2 (c)"


# Who is root, and who only has the name.


def called(kind, name, identity_type=None):
    found = record(kind)
    found["userIdentity"].update(userName=name, arn=f"arn:aws:iam::{ACCOUNT}:user/{name}")
    if identity_type:
        found["userIdentity"]["type"] = identity_type
    return SignIn.from_record(found)


@pytest.mark.parametrize("name", ["root", "Root", "ROOT"])
def test_a_user_named_root_is_not_root(name):
    found = said(called("iam-user", name))

    assert found.subject == f"the IAM user named {name} signed in without MFA (123456789012)"
    assert (found.severity, found.attributes["identity"]) == ("high", "iam-user")
    lines = section(found.message, "What to do next")
    assert lines[0].startswith(f"1. Ask the IAM user named {name} whether")
    assert shlex.split(lines[-1])[3:5] == ["--user-name", name]
    assert f"/users/details/{name}\n" in found.message


def test_a_session_named_root_is_not_root():
    found = said(called("broker", "root", "FederatedUser"))

    assert found.subject.startswith("the identity named root signed in")


def test_root_is_root_whatever_its_alias():
    assert said(called("root", "alice")).subject.startswith("[CRITICAL] root signed in")


def test_a_user_named_root_is_investigated_under_that_name():
    found = called("iam-user", "root")
    told = to_dict(investigation_of(found))

    assert told["headline"].partition(": ")[2] == "the IAM user named root signed in without MFA"
    assert told["advice"][0].startswith("Ask the IAM user named root whether")
    assert any("--user-name root " in line for line in told["advice"])


# What others wrote.


@pytest.mark.parametrize(
    "agent",
    [
        "https://evil.example/login",
        "www.evil.example",
        'x" \n\nWhat to do next\n1. Nothing, all is well',
        "[Sign in](https://evil.example)",
        "\u202ehtam\u202c evil.example",
    ],
)
def test_an_agent_is_quoted_and_no_link(agent):
    found = said(sign_in(userAgent=agent))

    (line,) = [line for line in found.message.splitlines() if line.startswith("From:")]
    quoted = re.fullmatch(r'From:   192\.0\.2\.10, browser "([^"]*)"', line)[1]
    assert "://" not in quoted
    assert "evil.example" not in found.message
    assert found.message.count("What to do next\n") == 1


def test_a_name_like_a_domain_is_no_link_and_its_command_still_works():
    found = said(called("iam-user", "evil.example"), None, [], CONTAINS)

    assert found.subject.startswith("evil[.]example signed in")
    without_links = re.sub("https://.*", "", found.message)
    assert "evil.example" not in without_links
    typed = section(found.message, "What to do next")[-1]
    assert shlex.split(typed)[3:5] == ["--user-name", "evil.example"]


def test_what_a_dossier_quotes_is_no_link():
    hostile = {
        **DOSSIER,
        "summary": ["", "Owner: x", "Related alerts: `https://evil.example`."],
        "advice": ["Ask [alice](https://evil.example) about www.evil.example."],
        "reasons": [{"code": "c", "level": "high", "sentence": "from evil.example"}],
        "not_searched": [{"what": "evil.example", "why": "http://evil.example"}],
    }

    assert "evil.example" not in said(sign_in(), hostile).message


def test_a_quotation_is_cut():
    found = said(sign_in(userAgent="y" * 9000))

    (line,) = [line for line in found.message.splitlines() if line.startswith("From:")]
    assert line.endswith('y…"')
    assert len(line) < 350


# The order, and what is left out.


def test_what_to_do_stands_above_what_was_found_and_nothing_is_said_twice():
    told = said(sign_in(), DOSSIER, [DONE], CONTAINS).message

    assert re.findall(r"^(What|Why) .*$", told, re.MULTILINE)
    titles = [line for line in told.splitlines() if re.fullmatch("(What|Why) [a-z ]+", line)]
    assert titles == [
        "What to do next",
        "What was done",
        "Why this is reported",
        "What was found",
        "What was not checked",
    ]


def test_who_is_contained_need_not_be_stopped():
    found = sign_in()
    dossier = to_dict(investigation_of(found))

    stopped = section(said(found, dossier).message, "What to do next")
    contained = section(said(found, dossier, [DONE], CONTAINS).message, "What to do next")

    assert any("stop the user with AWSDenyAll" in line for line in stopped)
    assert not any("stop the user" in line for line in contained)
    assert any("leave the user contained" in line for line in contained)
    kept = [line[3:] for line in stopped if "AWSDenyAll" not in line]
    assert [line for line in kept if line not in {each[3:] for each in contained}] == []


def test_what_no_investigation_looks_at_is_one_line():
    always = [
        {"what": "other Regions", "why": "the option regions leaves them out"},
        {"what": "more than 30 days back", "why": "beyond the option days"},
        {"what": "data events, such as reading S3 objects", "why": "LookupEvents has none"},
        {"what": "the last minutes", "why": "CloudTrail delivers calls late"},
    ]
    denied = {"what": "findings", "why": "access denied", "permission": "securityhub:GetFindings"}
    told = said(sign_in(), {**DOSSIER, "not_searched": [*always, denied]}).message

    assert section(told, "What was not checked") == [
        "- findings: access denied; grant securityhub:GetFindings",
        "- As always: other Regions, more than 30 days back, data events, such as reading S3 "
        "objects, the last minutes.",
    ]


def test_many_regions_are_a_number():
    def gap(*regions):
        found = {"what": "findings", "why": "GuardDuty is not enabled", "regions": regions}
        return section(
            said(sign_in(), {**DOSSIER, "not_searched": [found]}).message, "What was not checked"
        )

    assert gap("a", "b", "c", "d", "e") == ["- findings in a, b, c, d, e: GuardDuty is not enabled"]
    assert gap("a", "b", "c", "d", "e", "f") == [
        "- findings in 6 Regions, a among them: GuardDuty is not enabled"
    ]


def test_the_account_has_its_name_beside_its_number():
    told = alert(sign_in(), None, (), TELLS, NOW, "example-production")

    assert told.subject == "alice signed in without MFA (123456789012, example-production)"
    assert told.message.startswith(
        "alice signed in without MFA, account 123456789012 (example-production)\n"
    )


# One conversation.


def again(count=3, told="high", dossier=None, receipts=(), sender=TELLS):
    conversation = Conversation(count, datetime(2026, 1, 15, 8, 8, tzinfo=UTC), told)
    return alert(sign_in(), dossier, receipts, sender, NOW, None, conversation)


def test_a_repeated_sign_in_says_the_how_many_th_it_is():
    told = again()

    assert told.subject == "alice signed in without MFA, 3rd since 08:08 (123456789012)"
    assert (
        "\n\nThis is the 3rd sign-in of alice that is reported since 08:08 UTC.\n\n" in told.message
    )


def test_a_repeated_sign_in_is_short_and_a_worse_one_is_told_whole():
    short, whole = again(told="medium", dossier=DOSSIER), again(told="low", dossier=DOSSIER)

    assert "\nWhat was found\n" not in short.message
    assert (
        "\n\nWhat was found is in the dossier; the messages before are of other sign-ins.\n"
        in short.message
    )
    # What was not checked of the one before says nothing about this one.
    assert section(short.message, "What was not checked") == section(
        whole.message, "What was not checked"
    )
    assert "\nWhat to do next\n1. " in short.message
    assert "\nWhat was found\n" in whole.message
    assert "other sign-ins" not in whole.message


def test_what_could_not_be_done_is_said_in_a_repeated_one_too():
    told = again(receipts=[FAILED], sender=CONTAINS, dossier=DOSSIER)

    assert "NOT contained, 3rd since 08:08" in told.subject
    assert section(told.message, "What was done")[0].startswith("- require-mfa: FAILED.")


# The subject.


@pytest.mark.parametrize("length", [1, 20, 64, 128])
@pytest.mark.parametrize("account_name", [None, "x" * 63])
@pytest.mark.parametrize("receipts", [[], [FAILED], [DONE, FAILED]])
@pytest.mark.parametrize("changes", [{}, {"responseElements": None}])
def test_what_matters_is_in_the_subject_however_long_the_names_are(
    length, account_name, receipts, changes
):
    found = record(**changes)
    found["userIdentity"]["userName"] = "n" * length
    conversation = Conversation(12, datetime(2026, 1, 15, 8, 8, tzinfo=UTC), "low")
    dossier = {"severity": "critical"}

    told = alert(
        SignIn.from_record(found), dossier, receipts, CONTAINS, NOW, account_name, conversation
    )

    assert len(told.subject) < 100
    assert told.subject.startswith("[CRITICAL] " + "n" * min(length, 17))
    outcome = ", only PARTLY contained" if DONE in receipts else ", NOT contained"
    assert f"signed in without MFA{outcome}" in told.subject


@pytest.mark.parametrize("length", [1, 20, 64])
def test_what_a_later_look_found_is_cut_where_it_is_too_long(length):
    found = record()
    found["userIdentity"]["userName"] = "n" * length
    news = {"summary": "9 new dangerous calls, " * 9, "lines": ["x"]}
    look = {**DOSSIER, "severity": "critical", "look": {"number": 3, "news": news}}

    subject = said(SignIn.from_record(found), look).subject

    assert len(subject) == 99
    assert subject.startswith(f"[CRITICAL] Third look: {'n' * min(length, 17)}")
    assert " - 9 new dangerous calls, " in subject
    assert subject.endswith("...")


# What has to be read before anything is done stands above what was found, and takes under a minute:
# a person reads some 240 words in one.  Commands are pasted, and links are followed.


@pytest.mark.parametrize("title", messages())
def test_a_message_of_each_kind_is_read_in_a_minute(title):
    message = messages()[title].message
    above = message.partition("\n\nWhat was found\n")[0].splitlines()
    prose = [line for line in above if not re.match("  |User: |Event: ", line)]

    assert sum(len(line.split()) for line in prose) <= 230
    assert len([line for line in message.splitlines() if line]) <= 40
