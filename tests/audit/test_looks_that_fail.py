# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Every call of an audit in turn: denied, throttled, timed out, not found, malformed.

Nothing raises, nothing is intact that the failed call mattered to, and the reason says which.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from audits import CALLS, judgement, link_of, recorded
from c7n_mfa.audit.discover import Ask
from c7n_mfa.audit.permissions import READ
from calls import denied

ENDPOINT = "https://example.com"


def answered(code: str):
    return lambda operation: ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


FAULTS = {
    "denied": denied,
    "denied by SNS": answered("AuthorizationError"),
    "throttled": answered("Throttling"),
    "too many requests": answered("TooManyRequestsException"),
    "internal": answered("InternalFailure"),
    "timed out": lambda _: ReadTimeoutError(endpoint_url=ENDPOINT),
    "unreachable": lambda _: EndpointConnectionError(endpoint_url=ENDPOINT),
    "without credentials": lambda _: NoCredentialsError(),
    "not found": answered("ResourceNotFoundException"),
    "not found by SNS": answered("NotFound"),
    "old boto3": lambda operation: AttributeError(f"'X' object has no attribute '{operation}'"),
}
GONE = {name for name in FAULTS if name.startswith("not found")}
# What it means when AWS says that the thing is not there.
MISSING = {
    "cloudtrail:DescribeTrails": "trail-absent",
    "logs:DescribeLogGroups": "log-group-gone",
    "logs:DescribeMetricFilters": "filter-absent",
    "cloudwatch:DescribeAlarmsForMetric": "alarm-absent",
    "sns:GetTopicAttributes": "topic-gone",
    "sns:ListSubscriptionsByTopic": "subscription-absent",
    "sns:GetSubscriptionAttributes": "subscription-absent",
}


def test_the_recorded_chain_is_intact_in_ten_calls():
    found, calls = judgement(recorded())

    assert (found.verdict, sorted(calls.made)) == ("intact", sorted(CALLS))
    assert len(calls.made) == 10
    assert set(CALLS) <= set(READ)


def test_thirty_regions_take_two_calls_more_and_only_when_asked():
    found, calls = judgement(recorded(), ask=Ask(regions=True))

    assert found.verdict == "intact"
    assert sorted(calls.made) == sorted([*CALLS, "ec2:DescribeRegions", "cloudtrail:ListTrails"])
    assert len(found.regions) == 30
    assert {row.verdict for row in found.regions} == {"intact"}


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - GONE))
@pytest.mark.parametrize("permission", CALLS)
def test_a_call_that_fails_makes_its_link_unknown(permission, fault):
    found, _ = judgement(recorded(), {permission: FAULTS[fault]})

    assert found.verdict == "unknown"
    link = link_of(found)
    assert link.verdict == "unknown"
    assert permission in link.detail
    assert link.permission == (permission if fault.startswith("denied") else None)


@pytest.mark.parametrize("fault", sorted(GONE))
@pytest.mark.parametrize("permission", CALLS)
def test_a_thing_that_is_not_there_is_named(permission, fault):
    found, _ = judgement(recorded(), {permission: FAULTS[fault]})

    link = link_of(found)
    if permission in MISSING:
        assert (found.verdict, link.reason) == ("broken", MISSING[permission])
    else:
        assert (found.verdict, link.verdict) == ("unknown", "unknown")


@pytest.mark.parametrize("permission", CALLS)
def test_an_empty_answer_is_never_a_good_one(permission):
    found, _ = judgement({**recorded(), permission: {}})

    # A list that AWS leaves out is an empty one: no mute rule is what a good chain has.
    assert (found.verdict == "intact") == (permission == "cloudwatch:ListAlarmMuteRules")


@pytest.mark.parametrize("code", ["InvalidAction", "UnknownOperation", "UnknownOperationException"])
def test_where_there_are_no_mute_rules_at_all_nothing_is_muted(code):
    found, _ = judgement(recorded(), {"cloudwatch:ListAlarmMuteRules": answered(code)})

    assert found.verdict == "intact"


WRONG = (None, 5, True, "x", "", [], [5], [None], {}, {"x": 5})


def twisted(value: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """The answer with each part of it replaced by what it should not be, one at a time."""
    for wrong in WRONG:
        yield path, wrong
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in inside:
            yield from twisted(inner, (*path, key))


def with_part(answer: Any, path: tuple, wrong: Any) -> Any:
    if not path:
        return wrong
    answer = copy.copy(answer)
    answer[path[0]] = with_part(answer[path[0]], path[1:], wrong)
    return answer


@pytest.mark.parametrize("permission", CALLS)
def test_an_answer_of_the_wrong_shape_never_raises(permission):
    answer = recorded()[permission]
    for path, wrong in twisted(answer):
        found, _ = judgement({**recorded(), permission: with_part(answer, path, wrong)})

        assert json.loads(json.dumps(found.to_dict())) == found.to_dict(), (path, wrong)


@pytest.mark.parametrize("permission", CALLS)
@pytest.mark.parametrize("wrong", [None, 5, "x", [5]], ids=repr)
def test_an_answer_that_is_no_object_is_unknown(permission, wrong):
    found, _ = judgement({**recorded(), permission: wrong})

    assert found.verdict == "unknown"
    assert "MalformedAnswer" in link_of(found).detail


EXTRA = ("ec2:DescribeRegions", "cloudtrail:ListTrails", "events:ListRules")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("permission", EXTRA)
def test_what_is_asked_for_besides_takes_nothing_from_a_good_chain(permission, fault):
    ask = Ask(regions=True, routes=True)

    found, _ = judgement(recorded(), {permission: FAULTS[fault]}, ask)

    assert found.verdict == "intact"


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - GONE))
@pytest.mark.parametrize("permission", EXTRA[:2])
def test_single_region_trails_are_open_where_regions_cannot_be_listed(permission, fault):
    trails = copy.deepcopy(recorded()["cloudtrail:DescribeTrails"])
    trails["trailList"][0]["IsMultiRegionTrail"] = False
    stubs = {**recorded(), "cloudtrail:DescribeTrails": trails}

    found, _ = judgement(stubs, {permission: FAULTS[fault]}, Ask(regions=True))

    assert (found.verdict, link_of(found).reason) == ("unknown", "regions-unreadable")
