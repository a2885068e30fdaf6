# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re

import pytest

from c7n_mfa.pattern.regex import automaton_of
from c7n_mfa.proof.families import FAMILIES
from signins import BY_NAME, belongs, fields

ALL = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def test_no_two_families_have_one_name():
    assert len(BY_NAME) == len(FAMILIES)


@ALL
def test_a_witness_is_a_record_of_its_family(family):
    assert belongs(family.witness, family)


@ALL
def test_a_witness_is_a_record_of_no_other_family(family):
    # The witness of a whole class of calls is like no sign-in.
    assert [other.name for other in FAMILIES if belongs(family.witness, other)] == [family.name]


@ALL
def test_a_witness_is_plain_json(family):
    assert json.loads(json.dumps(family.witness)) == family.witness


@ALL
def test_a_free_field_that_may_not_be_absent_is_in_the_witness(family):
    seen = dict(fields(family.witness))

    assert [
        path for path, free in family.free.items() if not free.optional and path not in seen
    ] == []


@ALL
def test_a_free_field_is_text(family):
    seen = dict(fields(family.witness))

    assert {type(seen[path]) for path in family.free if path in seen} == {str}


@ALL
def test_what_a_free_text_is_like_reads_the_same_to_both_kinds_of_regex(family):
    seen = dict(fields(family.witness))
    for path, free in family.free.items():
        for like in (free.like or "").split("|") if free.like else ():
            value = str(seen[path])
            found = automaton_of(f"^{like}$").accepts(value)
            assert found == bool(re.fullmatch(like, value))


@ALL
def test_a_sentence_goes_on_after_when(family):
    assert not family.sentence.endswith(".")
    assert family.sentence[0].islower() or family.sentence.startswith("an IAM")
    assert family.source


@ALL
def test_nobody_real_is_in_a_witness(family):
    text = json.dumps(family.witness)

    assert set(re.findall(r"\b[0-9]{12}\b", text)) <= {"123456789012"}
    assert re.findall(r"\d+\.\d+\.\d+\.\d+", text) in ([], ["192.0.2.10"])
    assert set(re.findall(r"[\w.]+@[\w.]+", text)) <= {"user@example.com"}


def test_the_kinds_of_families():
    kinds = {
        kind: [f.name for f in FAMILIES if f.kind == kind] for kind in {f.kind for f in FAMILIES}
    }

    assert kinds == {
        "single-factor": [
            "iam-user",
            "root",
            "broker-role",
            "broker-federated-user",
            "broker-role-unsaid",
            "iam-user-unsaid",
            "root-unsaid",
            "iam-user-bare",
            "iam-user-old-record",
        ],
        "multi-factor": ["iam-user-mfa", "root-mfa", "root-mfa-capitals", "broker-role-mfa"],
        "federated": ["saml", "identity-center"],
        "failure": ["iam-user-failure", "root-failure", "unknown-user-failure"],
        "unrelated": ["api-call", "check-mfa", "switch-role"],
    }


def test_a_role_of_a_broker_is_not_one_of_identity_center():
    arn = ("userIdentity", "sessionContext", "sessionIssuer", "arn")
    reserved = dict(fields(BY_NAME["identity-center"].witness))[arn]

    assert not re.fullmatch(BY_NAME["broker-role"].free[arn].like, reserved)
