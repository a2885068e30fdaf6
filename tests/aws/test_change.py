# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What becomes of steps, and what takes them back.  More of it is in tests/forwarding/test_apply.py
and tests/repair/test_repair_faults.py.
"""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from moto import mock_aws

from c7n_mfa.aws.change import Plan, Step, answered, apply, undo
from c7n_mfa.aws.operation import Operation
from c7n_mfa.aws.read import Reader
from calls import denied, watched

REGION = "us-east-1"
CREATE, DELETE = Operation("sns", "CreateTopic"), Operation("sns", "DeleteTopic")
FIRST, SECOND = (
    Step(
        "topic",
        "planned",
        name,
        "",
        CREATE(REGION, Name=name),
        (DELETE(REGION, TopicArn=answered("TopicArn")),),
    )
    for name in ("first", "second")
)
ARN = f"arn:aws:sns:{REGION}:123456789012:"


@pytest.fixture
def reader():
    with mock_aws():
        yield Reader(boto3.Session(region_name=REGION))


def results(steps) -> list[str]:
    return [step.result for step in steps]


def test_an_undo_call_holds_what_only_the_answer_said(reader):
    (step,) = apply(reader, Plan((FIRST,)))

    assert [call.parameters for call in step.undo] == [{"TopicArn": f"{ARN}first"}]


def test_undo_takes_back_the_last_first(reader):
    receipts = apply(reader, Plan((FIRST, SECOND)))
    deleted = []

    def delete(parameters):
        deleted.append(parameters["TopicArn"])
        return {}

    with watched(stubs={"sns:DeleteTopic": delete}):
        assert undo(reader, receipts) == []

    assert deleted == [f"{ARN}second", f"{ARN}first"]


def test_an_undo_that_fails_says_so_and_the_others_are_made(reader):
    receipts = apply(reader, Plan((FIRST, SECOND)))

    with watched({"sns:DeleteTopic": denied}):
        failures = undo(reader, receipts)

    assert [(failure.permission, failure.code) for failure in failures] == [
        ("sns:DeleteTopic", "AccessDenied")
    ] * 2


def test_what_changes_nothing_stays_as_it_is_and_stops_nothing(reader):
    adopted = Step("topic", "adopted", "a", "it works")
    skipped = Step("topic", "skipped", "b", "it is another's")

    assert apply(reader, Plan((adopted, skipped, FIRST)))[:2] == (adopted, skipped)
    assert results(apply(reader, Plan((skipped, FIRST)))) == ["skipped", "done"]


def test_what_was_not_tried_has_nothing_to_take_back(reader):
    with watched({"sns:CreateTopic": denied}):
        receipts = apply(reader, Plan((FIRST,), {REGION: (SECOND,)}, (SECOND,)))

    assert results(receipts) == ["failed", "not-tried", "not-tried"]
    assert [step.undo for step in receipts] == [(), (), ()]


def gone(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "NotFoundException", "Message": "no"}}, operation)


def test_to_take_away_what_is_gone_is_done_and_to_make_it_is_not(reader):
    delete = Step("topic", "planned", "a", "by its tag", DELETE(REGION, TopicArn=f"{ARN}a"))

    with watched({"sns:DeleteTopic": gone, "sns:CreateTopic": gone}):
        deleted, created = apply(reader, Plan((delete, FIRST)))

    assert (deleted.result, deleted.why) == ("done", "it was gone already")
    assert (created.result, created.error) == (
        "failed",
        "sns:CreateTopic failed: An error occurred (NotFoundException) when calling the "
        "CreateTopic operation: no",
    )


def test_an_answer_that_cannot_be_parsed_is_a_failed_step(reader):
    with watched({"sns:CreateTopic": lambda _: ResponseParserError("no XML")}):
        (step,) = apply(reader, Plan((FIRST,)))

    assert (step.result, step.error) == ("failed", "sns:CreateTopic failed: no XML")


def test_a_step_names_the_permission_that_it_takes():
    assert (FIRST.permission, Step("topic", "adopted", "a", "").permission) == (
        "sns:CreateTopic",
        None,
    )
