# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from c7n_mfa.cli.commands import group
from c7n_mfa.pattern import parse
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import REQUIREMENTS

CIS = '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
SSO = (
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
    '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
)
ROOT = (
    '{ ($.eventName = "ConsoleLogin") && ($.userIdentity.type = "Root") && '
    '($.additionalEventData.MFAUsed = "No") }'
)
WITNESS = {family.name: family.witness for family in FAMILIES}


@pytest.fixture
def run(tmp_path):
    def run(*args, stdin=None):
        return CliRunner().invoke(group, ["pattern", *map(str, args)], input=stdin)

    return run


def as_json(result) -> dict:
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("args", "verdict", "status"),
    [
        ([REQUIREMENTS["single-factor"].canonical], "covers", 0),
        ([CIS], "covers", 0),
        ([CIS, "--strict"], "misses", 1),
        ([SSO], "misses", 1),
        ([SSO, "--requirement", "cis-iam-user"], "covers", 0),
        ([SSO, ROOT, "--requirement", "cis"], "covers", 0),
        (['{ ($.eventName = "ConsoleLogin") && ($.readOnly = *) }'], "unknown", 1),
        (["{ $.eventName = 'ConsoleLogin' }"], "invalid", 2),
        ([CIS, "{ $.eventName }"], "invalid", 2),
    ],
    ids=str,
)
def test_the_verdict_is_the_exit_status(run, args, verdict, status):
    result = run(*args, "--format", "json")

    assert (as_json(result)["verdict"], result.exit_code) == (verdict, status)


def test_json_has_the_keys_that_others_rely_on(run):
    found = as_json(run(SSO, "--format", "json"))

    assert found.keys() >= {
        "pattern",
        "requirement",
        "verdict",
        "blind_spots",
        "noise",
        "depends_on",
    }
    assert (found["pattern"], found["requirement"]) == (SSO, "single-factor")
    assert [(spot["family"], spot["grade"], spot["because"]) for spot in found["blind_spots"]] == [
        ("root", "observed", '$.userIdentity.type is "Root", not "IAMUser"'),
        ("broker-role", "observed", '$.userIdentity.type is "AssumedRole", not "IAMUser"'),
    ]


def test_every_example_is_what_it_claims(run):
    found = as_json(run(CIS, "--strict", "--format", "json"))

    pattern = parse(CIS)
    assert [pattern.match(spot["event"]) for spot in found["blind_spots"]] == [False] * 3
    assert [pattern.match(spot["event"]) for spot in found["noise"]] == [True] * 7


def test_text_says_the_verdict_first_and_what_to_write_instead_last(run):
    lines = run(SSO).stdout.splitlines()

    assert lines[:6] == [
        "MISSES single-factor. The pattern lets sign-ins through that have to be caught.",
        "",
        "Nobody is notified when:",
        "  the root user signs in with a password and no MFA",
        '    because $.userIdentity.type is "Root", not "IAMUser"',
        '    for example {"additionalEventData": {"MFAUsed": "No"}, "eventName": "ConsoleLogin", '
        '"responseElements": {"ConsoleLogin": "Success"}, "userIdentity": {"type": "Root"}}',
    ]
    assert lines[-2:] == [
        "A pattern that covers single-factor:",
        f"  {REQUIREMENTS['single-factor'].canonical}",
    ]


def test_a_refused_pattern_is_shown_with_the_fault_marked(run):
    result = run("{ $.eventName = 'ConsoleLogin' }")

    assert result.stdout == (
        "INVALID. AWS would refuse this pattern.\n"
        "\n"
        "Expected straight double quotes around a string\n"
        "    { $.eventName = 'ConsoleLogin' }\n"
        "                    ^\n"
    )


def test_a_pattern_is_read_from_a_file_without_its_last_line_break(run, tmp_path):
    path = tmp_path / "pattern.txt"
    path.write_text(CIS + "\n")

    assert as_json(run("--file", path, "--format", "json"))["pattern"] == CIS


@pytest.mark.parametrize("args", [["-"], ["--file", "-"]], ids=str)
def test_a_pattern_is_read_from_standard_input(run, args):
    assert as_json(run(*args, "--format", "json", stdin=CIS))["pattern"] == CIS


def test_an_event_is_explained_clause_by_clause(run, tmp_path):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(WITNESS["root"]))

    lines = run(SSO, "--event", path).stdout.splitlines()

    assert lines[:5] == [
        "The event does not match.",
        '  ✓ $.eventName = "ConsoleLogin": true, the field is "ConsoleLogin"',
        '  ✓ $.additionalEventData.MFAUsed != "Yes": true, the field is "No"',
        '  ✗ $.userIdentity.type = "IAMUser": false, the field is "Root"',
        '  ✓ $.responseElements.ConsoleLogin = "Success": true, the field is "Success"',
    ]


