# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Records out of a stream of text, whatever its layout and whatever is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.cli.cloudtrail_envelopes import Fault
from c7n_mfa.cli.cloudtrail_records import records_in

ONE, TWO, THREE = ({"eventName": name, "n": number} for number, name in enumerate("abc"))
CUT_SHORT = "it ends in the middle of a value"


def found(text, size=None):
    size = size or max(1, len(text))
    return list(records_in(text[i : i + size] for i in range(0, len(text), size)))


def lines(*records):
    return "".join(f"{json.dumps(record)}\n" for record in records)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Records": [ONE, TWO]}),
        json.dumps({"Records": [ONE, TWO]}, indent=2),
        json.dumps({"Records": [ONE, TWO], "more": [1, {"x": 2}]}),
        json.dumps({"more": 1, "Records": [ONE, TWO]}),
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=4),
        json.dumps([{"Records": [ONE]}, TWO]),
        json.dumps(ONE) + json.dumps(TWO),
        json.dumps(ONE, indent=2) + "\n" + json.dumps(TWO, indent=2),
        lines(ONE, TWO),
        lines(ONE, TWO).replace("\n", "\r\n"),
        lines(ONE, TWO).rstrip(),
        "\n\n" + lines(ONE) + "\n\n" + lines(TWO),
        "\ufeff" + lines(ONE, TWO),
        lines({"Records": [ONE]}, {"Records": []}, {"Records": [TWO]}),
        '{"Records":[\n' + json.dumps(ONE) + ",\n" + json.dumps(TWO) + "\n]}\n",
        '{ "Records"' + " " * 200 + ": [" + json.dumps(ONE) + "," + json.dumps(TWO) + "]}",
        lines({"detail-type": "AWS Console Sign In via CloudTrail", "detail": ONE}, TWO),
        json.dumps({"Events": [{"CloudTrailEvent": json.dumps(each)} for each in (ONE, TWO)]}),
        lines({"digestStartTime": "2026-01-15T08:30:00Z", "logFiles": []}, ONE, TWO),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 64, None])
def test_records_are_found_in_every_layout(text, size):
    assert found(text, size) == [ONE, TWO]


