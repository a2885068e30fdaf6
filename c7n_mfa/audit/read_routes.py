# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Other ways in which somebody may hear: event rules and log alarms.

They are reported and judge nothing: a rule sees the sign-ins of one Region, and where its targets
lead to is not followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from c7n_mfa.audit.alarm_shapes import texts
from c7n_mfa.audit.values import Route
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.event_pattern import Partial, matches
from c7n_mfa.aws.read import Reader, ReadFailure, together

# What a pattern or a query that means to look for sign-ins names.
_NAMES = ("ConsoleLogin", "signin", "Sign In", "MFAUsed")


Routes = list[Route | ReadFailure]


def read_routes(
    reader: Reader, account: str, regions: Iterable[str]
) -> tuple[Route | ReadFailure, ...]:
    """Event rules on the default bus and log alarms of these Regions."""
    found = together(*(partial(_of_region, reader, account, region) for region in regions))
    return tuple(chain.from_iterable(found))


def _of_region(reader: Reader, account: str, region: str) -> Routes:
    rules, alarms = together(
        partial(_rules, reader, account, region), partial(_log_alarms, reader, region)
    )
    return [*rules, *alarms]


def _rules(reader: Reader, account: str, region: str) -> Routes:
    rules = reader.every("events", region, "list_rules", "Rules", "*", dict)
    if isinstance(rules, ReadFailure):
        return [rules]
    reads = []
    for rule in rules or ():
        answer = _matches(str(rule.get("EventPattern") or ""), account, region)
        if answer is not False and str(rule.get("State")).startswith("ENABLED"):
            reads.append(partial(_targets, reader, region, rule, answer))
    return list(chain.from_iterable(together(*reads)))


def _matches(text: str, account: str, region: str) -> bool | None:
    """Does the event pattern match a sign-in without MFA of this account in this Region?"""
    if not text:
        return False
    try:
        answer = matches(json.loads(text), _event(account, region))
    except ValueError:
        answer = None
    if answer is None and not any(name in text for name in _NAMES):
        return False
    return answer


def _event(account: str, region: str) -> Mapping[str, Any]:
    detail = Partial(
        eventSource="signin.amazonaws.com",
        eventName="ConsoleLogin",
        eventType="AwsConsoleSignIn",
        additionalEventData=Partial(MFAUsed="No"),
        responseElements=Partial(ConsoleLogin="Success"),
    )
    return Partial(
        {
            "source": "aws.signin",
            "detail-type": "AWS Console Sign In via CloudTrail",
            "account": account,
            "region": region,
            "detail": detail,
        }
    )


def _targets(reader: Reader, region: str, rule: Mapping[str, Any], answer: bool | None) -> Routes:
    name = str(rule.get("Name"))
    targets = reader.every(
        "events",
        region,
        "list_targets_by_rule",
        "Targets",
        name,
        lambda item: str(item["Arn"]),
        Rule=name,
    )
    if isinstance(targets, ReadFailure):
        return [targets]
    if not targets:
        return []
    detail = f"event rule {name} sends console sign-ins of {region} to {len(targets)} target(s)"
    return [Route("event-rule", region, str(rule.get("Arn") or name), detail, answer, targets)]


def _log_alarms(reader: Reader, region: str) -> Routes:
    alarms = reader.every(
        "cloudwatch",
        region,
        "describe_alarms",
        "LogAlarms",
        "*",
        _log_alarm,
        AlarmTypes=["LogAlarm"],
    )
    if isinstance(alarms, ReadFailure):
        return [alarms]
    return [alarm for alarm in alarms or () if alarm is not None]


def _log_alarm(item: Mapping[str, Any]) -> Route | None:
    """A log alarm whose query names sign-ins; what the query finds is not judged."""
    arn, name = str(item["AlarmArn"]), str(item["AlarmName"])
    query = str((item.get("ScheduledQueryConfiguration") or {}).get("QueryString") or "")
    actions = texts(item.get("AlarmActions"))
    if not actions or not item.get("ActionsEnabled", True):
        return None
    if not any(word in query for word in _NAMES):
        return None
    detail = f"log alarm {name} queries for console sign-ins"
    return Route("log-alarm", Arn.parse(arn).region, arn, detail, None, actions)
