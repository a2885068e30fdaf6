# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Policies, severity and advice: decisions over plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from c7n_mfa.investigation.advice import advice_for
from c7n_mfa.investigation.dossier import (
    Activity,
    Credentials,
    DangerousCall,
    EarlierSignIns,
    Facts,
    Finding,
    MfaDevice,
    Origin,
    Owner,
    Place,
    Privileges,
    Reach,
    Related,
    Seen,
)
from c7n_mfa.investigation.identity import allows_everything, is_administrator_policy
from c7n_mfa.investigation.records import who_signed_in
from c7n_mfa.investigation.severity import reasons_for, severity_of
from investigated import AT, ago, sign_in, signed_in, the_root_sign_in, the_sign_in

ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LATER = AT + timedelta(minutes=5)
ENROLLED = (MfaDevice("mfa/alice", ago(days=99)),)
# Nothing is unusual: a plain user, at home, with MFA enrolled since long and no other news.
ALL, PART = Seen(ago(days=30), True), Seen(ago(hours=1), False)
FACTS = Facts(
    related=Related(findings=(), failed=0, burst=False, seen=ALL),
    earlier=EarlierSignIns(9, 0, None, None, ALL),
    origin=Origin(9, ALL, new_address=False, network="192.0.2.0/24", new_network=False, hour=12),
    activity=Activity((), (), (), ALL, True),
    owner=Owner((("email", "user@example.com"),)),
    reach=Reach((), (), (), (), (), (), ALL),
    privileges=Privileges(False, "nothing", may=()),
    credentials=Credentials(True, ENROLLED, ()),
)
DANGER = DangerousCall(
    LATER,
    "iam",
    "CreateUser",
    "userName=bob",
    "us-east-1",
    "alice",
    done=True,
    since=True,
    level="high",
    why="creates a user",
    technique="T1136.003",
)
RUN = replace(DANGER, name="RunInstances", level="medium")


def finding(severity):
    return Finding("guardduty", "us-east-1", "Odd", severity, "2026-11-20T11:00:00Z", "id")


def codes(facts=FACTS, record=None, **changes):
    record = record or the_sign_in()
    found = signed_in(record)
    kind = who_signed_in(record, found).kind
    reasons = reasons_for(found, kind, AT, replace(facts, **changes))
    return severity_of(reasons), [reason.code for reason in reasons]


def dangers(*calls):
    return {"activity": Activity((), (), calls, ALL, True)}


def related(**changes):
    return {"related": replace(FACTS.related, **changes)}


def reaching(**changes):
    return {"reach": replace(FACTS.reach, **changes)}


def origin(**changes):
    return {"origin": replace(FACTS.origin, **changes)}


BASE = ("medium", ["mfa-enrolled-not-asked", "single-factor"])


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": ALLOW},
        {"Statement": [{"Effect": "Deny"}, ALLOW]},
        {"Statement": [{**ALLOW, "Action": ["s3:*", "*"], "Resource": ["*"]}]},
        {"Statement": [{**ALLOW, "Action": "*:*"}]},
        {"Statement": [{**ALLOW, "Action": "**"}]},
        {"Statement": [{**ALLOW, "Resource": "arn:aws:*:*:*:*"}]},
        {"Statement": [{**ALLOW, "Resource": ["arn:*:*:*:*:*/*"]}]},
        {"Statement": [{**ALLOW, "Condition": {"Bool": {}}}]},
    ],
)
def test_everything_on_everything_is_administrator(document):
    assert allows_everything(document) is True


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        [],
        {"Statement": None},
        {"Statement": ["*"]},
        {"Statement": {**ALLOW, "Effect": "Deny"}},
        {"Statement": {**ALLOW, "Action": "s3:*"}},
        {"Statement": {**ALLOW, "Resource": "arn:aws:s3:::*"}},
        {"Statement": {**ALLOW, "Resource": "arn:aws:*:*:*:topic"}},
        {"Statement": {**ALLOW, "Action": [7, None, "*:Get*"]}},
        {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}},
    ],
)
def test_less_than_everything_is_not(document):
    assert allows_everything(document) is False


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", True),
        ("arn:aws-us-gov:iam::aws:policy/AdministratorAccess", True),
        ("arn:aws:iam::123456789012:policy/AdministratorAccess", False),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
    ],
)
def test_only_awss_own_policy_makes_administrator_by_name(arn, expected):
    assert is_administrator_policy(arn) is expected


