# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Every labelled record is classified as it is labelled."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from c7n_mfa.signin.record import REASONS, SignIn

from .peers import PEERS
from .records import RECORDS

each_record = pytest.mark.parametrize("labelled", RECORDS, ids=lambda each: each.name)


@each_record
def test_record_is_what_its_label_says(labelled):
    found = SignIn.from_record(labelled.record)
    said = found and {
        "path": found.path,
        "outcome": found.outcome,
        "factor": found.factor,
        "single_factor": found.is_single_factor,
    }
    assert said == labelled.expect


def test_the_set_is_large_enough():
    assert len(RECORDS) >= 200
    assert len({each.name for each in RECORDS}) == len(RECORDS)


def test_every_record_says_where_it_comes_from():
    assert [each.name for each in RECORDS if not each.source] == []


def test_records_are_all_different():
    doubles = [
        (one.name, other.name)
        for one, other in itertools.combinations(RECORDS, 2)
        if one.record == other.record
    ]
    assert doubles == []


def test_records_of_one_kind_have_one_verdict():
    verdicts = {(each.kind, each.single_factor) for each in RECORDS}
    assert [kind for kind, n in Counter(kind for kind, _ in verdicts).items() if n > 1] == []


def test_every_path_outcome_and_factor_occurs():
    seen = {value for each in RECORDS if each.expect for value in each.expect.values()}
    assert seen >= {"password", "saml", "identity-center", "web-identity", "broker"}
    assert seen >= {"success", "failure", "single", "multi", "unknown", True, False, None}


def test_every_reason_occurs():
    found = [SignIn.from_record(each.record) for each in RECORDS]
    assert {code for each in found if each for code in each.reasons} == set(REASONS)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_fires_on_the_plain_sign_in_of_a_user_and_not_on_another_event(peer):
    by_name = {each.name: each.record for each in RECORDS}
    assert peer.fires(by_name["an IAM user without MFA"])
    assert not peer.fires(by_name["CheckMfa"])


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_answers_on_every_record(peer):
    assert {type(peer.fires(each.record)) for each in RECORDS} == {bool}
