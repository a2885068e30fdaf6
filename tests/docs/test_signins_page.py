# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The matrix of detectors: whole, and without a wrong cell of ours."""

from __future__ import annotations

import pytest

from docs.build.pages import DOCS
from docs.build.signins import GROUPS, KINDS, matrix, short_matrix
from tests.signin.peers import PEERS
from tests.signin.records import RECORDS

ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in matrix().splitlines()]
HEAD, BODY = ROWS[0], ROWS[2:]


def test_every_kind_of_record_has_its_row():
    assert {each.kind for each in RECORDS} == set(KINDS)
    assert [row[0] for row in BODY[:-2]] == list(KINDS.values())


def test_every_record_is_counted_once():
    assert sum(int(row[1]) for row in BODY[:-2]) == len(RECORDS)


def test_every_peer_has_its_column():
    assert HEAD[4:] == [peer.name for peer in PEERS]


def test_ours_has_no_wrong_cell():
    assert [row[0] for row in BODY if "**" in row[3]] == []


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_one_and_the_last_rows_count_it(peer):
    column = HEAD.index(peer.name)
    off = {"missed": 0, "fired for nothing": 0}
    for row in BODY[:-2]:
        count = int(row[column].strip("*"))
        if row[2] == row[1]:
            off["missed"] += int(row[1]) - count
        elif row[2] == "0":
            off["fired for nothing"] += count
    assert off == {row[0].strip("*"): int(row[column].strip("*")) for row in BODY[-2:]}
    assert sum(off.values()) > 0


def test_the_short_matrix_is_on_the_page_and_counts_every_kind_that_can_be_known():
    known = {each.kind for each in RECORDS if each.single_factor is not None}
    assert "broker" not in known

    assert short_matrix() in (DOCS / "signins.md").read_text(encoding="utf-8")
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(known)
