# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""API calls in the day before a sign-in and since: what is dangerous of them, and how far they
reach.  Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from c7n_mfa.investigation.dangers import danger_of
from c7n_mfa.investigation.dossier import Activity, Count, DangerousCall, Reach, Seen
from c7n_mfa.investigation.records import DAY, Record
from c7n_mfa.signin.parts import at
from c7n_mfa.signin.record import text

# Where a request says what it acts on; the first that is there is shown.
_TARGETS = (
    "policyArn",
    "roleArn",
    "userName",
    "roleName",
    "groupName",
    "trailName",
    "name",
    "filterName",
    "alarmNames",
    "bucketName",
    "secretId",
    "functionName",
    "logGroupName",
    "topicArn",
    "detectorId",
    "instanceId",
    "groupId",
    "snapshotId",
    "imageId",
    "keyId",
    "stackName",
    "tableName",
    "rule",
    "queueUrl",
    "subscriptionArn",
    "clusterName",
    "client_id",
)
OAUTH = frozenset({"AuthorizeOAuth2Access", "CreateOAuth2Token", "CreateOAuth2TokenWithIAM"})
"""The calls of `aws login` and of the AWS MCP server."""
_TOKENS = {
    *OAUTH,
    "CreateBearerToken",
    "GetFederationToken",
    "GetSessionToken",
    "GetSigninToken",
}
_ASSUMING = ("AssumeRole", "AssumeRoot", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")
_MOST_TOUCHED = 20
# The console signs in by OAuth itself.
_CONSOLE = re.compile(r"arn:[\w-]+:signin:::console/")


def activity(records: Iterable[Record], moment: datetime, since: datetime) -> Activity:
    """The calls around a sign-in by service and name, and the dangerous ones one by one.

    `since` is how far back all calls were read, and not only those asked for by their name.
    """
    seen, seen_since = Seen.of(since, moment - DAY), Seen.of(since, moment)
    near = [r for r in records if r.at >= moment - DAY]
    dangerous = [call for r in near if (call := _dangerous(r, moment))]
    return Activity(
        before=seen.items(_counts(r for r in near if r.at < moment)),
        since=seen_since.items(_counts(r for r in near if r.at >= moment)),
        dangerous=seen.items(tuple(sorted(dangerous, key=lambda call: call.at))),
        seen=seen,
        complete_since=seen_since.complete,
    )


def reach(
    records: Iterable[Record], moment: datetime, account: str | None, since: datetime
) -> Reach:
    """The roles, tokens, keys, users and other accounts that it reached, and what it touched."""
    seen = Seen.of(since, moment - DAY)
    near = [r for r in records if r.at >= moment - DAY and r.error is None]
    accounts = {number for r in near for number in _accounts(r)} - {account}
    touched = Counter(name for r in near for name in r.resources)
    return Reach(
        roles=seen.items(_distinct(_role(r) for r in near)),
        tokens=seen.items(_distinct(map(_token, near))),
        keys=seen.items(
            _distinct(_made(r, "CreateAccessKey", "accessKey", "accessKeyId") for r in near)
        ),
        users=seen.items(_distinct(_made(r, "CreateUser", "user", "userName") for r in near)),
        accounts=seen.items(tuple(sorted(accounts))),
        touched=seen.items(tuple(name for name, _ in touched.most_common(_MOST_TOUCHED))),
        seen=seen,
    )


def _counts(records: Iterable[Record]) -> tuple[Count, ...]:
    calls: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for record in records:
        calls[record.service, record.name] += 1
        failed[record.service, record.name] += record.error is not None
    ordered = sorted(calls, key=lambda call: (-calls[call], call))
    return tuple(Count(*call, calls[call], failed[call]) for call in ordered)


def _dangerous(record: Record, moment: datetime) -> DangerousCall | None:
    parameters = at(record.raw, "requestParameters")
    danger = danger_of(record.service, record.name, parameters)
    if danger is None or _is_the_consoles(record) or _is_a_refresh(record):
        return None
    return DangerousCall(
        at=record.at,
        service=record.service,
        name=record.name,
        target=_target(parameters),
        region=record.region,
        actor=record.actor,
        done=record.error is None,
        since=record.at >= moment,
        level=danger.level,
        why=danger.why,
        technique=danger.technique,
        source=danger.source,
    )


def _is_the_consoles(record: Record) -> bool:
    client = text(at(record.raw, "requestParameters", "client_id"))
    return record.service == "signin" and bool(client and _CONSOLE.match(client))


def _is_a_refresh(record: Record) -> bool:
    """`aws login` does so every 15 minutes; what it began with is the dangerous call."""
    grant = at(record.raw, "additionalEventData", "grant_type")
    return record.service == "signin" and grant == "refresh_token"


def _token(record: Record) -> str | None:
    return record.name if record.name in _TOKENS and not _is_the_consoles(record) else None


def _target(parameters: Any) -> str | None:
    for key in _TARGETS:
        value = at(parameters, key)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if text(value):
            return f"{key}={value}"
    return None


def _role(record: Record) -> str | None:
    """The role that a call made the caller; the console's SwitchRole is recorded as the role."""
    if record.name in _ASSUMING:
        return text(at(record.raw, "requestParameters", "roleArn"))
    if record.name == "SwitchRole" and record.service == "signin":
        return text(at(record.raw, "userIdentity", "arn"))
    return None


def _made(record: Record, name: str, *keys: str) -> str | None:
    if record.name != name or record.service != "iam":
        return None
    return text(at(record.raw, "responseElements", *keys))


def _accounts(record: Record) -> Iterator[str]:
    for part in ("requestParameters", "resources", "additionalEventData"):
        yield from _ACCOUNT.findall(str(at(record.raw, part)))
    number = text(at(record.raw, "recipientAccountId"))
    if number:
        yield number


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
