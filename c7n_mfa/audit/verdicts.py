# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a judgement says: links, chains and the account, as values that print as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.audit.reasons import REASONS, Reason, Verdict
from c7n_mfa.audit.values import Alarm, MetricFilter
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof import Coverage


@dataclass(frozen=True, slots=True)
class Link:
    """The verdict on one link of one chain.

    ``reason`` is ``None`` on an intact link; ``detail`` is a sentence about this very resource.
    """

    link: str
    verdict: Verdict
    resource: str
    detail: str
    reason: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fix: str | None = None
    security_hub: str | None = None
    permission: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "link": self.link,
            "verdict": self.verdict,
            "reason": self.reason,
            "detail": self.detail,
            "resource": self.resource,
            "evidence": dict(self.evidence),
            "fix": self.fix,
            "security_hub": self.security_hub,
            "permission": self.permission,
        }


def intact(link: str, resource: str, detail: str, **evidence: Any) -> Link:
    return Link(link, "intact", resource, detail, evidence=evidence)


def fault(code: str, resource: str, detail: str | None = None, **evidence: Any) -> Link:
    """A link that is broken or unknown for the reason ``code``."""
    reason = REASONS[code]
    return _link(reason, reason.link, code, resource, detail, evidence)


def unseen(code: str, resource: str, look: ReadFailure) -> Link:
    """A link that could not be looked at; a denied look names its permission."""
    reason = REASONS[code]
    evidence = {"error": look.code, "message": look.message}
    needed = look.permission if look.denied else None
    return _link(reason, reason.link, code, resource, look.sentence(), evidence, needed)


def elsewhere(link: str, resource: str, account: str, look: ReadFailure | None = None) -> Link:
    """A link that is in another account: the reason carries the account's number.

    ``look`` is how the attempt to assume a role there failed, if one was made.
    """
    detail = f"it is in account {account}, which cannot be read from here"
    evidence = {"account": account}
    if look is not None:
        detail = f"it is in account {account}: {look.sentence()}"
        evidence |= {"error": look.code, "message": look.message}
    needed = look.permission if look is not None and look.denied else None
    code = f"in-account-{account}"
    return _link(REASONS["in-account"], link, code, resource, detail, evidence, needed)


def _link(
    reason: Reason,
    link: str,
    code: str,
    resource: str,
    detail: str | None,
    evidence: Mapping[str, Any],
    permission: str | None = None,
) -> Link:
    return Link(
        link=link,
        verdict=reason.verdict,
        resource=resource,
        detail=detail or reason.meaning,
        reason=code,
        evidence=evidence,
        fix=reason.fix,
        security_hub=reason.security_hub,
        permission=permission,
    )


@dataclass(frozen=True, slots=True)
class Chain:
    """One path from a trail as far as it goes; it ends at the first link that is not intact.

    ``region`` is the only Region that its trail records, ``None`` where it records every one.
    """

    links: tuple[Link, ...]
    metric_filter: MetricFilter | None = None
    alarm: Alarm | None = None
    coverage: Coverage | None = None
    trail_arn: str | None = None
    region: str | None = None

    @property
    def verdict(self) -> Verdict:
        return worst(link.verdict for link in self.links)

    @property
    def last(self) -> Link:
        return self.links[-1]

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "covers": list(self.coverage.caught) if self.coverage else [],
            "links": [link.to_dict() for link in self.links],
        }


def worst(verdicts: Any) -> Verdict:
    """Broken before unknown before intact: a chain is as good as its worst link."""
    seen = set(verdicts)
    for verdict in ("broken", "unknown"):
        if verdict in seen:
            return verdict
    return "intact"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one account: does anybody hear of the sign-ins of the requirement?"""

    requirement: str
    verdict: Verdict
    coverage: Coverage
    chains: tuple[Chain, ...]
    regions: tuple[Mapping[str, Any], ...] = ()
    routes: tuple[Mapping[str, Any], ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The annotation ``c7n:signin-monitoring``; its keys are a stable interface."""
        return {
            "requirement": self.requirement,
            "verdict": self.verdict,
            "blind_spots": [spot.to_dict() for spot in self.coverage.blind_spots],
            "advice": [spot.to_dict() for spot in self.coverage.advice],
            "noise": [spot.to_dict() for spot in self.coverage.noise],
            "depends_on": [dependency.to_dict() for dependency in self.coverage.depends_on],
            "chains": [chain.to_dict() for chain in self.chains],
            "regions": [dict(row) for row in self.regions],
            **({} if self.routes is None else {"routes": [dict(each) for each in self.routes]}),
        }
