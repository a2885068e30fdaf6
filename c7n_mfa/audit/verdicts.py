# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What a judgement says of links, chains, accounts and metric filters: values, and their JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from c7n_mfa.audit.reasons import LINKS, REASONS, VERDICTS, Reason, Verdict
from c7n_mfa.audit.values import Alarm, MetricFilter, Route
from c7n_mfa.frozen import frozen
from c7n_mfa.proof import Coverage, Dependency, Spot
from c7n_mfa.proof.requirements import DEFAULT
from c7n_mfa.shape import Node

if TYPE_CHECKING:
    # What reads brings botocore, which whoever reads a judgement back does not need.
    from c7n_mfa.aws.read import ReadFailure


@frozen
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

    @classmethod
    def from_dict(cls, data: Any) -> Link:
        """What ``to_dict`` gave; where it is not, ``ShapeError`` says so."""
        node = Node.of(data)
        return cls(
            link=node["link"].one_of(LINKS),
            verdict=node["verdict"].one_of(VERDICTS),
            resource=node["resource"].maybe_text() or "",
            detail=node["detail"].maybe_text() or "",
            reason=node["reason"].maybe_text(),
            evidence=node["evidence"].mapping(),
            fix=node["fix"].maybe_text(),
            security_hub=node["security_hub"].maybe_text(),
            permission=node["permission"].maybe_text(),
        )


def intact(link: str, resource: str, detail: str, **evidence: Any) -> Link:
    return Link(link, "intact", resource, detail, evidence=evidence)


def fault(code: str, resource: str, detail: str | None = None, **evidence: Any) -> Link:
    """A link that is broken or unknown for the reason ``code``."""
    reason = REASONS[code]
    return _link(reason, reason.link, code, resource, detail, evidence)


def unreadable(code: str, resource: str, failure: ReadFailure) -> Link:
    """A link that could not be read; where access was denied it names the permission."""
    reason = REASONS[code]
    evidence = {"error": failure.code, "message": failure.message}
    needed = failure.permission if failure.denied else None
    return _link(reason, reason.link, code, resource, failure.sentence(), evidence, needed)


def in_other_account(
    link: str, resource: str, account: str, failure: ReadFailure | None = None
) -> Link:
    """A link that is in another account: the reason carries the account's number.

    ``failure`` is how the attempt to assume a role there failed, if one was made.
    """
    detail = f"it is in account {account}, which cannot be read from here"
    evidence = {"account": account}
    if failure is not None:
        detail = f"it is in account {account}: {failure.sentence()}"
        evidence |= {"error": failure.code, "message": failure.message}
    needed = failure.permission if failure is not None and failure.denied else None
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


@frozen
class Chain:
    """One path from a trail as far as it goes; it ends at the first link that is not intact.

    ``covers`` names the families of sign-ins that its filter catches whole.  ``region`` is the only
    Region that its trail records, ``None`` where it records every one.  What a chain leads through
    is known while it is judged, and not where it was read from an annotation.
    """

    links: tuple[Link, ...]
    covers: tuple[str, ...] = ()
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
            "covers": list(self.covers),
            "links": [link.to_dict() for link in self.links],
        }

    @classmethod
    def from_dict(cls, data: Any) -> Chain:
        node = Node.of(data)
        links = tuple(Link.from_dict(link) for link in node["links"].items())
        chain = cls(links, node["covers"].texts())
        node["verdict"].one_of((chain.verdict,))
        return chain


