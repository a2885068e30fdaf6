# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One look: how long it waits, and what becomes of an answer that is none."""

from __future__ import annotations

import threading
from functools import partial
from types import SimpleNamespace

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from moto import mock_aws

from c7n_mfa.aws.read import Reader, ReadFailure, Turns, together
from calls import denied, watched


@pytest.fixture
def reader():
    return Reader(boto3.Session(region_name="us-east-1"))


def user(reader):
    return reader.one(
        "iam", "us-east-1", "get_user", "alice", lambda a: a["User"]["UserName"], UserName="alice"
    )


def test_a_service_that_never_answers_is_given_up_soon(reader):
    config = reader.client("iam", "us-east-1").meta.config

    assert (config.connect_timeout, config.read_timeout) == (5, 10)


def status_500(request, **_):
    sent.append(request.url)
    return AWSResponse(request.url, 500, {}, SimpleNamespace(stream=lambda: iter([b""])))


sent: list[str] = []


@pytest.mark.parametrize(
    ("variables", "times"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, 2),
        ({"AWS_ENDPOINT_URL_IAM": "http://localhost:4566"}, 2),
        ({"AWS_ENDPOINT_URL_IAM": "https://vpce-1.iam.us-east-1.vpce.amazonaws.com"}, 5),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_MAX_ATTEMPTS": "3"}, 3),
        ({}, 5),
    ],
    ids=["an emulator", "of one service", "AWS's own", "as the user says", "no endpoint"],
)
def test_an_emulator_that_fails_is_tried_once_more(monkeypatch, variables, times):
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", slept.append)
    sent.clear()
    reader = Reader(boto3.Session(region_name="us-east-1"))
    reader.client("iam", "us-east-1").meta.events.register("before-send.iam", status_500)

    found = user(reader)

    assert (found.permission, found.code) == ("iam:GetUser", "500")
    assert (len(sent), len(slept)) == (times, times - 1)


def test_how_often_is_tried_is_what_the_session_says(reader):
    reader.session._session.set_default_client_config(
        Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
    )

    config = reader.client("iam", "us-east-1").meta.config

    assert (config.retries["total_max_attempts"], config.read_timeout) == (2, 10)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (denied("GetUser"), "AccessDenied", "User is not authorized to perform GetUser"),
        (
            ReadTimeoutError(endpoint_url="https://example.com"),
            "ReadTimeoutError",
            'Read timeout on endpoint URL: "https://example.com"',
        ),
        # What a proxy says in place of AWS.
        (ResponseParserError("Unable to parse response"), "MalformedAnswer", "Unable to parse"),
    ],
    ids=["denied", "timed out", "not XML"],
)
def test_a_call_that_fails_is_a_value(reader, error, code, message):
    def fail(_):
        raise error

    with watched({"iam:GetUser": fail}):
        found = user(reader)

    assert found == ReadFailure("iam:GetUser", "alice", code, found.message)
    assert found.message.startswith(message)


def test_an_answer_without_what_it_promises_is_malformed(reader):
    with watched(stubs={"iam:GetUser": {}}):
        assert user(reader) == ReadFailure(
            "iam:GetUser", "alice", "MalformedAnswer", "User is missing"
        )


def test_a_mistake_of_ours_flies(reader):
    def fail(_):
        raise ZeroDivisionError

    with watched({"iam:GetUser": fail}), pytest.raises(ZeroDivisionError):
        user(reader)


def pages(*pages):
    """Answers one after the other, and what they were asked."""
    left, asked = list(pages), []

    def answer(parameters):
        asked.append(parameters)
        return left.pop(0) if len(left) > 1 else left[0]

    return answer, asked


def groups(reader, **how):
    name = lambda group: group["logGroupName"]  # noqa: E731
    ask = ("logs", "us-east-1", "describe_log_groups", "logGroups", "g", name)
    return reader.every(*ask, logGroupNamePrefix="g", **how)


