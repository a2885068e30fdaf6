# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the forwarding: from a session to a `Seen`.

A Region takes two reads, or three with the tags of the rule that is in the way; the Regions are
read side by side.  The roles and the home bus are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from c7n_mfa.aws import policy
from c7n_mfa.aws.answer import policy_document
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, Shape, together
from c7n_mfa.forwarding.meaning import may_pass
from c7n_mfa.forwarding.values import (
    NAME,
    Place,
    RegionSeen,
    Role,
    Rule,
    Seen,
    Target,
)


def look(reader: Reader, place: Place, regions: Iterable[str] | None = None) -> Seen:
    """Look at every enabled Region, or at those given, and at the home bus."""
    place, names = _where(reader, place, regions)
    if isinstance(names, ReadFailure):
        return Seen(place, names)
    seen = Seen(place, tuple(together(*(partial(_region, reader, place, name) for name in names))))
    for arn in sorted(_role_arns(seen)):
        seen.roles[arn] = see_role(reader, place.home, arn)
    seen.bus = _bus(reader, place)
    return seen


def look_for_ours(reader: Reader, place: Place, regions: Iterable[str] | None = None) -> Seen:
    """Look at what bears our name, and at whose it is: all that a removal needs."""
    place, names = _where(reader, place, regions)
    if isinstance(names, ReadFailure):
        return Seen(place, names)
    seen = Seen(place, tuple(together(*(partial(_named, reader, name) for name in names))))
    see_owners(reader, seen)
    return seen


def see_owners(reader: Reader, seen: Seen) -> None:
    """Whose the role and the rules are that bear our name."""
    if seen.place.role not in seen.roles:
        seen.roles[seen.place.role] = see_role(reader, seen.place.home, seen.place.role)
    if not isinstance(seen.regions, ReadFailure):
        named = [region for region in seen.regions if region.named]
        together(*(partial(_see_tags, reader, region) for region in named))


def _where(
    reader: Reader, place: Place, regions: Iterable[str] | None
) -> tuple[Place, tuple[str, ...] | ReadFailure]:
    """The account, when custodian goes on without having found it out, and its Regions."""
    if not place.account:
        answer = reader.one(
            "sts", place.home, "get_caller_identity", "*", lambda answer: answer["Account"]
        )
        if not isinstance(answer, str):
            return place, answer or ReadFailure(
                "sts:GetCallerIdentity", "*", "NoAccount", "the answer names no account"
            )
        place = replace(place, account=answer)
    return place, enabled(reader, place) if regions is None else tuple(regions)


def enabled(reader: Reader, place: Place) -> tuple[str, ...] | ReadFailure:
    """The Regions that are enabled for the account, by name; never none at all."""
    answer = reader.one(
        "ec2",
        place.home,
        "describe_regions",
        "*",
        lambda answer: tuple(sorted(region["RegionName"] for region in answer["Regions"])),
    )
    if isinstance(answer, ReadFailure):
        return answer
    if not answer:
        return ReadFailure("ec2:DescribeRegions", "*", "NoRegions", "the answer names no Region")
    return tuple(answer)


def _region(reader: Reader, place: Place, region: str) -> RegionSeen:
    if region == place.home:
        return _named(reader, region)
    seen = RegionSeen(region, _rules(reader, region))
    if not isinstance(seen.rules, ReadFailure):
        seen.rules = tuple(rule for rule in seen.rules if _may_forward(rule, place, region))
        _see_targets(reader, seen)
    return seen


def _named(reader: Reader, region: str) -> RegionSeen:
    """Only the rule of our name."""
    seen = RegionSeen(region, _rules(reader, region, NamePrefix=NAME))
    if not isinstance(seen.rules, ReadFailure):
        seen.rules = tuple(rule for rule in seen.rules if rule.name == NAME)
        _see_targets(reader, seen)
    return seen


def _may_forward(rule: Rule, place: Place, region: str) -> bool:
    """Is it worth a look at the rule's targets?  Services that own rules do not forward."""
    if rule.name == NAME:
        return True
    if rule.managed or not rule.enabled or rule.pattern is None:
        return False
    return may_pass(rule.pattern, region, place.account)


