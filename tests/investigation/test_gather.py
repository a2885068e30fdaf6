# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A whole investigation against scripted answers, each of which may also fail."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import botocore.loaders
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from c7n_mfa.investigation import gather
from c7n_mfa.investigation.dossier import (
    AccessKey,
    Credentials,
    EarlierSignIns,
    Finding,
    Gap,
    Owner,
    Privileges,
    Reach,
    Related,
    Seen,
)
from c7n_mfa.investigation.element import InvestigateSignin
from c7n_mfa.investigation.gather import Options, investigate
from c7n_mfa.investigation.page import markdown, to_dict
from calls import denied
from investigated import (
    ACCOUNT,
    AT,
    HOME,
    NOW,
    Clock,
    ago,
    answers,
    attached,
    aws,
    call,
    device,
    inline,
    session,
    sign_in,
    signed_in,
    the_root_sign_in,
    the_sign_in,
    trail_of,
)

PERMISSIONS = InvestigateSignin.permissions
ROLE_SIGN_IN = the_sign_in(
    userIdentity={
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/alice",
        "accountId": ACCOUNT,
        "sessionContext": {
            "attributes": {"mfaAuthenticated": "false"},
            "sessionIssuer": {
                "type": "Role",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/Engineer",
                "userName": "Engineer",
            },
        },
    }
)
HISTORY = [sign_in(ago(days=3 + day)) for day in range(6)]
# Those of sign-ins and of the policy, and the one that is enabled beside them.
SIGN_INS = ("us-east-1", HOME, "us-east-2", "eu-north-1", "ap-southeast-2")
REGIONS = (*SIGN_INS, "ap-south-1")
LEFT_OUT = Gap("other Regions", "the option regions leaves them out")
MONTH = Seen(NOW - timedelta(days=30), True)
TWO_DAYS = Seen(ago(hours=48), True)
DAY = Seen(ago(hours=24), True)
LIMITS = (
    Gap("more than 30 days back", "beyond the option days; LookupEvents keeps 90 days"),
    Gap("data events, such as reading S3 objects", "LookupEvents does not have them"),
    Gap("the last minutes", "CloudTrail delivers calls 5 to 15 minutes late"),
    Gap("the country and the network of the address", "no geo-database is set"),
)
ERRORS = {
    "denied": denied("it"),
    "throttled": ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "it"),
    "gone": ClientError({"Error": {"Code": "NoSuchEntity", "Message": "gone"}}, "it"),
    "internal": ClientError({"Error": {"Code": "InternalFailure"}}, "it"),
    "timeout": ConnectTimeoutError(endpoint_url="https://example.com"),
    "unreachable": EndpointConnectionError(endpoint_url="https://example.com"),
    "no-credentials": NoCredentialsError(),
    "not-even-xml": ResponseParserError("x"),
    "empty": {},
    "nothing": None,
    "a list": [],
}


def run(script=None, record=None, latency=0.0, **options):
    """An investigation: the dossier, and the calls it took."""
    record = record or the_sign_in()
    clock = Clock()
    with aws(script or answers()) as made:
        dossier = investigate(
            session(),
            record,
            signed_in(record),
            Options(**{"home": HOME, **options}),
            now=NOW,
            clock=clock,
            sleep=clock.sleep,
        )
    return dossier, made


def trail(*records, **changes):
    return answers(**{"cloudtrail:LookupEvents": trail_of(*records), **changes})


def test_a_sign_in_as_always_is_looked_into_in_all_six_steps():
    dossier, _ = run(trail(*HISTORY, call("ListBuckets", "s3", AT + timedelta(minutes=1))))
    facts = dossier.facts

    assert facts.related == Related(findings=(), failed=0, burst=False, seen=TWO_DAYS)
    assert facts.earlier == EarlierSignIns(6, 6, ago(days=8), ago(days=3), MONTH)
    assert (facts.origin.new_address, facts.origin.new_network) == (False, False)
    assert [count.name for count in facts.activity.since] == ["ListBuckets"]
    assert facts.owner == Owner((("owner", "user@example.com"),))
    assert facts.reach == Reach((), (), (), (), (), (), DAY)
    assert facts.privileges == Privileges(
        False,
        "no policy allows every action on every resource",
        ("ours", "ReadOnlyAccess", "buckets (inline)"),
        ("staff",),
        ("s3:GetObject",),
    )
    key = AccessKey("AKIAEXAMPLE000000000", True, ago(days=400))
    assert facts.credentials == Credentials(True, (), (key,))
    assert (dossier.severity, dossier.unseen, dossier.gaps) == ("medium", (), LIMITS)


