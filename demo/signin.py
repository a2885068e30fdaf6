# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A console sign-in, and CloudTrail's part: `python -m demo.signin [--user NAME] [--mfa]`.

The local AWS has no console and delivers nothing to log groups.  Here a record is written, and put
into the log group of every trail that records it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3

Record = Mapping[str, Any]


def console_login(
    arn: str,
    mfa: bool = False,
    at: datetime | None = None,
    user_id: str = "AIDAEXAMPLEALICE00000",
) -> dict[str, Any]:
    """The CloudTrail record of an IAM user's signing in, with a password."""
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": user_id,
            "arn": arn,
            "accountId": account,
            "userName": name,
        },
        "eventTime": f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "Mozilla/5.0",
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if mfa else "No",
        },
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": account,
    }


def deliver(session: boto3.Session, records: Sequence[Record]) -> list[str]:
    """Put records into the log groups of the trails that record them; the names of the groups."""
    trails = session.client("cloudtrail")
    groups = []
    for trail in trails.describe_trails()["trailList"]:
        group = _log_group(trail)
        if not group or not trails.get_trail_status(Name=trail["TrailARN"])["IsLogging"]:
            continue
        selectors = trails.get_event_selectors(TrailName=trail["TrailARN"])
        recorded = [record for record in records if _records(trail, selectors, record)]
        if recorded and _put(session, group, recorded):
            groups.append(group)
    return groups


def _log_group(trail: Mapping[str, Any]) -> str:
    arn = str(trail.get("CloudWatchLogsLogGroupArn") or "")
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _put(session: boto3.Session, group: str, records: Sequence[Record]) -> bool:
    """Whether the log group was there to take them."""
    logs = session.client("logs")
    stream = f"CloudTrail_{logs.meta.region_name}"
    events = [{"timestamp": _moment(record), "message": json.dumps(record)} for record in records]
    try:
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


def _moment(record: Record) -> int:
    return int(datetime.fromisoformat(record["eventTime"]).timestamp() * 1000)


def _records(trail: Mapping[str, Any], selectors: Mapping[str, Any], record: Record) -> bool:
    """Does the trail record this management event?"""
    home = trail.get("HomeRegion")
    if not trail.get("IsMultiRegionTrail") and record["awsRegion"] != home:
        return False
    if selectors.get("AdvancedEventSelectors"):
        return any(_advanced(selector, record) for selector in selectors["AdvancedEventSelectors"])
    return any(_basic(selector, record) for selector in selectors["EventSelectors"])


def _basic(selector: Mapping[str, Any], record: Record) -> bool:
    kind = "ReadOnly" if record.get("readOnly") else "WriteOnly"
    return bool(
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") in ("All", kind)
        and record["eventSource"] not in selector.get("ExcludeManagementEventSources", ())
    )


def _advanced(selector: Mapping[str, Any], record: Record) -> bool:
    return all(_field(part, _text(record, part["Field"])) for part in selector["FieldSelectors"])


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


def _field(part: Mapping[str, Any], value: str) -> bool:
    """All tests of a field have to hold: one of the texts each, or none where it is negated."""
    return all(
        any(test(value, text) for text in part[f"{negated}{name}"]) is not bool(negated)
        for name, test in _TESTS.items()
        for negated in ("", "Not")
        if part.get(f"{negated}{name}")
    )


def _text(record: Record, field: str) -> str:
    value: Any = {**record, "eventCategory": record.get("eventCategory", "Management")}
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return str(value).lower() if isinstance(value, bool) else str(value or "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Sign in at the local AWS that the environment names; 0 when a trail has recorded it."""
    parser = argparse.ArgumentParser(prog="python -m demo.signin", description=main.__doc__)
    parser.add_argument("--user", default="alice", help="who signs in (alice)")
    parser.add_argument("--mfa", action="store_true", help="with MFA")
    options = parser.parse_args(arguments)
    if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:"):
        print("demo.signin: AWS_ENDPOINT_URL names no local AWS.", file=sys.stderr)
        return 2
    session = boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    record = console_login(f"arn:aws:iam::{account}:user/{options.user}", options.mfa)
    groups = deliver(session, [record])
    where = f"recorded in {', '.join(groups)}" if groups else "recorded by no trail"
    print(f"{options.user} signs in {'with' if options.mfa else 'without'} MFA: {where}.")
    return 0 if groups else 1


if __name__ == "__main__":
    sys.exit(main())
