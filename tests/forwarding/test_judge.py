# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One change to an account that forwards, and what is said of the Region."""

from __future__ import annotations

import copy

import pytest

import forwarded as f
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding.judge import judge
from c7n_mfa.forwarding.steps import role_policy
from c7n_mfa.forwarding.values import NAME, REASONS, Place, RegionState, RegionVerdict
from c7n_mfa.signin.events import DETAIL_TYPES, FORWARDED

WORKS = f"rule {NAME} forwards to {f.PLACE.bus}"
OTHER_BUS = f.PLACE.bus.replace("us-east-1", "eu-west-1")


def north(*regions, **changes) -> RegionVerdict:
    (_, verdict) = judge(f.seen(*regions, **changes)).regions
    return verdict


def said(verdict: RegionVerdict) -> tuple[str, str | None, str]:
    return verdict.verdict, verdict.reason, verdict.detail


def forwarding(detail=None, **changes) -> dict:
    """The event pattern, changed."""
    pattern = {**copy.deepcopy(dict(FORWARDED)), **changes}
    pattern["detail"] |= detail or {}
    return pattern


def test_a_region_that_forwards_is_intact():
    assert judge(f.seen()).to_dict() == {
        "verdict": "intact",
        "home": "us-east-1",
        "regions": [
            {
                "region": "us-east-1",
                "verdict": "intact",
                "reason": None,
                "detail": "the home Region: its own sign-ins are on its bus already",
                "fix": None,
                "permission": None,
            },
            {
                "region": "eu-north-1",
                "verdict": "intact",
                "reason": None,
                "detail": WORKS,
                "fix": None,
                "permission": None,
            },
        ],
    }


def test_an_account_is_as_good_as_its_worst_region():
    unseen = RegionState("us-east-2", f.DENIED)
    assert judge(f.seen(f.region(), unseen)).verdict == "unknown"
    assert judge(f.seen(f.region(), unseen, RegionState("us-west-2"))).verdict == "broken"


# Rules


def test_no_rule():
    assert said(north(f.region(rules=(), targets={}))) == (
        "broken",
        "rule-absent",
        "no rule forwards its sign-ins to the home bus",
    )


def test_a_disabled_rule():
    rules = (f.rule(state="DISABLED"),)
    detail = f"rule {NAME} is disabled"
    assert said(north(f.region(rules=rules))) == ("broken", "rule-disabled", detail)


def test_a_rule_that_also_gets_read_only_events_is_enabled():
    rules = (f.rule(state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),)
    assert north(f.region(rules=rules)).verdict == "intact"


@pytest.mark.parametrize(
    ("detail", "dropped"),
    [
        (
            {"userIdentity": {"type": ["Root"]}},
            "when an IAM user signs in with a password and no MFA; when a federation broker opens "
            "a console session for a role without proof of MFA",
        ),
        (
            {"userIdentity": {"type": ["IAMUser"], "userName": [{"anything-but": ["alice"]}]}},
            "when an IAM user signs in with a password and no MFA; when the root user signs in "
            "with a password and no MFA; when a federation broker opens a console session for a "
            "role without proof of MFA",
        ),
    ],
)
def test_a_rule_that_stops_a_sign_in(detail, dropped):
    rules = (f.rule(pattern=forwarding(detail)),)
    expected = f"rule {NAME} lets no event through {dropped}"
    assert said(north(f.region(rules=rules))) == ("broken", "rule-drops-sign-ins", expected)