def test_the_sign_in_itself_is_no_history_of_its_own():
    dossier, _ = run(trail(the_sign_in()))
    assert (dossier.facts.earlier.count, dossier.facts.activity.since) == (0, ())


def asked_of(made, permission="cloudtrail:LookupEvents"):
    return {region for name, region, _ in made if name == permission}


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({}, {"ap-south-1"}),
        ({"regions": None}, {"ap-south-1"}),
        ({"regions": ("sa-east-1",)}, {"sa-east-1"}),
    ],
)
def test_the_regions_of_sign_ins_are_asked_and_the_enabled_or_the_named(options, more):
    dossier, made = run(record=the_sign_in(awsRegion="ca-central-1"), **options)
    expected = {*SIGN_INS, "ca-central-1", *more}
    assert asked_of(made) == asked_of(made, "guardduty:ListDetectors") == expected
    assert (LEFT_OUT in dossier.gaps) == ("sa-east-1" in more)


def test_where_regions_cannot_be_listed_those_of_sign_ins_are_asked_and_it_says_so():
    dossier, made = run(answers(**{"ec2:DescribeRegions": denied("it")}))
    assert dossier.gaps[0] == Gap(
        "every enabled Region", "access denied", "ec2:DescribeRegions", (HOME,)
    )
    assert asked_of(made) == set(SIGN_INS)


@pytest.mark.parametrize(
    ("home", "of_sign_in", "expected"),
    [
        ("cn-northwest-1", "cn-northwest-1", {"cn-northwest-1", "cn-north-1"}),
        ("us-gov-east-1", "us-gov-east-1", {"us-gov-east-1", "us-gov-west-1"}),
        ("eusc-de-east-1", "eusc-de-east-1", {"eusc-de-east-1"}),
        ("us-iso-west-1", "us-iso-west-1", {"us-iso-west-1", "us-iso-east-1"}),
        ("moon-base-east-1", "moon-base-west-2", {"moon-base-east-1", "moon-base-west-2"}),
    ],
)
def test_other_partitions_are_asked_where_they_record_and_never_in_us_east_1(
    home, of_sign_in, expected
):
    _, made = run(record=the_sign_in(awsRegion=of_sign_in), home=home, regions=())
    assert asked_of(made) == expected


def test_the_regions_of_iam_are_those_of_botocore():
    found = {}
    for partition in botocore.loaders.Loader().load_data("endpoints")["partitions"]:
        endpoints = partition["services"].get("iam", {}).get("endpoints", {}).values()
        scopes = {each["credentialScope"]["region"] for each in endpoints}
        if scopes:
            found[partition["partition"]] = tuple(scopes)
    assert found == gather._GLOBAL


@pytest.mark.parametrize("region", ["evil.example.com/", "", None, 7, "us-east-1.example.com"])
def test_a_region_that_is_none_is_not_asked(region):
    _, made = run(record=the_sign_in(awsRegion=region))
    assert {region for _, region, _ in made} <= {*REGIONS, "aws-global"}


def test_pages_of_a_region_are_never_more_than_asked_for():
    busy = [call("ListBuckets", "s3", ago(minutes=7 * n)) for n in range(2000)]
    script = answers(**{"cloudtrail:LookupEvents": trail_of(*busy, *HISTORY)})

    dossier, made = run(script, pages=10)

    per_region = Counter(r for permission, r, _ in made if permission == "cloudtrail:LookupEvents")
    assert per_region["us-east-1"] == 10
    assert max(per_region.values()) == 10
    cut = [gap.what for gap in dossier.gaps if gap.why.startswith("stopped after")]
    assert cut == [
        "API calls since 48 hours before the sign-in",
        "history of the identity",
    ]


def test_sign_ins_of_busy_users_are_found_by_the_name_of_the_event():
    busy = [call("ListBuckets", "s3", ago(days=2, minutes=n)) for n in range(1, 500)]
    records = [*busy, *(sign_in(ago(days=20 + n)) for n in range(3))]

    dossier, made = run(trail(*records), pages=4)

    keys = [
        parameters["LookupAttributes"][0]["AttributeKey"]
        for permission, region, parameters in made
        if (permission, region) == ("cloudtrail:LookupEvents", "us-east-1")
    ]
    assert keys == ["Username", "Username", "EventName", "Username"]
    assert dossier.facts.earlier == EarlierSignIns(3, 3, ago(days=22), ago(days=20), MONTH)


