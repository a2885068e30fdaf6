# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A reported sign-in as a Detection Finding of the Open Cybersecurity Schema Framework.  Pure.

Class 2004 of version 1.1.0, the first that has it and the one that Security Lake takes:
https://schema.ocsf.io/1.1.0/classes/detection_finding?profiles=cloud
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

from c7n_mfa import __version__
from c7n_mfa.alerting.values import Report, Sender
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.times import parse_time
from c7n_mfa.investigation.dossier import Level
from c7n_mfa.signin.record import SignIn

VERSION = "1.1.0"

_SEVERITIES: dict[Level, tuple[int, str]] = {
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
# Valid accounts: cloud accounts.  https://attack.mitre.org/techniques/T1078/004/
_ATTACK = {
    "tactic": {"uid": "TA0001", "name": "Initial Access"},
    "technique": {"uid": "T1078.004", "name": "Cloud Accounts"},
    "version": "16.1",
}


def detection_finding(report: Report, severity: Level, title: str) -> dict[str, Any]:
    """The finding; what the record does not say is left out."""
    severity_id, label = _SEVERITIES[severity]
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "severity_id": severity_id,
        "severity": label,
        "status_id": 1,
        "status": "New",
        "time": _milliseconds(report.now),
        "message": title,
        "metadata": _metadata(report.sender),
        "cloud": _cloud(report.sign_in, report.account_name),
        "finding_info": _info(report, title),
        "evidences": [_evidence(report.sign_in)],
        "resources": [_resource(report.sign_in)],
    }


def _metadata(sender: Sender) -> dict[str, Any]:
    product = {"name": "c7n-mfa", "vendor_name": "c7n-mfa", "version": __version__}
    return {
        "version": VERSION,
        "profiles": ["cloud"],
        "product": {**product, "feature": {"name": sender.policy}},
    }


def _info(report: Report, title: str) -> dict[str, Any]:
    policy, created = report.sender.policy, _milliseconds(report.now)
    happened = parse_time(report.sign_in.event_time)
    return {
        "uid": report.sign_in.event_id or f"{policy}/{created}",
        "title": title,
        "desc": "; ".join(report.sign_in.sentences),
        "types": ["Console sign-in without proof of MFA"],
        "created_time": created,
        **({"first_seen_time": _milliseconds(happened)} if happened else {}),
        "analytic": {"type_id": 1, "type": "Rule", "name": policy, "uid": policy},
        "attacks": [_ATTACK],
    }


def _cloud(sign_in: SignIn, account_name: str | None) -> dict[str, Any]:
    account = _known(uid=sign_in.identity.account, name=account_name)
    described = {"account": {**account, "type": "AWS Account", "type_id": 10}} if account else {}
    return {"provider": "AWS", **_known(region=sign_in.region), **described}


def _evidence(sign_in: SignIn) -> dict[str, Any]:
    identity, address = sign_in.identity, _address(sign_in.address)
    user = _known(name=identity.user_name, uid=identity.principal_id, uid_alt=identity.arn)
    return {
        "api": {"operation": "ConsoleLogin", "service": {"name": "signin.amazonaws.com"}},
        **({"src_endpoint": {"ip": address}} if address else {}),
        **({"actor": {"user": user}} if user else {}),
    }


def _resource(sign_in: SignIn) -> dict[str, Any]:
    partition = Arn.parse(sign_in.identity.arn or "").partition
    return {
        "uid": sign_in.principal,
        "name": sign_in.identity.name,
        **_known(type=sign_in.identity.type, region=sign_in.region),
        **({"cloud_partition": partition} if partition else {}),
    }


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _address(text: str | None) -> str | None:
    """`AWS Internal` is a source address to CloudTrail, and none to anybody else."""
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return None


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
