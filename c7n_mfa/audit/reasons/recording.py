# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Why sign-ins do not reach the log group: the trail, and the log group itself."""

from __future__ import annotations

from c7n_mfa.audit.reasons.values import ADD_TRAIL, GRANT, LOOK_THERE, Reason

REASONS = (
    Reason(
        "trail-absent",
        "trail",
        "broken",
        "no trail records the account's management events",
        ADD_TRAIL,
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "trail-single-region",
        "trail",
        "broken",
        "the trail records one Region only, and sign-ins are recorded in the Region of the "
        "sign-in endpoint",
        "make the trail a multi-Region trail",
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "trail-not-logging",
        "trail",
        "broken",
        "logging is switched off on the trail",
        "start logging on the trail (cloudtrail:StartLogging)",
    ),
    Reason(
        "trail-drops-sign-ins",
        "trail",
        "broken",
        "the trail's event selectors leave console sign-ins out",
        "let the trail record management events, read and write, or write only",
    ),
    Reason(
        "trail-delivery-failing",
        "trail",
        "broken",
        "the trail cannot deliver to its log group",
        "mend the role that the trail delivers with (logs:CreateLogStream, logs:PutLogEvents)",
    ),
    Reason(
        "trail-delivery-stale",
        "trail",
        "broken",
        "the trail still delivers to its bucket and no longer to its log group",
        "look at the role that the trail delivers with, and let the trail deliver again "
        "(cloudtrail:UpdateTrail)",
    ),
    Reason(
        "trail-quiet",
        "trail",
        "unknown",
        "the trail has delivered no event for a day, although it would record this audit too",
        "look whether the trail's bucket and log group receive events",
    ),
    Reason(
        "trail-undecided",
        "trail",
        "unknown",
        "whether the trail's event selectors let every console sign-in through cannot be decided",
        "let the trail record all management events",
    ),
    Reason(
        "trail-regions-uncovered",
        "trail",
        "broken",
        "enabled Regions are recorded by no trail, and sign-ins are recorded in the Region of the "
        "sign-in endpoint",
        ADD_TRAIL,
        security_hub="CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
    ),
    Reason(
        "regions-unreadable",
        "trail",
        "unknown",
        "which Regions are enabled, or which trails record them, could not be read",
        GRANT,
    ),
    Reason("trail-unreadable", "trail", "unknown", "the trail could not be looked at", GRANT),
    Reason(
        "log-group-unset",
        "log-group",
        "broken",
        "the trail delivers to no log group, so no metric filter can see its events",
        "let the trail deliver to a CloudWatch Logs log group (cloudtrail:UpdateTrail); "
        "set-signin-monitoring does it with log-delivery: create",
    ),
    Reason(
        "log-group-gone",
        "log-group",
        "broken",
        "the log group that the trail names does not exist",
        "create the log group again or point the trail to one that exists; "
        "set-signin-monitoring creates it again with log-delivery: create",
    ),
    Reason(
        "log-group-class",
        "log-group",
        "broken",
        "the log group is of a class that has no metric filters",
        "let the trail deliver to a log group of the STANDARD class",
    ),
    Reason(
        "log-group-unreadable", "log-group", "unknown", "the log group could not be read", GRANT
    ),
    Reason(
        "in-account",
        "log-group",
        "unknown",
        "the link is in another account and cannot be read from here",
        LOOK_THERE,
        security_hub="SNS_TOPIC_CROSS_ACCOUNT",
    ),
)