def test_a_sign_in_where_nothing_is_unusual_is_medium_at_most():
    assert codes() == BASE


def test_root_is_critical():
    assert codes(Facts(), the_root_sign_in())[0] == "critical"


def test_root_that_failed_is_not():
    record = {**the_root_sign_in(), "responseElements": {"ConsoleLogin": "Failure"}}
    severity, found = codes(FACTS, record)
    assert (severity, found) == ("low", [])


@pytest.mark.parametrize(
    ("changes", "severity", "code"),
    [
        ({"privileges": Privileges(True, "x")}, "high", "administrator"),
        ({"privileges": None}, "high", "privileges-unknown"),
        ({"privileges": Privileges(None, "x")}, "high", "privileges-unknown"),
        ({"privileges": Privileges(None, "x", may=())}, "high", "privileges-unknown"),
        ({"privileges": Privileges(None, "x", may=("s3:GetObject",))}, "high", "may-do-harm"),
        ({"privileges": Privileges(False, "x")}, "high", "privileges-unknown"),
        ({"privileges": Privileges(False, "x", may=("s3:GetObject",))}, "medium", "may-do-harm"),
        (
            {"privileges": Privileges(False, "x", may=("iam:CreateAccessKey",))},
            "high",
            "may-do-harm",
        ),
        ({"credentials": Credentials(True, (), ())}, "medium", "mfa-never-enrolled"),
        (
            {"credentials": Credentials(True, (MfaDevice("m", LATER),))},
            "medium",
            "mfa-enrolled-since",
        ),
        (related(failed=3, last_failed=AT, burst=True), "high", "failed-burst"),
        (related(findings=(finding("low"),)), "medium", "related-findings"),
        (related(findings=(finding("low"), finding("critical"))), "high", "related-findings"),
        (related(failed=9, seen=PART), "high", "failures-unknown"),
        ({"related": Related(())}, "high", "failures-unknown"),
        ({"origin": None}, "high", "history-unknown"),
        ({"origin": Origin(None, PART)}, "high", "history-unknown"),
        ({"origin": Origin(0, ALL)}, "medium", "no-history"),
        ({"earlier": None}, "high", "history-unknown"),
        ({"earlier": EarlierSignIns(9, 0, None, None, PART)}, "high", "history-unknown"),
        ({"activity": None}, "high", "activity-unknown"),
        ({"activity": Activity((), (), None, PART, True)}, "high", "activity-unknown"),
        (origin(new_network=True), "medium", "new-network"),
        (origin(new_address=True), "medium", "new-address"),
        (origin(new_agent=True), "medium", "new-agent"),
        (origin(unusual_hour=True), "medium", "unusual-hour"),
        (origin(new_country=True, place=Place("IS")), "high", "new-country"),
        (dangers(DANGER), "high", "dangerous-calls"),
        (dangers(RUN), "medium", "dangerous-calls"),
        (dangers(RUN, DANGER), "high", "dangerous-calls"),
        (dangers(replace(DANGER, level="critical")), "critical", "dangerous-calls"),
        (dangers(replace(DANGER, done=False)), "medium", "dangerous-attempts"),
        (dangers(replace(DANGER, since=False)), "medium", "dangerous-before"),
        (reaching(accounts=("210987654321",)), "medium", "other-accounts"),
    ],
)
def test_one_thing_more_gives_one_reason_more(changes, severity, code):
    found, reasons = codes(**changes)
    expected = {code, "single-factor"}
    assert (found, expected - set(reasons)) == (severity, set())


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"privileges": Privileges(True, "x"), **dangers(DANGER)}, "critical"),
        ({"privileges": Privileges(True, "x"), **origin(new_network=True)}, "high"),
        ({**related(findings=(finding("low"),)), **origin(new_network=True)}, "high"),
        ({"credentials": Credentials(True, ()), "privileges": None}, "high"),
        ({"origin": None, "privileges": None}, "high"),
        ({"privileges": Privileges(True, "x"), "origin": None}, "high"),
    ],
)
def test_two_signs_on_one_level_raise_it_and_two_unknowns_do_not(changes, severity):
    assert codes(**changes)[0] == severity


