# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import itertools
import re

import pytest

from c7n_mfa.pattern import parse
from c7n_mfa.proof import assess, may_catch
from c7n_mfa.proof.requirements import REQUIREMENTS
from chains import CIS, CIS_SSO, ROOT_USAGE
from signins import BY_NAME, belongs

LOGIN = '$.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes"'
NO = '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "No" }'


def coverage(*patterns: str, requirement: str = "single-factor", strict: bool = False):
    return assess([parse(pattern) for pattern in patterns], REQUIREMENTS[requirement], strict)


def families(spots) -> list[str]:
    return [spot.family for spot in spots]


def verdict(*patterns: str, requirement: str = "single-factor", strict: bool = False):
    """The verdict and the families that decide it."""
    found = coverage(*patterns, requirement=requirement, strict=strict)
    return found.verdict, families(found.blind_spots)


def check_real(found, *patterns: str) -> None:
    """Every blind spot is missed by all patterns and is of its family."""
    for spot in (*found.blind_spots, *found.advice):
        assert belongs(spot.event, BY_NAME[spot.family])
        assert [parse(pattern).match(spot.event) for pattern in patterns] == [False] * len(patterns)


# What repair provisions


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_the_canonical_pattern_covers_its_requirement(name):
    found = coverage(REQUIREMENTS[name].canonical, requirement=name)

    assert (found.verdict, found.blind_spots, found.depends_on) == ("covers", (), ())
    assert found.too_broad == ()


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_the_strict_canonical_pattern_covers_what_is_only_possible_too(name):
    requirement = REQUIREMENTS[name]

    found = coverage(requirement.canonical_strict, requirement=name, strict=True)

    assert (found.verdict, found.blind_spots, found.advice) == ("covers", (), ())
    assert found.depends_on == found.too_broad == ()
    assert found.caught == tuple(family.name for family in requirement.must_catch)


def test_our_own_pattern_is_without_noise_or_advice():
    found = coverage(REQUIREMENTS["single-factor"].canonical)

    assert (found.noise, found.advice) == ((), ())


# The patterns in circulation


def test_the_cis_text_covers_with_advice():
    found = coverage(CIS, requirement="cis")

    assert found.verdict == "covers"
    assert families(found.advice) == ["iam-user-unsaid", "root-unsaid", "iam-user-bare"]
    assert {spot.because for spot in found.advice} == {
        "$.additionalEventData.MFAUsed is absent, and a comparison with a missing field is false"
    }
    check_real(found, CIS)


def test_the_cis_text_covers_single_factor_with_advice():
    found = coverage(CIS)

    assert (found.verdict, found.blind_spots) == ("covers", ())
    assert families(found.advice) == ["iam-user-unsaid", "root-unsaid", "iam-user-bare"]


@pytest.mark.parametrize("name", ["single-factor", "cis", "cis-iam-user"])
def test_the_cis_text_does_not_cover_strictly(name):
    assert coverage(CIS, requirement=name, strict=True).verdict == "misses"


def test_the_cis_text_is_noisy_but_not_too_broad():
    found = coverage(CIS, requirement="cis")

    assert {"saml", "identity-center", "iam-user-failure"} <= set(families(found.noise))
    assert found.too_broad == ()


@pytest.mark.parametrize("name", ["single-factor", "cis"])
def test_the_variant_for_iam_users_misses_root(name):
    found = coverage(CIS_SSO, requirement=name)

    spot = next(spot for spot in found.blind_spots if spot.family == "root")
    assert found.verdict == "misses"
    assert spot.because == '$.userIdentity.type is "Root", not "IAMUser"'
    check_real(found, CIS_SSO)


def test_the_variant_for_iam_users_covers_iam_users():
    assert verdict(CIS_SSO, requirement="cis-iam-user") == ("covers", [])


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_mfa_used_no_covers(name):
    assert verdict(NO, requirement=name) == ("covers", [])


def test_a_field_that_successes_lack_never_fires():
    pattern = f'{{ {LOGIN} && $.errorMessage != "Failed authentication" }}'

    found = coverage(pattern)

    assert verdict(pattern) == ("misses", ["iam-user", "root", "broker-role"])
    assert {spot.because for spot in found.blind_spots} == {
        "$.errorMessage is absent, and a comparison with a missing field is false"
    }
    assert not may_catch(parse(pattern), REQUIREMENTS["single-factor"])
    check_real(found, pattern)


