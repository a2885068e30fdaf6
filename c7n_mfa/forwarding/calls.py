# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The writes of the forwarding, each as one call with the calls that take it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from c7n_mfa.forwarding.values import (
    EVENTS,
    NAME,
    ROLE_POLICY,
    TARGET_ID,
    Json,
    Place,
    Rule,
    Step,
    Target,
    all_tags,
)
from c7n_mfa.repair.values import Call
from c7n_mfa.signin.events import FORWARDED

_DESCRIPTION = (
    "Forwards console sign-ins that may have a single factor to the home Region (c7n-mfa)."
)
_ROLE_DESCRIPTION = "Lets EventBridge put console sign-ins on the home Region's bus (c7n-mfa)."

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


def create_role(place: Place, tags: Mapping[str, str]) -> Step:
    call = _iam(
        place,
        "create_role",
        AssumeRolePolicyDocument=_text(TRUST),
        Description=_ROLE_DESCRIPTION,
        Tags=all_tags(tags),
    )
    why = "EventBridge needs a role to put events on a bus of another Region"
    return Step("role", "", "planned", place.role, why, call, (_iam(place, "delete_role"),))


def trust_role(place: Place, before: Json) -> Step:
    call = _iam(place, "update_assume_role_policy", PolicyDocument=_text(TRUST))
    undo = _iam(place, "update_assume_role_policy", PolicyDocument=_text(before))
    why = "EventBridge has to be allowed to take the role"
    return Step("role", "", "planned", place.role, why, call, (undo,))


def put_role_policy(place: Place, before: Json | None = None) -> Step:
    named = {"PolicyName": ROLE_POLICY}
    call = _iam(place, "put_role_policy", **named, PolicyDocument=_text(role_policy(place)))
    undo = _iam(place, "delete_role_policy", **named)
    if before is not None:
        undo = _iam(place, "put_role_policy", **named, PolicyDocument=_text(before))
    why = "the role may put events on the home bus, and do nothing else"
    return Step("role-policy", "", "planned", place.role, why, call, (undo,))


def delete_role_policy(place: Place, before: Json) -> Step:
    named = {"PolicyName": ROLE_POLICY}
    call = _iam(place, "delete_role_policy", **named)
    undo = _iam(place, "put_role_policy", **named, PolicyDocument=_text(before))
    return Step("role-policy", "", "planned", place.role, "it carries our tag", call, (undo,))


def delete_role(place: Place, trust: Json, tags: Mapping[str, str]) -> Step:
    undo = _iam(
        place,
        "create_role",
        AssumeRolePolicyDocument=_text(trust),
        Description=_ROLE_DESCRIPTION,
        Tags=all_tags(tags),
    )
    call = _iam(place, "delete_role")
    return Step("role", "", "planned", place.role, "it carries our tag", call, (undo,))


def put_rule(
    place: Place, region: str, tags: Mapping[str, str], why: str, before: Rule | None = None
) -> Step:
    """The rule; tags are set as it is made, and cannot be when it exists."""
    parameters: dict[str, Any] = {
        "Name": NAME,
        "EventPattern": _text(FORWARDED),
        "State": "ENABLED",
        "Description": _DESCRIPTION,
    }
    undo = Call("events", region, "delete_rule", {"Name": NAME})
    if before is None:
        parameters["Tags"] = all_tags(tags)
    else:
        undo = Call("events", region, "put_rule", _parameters_of(before))
    call = Call("events", region, "put_rule", parameters)
    return Step("rule", region, "planned", place.rule(region), why, call, (undo,))


def delete_rule(rule: Rule, region: str, tags: Mapping[str, str], why: str) -> Step:
    call = Call("events", region, "delete_rule", {"Name": rule.name})
    undo = Call("events", region, "put_rule", {**_parameters_of(rule), "Tags": all_tags(tags)})
    return Step("rule", region, "planned", rule.arn, why, call, (undo,))


def put_target(place: Place, region: str, why: str, before: Target | None = None) -> Step:
    target = {"Id": TARGET_ID, "Arn": place.bus, "RoleArn": place.role}
    call = Call("events", region, "put_targets", {"Rule": NAME, "Targets": [target]})
    undo = Call("events", region, "remove_targets", {"Rule": NAME, "Ids": [TARGET_ID]})
    if before is not None:
        parameters = {"Rule": NAME, "Targets": [dict(before.parameters)]}
        undo = Call("events", region, "put_targets", parameters)
    return Step("target", region, "planned", place.bus, why, call, (undo,))


def remove_targets(rule: Rule, region: str, targets: tuple[Target, ...], why: str) -> Step:
    parameters = {"Rule": rule.name, "Ids": [target.id for target in targets]}
    call = Call("events", region, "remove_targets", parameters)
    put = {"Rule": rule.name, "Targets": [dict(target.parameters) for target in targets]}
    undo = Call("events", region, "put_targets", put)
    return Step("target", region, "planned", rule.arn, why, call, (undo,))


def _parameters_of(rule: Rule) -> dict[str, Any]:
    parameters: dict[str, Any] = {"Name": rule.name, "State": rule.state}
    if rule.pattern is not None:
        parameters["EventPattern"] = _text(rule.pattern)
    if rule.description is not None:
        parameters["Description"] = rule.description
    return parameters


def _iam(place: Place, operation: str, **parameters: Any) -> Call:
    return Call("iam", place.home, operation, {"RoleName": NAME, **parameters})


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
