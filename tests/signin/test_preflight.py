# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Does any sign-in reach the filter of a function?  One thing changed from modes that work."""

from __future__ import annotations

import pytest

from c7n_mfa.signin.criteria import SigninCriteria
from c7n_mfa.signin.events import MODE as PREFILTER
from c7n_mfa.signin.preflight import forgeable, problem, stopped
from deployed import shipped

SINGLE_FACTOR = SigninCriteria(single_factor=frozenset({True}))
# Of a role nothing more is known.
MAY_BE = SigninCriteria(single_factor=frozenset({True, "unknown"}))
EVENT = {"event": "ConsoleLogin", "source": "signin.amazonaws.com"}
IDS = {
    "account": "eventName",
    "iam-user": "userIdentity.userName",
    "iam-role": "userIdentity.sessionContext.sessionIssuer.userName",
}
WRITE = "write event: ConsoleLogin, source: signin.amazonaws.com, ids: "

each_resource = pytest.mark.parametrize("resource", IDS)


def mode(ids: str, **changes) -> dict:
    return {"type": "cloudtrail", "events": [{**EVENT, "ids": ids}], **changes}


@each_resource
@pytest.mark.parametrize("prefix", ["", "detail."])
def test_the_ids_that_find_the_resource(resource, prefix):
    assert problem(mode(prefix + IDS[resource]), resource, MAY_BE) is None


@pytest.mark.parametrize("prefix", ["", "detail."])
def test_a_role_is_found_by_its_arn_too(prefix):
    ids = f"{prefix}userIdentity.sessionContext.sessionIssuer.arn"

    assert problem(mode(ids), "iam-role", MAY_BE) is None


def test_sign_ins_whose_records_name_no_role_belong_to_the_account():
    saml = SigninCriteria(paths=frozenset({"saml"}))

    assert problem(mode(IDS["iam-role"]), "iam-role", saml) == (
        "matches records that do not name a role; use resource: account"
    )
    assert problem(mode("eventName"), "account", saml) is None


def test_a_policy_that_is_pulled_needs_no_event():
    assert problem({"type": "pull"}, "iam-user", SINGLE_FACTOR) is None


def test_any_ids_find_the_account_that_no_record_lacks():
    for ids in ("userIdentity.arn", "eventID", "recipientAccountId || eventName"):
        assert problem(mode(ids), "account", SINGLE_FACTOR) is None


@pytest.mark.parametrize(
    ("resource", "ids"),
    [
        ("iam-user", "userIdentity.arn"),
        ("iam-user", "eventName"),
        ("iam-user", "userIdentity.principalId"),
        ("iam-user", "userIdentity.nothing"),
        ("iam-user", "userIdentity."),
        ("iam-role", "userIdentity.userName"),
        ("iam-role", "userIdentity.arn"),
        ("account", "nothing"),
    ],
)
def test_ids_that_do_not(resource, ids):
    kind = {"account": "the account", "iam-user": "an IAM user", "iam-role": "a role"}[resource]

    assert problem(mode(ids), resource, MAY_BE) == (
        f"does not find {kind} by the ids in mode: events; {WRITE}{IDS[resource]}"
    )


def test_custodians_shorthand_finds_the_account_and_no_user():
    shorthand = {"type": "cloudtrail", "events": ["ConsoleLogin"]}

    assert problem(shorthand, "account", SINGLE_FACTOR) is None
    assert problem(shorthand, "iam-user", SINGLE_FACTOR) == (
        f"does not find an IAM user by the ids in mode: events; {WRITE}userIdentity.userName"
    )


@pytest.mark.parametrize(
    "event",
    [
        {"event": "consolelogin"},
        {"event": "CheckMfa"},
        {"source": "signin.aws.com"},
        {"source": "aws.signin"},
    ],
)
def test_an_event_that_is_no_sign_in(event):
    given = {"type": "cloudtrail", "events": [{**EVENT, "ids": "eventName", **event}]}

    assert problem(given, "account", SINGLE_FACTOR) == (
        f"gets no sign-in by mode: events; {WRITE}eventName"
    )


def test_a_sign_in_among_other_events_is_enough():
    given = mode("eventName")
    given["events"].insert(0, {"event": "CreateUser", "source": "iam.amazonaws.com", "ids": "x"})

    assert problem(given, "account", SINGLE_FACTOR) is None


@pytest.mark.parametrize("kind", ["periodic", "schedule", "guard-duty", "hub-finding", "phd"])
def test_a_mode_without_events_of_sign_ins(kind):
    assert problem({"type": kind}, "iam-user", SINGLE_FACTOR) == (
        f"gets no sign-in by mode: type: {kind}; use cloudtrail, with "
        f"{WRITE.removeprefix('write ')}userIdentity.userName"
    )