def rank(verdict: Verdict) -> int:
    """The order of verdicts: intact, unknown, broken.  Broken wins over unknown."""
    return ("intact", "unknown", "broken").index(verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """A chain is as good as its worst link; of nothing at all nothing is known."""
    return max(verdicts, key=rank, default="unknown")


def best_first(chain: Chain) -> tuple[int, int]:
    """Sorts chains: the better verdict, then the one that goes further."""
    return rank(chain.verdict), -len(chain.links)


@frozen
class Region:
    """One row of the table of Regions: its verdict, and the chain that is best there, by number."""

    region: str
    verdict: Verdict
    trail: str | None = None
    chain: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "trail": self.trail,
            "chain": self.chain,
            "verdict": self.verdict,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Region:
        node = Node.of(data)
        return cls(
            region=node["region"].text(),
            verdict=node["verdict"].one_of(VERDICTS),
            trail=node["trail"].maybe_text(),
            chain=node["chain"].maybe_number(),
        )


@frozen
class Judgement:
    """The verdict on one account: are the sign-ins of the requirement delivered to a subscriber?"""

    requirement: str
    verdict: Verdict
    blind_spots: tuple[Spot, ...]
    advice: tuple[Spot, ...]
    noise: tuple[Spot, ...]
    depends_on: tuple[Dependency, ...]
    chains: tuple[Chain, ...]
    regions: tuple[Region, ...] = ()
    routes: tuple[Route, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The annotation ``c7n:signin-monitoring``; its keys are a stable interface."""
        return {
            "requirement": self.requirement,
            "verdict": self.verdict,
            "blind_spots": [spot.to_dict() for spot in self.blind_spots],
            "advice": [spot.to_dict() for spot in self.advice],
            "noise": [spot.to_dict() for spot in self.noise],
            "depends_on": [dependency.to_dict() for dependency in self.depends_on],
            "chains": [chain.to_dict() for chain in self.chains],
            "regions": [region.to_dict() for region in self.regions],
            **({} if self.routes is None else {"routes": [r.to_dict() for r in self.routes]}),
        }

    @classmethod
    def from_dict(cls, data: Any) -> Judgement:
        """What ``to_dict`` gave, of this version or an earlier one."""
        node = Node.of(data)
        routes = node["routes"]
        return cls(
            requirement=node["requirement"].maybe_text() or DEFAULT,
            verdict=node["verdict"].one_of(VERDICTS),
            blind_spots=tuple(map(Spot.from_dict, node["blind_spots"].items())),
            advice=tuple(map(Spot.from_dict, node["advice"].items())),
            noise=tuple(map(Spot.from_dict, node["noise"].items())),
            depends_on=tuple(map(Dependency.from_dict, node["depends_on"].items())),
            chains=tuple(map(Chain.from_dict, node["chains"].items())),
            regions=tuple(map(Region.from_dict, node["regions"].items())),
            routes=None if routes.value is None else tuple(map(Route.from_dict, routes.items())),
        )


@frozen
class FilterCoverage:
    """What one metric filter catches of a requirement.

    ``states`` holds one of covers, misses and unknown, and beside it never-fires and noisy where
    they are true.
    """

    requirement: str
    states: tuple[str, ...]
    blind_spots: tuple[Spot, ...] = ()
    advice: tuple[Spot, ...] = ()
    noise: tuple[Spot, ...] = ()
    depends_on: tuple[Dependency, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The annotation ``c7n:signin-coverage``; its keys are a stable interface."""
        return {
            "requirement": self.requirement,
            "states": list(self.states),
            "blind_spots": [spot.to_dict() for spot in self.blind_spots],
            "advice": [spot.to_dict() for spot in self.advice],
            "noise": [spot.to_dict() for spot in self.noise],
            "depends_on": [dependency.to_dict() for dependency in self.depends_on],
        }

    @classmethod
    def from_dict(cls, data: Any) -> FilterCoverage:
        """What ``to_dict`` gave, of this version or an earlier one."""
        node = Node.of(data)
        return cls(
            requirement=node["requirement"].maybe_text() or DEFAULT,
            states=node["states"].texts(),
            blind_spots=tuple(map(Spot.from_dict, node["blind_spots"].items())),
            advice=tuple(map(Spot.from_dict, node["advice"].items())),
            noise=tuple(map(Spot.from_dict, node["noise"].items())),
            depends_on=tuple(map(Dependency.from_dict, node["depends_on"].items())),
        )
