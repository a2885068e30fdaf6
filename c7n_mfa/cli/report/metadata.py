# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What custodian noted about a run, in `metadata.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from c7n_mfa.aws.text import one_line

from .shape import Node

_ON_ACCOUNTS = ("signin-monitoring", "set-signin-monitoring")
_ON_METRIC_FILTERS = ("signin-coverage",)


@dataclass(frozen=True, slots=True)
class Metadata:
    """One run: of which policy, where, when, and how far it got."""

    policy: str
    region: str | None
    account_id: str | None
    started: float
    dry_run: bool
    serverless: bool
    judges_accounts: bool
    judges_metric_filters: bool
    metrics: frozenset[str]
    resource: str
    elements: frozenset[str]
    function: str

    @property
    def ours(self) -> bool:
        return self.judges_accounts or self.judges_metric_filters

    @property
    def failed(self) -> bool:
        return "PolicyException" in self.metrics

    @property
    def filtered(self) -> bool:
        """Whether this run got past its filters.

        Custodian leaves the files of an earlier run in place when a later one fails.
        """
        return not self.failed or "ResourceCount" in self.metrics


def parse_metadata(node: Node) -> Metadata:
    """`metadata.json`."""
    policy, config, execution = node["policy"], node["config"], node["execution"]
    mode = policy["mode"].value or {}
    name = policy["name"].text()
    return Metadata(
        policy=name,
        region=config["region"].maybe_text() or None,
        account_id=config["account_id"].maybe_text() or None,
        started=_seconds(execution["start"].value),
        dry_run=config["dryrun"].value is True,
        serverless=isinstance(mode, dict) and mode.get("type", "pull") != "pull",
        judges_accounts=_uses(policy, _ON_ACCOUNTS),
        judges_metric_filters=_uses(policy, _ON_METRIC_FILTERS),
        metrics=frozenset(str(metric["MetricName"].value) for metric in node["metrics"].items()),
        resource=str(policy["resource"].value).removeprefix("aws."),
        elements=frozenset(_names([policy["filters"].value, policy["actions"].value])),
        function=f"{_prefix(mode)}{name}",
    )


def _seconds(start: Any) -> float:
    return float(start) if isinstance(start, int | float) and abs(start) < 1e12 else 0.0


def _names(value: Any) -> Iterator[str]:
    """The names of filters and actions, however they are nested: a text, or a `type`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)
    elif isinstance(value, dict):
        yield from _names(value.get("type"))
        for key in ("and", "or", "not"):
            yield from _names(value.get(key))


def _prefix(mode: Any) -> str:
    """What custodian puts before a policy's name to name its function."""
    given = mode.get("function-prefix") if isinstance(mode, dict) else None
    return one_line(given) if isinstance(given, str) else "custodian-"


def _uses(policy: Node, names: tuple[str, ...]) -> bool:
    elements = json.dumps([policy["filters"].value, policy["actions"].value])
    return any(f'"{name}"' in elements for name in names)
