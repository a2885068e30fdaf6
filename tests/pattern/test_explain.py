# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Why an event matches, and what an unknown answer hangs on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from c7n_mfa.pattern import MISSING, Clause, parse
from c7n_mfa.pattern.nodes import Compare, Field, Selector, Text

ROOT = Path(__file__).parents[2]


def behaviours(pattern: str, event: object) -> list[str]:
    return [each.name for each in parse(pattern).explain_unknown(event)]


def test_each_clause_says_what_it_saw():
    pattern = parse(
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
    )
    event = {"eventName": "ConsoleLogin", "additionalEventData": {}}
    name = Selector((Field("eventName"),))
    used = Selector((Field("additionalEventData"), Field("MFAUsed")))

    assert pattern.explain(event) == (
        Clause(Compare(name, "=", Text("ConsoleLogin")), "ConsoleLogin", True, ()),
        Clause(Compare(used, "!=", Text("Yes")), MISSING, False, ()),
    )


def test_a_settled_answer_hangs_on_nothing():
    assert behaviours("{ $.a = 1 }", {"a": 1}) == []
    assert behaviours("{ $.a = 1 }", {"a": 2}) == []
    assert behaviours("{ $.a = * && $.b = 1 }", {"a": True, "b": 2}) == []


def test_only_what_decides_is_named():
    assert behaviours("{ $.a = * || $.b = %x% }", {"a": True, "b": 2}) == ["boolean-presence"]
    assert behaviours("{ $.a = * && $.b = %2% }", {"a": True, "b": 2}) == [
        "boolean-presence",
        "regex-on-number",
    ]


def test_a_doubtful_pattern_is_named_when_it_would_match():
    assert behaviours("{ $.a is null }", {"a": None}) == ["keyword-case"]
    assert behaviours("{ $.a is null }", {"a": 1}) == []


def test_an_event_too_deep_is_unknown():
    deep = "[" * 100_000 + "]" * 100_000

    assert parse("{ $.a NOT EXISTS }").match(deep) is None
    assert behaviours("{ $.a NOT EXISTS }", deep) == ["event-too-deep"]
    assert parse("x").match(deep) is False


@pytest.mark.parametrize("event", [None, 5, True, 1.5, "", b"", "\x00", b"\xff\xfe", [], [[]]])
def test_what_is_no_json_object_matches_no_comparison(event):
    pattern = parse("{ $.a != 1 }")

    assert pattern.match(event) is False


def test_bytes_are_read_as_utf_8():
    assert parse('{ $.a = "é" }').match('{"a":"é"}'.encode()) is True
    assert parse('"é"').match("é".encode()) is True
    assert parse("a").match(b"\xffa") is True


def test_only_the_standard_library_is_imported():
    code = (
        "import sys; import c7n_mfa.pattern; "
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " - set(sys.stdlib_module_names) - {'c7n_mfa', '__main__'}))"
    )
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"