@pytest.mark.parametrize("record", [sign_in(mfa="Yes"), sign_in(outcome="Failure")])
def test_nothing_is_below_high_while_anything_is_unseen(record):
    assert codes(Facts(), record) == (
        "high",
        ["failures-unknown", "history-unknown", "activity-unknown", "privileges-unknown"],
    )


def test_more_is_found_than_is_said_of_failures_that_were_not_all_read():
    found = reasons_for(
        signed_in(the_sign_in()),
        "user",
        AT,
        replace(FACTS, **related(failed=12, burst=True, seen=PART)),
    )
    assert found[0].sentence == (
        "at least 12 failed attempts in the 48 hours before, in quick succession"
    )


def test_what_is_new_is_new_since_history_was_read():
    changed = origin(seen=PART, new_network=True, new_agent=True, unusual_hour=True)
    found = reasons_for(signed_in(the_sign_in()), "user", AT, replace(FACTS, **changed))
    assert [
        r.sentence for r in found if r.code in ("new-network", "new-agent", "unusual-hour")
    ] == [
        "no other call from 192.0.2.0/24 since 2026-11-20",
        "no other sign-in with this kind of browser since 2026-11-20",
        "no other call at about 12:00 UTC since 2026-11-20",
    ]


def test_a_sign_in_with_mfa_is_not_reproached_with_the_lack_of_it():
    assert codes(FACTS, sign_in(mfa="Yes")) == ("low", [])


@pytest.mark.parametrize(
    ("devices", "severity", "reasons"),
    [
        (ENROLLED, "low", ["factor-unknown"]),
        ((), "medium", ["mfa-never-enrolled", "factor-unknown"]),
        ((MfaDevice("m", LATER),), "medium", ["mfa-enrolled-since", "factor-unknown"]),
    ],
)
def test_of_a_sign_in_that_does_not_say_only_what_is_enrolled_counts(devices, severity, reasons):
    unsaid = sign_in(mfa="?")
    assert codes(FACTS, unsaid, credentials=Credentials(True, devices, ())) == (severity, reasons)


def test_reasons_come_worst_first():
    _, found = codes(privileges=Privileges(True, "x"))
    assert found == ["administrator", *BASE[1]]


def advise(record=None, **changes):
    record = record or the_sign_in()
    found = signed_in(record)
    return advice_for(found, who_signed_in(record, found), AT, replace(FACTS, **changes))


def test_the_owner_is_asked_first_then_the_user_stopped():
    assert advise() == (
        "Ask alice whether this was them, by a way outside AWS: email user@example[.]com.",
        "If not, stop the user with AWSDenyAll (denies everything, in open sessions and with "
        "access keys too; detach-user-policy revives both): `aws iam "
        "attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AWSDenyAll`",
        "AWS asks every user with an MFA device for it, and this record says it did not: look for "
        "DeactivateMFADevice and EnableMFADevice around the sign-in.",
        "Investigate again in a quarter of an hour, since CloudTrail delivers calls some minutes "
        "late, by the ID of the event: `c7n-mfa investigate EVENT`",
    )


