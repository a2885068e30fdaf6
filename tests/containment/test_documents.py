# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The inline policies, compared whole, and read back."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from c7n_mfa.containment import documents
from c7n_mfa.containment.documents import Form

PAGE = Path(__file__).parents[2] / "docs" / "containment.md"
WHEN = datetime(2026, 11, 21, 9, 30, 5, tzinfo=UTC)
FORMS = [Form(scope, enrolment) for scope in ("console", "all") for enrolment in ("closed", "open")]


def statement(**changes):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*", **changes}]}


def test_the_console_scope_denies_everything_where_mfa_is_known_to_be_absent():
    assert documents.require_mfa(Form("console", "closed")) == statement(
        Action="*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    )


def test_the_scope_of_all_denies_everything_where_mfa_is_not_said_either():
    assert documents.require_mfa(Form("all", "closed")) == statement(
        Action="*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    )


def test_open_enrolment_leaves_what_it_takes_to_enrol_a_device():
    assert documents.require_mfa(Form("console", "open")) == statement(
        NotAction=[
            "iam:ChangePassword",
            "iam:CreateVirtualMFADevice",
            "iam:EnableMFADevice",
            "iam:GetAccountPasswordPolicy",
            "iam:GetMFADevice",
            "iam:GetUser",
            "iam:ListMFADevices",
            "iam:ListVirtualMFADevices",
            "iam:ResyncMFADevice",
            "sts:GetSessionToken",
        ],
        Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    )


OLDER = statement(
    Action="*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2026-11-21T09:30:05Z"}}
)


def test_sessions_issued_before_a_time_and_all_of_aws_login_are_denied_everything():
    oauth = statement(Action="*", Condition={"Null": {"aws:SignInSessionArn": "false"}})
    assert documents.revoke_sessions(WHEN) == {
        "Version": "2012-10-17",
        "Statement": OLDER["Statement"] + oauth["Statement"],
    }


def test_a_roles_sessions_are_denied_as_the_iam_console_does():
    assert documents.revoke_older(WHEN) == OLDER


def test_a_time_of_another_zone_is_written_in_utc():
    there = WHEN.astimezone(timezone(timedelta(hours=9)))
    assert documents.revoke_sessions(there) == documents.revoke_sessions(WHEN)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_form_is_read_back_from_its_document(form):
    text = documents.text_of(documents.require_mfa(form))
    assert documents.form_of(json.loads(text)) == form


def test_a_time_is_read_back_from_its_document():
    assert documents.cutoff_of(documents.revoke_sessions(WHEN)) == WHEN


def test_a_time_is_read_from_what_earlier_functions_put():
    assert documents.cutoff_of(documents.revoke_older(WHEN)) == WHEN


def edits(document):
    """The document with one thing changed, as somebody may have edited it."""
    for key, value in (("Effect", "Allow"), ("Resource", "arn:aws:s3:::a"), ("Action", "s3:*")):
        edited = copy.deepcopy(document)
        edited["Statement"][0][key] = value
        yield edited
    extra = copy.deepcopy(document)
    extra["Statement"].append(extra["Statement"][0])
    yield extra


@pytest.mark.parametrize("document", [None, [], {}, "text", {"Statement": []}, {"Statement": None}])
def test_what_is_no_document_has_no_form_and_no_time(document):
    assert documents.form_of(document) is None
    assert documents.cutoff_of(document) is None


@pytest.mark.parametrize("document", list(edits(documents.require_mfa(Form()))), ids=str)
def test_an_edited_policy_has_no_form(document):
    assert documents.form_of(document) is None


@pytest.mark.parametrize("document", list(edits(documents.revoke_sessions(WHEN))), ids=str)
def test_an_edited_policy_has_no_time(document):
    assert documents.cutoff_of(document) is None


@pytest.mark.parametrize("text", ["yesterday", "2026-11-21", "2026-11-21T09:30:05", 5, None])
def test_a_text_that_is_no_time_with_a_zone_is_no_time(text):
    document = documents.revoke_sessions(WHEN)
    document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"] = text
    assert documents.cutoff_of(document) is None


def test_both_policies_closed_take_a_quarter_of_the_quota():
    both = documents.require_mfa(Form("all", "closed")), documents.revoke_sessions(WHEN)
    assert sum(map(documents.size_of, both)) <= documents.QUOTA // 4


def test_both_policies_at_their_largest_take_a_third_of_the_quota():
    both = documents.require_mfa(Form("all", "open")), documents.revoke_sessions(WHEN)
    assert sum(map(documents.size_of, both)) <= documents.QUOTA // 3


def test_the_page_names_their_sizes():
    closed, opened = (documents.require_mfa(Form("all", each)) for each in ("closed", "open"))
    sizes = map(documents.size_of, (closed, documents.revoke_sessions(WHEN), opened))
    sentence = "These two take at most {} and {}, and {} with enrolment open.".format(*sizes)
    assert sentence in PAGE.read_text(encoding="utf-8")


def test_white_space_does_not_count_and_none_is_sent():
    document = documents.require_mfa(Form("all", "open"))
    assert documents.size_of(document) == len(documents.text_of(document))
