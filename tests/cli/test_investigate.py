# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa investigate`: no emulator answers all its questions, so the answers are set by hand."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from click.testing import CliRunner

from c7n_mfa.cli.commands import group
from c7n_mfa.investigation.page import markdown, to_dict
from c7n_mfa.signin.events import envelope
from calls import is_write
from investigated import (
    ACCOUNT,
    EVENT_ID,
    ago,
    answers,
    aws,
    call,
    event,
    the_root_sign_in,
    the_sign_in,
    trail_of,
)

OTHER_ID = "99999999-2222-3333-4444-555555555555"
IDENTITY = {"sts:GetCallerIdentity": {"Account": ACCOUNT, "Arn": "x", "UserId": "x"}}
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "LookupEvents")


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    # The pace of LookupEvents is tested where it is kept.
    monkeypatch.setattr("c7n_mfa.investigation.event_history.PACE_SECONDS", 0)


@pytest.fixture
def run():
    """Run the command against a script of answers: its result, and the calls that it made."""

    def run(*args, stdin=None, script=None, **trail):
        with aws({**answers(**trail), **IDENTITY, **(script or {})}) as made:
            result = CliRunner().invoke(group, ["investigate", *map(str, args)], input=stdin)
        return result, made

    return run


def parts_as_texts(record):
    return {
        name: json.dumps(part) if isinstance(part, dict) else part for name, part in record.items()
    }


@pytest.fixture
def file(tmp_path):
    def file(*records):
        path = tmp_path / "trail.json"
        path.write_text(json.dumps({"Records": list(records)}))
        return path

    return file


def test_a_file_is_investigated_and_printed_for_a_person(run, file):
    dangerous = call("CreateAccessKey", "iam", ago(minutes=-2))

    result, _ = run(file(the_sign_in()), **{"cloudtrail:LookupEvents": trail_of(dangerous)})

    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (1, "")
    assert lines[0].endswith(": alice signed in without MFA")
    assert [line for line in lines if line and not line.startswith(" ")][2:] == [
        "Why:",
        "What was found:",
        "Dangerous calls:",
        "What was not checked:",
        "What to do next:",
    ]
    assert any("iam:CreateAccessKey" in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(the_sign_in()), id="a record"),
        pytest.param(
            json.dumps(envelope(the_sign_in(), "us-east-1", ACCOUNT)), id="an event of EventBridge"
        ),
        pytest.param(json.dumps({"Events": [event(the_sign_in())]}), id="lookup-events"),
        pytest.param(f"{json.dumps(the_sign_in())}\n" * 2, id="the same twice"),
        pytest.param(
            json.dumps({"@message": json.dumps(parts_as_texts(the_sign_in()))}),
            id="a row of Logs Insights, and its parts as texts",
        ),
    ],
)
def test_every_shape_that_signins_reads_is_read(run, text):
    result, _ = run("-", "--format", "json", stdin=text)

    found = json.loads(result.stdout)
    assert (found["event_id"], found["sign_in"]["kind"]) == (EVENT_ID, "user")


def test_markdown_and_json_are_those_of_the_action(run, file, monkeypatch):
    written = []

    def keep(found):
        written.append(found)
        return to_dict(found)

    monkeypatch.setattr("c7n_mfa.cli.investigate.to_dict", keep)

    as_json, _ = run(file(the_sign_in()), "--format", "json")
    as_markdown, _ = run(file(the_sign_in()), "--format", "markdown")

    (dossier,) = written
    assert json.loads(as_json.stdout) == json.loads(json.dumps(to_dict(dossier)))
    assert as_markdown.stdout == markdown(dossier)


def test_an_event_is_looked_up_by_its_id_in_one_region_after_the_other(run):
    def answer(region, request):
        (wanted,) = request["LookupAttributes"]
        if wanted["AttributeKey"] != "EventId":
            return {"Events": []}
        assert wanted["AttributeValue"] == EVENT_ID
        return {"Events": [event(the_sign_in())] if region == "eu-north-1" else []}

    result, made = run(
        EVENT_ID, "--regions", "eu-north-1", "--format", "json",
        **{"cloudtrail:LookupEvents": answer},
    )  # fmt: skip

    by_id = [
        region
        for permission, region, request in made
        if permission == "cloudtrail:LookupEvents"
        and request["LookupAttributes"][0]["AttributeKey"] == "EventId"
    ]
    assert by_id == ["eu-west-1", "us-east-1", "us-east-2", "eu-north-1"]
    assert json.loads(result.stdout)["event_id"] == EVENT_ID


