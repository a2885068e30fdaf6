# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""From one thing that is wrong to the steps that fix it, and to those that are declined."""

from __future__ import annotations

import json

import pytest

import forwarded as f
from c7n_mfa.aws.change import Plan
from c7n_mfa.forwarding.judge import judge
from c7n_mfa.forwarding.plan import plan_removal, plan_setting
from c7n_mfa.forwarding.values import NAME, ROLE_POLICY, ForwardingState, RegionState
from c7n_mfa.signin.events import FORWARDED

OTHER_BUS = f.PLACE.bus.replace("us-east-1", "eu-west-1")
TAGS = [{"Key": "c7n-mfa", "Value": "signin-forwarding"}, {"Key": "owner", "Value": "security"}]
WITHOUT_RULE = RegionState(f.NORTH)
FOREIGN_RULE = "a rule of this name exists without the tag c7n-mfa; delete or rename it"


def setting(*regions, **changes) -> Plan:
    found: ForwardingState = f.seen(*regions, **changes)
    return plan_setting(found, judge(found), {"owner": "security"})


def steps(plan: Plan) -> list[tuple[str, str, str]]:
    """Region, step, and what is called or why nothing is."""
    return [
        (s.region, s.step, s.call.operation if s.call else f"{s.result}: {s.why}")
        for s in plan.steps
    ]


def undone(plan: Plan) -> list[tuple[str, dict]]:
    return [(c.operation, dict(c.parameters)) for s in reversed(plan.steps) for c in s.undo]


def test_where_all_is_well_nothing_is_done():
    assert setting() == Plan()


def test_from_nothing_the_role_comes_first_and_the_target_last():
    plan = setting(WITHOUT_RULE, RegionState("us-east-2"), roles={f.PLACE.role: None})
    assert steps(plan) == [
        ("", "role", "create_role"),
        ("", "role-policy", "put_role_policy"),
        ("eu-north-1", "rule", "put_rule"),
        ("eu-north-1", "target", "put_targets"),
        ("us-east-2", "rule", "put_rule"),
        ("us-east-2", "target", "put_targets"),
    ]


