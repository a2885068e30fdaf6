# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The metric-filter filter, through c7n's own policy loading, on moto."""

from __future__ import annotations

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from c7n_mfa.proof.requirements import REQUIREMENTS
from calls import watched

CIS = '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
SSO = (
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
    '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
)
DEAD = (
    '{ ($.eventName = "ConsoleLogin") && ($.responseElements.ConsoleLogin = "Success") && '
    '($.errorMessage != "Failed authentication") }'
)
FILTERS = {
    "ours": REQUIREMENTS["single-factor"].canonical,
    "cis": CIS,
    "sso": SSO,
    "dead": DEAD,
    "failures": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "trails": '{ $.eventName = "DeleteTrail" }',
    "switch": '{ $.eventName = "SwitchRole" }',
    "words": "ERROR",
}


@pytest.fixture
def kept(request):
    """The names of the metric filters that a state and other options keep."""

    def kept(*states, **options):
        policy = PyTestUtils(request).load_policy(
            {
                "name": "signin-filters",
                "resource": "aws.log-metric",
                "filters": [{"type": "signin-coverage", "state": list(states), **options}],
            },
            config={"region": account.REGION, "account_id": account.ACCOUNT},
        )
        return {found["filterName"]: found["c7n:signin-coverage"] for found in policy.run()}

    return kept


@pytest.fixture
def filters():
    with mock_aws():
        account.client("logs").create_log_group(logGroupName=account.GROUP)
        for name, pattern in FILTERS.items():
            account.add_filter(pattern, filterName=name)
        yield


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("covers", {"ours", "cis"}),
        ("misses", {"sso", "dead", "failures"}),
        ("never-fires", {"dead"}),
        ("noisy", {"cis", "failures"}),
        ("unknown", set()),
    ],
)
def test_a_state_keeps_exactly_its_metric_filters(filters, kept, state, names):
    assert kept(state).keys() == names


def test_several_states_keep_what_is_in_any(filters, kept):
    assert kept("covers", "never-fires").keys() == {"ours", "cis", "dead"}


def test_the_requirement_decides(filters, kept):
    assert kept("covers", requirement="cis-iam-user").keys() == {"ours", "cis", "sso"}


def test_strict_asks_for_possible_sign_ins_too(filters, kept):
    assert kept("covers", strict=True).keys() == {"ours"}


def test_blind_spots_are_annotated_with_their_reason(filters, kept):
    spots = kept("never-fires")["dead"]["blind_spots"]

    assert [(spot["family"], spot["because"]) for spot in spots] == [
        (name, "$.errorMessage is absent, and a comparison with a missing field is false")
        for name in ("iam-user", "root", "broker-role")
    ]


def test_a_pattern_that_hangs_on_undocumented_behaviour_is_unknown(filters, kept):
    pattern = '{ ($.eventName = "ConsoleLogin") && ($.readOnly = *) }'
    account.add_filter(pattern, filterName="open")

    found = kept("unknown")

    assert found.keys() == {"open"}
    assert [each["name"] for each in found["open"]["depends_on"]] == ["boolean-presence"]


def test_a_pattern_that_cannot_be_read_is_unknown(filters, kept):
    # AWS would refuse it; moto stores whatever it is given.
    account.add_filter("{ $.eventName == 'ConsoleLogin' }", filterName="unreadable")

    assert kept("unknown")["unreadable"]["states"] == ["unknown"]


def test_only_the_metric_filters_are_read(filters, kept):
    with watched() as calls:
        kept("covers")

    assert calls.made == ["logs:DescribeMetricFilters"]


def test_a_state_that_does_not_exist_is_refused_by_name(kept):
    with pytest.raises(PolicyValidationError, match="sleepy"):
        kept("sleepy")