def test_a_record_of_a_list_needs_no_event_name():
    assert found('{"Records": [{"eventType": "AwsCloudTrailInsight"}]}') == [
        {"eventType": "AwsCloudTrailInsight"}
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault(1, "there is nothing in it")),
        (" \n\n", Fault(1, "there is nothing in it")),
        ("no JSON\nat all\n", Fault(1, "this is no JSON: expecting value")),
        ("null", Fault(1, "a CloudTrail record was expected, not null")),
        ("\n17\n", Fault(2, "a CloudTrail record was expected, not a number")),
        ('"text"', Fault(1, "a CloudTrail record was expected, not a text")),
        ("[[]]", Fault(1, "a CloudTrail record was expected, not a list", 1)),
        ('{"Records": [true]}', Fault(1, "a CloudTrail record was expected, not true", 1)),
        ("{}", Fault(1, "this is no CloudTrail record, and holds none")),
        ('{"Users": []}', Fault(1, "this is no CloudTrail record, and holds none")),
        ('{"Records": [{}]}', Fault(1, "this is no CloudTrail record, and holds none", 1)),
        ('{"Events": 5}', Fault(1, "Events was expected to be a list, not a number")),
        ('{"Message": 5}', Fault(1, "its Message was expected to be a text, not a number")),
        (
            '{"Messages": [{"Body": "hello"}]}',
            Fault(
                1,
                "its Body is no JSON (expecting value, character 1); it was cut or changed, so "
                "fetch it again",
                1,
            ),
        ),
        (
            '{"Body": ' + json.dumps("[" * 100_000) + "}",
            Fault(
                1,
                "its Body is no JSON (nested too deeply, at some depth); it was cut or changed, "
                "so fetch it again",
            ),
        ),
        ('{"Records": [' * 11 + "{}" + "]}" * 11, Fault(1, "it is nested too deeply", 1)),
        ('{"Records": {}}', Fault(1, "Records was expected to be a list, not an object")),
        (
            '{"detail-type": "x", "detail": 5}',
            Fault(1, "a record was expected as detail, not a number"),
        ),
        ('{"eventName": ' + "9" * 5000 + "}", Fault(1, "it holds a number of too many digits")),
        ("[" * 100_000, Fault(1, "it is nested too deeply", 1)),
        ('{"Records": [{"eventName": "a"', Fault(1, CUT_SHORT, 1)),
        ('{"Records": [\n{"eventName": "a', Fault(2, CUT_SHORT, 1)),
        ('{"Records": [', Fault(1, CUT_SHORT, 1)),
        ('{"eventName": "a",', Fault(1, CUT_SHORT)),
        ('{"eventName": tru', Fault(1, "this is no JSON: expecting value")),
    ],
)
@pytest.mark.parametrize("size", [3, None])
def test_what_holds_no_record_is_one_fault_with_its_line(text, fault, size):
    assert found(text, size) == [fault]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (
            '{"Records": [' + json.dumps(ONE) + ", " + json.dumps(TWO) + ", 5]}",
            [ONE, TWO, Fault(1, "a CloudTrail record was expected, not a number", 3)],
        ),
        (
            '{"Records": [' + json.dumps(ONE) + ", " + json.dumps(TWO)[:-2],
            [ONE, Fault(1, CUT_SHORT, 2)],
        ),
        (
            '{"Records": [' + json.dumps(ONE) + json.dumps(TWO) + "]}\n" + lines(THREE),
            [ONE, Fault(1, "a comma or the end of the list was expected", 1), THREE],
        ),
        (
            '{"Records": [' + json.dumps(ONE) + "] 5}\n" + lines(TWO),
            [ONE, Fault(1, "the end of the object was expected"), TWO],
        ),
        ('{"Records": [' + json.dumps(ONE) + "]", [ONE, Fault(1, CUT_SHORT)]),
        (
            lines(ONE) + "{broken}\n" + lines(TWO),
            [
                ONE,
                Fault(2, "this is no JSON: expecting property name enclosed in double quotes"),
                TWO,
            ],
        ),
        (
            lines(ONE) + '{"eventName": "a\n' + lines(TWO),
            [ONE, Fault(2, "this is no JSON: invalid control character"), TWO],
        ),
        (
            lines(ONE) + '{"eventName": "a"\n' + lines(TWO, THREE),
            [ONE, Fault(3, "this is no JSON: expecting ',' delimiter"), TWO, THREE],
        ),
        (
            lines(ONE) + '{"eventName":\n' + lines(TWO, THREE),
            [ONE, Fault(4, "this is no JSON: expecting ',' delimiter"), TWO, THREE],
        ),
        (
            lines(ONE) + "a line of a log\nand another\n" + lines(TWO),
            [ONE, Fault(2, "this is no JSON: expecting value"), TWO],
        ),
        (
            '{"Records": [\n' + json.dumps(ONE) + ",\n{oops},\n" + json.dumps(TWO) + "\n]}\n",
            [
                ONE,
                Fault(3, "this is no JSON: expecting property name enclosed in double quotes", 2),
                TWO,
            ],
        ),
        (
            json.dumps({"Records": [ONE, TWO]}, indent=2).replace('"b"', "b") + "\n" + lines(THREE),
            [ONE, Fault(8, "this is no JSON: expecting value", 2), THREE],
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 50, None])
def test_what_surrounds_a_fault_is_read(text, whole, size):
    assert found(text, size) == whole


json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
records = st.dictionaries(st.text(max_size=5), json_texts, max_size=3).map(
    lambda more: {**more, "eventName": "x"}
)
indents = st.sampled_from([None, 0, 2])
sizes = st.integers(1, 60)


@given(st.lists(records, min_size=1, max_size=4), indents, st.booleans(), sizes)
def test_a_list_is_read_whole_however_it_is_cut(wanted, indent, ascii_only, size):
    text = json.dumps({"Records": wanted}, indent=indent, ensure_ascii=ascii_only)
    assert found(text, size) == wanted


@given(st.lists(records, min_size=1, max_size=4), st.booleans(), sizes)
def test_lines_are_read_whole_however_they_are_cut(wanted, ascii_only, size):
    text = "\n".join(json.dumps(each, ensure_ascii=ascii_only) for each in wanted)
    assert found(text, size) == wanted


pieces = st.sampled_from(
    [
        *('{"Records": [', '{"eventName": "x"}', "]}", "[", "]", "{", "}", ",", "\n", " ", ":"),
        *('"', "\\", "1", "-", "tru", "null", '"a"', '{"eventName": "x', "\ufeff", "\x00", "é"),
    ]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=30), sizes)
def test_any_text_is_read_to_its_end_and_cuts_change_nothing(text, size):
    assert found(text, size) == found(text)


@given(st.lists(pieces, max_size=6).map("".join), st.lists(records, min_size=1, max_size=3))
def test_good_lines_behind_any_mess_are_found(mess, wanted):
    # A mess that holds the beginning of a list or of a value may take the first good line with it.
    text = mess + "\n" + lines(*wanted, *wanted)
    good = [each for each in found(text) if not isinstance(each, Fault)]
    assert good[-len(wanted) :] == wanted


def test_a_queue_that_only_names_files_in_a_bucket_is_no_clean_bill():
    notice = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]}
    messages = {"Messages": [{"Body": json.dumps(notice)}]}

    (fault,) = found(json.dumps(messages))

    assert fault.what == "it only names a file in a bucket; fetch that, and name it here"