def page(*names, **token):
    return {"logGroups": [{"logGroupName": name} for name in names], **token}


def test_pages_are_read_to_the_last(reader):
    answer, asked = pages(page("g1", nextToken="2"), page(nextToken="3"), page("g2"))

    with watched(stubs={"logs:DescribeLogGroups": answer}):
        assert groups(reader) == ("g1", "g2")
    assert [parameters.get("nextToken") for parameters in asked] == [None, "2", "3"]
    assert {parameters["logGroupNamePrefix"] for parameters in asked} == {"g"}


def test_pages_of_iam_end_where_they_are_not_truncated(reader):
    answer, asked = pages(
        {"Tags": [{"Key": "1"}], "IsTruncated": True, "Marker": "a"},
        {"Tags": [{"Key": "2"}], "IsTruncated": False, "Marker": "b"},
    )

    with watched(stubs={"iam:ListUserTags": answer}):
        ask = ("iam", "us-east-1", "list_user_tags", "Tags", "alice", lambda tag: tag["Key"])
        assert reader.every(*ask, UserName="alice") == ("1", "2")
    assert asked == [{"UserName": "alice"}, {"UserName": "alice", "Marker": "a"}]


def test_a_page_that_leads_to_itself_is_a_failure(reader):
    answer, _ = pages(page("g1", nextToken="2"))

    with watched(stubs={"logs:DescribeLogGroups": answer}):
        assert groups(reader) == ReadFailure(
            "logs:DescribeLogGroups",
            "g",
            "PaginationError",
            "Error during pagination: the token {'nextToken': '2'} was given twice",
        )


def test_a_token_that_has_no_parameter_of_its_name_is_a_failure(reader):
    first = {"Rules": [{"Name": "a"}], "OtherToken": "2"}

    with watched(answers={"events:ListRules": lambda answer: first}), mock_aws():
        found = reader.every("events", "us-east-1", "list_rules", "Rules", "*", dict)

    assert (found.permission, found.code) == ("events:ListRules", "ParamValidationError")


def test_the_first_page_that_has_any_is_enough(reader):
    answer, asked = pages(page(nextToken="2"), page("g1", "g2", nextToken="3"), page("g3"))

    with watched(stubs={"logs:DescribeLogGroups": answer}):
        assert groups(reader, first_page=True) == ("g1", "g2")
    assert len(asked) == 2


def test_no_page_that_has_any_is_nothing(reader):
    answer, asked = pages(page(nextToken="2"), page())

    with watched(stubs={"logs:DescribeLogGroups": answer}):
        assert groups(reader, first_page=True) == ()
    assert len(asked) == 2


def test_a_mistake_of_ours_in_a_shape_flies(reader):
    with watched(stubs={"iam:GetUser": {"User": {}}}), pytest.raises(TypeError):
        reader.one("iam", "us-east-1", "get_user", "alice", lambda a: a["User"] + 1, UserName="a")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"User": None}, "User is missing"),
        ({"User": 5}, "User is of another type: int"),
        ({"User": {"UserName": ["alice"]}}, "UserName is of another type: list"),
        ("alice", "the answer is of another type: str"),
    ],
    ids=["null", "a number", "a list", "a text"],
)
def test_an_answer_of_another_type_is_malformed(reader, answer, message):
    with watched(stubs={"iam:GetUser": answer}):
        assert user(reader) == ReadFailure("iam:GetUser", "alice", "MalformedAnswer", message)


def test_a_page_of_another_type_is_malformed(reader):
    with watched(stubs={"iam:ListUserPolicies": {"PolicyNames": [5]}}):
        found = reader.every(
            "iam", "", "list_user_policies", "PolicyNames", "alice", str, UserName="alice"
        )

    message = "PolicyNames is of another type: int"
    assert found == ReadFailure("iam:ListUserPolicies", "alice", "MalformedAnswer", message)


