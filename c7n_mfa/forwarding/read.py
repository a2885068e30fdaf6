# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the forwarding: from a session to a `ForwardingState`.

A Region takes two reads, or three with the tags of the rule that bears the name of c7n-mfa's; the
Regions are read side by side.  The roles and the home bus are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from c7n_mfa.aws import policy
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import tags_in
from c7n_mfa.aws.read import Reader, ReadFailure, Shape, together
from c7n_mfa.aws.response import policy_document
from c7n_mfa.forwarding.dead_letters import read_dead_letters
from c7n_mfa.forwarding.meaning import may_pass
from c7n_mfa.forwarding.values import (
    NAME,
    ForwardingRole,
    ForwardingState,
    Place,
    RegionState,
    Rule,
    RuleTarget,
    Wanted,
)
from c7n_mfa.frozen import frozen


def read_forwarding(
    reader: Reader,
    place: Place,
    regions: Iterable[str] | None = None,
    wanted: Wanted | None = None,
) -> ForwardingState:
    """Read every enabled Region, or those given, the dead letters that are wanted, and the bus."""
    place, names = _where(reader, place, regions)
    if isinstance(names, ReadFailure):
        return ForwardingState(place, names)
    reads = (partial(_region, reader, place, name, wanted) for name in names)
    state = ForwardingState(place, tuple(together(*reads)))
    for arn in sorted(_role_arns(state)):
        state.roles[arn] = read_role(reader, place.home, arn)
    state.bus = _bus(reader, place)
    return state


def read_named(
    reader: Reader, place: Place, regions: Iterable[str] | None = None
) -> ForwardingState:
    """Read what bears the name of c7n-mfa's, and who created it: all that a removal needs."""
    place, names = _where(reader, place, regions)
    if isinstance(names, ReadFailure):
        return ForwardingState(place, names)
    state = ForwardingState(place, tuple(together(*(partial(_named, reader, n) for n in names))))
    read_owners(reader, state)
    return state


def read_owners(reader: Reader, state: ForwardingState) -> None:
    """Who created the role and the rules that bear the name of c7n-mfa's."""
    place = state.place
    if place.role not in state.roles:
        state.roles[place.role] = read_role(reader, place.home, place.role)
    if not isinstance(state.regions, ReadFailure):
        together(*(partial(_read_tags, reader, region) for region in state.regions if region.named))


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


# Rules and targets


def _region(reader: Reader, place: Place, region: str, wanted: Wanted | None) -> RegionState:
    if region == place.home and wanted is None:
        return _named(reader, region)
    state = RegionState(region, _rules(reader, region))
    if not isinstance(state.rules, ReadFailure):
        state.rules = tuple(rule for rule in state.rules if _may_forward(rule, place, region))
        _read_targets(reader, state)
    if wanted is not None:
        state.dead_letters = read_dead_letters(reader, place, region, wanted)
    return state


def _named(reader: Reader, region: str) -> RegionState:
    """Only the rule that bears the name of c7n-mfa's."""
    state = RegionState(region, _rules(reader, region, NamePrefix=NAME))
    if not isinstance(state.rules, ReadFailure):
        state.rules = tuple(rule for rule in state.rules if rule.name == NAME)
        _read_targets(reader, state)
    return state


def _may_forward(rule: Rule, place: Place, region: str) -> bool:
    """Is it worth reading the rule's targets?  Services that own rules do not forward."""
    if rule.name == NAME:
        return True
    if rule.managed or not rule.enabled or rule.pattern is None:
        return False
    return may_pass(rule.pattern, region, place.account)


def _rules(reader: Reader, region: str, **params: Any) -> tuple[Rule, ...] | ReadFailure:
    bus = f"the default event bus of {region}"
    answer = reader.every("events", region, "list_rules", "Rules", bus, _rule, **params)
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


def _read_targets(reader: Reader, state: RegionState) -> None:
    for rule in () if isinstance(state.rules, ReadFailure) else state.rules:
        ask = ("events", state.region, "list_targets_by_rule", "Targets", rule.arn)
        answer = reader.every(*ask, _target, Rule=rule.name)
        state.targets[rule.name] = answer if isinstance(answer, ReadFailure) else answer or ()


