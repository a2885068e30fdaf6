# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Do the sign-ins of every Region reach the home bus?  Pure, no AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c7n_mfa.audit.verdicts import rank, worst
from c7n_mfa.aws import policy
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.forwarding.dead_letters import lacks
from c7n_mfa.forwarding.meaning import passage
from c7n_mfa.forwarding.values import (
    EVENTS,
    NAME,
    REASONS,
    ForwardingJudgement,
    ForwardingRole,
    ForwardingState,
    Json,
    Place,
    RegionState,
    RegionVerdict,
    Rule,
    RuleTarget,
)

_PUT = "events:PutEvents"
# What a condition that cannot be evaluated looks like.
_UNCLEAR = {"Unclear": {"unclear": ""}}


def judge(state: ForwardingState) -> ForwardingJudgement:
    """The verdict on each Region, and that of the worst on all."""
    home = state.place.home
    if isinstance(state.regions, ReadFailure):
        only = _unread("regions-unseen", "*", state.regions)
        return ForwardingJudgement(home, "unknown", (only,))
    regions = tuple(_Judge(state, region).verdict() for region in state.regions)
    return ForwardingJudgement(home, worst(region.verdict for region in regions), regions)


def fault(code: str, region: str, detail: str) -> RegionVerdict:
    """A Region that is broken or unknown for the reason ``code``."""
    reason = REASONS[code]
    return RegionVerdict(region, reason.verdict, code, detail, reason.fix)


def _unread(code: str, region: str, failure: ReadFailure) -> RegionVerdict:
    reason = REASONS[code]
    needed = failure.permission if failure.denied else None
    return RegionVerdict(region, reason.verdict, code, failure.sentence(), reason.fix, needed)


class _Judge:
    """The verdict on one Region."""

    def __init__(self, state: ForwardingState, here: RegionState) -> None:
        self.state = state
        self.here = here
        self.place: Place = state.place

    def verdict(self) -> RegionVerdict:
        """Of a Region that forwards, also on what does not get through, where that is wanted."""
        forwards = self._forwards()
        found = self.here.dead_letters
        if forwards.verdict != "intact" or found is None:
            return forwards
        if isinstance(found, ReadFailure):
            return _unread("dead-letters-unseen", self.here.region, found)
        lost = lacks(found, self.here, self.place)
        waiting = f"{found.waiting} wait in {found.arn}" if found.waiting else None
        if lost:
            return self._fault("dead-letters-absent", "; ".join(filter(None, (lost, waiting))))
        return self._fault("dead-letters-waiting", waiting) if waiting else forwards

    def _forwards(self) -> RegionVerdict:
        if isinstance(self.here.rules, ReadFailure):
            return _unread("rules-unseen", self.here.region, self.here.rules)
        if self.here.region == self.place.home:
            return self._home()
        verdicts = [self._rule(rule) for rule in self.here.rules]
        intact = next((verdict for verdict in verdicts if verdict.verdict == "intact"), None)
        return (
            intact
            or self._named(verdicts)
            or self._foreign(verdicts)
            or self._fault("rule-absent", _NO_RULE)
        )

    def _home(self) -> RegionVerdict:
        """The home Region forwards to nowhere; a rule left from an earlier home would."""
        rule = self.here.named
        if rule is None:
            detail = "the home Region: its own sign-ins are on its bus already"
            return RegionVerdict(self.here.region, "intact", None, detail)
        detail = f"rule {rule.name} sends the home Region's sign-ins to another bus"
        return self._fault("rule-at-home", detail)

    def _named(self, verdicts: list[RegionVerdict]) -> RegionVerdict | None:
        """The verdict on the rule that bears the name of c7n-mfa's."""
        rules = self.here.rules if isinstance(self.here.rules, tuple) else ()
        of_each = zip(rules, verdicts, strict=True)
        return next((verdict for rule, verdict in of_each if rule.name == NAME), None)

    def _foreign(self, verdicts: list[RegionVerdict]) -> RegionVerdict | None:
        """A rule of somebody else may work, when nobody can tell; otherwise it is no matter."""
        return next((verdict for verdict in verdicts if verdict.verdict == "unknown"), None)

    def _rule(self, rule: Rule) -> RegionVerdict:
        targets = self.here.targets.get(rule.name, ())
        if not rule.enabled:
            return self._fault("rule-disabled", f"rule {rule.name} is disabled")
        if isinstance(targets, ReadFailure):
            return _unread("targets-unseen", self.here.region, targets)
        return (
            self._targets(rule, targets)
            or self._pattern(rule)
            or self._best(
                [self._target(rule, target) for target in targets if self._at_home(target)]
            )
        )

    def _at_home(self, target: RuleTarget) -> bool:
        return target.arn == self.place.bus

    def _targets(self, rule: Rule, targets: tuple[RuleTarget, ...]) -> RegionVerdict | None:
        if any(map(self._at_home, targets)):
            return None
        if not targets:
            return self._fault("target-absent", f"rule {rule.name} has no target")
        listed = ", ".join(target.arn for target in targets)
        return self._fault("target-elsewhere", f"rule {rule.name} sends to {listed}")

    def _pattern(self, rule: Rule) -> RegionVerdict | None:
        if rule.pattern is None:
            return self._fault("rule-drops-sign-ins", f"rule {rule.name} has no event pattern")
        events = passage(rule.pattern, self.here.region, self.place.account)
        if events.dropped:
            detail = f"rule {rule.name} lets no event through when {'; when '.join(events.dropped)}"
            return self._fault("rule-drops-sign-ins", detail)
        if events.unclear:
            detail = f"the event pattern of rule {rule.name} uses what is not understood here"
            return self._fault("rule-unclear", detail)
        return None

    def _best(self, verdicts: list[RegionVerdict]) -> RegionVerdict:
        return min(verdicts, key=lambda verdict: rank(verdict.verdict))

    def _target(self, rule: Rule, target: RuleTarget) -> RegionVerdict:
        if target.rewrites:
            detail = f"target {target.id} of rule {rule.name} sends something else than the event"
            return self._fault("target-rewrites", detail)
        if target.role is None:
            detail = f"target {target.id} of rule {rule.name} has no role to put events with"
            return self._fault("role-absent", detail)
        role = self.state.roles.get(target.role)
        if isinstance(role, ReadFailure):
            return _unread("role-unseen", self.here.region, role)
        if role is None:
            return self._fault("role-absent", f"role {target.role} does not exist")
        return self._role(role, rule) or self._bus(role) or self._intact(rule)

    def _role(self, role: ForwardingRole, rule: Rule) -> RegionVerdict | None:
        assumed, puts = may_assume(role, rule.arn, self.place), may_put(role, self.place)
        if assumed is False:
            return self._fault("role-cannot-put", f"role {role.arn} does not trust {EVENTS}")
        if puts is False:
            detail = f"role {role.arn} may not {_PUT} on {self.place.bus}"
            return self._fault("role-cannot-put", detail)
        if None in (assumed, puts):
            return self._fault("role-unclear", f"what role {role.arn} may do hangs on a condition")
        return None

    def _bus(self, role: ForwardingRole) -> RegionVerdict | None:
        bus = self.state.bus
        if isinstance(bus, ReadFailure):
            return _unread("bus-unseen", self.here.region, bus)
        if bus is None:
            return self._fault("bus-absent", f"{self.place.bus} does not exist")
        lets = _lets(bus, role.arn, self.place)
        if lets is False:
            return self._fault("bus-refuses", f"the policy of {self.place.bus} denies {_PUT}")
        if lets is None:
            detail = f"whether the policy of {self.place.bus} denies {_PUT} hangs on a condition"
            return self._fault("bus-unclear", detail)
        return None

    def _intact(self, rule: Rule) -> RegionVerdict:
        detail = f"rule {rule.name} forwards to {self.place.bus}"
        events = passage(rule.pattern or {}, self.here.region, self.place.account)
        if events.possible:
            detail += f"; it would drop when {'; when '.join(events.possible)}"
        return RegionVerdict(self.here.region, "intact", None, detail)

    def _fault(self, code: str, detail: str) -> RegionVerdict:
        return fault(code, self.here.region, detail)


