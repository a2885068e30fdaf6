# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A good chain as plain values, and ways to change one thing of it.  Written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.values import (
    Alarm,
    CompositeAlarm,
    LogGroup,
    MetricFilter,
    MetricKey,
    Snapshot,
    Subscription,
    Topic,
    Trail,
)
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS

ACCOUNT = "123456789012"
OTHER = "210987654321"
REGION = "us-east-1"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:CloudTrail/Logs:*"
SECOND_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:CloudTrail/Second:*"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/management"
SECOND_TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/second"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:Told"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:SignIns"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:told"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
SUBSCRIPTION = f"{TOPIC}:0a1b"
COMPOSITE = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:Composite"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
METRIC = MetricKey(REGION, "Security", "SignIns", ACCOUNT)

CIS = REQUIREMENTS["cis"].canonical
CIS_SSO = REQUIREMENTS["cis-iam-user"].canonical
ROOT_USAGE = (
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS '
    '&& $.eventType != "AwsServiceEvent" }'
)
SINGLE_FACTOR = REQUIREMENTS["single-factor"].canonical


def denied(permission: str, target: str = "*") -> ReadFailure:
    return ReadFailure(permission, target, "AccessDenied", "not authorized")


def owner_policy(topic: str = TOPIC) -> dict:
    """The policy that SNS gives a new topic, shortened to one action."""
    return {
        "Version": "2008-10-17",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "SNS:Publish",
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
            }
        ],
    }


def statement(**changes) -> dict:
    """A statement that lets CloudWatch use a key or a topic, with something changed."""
    base = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_trail(**changes) -> Trail:
    return replace(Trail(TRAIL, "management", REGION, True, GROUP), **changes)


def a_filter(pattern: str = SINGLE_FACTOR, **changes) -> MetricFilter:
    return replace(MetricFilter("SignIns", GROUP, pattern, "Security", "SignIns"), **changes)


def an_alarm(**changes) -> Alarm:
    alarm = Alarm(
        arn=ALARM,
        name="SignIns",
        namespace="Security",
        metric="SignIns",
        statistic="Sum",
        threshold=1.0,
        comparison="GreaterThanOrEqualToThreshold",
        period=300,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        actions=(TOPIC,),
    )
    return replace(alarm, **changes)


def a_composite(**changes) -> CompositeAlarm:
    return replace(
        CompositeAlarm(COMPOSITE, "Composite", "ALARM(SignIns)", actions=(TOPIC,)), **changes
    )


def ago(**time) -> datetime:
    return NOW - timedelta(**time)


def a_topic(**changes) -> Topic:
    return replace(Topic(TOPIC, owner_policy()), **changes)


def a_subscription(**changes) -> Subscription:
    return replace(Subscription(SUBSCRIPTION, "email", "user@example.com"), **changes)


def good_snapshot(pattern: str = SINGLE_FACTOR) -> Snapshot:
    """One chain of seven links, each of them intact."""
    return Snapshot(
        ACCOUNT,
        REGION,
        trails=(a_trail(),),
        log_groups={GROUP: LogGroup(GROUP, "CloudTrail/Logs")},
        filters={GROUP: (a_filter(pattern),)},
        alarms={METRIC: (an_alarm(),)},
        topics={TOPIC: a_topic()},
        subscriptions={TOPIC: (a_subscription(),)},
        at=NOW,
    )


def changed(seen: Snapshot, **changes) -> Snapshot:
    """The snapshot with something changed, named after the link it belongs to.

    A link's own fields are changed with a dict; anything else takes its place: a value, a tuple of
    them, an ``ReadFailure``, or ``None`` for what is gone.
    """
    for link, change in changes.items():
        seen = _CHANGES[link](seen, change)
    return seen


def _trail(seen, change):
    if isinstance(change, dict):
        change = (a_trail(**change),)
    return replace(seen, trails=change)


def _log_group(seen, change):
    if isinstance(change, dict):
        change = LogGroup(GROUP, "CloudTrail/Logs", **change)
    return replace(seen, log_groups={**seen.log_groups, GROUP: change})


def _filter(seen, change):
    if isinstance(change, str):
        change = {"pattern": change}
    if isinstance(change, dict):
        change = (replace(seen.filters[GROUP][0], **change),)
    return replace(seen, filters={**seen.filters, GROUP: change})


def _writers(seen, change):
    return replace(seen, writers={METRIC: change})


def _alarm(seen, change):
    if isinstance(change, dict):
        change = (an_alarm(**change),)
    return replace(seen, alarms={**seen.alarms, METRIC: change})


def _near_alarms(seen, change):
    return replace(seen, alarms={METRIC: ()}, near_alarms={METRIC: change})


def _topic(seen, change):
    if isinstance(change, dict):
        change = a_topic(**change)
    return replace(seen, topics={**seen.topics, TOPIC: change})


def _subscription(seen, change):
    if isinstance(change, dict):
        change = (a_subscription(**change),)
    return replace(seen, subscriptions={**seen.subscriptions, TOPIC: change})


def _parents(seen, change):
    if isinstance(change, dict):
        change = (a_composite(**change),)
    return replace(seen, parents={ALARM: change})


def _mutes(seen, change):
    return replace(seen, mutes={ALARM: change, COMPOSITE: change})


_CHANGES = {
    "accounts": lambda seen, change: replace(seen, accounts=change),
    "parents": _parents,
    "mutes": _mutes,
    "regions": lambda seen, change: replace(seen, regions=change),
    "trail": _trail,
    "log_group": _log_group,
    "filter": _filter,
    "writers": _writers,
    "alarm": _alarm,
    "near_alarms": _near_alarms,
    "topic": _topic,
    "subscription": _subscription,
}


def beside(seen: Snapshot, name: str, metric_filter: MetricFilter, **alarm) -> Snapshot:
    """The snapshot with a second filter on a metric of its own, and an alarm on it."""
    metric_filter = replace(metric_filter, name=name, metric=name)
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    second = an_alarm(**{"arn": arn, "name": name, "metric": name, **alarm})
    return replace(
        seen,
        filters={**seen.filters, GROUP: (*seen.filters[GROUP], metric_filter)},
        alarms={**seen.alarms, metric_filter.metric_key: (second,)},
    )


def verdicts(seen: Snapshot, requirement: str = "single-factor", strict: bool = False):
    """The verdict on the account, and every fault: its link and its reason."""
    judgement = judge(seen, REQUIREMENTS[requirement], strict)
    return judgement.verdict, faults(judgement)


def faults(judgement) -> list[tuple[str, str]]:
    return [
        (link.link, link.reason)
        for chain in judgement.chains
        for link in chain.links
        if link.verdict != "intact"
    ]
