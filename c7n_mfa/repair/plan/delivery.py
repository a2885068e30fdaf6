# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The steps that give a trail a log group, when the policy asks for it (``log-delivery``)."""

from __future__ import annotations

from collections.abc import Iterator

from c7n_mfa.audit.shapes import log_group_name
from c7n_mfa.audit.trail import judge_trail
from c7n_mfa.audit.values import Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import delivery_calls as calls
from c7n_mfa.repair.plan.start import Start
from c7n_mfa.repair.records import bare
from c7n_mfa.repair.values import OWNER_TAG, DeliveryInTheWay, Role, Step


def delivery_steps(start: Start) -> Iterator[Step]:
    trail_arn, found = start.base.deliver_from, start.in_the_way.delivery
    if trail_arn is None or found is None:
        return
    useless = _useless(start, trail_arn, found.trail)
    if useless:
        yield useless
        return
    yield from _group_steps(start, found)
    if start.base.own_role:
        yield from _role_steps(start, trail_arn, found.role)
        group = start.base.log_group_arn
        yield calls.deliver(trail_arn, group, calls.role_arn(trail_arn))


def _useless(start: Start, arn: str, trail: Trail | ReadFailure | None) -> Step | None:
    """A trail that would deliver no sign-ins, or is not ours to change."""
    owner = Arn.parse(arn).account
    if owner != start.seen.account_id:
        why = f"the trail belongs to account {owner}; let it deliver to a log group there"
        return Step("trail-delivery", "skipped", arn, why)
    if trail is None:
        return Step("trail-delivery", "skipped", arn, "the trail is gone")
    if isinstance(trail, ReadFailure):
        return Step("trail-delivery", "skipped", arn, trail.sentence())
    link = judge_trail(trail)
    if link.verdict != "intact":
        return Step("trail-delivery", "skipped", arn, f"{link.detail}; {link.fix}")
    return None


def _group_steps(start: Start, found: DeliveryInTheWay) -> Iterator[Step]:
    arn, group = start.base.log_group_arn, found.group
    if isinstance(group, ReadFailure):
        yield Step("log-group", "skipped", bare(arn), group.sentence())
    elif group is None:
        yield calls.create_group(arn, "the trail delivers to no log group that exists", start.wish)
        yield calls.put_retention(arn, start.wish)
    elif not found.group_is_ours or group.group_class != "STANDARD":
        yield Step("log-group", "skipped", bare(arn), _left_alone(group.name, group.group_class))
    else:
        yield Step("log-group", "adopted", bare(arn), f"log group {log_group_name(arn)} is ours")
        if found.retention is None:
            yield calls.put_retention(arn, start.wish)


def _left_alone(name: str, group_class: str) -> str:
    if group_class != "STANDARD":
        return f"log group {name} exists and is of class {group_class}; delete it first"
    return (
        f"a log group named {name} exists and is not ours (no tag {OWNER_TAG}); let the trail "
        "deliver to it, or rename it"
    )


def _role_steps(start: Start, trail_arn: str, role: Role | ReadFailure | None) -> Iterator[Step]:
    arn, group = calls.role_arn(trail_arn), start.base.log_group_arn
    if isinstance(role, ReadFailure):
        yield Step("role", "skipped", arn, role.sentence())
        return
    if role is None:
        yield calls.create_role(trail_arn, start.wish)
        yield calls.put_role_policy(trail_arn, group)
        return
    if not role.ours or role.trust != calls.trust(trail_arn):
        yield Step("role", "skipped", arn, _another_role(role))
        return
    yield Step("role", "adopted", arn, "the role is ours")
    if role.policy != calls.role_policy(group):
        yield calls.put_role_policy(trail_arn, group, role.policy)


def _another_role(role: Role) -> str:
    if role.ours:
        return f"the role {calls.ROLE_NAME} exists and trusts another trail; delete it first"
    return f"a role named {calls.ROLE_NAME} exists and is not ours (no tag {OWNER_TAG}); rename it"