def test_or_for_and_is_too_broad():
    found = coverage("{ " + LOGIN.replace("&&", "||") + " }")

    assert found.verdict == "covers"
    assert families(found.too_broad) == ["iam-user-mfa"]


def test_a_pattern_for_one_user_misses_the_others():
    pattern = f'{{ {LOGIN} && $.userIdentity.userName = "alice" }}'

    found = coverage(pattern, requirement="cis-iam-user")

    (spot,) = found.blind_spots
    assert spot.event["userIdentity"]["userName"] != "alice"
    check_real(found, pattern)


def test_a_pattern_without_one_user_misses_that_one():
    pattern = f'{{ {LOGIN} && $.userIdentity.userName != "breakglass" }}'

    found = coverage(pattern, requirement="cis-iam-user")

    (spot,) = found.blind_spots
    assert spot.event["userIdentity"]["userName"] == "breakglass"


def test_a_pattern_for_one_region_misses_the_others():
    pattern = f'{{ {LOGIN} && $.awsRegion = "us-east-1" }}'

    found = coverage(pattern, requirement="cis")

    assert families(found.blind_spots) == ["iam-user", "root"]
    assert all(spot.event["awsRegion"] != "us-east-1" for spot in found.blind_spots)
    check_real(found, pattern)


@pytest.mark.parametrize(
    "clause",
    [
        '$.userIdentity.arn != "*svc-a*"',
        '($.userIdentity.arn != "*svc-a*" || $.userIdentity.arn != "*svc-b*")',
        '($.userIdentity.arn != "arn:aws:iam::*" || $.userIdentity.arn != "*:user/ops/*")',
        "$.userIdentity.arn != %svc-[ab]%",
        "($.userIdentity.userName != %^a% || $.userIdentity.userName != %z$%)",
        '$.userIdentity.userName = "*a*"',
        '($.userIdentity.userName = "*a*" || $.userIdentity.userName != "*a")',
        "$.userIdentity.accountId != 111122223333",
        '$.sourceIPAddress != "10.*"',
        '$.eventVersion = "1.08"',
        '$.eventTime = "2026-*"',
        '$.tlsDetails.tlsVersion = "*"',
        "$.tlsDetails.tlsVersion NOT EXISTS",
        '($.userIdentity.userName = "a*" || $.awsRegion != "us-*")',
    ],
)
def test_narrowing_clauses_are_found(clause):
    pattern = f"{{ {LOGIN} && {clause} }}"

    found = coverage(pattern, requirement="cis-iam-user")

    expected = "covers" if clause.startswith('($.userIdentity.userName = "*a*"') else "misses"
    assert found.verdict == expected
    check_real(found, pattern)


@pytest.mark.parametrize(
    "clause",
    [
        '$.userIdentity.arn = "arn:aws*"',
        "$.userIdentity.arn = %:iam::[0-9]{12}:user/%",
        '$.userIdentity.arn != "*:root"',
        "$.userIdentity.accountId = %^[0-9]+$%",
        '$.awsRegion != "US-EAST-1"',
        '$.userIdentity.userName = "*"',
        "$.additionalEventData.SamlProviderArn NOT EXISTS",
        '($.awsRegion = "us-east-1" || $.awsRegion != "us-east-1")',
        '($.userIdentity.userName = "*a*" || $.userIdentity.userName != "*a*")',
        "$.tlsDetails NOT EXISTS || $.eventName = ConsoleLogin",
    ],
)
def test_clauses_that_are_true_of_every_iam_user_narrow_nothing(clause):
    pattern = f"{{ {LOGIN} && ({clause}) }}"

    assert verdict(pattern, requirement="cis-iam-user") == ("covers", [])


# Unknown


