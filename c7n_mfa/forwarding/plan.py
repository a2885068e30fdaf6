# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From a judgement to the steps that set the forwarding up, or take it away.  Pure, no AWS.

What works is left alone, whoever made it.  What bears our name and not our tag is somebody else's,
and is never written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding import calls
from c7n_mfa.forwarding.judge import may_assume, may_put
from c7n_mfa.forwarding.meaning import passage
from c7n_mfa.forwarding.reasons import REASONS
from c7n_mfa.forwarding.values import (
    NAME,
    ROLE_POLICY,
    TARGET_ID,
    Judgement,
    Place,
    Plan,
    RegionSeen,
    RegionVerdict,
    Role,
    Rule,
    Seen,
    Step,
    Target,
    is_ours,
)


def plan_setting(seen: Seen, judgement: Judgement, tags: Mapping[str, str]) -> Plan:
    """The role and its policy, then in each Region that is broken its rule and its target."""
    if isinstance(seen.regions, ReadFailure):
        return Plan(before=tuple(_declined(each) for each in judgement.regions))
    pairs = list(zip(seen.regions, judgement.regions, strict=True))
    role = tuple(_role(seen, tags)) if any(_needs_role(*pair) for pair in pairs) else ()
    refused = next((step for step in role if step.result == "skipped"), None)
    regions = {
        here.region: tuple(_region(seen, here, verdict, refused, tags)) for here, verdict in pairs
    }
    return Plan(role, {region: steps for region, steps in regions.items() if steps})


def plan_removal(seen: Seen, everywhere: bool) -> Plan:
    """The rules that carry our tag with their targets, and the role once no rule needs it.

    ``everywhere``: no Region was left out, so that none can need the role any more.
    """
    if isinstance(seen.regions, ReadFailure):
        why = f"which Regions are enabled is not known: {seen.regions.sentence()}"
        return Plan(before=(Step("rule", "", "skipped", NAME, why),))
    regions = {region.region: tuple(_remove_rule(region)) for region in seen.regions}
    kept = [name for name, steps in regions.items() if any(s.result == "skipped" for s in steps)]
    role = tuple(_remove_role(seen, everywhere, kept))
    return Plan((), {region: steps for region, steps in regions.items() if steps}, role)


def _declined(verdict: RegionVerdict) -> Step:
    fix = f"; {verdict.fix}" if verdict.fix else ""
    region = "" if verdict.region == "*" else verdict.region
    return Step("rule", region, "skipped", verdict.region, f"{verdict.detail}{fix}")


# The role


def _needs_role(here: RegionSeen, verdict: RegionVerdict) -> bool:
    """Will a target that is written name the role, or one that is there and is left?"""
    if verdict.verdict != "broken" or verdict.reason in (None, "rule-at-home"):
        return False
    return REASONS[verdict.reason].repaired and _in_the_way(here) is None


def _role(seen: Seen, tags: Mapping[str, str]) -> Iterator[Step]:
    place, role = seen.place, seen.roles.get(seen.place.role)
    if isinstance(role, ReadFailure):
        yield Step("role", "", "skipped", place.role, f"whose it is: {role.sentence()}")
    elif role is None:
        yield calls.create_role(place, tags)
        yield calls.put_role_policy(place)
    elif not role.ours:
        yield _foreign_role(role, place)
    else:
        yield from _mended_role(role, place)


def _foreign_role(role: Role, place: Place) -> Step:
    if _may(role, place):
        why = "it lets EventBridge put events on the home bus"
        return Step("role", "", "adopted", role.arn, why)
    why = "a role of this name exists without our tag, and does not serve; delete or rename it"
    return Step("role", "", "skipped", role.arn, why)


def _mended_role(role: Role, place: Place) -> Iterator[Step]:
    if not may_assume(role, place.rule("*"), place):
        yield calls.trust_role(place, role.trust)
    if not may_put(role, place):
        yield calls.put_role_policy(place, role.inline.get(ROLE_POLICY))


# One Region


def _region(
    seen: Seen,
    here: RegionSeen,
    verdict: RegionVerdict,
    refused: Step | None,
    tags: Mapping[str, str],
) -> Iterator[Step]:
    if verdict.verdict == "intact":
        return
    if verdict.verdict == "unknown" or not REASONS[verdict.reason or ""].repaired:
        yield _declined(verdict)
        return
    in_the_way = _in_the_way(here)
    if in_the_way:
        yield in_the_way
    elif verdict.reason == "rule-at-home":
        yield from _delete(here, verdict.detail)
    elif refused:
        yield _declined(replace(verdict, detail=f"{verdict.detail}; {refused.why}", fix=None))
    else:
        yield from _write(seen, here, verdict, tags)


