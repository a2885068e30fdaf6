# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What the page of permissions says of log-delivery, which no shipped policy uses."""

from __future__ import annotations

import json
import re

from c7n_mfa.repair.operations import DELIVERY
from docs.build.pages import DOCS

PAGE = (DOCS / "permissions.md").read_text(encoding="utf-8")


def document() -> dict:
    section = PAGE.partition("## With log-delivery: create\n")[2]
    return json.loads(re.findall(r"```json\n(.*?)```", section, re.DOTALL)[0])


def test_the_document_grants_what_the_option_asks_for_and_no_more():
    granted = {action for each in document()["Statement"] for action in each["Action"]}

    assert granted == set(DELIVERY)


def test_the_role_may_be_handed_to_cloudtrail_only():
    (passing,) = [each for each in document()["Statement"] if each["Sid"] == "PassRole"]

    assert passing["Resource"] == "arn:aws:iam::123456789012:role/c7n-mfa-*"
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}
    }


def test_no_write_is_granted_on_everything():
    wide = [each for each in document()["Statement"] if each["Resource"] == "*"]

    assert [each["Sid"] for each in wide] == ["Read"]