def test_time_ends_the_investigation_and_is_told():
    clock = Clock()
    script = {name: _slow(clock, answer) for name, answer in answers().items()}
    record = the_sign_in()
    with aws(script) as made:
        dossier = investigate(
            session(),
            record,
            signed_in(record),
            Options(home=HOME, budget_seconds=5),
            now=NOW,
            clock=clock,
            sleep=clock.sleep,
        )

    assert len(made) == 3
    assert clock.now == 1006
    assert dossier.facts.credentials.keys is not None
    assert (dossier.facts.owner, dossier.facts.activity) == (None, None)
    why = "the budget of 5 s was spent"
    assert Gap("tags of the user", why) in dossier.gaps
    assert Gap("API calls since 48 hours before the sign-in", why, None, SIGN_INS) in (dossier.gaps)


def _slow(clock, answer):
    def slow(region, parameters):
        clock.now += 2
        return answer(region, parameters) if callable(answer) else answer

    return slow


def test_root_has_no_user_and_no_questions_about_one():
    dossier, made = run(record=the_root_sign_in())

    assert {permission for permission, _, _ in made} == {
        "account:GetAlternateContact",
        "cloudtrail:LookupEvents",
        "ec2:DescribeRegions",
        "guardduty:ListDetectors",
        "guardduty:ListFindings",
        "securityhub:GetFindings",
    }
    assert dossier.severity == "critical"
    assert dossier.facts.owner == Owner(
        (("Name", "Security"), ("EmailAddress", "security@example.com"))
    )
    assert dossier.gaps[0] == Gap(
        "privileges, MFA devices and access keys", "root is not an IAM user"
    )


def test_root_is_looked_up_by_its_own_names():
    _, made = run(record=the_root_sign_in())
    requests = {permission: parameters for permission, _, parameters in made}
    (attribute,) = requests["cloudtrail:LookupEvents"]["LookupAttributes"]
    (resource,) = requests["securityhub:GetFindings"]["Filters"]["ResourceId"]
    criteria = requests["guardduty:ListFindings"]["FindingCriteria"]["Criterion"]
    assert attribute == {"AttributeKey": "Username", "AttributeValue": "root"}
    assert resource["Value"] == f"AWS::::Account:{ACCOUNT}"
    assert criteria["resource.accessKeyDetails.userType"] == {"Equals": ["Root"]}


def test_a_role_is_asked_about_as_a_role():
    dossier, made = run(record=ROLE_SIGN_IN)

    asked = {permission for permission, _, _ in made if permission.startswith("iam:")}
    assert asked == {
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:SimulatePrincipalPolicy",
    }
    assert dossier.facts.owner == Owner((("owner", "user@example.com"),))
    assert dossier.facts.privileges.administrator is False
    assert dossier.facts.credentials is None


def test_a_record_that_names_nobody_asks_nothing():
    dossier, made = run(record=the_sign_in(userIdentity={"type": "IAMUser"}))
    assert made == []
    assert dossier.gaps == (
        Gap("anything about the identity", "the record names nobody known to IAM"),
    )


def test_a_namesake_in_another_account_is_not_asked_about():
    dossier, made = run(account="210987654321")
    own, _ = run(account=ACCOUNT)
    unsaid, _ = run()

    assert made == []
    assert dossier.gaps == (
        Gap(
            "anything about the identity",
            f"it belongs to account {ACCOUNT}, and only 210987654321 can be queried",
        ),
    )
    assert own == unsaid


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        (
            {"iam:ListAttachedUserPolicies": attached("aws:policy/AdministratorAccess")},
            "it has the policy AdministratorAccess",
        ),
        (
            {"iam:ListAttachedGroupPolicies": attached("aws:policy/AdministratorAccess")},
            "it has the policy AdministratorAccess",
        ),
        (
            {"iam:GetUserPolicy": inline({"Effect": "Allow", "Action": "*", "Resource": "*"})},
            "its policy buckets allows every action on every resource",
        ),
        (
            {
                "iam:GetPolicyVersion": {
                    "PolicyVersion": {
                        "Document": {
                            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}
                        }
                    }
                }
            },
            "its policy ours allows every action on every resource",
        ),
        (
            {
                "iam:ListAttachedUserPolicies": attached(f"{ACCOUNT}:policy/x:iam::aws:/ours"),
                "iam:GetPolicyVersion": {
                    "PolicyVersion": {
                        "Document": {
                            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}
                        }
                    }
                },
            },
            "its policy ours allows every action on every resource",
        ),
    ],
    ids=["attached", "of-a-group", "inline", "managed", "managed-with-the-path-of-awss"],
)
def test_an_administrator_is_known_by_any_of_its_policies(changes, because):
    dossier, made = run(answers(**changes))
    privileges = dossier.facts.privileges
    assert (privileges.administrator, privileges.because) == (True, because)
    assert "iam:SimulatePrincipalPolicy" not in {permission for permission, _, _ in made}


