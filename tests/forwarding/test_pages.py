# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The policies and pages of the forwarding say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from c7n.schema import ElementSchema

from c7n_mfa.forwarding import element as forwarding
from c7n_mfa.forwarding.values import REASONS
from c7n_mfa.signin.events import FORWARDED

ROOT = Path(__file__).parents[2]
NAMES = ("signin-forwarding-broken", "signin-forwarding-repair")
AUDIT, REPAIR = ((ROOT / "docs" / "rules" / f"{name}.md").read_text() for name in NAMES)


def test_every_reason_is_on_the_page_with_its_meaning():
    rows = re.findall(r"^\| `([a-z-]+)` \| (broken|unknown) \| (.+) \|$", AUDIT, re.MULTILINE)
    assert rows == [(r.code, r.verdict, r.meaning) for r in REASONS.values()]


def test_the_event_pattern_on_the_page_is_the_one_that_is_written():
    (shown,) = re.findall(r"```json\n(.*?)```", AUDIT, re.DOTALL)
    assert json.loads(shown) == FORWARDED


@pytest.mark.parametrize(
    ("page", "element"),
    [(AUDIT, forwarding.SigninForwarding), (REPAIR, forwarding.SetSigninForwarding)],
    ids=NAMES,
)
def test_every_option_is_in_the_table(page, element):
    options = re.search(r"^## Options\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)[1]
    listed = re.findall(r"^\| `([\w-]+)` \|", options, re.MULTILINE)
    properties = ElementSchema.schema({}, element)["properties"]
    assert sorted(listed) == sorted(set(properties) - {"type"})


def test_audit_and_repair_share_their_filters_word_for_word():
    texts = [(ROOT / "policies" / "respond" / f"{name}.yml").read_text() for name in NAMES]
    filters = [
        re.search(r"^    filters:\n((?:      .*\n)+)", text, re.MULTILINE)[1] for text in texts
    ]
    assert filters[0] == filters[1]
