# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What several rows of the bench are made of."""

from __future__ import annotations

from c7n_mfa.aws.read import ReadFailure
from chains import ACCOUNT, OTHER, REGION

LOGIN = '$.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes"'
ELSEWHERE_TOPIC = f"arn:aws:sns:{REGION}:{OTHER}:Told"
ELSEWHERE_GROUP = f"arn:aws:logs:{REGION}:{OTHER}:log-group:CloudTrail/Logs:*"
ELSEWHERE_TRAIL = f"arn:aws:cloudtrail:{REGION}:{OTHER}:trail/organization"
APP_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:app:*"
ROLE = f"arn:aws:iam::{OTHER}:role/audit"
WRITE_ONLY = ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True},)
# The changes of one row, and the one reason that it must have.
Row = tuple[dict, str]


def within(clause: str) -> str:
    """The CIS text with one clause more."""
    return f"{{ {LOGIN} && {clause} }}"


def advanced(field: str, **test) -> tuple[dict, ...]:
    management = {"Field": "eventCategory", "Equals": ["Management"]}
    return ({"FieldSelectors": [management, {"Field": field, **test}]},)


def throttled(permission: str, target: str = "*") -> ReadFailure:
    return ReadFailure(permission, target, "Throttling", "Rate exceeded")
