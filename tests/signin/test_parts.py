# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Parts of a record that were stored as JSON texts, or are no objects at all."""

from __future__ import annotations

import copy
import itertools
import json

import pytest

from c7n_mfa.signin.criteria import SigninCriteria
from c7n_mfa.signin.parts import read_parts
from c7n_mfa.signin.record import SignIn

from .records import RECORDS

SESSION = ("userIdentity", "sessionContext")
PARTS = [
    ("responseElements",),
    ("additionalEventData",),
    ("userIdentity",),
    SESSION,
    (*SESSION, "sessionIssuer"),
    (*SESSION, "attributes"),
    (*SESSION, "webIdFederationData"),
    ("userIdentity", "webIdFederationData"),
]
NO_OBJECT = [
    "",
    " ",
    "x",
    "{MFAUsed=Yes}",
    '{"MFAUsed": "Yes"',
    "[1]",
    '"x"',
    "1",
    1,
    True,
    [],
    [1],
]
DEEP = '{"x":' * 100_000
BY_NAME = {each.name: each.record for each in RECORDS}
each_record = pytest.mark.parametrize("labelled", RECORDS, ids=lambda each: each.name)


def with_part(record, path, make):
    """The record with one part made into something else; itself where it has no such part."""
    made = copy.deepcopy(record)
    inner = made
    for step in path[:-1]:
        inner = inner.get(step)
        if not isinstance(inner, dict):
            return made
    if isinstance(inner.get(path[-1]), dict):
        inner[path[-1]] = make(inner[path[-1]])
    return made


def as_texts(record):
    """The record with every part as a text, the inner ones too."""
    for path in reversed(PARTS):
        record = with_part(record, path, json.dumps)
    return record


@each_record
def test_a_record_says_the_same_when_its_parts_are_texts(labelled):
    assert SignIn.from_record(as_texts(labelled.record)) == SignIn.from_record(labelled.record)


@each_record
def test_a_part_that_cannot_be_read_never_makes_the_opposite_of_a_verdict(labelled):
    said = {
        found.is_single_factor
        for path, value in itertools.product(PARTS, NO_OBJECT)
        if (found := SignIn.from_record(with_part(labelled.record, path, lambda _, v=value: v)))
    }
    assert said <= {labelled.single_factor, None}


@pytest.mark.parametrize("value", NO_OBJECT, ids=repr)
@pytest.mark.parametrize("name", ["an IAM user without MFA", "root without MFA"])
@pytest.mark.parametrize(
    ("part", "said", "reason"),
    [
        ("additionalEventData", ("password", "success", "unknown"), "factor-unreadable"),
        ("responseElements", ("password", "unknown", "single"), "outcome-unreadable"),
        ("userIdentity", ("unknown", "success", "unknown"), "path-unreadable"),
    ],
)
def test_a_part_that_cannot_be_read_leaves_it_unknown(name, part, said, reason, value):
    found = SignIn.from_record({**BY_NAME[name], part: value})
    assert (found.path, found.outcome, found.factor) == said
    assert found.is_single_factor is None
    assert reason in found.reasons


def test_an_error_is_no_failure_where_the_response_cannot_be_read():
    record = BY_NAME["a failure of an IAM user"]
    assert SignIn.from_record({**record, "responseElements": "x"}).outcome == "unknown"


def test_an_empty_object_in_a_text_is_one():
    record = {"userIdentity": {"type": "AssumedRole", "sessionContext": "{}"}}
    assert read_parts(record) == (
        {"userIdentity": {"type": "AssumedRole", "sessionContext": {}}},
        frozenset(),
    )


@pytest.mark.parametrize("null", [None, "null", " null "])
def test_null_in_a_text_is_a_part_that_is_not_there(null):
    record = {**BY_NAME["an IAM user without MFA"], "additionalEventData": null}
    found = SignIn.from_record(record)
    assert (found.factor, found.reasons[-1]) == ("single", "factor-mfa-absent")


@pytest.mark.parametrize("text", [DEEP, "9" * 5000, '{"MFAUsed": ' + "9" * 5000 + "}"])
def test_a_text_that_python_gives_up_on_is_unreadable(text):
    record = {**BY_NAME["an IAM user without MFA"], "additionalEventData": text}
    assert SignIn.from_record(record).is_single_factor is None


def test_the_parts_and_what_cannot_be_read():
    record = {
        "eventName": "ConsoleLogin",
        "responseElements": '{"ConsoleLogin": "Success"}',
        "additionalEventData": "x",
        "userIdentity": '{"type": "AssumedRole", "sessionContext": "{\\"attributes\\": 5}"}',
    }
    before = copy.deepcopy(record)
    assert read_parts(record) == (
        {
            "eventName": "ConsoleLogin",
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": None,
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"attributes": None}},
        },
        {"additionalEventData", "attributes"},
    )
    assert record == before


@each_record
def test_a_requirement_reads_the_texts_too(labelled):
    sign_in = SignIn.from_record(labelled.record)
    if sign_in is None:
        return
    criteria = SigninCriteria(requirement="single-factor")
    texts = as_texts(labelled.record)
    assert criteria.match(sign_in, texts) == criteria.match(sign_in, labelled.record)
