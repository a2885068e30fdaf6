# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Records in the rows of queries, in tables, and in what a subscription filter sends."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json

import pytest

from c7n_mfa.cli.cloudtrail_envelopes import Fault
from c7n_mfa.cli.cloudtrail_records import records_in

ONE, TWO = (
    {"eventName": name, "responseElements": {"ConsoleLogin": "Success"}, "userAgent": 'a "b", c\nd'}
    for name in "ab"
)
TEXTS = [json.dumps(each) for each in (ONE, TWO)]
TIME = {"field": "@timestamp", "value": "2026-01-15 08:30:00.000"}
PTR = {"field": "@ptr", "value": "CmEKJgo"}


def found(text, size=None):
    size = size or max(1, len(text))
    return list(records_in(text[i : i + size] for i in range(0, len(text), size)))


def packed(value):
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


def table(columns, *rows, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, quoting=quoting).writerows([columns, *rows])
    return text.getvalue()


def insights(*messages, **more):
    rows = [[TIME, {"field": "@message", "value": each}, PTR] for each in messages]
    return {"results": rows, "statistics": {"recordsMatched": 2.0}, "status": "Complete", **more}


def subscription(*messages, kind="DATA_MESSAGE"):
    return {
        "messageType": kind,
        "owner": "123456789012",
        "logGroup": "CloudTrail/logs",
        "logStream": "123456789012_CloudTrail_us-east-1",
        "subscriptionFilters": ["sign-ins"],
        "logEvents": [
            {"id": str(number), "timestamp": 1768465800000, "message": each}
            for number, each in enumerate(messages)
        ],
    }


CONTROL = subscription(
    "CWL CONTROL MESSAGE: Checking health of destination.", kind="CONTROL_MESSAGE"
)
LAKE = {
    "QueryStatus": "FINISHED",
    "QueryStatistics": {"ResultsCount": 2},
    "QueryResultRows": [[{"eventID": "1"}, {"eventJson": each}] for each in TEXTS],
}
KINESIS = [
    {"kinesis": {"data": packed(subscription(each))}, "eventSource": "aws:kinesis", "eventID": "1",
     "eventName": "aws:kinesis:record"}
    for each in TEXTS
]  # fmt: skip


@pytest.mark.parametrize(
    "whole",
    [
        insights(*TEXTS),
        insights(*TEXTS, queryLanguage="CWLI"),
        {"queryLanguage": "CWLI", **insights(*TEXTS)},
        insights(*TEXTS)["results"],
        [{"@timestamp": "2026-01-15 08:30:00.000", "@message": each} for each in TEXTS],
        [{"@timestamp": "2026-01-15 08:30:00.000", "@message": each} for each in (ONE, TWO)],
        [{"@message": each, "eventName": "x", "eventID": "y"} for each in TEXTS],
        subscription(*TEXTS),
        [CONTROL, subscription(*TEXTS)],
        {"awslogs": {"data": packed(subscription(*TEXTS))}},
        {"Records": KINESIS},
        {"Records": [{"SequenceNumber": "1", "Data": packed(subscription(*TEXTS))}]},
        {"records": [{"recordId": "1", "data": packed(subscription(each))} for each in TEXTS]},
        {"events": [{"logStreamName": "x", "message": each} for each in TEXTS]},
        {"Records": [{"eventSource": "aws:sqs", "body": each} for each in TEXTS]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": each}} for each in TEXTS]},
        LAKE,
        LAKE["QueryResultRows"],
        {"QueryResultRows": [[{"eventjson": each}] for each in TEXTS]},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 100, None])
def test_records_are_found_in_what_aws_wraps_around_them(whole, indent, size):
    assert found(json.dumps(whole, indent=indent), size) == [ONE, TWO]


@pytest.mark.parametrize(
    "text",
    [
        table(["@timestamp", "@message"], *(["2026-01-15 08:30:00.000", each] for each in TEXTS)),
        table(["@message"], *([each] for each in TEXTS), quoting=csv.QUOTE_ALL),
        "\ufeff" + table(["@message"], *([each] for each in TEXTS)),
        table(["@message"], *([json.dumps(each, indent=1)] for each in (ONE, TWO))),
        table(["@message"], *([each] for each in TEXTS)).replace("\r\n", "\n"),
        table(["@message"], *([each] for each in TEXTS)).rstrip(),
        table(["@message"], [TEXTS[0]], [], [TEXTS[1]]),
        table(["eventID", "eventJson"], *(["1", each] for each in TEXTS)),
        packed({"Records": [ONE, TWO]}),
        packed(subscription(*TEXTS)) + "\n",
    ],
)
@pytest.mark.parametrize("size", [1, 7, None])
def test_records_are_found_in_tables_and_in_what_is_packed(text, size):
    assert found(text, size) == [ONE, TWO]


def test_a_health_check_of_a_subscription_filter_is_no_record_and_no_fault():
    assert found(json.dumps(CONTROL)) == []


NO_MESSAGE = (
    "the row has no @message, which holds the record; add it to the fields of the query, and "
    "export again"
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (json.dumps({"results": [[TIME, PTR]]}), Fault(1, NO_MESSAGE, 1)),
        (table(["@timestamp", "@log"], ["1", "2"]), Fault(2, NO_MESSAGE, 1)),
        (
            table(["@timestamp", "@message"], ["1"]),
            Fault(2, "the row has 1 cells for 2 columns", 1),
        ),
        (
            table(["@message"], ["START RequestId: 1"]),
            Fault(
                2,
                "its @message is no JSON (expecting value, character 1); it was cut or changed, so "
                "fetch it again",
                1,
            ),
        ),
        (
            json.dumps([[{"CloudTrailEvent": TEXTS[0]}, {"CloudTrailEvent": TEXTS[1]}]]),
            Fault(1, "a CloudTrail record was expected, not a list", 1),
        ),
        ('{"awslogs": {"data": 5}}', Fault(1, "its data was expected to be a text, not a number")),
        (
            json.dumps({"awslogs": {"data": packed(ONE)[:-8]}}),
            Fault(1, "its data is packed, and damaged; fetch it again"),
        ),
        (
            json.dumps({"awslogs": {"data": "H4sI*"}}),
            Fault(1, "its data is packed, and damaged; fetch it again"),
        ),
        (packed(ONE)[:40], Fault(1, "its text is packed, and damaged; fetch it again")),
    ],
)
@pytest.mark.parametrize("size", [3, None])
def test_what_holds_no_record_is_a_fault_with_the_way_out(text, fault, size):
    assert found(text, size) == [fault]


@pytest.mark.parametrize(
    ("whole", "state"),
    [
        (insights(*TEXTS, status="Running"), "Running"),
        ({**LAKE, "QueryStatus": "TIMED_OUT"}, "TIMED_OUT"),
    ],
)
def test_a_query_that_has_not_finished_is_no_clean_bill(whole, state):
    what = f"the query was {state}, so rows may be missing; fetch its results again"
    assert found(json.dumps(whole)) == [ONE, TWO, Fault(1, what)]


def test_something_that_grows_without_end_is_not_unpacked():
    bomb = base64.b64encode(gzip.compress(b"0" * (1 << 27))).decode()
    assert found(bomb) == [Fault(1, "its text is packed, and damaged; fetch it again")]