def _target(item: Any) -> RuleTarget:
    return RuleTarget(item["Id"], item["Arn"], item.get("RoleArn"), item)


def _read_tags(reader: Reader, state: RegionState) -> None:
    rule = state.named
    if rule is None:
        return
    ask = ("events", state.region, "list_tags_for_resource", rule.arn)
    answer = reader.one(*ask, lambda answer: tags_in(answer.get("Tags")), ResourceARN=rule.arn)
    state.tags = answer if isinstance(answer, ReadFailure) else answer or {}


# The home bus and the roles


def _role_arns(state: ForwardingState) -> set[str]:
    """The roles of the targets that lead home."""
    targets = [
        target
        for region in (() if isinstance(state.regions, ReadFailure) else state.regions)
        for listed in region.targets.values()
        for target in (() if isinstance(listed, ReadFailure) else listed)
    ]
    return {target.role for target in targets if target.role and target.arn == state.place.bus}


def _bus(reader: Reader, place: Place) -> Any:
    return reader.one(
        "events",
        place.home,
        "describe_event_bus",
        place.bus,
        lambda answer: policy.parse(answer.get("Policy")) or {},
        Name="default",
    )


def read_role(reader: Reader, region: str, arn: str) -> ForwardingRole | ReadFailure | None:
    """A role with every policy that bears on it; the first that cannot be read is the answer."""
    return _RoleReader(reader, region, arn).read()


@frozen
class _RoleReader:
    """Reads about one role."""

    reader: Reader
    region: str
    arn: str

    @property
    def name(self) -> str:
        return Arn.parse(self.arn).resource.rpartition("/")[2]

    def read(self) -> ForwardingRole | ReadFailure | None:
        answer = self.one("get_role", self._shape, RoleName=self.name)
        if answer is None or isinstance(answer, ReadFailure):
            return answer
        role: ForwardingRole = answer[0]
        boundary = self._managed(answer[1]) if answer[1] else None
        inline = self._documents("list_role_policies", "PolicyNames", str, self._inline)
        attached = self._documents(
            "list_attached_role_policies",
            "AttachedPolicies",
            lambda item: item["PolicyArn"],
            self._managed,
        )
        for part in (inline, attached, boundary):
            if isinstance(part, ReadFailure):
                return part
        return replace(role, inline=inline, attached=attached, boundary=boundary)

    def _shape(self, answer: Any) -> tuple[ForwardingRole, str | None]:
        """The role without its policies, and the ARN of its boundary."""
        role = answer["Role"]
        trust = role.get("AssumeRolePolicyDocument") and policy_document(
            role, "AssumeRolePolicyDocument"
        )
        boundary = role.get("PermissionsBoundary")
        return (
            ForwardingRole(self.arn, trust or {}, tags=tags_in(role.get("Tags"))),
            boundary["PermissionsBoundaryArn"] if boundary else None,
        )

    def one(self, operation: str, shape: Shape, **params: Any) -> Any:
        return self.reader.one("iam", self.region, operation, self.arn, shape, **params)

    def _documents(self, operation: str, key: str, shape: Shape, read: Callable[[str], Any]) -> Any:
        """The documents of the policies of one kind, by name or ARN."""
        ask = ("iam", self.region, operation, key, self.arn)
        listed = self.reader.every(*ask, shape, RoleName=self.name)
        if isinstance(listed, ReadFailure):
            return listed
        documents = {name: read(name) for name in listed or ()}
        failures = (part for part in documents.values() if isinstance(part, ReadFailure))
        return next(failures, documents)

    def _inline(self, name: str) -> Any:
        named = {"RoleName": self.name, "PolicyName": name}
        return self.one("get_role_policy", policy_document, **named) or {}

    def _managed(self, arn: str) -> Any:
        version = self.one(
            "get_policy", lambda answer: answer["Policy"]["DefaultVersionId"], PolicyArn=arn
        )
        if not isinstance(version, str):
            return version or {}
        which = {"PolicyArn": arn, "VersionId": version}
        return self.one("get_policy_version", _managed_document, **which) or {}


def _managed_document(answer: Any) -> Any:
    return policy_document(answer["PolicyVersion"], "Document")