def test_an_absent_field_is_said_to_be_absent(run, tmp_path):
    path = tmp_path / "event.json"
    path.write_text("{}")

    assert run('{ $.a != "b" }', "--event", path).stdout.splitlines()[1] == (
        '  ✗ $.a != "b": false, the field is absent'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "holds no event: a JSON object was expected"),
        ("[" * 100_000, "holds no event: its JSON is nested too deeply"),
    ],
)
def test_an_event_file_that_holds_no_event_is_a_sentence(run, tmp_path, text, said):
    path = tmp_path / "event.json"
    path.write_text(text)

    result = run(CIS, "--event", path)

    assert (result.exit_code, said in result.stderr) == (2, True)
    assert "Traceback" not in result.stderr


def test_no_pattern_is_a_usage_error(run):
    result = run()

    assert result.exit_code == 2
    assert "Give a pattern, in single quotes, or --file FILE." in result.stderr


def test_a_change_is_reported_before_the_verdict(run):
    lines = run(SSO, "--was", CIS).stdout.splitlines()

    assert lines[:5] == [
        "NARROWER. The new pattern catches less than the old one.",
        "",
        "Lost, and must be caught: no longer caught when:",
        "  the root user signs in with a password and no MFA",
        '    because $.userIdentity.type is "Root", not "IAMUser"',
    ]
    assert (
        "MISSES single-factor. The pattern lets sign-ins through that have to be caught." in lines
    )


def test_a_change_of_spelling_is_equal(run):
    spelt = "{$.additionalEventData.MFAUsed!=Yes&&$.eventName=ConsoleLogin}"

    found = as_json(run(spelt, "--was", CIS, "--format", "json"))

    assert found["change"] == {"relation": "equal", "lost": [], "gained": [], "depends_on": []}


def test_an_old_pattern_that_aws_refuses_is_shown(run):
    result = run(CIS, "--was", "{ $.eventName == 1 }")

    assert result.exit_code == 2
    assert "AWS would refuse the pattern of --was." in result.stderr


def test_a_loss_that_is_only_possible_is_reported_as_that(run):
    args = ["--gate", "--was", "{ $.eventName = ConsoleLogin }", CIS]

    told, strict = run(*args), run(*args, "--strict")

    assert told.stdout.splitlines()[:4] == [
        "NARROWER. The new pattern catches less than the old one. Of what must be caught it loses "
        "only what is possible and not observed.",
        "",
        "Lost (possible): no longer caught when:",
        "  an IAM user signs in and the record has no MFAUsed",
    ]
    assert "must be caught: no longer" not in told.stdout
    assert strict.stdout.splitlines()[:3] == [
        "NARROWER. The new pattern catches less than the old one.",
        "",
        "Lost, and must be caught: no longer caught when:",
    ]
    assert (told.exit_code, strict.exit_code) == (0, 1)


def test_patterns_that_miss_and_are_too_broad_say_both_first(run):
    result = run('{ $.eventName = "ConsoleLogin" && $.userIdentity.type = "IAMUser" }')

    assert result.stdout.startswith(
        "MISSES, AND TOO BROAD: it also fires when an IAM user signs in "
    )
    assert result.exit_code == 1


def test_several_patterns_are_too_broad_together(run):
    first = run("ConsoleLogin", CIS).stdout
    assert first.startswith("COVERS, BUT TOO BROAD: they also fire when ")
    assert "so alarms mean nothing. single-factor: The 2 patterns together catch " in first


def test_bad_input_is_reported_by_its_reason_alone(run, tmp_path):
    missing = tmp_path / "missing"
    told = [
        run(*args).stderr
        for args in (
            [""],
            ["--file", missing],
            [CIS, "--event", missing],
            [CIS, "--event", tmp_path],
            [CIS, "--was", "{ $.eventName == 1 }"],
        )
    ]

    assert [each.splitlines()[0] for each in told] == [
        "c7n-mfa pattern: A pattern is empty, perhaps an unset variable; on AWS it would match "
        "every event.",
        f"c7n-mfa pattern: {missing} cannot be read: No such file or directory.",
        f"c7n-mfa pattern: {missing} cannot be read: No such file or directory.",
        f"c7n-mfa pattern: {tmp_path} cannot be read: Is a directory.",
        "c7n-mfa pattern: AWS would refuse the pattern of --was.",
    ]
    assert not any("Usage:" in each for each in told)