@pytest.mark.parametrize(
    ("pattern", "depends_on"),
    [
        (f"{{ {LOGIN} && $.errorCode not exists }}", ["keyword-case"]),
        (
            '{ $.eventName = "ConsoleLogin" && '
            '($.userIdentity = "x" || $.additionalEventData.MFAUsed = "No") }',
            ["container-veto"],
        ),
        (f'{{ {LOGIN} && $.userIdentity.* != "x" }}', ["beyond-the-proof"]),
        (
            f'{{ {LOGIN} && $.userIdentity.* != "AIDAEXAMPLEALICE00000" }}',
            ["wildcard-selector-not-equal"],
        ),
        (
            f'{{ {LOGIN} && ($.userAgent = "*x" || $.userAgent != "*x") }}',
            ["suffix-first-occurrence"],
        ),
        (
            f"{{ {LOGIN} && ($.userAgent = 5 || $.userAgent != 5) }}",
            ["numeric-string"],
        ),
        (f'{{ {LOGIN} && $.userIdentity.arn != "*sso/*_*" }}', ["inner-asterisk-mixed"]),
        ('ConsoleLogin "\\"MFAUsed\\":\\"No\\""', ["event-text"]),
    ],
)
def test_what_hangs_on_undocumented_behaviour_is_unknown(pattern, depends_on):
    found = coverage(pattern, requirement="cis-iam-user")

    names = {dependency.name for dependency in found.depends_on}
    assert (found.verdict, found.blind_spots) == ("unknown", ())
    assert names == set(depends_on)


def test_a_doubtful_pattern_beside_a_sure_one_leaves_no_doubt():
    assert verdict(f"{{ {LOGIN} && $.x not exists }}", CIS, requirement="cis") == ("covers", [])


def test_conditions_that_are_always_true_are_seen_through():
    name = "$.userAgent"
    clauses = [f'({name} = "*{a}*" || {name} != "*{a}*")' for a in "bcdefghijklm"]
    pattern = "{ " + " && ".join(["$.eventName = ConsoleLogin", *clauses]) + " }"

    assert coverage(pattern, requirement="cis-iam-user").verdict == "covers"


def test_what_is_too_large_to_decide_is_unknown():
    has, lacks = '($.userAgent = "*{}*")'.format, '($.userAgent != "*{}*")'.format
    letters = "bcdefghijklm"
    # True whatever the text: where each letter brings the next, the first brings the last.
    steps = [f"({has(a)} && {lacks(b)})" for a, b in itertools.pairwise(letters)]
    either = [lacks("b"), *steps, f"({has('b')} && {has('m')})"]
    pattern = f"{{ $.eventName = ConsoleLogin && ({' || '.join(either)}) }}"

    found = coverage(pattern, requirement="cis-iam-user")

    assert found.verdict == "unknown"
    assert [dependency.name for dependency in found.depends_on] == ["too-large"]


def test_a_long_list_of_exceptions_is_found_all_the_same():
    exceptions = " && ".join(f'$.userIdentity.arn != "*svc-{a}*"' for a in "bcdefghijklm")
    pattern = f"{{ {LOGIN} && {exceptions} }}"

    assert verdict(pattern, requirement="cis-iam-user") == ("misses", ["iam-user"])


# Patterns that read the record as text


def test_every_event_is_caught_and_too_broad():
    found = coverage("")

    assert found.verdict == "covers"
    assert families(found.too_broad) == ["iam-user-mfa", "api-call", "check-mfa", "switch-role"]


def test_terms_that_every_record_holds_cover():
    assert verdict("ConsoleLogin MFAUsed")[0] == "covers"


@pytest.mark.parametrize("term", ["alice", "us-east-1", "192.0.2.10", "TLSv1.3"])
def test_a_term_that_only_some_records_hold_misses_the_others(term):
    pattern = f'ConsoleLogin "{term}"'

    found = coverage(pattern)

    assert found.verdict == "misses"
    check_real(found, pattern)


@pytest.mark.parametrize("pattern", ["ConsoleLogin -alice", "ConsoleLogin -bot", "?x -%curl%"])
def test_a_term_that_is_left_out_can_be_sent_by_anybody(pattern):
    found = coverage(pattern)

    assert found.verdict == "misses"
    check_real(found, pattern)


# Together


def test_users_and_root_usage_cover_together_what_neither_does_alone():
    assert verdict(CIS_SSO, ROOT_USAGE, requirement="cis") == ("covers", [])
    assert verdict(CIS_SSO, requirement="cis") == ("misses", ["root"])
    assert verdict(ROOT_USAGE, requirement="cis") == ("misses", ["iam-user"])