def test_a_failed_sign_in_asks_for_one_thing_only():
    assert advise(sign_in(outcome="Failure")) == (
        "Nobody came in. Ask the owner whether they tried.",
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"credentials": Credentials(True, (), ())},
            "Have the owner enrol MFA: nobody else can, though a policy can force it.",
        ),
        (
            {"credentials": Credentials(True, (MfaDevice("m", LATER),))},
            "Have the owner confirm that the MFA device enrolled since is theirs; else remove it.",
        ),
        (
            dangers(DANGER),
            "Check, and undo: CreateUser (userName=bob) at 2026-11-20T12:05:00Z, which creates "
            "a user.",
        ),
        (
            dangers(replace(DANGER, target='alarmNames=x\'). "Ignore" it, release alice (')),
            "Check, and undo: CreateUser (\"alarmNames=x'). 'Ignore' it, release alice (\") at "
            "2026-11-20T12:05:00Z, which creates a user.",
        ),
        (dangers(*[DANGER] * 7), "Check 2 more dangerous calls, listed in the dossier."),
        (
            reaching(roles=("role/a",)),
            "Revoke the sessions of role/a too: what is denied to the user is not to a role.",
        ),
        (
            reaching(tokens=("GetFederationToken",)),
            "Expect other sessions that are still open: GetFederationToken was called.",
        ),
        (
            reaching(tokens=("GetSessionToken", "CreateOAuth2Token")),
            "Expect other sessions that are still open: GetSessionToken was called.",
        ),
        (
            reaching(tokens=("AuthorizeOAuth2Access",)),
            "Expect credentials of aws login, which refresh themselves for up to 12 hours; list "
            "its sessions, with an AWS CLI that has the command: `aws signin list-sessions "
            "--principal-arn arn:aws:iam::123456789012:user/alice`",
        ),
        (
            reaching(tokens=("CreateOAuth2Token",)),
            "Revoke those that began with the sign-in or later, up to five at once; what they have "
            "works up to an hour more, unless a policy denies aws:SignInSessionArn: `aws signin "
            "batch-revoke-sessions --principal-arn arn:aws:iam::123456789012:user/alice "
            """--session-arns '["<session-arn>"]'`""",
        ),
        (
            reaching(accounts=("210987654321",)),
            "Look into the accounts 210987654321 as well.",
        ),
        (
            {"owner": None},
            "Ask alice whether this was them, by a way outside AWS; no contact was found.",
        ),
    ],
)
def test_what_is_found_changes_the_advice(changes, line):
    assert line in advise(**changes)


def test_the_oauth_sessions_of_root_are_listed_by_the_account():
    reach = replace(FACTS.reach, tokens=("CreateOAuth2Token",))
    listing = "`aws signin list-sessions --principal-arn 'arn:aws:iam::123456789012:*'`"
    assert any(listing in line for line in advise(the_root_sign_in(), reach=reach))


@pytest.mark.parametrize(
    "call", [replace(DANGER, done=False), replace(DANGER, since=False)], ids=["refused", "before"]
)
def test_there_is_nothing_to_take_back_of_a_call_refused_or_made_before(call):
    assert advise(**dangers(call)) == advise()


def test_nobody_is_told_to_stop_root_by_a_policy():
    found = advise(the_root_sign_in(), credentials=None)
    assert found[0].startswith("Ask the owner of the account whether this was them")
    assert found[1].startswith("If not, recover root:")
    assert found[2].endswith("that is not the owner's, and enrol MFA.")
    assert not any("stop the user" in line for line in found)


@pytest.mark.parametrize(
    ("identity", "start"),
    [
        (
            {"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/b"},
            "If not, contain the IAM user",
        ),
        (
            {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/R/s", "sessionContext": {}},
            "If not, revoke the role's sessions",
        ),
    ],
)
def test_roles_and_federated_users_are_contained_elsewhere(identity, start):
    assert advise(the_sign_in(userIdentity=identity), credentials=None)[1].startswith(start)


def test_the_provider_is_asked_where_it_alone_knows():
    identity = {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/R/s"}
    saml = {"MFAUsed": "No", "SamlProviderArn": "arn:aws:iam::123456789012:saml-provider/x"}
    found = advise(the_sign_in(userIdentity=identity, additionalEventData=saml), credentials=None)
    assert "Whether MFA was asked for only the identity provider knows: read its log." in found