def test_options_that_are_wrong_are_shown_the_usage(run):
    result = run(CIS, "--requirement", "none")

    assert (result.exit_code, result.stderr.startswith("Usage: ")) == (2, True)


def test_noise_is_kept_apart_from_what_is_lost(run):
    lines = run('{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "No") }',
                "--was", CIS).stdout.splitlines()  # fmt: skip

    assert lines[:4] == [
        "NARROWER. The new pattern catches less than the old one.",
        "",
        "Less noise: no longer caught when:",
        '  the root user signs in with MFA and the record says "YES"',
    ]


@pytest.mark.parametrize(
    "pattern",
    ["ConsoleLogin", "{ $.eventName = ConsoleLogin && $.responseElements.ConsoleLogin = Success }"],
)
def test_a_pattern_that_is_too_broad_says_so_first_and_fails(run, pattern):
    told, gated = run(pattern), run(pattern, "--gate")

    assert told.stdout.startswith(
        "COVERS, BUT TOO BROAD: it also fires when an IAM user signs in with MFA, so its alarm "
        "means nothing. single-factor: The pattern catches every successful console sign-in "
    )
    assert (told.exit_code, gated.exit_code) == (1, 1)
    assert "iam-user-mfa" in as_json(run(pattern, "--format", "json"))["drowned"]


OWN = CIS.replace(" }", ' && ($.recipientAccountId = "210987654321") }')


def test_a_pattern_may_name_the_account_that_is_meant(run):
    cis = ("--requirement", "cis", "--format", "json")

    assert as_json(run(OWN, *cis))["verdict"] == "misses"
    assert as_json(run(OWN, *cis, "--account", "210987654321"))["verdict"] == "covers"
    other = as_json(run(OWN, *cis, "--account", "111122223333"))
    assert other["verdict"] == "misses"
    assert other["blind_spots"][0]["event"]["userIdentity"]["arn"] == (
        "arn:aws:iam::111122223333:user/alice"
    )


def test_a_pattern_may_name_the_partition_of_the_account(run):
    cis = ("--requirement", "cis", "--account", "210987654321", "--format", "json")
    own = CIS.replace(" }", ' && ($.userIdentity.arn = "arn:aws-cn:*") }')

    assert as_json(run(own, *cis))["verdict"] == "misses"
    assert as_json(run(own, *cis, "--partition", "aws-cn"))["verdict"] == "covers"


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--account", "1234", "'1234' is no account number; it has twelve digits"),
        ("--partition", "cn", "'cn' is no partition; they are named like aws-cn"),
    ],
)
def test_an_account_that_is_none_is_refused(run, option, value, why):
    given = {"--account": "210987654321", option: value}
    result = run(CIS, *(part for pair in given.items() for part in pair))

    assert result.exit_code == 2
    assert why in " ".join(result.stderr.split())


@pytest.mark.parametrize("pattern", ["", "  ", "\n"])
def test_an_empty_pattern_is_no_proof(run, pattern):
    result = run(pattern)

    assert result.exit_code == 2
    assert "perhaps an unset variable" in result.stderr


def test_a_file_name_in_place_of_a_pattern_is_recognised(run, tmp_path):
    path = tmp_path / "pattern.txt"
    path.write_text(CIS)

    result = run(path)

    assert result.exit_code == 2
    assert f"to read the pattern in it: --file {path}" in result.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_in_another_encoding_is_a_sentence(run, tmp_path, encoding):
    path = tmp_path / "pattern.txt"
    path.write_bytes('{ $.a = "é" }'.encode(encoding))

    result = run("--file", path)

    assert result.exit_code == 2
    assert f"{path} is not UTF-8 text" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_byte_order_mark_is_none_of_the_pattern(run, tmp_path):
    path = tmp_path / "pattern.txt"
    path.write_text(CIS, encoding="utf-8-sig")

    assert as_json(run("--file", path, "--format", "json"))["pattern"] == CIS


@pytest.mark.parametrize(
    "wrap",
    [
        lambda event: {"Records": [event]},
        lambda event: {"detail-type": "AWS Console Sign In via CloudTrail", "detail": event},
    ],
)
def test_an_event_is_taken_out_of_its_envelope(run, tmp_path, wrap):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(wrap(WITNESS["iam-user"])))

    assert run(CIS, "--event", path).stdout.splitlines()[0] == "The event matches."


def test_a_file_of_several_records_is_refused(run, tmp_path):
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"Records": [WITNESS["root"], WITNESS["iam-user"]]}))

    assert "holds 2 records; give one." in run(CIS, "--event", path).stderr
