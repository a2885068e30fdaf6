# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa signins`, as people and programs use it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from c7n_mfa.commands import group
from tests.signin.records import RECORDS

BY_NAME = {each.name: each.record for each in RECORDS}
SINGLE = BY_NAME["an IAM user without MFA"]
ROOT = BY_NAME["root without MFA"]
MULTI = BY_NAME["an IAM user with MFA"]
UNSAID = BY_NAME["a role through a broker: the session does not say"]
FAILED = BY_NAME["a failure with a user name that does not exist"]
CALL = BY_NAME["an API call"]
LINE = {
    "eventID": "3fcfb182-98f8-4744-bd45-10a395ab61cb",
    "eventTime": "2026-01-15T08:30:00Z",
    "principal": "arn:aws:iam::123456789012:user/alice",
    "path": "password",
    "outcome": "success",
    "factor": "single",
    "single_factor": True,
}
WHO = "2026-01-15T08:30:00Z alice 123456789012 192.0.2.10"
HEAD = ["time", "who", "account", "from", "path", "outcome", "factor", "single-factor", "because"]


@pytest.fixture
def signins(tmp_path):
    """Run the command over one file with these records."""

    def signins(*records, options=(), files=None):
        path = tmp_path / "trail.json"
        path.write_text(json.dumps({"Records": records}))
        return CliRunner().invoke(group, ["signins", *(files or [str(path)]), *options])

    return signins


def test_a_line_holds_what_others_rely_on(signins):
    done = signins(CALL, SINGLE, options=["--format", "jsonl"])
    assert (done.exit_code, done.stderr) == (1, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [LINE]
    assert list(json.loads(done.stdout)) == list(LINE)


def test_every_console_sign_in_has_a_line_in_the_order_of_the_file(signins):
    done = signins(ROOT, MULTI, CALL, UNSAID, FAILED, options=["--format", "jsonl"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["path"], each["single_factor"]) for each in lines] == [
        ("password", True),
        ("password", False),
        ("broker", None),
        ("password", False),
    ]


def test_single_factor_shows_nothing_else(signins):
    options = ["--format", "jsonl", "--single-factor"]
    done = signins(MULTI, SINGLE, UNSAID, FAILED, options=options)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [LINE]


def test_no_sign_in_at_all_is_silence_in_a_pipeline(signins):
    done = signins(CALL, options=["--format", "jsonl"])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("records", "exit_code"),
    [
        ([], 0),
        ([CALL], 0),
        ([MULTI, FAILED], 0),
        ([UNSAID], 0),
        ([SINGLE], 1),
        ([MULTI, ROOT], 1),
        ([5], 2),
        ([SINGLE, 5], 2),
    ],
)
@pytest.mark.parametrize("options", [["--format", "text"], ["--format", "json"], []])
def test_exit_code_tells_the_three_apart(signins, records, exit_code, options):
    assert signins(*records, options=options).exit_code == exit_code


def test_people_read_the_verdict_first(signins):
    done = signins(*[CALL] * 2898, SINGLE, MULTI)
    verdict, empty, head, *rows = done.stdout.splitlines()
    assert verdict == "1 single-factor sign-in among 2 console sign-ins in 2,900 records."
    assert (empty, head.split()) == ("", HEAD)
    assert [row.split() for row in rows] == [
        f"{WHO} password success single YES MFAUsed is No".split(),
        f"{WHO} password success multi no MFAUsed is Yes".split(),
    ]


def test_people_read_that_some_cannot_be_told(signins):
    lines = signins(UNSAID, UNSAID, FAILED).stdout.splitlines()
    assert lines[:2] == [
        "0 single-factor sign-ins among 3 console sign-ins in 3 records.",
        "2 more cannot be told: the records do not say.",
    ]
    assert lines[4].endswith(
        "unknown  unknown        the record does not say whether the session had MFA"
    )


def test_people_see_no_empty_table(signins):
    assert (
        signins(CALL).stdout == "0 single-factor sign-ins among 0 console sign-ins in 1 record.\n"
    )


def test_rows_are_in_the_order_of_time(signins):
    late, early = ({**SINGLE, "eventTime": f"2026-01-15T0{hour}:00:00Z"} for hour in (9, 7))
    rows = signins(late, {**SINGLE, "eventTime": 5}, early).stdout.splitlines()[3:]
    assert [row.split()[0] for row in rows] == [
        "unknown",
        "2026-01-15T07:00:00Z",
        "2026-01-15T09:00:00Z",
    ]


def test_names_from_a_log_cannot_steer_a_terminal(signins):
    identity = {**SINGLE["userIdentity"], "userName": "\x1b[2Jal\nice\u202e", "arn": None}
    done = signins({**SINGLE, "userIdentity": identity})
    assert "\ufffd[2Jal ice\ufffd" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_holds_everything(signins):
    done = signins(CALL, SINGLE, 5, options=["--format", "json"])
    whole = json.loads(done.stdout)
    place = whole["problems"][0]["place"]
    assert whole == {
        "records": 2,
        "console_sign_ins": 1,
        "single_factor": 1,
        "unknown": 0,
        "problems": [
            {"place": place, "what": "a CloudTrail record was expected, not a number"},
        ],
        "sign_ins": [
            {
                **LINE,
                "account": "123456789012",
                "region": "us-east-1",
                "address": "192.0.2.10",
                "user_agent": "Mozilla/5.0",
                "reasons": [
                    {"code": "path-iam-user", "sentence": "an IAM user signed in with a password"},
                    {"code": "outcome-success", "sentence": "ConsoleLogin is Success"},
                    {"code": "factor-mfa-not-used", "sentence": "MFAUsed is No"},
                ],
            }
        ],
    }


def test_a_problem_is_a_sentence_on_standard_error(signins, tmp_path):
    missing = str(tmp_path / "missing.json")
    good = tmp_path / "good.json"
    good.write_text(json.dumps(SINGLE))
    done = signins(files=[missing, str(good)], options=["--format", "jsonl"])
    assert (done.exit_code, json.loads(done.stdout)) == (2, LINE)
    assert done.stderr == (
        f"c7n-mfa signins: {missing}: it cannot be read (No such file or directory).\n"
    )


def test_people_read_that_something_is_missing(signins):
    assert signins(SINGLE, 5).stdout.splitlines()[1] == ("Not everything could be read: 1 problem.")


def test_standard_input_may_be_an_event_of_eventbridge():
    event = {"detail-type": "AWS Console Sign In via CloudTrail", "detail": SINGLE}
    done = CliRunner().invoke(group, ["signins", "-", "--format", "jsonl"], input=json.dumps(event))
    assert (done.exit_code, json.loads(done.stdout)) == (1, LINE)


def test_no_file_is_a_usage_error():
    done = CliRunner().invoke(group, ["signins"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Missing argument 'FILE...'" in done.stderr


def test_the_real_trail_has_one_single_factor_sign_in(root):
    trail = root.parent / "shared" / "data" / "trail"
    if not trail.is_dir():
        pytest.skip("the real logs are not beside the checkout")
    done = CliRunner().invoke(group, ["signins", str(trail)])
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == (
        "1 single-factor sign-in among 2 console sign-ins in 2,900 records."
    )