@each_resource
@pytest.mark.parametrize(
    "wanted",
    [
        SigninCriteria(single_factor=frozenset({True}), outcomes=frozenset({"failure"})),
        SigninCriteria(single_factor=frozenset({True}), factors=frozenset({"multi"})),
        SigninCriteria(single_factor=frozenset({True}), paths=frozenset({"saml"})),
        SigninCriteria(factors=frozenset({"multi"}), paths=frozenset({"identity-center"})),
    ],
)
@pytest.mark.parametrize("deployed", [True, False])
def test_options_that_no_sign_in_meets(resource, wanted, deployed):
    given = mode(IDS[resource]) if deployed else None
    said = problem(given, resource, wanted)
    assert said is not None
    assert said.startswith("matches nothing: no sign-in of ")


def test_a_role_is_never_known_to_have_signed_in_with_a_single_factor():
    assert problem(mode(IDS["iam-role"]), "iam-role", SINGLE_FACTOR) == (
        "matches nothing: no sign-in of a role meets all of its options; add unknown to "
        "single-factor"
    )


def test_a_sign_in_of_which_nobody_can_say_may_be_wanted():
    for wanted in (
        SigninCriteria(single_factor=frozenset({"unknown"})),
        SigninCriteria(outcomes=frozenset({"unknown"})),
        SigninCriteria(factors=frozenset({"unknown"})),
    ):
        assert [each for each in IDS if problem(None, each, wanted) is None] == list(IDS)
    stranger = SigninCriteria(identities=frozenset({"unknown"}))
    assert [each for each in IDS if problem(None, each, stranger) is None] == ["account"]
    web = SigninCriteria(single_factor=frozenset({"unknown"}), paths=frozenset({"web-identity"}))
    assert [each for each in IDS if problem(None, each, web) is None] == ["account", "iam-role"]
    unsaid = SigninCriteria(paths=frozenset({"unknown"}))
    assert [each for each in IDS if problem(None, each, unsaid) is None] == ["account", "iam-role"]


@pytest.mark.parametrize(
    ("identity", "resources"),
    [
        ("root", ["account"]),
        ("iam-user", ["account", "iam-user"]),
        ("assumed-role", ["account", "iam-role"]),
        ("federated-user", ["account"]),
    ],
)
def test_an_identity_is_wanted_where_it_can_be(identity, resources):
    wanted = SigninCriteria(identities=frozenset({identity}))

    assert [each for each in IDS if problem(None, each, wanted) is None] == resources


def test_a_requirement_is_met_by_some():
    wanted = SigninCriteria(requirement="conformity")

    assert [each for each in IDS if problem(None, each, wanted) is None] == list(IDS)


def test_a_pattern_that_stops_everything():
    pattern = {"detail": {"additionalEventData": {"MFAUsed": ["Nope"]}}}

    assert problem(mode("eventName", pattern=pattern), "account", SINGLE_FACTOR) == (
        "matches nothing: mode: pattern stops every sign-in that the filter matches"
    )


def test_a_pattern_that_stops_some_is_told_which():
    pattern = {"detail": {"userIdentity": {"type": ["IAMUser"]}}}
    given = mode("eventName", pattern=pattern)

    assert problem(given, "account", SINGLE_FACTOR) is None
    assert stopped(given, "account", MAY_BE) == (
        "the root user signs in with a password and no MFA",
        "a federation broker opens a console session for a role without proof of MFA",
    )
    only_users = SigninCriteria(single_factor=frozenset({True}), identities=frozenset({"iam-user"}))
    assert stopped(given, "account", only_users) == ()


@pytest.mark.parametrize(
    "pattern",
    [
        {"region": ["eu-west-1"]},
        {"account": ["210987654321"]},
        {"detail": {"awsRegion": ["eu-west-1"]}},
        {"detail": {"recipientAccountId": ["210987654321"]}},
        {"detail": {"userIdentity": {"userName": ["bob", {"prefix": "svc-"}]}}},
        {"detail": {"userIdentity": {"userName": [{"anything-but": ["alice"]}]}}},
        {"detail": {"sourceIPAddress": [{"cidr": "192.0.2.0/24"}]}},
        {"detail": {"userAgent": [{"wildcard": "*curl*"}]}},
        {"detail": {"$or": [{"awsRegion": ["eu-west-1"]}, {"userAgent": ["x"]}]}},
    ],
    ids=str,
)
def test_a_pattern_may_choose_who_where_and_when(pattern):
    given = mode("userIdentity.userName", pattern=pattern)

    assert problem(given, "iam-user", SINGLE_FACTOR) is None
    assert stopped(given, "iam-user", SINGLE_FACTOR) == ()