@pytest.mark.parametrize(
    "pattern",
    [
        forwarding(source=["aws.ec2"]),
        forwarding(region=["us-east-1"]),
        forwarding(account=["210987654321"]),
        forwarding(**{"detail-type": [DETAIL_TYPES[1]]}),
        forwarding({"additionalEventData": {"MFAUsed": ["Yes"]}}),
        forwarding({"additionalEventData": {"MFAUsed": [{"exists": False}]}}),
        forwarding({"responseElements": {"ConsoleLogin": ["Failure"]}}),
        forwarding({"sourceIPAddress": [{"prefix": "192.0.2."}]}),
        forwarding({"userIdentity": {"userName": [{"exists": True}]}}),
        forwarding({"additionalEventData": {"LoginTo": [{"wildcard": "*console/home*"}]}}),
        None,
    ],
)
def test_rules_that_look_right_and_stop_a_sign_in(pattern):
    assert north(f.region(rules=(f.rule(pattern=pattern),))).reason == "rule-drops-sign-ins"


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.signin"]},
        {"source": [{"prefix": "aws."}], "account": [f.ACCOUNT], "region": [f.NORTH]},
        {"detail-type": list(DETAIL_TYPES), "detail": {"eventName": ["ConsoleLogin"]}},
        forwarding({"userIdentity": {"accountId": [f.ACCOUNT]}}),
        {"$or": [{"source": ["aws.ec2"]}, {"source": ["aws.signin"]}]},
    ],
)
def test_rules_that_look_other_and_let_every_sign_in_through(pattern):
    assert said(north(f.region(rules=(f.rule(pattern=pattern),)))) == ("intact", None, WORKS)


def test_a_rule_that_stops_only_what_nobody_has_seen_is_intact_and_says_so():
    pattern = forwarding(
        {"additionalEventData": {"MFAUsed": ["No"]}}, **{"detail-type": [DETAIL_TYPES[0]]}
    )
    assert said(north(f.region(rules=(f.rule(pattern=pattern),)))) == (
        "intact",
        None,
        f"{WORKS}; it would drop when a sign-in is delivered as 'AWS Console Signin via "
        "CloudTrail'; when an IAM user signs in and the record has no MFAUsed; when the root user "
        "signs in and the record has no MFAUsed; when an IAM user signs in and the record has no "
        "additionalEventData at all",
    )


def test_a_pattern_that_is_not_understood_is_unknown():
    rules = (
        f.rule(
            pattern=forwarding({"sourceIPAddress": [{"anything-but": {"cidr": "192.0.2.0/24"}}]})
        ),
    )
    detail = f"the event pattern of rule {NAME} uses what is not understood here"
    assert said(north(f.region(rules=rules))) == ("unknown", "rule-unclear", detail)


def test_a_rule_of_somebody_else_that_forwards_is_as_good():
    rules, targets = (f.rule("central"),), {"central": (f.target(),)}
    assert north(f.region(rules=rules, targets=targets)).detail == (
        f"rule central forwards to {f.PLACE.bus}"
    )


def test_a_rule_of_somebody_else_makes_up_for_ours():
    rules = (f.rule(state="DISABLED"), f.rule("central"))
    targets = {NAME: (f.target(),), "central": (f.target(),)}
    assert north(f.region(rules=rules, targets=targets)).verdict == "intact"


def test_a_rule_of_somebody_else_that_sends_elsewhere_is_no_matter():
    rules, targets = (f.rule("central"),), {"central": (f.target(Arn=OTHER_BUS),)}
    assert north(f.region(rules=rules, targets=targets)).reason == "rule-absent"


def test_a_rule_of_somebody_else_that_may_forward_is_unknown():
    rules, targets = (f.rule("central"),), {"central": f.DENIED}
    assert north(f.region(rules=rules, targets=targets)).reason == "targets-unseen"


def test_a_rule_left_in_the_home_region():
    home = f.region(f.HOME, targets={NAME: (f.target(Arn=OTHER_BUS),)})
    (verdict,) = judge(f.seen(regions=(home,))).regions
    detail = f"rule {NAME} sends the home Region's sign-ins to another bus"
    assert said(verdict) == ("broken", "rule-at-home", detail)


# Targets


def test_no_target():
    detail = f"rule {NAME} has no target"
    assert said(north(f.region(targets={NAME: ()}))) == ("broken", "target-absent", detail)


@pytest.mark.parametrize(
    "arn",
    [
        OTHER_BUS,
        f.PLACE.bus.replace("default", "security"),
        f.PLACE.bus.replace(f.ACCOUNT, "210987654321"),
        "arn:aws:lambda:eu-north-1:123456789012:function:f",
    ],
)
def test_a_target_elsewhere(arn):
    verdict = north(f.region(targets={NAME: (f.target(Arn=arn),)}))
    assert said(verdict) == ("broken", "target-elsewhere", f"rule {NAME} sends to {arn}")


