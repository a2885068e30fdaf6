# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa signins`, as people and programs use it."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from rich.console import Console

from c7n_mfa.cli.commands import group
from c7n_mfa.cli.signins import Tally, render
from c7n_mfa.signin.record import SignIn
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
WHO = "2026-01-15T08:30:00Z alice 123456789012 us-east-1 192.0.2.10"
JSONL = ["--format", "jsonl"]
HEAD = [
    *("time", "who", "account", "region", "from", "path", "outcome", "factor"),
    *("single-factor", "because", "eventID"),
]
EVENT = "3fcfb182-98f8-4744-bd45-10a395ab61cb"


def again(record):
    """The like of a record, in another event."""
    return {**record, "eventID": "another-event"}


def lookup(*records):
    """The output of `aws cloudtrail lookup-events`, as its page in the reference of the CLI has it.

    A record that is a text stands in it as it is.
    """
    texts = [each if isinstance(each, str) else json.dumps(each) for each in records]
    events = [
        {"EventId": EVENT, "EventName": "ConsoleLogin", "ReadOnly": "false", "EventTime":
         "2026-01-15T08:30:00+00:00", "EventSource": "signin.amazonaws.com", "Username": "alice",
         "Resources": [], "CloudTrailEvent": text}
        for text in texts
    ]  # fmt: skip
    return {"Events": events}


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
        ([UNSAID], 2),
        ([UNSAID, MULTI, FAILED], 2),
        ([UNSAID, SINGLE], 1),
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
        f"{WHO} password success single YES MFAUsed is No {EVENT}".split(),
        f"{WHO} password success multi no MFAUsed is Yes {EVENT}".split(),
    ]


