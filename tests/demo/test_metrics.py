# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a metric filter publishes of the events that it looks at."""

from __future__ import annotations

import json

import pytest

from demo.metrics import Publisher

ALICE = (("User", "alice"),)


def published(events, dimensions=(), **changes):
    """The values by minute, after events at these seconds."""
    transformation = {"metricNamespace": "Security", "metricName": "SignIns", "metricValue": "1"}
    item = {
        "filterName": "SignIns",
        "logGroupName": "CloudTrail/Logs",
        "filterPattern": '{ $.eventName = "ConsoleLogin" }',
        "metricTransformations": [transformation | changes.pop("transformation", {})],
        **changes,
    }
    publisher = Publisher(item)
    for at, event in events:
        publisher.take(event if isinstance(event, str) else json.dumps(event), at)
    return dict(publisher.values(dimensions))


def login(**fields):
    return {"eventName": "ConsoleLogin", **fields}


OTHER = {"eventName": "DescribeInstances"}


def test_every_match_is_one_value_in_its_minute():
    assert published([(0, login()), (59, login()), (61, login()), (61, OTHER)]) == {
        0: [1.0, 1.0],
        60: [1.0],
    }


def test_the_default_value_stands_for_minutes_with_events_and_without_a_match():
    events = [(0, login()), (1, OTHER), (61, OTHER), (62, OTHER)]

    assert published(events, transformation={"defaultValue": 0.0}) == {0: [1.0], 60: [0.0]}


def test_without_any_event_there_is_no_default_value():
    assert published([], transformation={"defaultValue": 0.0}) == {}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (login(ms=25), {0: [25.0]}),
        (login(ms="2.5"), {0: [2.5]}),
        (login(ms="soon"), {}),
        (login(ms=None), {}),
        (login(), {}),
    ],
)
def test_the_value_of_a_field_is_published_where_it_is_a_number(event, expected):
    assert published([(0, event)], transformation={"metricValue": "$.ms"}) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "one"])
def test_a_value_that_is_no_number_is_not_published(value):
    assert published([(0, login())], transformation={"metricValue": value}) == {}


def test_each_value_of_a_dimension_is_a_metric_of_its_own():
    events = [(0, login(user={"name": "alice"})), (0, login(user={"name": "bob"})), (0, login())]
    by_user = {"transformation": {"dimensions": {"User": "$.user.name"}}}

    assert published(events, ALICE, **by_user) == {0: [1.0]}
    assert published(events, **by_user) == {}
    assert published(events, (("Role", "alice"),), **by_user) == {}


def test_a_message_that_is_no_json_matches_a_pattern_of_words():
    assert published([(0, "ERROR: it failed"), (0, "all good")], filterPattern="ERROR") == {
        0: [1.0]
    }


def test_a_match_that_hangs_on_undocumented_behaviour_is_none():
    wildcard = '{ $.requestParameters.* != "x" }'

    assert (
        published([(0, {"requestParameters": {"a": "x", "b": "y"}})], filterPattern=wildcard) == {}
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"filterPattern": "{ $.eventName = }"}, "its pattern: "),
        ({"fieldSelectionCriteria": '@aws.region = "us-east-1"'}, "its fieldSelectionCriteria"),
        ({"applyOnTransformedLogs": True}, "its applyOnTransformedLogs"),
    ],
)
def test_what_is_not_evaluated_says_why_and_publishes_nothing(changes, why):
    item = {
        "filterName": "SignIns",
        "logGroupName": "CloudTrail/Logs",
        "filterPattern": "",
        "metricTransformations": [
            {"metricNamespace": "a", "metricName": "b", "metricValue": "1", "defaultValue": 1.0}
        ],
        **changes,
    }
    publisher = Publisher(item)

    assert publisher.take("{}", 0) is False
    assert publisher.why_not.startswith(why)
    assert publisher.values(()) == {}
