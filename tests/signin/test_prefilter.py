# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The prefilter: it stops what is certainly no single-factor sign-in, and loses none."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from c7n.mu import CloudWatchEventSource
from hypothesis import assume, given
from hypothesis import strategies as st

from c7n_mfa.aws.event_pattern import matches
from c7n_mfa.forwarding.meaning import is_candidate
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.signin.events import DETAIL_TYPES, FORWARDED, MODE, envelope

ACCOUNT = "123456789012"


def rendered() -> dict[str, Any]:
    """The event pattern of a policy's rule, as custodian writes it."""
    event = {"event": "ConsoleLogin", "source": "signin.amazonaws.com", "ids": "userIdentity.arn"}
    mode = {"type": "cloudtrail", "events": [event], "pattern": copy.deepcopy(MODE)}
    return json.loads(CloudWatchEventSource(mode, lambda: None).render_event_pattern())


PATTERNS = {"forwarding": FORWARDED, "policy": rendered()}
each_pattern = pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
each_spelling = pytest.mark.parametrize("spelling", DETAIL_TYPES)


def passed(pattern: dict, record: Any, spelling: str = DETAIL_TYPES[0]) -> bool | None:
    return matches(pattern, envelope(record, "eu-north-1", ACCOUNT, spelling))


# Nothing is lost


@each_spelling
@each_pattern
@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if is_candidate(f.witness)], ids=lambda family: family.name
)
def test_a_sign_in_that_may_have_a_single_factor_passes(family, pattern, spelling):
    assert passed(pattern, family.witness, spelling) is True


@each_pattern
def test_what_is_certainly_none_is_stopped_where_that_is_told_by_an_exact_value(pattern):
    # SAML, Identity Center, "YES" and the session's MFA pass, and are sorted out by the filter.
    stopped = {f.name for f in FAMILIES if not passed(pattern, f.witness)}
    assert stopped == {
        "api-call",
        "check-mfa",
        "iam-user-failure",
        "iam-user-mfa",
        "root-failure",
        "root-mfa",
        "switch-role",
        "unknown-user-failure",
    }


def test_both_patterns_are_of_one_mind_about_every_family():
    answers = {
        name: [passed(pattern, f.witness) for f in FAMILIES] for name, pattern in PATTERNS.items()
    }
    assert answers["forwarding"] == answers["policy"]


POLICIES = sorted((Path(__file__).parents[2] / "policies" / "respond").glob("*.yml"))
RESPONDING = {
    path.stem: policy["mode"]
    for path in POLICIES
    for policy in yaml.safe_load(path.read_text())["policies"]
    if policy.get("mode", {}).get("type") == "cloudtrail"
}


@pytest.mark.parametrize("mode", RESPONDING.values(), ids=RESPONDING)
def test_a_policy_that_responds_has_this_pattern(mode):
    assert mode["pattern"] == MODE


# Anything but lists, which EventBridge does not tell from what they hold.
SAID = st.sampled_from(["Yes", "yes", "YES", " Yes ", "No", "no", "", "true", "Maybe", "Success"])
SAID |= st.sampled_from(["Failure", "failure", "FAILURE ", "success"])
ODD = st.none() | st.booleans() | st.integers() | SAID | st.text(max_size=5)
VALUES = ODD | st.dictionaries(st.sampled_from(["MFAUsed", "ConsoleLogin", "x"]), ODD, max_size=2)
PATHS = [
    ("additionalEventData",),
    ("additionalEventData", "MFAUsed"),
    ("additionalEventData", "SamlProviderArn"),
    ("errorMessage",),
    ("responseElements",),
    ("responseElements", "ConsoleLogin"),
    ("userIdentity",),
    ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
    ("userIdentity", "type"),
]
GONE = object()


def changed(record: dict, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        if not isinstance(record.get(name), dict):
            return
        record = record[name]
    if value is GONE:
        record.pop(path[-1], None)
    else:
        record[path[-1]] = value


@each_pattern
@given(
    family=st.sampled_from(FAMILIES),
    changes=st.lists(st.tuples(st.sampled_from(PATHS), st.just(GONE) | VALUES), max_size=4),
)
def test_no_record_that_may_be_one_is_stopped_whatever_its_fields_hold(pattern, family, changes):
    record = copy.deepcopy(dict(family.witness))
    for path, value in changes:
        changed(record, path, value)
    assume(is_candidate(record))

    assert passed(pattern, record) is True


def test_a_list_is_the_one_thing_that_is_lost():
    # Ours calls it nonsense and so unknown; EventBridge sees a Yes. CloudTrail writes no list here.
    record = copy.deepcopy(dict(FAMILIES[0].witness))
    record["additionalEventData"]["MFAUsed"] = ["Yes"]
    assert is_candidate(record)
    assert passed(FORWARDED, record) is False
