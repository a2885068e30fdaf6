# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Everything that a repair could touch in an account, object by object, to compare before with
after.
"""

from __future__ import annotations

import json
from typing import Any

# What says when, or counts, or is AWS's own bookkeeping of a change.
_VOLATILE = {
    "AlarmConfigurationUpdatedTimestamp",
    "ResponseMetadata",
    "StateReason",
    "StateReasonData",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "storedBytes",
    "creationTime",
    "LatestDeliveryTime",
    "StartLoggingTime",
    "TimeLoggingStarted",
}


def objects(session: Any, region: str = "us-east-1") -> dict[str, Any]:
    """All of the five services that repair writes to: every describe, list and get there is."""

    def client(service: str) -> Any:
        return session.client(service, region_name=region)

    return {
        "trails": _trails(client("cloudtrail")),
        "log groups": _log_groups(client("logs")),
        "alarms": _alarms(client("cloudwatch")),
        "topics": _topics(client("sns")),
        "roles": _roles(client("iam")),
    }


def _trails(trails: Any) -> dict[str, Any]:
    found = {}
    for trail in trails.describe_trails()["trailList"]:
        arn = trail["TrailARN"]
        # Without a delivery AWS leaves the two out, and a fake may say "" for it.
        settings = {key: value for key, value in trail.items() if value != ""}
        found[arn] = {
            "settings": settings,
            "status": _plain(trails.get_trail_status(Name=arn))["IsLogging"],
            "selectors": _plain(trails.get_event_selectors(TrailName=arn)),
            "tags": _plain(trails.list_tags(ResourceIdList=[arn])["ResourceTagList"]),
        }
    return found


def _log_groups(logs: Any) -> dict[str, Any]:
    found = {}
    for group in logs.describe_log_groups()["logGroups"]:
        name, arn = group["logGroupName"], group["arn"].removesuffix(":*")
        filters = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
        found[name] = {
            "settings": _plain({k: v for k, v in group.items() if k != "metricFilterCount"}),
            "tags": logs.list_tags_for_resource(resourceArn=arn)["tags"],
            "filters": sorted((_plain(f) for f in filters), key=lambda f: f["filterName"]),
            "subscriptions": logs.describe_subscription_filters(logGroupName=name)[
                "subscriptionFilters"
            ],
        }
    return found


def _alarms(cloudwatch: Any) -> dict[str, Any]:
    page = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = {}
    for alarm in [*page["MetricAlarms"], *page["CompositeAlarms"]]:
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        found[alarm["AlarmName"]] = {"settings": _plain(alarm), "tags": _tags(tags)}
    return found


def _topics(sns: Any) -> dict[str, Any]:
    found = {}
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        # The text of a policy may come back in another order; its meaning may not.
        attributes["Policy"] = json.loads(attributes["Policy"])
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        found[arn] = {
            "attributes": attributes,
            "tags": _tags(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
            "subscriptions": [_subscription(sns, each) for each in subscriptions],
        }
    return found


def _subscription(sns: Any, subscription: dict[str, Any]) -> dict[str, Any]:
    arn = subscription["SubscriptionArn"]
    if not arn.startswith("arn:"):
        return subscription
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    return {**subscription, "attributes": attributes}


def _roles(iam: Any) -> dict[str, Any]:
    found = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        found[name] = {
            "role": _plain(iam.get_role(RoleName=name)["Role"]),
            "policies": {
                each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]
                for each in names
            },
        }
    return found


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
