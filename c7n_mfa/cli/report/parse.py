# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The files of the filter and of the action, as values."""

from __future__ import annotations

from collections.abc import Iterator

from .shape import Node, short_name
from .values import (
    Chain,
    Dependency,
    Judgement,
    Link,
    MetricFilter,
    Receipt,
    Region,
    Spot,
    Step,
    Verdict,
)

ANNOTATION = "c7n:signin-monitoring"
COVERAGE_ANNOTATION = "c7n:signin-coverage"
_NAMED = ("log-group", "metric-filter")
_FAULTS = {"misses", "never-fires", "noisy"}
_DEFAULT_REQUIREMENT = "single-factor"


def parse_judgements(node: Node) -> tuple[Judgement, ...]:
    """`signin-monitoring.json`: every account the filter judged."""
    return tuple(_judgement(account) for account in node.items())


def parse_resources(node: Node) -> tuple[Judgement, ...]:
    """`resources.json`: the accounts the filter kept, by their annotation."""
    return tuple(_judgement(account) for account in node.items() if account[ANNOTATION].value)


def parse_metric_filters(node: Node) -> tuple[MetricFilter, ...]:
    """`resources.json`: the metric filters that the filter kept, by their annotation."""
    return tuple(_metric_filter(each) for each in node.items() if each[COVERAGE_ANNOTATION].value)


def parse_receipts(node: Node) -> tuple[Receipt, ...]:
    """`action-setsigninmonitoring`: one receipt an account."""
    return tuple(
        Receipt(
            account_id=receipt["account_id"].text(),
            before=receipt["before"].verdict(),
            after=receipt["after"].verdict(),
            steps=tuple(_step(step) for step in receipt["steps"].items()),
        )
        for receipt in node.items()
    )


def _judgement(account: Node) -> Judgement:
    judged = account[ANNOTATION]
    return Judgement(
        account_id=account["account_id"].text(),
        account_name=account["account_name"].maybe_text() or None,
        requirement=judged["requirement"].maybe_text() or _DEFAULT_REQUIREMENT,
        verdict=judged["verdict"].verdict(),
        blind_spots=_spots(judged["blind_spots"]),
        advice=_spots(judged["advice"]),
        noise=_spots(judged["noise"]),
        depends_on=tuple(_dependency(each) for each in judged["depends_on"].items()),
        chains=tuple(_chain(chain) for chain in judged["chains"].items()),
        regions=tuple(_region(row) for row in judged["regions"].items()),
        routes=tuple(route["detail"].text() for route in judged["routes"].items()),
    )


def _region(row: Node) -> Region:
    chain = row["chain"].value
    return Region(
        region=row["region"].text(),
        verdict=row["verdict"].verdict(),
        trail=row["trail"].maybe_text(),
        chain=chain if isinstance(chain, int) else None,
    )


def _metric_filter(resource: Node) -> MetricFilter:
    coverage = resource[COVERAGE_ANNOTATION]
    states = tuple(state.text() for state in coverage["states"].items())
    return MetricFilter(
        name=resource["filterName"].text(),
        log_group=resource["logGroupName"].text(),
        pattern=resource["filterPattern"].maybe_text() or "",
        verdict=_verdict(states),
        requirement=coverage["requirement"].maybe_text() or _DEFAULT_REQUIREMENT,
        states=states,
        blind_spots=_spots(coverage["blind_spots"]),
        noise=_spots(coverage["noise"]),
        depends_on=tuple(_dependency(each) for each in coverage["depends_on"].items()),
    )


def _verdict(states: tuple[str, ...]) -> Verdict:
    """A metric filter that a policy asked for because it covers is no fault."""
    if _FAULTS.intersection(states):
        return "broken"
    return "intact" if states == ("covers",) else "unknown"


def _chain(chain: Node) -> Chain:
    links = tuple(_link(link) for link in chain["links"].items())
    return Chain(
        name=chain["name"].maybe_text() or " → ".join(_names(links)),
        verdict=chain["verdict"].verdict(),
        covers=tuple(family.text() for family in chain["covers"].items()),
        links=links,
    )


def _link(link: Node) -> Link:
    return Link(
        link=link["link"].text(),
        verdict=link["verdict"].verdict(),
        reason=link["reason"].maybe_text(),
        detail=link["detail"].maybe_text() or "",
        resource=link["resource"].maybe_text(),
        fix=link["fix"].maybe_text(),
        permission=link["permission"].maybe_text(),
        security_hub=link["security_hub"].maybe_text(),
        evidence=link["evidence"].value,
    )


def _names(links: tuple[Link, ...]) -> Iterator[str]:
    """What the chain leads through, as a person calls it."""
    for link in links:
        if link.resource and _is_there(link):
            yield short_name(link.resource)


def _is_there(link: Link) -> bool:
    """A trail has an ARN, whatever is wrong with it; other links have to be intact."""
    if link.link == "trail":
        return (link.resource or "").startswith("arn:")
    return link.link in _NAMED and link.verdict == "intact"


def _spots(spots: Node) -> tuple[Spot, ...]:
    return tuple(_spot(spot) for spot in spots.items())


def _dependency(dependency: Node) -> Dependency:
    return Dependency(
        name=dependency["name"].maybe_text() or "",
        sentence=dependency["sentence"].maybe_text() or "",
    )


def _spot(spot: Node) -> Spot:
    return Spot(
        family=spot["family"].text(),
        sentence=spot["sentence"].maybe_text() or "",
        grade=spot["grade"].maybe_text() or "",
        because=spot["because"].maybe_text() or "",
        event=spot["event"].value,
    )


def _step(step: Node) -> Step:
    return Step(
        step=step["step"].text(),
        result=step["result"].text(),
        resource=step["resource"].maybe_text(),
        why=step["why"].maybe_text() or "",
        error=step["error"].maybe_text(),
        call=step["call"].value,
        undo=step["undo"].value,
    )
