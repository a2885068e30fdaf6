# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the forwarding: from a session to a `Seen`.

A Region takes two reads, or three with the tags of the rule that is in the way; the Regions are
read side by side.  The roles and the home bus are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from c7n_mfa.chain import policy
from c7n_mfa.chain.look import Looker, Shape
from c7n_mfa.chain.unseen import Unseen
from c7n_mfa.chain.values import Arn
from c7n_mfa.respond.forwarding.meaning import may_pass
from c7n_mfa.respond.forwarding.values import (
    NAME,
    Place,
    RegionSeen,
    Role,
    Rule,
    Seen,
    Target,
)

# Enough for some thirty Regions, and below what EventBridge throttles in any of them.
_SIDE_BY_SIDE = 8

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def look(looker: Looker, place: Place, regions: Iterable[str] | None = None) -> Seen:
    """Look at every enabled Region, or at those given, and at the home bus."""
    place, names = _where(looker, place, regions)
    if isinstance(names, Unseen):
        return Seen(place, names)
    seen = Seen(place, tuple(side_by_side(lambda name: _region(looker, place, name), names)))
    for arn in sorted(_role_arns(seen)):
        seen.roles[arn] = see_role(looker, place.home, arn)
    seen.bus = _bus(looker, place)
    return seen


def look_for_ours(looker: Looker, place: Place, regions: Iterable[str] | None = None) -> Seen:
    """Look at what bears our name, and at whose it is: all that a removal needs."""
    place, names = _where(looker, place, regions)
    if isinstance(names, Unseen):
        return Seen(place, names)
    seen = Seen(place, tuple(side_by_side(lambda name: _named(looker, name), names)))
    see_owners(looker, seen)
    return seen


def see_owners(looker: Looker, seen: Seen) -> None:
    """Whose the role and the rules are that bear our name."""
    if seen.place.role not in seen.roles:
        seen.roles[seen.place.role] = see_role(looker, seen.place.home, seen.place.role)
    if not isinstance(seen.regions, Unseen):
        named = [region for region in seen.regions if region.named]
        side_by_side(lambda region: _see_tags(looker, region), named)


def _where(
    looker: Looker, place: Place, regions: Iterable[str] | None
) -> tuple[Place, tuple[str, ...] | Unseen]:
    """The account, when custodian goes on without having found it out, and its Regions."""
    if not place.account:
        answer = looker.one(
            "sts", place.home, "get_caller_identity", "*", lambda answer: answer["Account"]
        )
        if not isinstance(answer, str):
            return place, answer or Unseen(
                "sts:GetCallerIdentity", "*", "NoAccount", "the answer names no account"
            )
        place = replace(place, account=answer)
    return place, enabled(looker, place) if regions is None else tuple(regions)


def enabled(looker: Looker, place: Place) -> tuple[str, ...] | Unseen:
    """The Regions that are enabled for the account, by name; never none at all."""
    answer = looker.one(
        "ec2",
        place.home,
        "describe_regions",
        "*",
        lambda answer: tuple(sorted(region["RegionName"] for region in answer["Regions"])),
    )
    if isinstance(answer, Unseen):
        return answer
    if not answer:
        return Unseen("ec2:DescribeRegions", "*", "NoRegions", "the answer names no Region")
    return tuple(answer)


