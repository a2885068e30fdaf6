# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What other projects publish as their condition for this sign-in, each in our own words.

Only the condition is here, with its defaults: not what the platform around it adds, such as
suppression, a user's history, or Panther's three days of grace for new users.
A condition that would stumble over a malformed record is silent here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from c7n_mfa.pattern import parse
from c7n_mfa.proof.requirements import REQUIREMENTS

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """A published condition: its column, where it stands, and on which records it fires."""

    name: str
    source: str
    fires: Callable[[Record], bool]


def _get(record: Record, path: str) -> Any:
    found: Any = record
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _text(record: Record, path: str) -> str:
    found = _get(record, path)
    return found if isinstance(found, str) else ""


def _lower(record: Record, path: str) -> str:
    return _text(record, path).lower()


def _is_login(record: Record) -> bool:
    return _get(record, "eventName") == "ConsoleLogin"


def _succeeded(record: Record) -> bool:
    return _get(record, "responseElements.ConsoleLogin") == "Success"


_MFA = "additionalEventData.MFAUsed"
_SAML = "additionalEventData.SamlProviderArn"
_TYPE = "userIdentity.type"
_ARN = "userIdentity.arn"
_SESSION_MFA = "userIdentity.sessionContext.attributes.mfaAuthenticated"
_ISSUER_NAME = "userIdentity.sessionContext.sessionIssuer.userName"


def _panther(record: Record) -> bool:
    federated = "AWSReservedSSO" in _text(record, _ARN) or _get(record, _SAML) is not None
    multi = _get(record, _MFA) == "Yes" or _get(record, _SESSION_MFA) == "true"
    return _is_login(record) and not federated and _succeeded(record) and not multi


def _panther_saml(record: Record) -> bool:
    return (
        _is_login(record)
        and _get(record, _TYPE) != "AssumedRole"
        and not _get(record, "additionalEventData.SamlProviderArn")
    )


def _sigma(record: Record) -> bool:
    # Texts are compared whatever their case.
    return (
        _lower(record, "eventName") == "consolelogin"
        and _lower(record, "responseElements.ConsoleLogin") == "success"
        and _lower(record, _MFA) == "no"
    )


def _elastic_iam(record: Record) -> bool:
    # The integration turns "No" into the false that the rule asks for, and leaves out the rest.
    return (
        _is_login(record)
        and _get(record, "eventSource") == "signin.amazonaws.com"
        and _succeeded(record)
        and _get(record, _TYPE) == "IAMUser"
        and _get(record, _MFA) == "No"
    )


def _splunk(record: Record) -> bool:
    # A search compares whatever the case; the add-on fills errorCode with "success".
    return _sigma(record) and _lower(record, "errorCode") in ("", "success")


def _falco(record: Record) -> bool:
    return (
        _is_login(record)
        and not _get(record, "errorCode")
        and _get(record, _TYPE) != "AssumedRole"
        and _succeeded(record)
        and _get(record, _MFA) == "No"
    )


def _sentinel(record: Record) -> bool:
    return (
        _lower(record, "eventName") == "consolelogin"
        and str(_get(record, _MFA)).lower() != "yes"
        and _lower(record, "responseElements.ConsoleLogin") != "failure"
        and "awsreservedsso" not in _lower(record, _ISSUER_NAME)
    )


def _fivexl(record: Record) -> bool:
    return (
        _is_login(record)
        and _get(record, _MFA) != "Yes"
        and "assumed-role/AWSReservedSSO" not in _text(record, _ARN)
    )


def _metric_filter(requirement: str) -> Callable[[Record], bool]:
    pattern = parse(REQUIREMENTS[requirement].canonical)
    return lambda record: pattern.match(dict(record)) is True


PEERS = (
    Peer("panther", "panther-analysis, `aws_console_login_without_mfa`", _panther),
    Peer(
        "panther-saml",
        "panther-analysis, `aws_console_login_without_saml`, which asks for another thing: no SAML",
        _panther_saml,
    ),
    Peer("sigma", "Sigma, `aws_cloudtrail_console_login_success_without_mfa`", _sigma),
    Peer(
        "elastic-iam",
        "Elastic detection-rules, the single-factor sign-in of an IAM user; its condition "
        "on new users apart",
        _elastic_iam,
    ),
    Peer(
        "splunk", "Splunk security_content, `aws_successful_single_factor_authentication`", _splunk
    ),
    Peer("falco", "Falco's CloudTrail plugin, *Console Login Without MFA*", _falco),
    Peer(
        "sentinel", "Microsoft Sentinel, *Login to AWS Management Console without MFA*", _sentinel
    ),
    Peer(
        "cis < 1.4",
        "CIS AWS Foundations up to 1.3, the metric filter as printed",
        _metric_filter("cis"),
    ),
    Peer(
        "cis ≥ 1.4",
        "CIS AWS Foundations from 1.4 and AWS Security Hub CloudWatch.3, the metric "
        "filter for accounts with SSO",
        _metric_filter("cis-iam-user"),
    ),
    Peer("fivexl", "fivexl/terraform-aws-cloudtrail-to-slack, the default rule", _fivexl),
)
