# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Output directories as custodian 0.9.53 leaves them, written by hand from real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/management"
LOG_GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/cloudtrail:*"
NAMED = "management → /aws/cloudtrail"
RAN = ("ResourceCount", "ResourceTime", "ActionTime")
NAMES = ("trail", "log-group", "metric-filter", "metric", "alarm", "topic", "subscription")


def link(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "link": name,
        "verdict": "intact",
        "reason": None,
        "detail": f"{name} works",
        "resource": {"trail": TRAIL, "log-group": LOG_GROUP}.get(name, ""),
        "evidence": {},
        "security_hub": None,
        "fix": None,
        "permission": None,
    } | changed


def intact_links() -> list[dict[str, Any]]:
    return [link(name) for name in NAMES]


def links_until(name: str, **changed: Any) -> list[dict[str, Any]]:
    """A chain that is intact up to a link, which is not."""
    before = NAMES[: NAMES.index(name)]
    return [*(link(each) for each in before), link(name, **changed)]


NO_ALARM = links_until(
    "alarm",
    verdict="broken",
    reason="alarm-absent",
    detail="no alarm watches the metric",
    fix="run the repair policy",
    security_hub="CLOUDWATCH_ALARMS_NOT_PRESENT",
)
DENIED = links_until(
    "metric-filter",
    verdict="unknown",
    reason="filters-unreadable",
    detail="the metric filters could not be read",
    fix="grant the permission",
    permission="logs:DescribeMetricFilters",
)
PENDING = links_until(
    "subscription",
    verdict="broken",
    reason="subscription-pending",
    detail="the only subscriptions wait to be confirmed",
    fix="click the link in the mail",
)


def chain(links: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    return {
        "verdict": links[-1]["verdict"],
        "covers": [],
        "links": links,
    } | changed


def named(name: str) -> list[dict[str, Any]]:
    """An intact chain of which nothing has a name but the trail."""
    trail = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}"
    return [link(each, resource=trail if each == "trail" else "") for each in NAMES]


def judgement(*chains: dict[str, Any], account: str = ACCOUNT, **changed: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "account_name": None,
        "c7n:signin-monitoring": {
            "requirement": "single-factor",
            "verdict": chains[0]["verdict"] if chains else "broken",
            "blind_spots": [],
            "advice": [],
            "chains": list(chains),
        }
        | changed,
    }


def blind(family: str, sentence: str, because: str) -> dict[str, Any]:
    return {
        "family": family,
        "grade": "observed",
        "sentence": sentence,
        "event": {"eventName": "ConsoleLogin"},
        "because": because,
    }


INTACT = judgement(chain(intact_links()))
BROKEN = judgement(chain(NO_ALARM))
UNKNOWN = judgement(chain(DENIED))


def receipt(*steps: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "account_id": ACCOUNT,
        "before": "broken",
        "after": "intact",
        "steps": list(steps),
    } | changed


def step(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "step": name,
        "result": "done",
        "resource": f"a-{name}",
        "why": f"there was no {name}",
        "call": {"service": "sns", "operation": "create_topic", "parameters": {"Name": "t"}},
        "undo": [],
        "error": None,
    } | changed


def metadata(
    policy: str = "signin-monitoring-broken",
    start: float = 1.0,
    metrics: tuple[str, ...] = RAN,
    mode: dict[str, Any] | None = None,
    element: str = "signin-monitoring",
    actions: Sequence[str] = (),
    resource: str = "aws.account",
    **config: Any,
) -> dict[str, Any]:
    return {
        "policy": {"name": policy, "resource": resource, "filters": [{"type": element}]}
        | ({"actions": [{"type": action} for action in actions]} if actions else {})
        | ({"mode": mode} if mode else {}),
        "version": "0.9.53",
        "execution": {"id": "1", "start": start, "end_time": start + 1, "duration": 1.0},
        "config": {"region": "us-east-1", "account_id": ACCOUNT, "dryrun": False} | config,
        "metrics": [{"MetricName": name, "Value": 1, "Unit": "Count"} for name in metrics],
    }


def write(folder: Path, **files: Any) -> Path:
    """Write files named by keyword: `metadata`, `judged`, `resources`, `receipts`, `log`."""
    names = {
        "metadata": "metadata.json",
        "judged": "signin-monitoring.json",
        "resources": "resources.json",
        "receipts": "action-setsigninmonitoring",
        "log": "custodian-run.log",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in files.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / names[key]).write_text(text, encoding="utf-8")
    return folder


def audit(folder: Path, account: dict[str, Any], /, **changed: Any) -> Path:
    """A finished audit of one account: what the filter kept is what is not intact."""
    kept = [account] if account["c7n:signin-monitoring"]["verdict"] != "intact" else []
    files = {"metadata": metadata(), "judged": [account], "resources": kept, "log": ""}
    return write(folder, **(files | changed))


def repair(folder: Path, /, *receipts: dict[str, Any], **changed: Any) -> Path:
    """A finished repair of one account that had no alarm; the judgement is the one after it."""
    noted = metadata("signin-monitoring-repair", start=2.0)
    after = INTACT if all(each["after"] == "intact" for each in receipts) else BROKEN
    files = {"metadata": noted, "judged": [after], "receipts": list(receipts)}
    return audit(folder, BROKEN, **(files | changed))