def _rules(reader: Reader, region: str, **params: Any) -> tuple[Rule, ...] | ReadFailure:
    target = f"the default event bus of {region}"
    answer = reader.every("events", region, "list_rules", "Rules", target, _rule, **params)
    return answer if isinstance(answer, ReadFailure) else answer or ()


def _rule(item: Any) -> Rule:
    return Rule(
        name=item["Name"],
        arn=item["Arn"],
        pattern=policy.parse(item.get("EventPattern")),
        state=item.get("State") or "ENABLED",
        description=item.get("Description"),
        managed=bool(item.get("ManagedBy")),
    )


def _see_targets(reader: Reader, seen: RegionSeen) -> None:
    if isinstance(seen.rules, ReadFailure):
        return
    for rule in seen.rules:
        answer = reader.every(
            "events",
            seen.region,
            "list_targets_by_rule",
            "Targets",
            rule.arn,
            lambda item: Target(item["Id"], item["Arn"], item.get("RoleArn"), item),
            Rule=rule.name,
        )
        seen.targets[rule.name] = answer if isinstance(answer, ReadFailure) else answer or ()


def _see_tags(reader: Reader, seen: RegionSeen) -> None:
    rule = seen.named
    if rule is None:
        return
    answer = reader.one(
        "events", seen.region, "list_tags_for_resource", rule.arn, _tags, ResourceARN=rule.arn
    )
    seen.tags = answer if isinstance(answer, ReadFailure) else answer or {}


def _tags(answer: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}


def _role_arns(seen: Seen) -> set[str]:
    """The roles of the targets that lead home."""
    targets = [
        target
        for region in (() if isinstance(seen.regions, ReadFailure) else seen.regions)
        for found in region.targets.values()
        for target in (() if isinstance(found, ReadFailure) else found)
    ]
    return {target.role for target in targets if target.role and target.arn == seen.place.bus}


def _bus(reader: Reader, place: Place) -> Any:
    return reader.one(
        "events",
        place.home,
        "describe_event_bus",
        place.bus,
        lambda answer: policy.parse(answer.get("Policy")) or {},
        Name="default",
    )


def see_role(reader: Reader, region: str, arn: str) -> Role | ReadFailure | None:
    """A role with every policy that bears on it; the first that cannot be read is the answer."""
    read = _RoleReader(reader, region, arn)
    head = read.one("get_role", lambda answer: answer["Role"], RoleName=read.name)
    if head is None or isinstance(head, ReadFailure):
        return head
    inline = read.every("list_role_policies", "PolicyNames", read.inline)
    attached = read.every("list_attached_role_policies", "AttachedPolicies", read.attached)
    boundary = read.boundary(head)
    for part in (inline, attached, boundary):
        if isinstance(part, ReadFailure):
            return part
    trust = head.get("AssumeRolePolicyDocument") or {}
    return Role(arn, trust, inline, attached, boundary, _tags(head))


@dataclass(frozen=True, slots=True)
class _RoleReader:
    """Reads about one role."""

    reader: Reader
    region: str
    arn: str

    @property
    def name(self) -> str:
        return Arn.parse(self.arn).resource.rpartition("/")[2]

    def one(self, operation: str, shape: Shape, **params: Any) -> Any:
        return self.reader.one("iam", self.region, operation, self.arn, shape, **params)

    def every(self, operation: str, key: str, read: Callable[[Any], tuple[str, Any]]) -> Any:
        """The documents of the policies of one kind, by name or ARN."""
        listed = self.reader.every(
            "iam", self.region, operation, key, self.arn, lambda item: item, RoleName=self.name
        )
        if isinstance(listed, ReadFailure):
            return listed
        found = dict(map(read, listed or ()))
        return next((each for each in found.values() if isinstance(each, ReadFailure)), found)

    def inline(self, name: str) -> tuple[str, Any]:
        named = {"RoleName": self.name, "PolicyName": name}
        return name, self.one("get_role_policy", policy_document, **named) or {}

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


def _default_version(answer: Any) -> Any:
    return answer["Policy"]["DefaultVersionId"]


def _managed_document(answer: Any) -> Any:
    return policy_document(answer["PolicyVersion"], "Document")