def _in_the_way(here: RegionSeen) -> Step | None:
    """The refusal to write to a rule of our name that is not ours, or may not be."""
    rule = here.named
    if rule is None:
        return None
    if isinstance(here.tags, ReadFailure):
        return Step(
            "rule", here.region, "skipped", rule.arn, f"whose it is: {here.tags.sentence()}"
        )
    if is_ours(here.tags):
        return None
    why = "a rule of this name exists without our tag; delete or rename it"
    return Step("rule", here.region, "skipped", rule.arn, why)


def _write(
    seen: Seen, here: RegionSeen, verdict: RegionVerdict, tags: Mapping[str, str]
) -> Iterator[Step]:
    """What is wrong with the rule of our name, and no more."""
    rule, place = here.named, seen.place
    if rule is None or not _passes(rule, here.region, place):
        yield calls.put_rule(place, here.region, tags, verdict.detail, rule)
    targets = here.targets.get(NAME, ())
    listed = () if isinstance(targets, ReadFailure) else targets
    if not any(_serves(target, seen) for target in listed):
        before = next((target for target in listed if target.id == TARGET_ID), None)
        yield calls.put_target(place, here.region, verdict.detail, before)


def _passes(rule: Rule, region: str, place: Place) -> bool:
    if not rule.enabled or rule.pattern is None:
        return False
    found = passage(rule.pattern, region, place.account)
    return not found.dropped and not found.unclear


def _serves(target: Target, seen: Seen) -> bool:
    """Does it lead home, with our role or with another that may?"""
    place = seen.place
    if target.arn != place.bus or target.rewrites or target.role is None:
        return False
    role = seen.roles.get(target.role)
    if target.role == place.role:
        return True
    return isinstance(role, Role) and _may(role, place)


def _may(role: Role, place: Place) -> bool:
    return bool(may_assume(role, place.rule("*"), place) and may_put(role, place))


# Taking it away


def _remove_rule(here: RegionSeen) -> Iterator[Step]:
    if isinstance(here.rules, ReadFailure):
        name = f"{NAME} in {here.region}"
        yield Step("rule", here.region, "skipped", name, here.rules.sentence())
        return
    if here.named is None:
        return
    in_the_way = _in_the_way(here)
    if in_the_way:
        yield in_the_way
    else:
        yield from _delete(here, "it carries our tag")


def _delete(here: RegionSeen, why: str) -> Iterator[Step]:
    """A rule is deleted once it has no targets."""
    rule = here.named
    assert rule is not None
    targets = here.targets.get(rule.name, ())
    if isinstance(targets, ReadFailure):
        yield Step("target", here.region, "skipped", rule.arn, targets.sentence())
        return
    if targets:
        yield calls.remove_targets(rule, here.region, targets, why)
    tags = {} if isinstance(here.tags, ReadFailure) else here.tags
    yield calls.delete_rule(rule, here.region, tags, why)


def _remove_role(seen: Seen, everywhere: bool, kept: list[str]) -> Iterator[Step]:
    place, role = seen.place, seen.roles.get(seen.place.role)
    if role is None:
        return
    why = _why_kept(role, everywhere, kept)
    if why or isinstance(role, ReadFailure):
        yield Step("role", "", "skipped", place.role, why or "")
        return
    before = role.inline.get(ROLE_POLICY)
    if before is not None:
        yield calls.delete_role_policy(place, before)
    yield calls.delete_role(place, role.trust, role.tags)


def _why_kept(role: Role | ReadFailure, everywhere: bool, kept: list[str]) -> str | None:
    if isinstance(role, ReadFailure):
        return f"whose it is: {role.sentence()}"
    if not role.ours:
        return "a role of this name exists without our tag"
    if not everywhere:
        return "rules of Regions that the policy does not name may need it"
    if kept:
        return f"rules in {', '.join(kept)} are left, and may need it"
    others = sorted({*role.attached, *role.inline} - {ROLE_POLICY})
    if others:
        return f"somebody gave it more policies: {', '.join(others)}"
    return None
