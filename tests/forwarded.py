# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is seen of an account whose sign-ins are forwarded, as values to change one thing of.

And the same account in moto, which delivers across Regions and asks no role for its permission.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import boto3

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding.steps import TRUST, role_policy
from c7n_mfa.forwarding.values import (
    NAME,
    ROLE_POLICY,
    TARGET_ID,
    ForwardingRole,
    ForwardingState,
    Place,
    RegionState,
    Rule,
    RuleTarget,
)
from c7n_mfa.signin.events import FORWARDED

ACCOUNT = "123456789012"
HOME = "us-east-1"
NORTH = "eu-north-1"
PLACE = Place(ACCOUNT, "aws", HOME)
OURS = {"c7n-mfa": "signin-forwarding"}
DENIED = ReadFailure("events:ListRules", "the bus", "AccessDeniedException", "no")


def target(**changes: Any) -> RuleTarget:
    parameters = {"Id": TARGET_ID, "Arn": PLACE.bus, "RoleArn": PLACE.role, **changes}
    parameters = {key: value for key, value in parameters.items() if value is not None}
    return RuleTarget(parameters["Id"], parameters["Arn"], parameters.get("RoleArn"), parameters)


def rule(name: str = NAME, region: str = NORTH, **changes: Any) -> Rule:
    arn = f"arn:aws:events:{region}:{ACCOUNT}:rule/{name}"
    return Rule(**{"name": name, "arn": arn, "pattern": FORWARDED, **changes})


def role(**changes: Any) -> ForwardingRole:
    good = {
        "arn": PLACE.role,
        "trust": TRUST,
        "inline": {ROLE_POLICY: role_policy(PLACE)},
        "tags": OURS,
    }
    return ForwardingRole(**{**good, **changes})


def region(name: str = NORTH, **changes: Any) -> RegionState:
    """A Region that forwards; ``rules`` and ``targets`` change it."""
    good = {"rules": (rule(region=name),), "targets": {NAME: (target(),)}, "tags": OURS}
    return RegionState(name, **{**good, **changes})


def seen(*regions: RegionState, **changes: Any) -> ForwardingState:
    """The home Region, and those given or one that forwards."""
    everything = (RegionState(HOME), *(regions or (region(),)))
    good = {"regions": everything, "roles": {PLACE.role: role()}, "bus": {}}
    return ForwardingState(**{"place": PLACE, **good, **changes})


# In moto


@functools.cache
def client(service: str, region: str = HOME) -> Any:
    return boto3.client(service, region_name=region)


def add_role(name: str = NAME, tags: dict[str, str] | None = None, **changes: Any) -> str:
    """The role; ``trust`` and ``document`` change it."""
    made = client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(changes.get("trust", TRUST)),
        Tags=_tags(OURS if tags is None else tags),
    )
    client("iam").put_role_policy(
        RoleName=name,
        PolicyName=ROLE_POLICY,
        PolicyDocument=json.dumps(changes.get("document", role_policy(PLACE))),
    )
    return made["Role"]["Arn"]


def add_rule(region: str, name: str = NAME, tags: dict[str, str] | None = None, **changes: Any):
    """A rule that forwards; ``pattern``, ``state``, ``targets`` change it."""
    client("events", region).put_rule(
        Name=name,
        EventPattern=json.dumps(changes.get("pattern", FORWARDED)),
        State=changes.get("state", "ENABLED"),
        Tags=_tags(OURS if tags is None else tags),
    )
    for each in changes.get("targets", [target()]):
        client("events", region).put_targets(Rule=name, Targets=[dict(each.parameters)])


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