def test_an_event_that_cloudtrail_does_not_have_is_told(run):
    result, _ = run(EVENT_ID, script={"cloudtrail:LookupEvents": {"Events": []}})

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"c7n-mfa investigate: CloudTrail has no event {EVENT_ID} in eu-west-1, us-east-1, "
        "us-east-2, eu-north-1, ap-southeast-2, or not yet: it delivers events 5 to 15 minutes "
        "late; name another Region with --regions.\n"
    )


def test_a_lookup_that_is_denied_names_the_permission(run):
    result, _ = run(EVENT_ID, script={"cloudtrail:LookupEvents": DENIED})

    assert result.exit_code == 2
    assert result.stderr == (
        "c7n-mfa investigate: access denied: grant cloudtrail:LookupEvents on event "
        f"{EVENT_ID} in eu-west-1.\n"
    )


def test_of_several_sign_ins_one_has_to_be_named(run, file):
    two = file(the_sign_in(), {**the_root_sign_in(), "eventID": OTHER_ID}, call("x", "s3", ago()))

    unnamed, _ = run(two)
    named, _ = run(two, "--event-id", OTHER_ID, "--format", "json")
    unknown, _ = run(two, "--event-id", "another")

    listed = f"{EVENT_ID} (2026-11-20T12:00:00Z, alice); {OTHER_ID} (2026-11-20T12:00:00Z, root)"
    assert (unnamed.exit_code, unnamed.stdout) == (2, "")
    assert unnamed.stderr == (
        f"c7n-mfa investigate: {two} has 2 console sign-ins; name one with --event-id: {listed}.\n"
    )
    assert json.loads(named.stdout)["sign_in"]["who"] == "root"
    assert unknown.exit_code == 2
    assert unknown.stderr == (
        f"c7n-mfa investigate: {two} has no console sign-in another; it has {listed}.\n"
    )


def test_two_records_of_one_id_that_differ_are_not_guessed_between(run, file):
    two = file(the_sign_in(), the_sign_in(sourceIPAddress="192.0.2.99"))

    result, _ = run(two, "--event-id", EVENT_ID)

    assert result.exit_code == 2
    assert result.stderr == (
        f"c7n-mfa investigate: {two} has 2 different console sign-ins with the ID {EVENT_ID}.\n"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (json.dumps(call("ListUsers", "iam", ago())), "there is no console sign-in in {}"),
        ("nonsense", "{}, line 1: this is no JSON"),
        (None, "{}: it cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_sign_in_is_a_sentence(run, tmp_path, text, sentence):
    path = tmp_path / "it.json"
    if text is not None:
        path.write_text(text)

    result, _ = run(path)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"c7n-mfa investigate: {sentence.format(path)}")


def test_without_credentials_is_a_sentence(run, file):
    result, _ = run(file(the_sign_in()), script={"sts:GetCallerIdentity": NoCredentialsError()})

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "c7n-mfa investigate: AWS could not be asked: there are no AWS credentials. Give them, by "
        "AWS_PROFILE for one; `aws sts get-caller-identity` says whether they work.\n"
    )


def test_a_sign_in_of_another_account_cannot_be_told(run, file):
    elsewhere = {"Account": "210987654321", "Arn": "x", "UserId": "x"}

    result, made = run(
        file(the_sign_in()), "--format", "json", script={"sts:GetCallerIdentity": elsewhere}
    )

    assert {permission for permission, _, _ in made} == {"sts:GetCallerIdentity"}
    (gap,) = json.loads(result.stdout)["not_searched"]
    assert gap["why"] == f"it belongs to account {ACCOUNT}, and only 210987654321 can be queried"
    assert result.exit_code == 2


@pytest.mark.parametrize(("severity", "code"), [("low", 0), ("medium", 0), ("high", 1)])
def test_the_exit_status_is_by_severity(run, file, monkeypatch, severity, code):
    monkeypatch.setattr("c7n_mfa.investigation.gather.severity_of", lambda *_: severity)

    assert run(file(the_sign_in()))[0].exit_code == code


def test_regions_are_those_of_the_option(run, file):
    def asked(*options):
        _, made = run(file(the_sign_in()), *options)
        return {region for permission, region, _ in made if permission.startswith("cloudtrail")}

    named = asked("--regions", "sa-east-1")

    sign_ins = {"eu-west-1", "us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"}
    assert named == {*sign_ins, "sa-east-1"}
    assert asked("--regions", "all") == asked() == {*sign_ins, "ap-south-1"}


def test_it_changes_nothing(run, file):
    _, made = run(file(the_sign_in()))

    permissions = {permission for permission, _, _ in made} - {"iam:SimulatePrincipalPolicy"}
    assert [each for each in permissions if is_write(each)] == []
