# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The language as data: every case of ``tests/compliance``, in a form others could run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from c7n_mfa.pattern import BEHAVIOURS, PatternSyntaxError, parse

FOLDER = Path(__file__).parents[1] / "compliance"
FILES = sorted(FOLDER.glob("*.json"))


def load(path: Path) -> list[dict[str, Any]]:
    """The cases of a file, each with the event of its group unless it has its own."""
    return [
        {"event": group.get("given"), "group": group["comment"], **case}
        for group in json.loads(path.read_text(encoding="utf-8"))
        for case in group["cases"]
    ]


CASES = [
    pytest.param(case, id=f"{path.stem}-{n}") for path in FILES for n, case in enumerate(load(path))
]
ALL = [parameter.values[0] for parameter in CASES]


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What we say of a case, in the words of the file."""
    event = case.get("message", case["event"])
    try:
        pattern = parse(case["pattern"])
    except PatternSyntaxError:
        return {"error": True}
    answer: dict[str, Any] = {"match": pattern.match(event)}
    if answer["match"] is None:
        answer["depends_on"] = [each.name for each in pattern.explain_unknown(event)]
    return answer


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_the_expected_one(case):
    expected = {key: case[key] for key in ("match", "error", "depends_on") if key in case}

    assert outcome(case) == expected


@pytest.mark.parametrize("case", [case for case in ALL if isinstance(case["event"], dict)])
def test_a_parsed_event_and_its_message_get_one_answer(case):
    if "error" in case or "message" in case or not case["pattern"].startswith("{"):
        return
    pattern = parse(case["pattern"])
    message = json.dumps(case["event"])

    assert pattern.match(message) is case["match"]
    assert pattern.match(message.encode()) is case["match"]


def test_every_case_has_a_source():
    assert [case for case in ALL if not case.get("source")] == []


def test_every_behaviour_a_case_depends_on_is_registered():
    named = {name for case in ALL for name in case.get("depends_on", [])}

    assert named - {each.name for each in BEHAVIOURS} == set()


def test_every_open_behaviour_has_a_case():
    named = {name for case in ALL for name in case.get("depends_on", [])}
    # A message deep enough to be in doubt is tested where messages are read.
    named.add("event-too-deep")

    assert {each.name for each in BEHAVIOURS if each.status == "open"} - named == set()


def test_no_case_stands_twice():
    keys = [json.dumps([case["pattern"], case["event"], case.get("message")]) for case in ALL]

    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []
