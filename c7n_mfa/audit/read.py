# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What is read of accounts, trails and log groups.

A link may be in another account, which a role there lets the audit read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import boto3

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import LogGroup, MetricFilter, MetricKey, Snapshot, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, together

# custodian replaces {account_id} in a policy with its own account before anybody reads it.
PLACEHOLDERS = ("<account_id>", "{account_id}")


def role_for(template: str | None, account: str) -> str | None:
    """The ARN of the role to read an account with; one without a placeholder fits its own.

    >>> role_for("arn:aws:iam::<account_id>:role/audit", "210987654321")
    'arn:aws:iam::210987654321:role/audit'
    """
    if template is None:
        return None
    for placeholder in PLACEHOLDERS:
        template = template.replace(placeholder, account)
    return template if Arn.parse(template).account == account else None


@dataclass
class Readers:
    """One reader for each account: the session's own, and those of roles in other accounts."""

    snapshot: Snapshot
    own: Reader
    read_role: str | None = None
    become: Callable[[Any], Any] = field(default=lambda keys: boto3.Session(**keys))
    others: dict[str, Reader] = field(default_factory=dict)

    def of(self, account: str) -> Reader | None:
        """The reader for an account; ``None`` where nothing there can be read."""
        if account == self.snapshot.account_id:
            return self.own
        if account not in self.snapshot.accounts:
            self._try(account)
        return self.others.get(account)

    def of_arn(self, arn: str) -> Reader | None:
        """The reader for the account that an ARN names."""
        return self.of(Arn.parse(arn).account)

    def _try(self, account: str) -> None:
        role = role_for(self.read_role, account)
        if role is None:
            return
        keys = self.own.one(
            "sts",
            self.snapshot.region,
            "assume_role",
            role,
            _keys,
            RoleArn=role,
            RoleSessionName="c7n-mfa",
        )
        if keys is None or isinstance(keys, ReadFailure):
            gone = ReadFailure("sts:AssumeRole", role, "NotFound", "the role was not found")
            self.snapshot.accounts[account] = keys or gone
        else:
            self.snapshot.accounts[account] = None
            self.others[account] = Reader(self.become(keys))


def _keys(answer: Any) -> dict[str, str]:
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


Trails = tuple[Trail, ...] | ReadFailure
Regions = tuple[str, ...] | ReadFailure


def read_trails(reader: Reader, region: str) -> Trails:
    """The trails of this Region, and the multi-Region trails of all of them."""
    # Shadow trails are included on purpose: they are the multi-Region trails of other Regions.
    return _described(reader, region, includeShadowTrails=True)


def _described(reader: Reader, region: str, **which: Any) -> Trails:
    answer: Trails | None = reader.one(
        "cloudtrail",
        region,
        "describe_trails",
        "*",
        lambda page: tuple(map(shapes.trail, page["trailList"])),
        **which,
    )
    return answer if answer is not None else ()


def read_every_trail(reader: Reader, region: str) -> tuple[Trails, Regions]:
    """The trails of all Regions, those that record one of them only included, and the Regions."""
    trails, regions, arns = together(
        partial(read_trails, reader, region),
        partial(_read_regions, reader, region),
        partial(_read_arns, reader, region),
    )
    failure = next((a for a in (regions, arns) if isinstance(a, ReadFailure)), None)
    if failure is not None or isinstance(trails, ReadFailure):
        return trails, failure or regions
    known = {trail.arn for trail in trails}
    others = together(
        *(
            partial(_described, reader, Arn.parse(arn).region, trailNameList=[arn])
            for arn in arns
            if arn not in known
        )
    )
    for described in others:
        if isinstance(described, ReadFailure):
            return trails, described
        trails = (*trails, *described)
    return trails, regions


def _read_regions(reader: Reader, region: str) -> Regions:
    answer: Regions | None = reader.one(
        "ec2",
        region,
        "describe_regions",
        "*",
        lambda page: tuple(sorted(str(item["RegionName"]) for item in page["Regions"])),
    )
    return answer if answer is not None else ()