def test_what_root_does_is_noise_but_not_too_broad():
    found = coverage(ROOT_USAGE, requirement="cis")

    assert families(found.noise) == ["root-mfa", "root-mfa-capitals", "root-failure"]
    assert found.too_broad == ()


def test_no_pattern_catches_nothing():
    found = coverage(requirement="cis")

    assert (found.verdict, families(found.blind_spots)) == ("misses", ["iam-user", "root"])
    assert {spot.because for spot in found.blind_spots} == {"there is no metric filter"}
    assert found.caught == found.noise == ()


def test_a_blind_spot_of_two_patterns_blames_both():
    here, there = (f'{{ {LOGIN} && $.awsRegion = "{r}" }}' for r in ("us-east-1", "us-west-2"))

    found = coverage(here, there, requirement="cis-iam-user")

    (spot,) = found.blind_spots
    region = spot.event["awsRegion"]
    assert spot.because == (
        f'$.awsRegion is "{region}", not "us-east-1"; $.awsRegion is "{region}", not "us-west-2"'
    )


# Noise


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventName = "ConsoleLogin" }',
        '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "true" }',
        '{ $.eventName != "DeleteTrail" }',
        '{ $.userIdentity.type = "IAMUser" }',
        '{ $.awsRegion != "us-east-1" }',
        '{ $.eventSource = "*.amazonaws.com" }',
    ],
)
def test_what_fires_every_day_is_too_broad(pattern):
    assert coverage(pattern).too_broad != ()


@pytest.mark.parametrize(
    "clause",
    [
        '$.eventName = "DeleteTrail"',
        '$.userIdentity.userName = "breakglass"',
        '$.sourceIPAddress = "192.0.2.200"',
    ],
)
def test_what_fires_on_something_rare_too_is_noisy_but_not_too_broad(clause):
    found = coverage(f"{{ ({LOGIN}) || {clause} }}", requirement="cis")

    assert found.verdict == "covers"
    assert {"iam-user-mfa", "api-call"} & set(families(found.noise))
    assert found.too_broad == ()


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ('$.eventName = "AssumeRole"', "an AWS service calls sts:AssumeRole"),
        ('$.eventName = "Decrypt"', "an AWS service calls kms:Decrypt"),
        ('$.eventName = "List*"', "a role calls s3:ListBuckets"),
        ('$.eventSource = "sts.amazonaws.com"', "an AWS service calls sts:AssumeRole"),
        ('$.userIdentity.type = "AWSService"', "an AWS service calls sts:AssumeRole"),
        ('$.userIdentity.type = "AssumedRole"', "a role calls sts:AssumeRole"),
        ('$.userIdentity.invokedBy = "*"', "an AWS service calls sts:AssumeRole"),
        ('$.userIdentity.type = "WebIdentityUser"', None),
        ('$.errorCode = "AccessDenied"', "an IAM user calls sts:AssumeRole and AWS refuses it"),
        ('$.errorCode = "*UnauthorizedOperation"', None),
        ('$.eventName = "RunInstances"', "an AWS service calls ec2:RunInstances"),
        ("$.readOnly IS FALSE", "a role calls kms:CreateGrant"),
    ],
)
def test_a_call_that_every_account_makes_all_day_is_too_broad(clause, sentence):
    found = coverage(f"{{ ({LOGIN}) || {clause} }}", requirement="cis")

    assert found.verdict == "covers"
    (spot,) = [spot for spot in found.too_broad if spot.family == "everyday-call"]
    assert parse(f"{{ {clause} }}").match(spot.event) is True
    assert sentence in (None, spot.sentence)


@pytest.mark.parametrize("event", ["DeleteTrail", "StopLogging", "CreateUser", "PutUserPolicy"])
def test_a_rare_call_is_not_too_broad_whoever_makes_it(event):
    assert (
        coverage(f'{{ ({LOGIN}) || $.eventName = "{event}" }}', requirement="cis").too_broad == ()
    )


def test_what_root_and_failed_sign_ins_do_is_not_too_broad():
    for clause in ('$.userIdentity.type = "Root"', '$.errorMessage = "Failed authentication"'):
        assert coverage(f"{{ ({LOGIN}) || {clause} }}", requirement="cis").too_broad == ()


