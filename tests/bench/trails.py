# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One fault of a trail, or of the log group that it delivers to."""

from __future__ import annotations

from bench.parts import (
    ELSEWHERE_GROUP,
    ELSEWHERE_TRAIL,
    ROLE,
    Row,
    advanced,
    throttled,
)
from chains import GROUP, OTHER, REGION, TRAIL, a_trail, ago, denied

TRAIL_FAULTS: dict[str, Row] = {
    "no trail": ({"trail": ()}, "trail-absent"),
    "trails denied": ({"trail": denied("cloudtrail:DescribeTrails")}, "trail-unreadable"),
    "single Region": ({"trail": {"multi_region": False}}, "trail-single-region"),
    "stopped": ({"trail": {"logging": False}}, "trail-not-logging"),
    "status denied": (
        {"trail": {"logging": denied("cloudtrail:GetTrailStatus", TRAIL)}},
        "trail-unreadable",
    ),
    "selectors denied": (
        {"trail": {"selectors": denied("cloudtrail:GetEventSelectors", TRAIL)}},
        "trail-unreadable",
    ),
    "read only": (
        {"trail": {"selectors": ({"ReadWriteType": "ReadOnly"},)}},
        "trail-drops-sign-ins",
    ),
    "no management events": (
        {"trail": {"selectors": ({"IncludeManagementEvents": False},)}},
        "trail-drops-sign-ins",
    ),
    "advanced, read only": (
        {"trail": {"advanced_selectors": advanced("readOnly", Equals=["true"])}},
        "trail-drops-sign-ins",
    ),
    "advanced, the sign-in service left out": (
        {
            "trail": {
                "advanced_selectors": advanced("eventSource", NotStartsWith=["signin.amazonaws"])
            }
        },
        "trail-drops-sign-ins",
    ),
    "advanced, data events only": (
        {
            "trail": {
                "advanced_selectors": (
                    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
                )
            }
        },
        "trail-drops-sign-ins",
    ),
    "advanced, some users left out": (
        {"trail": {"advanced_selectors": advanced("userIdentity.arn", NotEndsWith=["/alice"])}},
        "trail-drops-sign-ins",
    ),
    "advanced, only one user": (
        {"trail": {"advanced_selectors": advanced("userIdentity.arn", EndsWith=["/alice"])}},
        "trail-drops-sign-ins",
    ),
    "advanced, federated principals left out": (
        {
            "trail": {
                "advanced_selectors": advanced("userIdentity.arn", NotStartsWith=["arn:aws:sts::"])
            }
        },
        "trail-drops-sign-ins",
    ),
    "advanced, two selectors that may complete each other": (
        {
            "trail": {
                "advanced_selectors": (
                    *advanced("userIdentity.arn", NotEndsWith=["/alice"]),
                    *advanced("userIdentity.arn", EndsWith=["/alice"]),
                )
            }
        },
        "trail-undecided",
    ),
    "advanced, a field of tomorrow": (
        {"trail": {"advanced_selectors": advanced("signIn.kind", Equals=["x"])}},
        "trail-undecided",
    ),
    "the sign-in service excluded from management events": (
        {"trail": {"selectors": ({"ExcludeManagementEventSources": ["signin.amazonaws.com"]},)}},
        "trail-drops-sign-ins",
    ),
    "delivered to the bucket, and no longer to the log group": (
        {"trail": {"delivered": ago(hours=9), "delivered_to_bucket": ago(minutes=4)}},
        "trail-delivery-stale",
    ),
    "nothing delivered for days": (
        {"trail": {"delivered": ago(days=3), "delivered_to_bucket": ago(days=3)}},
        "trail-quiet",
    ),
    "delivered to the bucket for days, and never to the log group": (
        {"trail": {"started": ago(days=3), "delivered_to_bucket": ago(minutes=4)}},
        "trail-quiet",
    ),
    "logging for days, and delivered nowhere": (
        {"trail": {"started": ago(days=3)}},
        "trail-quiet",
    ),
    "trail of another account, status denied": (
        {
            "trail": (
                a_trail(
                    arn=ELSEWHERE_TRAIL,
                    log_group_arn=ELSEWHERE_GROUP,
                    logging=denied("cloudtrail:GetTrailStatus", ELSEWHERE_TRAIL),
                ),
            )
        },
        f"in-account-{OTHER}",
    ),
    "trail of another account into our log group, status denied": (
        {
            "trail": (
                a_trail(
                    arn=ELSEWHERE_TRAIL,
                    logging=denied("cloudtrail:GetTrailStatus", ELSEWHERE_TRAIL),
                ),
            )
        },
        "trail-unreadable",
    ),
    "a Region without a trail": (
        {"trail": {"multi_region": False}, "regions": (REGION, "eu-west-1")},
        "trail-regions-uncovered",
    ),
    "Regions denied": (
        {"trail": {"multi_region": False}, "regions": denied("ec2:DescribeRegions")},
        "regions-unreadable",
    ),
    "delivery failing": (
        {"trail": {"delivery_error": "AccessDenied"}},
        "trail-delivery-failing",
    ),
}

LOG_GROUP_FAULTS: dict[str, Row] = {
    "no log group": ({"trail": {"log_group_arn": None}}, "log-group-unset"),
    "log group gone": ({"log_group": None}, "log-group-gone"),
    "infrequent access": (
        {"log_group": {"group_class": "INFREQUENT_ACCESS"}},
        "log-group-class",
    ),
    "log groups denied": (
        {"log_group": denied("logs:DescribeLogGroups", GROUP)},
        "log-group-unreadable",
    ),
    "log group of another account": (
        {"trail": {"log_group_arn": ELSEWHERE_GROUP}},
        f"in-account-{OTHER}",
    ),
    "log group of another account, role denied": (
        {
            "trail": {"log_group_arn": ELSEWHERE_GROUP},
            "accounts": {OTHER: denied("sts:AssumeRole", ROLE)},
        },
        f"in-account-{OTHER}",
    ),
    "log groups throttled": (
        {"log_group": throttled("logs:DescribeLogGroups", GROUP)},
        "log-group-unreadable",
    ),
    "delivery class": ({"log_group": {"group_class": "DELIVERY"}}, "log-group-class"),
}
