# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Asking AWS: no emulator implements TestMetricFilter, so its answers are set by hand here."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from c7n_mfa.cli.commands import group
from c7n_mfa.cli.pattern_result import Difference, ask, events_to_ask
from c7n_mfa.pattern import parse
from c7n_mfa.proof.families import FAMILIES
from calls import denied, watched

PATTERN = parse('{ $.eventName = "ConsoleLogin" }')
# Whether "= *" holds for a boolean is written nowhere.
OPEN = parse("{ $.readOnly = * }")
EVENTS = [{"eventName": "ConsoleLogin", "n": n} for n in range(60)]


class Logs:
    """Answers like AWS for messages that hold the word."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.calls: list[tuple[str, int]] = []

    def test_metric_filter(self, filterPattern, logEventMessages):
        self.calls.append((filterPattern, len(logEventMessages)))
        numbers = [n for n, m in enumerate(logEventMessages, start=1) if self.word in m]
        return {"matches": [{"eventNumber": number} for number in numbers]}


def test_agreement_is_no_difference():
    logs = Logs("ConsoleLogin")

    assert ask(logs, [PATTERN], [*EVENTS, {"eventName": "Other"}]) == (61, ())


def test_no_more_than_fifty_messages_go_into_a_call():
    logs = Logs("ConsoleLogin")

    ask(logs, [PATTERN], EVENTS)

    assert logs.calls == [(PATTERN.text, 50), (PATTERN.text, 10)]


def test_an_event_behind_the_first_call_is_kept_apart():
    logs = Logs('"n":55')

    _, differences = ask(logs, [PATTERN], EVENTS)

    assert EVENTS[55] not in [each.event for each in differences]
    assert len(differences) == 59


def test_a_different_answer_is_a_bug():
    _, (difference,) = ask(Logs("nothing"), [PATTERN], EVENTS[:1])

    assert difference == Difference(PATTERN.text, EVENTS[0], predicted=True, actual=False)
    assert difference.is_bug


def test_an_answer_to_an_open_question_is_none():
    _, (difference,) = ask(Logs("readOnly"), [OPEN], [{"readOnly": False}])

    assert (difference.predicted, difference.actual, difference.is_bug) == (None, True, False)


def test_every_family_is_asked_about_once():
    witnesses = [family.witness for family in FAMILIES]

    assert events_to_ask([witnesses[0], {"eventName": "x"}]) == [*witnesses, {"eventName": "x"}]


def test_a_denied_question_names_the_permission():
    with watched({"logs:TestMetricFilter": denied}):
        result = CliRunner().invoke(group, ["pattern", PATTERN.text, "--live"])

    assert result.exit_code == 2
    assert "it takes logs:TestMetricFilter" in result.stderr
    assert result.stdout.startswith("COVERS, BUT TOO BROAD: ")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("AWS_DEFAULT_REGION", "--live has no Region to ask in: name one, by AWS_DEFAULT_REGION."),
        (
            "AWS_ACCESS_KEY_ID",
            "--live has no AWS credentials: give them, by AWS_PROFILE for one.",
        ),
    ],
)
def test_without_region_or_credentials_nothing_else_is_said(monkeypatch, missing, said):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv(missing)

    result = CliRunner().invoke(group, ["pattern", PATTERN.text, "--live"])

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        f"c7n-mfa pattern: {said}\n",
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_command_says_what_aws_said(form):
    with watched(stubs={"logs:TestMetricFilter": {"matches": []}}) as calls:
        result = CliRunner().invoke(group, ["pattern", PATTERN.text, "--live", "--format", form])

    logins = sum(family.witness["eventName"] == "ConsoleLogin" for family in FAMILIES)
    assert calls.made == ["logs:TestMetricFilter"]
    if form == "text":
        assert f"AWS was asked {len(FAMILIES)} times and differs in {logins}." in result.stdout
    else:
        assert len(json.loads(result.stdout)["live"]["differences"]) == logins