@pytest.mark.parametrize(
    "permission",
    ["iam:ListGroupsForUser", "iam:ListUserPolicies", "iam:GetUserPolicy", "iam:GetPolicyVersion"],
)
def test_with_a_policy_unread_nobody_is_called_no_administrator(permission):
    dossier, _ = run(answers(**{permission: denied("it")}))
    assert dossier.facts.privileges.administrator is None


def test_only_so_many_policies_are_read():
    many = {"PolicyNames": [f"policy-{n}" for n in range(50)]}
    dossier, made = run(answers(**{"iam:ListUserPolicies": many}))
    assert [p for p, _, _ in made].count("iam:GetUserPolicy") == 20
    assert dossier.facts.privileges.administrator is None
    assert Gap("privileges", "only 20 of the policies were read") in dossier.gaps


def test_a_device_enrolled_since_is_told_from_one_enrolled_before():
    for enrolled, code in [
        (AT + timedelta(minutes=1), "mfa-enrolled-since"),
        (ago(days=1), "mfa-enrolled-not-asked"),
    ]:
        dossier, _ = run(answers(**{"iam:ListMFADevices": device(enrolled)}))
        assert code in [reason.code for reason in dossier.reasons]


def test_no_password_is_an_answer_and_no_gap():
    dossier, _ = run(answers(**{"iam:GetLoginProfile": ERRORS["gone"]}))
    assert (dossier.facts.credentials.password, dossier.gaps) == (False, LIMITS)


def test_findings_of_both_services_come_with_their_regions():
    finding = {"Title": "Odd call", "UpdatedAt": "2026-11-20T11:00:00Z"}
    script = answers(
        **{
            "securityhub:GetFindings": lambda region, _: {
                "Findings": [{**finding, "Id": "hub-1", "Severity": {"Label": "MEDIUM"}}]
                if region == HOME
                else []
            },
            "guardduty:ListFindings": lambda region, _: {
                "FindingIds": ["1"] if region == "us-east-1" else []
            },
            "guardduty:GetFindings": {"Findings": [{**finding, "Arn": "guard-1", "Severity": 8.0}]},
        }
    )
    dossier, _ = run(script)
    at = "2026-11-20T11:00:00Z"
    assert dossier.facts.related.findings == (
        Finding("securityhub", HOME, "Odd call", "medium", at, "hub-1"),
        Finding("guardduty", "us-east-1", "Odd call", "high", at, "guard-1"),
    )


def test_services_that_are_off_are_told_apart_from_no_findings():
    off = ClientError({"Error": {"Code": "InvalidAccessException"}}, "GetFindings")
    script = answers(
        **{"securityhub:GetFindings": off, "guardduty:ListDetectors": {"DetectorIds": []}}
    )
    dossier, _ = run(script)
    assert dossier.facts.related.findings is None
    assert dossier.gaps[:2] == (
        Gap("findings of Security Hub", "Security Hub is not enabled", None, REGIONS),
        Gap("findings of GuardDuty", "GuardDuty is not enabled", None, REGIONS),
    )


@pytest.mark.parametrize("answer", [denied("it"), {"Findings": None}])
def test_no_finding_where_a_region_could_not_be_read_is_none_seen(answer):
    def in_one_region(region, _):
        if region == HOME:
            if isinstance(answer, Exception):
                raise answer
            return answer
        return {"Findings": []}

    dossier, _ = run(answers(**{"securityhub:GetFindings": in_one_region}))
    assert dossier.facts.related.findings is None
    assert dossier.gaps[0].regions == (HOME,)


