# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Taking back the delivery of a trail, its role and its log group.  Pure, no AWS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair import delivery_calls
from c7n_mfa.repair.records import bare, is_ours
from c7n_mfa.repair.removal import undo
from c7n_mfa.repair.removal.found import Found, FoundGroup, Item
from c7n_mfa.repair.values import Call, Role, Step


def steps(found: Found, delete_records: bool) -> Iterator[Step]:
    """A log group of ours that somebody else uses stays, and so does what delivers to it."""
    groups = [g for g in found.groups if isinstance(g.tags, Mapping) and is_ours(g.tags)]
    if isinstance(found.trails, ReadFailure):
        yield from _all_stay(found, groups, found.trails)
        return
    kept = {bare(group.arn) for group in groups if group.used_by}
    trails = [t for t in found.trails if bare(t.get("CloudWatchLogsLogGroupArn") or "") not in kept]
    for group in groups:
        if group.used_by:
            yield Step("log-group", "skipped", group.arn, _used(group))
    yield from (_stop(trail) for trail in trails)
    if found.role and len(trails) == len(found.trails):
        yield from _role(found.region, found.role)
    for group in groups:
        if not group.used_by:
            yield _group(group, delete_records)


def _all_stay(found: Found, groups: Iterable[FoundGroup], look: ReadFailure) -> Iterator[Step]:
    """A trail that nobody has seen may deliver with them."""
    if found.role:
        yield Step("role", "skipped", found.role.arn, look.sentence())
    yield from (Step("log-group", "skipped", group.arn, look.sentence()) for group in groups)


def _used(group: FoundGroup) -> str:
    if isinstance(group.used_by, ReadFailure):
        return group.used_by.sentence()
    return f"it is ours, and others use it: {', '.join(group.used_by)}"


def _stop(trail: Item) -> Step:
    arn = trail["TrailARN"]
    names = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
    before = {name: trail.get(name) or "" for name in names}
    after = dict.fromkeys(names, "")
    call, back = (delivery_calls.update_trail(arn, given) for given in (after, before))
    why = "it delivers with our role; before, it delivered to no log group"
    return Step("trail-delivery", "planned", arn, why, call, (back,), before=before, after=after)


def _role(region: str, role: Role) -> Iterator[Step]:
    named = {"RoleName": delivery_calls.ROLE_NAME}
    if role.policy is not None:
        policy = {**named, "PolicyName": delivery_calls.POLICY_NAME}
        call = Call("iam", region, "delete_role_policy", policy)
        document = {"PolicyDocument": json.dumps(role.policy, sort_keys=True)}
        back = Call("iam", region, "put_role_policy", {**policy, **document})
        yield Step("role-policy", "planned", role.arn, "it is on our role", call, (back,))
    document = {"AssumeRolePolicyDocument": json.dumps(role.trust, sort_keys=True)}
    tags = {"Tags": [{"Key": key, "Value": role.tags[key]} for key in sorted(role.tags)]}
    back = Call("iam", region, "create_role", {**named, **document, **tags})
    call = Call("iam", region, "delete_role", named)
    yield Step("role", "planned", role.arn, "it is ours, by its tag", call, (back,))


def _group(group: FoundGroup, delete_records: bool) -> Step:
    if isinstance(group.has_records, ReadFailure):
        return Step("log-group", "skipped", group.arn, group.has_records.sentence())
    if group.has_records and not delete_records:
        why = "it is ours, and holds events; delete them too with log-records: delete"
        return Step("log-group", "skipped", group.arn, why)
    name = group.item["logGroupName"]
    call = Call("logs", Arn.parse(group.arn).region, "delete_log_group", {"logGroupName": name})
    why = "it is ours, by its tag"
    return Step("log-group", "planned", group.arn, why, call, undo.create_group(group))