# Examples that AWS can write


def test_a_filter_that_leaves_out_sessions_misses_only_users_whom_nobody_has():
    found = coverage(f'{{ {LOGIN} && $.userIdentity.arn != "*assumed-role*" }}', requirement="cis")

    assert (found.verdict, found.blind_spots) == ("covers", ())
    (spot,) = [spot for spot in found.advice if spot.family == "iam-user"]
    name = spot.event["userIdentity"]["userName"]
    assert "assumed-role" in name
    assert spot.event["userIdentity"]["arn"].endswith(f"/{name}")
    assert spot.sentence.endswith(", under a name that holds what stands in ARNs")
    strictly = coverage(
        f'{{ {LOGIN} && $.userIdentity.arn != "*assumed-role*" }}', requirement="cis", strict=True
    )
    assert "iam-user" in families(strictly.blind_spots)


def test_a_name_that_somebody_may_have_is_missed():
    found = coverage(f'{{ {LOGIN} && $.userIdentity.arn != "*role*" }}', requirement="cis")

    assert families(found.blind_spots) == ["iam-user"]


@pytest.mark.parametrize(
    "clause",
    [
        '$.userIdentity.userName != "bob"',
        '$.userIdentity.arn != "*:user/bob"',
        '$.userIdentity.userName = "a*"',
        '$.userIdentity.arn = "*/alice"',
    ],
)
def test_an_example_has_the_arn_of_its_name(clause):
    found = coverage(f"{{ {LOGIN} && ({clause}) }}", requirement="cis-iam-user")

    (spot,) = found.blind_spots
    identity = spot.event["userIdentity"]
    assert identity["arn"].rpartition("/")[2] == identity["userName"]
    assert re.fullmatch("AIDA[A-Z0-9]+", identity["principalId"])


def test_a_role_is_the_same_in_its_name_its_arn_and_that_of_its_session():
    issuer = "$.userIdentity.sessionContext.sessionIssuer"
    found = coverage(f'{{ {LOGIN} && {issuer}.userName != "Ops" }}')

    (spot,) = [spot for spot in found.blind_spots if spot.family == "broker-role"]
    identity = spot.event["userIdentity"]
    session = identity["sessionContext"]["sessionIssuer"]
    assert session["userName"] == "Ops"
    assert session["arn"].endswith(":role/Ops")
    assert ":assumed-role/Ops/" in identity["arn"]


def test_what_only_two_names_in_one_identity_would_miss_is_not_decided():
    clause = '$.userIdentity.userName = "a*" || $.userIdentity.arn != "*:user/a*"'
    found = coverage(f"{{ {LOGIN} && ({clause}) }}", requirement="cis-iam-user")

    assert found.verdict == "unknown"
    assert [d.name for d in found.depends_on] == ["beyond-the-proof"]


@pytest.mark.parametrize(
    "clause",
    [
        '$.userIdentity.principalId = "AIDA*"',
        '$.userIdentity.principalId != "AROA*"',
        '$.eventTime = "20*"',
        '$.sourceIPAddress != "*.amazonaws.com"',
        '$.userIdentity.userName != "* *"',
    ],
)
def test_what_aws_writes_in_every_such_record_leaves_nothing_out(clause):
    pattern = f"{{ {LOGIN} && {clause} }}"

    assert coverage(pattern, requirement="cis-iam-user").verdict == "covers"


def test_noise_is_an_event_that_the_pattern_matches():
    pattern = f'{{ ({LOGIN}) || $.userIdentity.userName = "breakglass" }}'

    for spot in coverage(pattern).noise:
        assert parse(pattern).match(spot.event) is True
        assert belongs(spot.event, BY_NAME[spot.family])


def test_a_coverage_prints_as_plain_json():
    spot = coverage(CIS_SSO, requirement="cis").blind_spots[0]

    assert spot.to_dict() == {
        "family": "root",
        "grade": "observed",
        "sentence": "the root user signs in with a password and no MFA",
        "event": dict(BY_NAME["root"].witness),
        "because": '$.userIdentity.type is "Root", not "IAMUser"',
    }