def test_the_role_is_eventbridges_and_may_put_events_on_one_bus_only():
    create, put = setting(WITHOUT_RULE, roles={f.PLACE.role: None}).before
    assert create.call.parameters["Tags"] == TAGS
    assert json.loads(create.call.parameters["AssumeRolePolicyDocument"])["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
    assert json.loads(put.call.parameters["PolicyDocument"])["Statement"] == [
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": f.PLACE.bus}
    ]


def test_the_rule_forwards_to_the_home_bus_with_the_role():
    rule, target = setting(WITHOUT_RULE).regions[f.NORTH]
    assert json.loads(rule.call.parameters["EventPattern"]) == FORWARDED
    assert (rule.call.parameters["State"], rule.call.parameters["Tags"]) == ("ENABLED", TAGS)
    assert target.call.parameters == {
        "Rule": NAME,
        "Targets": [{"Id": "home", "Arn": f.PLACE.bus, "RoleArn": f.PLACE.role}],
    }


def test_what_is_made_is_taken_back_in_the_other_order():
    plan = setting(WITHOUT_RULE, roles={f.PLACE.role: None})
    assert undone(plan) == [
        ("remove_targets", {"Rule": NAME, "Ids": ["home"]}),
        ("delete_rule", {"Name": NAME}),
        ("delete_role_policy", {"RoleName": NAME, "PolicyName": ROLE_POLICY}),
        ("delete_role", {"RoleName": NAME}),
    ]


def test_a_role_that_serves_is_kept():
    assert setting(WITHOUT_RULE).before == ()


@pytest.mark.parametrize(
    ("change", "written"),
    [
        ({"rules": (f.rule(state="DISABLED"),)}, ["put_rule"]),
        ({"rules": (f.rule(pattern={"source": ["aws.ec2"]}),)}, ["put_rule"]),
        ({"targets": {NAME: ()}}, ["put_targets"]),
        ({"targets": {NAME: (f.target(Arn=OTHER_BUS),)}}, ["put_targets"]),
        ({"targets": {NAME: (f.target(RoleArn=None),)}}, ["put_targets"]),
        ({"targets": {NAME: (f.target(InputPath="$.detail"),)}}, ["put_targets"]),
        (
            {"rules": (f.rule(state="DISABLED"),), "targets": {NAME: ()}},
            ["put_rule", "put_targets"],
        ),
        (
            {"rules": (f.rule(pattern=None),), "targets": {NAME: (f.target(Arn=OTHER_BUS),)}},
            ["put_rule", "put_targets"],
        ),
        (
            {"rules": (f.rule(state="DISABLED"),), "targets": {NAME: (f.target(Id="x"),)}},
            ["put_rule"],
        ),
    ],
)
def test_only_what_is_wrong_with_our_rule_is_written_and_all_of_it_at_once(change, written):
    assert [call for _, _, call in steps(setting(f.region(**change)))] == written


def test_a_rule_that_is_put_again_keeps_its_tags_and_is_put_back_by_undo():
    before = f.rule(pattern={"source": ["aws.ec2"]}, state="DISABLED", description="old")
    (step,) = setting(f.region(rules=(before,))).regions[f.NORTH]
    assert "Tags" not in step.call.parameters  # PutRule sets them on a new rule only
    assert [dict(call.parameters) for call in step.undo] == [
        {
            "Name": NAME,
            "State": "DISABLED",
            "EventPattern": '{"source": ["aws.ec2"]}',
            "Description": "old",
        }
    ]


def test_a_target_that_is_replaced_is_put_back_by_undo():
    before = f.target(Arn=OTHER_BUS)
    (step,) = setting(f.region(targets={NAME: (before,)})).regions[f.NORTH]
    assert [dict(call.parameters) for call in step.undo] == [
        {"Rule": NAME, "Targets": [{"Id": "home", "Arn": OTHER_BUS, "RoleArn": f.PLACE.role}]}
    ]


def test_a_rule_of_ours_whose_foreign_role_fails_gets_our_role():
    foreign = f.PLACE.role.replace(NAME, "theirs")
    roles = {foreign: f.role(arn=foreign, inline={}, tags={}), f.PLACE.role: None}
    plan = setting(f.region(targets={NAME: (f.target(RoleArn=foreign),)}), roles=roles)
    assert [call for _, _, call in steps(plan)] == ["create_role", "put_role_policy", "put_targets"]


def test_our_role_is_mended_and_the_regions_are_left_alone():
    plan = setting(roles={f.PLACE.role: f.role(trust={}, inline={})})
    assert steps(plan) == [
        ("", "role", "update_assume_role_policy"),
        ("", "role-policy", "put_role_policy"),
    ]
    assert [operation for operation, _ in undone(plan)] == [
        "delete_role_policy",
        "update_assume_role_policy",
    ]


def test_a_role_that_pointed_to_an_earlier_home_is_pointed_to_this_one():
    earlier = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": OTHER_BUS}]}
    (step,) = setting(roles={f.PLACE.role: f.role(inline={ROLE_POLICY: earlier})}).before
    assert step.call.operation == "put_role_policy"
    assert json.loads(step.undo[0].parameters["PolicyDocument"]) == earlier


def test_a_foreign_role_of_our_name_that_serves_is_adopted():
    plan = setting(WITHOUT_RULE, roles={f.PLACE.role: f.role(tags={})})
    assert steps(plan) == [
        ("", "role", "adopted: it lets EventBridge put events on the home bus"),
        ("eu-north-1", "rule", "put_rule"),
        ("eu-north-1", "target", "put_targets"),
    ]


def test_a_foreign_role_of_our_name_that_does_not_serve_stops_every_write():
    refusal = (
        "a role of this name exists without the tag c7n-mfa, and does not serve; delete or rename "
        "it"
    )
    plan = setting(WITHOUT_RULE, roles={f.PLACE.role: f.role(tags={}, inline={})})
    assert steps(plan) == [
        ("", "role", f"skipped: {refusal}"),
        (
            "eu-north-1",
            "rule",
            f"skipped: no rule forwards its sign-ins to the home bus; {refusal}",
        ),
    ]


def test_a_role_that_cannot_be_looked_at_stops_every_write():
    plan = setting(WITHOUT_RULE, roles={f.PLACE.role: f.DENIED})
    assert {step.result for step in (*plan.before, *plan.regions[f.NORTH])} == {"skipped"}


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({}, "a rule of this name exists without the tag c7n-mfa; delete or rename it"),
        (
            {"c7n-mfa": "other"},
            "a rule of this name exists without the tag c7n-mfa; delete or rename it",
        ),
        (f.DENIED, "whose it is: access denied: grant events:ListRules on the bus"),
    ],
)
def test_a_rule_that_is_not_ours_is_never_written_to(tags, why):
    plan = setting(f.region(rules=(f.rule(state="DISABLED"),), tags=tags))
    assert steps(plan) == [("eu-north-1", "rule", f"skipped: {why}")]


