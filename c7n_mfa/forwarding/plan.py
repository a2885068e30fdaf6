# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From a judgement to the steps that set the forwarding up, or take it away.  Pure, no AWS.

What works is left alone, whoever made it.  What bears the name of c7n-mfa's and not its tag is
somebody else's, and is never written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from c7n_mfa.aws.change import OWNER_TAG, Plan
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding import steps as make
from c7n_mfa.forwarding.dead_letters import queue_steps, target_steps
from c7n_mfa.forwarding.judge import may_assume, may_put
from c7n_mfa.forwarding.meaning import passage
from c7n_mfa.forwarding.values import (
    NAME,
    REASONS,
    ROLE_POLICY,
    TARGET_ID,
    DeadLetters,
    ForwardingJudgement,
    ForwardingRole,
    ForwardingState,
    Place,
    RegionState,
    RegionStep,
    RegionVerdict,
    Rule,
    RuleTarget,
    created,
)

_UNTAGGED = f"exists without the tag {OWNER_TAG}"


def plan_setting(
    state: ForwardingState, judgement: ForwardingJudgement, tags: Mapping[str, str]
) -> Plan:
    """The role and its policy, then in each Region that is broken its rule and its target."""
    if isinstance(state.regions, ReadFailure):
        return Plan(before=tuple(map(_declined, judgement.regions)))
    pairs = list(zip(state.regions, judgement.regions, strict=True))
    role = tuple(_role(state, tags)) if any(_needs_role(*pair) for pair in pairs) else ()
    refused = next((step for step in role if step.result == "skipped"), None)
    regions = {
        here.region: tuple(_region(state, here, verdict, refused, tags)) for here, verdict in pairs
    }
    return Plan(role, {region: steps for region, steps in regions.items() if steps})


def plan_removal(state: ForwardingState, everywhere: bool) -> Plan:
    """The rules that c7n-mfa created with their targets, and the role once no rule needs it.

    ``everywhere``: no Region was left out, so that none can need the role any more.
    """
    if isinstance(state.regions, ReadFailure):
        why = f"which Regions are enabled is not known: {state.regions.sentence()}"
        return Plan(before=(RegionStep("rule", "skipped", NAME, why),))
    regions = {region.region: tuple(_remove_rule(region)) for region in state.regions}
    kept = [name for name, steps in regions.items() if any(s.result == "skipped" for s in steps)]
    role = tuple(_remove_role(state, everywhere, kept))
    return Plan((), {region: steps for region, steps in regions.items() if steps}, role)


def _declined(verdict: RegionVerdict) -> RegionStep:
    fix = f"; {verdict.fix}" if verdict.fix else ""
    region = "" if verdict.region == "*" else verdict.region
    why = f"{verdict.detail}{fix}"
    return RegionStep("rule", "skipped", verdict.region, why, region=region)


# The role

# What is mended without it.
_WITHOUT_ROLE = ("rule-at-home", "dead-letters-absent")


def _needs_role(here: RegionState, verdict: RegionVerdict) -> bool:
    """Will a target that is written name the role, or one that is there and is left?"""
    if verdict.verdict != "broken" or verdict.reason in (None, *_WITHOUT_ROLE):
        return False
    return REASONS[verdict.reason].repaired and _refusal(here) is None


def _role(state: ForwardingState, tags: Mapping[str, str]) -> Iterator[RegionStep]:
    place, role = state.place, state.roles.get(state.place.role)
    if isinstance(role, ReadFailure):
        yield RegionStep("role", "skipped", place.role, f"whose it is: {role.sentence()}")
    elif role is None:
        yield make.create_role(place, tags)
        yield make.put_role_policy(place)
    elif not role.created:
        yield _foreign_role(role, place)
    else:
        yield from _fixed_role(role, place)


def _foreign_role(role: ForwardingRole, place: Place) -> RegionStep:
    if _may(role, place):
        why = "it lets EventBridge put events on the home bus"
        return RegionStep("role", "adopted", role.arn, why)
    why = f"a role of this name {_UNTAGGED}, and does not serve; delete or rename it"
    return RegionStep("role", "skipped", role.arn, why)


def _fixed_role(role: ForwardingRole, place: Place) -> Iterator[RegionStep]:
    if not may_assume(role, place.rule("*"), place):
        yield make.trust_role(place, role.trust)
    if not may_put(role, place):
        yield make.put_role_policy(place, role.inline.get(ROLE_POLICY))


# One Region


def _region(
    state: ForwardingState,
    here: RegionState,
    verdict: RegionVerdict,
    refused: RegionStep | None,
    tags: Mapping[str, str],
) -> Iterator[RegionStep]:
    if verdict.verdict == "intact":
        return
    if verdict.verdict == "unknown" or not REASONS[verdict.reason or ""].repaired:
        yield _declined(verdict)
        return
    refusal = _refusal(here)
    if refusal:
        yield refusal
    elif verdict.reason == "rule-at-home":
        yield from _delete(here, verdict.detail)
    elif verdict.reason == "dead-letters-absent":
        yield from _dead_letters(here, state.place, tags)
    elif refused:
        yield _declined(replace(verdict, detail=f"{verdict.detail}; {refused.why}", fix=None))
    else:
        yield from _write(state, here, verdict, tags)