def test_where_one_service_is_off_the_other_may_find_nothing():
    off = ClientError({"Error": {"Code": "InvalidAccessException"}}, "GetFindings")
    dossier, _ = run(answers(**{"securityhub:GetFindings": off}))
    assert dossier.facts.related.findings == ()


def test_more_findings_than_a_page_are_told():
    page = {"Findings": [], "NextToken": "more"}
    dossier, _ = run(answers(**{"securityhub:GetFindings": page}))
    assert dossier.gaps[0].why == "only the first 50 were read"


def test_roles_reached_leave_a_gap_where_their_calls_are():
    role = f"arn:aws:iam::{ACCOUNT}:role/Admin"
    later = AT + timedelta(minutes=1)
    script = trail(call("AssumeRole", "sts", later, requestParameters={"roleArn": role}))
    dossier, _ = run(script)
    assert dossier.facts.reach.roles == (role,)
    assert dossier.gaps[-1] == Gap(
        "what was done with the roles, keys and tokens of step 6",
        "their calls are recorded under other names",
    )


def test_an_intruder_is_critical():
    later = AT + timedelta(minutes=2)
    guesses = [
        sign_in(ago(minutes=n), outcome="Failure", sourceIPAddress="198.51.100.7")
        for n in (1, 2, 3)
    ]
    script = trail(*HISTORY, *guesses, call("CreateUser", "iam", later))
    dossier, _ = run(script, record=the_sign_in(sourceIPAddress="198.51.100.7"))
    assert dossier.severity == "critical"
    assert [reason.code for reason in dossier.reasons] == [
        "failed-burst",
        "dangerous-calls",
        "may-do-harm",
        "mfa-never-enrolled",
        "new-network",
        "single-factor",
    ]


@pytest.mark.parametrize(
    "time", ["yesterday", None, 7, "0001-01-01T00:00:00Z", "2031-01-01T00:00Z"]
)
def test_an_impossible_time_is_taken_as_now(time):
    _, made = run(record=the_sign_in(eventTime=time))
    start, *_ = [p["StartTime"] for permission, _, p in made if "LookupEvents" in permission]
    assert start == NOW - timedelta(hours=48)


def test_a_sign_in_of_long_ago_is_looked_up_within_ninety_days_only():
    record = the_sign_in(eventTime="2020-01-01T00:00:00Z")
    _, made = run(record=record, days=90)
    starts = {p["StartTime"] for permission, _, p in made if "LookupEvents" in permission}
    assert starts == {NOW - timedelta(days=90)}


@pytest.mark.parametrize("record", [the_sign_in(), the_root_sign_in(), ROLE_SIGN_IN])
def test_only_declared_permissions_are_used(record):
    _, made = run(record=record, regions=None)
    assert {permission for permission, _, _ in made} - set(PERMISSIONS) == set()


def test_every_declared_permission_is_used_by_somebody():
    script = answers(**{"guardduty:ListFindings": {"FindingIds": ["1"]}})
    used = set()
    for record in (the_sign_in(), the_root_sign_in(), ROLE_SIGN_IN):
        used |= {permission for permission, _, _ in run(script, record, regions=None)[1]}
    assert used == set(PERMISSIONS)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_any_call_may_fail_in_any_way(permission, error):
    script = {**answers(**{"guardduty:ListFindings": {"FindingIds": ["1"]}}), permission: error}
    for record in (the_sign_in(), the_root_sign_in(), ROLE_SIGN_IN):
        dossier, made = run(script, record, regions=None)

        assert json.loads(json.dumps(to_dict(dossier)))["event_id"] == dossier.sign_in.event_id
        assert markdown(dossier).startswith(f"# {dossier.severity.upper()}: ")
        asked = permission in {name for name, _, _ in made}
        if asked and error is ERRORS["denied"]:
            assert permission in {gap.permission for gap in dossier.gaps}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_all_calls_may_fail_at_once(error):
    dossier, _ = run(dict.fromkeys(PERMISSIONS, error), regions=None)
    assert dossier.facts.activity is None
    assert dossier.severity != "low"
    assert "CloudTrail" not in {gap.what for gap in dossier.gaps}


def test_whom_aws_names_in_an_error_is_not_in_the_dossier():
    message = "User: arn:aws:iam::123456789012:user/mallory is not authorized"
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "x")
    dossier, _ = run(dict.fromkeys(PERMISSIONS, error))
    assert "mallory" not in json.dumps(to_dict(dossier)) + markdown(dossier)
