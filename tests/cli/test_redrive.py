# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa redrive`: the queue is moto's, and what the functions answer is set by hand.

Real functions, which fail and then work, are in tests/e2e/test_respond.py.
"""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from c7n_mfa.cli.commands import group
from deployed import ACCOUNT, EVENT_ID, event, record

TELLS, CONTAINS = "custodian-signin-single-factor", "custodian-signin-single-factor-contain"
QUEUE = "c7n-mfa-dead-letters"
SIGN_IN = event(record(eventID=EVENT_ID))
# What Lambda answers for the function's True.
DONE: dict[str, Any] = {"Payload": b"true"}


class Account:
    """A queue with dead letters, and functions that answer what they are told."""

    def __init__(self, monkeypatch, region: str) -> None:
        self.sqs = boto3.client("sqs", region_name=region)
        self.url = self.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        self.answers: dict[str, Any] = {}
        self.invoked: list[tuple[str, str, Any]] = []
        call = BaseClient._make_api_call

        def made(client, operation, parameters):
            if operation != "Invoke":
                # An empty queue makes a reader wait, also in the process itself.
                at_once = {"WaitTimeSeconds": 0} if "WaitTimeSeconds" in parameters else {}
                return call(client, operation, {**parameters, **at_once})
            name = parameters["FunctionName"]
            given = (client.meta.region_name, name, json.loads(parameters["Payload"]))
            self.invoked.append(given)
            answer = self.answers.get(name, DONE)
            if isinstance(answer, Exception):
                raise answer
            return {**answer, "Payload": io.BytesIO(answer["Payload"])}

        monkeypatch.setattr(BaseClient, "_make_api_call", made)

    def send(self, *bodies: Any) -> None:
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self.sqs.send_message(QueueUrl=self.url, MessageBody=text)

    def left(self) -> list[str]:
        ask = {"QueueUrl": self.url, "MaxNumberOfMessages": 10}
        return [each["Body"] for each in self.sqs.receive_message(**ask).get("Messages", ())]


@pytest.fixture
def here(monkeypatch):
    with mock_aws():
        yield Account(monkeypatch, "us-east-1")


def redrive(*args: str, queue: str = QUEUE) -> tuple[int, str]:
    functions = [word for name in args or (TELLS,) for word in ("--function", name)]
    done = CliRunner().invoke(group, ["redrive", queue, "--region", "us-east-1", *functions])
    return done.exit_code, done.output


def test_each_function_gets_the_event_and_the_message_is_gone(here):
    here.send(SIGN_IN)

    assert redrive(TELLS, CONTAINS) == (0, f"event {EVENT_ID}: handed over\n")
    assert here.invoked == [("us-east-1", TELLS, SIGN_IN), ("us-east-1", CONTAINS, SIGN_IN)]
    assert here.left() == []


def test_an_empty_queue_says_so(here):
    assert redrive() == (0, f"no dead letters in {QUEUE}\n")


def test_the_event_of_a_destination_is_taken_out_of_what_lambda_wraps_it_in(here):
    here.send({"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": SIGN_IN})

    assert redrive() == (0, f"event {EVENT_ID}: handed over\n")
    assert here.invoked == [("us-east-1", TELLS, SIGN_IN)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            {"FunctionError": "Unhandled", "Payload": b'{"errorMessage": "nobody is\\nnotified"}'},
            f"{CONTAINS} failed: nobody is notified",
        ),
        ({"Payload": b"false"}, f"{CONTAINS} refused it, and its log says why"),
        (
            ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "Invoke"
            ),
            f"{CONTAINS} was not invoked: An error occurred (ResourceNotFoundException) when "
            "calling the Invoke operation: no",
        ),
    ],
)
def test_what_one_function_is_not_done_with_is_left_and_the_rest_goes_on(here, answer, why):
    here.answers[CONTAINS] = answer
    here.send(SIGN_IN)

    assert redrive(TELLS, CONTAINS) == (1, f"event {EVENT_ID}: stays in the queue: {why}\n")
    assert [name for _, name, _ in here.invoked] == [TELLS, CONTAINS]
    # At once, for whoever looks next.
    assert here.left() == [json.dumps(SIGN_IN)]


@pytest.mark.parametrize("body", ["x", "[]", "7", "null", '{"requestPayload": "x"}'])
def test_what_is_no_event_is_given_to_no_function(here, body):
    here.send(body)

    status, said = redrive()

    assert status == 1
    assert said.startswith("message ")
    assert said.endswith(": stays in the queue: it is no event; read it, and delete it\n")
    assert here.invoked == []
    assert here.left() == [body]


def test_an_id_that_is_not_awss_is_not_shown(here):
    here.send({**SIGN_IN, "detail": {"eventID": "\x1b[31mclick here"}})

    status, said = redrive()

    assert status == 0
    assert said.startswith("message ")
    assert "click" not in said


def test_a_queue_of_another_region_reaches_the_function_at_home(monkeypatch):
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{TELLS}"
    with mock_aws():
        there = Account(monkeypatch, "eu-north-1")
        there.send(SIGN_IN)

        done = redrive(function, queue=f"arn:aws:sqs:eu-north-1:{ACCOUNT}:{QUEUE}")

        assert done == (0, f"event {EVENT_ID}: handed over\n")
        assert there.invoked == [("us-east-1", function, SIGN_IN)]


def test_a_queue_that_does_not_exist_is_an_error(here):
    status, said = redrive(queue="nowhere")

    assert status == 2
    assert said.startswith("c7n-mfa redrive: An error occurred (")
    assert here.invoked == []