@pytest.mark.parametrize(
    "change",
    [{"Input": "{}"}, {"InputPath": "$.detail"}, {"InputTransformer": {"InputTemplate": "x"}}],
)
def test_a_target_that_gets_something_else(change):
    detail = f"target home of rule {NAME} sends something else than the event"
    verdict = north(f.region(targets={NAME: (f.target(**change),)}))
    assert said(verdict) == ("broken", "target-rewrites", detail)


def test_one_good_target_among_others_is_enough():
    targets = (f.target(Arn=OTHER_BUS, Id="1"), f.target(RoleArn=None, Id="2"), f.target())
    assert north(f.region(targets={NAME: targets})).verdict == "intact"


# The role


def test_a_target_without_a_role():
    detail = f"target home of rule {NAME} has no role to put events with"
    verdict = north(f.region(targets={NAME: (f.target(RoleArn=None),)}))
    assert said(verdict) == ("broken", "role-absent", detail)


def test_a_role_that_is_gone():
    detail = f"role {f.PLACE.role} does not exist"
    assert said(north(roles={f.PLACE.role: None})) == ("broken", "role-absent", detail)


def trust(**changes) -> dict:
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    return {"Statement": [{**statement, "Action": "sts:AssumeRole", **changes}]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        trust(Principal={"Service": "lambda.amazonaws.com"}),
        trust(Action="sts:TagSession"),
        trust(Effect="Deny"),
        trust(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}),
        trust(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:us-west-2:*:rule/*"}}),
    ],
)
def test_a_role_that_eventbridge_may_not_take(document):
    detail = f"role {f.PLACE.role} does not trust events.amazonaws.com"
    verdict = north(roles={f.PLACE.role: f.role(trust=document)})
    assert said(verdict) == ("broken", "role-cannot-put", detail)


def puts(**changes) -> dict:
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": f.PLACE.bus}
    return {"Statement": [{**statement, **changes}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"inline": {}},
        {"inline": {"p": puts(Resource=OTHER_BUS)}},
        {"inline": {"p": puts(Action="events:PutRule")}},
        {"inline": {"p": puts()}, "attached": {"a": puts(Effect="Deny")}},
        {"inline": {"p": puts(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})}},
        {"boundary": {}},
        {"boundary": puts(Resource=OTHER_BUS)},
    ],
)
def test_a_role_that_may_not_put_events(changes):
    detail = f"role {f.PLACE.role} may not events:PutEvents on {f.PLACE.bus}"
    verdict = north(roles={f.PLACE.role: f.role(**changes)})
    assert said(verdict) == ("broken", "role-cannot-put", detail)


@pytest.mark.parametrize(
    "changes",
    [
        {"inline": {"p": puts(Resource="*", Action="events:*")}},
        {"inline": {}, "attached": {"a": puts()}},
        {"boundary": puts(Action="*", Resource="*")},
        {"trust": trust(Condition={"StringEquals": {"aws:SourceAccount": f.ACCOUNT}})},
    ],
)
def test_a_role_that_may_in_another_way(changes):
    assert north(roles={f.PLACE.role: f.role(**changes)}).verdict == "intact"


@pytest.mark.parametrize(
    "changes",
    [
        {"inline": {"p": puts(Condition={"StringEquals": {"events:source": "aws.signin"}})}},
        {"trust": trust(Condition={"StringEquals": {"aws:SourceOrgID": "o-1"}})},
        {"boundary": puts(Condition={"StringEquals": {"events:source": "aws.signin"}})},
    ],
)
def test_a_role_whose_condition_is_not_known_is_unknown(changes):
    detail = f"what role {f.PLACE.role} may do hangs on a condition"
    verdict = north(roles={f.PLACE.role: f.role(**changes)})
    assert said(verdict) == ("unknown", "role-unclear", detail)


# The home bus


def test_no_bus():
    detail = f"{f.PLACE.bus} does not exist"
    assert said(north(bus=None)) == ("broken", "bus-absent", detail)


def denies(**changes) -> dict:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "events:PutEvents"}
    return {"Statement": [{**statement, "Resource": f.PLACE.bus, **changes}]}


@pytest.mark.parametrize(
    "policy",
    [
        denies(),
        denies(Action="events:*"),
        denies(Principal={"AWS": "*"}),
        denies(Principal={"AWS": f.ACCOUNT}),
        denies(Principal={"AWS": ["arn:aws:iam::123456789012:root"]}),
        denies(Principal={"AWS": f.PLACE.role}),
        denies(Condition={"StringNotEquals": {"aws:PrincipalAccount": "210987654321"}}),
    ],
)
def test_a_bus_that_denies(policy):
    detail = f"the policy of {f.PLACE.bus} denies events:PutEvents"
    assert said(north(bus=policy)) == ("broken", "bus-refuses", detail)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        denies(Effect="Allow", Principal={"AWS": "210987654321"}),
        denies(Action="events:PutRule"),
        denies(Resource=OTHER_BUS),
        denies(Principal={"AWS": "210987654321"}),
        denies(Principal={"Service": "lambda.amazonaws.com"}),
        denies(Condition={"StringNotEquals": {"aws:PrincipalAccount": f.ACCOUNT}}),
    ],
)
def test_a_bus_that_denies_something_else(policy):
    assert north(bus=policy).verdict == "intact"


@pytest.mark.parametrize(
    "policy",
    [
        denies(Condition={"StringEquals": {"events:source": "aws.signin"}}),
        {"Statement": {"Effect": "Deny", "NotPrincipal": "x", "Action": "*"}},
    ],
)
def test_a_bus_whose_condition_is_not_known_is_unknown(policy):
    detail = f"whether the policy of {f.PLACE.bus} denies events:PutEvents hangs on a condition"
    assert said(north(bus=policy)) == ("unknown", "bus-unclear", detail)


# What could not be looked at


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"regions": f.DENIED}, "regions-unseen"),
        ({"regions": (RegionState(f.NORTH, f.DENIED),)}, "rules-unseen"),
        ({"regions": (RegionState(f.HOME, f.DENIED),)}, "rules-unseen"),
        ({"regions": (f.region(targets={NAME: f.DENIED}),)}, "targets-unseen"),
        ({"regions": (f.region(),), "roles": {f.PLACE.role: f.DENIED}}, "role-unseen"),
        ({"regions": (f.region(),), "bus": f.DENIED}, "bus-unseen"),
    ],
)
def test_a_denied_look_is_unknown_and_names_the_permission(changes, code):
    found = judge(f.seen(**changes))
    (verdict,) = found.regions
    detail = "access denied: grant events:ListRules on the bus"
    assert (found.verdict, *said(verdict)) == ("unknown", "unknown", code, detail)
    assert verdict.permission == "events:ListRules"


def test_a_throttled_look_is_unknown_and_asks_for_no_permission():
    throttled = ReadFailure("events:ListRules", "the bus", "ThrottlingException", "slow down")
    verdict = north(RegionState(f.NORTH, throttled))
    assert (verdict.verdict, verdict.permission) == ("unknown", None)


def test_arns_are_those_of_the_partition():
    place = Place("123456789012", "aws-cn", "cn-north-1")
    assert (place.bus, place.role, place.rule("cn-northwest-1")) == (
        "arn:aws-cn:events:cn-north-1:123456789012:event-bus/default",
        "arn:aws-cn:iam::123456789012:role/c7n-mfa-signin-forwarding",
        "arn:aws-cn:events:cn-northwest-1:123456789012:rule/c7n-mfa-signin-forwarding",
    )
    assert role_policy(place)["Statement"][0]["Resource"] == place.bus


def test_every_reason_has_words_and_a_fix():
    assert [r.code for r in REASONS.values() if not (r.meaning and r.fix)] == []
    assert [r.code for r in REASONS.values() if r.repaired and r.verdict != "broken"] == []