def test_people_read_that_some_cannot_be_decided(signins):
    lines = signins(UNSAID, again(UNSAID), FAILED).stdout.splitlines()
    assert lines[:2] == [
        "0 single-factor sign-ins among 3 console sign-ins in 3 records.",
        "2 more cannot be decided: the records do not say.",
    ]
    assert lines[4].endswith(
        f"unknown  unknown        the record does not say whether the session had MFA  {EVENT}"
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
    assert r"\u{1b}[2Jal ice\u{202e}" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_name_of_invisible_characters_leaves_no_blank(signins):
    identity = {**SINGLE["userIdentity"], "userName": "\u3164", "arn": None}
    done = signins({**SINGLE, "userIdentity": identity, "sourceIPAddress": "\u200b"})
    assert done.stdout.splitlines()[3].split()[:5] == [
        *("2026-01-15T08:30:00Z", "unknown", "123456789012", "us-east-1", "unknown")
    ]


def test_json_holds_everything(signins):
    done = signins(CALL, SINGLE, 5, options=["--format", "json"])
    whole = json.loads(done.stdout)
    place = whole["problems"][0]["place"]
    assert whole == {
        "records": 2,
        "console_sign_ins": 1,
        "single_factor": 1,
        "unknown": 0,
        "duplicates": 0,
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


@pytest.mark.parametrize(
    ("records", "first"),
    [
        (
            [SINGLE, 5],
            "AT LEAST 1 single-factor sign-in among 1 console sign-in in 1 record, and not "
            "everything could be read: 1 problem.",
        ),
        (
            [MULTI, 5],
            "UNKNOWN. 0 single-factor sign-ins among 1 console sign-in in 1 record that could be "
            "read, and not everything could be read: 1 problem.",
        ),
        (
            [5],
            "UNKNOWN. Could not tell whether anybody signed in with a single factor: no record "
            "could be read.",
        ),
    ],
)
def test_the_first_line_says_what_could_not_be_read(signins, records, first):
    assert signins(*records).stdout.splitlines()[0] == first


def test_a_file_that_is_not_there_is_no_clean_bill(tmp_path):
    done = CliRunner().invoke(group, ["signins", str(tmp_path / "missing.json")])
    assert done.stdout.startswith("UNKNOWN. Could not tell ")


def test_an_event_that_is_there_twice_counts_once(signins, tmp_path):
    copy = tmp_path / "copy.json"
    copy.write_text(json.dumps({"Records": [SINGLE, again(SINGLE)]}))
    files = [str(tmp_path / "trail.json"), str(copy)]
    told, listed = signins(SINGLE, files=files), signins(SINGLE, files=files, options=JSONL)
    assert told.stdout.splitlines()[:3] == [
        "2 single-factor sign-ins among 2 console sign-ins in 3 records.",
        "1 record repeats a sign-in that is counted already (same eventID).",
        "",
    ]
    assert [json.loads(each)["eventID"] for each in listed.stdout.splitlines()] == [
        EVENT,
        "another-event",
    ]


def test_json_says_how_many_were_duplicates(signins):
    whole = json.loads(signins(SINGLE, SINGLE, CALL, CALL, options=["--format", "json"]).stdout)
    counted = {key: whole[key] for key in ("records", "console_sign_ins", "duplicates")}
    assert counted == {"records": 4, "console_sign_ins": 1, "duplicates": 1}


def test_events_of_one_id_that_say_different_things_do_not_hide_each_other(signins):
    done = signins(MULTI, SINGLE, options=JSONL)
    factors = [json.loads(each)["factor"] for each in done.stdout.splitlines()]
    assert (done.exit_code, factors) == (1, ["multi", "single"])


def test_events_without_an_id_all_count(signins):
    nameless = {**SINGLE, "eventID": None}
    assert len(signins(nameless, nameless, options=JSONL).stdout.splitlines()) == 2


QUEUE_EVENT = {"version": "0", "detail-type": "AWS Console Sign In via CloudTrail",
               "detail": SINGLE}  # fmt: skip


@pytest.mark.parametrize(
    "whole",
    [
        lookup(SINGLE),
        lookup(CALL, SINGLE) | {"NextToken": "x"},
        lookup(SINGLE)["Events"],  # with --query Events
        [json.dumps(SINGLE)],  # with --query 'Events[].CloudTrailEvent'
        QUEUE_EVENT,
        [QUEUE_EVENT],
        {"Messages": [{"MessageId": "1", "Body": json.dumps(QUEUE_EVENT)}]},
        {"Messages": [{"Body": json.dumps({"Type": "Notification",
                                           "Message": json.dumps(QUEUE_EVENT)})}]},
        {"Records": [{"messageId": "1", "body": json.dumps(QUEUE_EVENT)}]},
        {"Type": "Notification", "Message": json.dumps({"Records": [SINGLE]})},
        {"events": [{"logStreamName": "x", "message": json.dumps(SINGLE)}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 4])
def test_a_sign_in_is_found_in_what_aws_wraps_around_it(whole, indent):
    given = json.dumps(whole, indent=indent)
    done = CliRunner().invoke(group, ["signins", "-", *JSONL], input=given)
    assert (done.exit_code, json.loads(done.stdout), done.stderr) == (1, LINE, "")


def test_events_of_a_queue_may_be_lines():
    given = "".join(f"{json.dumps(each)}\n" for each in (QUEUE_EVENT, CALL, QUEUE_EVENT))
    done = CliRunner().invoke(group, ["signins", "-", *JSONL], input=given)
    assert (done.exit_code, json.loads(done.stdout)) == (1, LINE)


def test_a_lookup_that_found_nothing_is_no_sign_in():
    done = CliRunner().invoke(group, ["signins", "-"], input=json.dumps({"Events": []}))
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_lookup_with_an_event_that_is_no_json_names_it_and_reads_the_others(tmp_path):
    path = tmp_path / "lookup.json"
    path.write_text(json.dumps(lookup('{"eventName": "Consol', SINGLE), indent=4))
    done = CliRunner().invoke(group, ["signins", str(path), *JSONL])
    assert (done.exit_code, json.loads(done.stdout)) == (2, LINE)
    assert done.stderr == (
        f"c7n-mfa signins: {path}, line 3, record 1: its CloudTrailEvent is no JSON (unterminated "
        "string starting, character 15); it was cut or changed, so fetch it again.\n"
    )


def test_a_lookup_without_the_records_is_no_clean_bill():
    given = json.dumps({"Events": [{"EventName": "ConsoleLogin", "Username": "alice"}]})
    done = CliRunner().invoke(group, ["signins", "-"], input=given)
    assert (done.exit_code, done.stderr) == (
        2,
        "c7n-mfa signins: standard input, line 1, record 1: this is no CloudTrail record, and "
        "holds none.\n",
    )


@pytest.mark.parametrize(("width", "fits"), [(80, False), (120, False), (220, True)])
def test_no_event_id_is_ever_broken_by_a_narrow_terminal(width, fits):
    tally, sign_in = Tally(), SignIn.from_record(SINGLE)
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(render(tally, [sign_in, sign_in]))
    lines = [each.rstrip() for each in console.file.getvalue().splitlines()]
    assert sum(EVENT in line for line in lines) == 2
    assert max(map(len, lines)) <= width
    assert (lines[2].split() == HEAD) is fits


def test_a_narrow_terminal_reads_some_lines_a_sign_in():
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(render(Tally(), [SignIn.from_record(SINGLE)]))
    assert console.file.getvalue().splitlines()[2:] == [
        "2026-01-15T08:30:00Z  alice  single-factor: YES, because MFAUsed is No",
        "  password, success, single, from 192.0.2.10",
        "  account 123456789012, us-east-1",
        f"  eventID {EVENT}",
    ]


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