_NO_RULE = "no rule forwards its sign-ins to the home bus"


def may_assume(role: ForwardingRole, rule_arn: str, place: Place) -> bool | None:
    """May EventBridge take the role for the rule?"""
    context = {"aws:sourceaccount": place.account, "aws:sourcearn": rule_arn}
    return policy.allows(role.trust, EVENTS, "sts:AssumeRole", "*", context)


def may_put(role: ForwardingRole, place: Place) -> bool | None:
    """May the role put events on the home bus, as far as its own policies say?"""
    own = _allows_role(role.arn, [*role.inline.values(), *role.attached.values()], place)
    if role.boundary is None or own is False:
        return own
    within = _allows_role(role.arn, [role.boundary], place)
    return own if within else within


def _allows_role(arn: str, documents: list[Json], place: Place) -> bool | None:
    # The policies of a role name no principal: they are about the role.
    statements = [
        {**statement, "Principal": "*"}
        for document in documents
        for statement in policy.statements(document)
    ]
    return policy.allows({"Statement": statements}, EVENTS, _PUT, place.bus, _context(place, arn))


def _lets(bus: Json, role_arn: str, place: Place) -> bool | None:
    """Within one account the bus need not allow what the role may do; it can deny it."""
    statements = [{"Effect": "Allow", "Principal": "*", "Action": _PUT}, *_denials(bus, role_arn)]
    context = _context(place, role_arn)
    return policy.allows({"Statement": statements}, EVENTS, _PUT, place.bus, context)


def _denials(bus: Json, role_arn: str) -> Iterator[Mapping[str, Any]]:
    """The statements that deny something to the role, as ones that are about it."""
    account = role_arn.split(":")[4]
    names = {"*", role_arn, account, role_arn.replace(role_arn.split(":", 5)[5], "root")}
    for statement in policy.statements(bus):
        if statement.get("Effect") != "Deny":
            continue
        rest = {key: value for key, value in statement.items() if key != "NotPrincipal"}
        if "NotPrincipal" in statement:
            yield {**rest, "Principal": "*", "Condition": _UNCLEAR}
        elif names & set(_principals(statement.get("Principal"))):
            yield {**rest, "Principal": "*"}


def _principals(principal: Any) -> list[str]:
    listed = principal.get("AWS", ()) if isinstance(principal, Mapping) else principal
    return [str(name) for name in (listed if isinstance(listed, list | tuple) else [listed])]


def _context(place: Place, role_arn: str) -> dict[str, str]:
    return {
        "aws:principalaccount": place.account,
        "aws:principalarn": role_arn,
        "aws:requestedregion": place.home,
        "aws:resourceaccount": place.account,
    }