def _dead_letters(here: RegionState, place: Place, tags: Mapping[str, str]) -> Iterator[RegionStep]:
    assert isinstance(here.dead_letters, DeadLetters)
    yield from queue_steps(here.dead_letters, here, place, tags)
    yield from target_steps(here.dead_letters, here, place)


def _refusal(here: RegionState) -> RegionStep | None:
    """The refusal to write to the named rule, when somebody else created it, or may have."""
    rule = here.named
    if rule is None:
        return None
    if isinstance(here.tags, ReadFailure):
        why = f"whose it is: {here.tags.sentence()}"
        return RegionStep("rule", "skipped", rule.arn, why, region=here.region)
    if created(here.tags):
        return None
    why = f"a rule of this name {_UNTAGGED}; delete or rename it"
    return RegionStep("rule", "skipped", rule.arn, why, region=here.region)


def _write(
    state: ForwardingState, here: RegionState, verdict: RegionVerdict, tags: Mapping[str, str]
) -> Iterator[RegionStep]:
    """What is wrong with the named rule, and no more."""
    rule, place = here.named, state.place
    if rule is None or not _passes(rule, here.region, place):
        yield make.put_rule(place, here.region, tags, verdict.detail, rule)
    dead_letters = here.dead_letters if isinstance(here.dead_letters, DeadLetters) else None
    if dead_letters:
        yield from queue_steps(dead_letters, here, place, tags)
    targets = here.targets.get(NAME, ())
    listed = () if isinstance(targets, ReadFailure) else targets
    if not any(_serves(target, state) for target in listed):
        before = next((target for target in listed if target.id == TARGET_ID), None)
        queue = dead_letters.arn if dead_letters else None
        yield make.put_target(place, here.region, verdict.detail, before, queue)


def _passes(rule: Rule, region: str, place: Place) -> bool:
    if not rule.enabled or rule.pattern is None:
        return False
    events = passage(rule.pattern, region, place.account)
    return not events.dropped and not events.unclear


def _serves(target: RuleTarget, state: ForwardingState) -> bool:
    """Does it lead home, with the role of c7n-mfa or with another that may?"""
    place = state.place
    if target.arn != place.bus or target.rewrites or target.role is None:
        return False
    role = state.roles.get(target.role)
    if target.role == place.role:
        return True
    return isinstance(role, ForwardingRole) and _may(role, place)


def _may(role: ForwardingRole, place: Place) -> bool:
    return bool(may_assume(role, place.rule("*"), place) and may_put(role, place))


# Taking it away


def _remove_rule(here: RegionState) -> Iterator[RegionStep]:
    if isinstance(here.rules, ReadFailure):
        name = f"{NAME} in {here.region}"
        why = here.rules.sentence()
        yield RegionStep("rule", "skipped", name, why, region=here.region)
        return
    if here.named is None:
        return
    refusal = _refusal(here)
    if refusal:
        yield refusal
    else:
        yield from _delete(here, make.BY_TAG)


def _delete(here: RegionState, why: str) -> Iterator[RegionStep]:
    """A rule is deleted once it has no targets."""
    rule = here.named
    assert rule is not None
    targets = here.targets.get(rule.name, ())
    if isinstance(targets, ReadFailure):
        yield RegionStep("target", "skipped", rule.arn, targets.sentence(), region=here.region)
        return
    if targets:
        yield make.remove_targets(rule, here.region, targets, why)
    tags = {} if isinstance(here.tags, ReadFailure) else here.tags
    yield make.delete_rule(rule, here.region, tags, why)


def _remove_role(state: ForwardingState, everywhere: bool, kept: list[str]) -> Iterator[RegionStep]:
    place, role = state.place, state.roles.get(state.place.role)
    if role is None:
        return
    why = _why_kept(role, everywhere, kept)
    if why or isinstance(role, ReadFailure):
        yield RegionStep("role", "skipped", place.role, why or "")
        return
    before = role.inline.get(ROLE_POLICY)
    if before is not None:
        yield make.delete_role_policy(place, before)
    yield make.delete_role(place, role.trust, role.tags)


def _why_kept(role: ForwardingRole | ReadFailure, everywhere: bool, kept: list[str]) -> str | None:
    if isinstance(role, ReadFailure):
        return f"whose it is: {role.sentence()}"
    if not role.created:
        return f"a role of this name {_UNTAGGED}"
    if not everywhere:
        return "rules of Regions that the policy does not name may need it"
    if kept:
        return f"rules in {', '.join(kept)} are left, and may need it"
    others = sorted({*role.attached, *role.inline} - {ROLE_POLICY})
    if others:
        return f"somebody gave it more policies: {', '.join(others)}"
    return None