@each_resource
def test_our_own_pattern_stops_nothing(resource):
    given = mode(IDS[resource], pattern=PREFILTER)

    assert problem(given, resource, MAY_BE) is None
    assert stopped(given, resource, MAY_BE) == ()


@pytest.mark.parametrize(
    "name", ["signin-single-factor", "signin-single-factor-root", "signin-single-factor-contain"]
)
def test_the_shipped_functions_hear_of_sign_ins(name):
    policy = shipped(name)
    resource = policy["resource"].removeprefix("aws.")

    assert problem(policy["mode"], resource, SINGLE_FACTOR) is None
    assert stopped(policy["mode"], resource, SINGLE_FACTOR) == ()


# Who can start the function

FORGED = (
    "could be started by whoever may call events:PutEvents, with an event of source {} that says "
    "what they like; {}"
)
ADD = "write in mode: pattern: {source: [aws.signin]}"


def sources(*listed, **pattern) -> dict:
    return mode("eventName", pattern={"source": list(listed), **pattern})


@pytest.mark.parametrize(
    "given",
    [
        sources("aws.signin"),
        sources("aws.signin", "aws.iam"),
        sources({"prefix": "aws."}),
        sources({"prefix": "aws.sign"}, "aws.iam"),
        sources({"wildcard": "aws.*"}),
        mode("eventName", pattern=PREFILTER),
        mode("eventName", pattern={"$or": [{"source": ["aws.signin"]}, {"source": ["aws.sso"]}]}),
    ],
    ids=lambda given: str(given["pattern"])[:60],
)
def test_only_aws_starts_the_function(given):
    assert forgeable(given) is None


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (mode("eventName"), "example.com"),
        (mode("eventName", pattern={"account": ["123456789012"]}), "example.com"),
        (mode("eventName", pattern={"detail": {"source": ["aws.signin"]}}), "example.com"),
        (sources("aws.signin", "demo.signin"), "demo.signin"),
        (sources({"prefix": "aws"}), "aws"),
        (sources({"suffix": "signin"}), "signin"),
        (sources({"suffix": ".signin"}), ".signin"),
        (sources({"wildcard": "*signin"}), "xsignin"),
        (sources({"wildcard": "a*s.signin"}), "axs.signin"),
        (sources({"equals-ignore-case": "aws.signin"}), "AWS.SIGNIN"),
        (sources({"prefix": {"equals-ignore-case": "aws."}}), "AWS."),
        (sources({"anything-but": ["demo.signin"]}), "example.com"),
        (sources({"anything-but": {"prefix": "demo"}}), "example.com"),
        (sources({"exists": True}), "example.com"),
        (sources({"not-an-operator": "aws.signin"}), "example.com"),
        (
            mode("eventName", pattern={"$or": [{"source": ["aws.signin"]}, {"region": ["x"]}]}),
            "example.com",
        ),
        (
            mode("eventName", pattern={"$or": [{"source": ["aws.signin"]}, {"source": ["demo"]}]}),
            "demo",
        ),
    ],
    ids=str,
)
def test_somebody_else_could_start_the_function(given, source):
    assert forgeable(given) == FORGED.format(source, ADD)


def test_the_fix_names_the_sources_of_all_events():
    given = mode("eventName")
    given["events"].append({"event": "CreateUser", "source": "iam.amazonaws.com", "ids": "x"})
    fix = "write in mode: pattern: {source: [aws.iam, aws.signin]}"

    assert forgeable(given) == FORGED.format("example.com", fix)


@pytest.mark.parametrize("kind", ["guard-duty", "hub-finding", "hub-action", "phd"])
def test_custodian_asks_for_the_source_of_findings_and_a_pattern_can_add_to_it(kind):
    added = {"type": kind, "pattern": {"source": ["demo"]}}

    assert forgeable({"type": kind}) is None
    assert forgeable(added) == FORGED.format("demo", "leave source out of mode: pattern")


@pytest.mark.parametrize("kind", ["pull", "periodic", "schedule", "config-poll-rule"])
def test_what_no_event_starts_needs_no_source(kind):
    assert forgeable({"type": kind}) is None


@pytest.mark.parametrize(
    "name", ["signin-single-factor", "signin-single-factor-root", "signin-single-factor-contain"]
)
def test_only_aws_starts_the_shipped_functions(name):
    assert forgeable(shipped(name)["mode"]) is None
