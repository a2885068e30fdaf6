# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Files, folders and standard input, and what cannot be read of them."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from types import SimpleNamespace

import pytest

from c7n_mfa.cli.cloudtrail_files import ReadProblem, read

ONE, TWO, THREE = ({"eventName": name} for name in "abc")


def trail(*records):
    return json.dumps({"Records": records}).encode()


@pytest.fixture
def write(tmp_path):
    """Write a file below the folder of the test, and give its path."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.jsonl", "a.log", "a"])
def test_a_named_file_is_read_whatever_its_name(write, name):
    assert list(read([write(name, trail(ONE, TWO))])) == [ONE, TWO]


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.jsonl.gz", "a"])
def test_a_packed_file_is_told_by_its_content(write, name):
    assert list(read([write(name, gzip.compress(trail(ONE, TWO)))])) == [ONE, TWO]


def test_a_stream_that_packs_what_is_packed_already_is_read(write):
    packed = gzip.compress(trail(ONE)) + gzip.compress(trail(TWO))
    assert list(read([write("a.gz", gzip.compress(packed))])) == [ONE, TWO]


def test_packed_files_put_together_are_read_to_the_end(write):
    content = gzip.compress(trail(ONE)) + gzip.compress(trail(TWO))
    assert list(read([write("a.json.gz", content)])) == [ONE, TWO]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_another_encoding_is_read(write, encoding):
    record = {"eventName": "a", "userName": "Zoë 🙂"}
    content = json.dumps(record, ensure_ascii=False).encode(encoding)
    assert list(read([write("a.json", content)])) == [record]


def test_bytes_that_are_no_text_lose_no_record(write):
    content = b'{"eventName": "a", "userName": "\xff"}'
    assert list(read([write("a.json", content)])) == [{"eventName": "a", "userName": "\ufffd"}]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read(monkeypatch, pack):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pack(trail(ONE, TWO)))))
    assert list(read(["-"])) == [ONE, TWO]


def test_a_folder_is_walked_in_the_order_of_names(write, tmp_path):
    write("b/2.json.gz", gzip.compress(trail(THREE)))
    write("b/1.jsonl", json.dumps(TWO).encode())
    write("a/deep/er/x.json", trail(ONE))
    write("a/README.md", b"no trail file")
    write("a/x.json.gz.part", b"\x1f\x8b")
    assert list(read([str(tmp_path)])) == [ONE, TWO, THREE]


def test_several_arguments_are_read_in_their_order(write):
    assert list(read([write("b.json", trail(TWO)), write("a.json", trail(ONE))])) == [TWO, ONE]


def test_a_folder_without_a_trail_file_is_a_problem(tmp_path, write):
    write("x.csv", b"")
    what = "there is no .json, .jsonl or .ndjson file in it, packed or not"
    assert list(read([str(tmp_path)])) == [ReadProblem(str(tmp_path), what)]


def test_a_file_that_does_not_exist_is_a_problem(tmp_path):
    path = str(tmp_path / "a.json")
    assert list(read([path])) == [
        ReadProblem(path, "it cannot be read (No such file or directory)")
    ]


def test_a_name_that_no_file_can_have_is_a_problem():
    assert list(read(["a\0b"])) == [ReadProblem("a\0b", "it cannot be read (embedded null byte)")]


def test_a_bucket_is_a_problem_with_the_way_out():
    assert list(read(["s3://bucket/AWSLogs"])) == [
        ReadProblem(
            "s3://bucket/AWSLogs",
            "this is a bucket: copy it with `aws s3 sync`, and name the copy",
        )
    ]


def test_a_packed_file_that_was_cut_short_keeps_what_came_before(write):
    records = [{"eventName": str(number), "eventID": f"{number * 7919:x}"} for number in range(900)]
    content = gzip.compress("\n".join(map(json.dumps, records)).encode())
    path = write("a.json.gz", content[: len(content) // 2])

    *kept, problem = read([path])

    assert problem == ReadProblem(path, "the packed file ends in the middle")
    assert kept == records[: len(kept)]
    assert len(kept) > 100


def test_a_packed_file_that_is_damaged_is_one_problem(write):
    content = bytearray(gzip.compress(trail(ONE, TWO)))
    content[-6] ^= 1  # the checksum
    path = write("a.json.gz", bytes(content))
    assert list(read([path])) == [ONE, TWO, ReadProblem(path, "the packed file is damaged")]


def test_a_packed_file_with_a_damaged_stream_is_one_problem(write):
    path = write("a.json.gz", gzip.compress(trail(ONE))[:10] + b"\xff" * 40)
    assert list(read([path])) == [ReadProblem(path, "the packed file is damaged")]


def test_a_place_has_file_line_and_record(write):
    path = write("a.json", b'{"Records": [\n{"eventName": "a"},\n5]}')
    assert [str(found) for found in read([path])][1:] == [
        f"{path}, line 3, record 2: a CloudTrail record was expected, not a number."
    ]


def test_an_empty_file_is_a_problem(write):
    path = write("a.json", b"")
    assert list(read([path])) == [ReadProblem(f"{path}, line 1", "there is nothing in it")]


def test_the_same_fault_over_and_over_is_summed_up(write):
    path = write("a.json", json.dumps({"Records": [1] * 1500}).encode())
    what = "a CloudTrail record was expected, not a number"
    assert list(read([path])) == [
        *(ReadProblem(f"{path}, line 1, record {number}", what) for number in (1, 2, 3)),
        ReadProblem(path, f"1,497 more like it: {what}"),
    ]


def test_a_problem_stops_no_other_file(write, tmp_path):
    write("1.json", b"{")
    write("2.json", trail(ONE))
    write("3.json.gz", gzip.compress(trail(TWO))[:-9])
    write("4.json", trail(THREE))
    found = list(read([str(tmp_path)]))
    assert [each for each in found if isinstance(each, dict)] == [ONE, TWO, THREE]
    assert [each.place.rpartition("/")[2] for each in found if isinstance(each, ReadProblem)] == [
        "1.json, line 1",
        "3.json.gz",
    ]


@pytest.mark.parametrize("joint", [b",\n", b", "])
def test_memory_does_not_grow_with_the_file(write, joint):
    record = json.dumps({"eventName": "a", "userAgent": "x" * 2000}).encode()
    path = write("a.json", b'{"Records": [' + joint.join([record] * 10_000) + b"]}")  # 20 MB

    tracemalloc.start()
    count = sum(1 for _ in read([path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 10_000
    assert peak < 5_000_000