@pytest.mark.parametrize(
    ("service", "operation", "permission"),
    [
        ("cloudwatch", "describe_alarms_for_metric", "cloudwatch:DescribeAlarmsForMetric"),
        ("iam", "list_mfa_devices", "iam:ListMFADevices"),
        ("sns", "list_subscriptions_by_topic", "sns:ListSubscriptionsByTopic"),
    ],
)
def test_a_permission_is_named_as_the_api_names_the_operation(service, operation, permission):
    reader = Reader(boto3.Session())

    assert reader.permission(service, "us-east-1", operation) == permission


def test_without_a_region_the_permission_is_named_all_the_same(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    reader = Reader(boto3.Session())

    found = reader.one("logs", "", "describe_log_groups", "*", list)

    assert found == ReadFailure(
        "logs:DescribeLogGroups", "*", "NoRegionError", "You must specify a region."
    )


def test_what_is_read_together_is_under_way_at_once_and_comes_in_order():
    meeting = threading.Barrier(3, timeout=30)

    def read(name):
        meeting.wait()
        return name

    assert together(*(partial(read, name) for name in "abc")) == ["a", "b", "c"]


def test_what_reads_together_may_itself_read_together():
    meeting = threading.Barrier(4, timeout=30)
    pair = partial(together, meeting.wait, meeting.wait)

    first, second = together(pair, pair)

    assert sorted([*first, *second]) == [0, 1, 2, 3]


def test_a_mistake_of_ours_flies_from_what_is_read_together():
    with pytest.raises(ZeroDivisionError):
        together(lambda: 1, lambda: 1 / 0)


def test_nothing_together_is_nothing():
    assert together() == []


def test_no_more_calls_are_under_way_than_there_are_turns():
    turns, under_way, most = Turns(2), [], []

    def call():
        with turns:
            under_way.append(1)
            most.append(len(under_way))
            under_way.pop()

    together(*[call] * 50)

    assert max(most) <= 2
    assert len(most) == 50


def test_a_turn_waits_for_another_to_be_over():
    turns, entered, over = Turns(1), threading.Event(), threading.Event()
    order = []

    def first():
        with turns:
            entered.set()
            over.wait(30)
            order.append("first")

    def second():
        entered.wait(30)
        over.set()
        with turns:
            order.append("second")

    together(first, second)

    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ({"User": {"UserName": "alice"}}, 8),
        ({"User": {"UserName": "alice"}, "ResponseMetadata": {"RetryAttempts": 0}}, 8),
        ({"User": {"UserName": "alice"}, "ResponseMetadata": {"RetryAttempts": 2}}, 4),
    ],
    ids=["plain", "at once", "tried again"],
)
def test_where_aws_is_pressed_fewer_calls_are_under_way(reader, answer, left):
    with watched(stubs={"iam:GetUser": answer}):
        user(reader)

    assert reader.turns.most == left


@pytest.mark.parametrize(
    ("code", "left"),
    [("Throttling", 4), ("ThrottlingException", 4), ("TooManyRequestsException", 4), ("Other", 8)],
)
def test_a_throttled_call_leaves_fewer_turns(reader, code, left):
    def refused(operation):
        return ClientError({"Error": {"Code": code, "Message": ""}}, operation)

    with watched({"iam:GetUser": refused}):
        user(reader)

    assert reader.turns.most == left


def test_one_turn_is_always_left(reader):
    def refused(operation):
        return ClientError({"Error": {"Code": "Throttling", "Message": ""}}, operation)

    with watched({"iam:GetUser": refused}):
        assert {user(reader).code for _ in range(9)} == {"Throttling"}

    assert reader.turns.most == 1


def test_threads_that_want_the_same_client_make_one():
    made = []

    class Session:
        def client(self, *_, **__):
            made.append(object())
            return made[-1]

    reader = Reader(Session())
    clients = together(*[lambda: reader.client("iam", "us-east-1")] * 8)

    assert clients == made * 8
