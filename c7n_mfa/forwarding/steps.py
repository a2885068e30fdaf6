# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The changes of the forwarding, each as one step with the call that takes it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from c7n_mfa.aws.change import tag_list
from c7n_mfa.aws.operation import Call
from c7n_mfa.forwarding import operations as op
from c7n_mfa.forwarding.values import (
    EVENTS,
    NAME,
    ROLE_POLICY,
    TARGET_ID,
    Json,
    Place,
    RegionStep,
    Rule,
    RuleTarget,
    all_tags,
)
from c7n_mfa.signin.events import FORWARDED

_DESCRIPTION = (
    "Forwards console sign-ins that may have a single factor to the home Region (c7n-mfa)."
)
_ROLE_DESCRIPTION = "Lets EventBridge put console sign-ins on the home Region's bus (c7n-mfa)."
BY_TAG = "created by c7n-mfa, by its tag"

TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": "sts:AssumeRole"}
    ],
}


def role_policy(place: Place) -> dict[str, Any]:
    """What the role may do: put events on the home bus, and nothing else."""
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": place.bus}
    return {"Version": "2012-10-17", "Statement": [statement]}


# The role


def create_role(place: Place, tags: Mapping[str, str]) -> RegionStep:
    why = "EventBridge needs a role to put events on a bus of another Region"
    undo = op.DELETE_ROLE(place.home, RoleName=NAME)
    return _role(place, "role", why, _create_role(place, TRUST, tags), undo)


def delete_role(place: Place, trust: Json, tags: Mapping[str, str]) -> RegionStep:
    call = op.DELETE_ROLE(place.home, RoleName=NAME)
    return _role(place, "role", BY_TAG, call, _create_role(place, trust, tags))


def trust_role(place: Place, before: Json) -> RegionStep:
    call, undo = (
        op.TRUST_ROLE(place.home, RoleName=NAME, PolicyDocument=_text(trust))
        for trust in (TRUST, before)
    )
    why = "EventBridge has to be allowed to take the role"
    return _role(place, "role", why, call, undo)


def put_role_policy(place: Place, before: Json | None = None) -> RegionStep:
    undo = _delete_policy(place) if before is None else _put_policy(place, before)
    why = "the role may put events on the home bus, and do nothing else"
    return _role(place, "role-policy", why, _put_policy(place, role_policy(place)), undo)


def delete_role_policy(place: Place, before: Json) -> RegionStep:
    return _role(place, "role-policy", BY_TAG, _delete_policy(place), _put_policy(place, before))


def _role(place: Place, step: str, why: str, call: Call, undo: Call) -> RegionStep:
    return RegionStep(step, "planned", place.role, why, call, (undo,))


def _create_role(place: Place, trust: Json, tags: Mapping[str, str]) -> Call:
    return op.CREATE_ROLE(
        place.home,
        RoleName=NAME,
        AssumeRolePolicyDocument=_text(trust),
        Description=_ROLE_DESCRIPTION,
        Tags=tag_list(all_tags(tags)),
    )


def _put_policy(place: Place, document: Json) -> Call:
    named = {"RoleName": NAME, "PolicyName": ROLE_POLICY}
    return op.PUT_ROLE_POLICY(place.home, **named, PolicyDocument=_text(document))


def _delete_policy(place: Place) -> Call:
    return op.DELETE_ROLE_POLICY(place.home, RoleName=NAME, PolicyName=ROLE_POLICY)


# A Region's rule and its targets


def put_rule(
    place: Place, region: str, tags: Mapping[str, str], why: str, before: Rule | None = None
) -> RegionStep:
    """The rule; tags are set as it is made, and cannot be when it exists."""
    given: dict[str, Any] = {} if before else {"Tags": tag_list(all_tags(tags))}
    call = op.PUT_RULE(
        region,
        Name=NAME,
        EventPattern=_text(FORWARDED),
        State="ENABLED",
        Description=_DESCRIPTION,
        **given,
    )
    undo = op.DELETE_RULE(region, Name=NAME)
    if before:
        undo = op.PUT_RULE(region, **_parameters_of(before))
    return RegionStep("rule", "planned", place.rule(region), why, call, (undo,), region=region)


def delete_rule(rule: Rule, region: str, tags: Mapping[str, str], why: str) -> RegionStep:
    call = op.DELETE_RULE(region, Name=rule.name)
    undo = op.PUT_RULE(region, **_parameters_of(rule), Tags=tag_list(all_tags(tags)))
    return RegionStep("rule", "planned", rule.arn, why, call, (undo,), region=region)


def put_target(
    place: Place,
    region: str,
    why: str,
    before: RuleTarget | None = None,
    dead_letters: str | None = None,
) -> RegionStep:
    target: dict[str, Any] = {"Id": TARGET_ID, "Arn": place.bus, "RoleArn": place.role}
    if dead_letters:
        target["DeadLetterConfig"] = {"Arn": dead_letters}
    call = op.PUT_TARGETS(region, Rule=NAME, Targets=[target])
    undo = op.REMOVE_TARGETS(region, Rule=NAME, Ids=[TARGET_ID])
    if before is not None:
        undo = op.PUT_TARGETS(region, Rule=NAME, Targets=[dict(before.parameters)])
    return RegionStep("target", "planned", place.bus, why, call, (undo,), region=region)


def remove_targets(
    rule: Rule, region: str, targets: tuple[RuleTarget, ...], why: str
) -> RegionStep:
    call = op.REMOVE_TARGETS(region, Rule=rule.name, Ids=[target.id for target in targets])
    put = [dict(target.parameters) for target in targets]
    undo = op.PUT_TARGETS(region, Rule=rule.name, Targets=put)
    return RegionStep("target", "planned", rule.arn, why, call, (undo,), region=region)


def _parameters_of(rule: Rule) -> dict[str, Any]:
    parameters: dict[str, Any] = {"Name": rule.name, "State": rule.state}
    if rule.pattern is not None:
        parameters["EventPattern"] = _text(rule.pattern)
    if rule.description is not None:
        parameters["Description"] = rule.description
    return parameters


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
