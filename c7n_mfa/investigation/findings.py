# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What Security Hub and GuardDuty have reported about an identity in the last 48 hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from c7n_mfa.investigation.ask import HUB_OFF, Inquiry, side_by_side
from c7n_mfa.investigation.dossier import Finding, Level
from c7n_mfa.investigation.records import RELATED, Who

HUB = "findings of Security Hub"
GUARD = "findings of GuardDuty"
GUARD_OFF = "GuardDuty is not enabled"
# One page is enough; GuardDuty returns 50 at a time.
_MOST = 50


def ask_findings(
    inquiry: Inquiry, who: Who, regions: Sequence[str], now: datetime
) -> tuple[Finding, ...] | None:
    """Findings of both, of all Regions; None where there are none, and not all could be read."""
    before = len(inquiry.gaps)
    answers = side_by_side(
        inquiry,
        *(partial(_security_hub, who=who, region=region) for region in regions),
        *(partial(_guard_duty, who=who, region=region, now=now) for region in regions),
    )
    known = [answer for answer in answers if answer is not None]
    found = tuple(finding for answer in known for finding in answer)
    # What is off has no findings; what could not be read may have.
    unread = [gap for gap in inquiry.gaps[before:] if gap.why not in (HUB_OFF, GUARD_OFF)]
    return None if not found and (unread or not known) else found


def _security_hub(inquiry: Inquiry, who: Who, region: str) -> tuple[Finding, ...] | None:
    resource = f"AWS::::Account:{who.account}" if who.kind == "root" else who.arn
    if resource is None:
        return None
    hours = int(RELATED.total_seconds() // 3600)
    answer = inquiry.one(
        HUB,
        "securityhub",
        "get_findings",
        lambda answer: ([_hub_finding(f, region) for f in answer["Findings"]], _more(answer)),
        region=region,
        Filters={
            "ResourceId": [{"Value": resource, "Comparison": "EQUALS"}],
            "UpdatedAt": [{"DateRange": {"Value": hours // 24, "Unit": "DAYS"}}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        },
        MaxResults=_MOST,
    )
    return _first_page(inquiry, answer, HUB, region)


def _guard_duty(
    inquiry: Inquiry, who: Who, region: str, now: datetime
) -> tuple[Finding, ...] | None:
    detectors = inquiry.one(
        GUARD, "guardduty", "list_detectors", lambda a: list(a["DetectorIds"]), region=region
    )
    if not detectors:
        if detectors is not None:
            inquiry.note(GUARD, GUARD_OFF, region=region)
        return None
    ids = _finding_ids(inquiry, detectors[0], region, _criteria(who, now))
    if not ids:
        return None if ids is None else ()
    return inquiry.one(  # type: ignore[no-any-return]
        GUARD,
        "guardduty",
        "get_findings",
        lambda answer: tuple(_guard_finding(f, region) for f in answer["Findings"]),
        region=region,
        DetectorId=detectors[0],
        FindingIds=list(ids),
    )


def _finding_ids(
    inquiry: Inquiry, detector: str, region: str, criteria: Mapping[str, Any]
) -> tuple[str, ...] | None:
    answer = inquiry.one(
        GUARD,
        "guardduty",
        "list_findings",
        lambda answer: (list(answer["FindingIds"]), _more(answer)),
        region=region,
        DetectorId=detector,
        FindingCriteria={"Criterion": criteria},
        MaxResults=_MOST,
    )
    return _first_page(inquiry, answer, GUARD, region)


def _criteria(who: Who, now: datetime) -> dict[str, Any]:
    details = "resource.accessKeyDetails"
    if who.kind == "root":
        whose = {f"{details}.userType": {"Equals": ["Root"]}}
    else:
        whose = {f"{details}.userName": {"Equals": [who.user or who.role or ""]}}
    since = int((now - RELATED).timestamp() * 1000)
    return {**whose, "updatedAt": {"GreaterThanOrEqual": since}}


def _first_page(inquiry: Inquiry, answer: Any, what: str, region: str) -> tuple[Any, ...] | None:
    if answer is None:
        return None
    items, more = answer
    if more:
        inquiry.note(what, f"only the first {_MOST} were read", region=region)
    return tuple(items)


def _more(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("NextToken"))


def _hub_finding(finding: Mapping[str, Any], region: str) -> Finding:
    label = str((finding.get("Severity") or {}).get("Label", "")).lower()
    return Finding(
        source="securityhub",
        region=region,
        title=str(finding["Title"]),
        severity=_LABELS.get(label, "low"),
        updated=str(finding["UpdatedAt"]),
        id=str(finding["Id"]),
    )


_LABELS: Mapping[str, Level] = {"medium": "medium", "high": "high", "critical": "critical"}


def _guard_finding(finding: Mapping[str, Any], region: str) -> Finding:
    return Finding(
        source="guardduty",
        region=region,
        title=str(finding["Title"]),
        severity=_level(float(finding["Severity"])),
        updated=str(finding["UpdatedAt"]),
        id=str(finding["Arn"]),
    )


def _level(severity: float) -> Level:
    """GuardDuty counts: low from 1, medium from 4, high from 7, critical from 9."""
    if severity >= 9:
        return "critical"
    if severity >= 7:
        return "high"
    return "medium" if severity >= 4 else "low"
