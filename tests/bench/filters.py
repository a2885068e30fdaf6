# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One fault of a metric filter, or of the metric that it writes."""

from __future__ import annotations

from bench.parts import APP_GROUP, LOGIN, Row, within
from chains import ACCOUNT, CIS_SSO, GROUP, OTHER, REGION, a_filter, an_alarm, denied

FILTER_FAULTS: dict[str, Row] = {
    "no filter": ({"filter": ()}, "filter-absent"),
    "filter for something else": (
        {"filter": '{ $.eventName = "DeleteTrail" }'},
        "filter-absent",
    ),
    "only user alice": (
        {"filter": f'{{ {LOGIN} && $.userIdentity.userName = "alice" }}'},
        "filter-misses-sign-ins",
    ),
    "only one Region": (
        {"filter": f'{{ {LOGIN} && $.awsRegion = "us-east-1" }}'},
        "filter-misses-sign-ins",
    ),
    "the variant without root": ({"filter": CIS_SSO}, "filter-misses-sign-ins"),
    "a contradiction": (
        {"filter": f'{{ {LOGIN} && $.additionalEventData.MFAUsed = "Yes" }}'},
        "filter-misses-sign-ins",
    ),
    "a field that successes lack": (
        {"filter": f'{{ {LOGIN} && $.errorMessage != "Failed authentication" }}'},
        "filter-misses-sign-ins",
    ),
    "inverted": (
        {"filter": '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "Yes" }'},
        "filter-misses-sign-ins",
    ),
    "|| for &&": ({"filter": "{ " + LOGIN.replace("&&", "||") + " }"}, "filter-catches-everything"),
    'the value "YesNo"': (
        {"filter": "{ " + LOGIN.replace('"Yes"', '"YesNo"') + " }"},
        "filter-catches-everything",
    ),
    "every event": ({"filter": ""}, "filter-catches-everything"),
    "a keyword in lower case": (
        {"filter": f"{{ {LOGIN} && $.errorCode not exists }}"},
        "filter-undecided",
    ),
    "a wildcard selector": (
        {"filter": f'{{ {LOGIN} && $.userIdentity.* != "x" }}'},
        "filter-undecided",
    ),
    "a pattern that cannot be read": ({"filter": f"{{ {LOGIN} }} }}"}, "filter-undecided"),
    "field selection": (
        {"filter": {"field_selection": '@aws.region = "us-east-1"'}},
        "filter-field-selection",
    ),
    "field selection of another account": (
        {"filter": {"field_selection": f'@aws.account = "{OTHER}"'}},
        "filter-excludes-account",
    ),
    "field selection without this account": (
        {"filter": {"field_selection": f'@aws.account NOT IN ["{ACCOUNT}", "{OTHER}"]'}},
        "filter-excludes-account",
    ),
    "field selection of another Region": (
        {"filter": {"field_selection": '@aws.region = "eu-west-1"'}},
        "filter-excludes-region",
    ),
    "field selection without the log group's Region": (
        {"filter": {"field_selection": f'@aws.region NOT IN ["{REGION}"]'}},
        "filter-excludes-region",
    ),
    "the filter names another account": (
        {"filter": within(f'$.recipientAccountId = "{OTHER}"')},
        "filter-misses-sign-ins",
    ),
    "the filter leaves out its own account": (
        {"filter": within(f'$.userIdentity.accountId != "{ACCOUNT}"')},
        "filter-misses-sign-ins",
    ),
    "the filter names another partition": (
        {"filter": within('$.userIdentity.arn = "arn:aws-cn:*"')},
        "filter-misses-sign-ins",
    ),
    "field selection without a Region, by its name": (
        {"filter": {"field_selection": '@aws.region != "us-west-2"'}},
        "filter-field-selection",
    ),
    "field selection without two Regions, by their names": (
        {"filter": {"field_selection": '@aws.region NOT IN ["us-west-2", "eusc-de-east-1"]'}},
        "filter-field-selection",
    ),
    "field selection that cannot be read": (
        {"filter": {"field_selection": '@aws.account LIKE "12%"'}},
        "filter-field-selection",
    ),
    "transformed logs": ({"filter": {"transformed_logs": True}}, "filter-on-transformed-logs"),
    "filters denied": (
        {"filter": denied("logs:DescribeMetricFilters", GROUP)},
        "filters-unreadable",
    ),
}

METRIC_FAULTS: dict[str, Row] = {
    "value zero": ({"filter": {"value": "0"}}, "metric-value-useless"),
    "value negative": ({"filter": {"value": "-1"}}, "metric-value-useless"),
    "value of a field": ({"filter": {"value": "$.latency"}}, "metric-value-useless"),
    "dimensions": ({"filter": {"dimensions": ("User",)}}, "metric-has-dimensions"),
    "a noisy filter on the same metric": (
        {"filter": (a_filter(), a_filter('{ $.eventSource = "ec2*" }', name="Calls"))},
        "metric-shared",
    ),
    "a filter on everything in another log group, on the same metric": (
        {"writers": (a_filter(), a_filter("", name="Lines", log_group_arn=APP_GROUP))},
        "metric-shared",
    ),
    "a filter on errors in another log group, on the same metric": (
        {"writers": (a_filter(), a_filter("ERROR", name="Errors", log_group_arn=APP_GROUP))},
        "metric-writers-undecided",
    ),
    "what else writes the metric is denied": (
        {"writers": denied("logs:DescribeMetricFilters", "Security/SignIns")},
        "metric-writers-unreadable",
    ),
    "value that is no number": ({"filter": {"value": "nan"}}, "metric-value-useless"),
    "system dimensions, and no alarm on them": (
        {"filter": {"dimensions": ("@aws.account", "@aws.region")}},
        "metric-has-dimensions",
    ),
    "system dimensions, and an alarm on one combination": (
        {
            "near_alarms": (an_alarm(dimensions=(("@aws.region", REGION),)),),
            "filter": {"dimensions": ("@aws.region",)},
        },
        "metric-undecided",
    ),
    "a filter whose default is one on the same metric": (
        {"filter": (a_filter(), a_filter('{ $.x = "y" }', name="Other", default=1.0))},
        "metric-shared",
    ),
}