def side_by_side(work: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """``work`` on each item, some at a time, in order."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(work, items))


def _region(looker: Looker, place: Place, region: str) -> RegionSeen:
    if region == place.home:
        return _named(looker, region)
    seen = RegionSeen(region, _rules(looker, region))
    if not isinstance(seen.rules, Unseen):
        seen.rules = tuple(rule for rule in seen.rules if _may_forward(rule, place, region))
        _see_targets(looker, seen)
    return seen


def _named(looker: Looker, region: str) -> RegionSeen:
    """Only the rule of our name."""
    seen = RegionSeen(region, _rules(looker, region, NamePrefix=NAME))
    if not isinstance(seen.rules, Unseen):
        seen.rules = tuple(rule for rule in seen.rules if rule.name == NAME)
        _see_targets(looker, seen)
    return seen


def _may_forward(rule: Rule, place: Place, region: str) -> bool:
    """Is it worth a look at the rule's targets?  Services that own rules do not forward."""
    if rule.name == NAME:
        return True
    if rule.managed or not rule.enabled or rule.pattern is None:
        return False
    return may_pass(rule.pattern, region, place.account)


def _rules(looker: Looker, region: str, **params: Any) -> tuple[Rule, ...] | Unseen:
    target = f"the default event bus of {region}"
    answer = looker.every("events", region, "list_rules", "Rules", target, _rule, **params)
    return answer if isinstance(answer, Unseen) else answer or ()


def _rule(item: Any) -> Rule:
    return Rule(
        name=item["Name"],
        arn=item["Arn"],
        pattern=policy.parse(item.get("EventPattern")),
        state=item.get("State") or "ENABLED",
        description=item.get("Description"),
        managed=bool(item.get("ManagedBy")),
    )


def _see_targets(looker: Looker, seen: RegionSeen) -> None:
    if isinstance(seen.rules, Unseen):
        return
    for rule in seen.rules:
        answer = looker.every(
            "events",
            seen.region,
            "list_targets_by_rule",
            "Targets",
            rule.arn,
            lambda item: Target(item["Id"], item["Arn"], item.get("RoleArn"), item),
            Rule=rule.name,
        )
        seen.targets[rule.name] = answer if isinstance(answer, Unseen) else answer or ()


def _see_tags(looker: Looker, seen: RegionSeen) -> None:
    rule = seen.named
    if rule is None:
        return
    answer = looker.one(
        "events", seen.region, "list_tags_for_resource", rule.arn, _tags, ResourceARN=rule.arn
    )
    seen.tags = answer if isinstance(answer, Unseen) else answer or {}


def _tags(answer: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}


def _role_arns(seen: Seen) -> set[str]:
    """The roles of the targets that lead home."""
    targets = [
        target
        for region in (() if isinstance(seen.regions, Unseen) else seen.regions)
        for found in region.targets.values()
        for target in (() if isinstance(found, Unseen) else found)
    ]
    return {target.role for target in targets if target.role and target.arn == seen.place.bus}


def _bus(looker: Looker, place: Place) -> Any:
    return looker.one(
        "events",
        place.home,
        "describe_event_bus",
        place.bus,
        lambda answer: policy.parse(answer.get("Policy")) or {},
        Name="default",
    )


def see_role(looker: Looker, region: str, arn: str) -> Role | Unseen | None:
    """A role with every policy that bears on it; the first that cannot be read is the answer."""
    read = _RoleReader(looker, region, arn)
    head = read.one("get_role", lambda answer: answer["Role"], RoleName=read.name)
    if head is None or isinstance(head, Unseen):
        return head
    inline = read.every("list_role_policies", "PolicyNames", read.inline)
    attached = read.every("list_attached_role_policies", "AttachedPolicies", read.attached)
    boundary = read.boundary(head)
    for part in (inline, attached, boundary):
        if isinstance(part, Unseen):
            return part
    trust = head.get("AssumeRolePolicyDocument") or {}
    return Role(arn, trust, inline, attached, boundary, _tags(head))


@dataclass(frozen=True, slots=True)
class _RoleReader:
    """Reads about one role."""

    looker: Looker
    region: str
    arn: str

    @property
    def name(self) -> str:
        return Arn.parse(self.arn).resource.rpartition("/")[2]

    def one(self, operation: str, shape: Shape, **params: Any) -> Any:
        return self.looker.one("iam", self.region, operation, self.arn, shape, **params)

    def every(self, operation: str, key: str, read: Callable[[Any], tuple[str, Any]]) -> Any:
        """The documents of the policies of one kind, by name or ARN."""
        listed = self.looker.every(
            "iam", self.region, operation, key, self.arn, lambda item: item, RoleName=self.name
        )
        if isinstance(listed, Unseen):
            return listed
        found = dict(map(read, listed or ()))
        return next((each for each in found.values() if isinstance(each, Unseen)), found)

    def inline(self, name: str) -> tuple[str, Any]:
        named = {"RoleName": self.name, "PolicyName": name}
        return name, self.one("get_role_policy", _inline_document, **named) or {}

    def attached(self, item: Any) -> tuple[str, Any]:
        return item["PolicyArn"], self._managed(item["PolicyArn"])

    def boundary(self, head: Any) -> Any:
        found = head.get("PermissionsBoundary")
        return self._managed(found["PermissionsBoundaryArn"]) if found else None

    def _managed(self, arn: str) -> Any:
        version = self.one("get_policy", _default_version, PolicyArn=arn)
        if not isinstance(version, str):
            return version or {}
        which = {"PolicyArn": arn, "VersionId": version}
        return self.one("get_policy_version", _managed_document, **which) or {}


def _inline_document(answer: Any) -> Any:
    return answer["PolicyDocument"]


def _default_version(answer: Any) -> Any:
    return answer["Policy"]["DefaultVersionId"]


def _managed_document(answer: Any) -> Any:
    return answer["PolicyVersion"]["Document"]