def _read_arns(reader: Reader, region: str) -> tuple[str, ...] | ReadFailure:
    arns: tuple[str, ...] | ReadFailure | None = reader.every(
        "cloudtrail", region, "list_trails", "Trails", "*", lambda item: str(item["TrailARN"])
    )
    return arns if arns is not None else ()


def on_path(snapshot: Snapshot, trail: Trail) -> bool:
    records = trail.multi_region or snapshot.regions is not None
    return records and trail.log_group_arn is not None


def with_status(reader: Reader, trail: Trail) -> Trail:
    """The trail with its status, and its selectors while it logs."""
    ask = ("cloudtrail", trail.home_region)
    status, selectors = together(
        partial(
            reader.one, *ask, "get_trail_status", trail.arn, shapes.trail_status, Name=trail.arn
        ),
        partial(
            reader.one,
            *ask,
            "get_event_selectors",
            trail.arn,
            shapes.selectors,
            TrailName=trail.arn,
        ),
    )
    if status is None:
        return replace(trail, logging=_gone("cloudtrail:GetTrailStatus", trail))
    if isinstance(status, ReadFailure):
        return replace(trail, logging=status)
    trail = replace(
        trail,
        logging=status.logging,
        delivery_error=status.delivery_error,
        delivered=status.delivered,
        delivered_to_bucket=status.delivered_to_bucket,
        started=status.started,
    )
    if not status.logging:
        return trail
    if selectors is None or isinstance(selectors, ReadFailure):
        gone = _gone("cloudtrail:GetEventSelectors", trail)
        return replace(trail, selectors=selectors or gone)
    return replace(trail, selectors=selectors[0], advanced_selectors=selectors[1])


def _gone(permission: str, trail: Trail) -> ReadFailure:
    """A trail that was listed a moment ago: deleted meanwhile, or hidden from this account."""
    return ReadFailure(permission, trail.arn, "TrailNotFoundException", "the trail was not found")


def log_groups(snapshot: Snapshot) -> Iterable[str]:
    """The log groups that the trails on the path deliver to."""
    if isinstance(snapshot.trails, ReadFailure):
        return ()
    arns = (trail.log_group_arn for trail in snapshot.trails if on_path(snapshot, trail))
    return dict.fromkeys(filter(None, arns))


Group = LogGroup | ReadFailure | None
Filters = tuple[MetricFilter, ...] | ReadFailure


def read_log_group(reader: Reader, arn: str) -> tuple[Group, Filters]:
    """The log group and its metric filters; ``None`` and none where it is gone."""
    filters = _read_filters(reader, arn)
    if filters and not isinstance(filters, ReadFailure):
        # No other class of log group takes metric filters.
        return LogGroup(arn, shapes.log_group_name(arn), "STANDARD"), filters
    group = _read_group(reader, arn)
    return group, () if group is None or filters is None else filters


def _read_group(reader: Reader, arn: str) -> Group:
    name = shapes.log_group_name(arn)
    # Sorted by name: what bears the prefix alone comes first, and is there or not.
    groups = reader.every(
        "logs",
        Arn.parse(arn).region,
        "describe_log_groups",
        "logGroups",
        arn,
        shapes.log_group,
        first_page=True,
        logGroupNamePrefix=name,
    )
    if isinstance(groups, ReadFailure):
        return groups
    return next((group for group in groups or () if group.name == name), None)


def read_writers(reader: Reader, key: MetricKey, near: str) -> Filters:
    """Every metric filter that writes the metric, in the Region of the log group ``near``."""
    filters: Filters | None = reader.every(
        "logs",
        key.region,
        "describe_metric_filters",
        "metricFilters",
        str(key),
        lambda item: shapes.metric_filter(item, shapes.log_group_arn(item["logGroupName"], near)),
        metricName=key.metric,
        metricNamespace=key.namespace,
    )
    return filters if filters is not None else ()


def _read_filters(reader: Reader, arn: str) -> Filters | None:
    filters: Filters | None = reader.every(
        "logs",
        Arn.parse(arn).region,
        "describe_metric_filters",
        "metricFilters",
        arn,
        lambda item: shapes.metric_filter(item, arn),
        logGroupName=shapes.log_group_name(arn),
    )
    return filters