def test_a_rule_left_in_the_home_region_is_deleted_with_its_target():
    home = f.region(f.HOME, targets={NAME: (f.target(Arn=OTHER_BUS),)})
    assert steps(setting(regions=(home,))) == [
        ("us-east-1", "target", "remove_targets"),
        ("us-east-1", "rule", "delete_rule"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"bus": None},
        {"bus": f.DENIED},
        {"regions": (RegionState(f.NORTH, f.DENIED),)},
        {"regions": (f.region(targets={NAME: f.DENIED}),)},
        {"regions": f.DENIED},
        {"bus": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]}},
    ],
)
def test_what_repair_cannot_mend_or_nobody_can_tell_is_declined(changes):
    plan = setting(**changes)
    results = [s.result for s in (*plan.before, *(s for g in plan.regions.values() for s in g))]
    assert results == ["skipped"]


def test_a_region_that_is_unknown_does_not_keep_another_from_being_mended():
    plan = setting(RegionState("us-east-2", f.DENIED), WITHOUT_RULE)
    assert [call for _, _, call in steps(plan)][1:] == ["put_rule", "put_targets"]


# Taking it away


def test_everything_of_ours_is_removed_the_role_last():
    assert steps(plan_removal(f.seen(), everywhere=True)) == [
        ("eu-north-1", "target", "remove_targets"),
        ("eu-north-1", "rule", "delete_rule"),
        ("", "role-policy", "delete_role_policy"),
        ("", "role", "delete_role"),
    ]


def test_what_is_removed_can_be_put_back():
    operations = [operation for operation, _ in undone(plan_removal(f.seen(), everywhere=True))]
    assert operations == ["create_role", "put_role_policy", "put_rule", "put_targets"]


def test_nothing_left_is_nothing_to_do():
    empty = f.seen(WITHOUT_RULE, roles={f.PLACE.role: None})
    assert plan_removal(empty, everywhere=True) == Plan()


def test_a_rule_without_targets_is_deleted_at_once():
    plan = plan_removal(f.seen(f.region(targets={NAME: ()})), everywhere=True)
    assert steps(plan)[0] == ("eu-north-1", "rule", "delete_rule")


def test_a_rule_that_is_not_ours_stays_and_so_does_the_role():
    plan = plan_removal(f.seen(f.region(tags={})), everywhere=True)
    assert steps(plan) == [
        (
            "eu-north-1",
            "rule",
            f"skipped: {FOREIGN_RULE}",
        ),
        ("", "role", "skipped: rules in eu-north-1 are left, and may need it"),
    ]


@pytest.mark.parametrize(
    ("role", "everywhere", "why"),
    [
        (f.role(tags={}), True, "a role of this name exists without the tag c7n-mfa"),
        (f.role(), False, "rules of Regions that the policy does not name may need it"),
        (f.role(attached={"arn:p": {}}), True, "somebody gave it more policies: arn:p"),
        (f.DENIED, True, "whose it is: access denied: grant events:ListRules on the bus"),
    ],
)
def test_a_role_that_somebody_may_need_stays(role, everywhere, why):
    found = f.seen(WITHOUT_RULE, roles={f.PLACE.role: role})
    assert steps(plan_removal(found, everywhere)) == [("", "role", f"skipped: {why}")]


@pytest.mark.parametrize(
    "region", [RegionState(f.NORTH, f.DENIED), f.region(targets={NAME: f.DENIED})]
)
def test_a_region_that_cannot_be_looked_at_keeps_its_rule_and_the_role(region):
    plan = plan_removal(f.seen(region), everywhere=True)
    assert [step.result for step in (*plan.regions[f.NORTH], *plan.after)] == ["skipped"] * 2


def test_without_the_regions_nothing_is_removed():
    plan = plan_removal(f.seen(regions=f.DENIED), everywhere=True)
    assert steps(plan) == [
        (
            "",
            "rule",
            "skipped: which Regions are enabled is not known: access denied: grant "
            "events:ListRules on the bus",
        )
    ]
