# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""An audit of the answers that the emulator gave for a good chain, with some of them changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from moto import mock_aws

import mocked_account as account
from c7n_mfa.audit.discover import Ask, discover
from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.metric_filter import relevant
from c7n_mfa.proof.requirements import REQUIREMENTS
from calls import watched

# What an audit of a good chain calls; ListAlarmMuteRules is not in the emulator.
CALLS = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    # Those of the log group, and those that write the metric.
    "logs:DescribeMetricFilters",
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarmsForMetric",
    "cloudwatch:ListAlarmMuteRules",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:GetSubscriptionAttributes",
)


class Session:
    """A boto3 session that makes each client once for all the audits of this file."""

    @staticmethod
    @cache
    def client(service: str, region_name: str | None = None, config: Any = None):
        return boto3.client(service, region_name=region_name, config=config)


def judgement(stubs: dict, faults: dict | None = None, ask: Ask | None = None):
    requirement = REQUIREMENTS["single-factor"]
    with watched(faults, stubs=stubs) as calls:
        seen = discover(
            Session(),
            account.ACCOUNT,
            account.REGION,
            lambda metric_filter: relevant(metric_filter, requirement),
            ask,
        )
    return judge(seen, requirement), calls


@cache
def recorded() -> dict[str, dict]:
    """The answers of the emulator to the audit of a good chain."""
    answers: dict[str, dict] = {"cloudwatch:ListAlarmMuteRules": {"AlarmMuteRuleSummaries": []}}
    with mock_aws():
        account.add_good_chain()

        def note(permission):
            return lambda answer: answers.setdefault(permission, answer)

        notes = {permission: note(permission) for permission in CALLS}
        with watched(answers=notes, stubs=answers.copy()):
            discover(boto3.Session(), account.ACCOUNT, account.REGION, lambda _: True)
        # Asked for only where a log group has no metric filter.
        groups = account.client("logs").describe_log_groups(logGroupNamePrefix=account.GROUP)
    return {
        "logs:DescribeLogGroups": {"logGroups": groups["logGroups"]},
        **{
            name: {k: v for k, v in a.items() if k != "ResponseMetadata"}
            for name, a in answers.items()
        },
        # No alarm nearby, and nobody's history.
        "cloudwatch:DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": []},
        "cloudwatch:DescribeAlarmHistory": {"AlarmHistoryItems": []},
        "ec2:DescribeRegions": {"Regions": [{"RegionName": f"r-{n:02}"} for n in range(30)]},
        "cloudtrail:ListTrails": {"Trails": []},
        "events:ListRules": {"Rules": []},
    }


def link_of(found):
    """The last link of the first chain that is not intact."""
    return next(chain.last for chain in found.chains if chain.verdict != "intact")
