# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The account action test-signin-monitoring, on moto.

moto knows no alarm history at all; its answers are set by hand here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from c7n_mfa.repair.alarm_test import Clock
from c7n_mfa.repair.element import SigninMonitoringTest
from calls import is_write, watched

KEY = "c7n:signin-monitoring-drill"
ALARM = f"arn:aws:cloudwatch:us-east-1:{account.ACCOUNT}:alarm:SignIns"
SUCCEEDED = {
    "HistoryItemType": "Action",
    "HistorySummary": f"Successfully executed action {account.TOPIC}",
}
STATE_UPDATE = {"HistoryItemType": "StateUpdate", "HistorySummary": "Alarm updated to ALARM"}


@pytest.fixture
def load(request):
    def load(**options):
        return PyTestUtils(request).load_policy(
            {
                "name": "tested",
                "resource": "aws.account",
                "filters": [{"type": "signin-monitoring", "state": ["intact", "broken"]}],
                "actions": [{"type": "test-signin-monitoring", **options}],
            },
            config={"region": account.REGION, "account_id": account.ACCOUNT},
        )

    return load


@pytest.fixture
def run(load, tmp_path, monkeypatch):
    """Run the alarm test: the account's annotation and the receipt that custodian wrote."""
    times = []

    def now():
        return datetime.fromtimestamp(sum(times), UTC)

    monkeypatch.setattr(SigninMonitoringTest, "clock", Clock(now, times.append))

    def run(*history, **options):
        policy = load(**options)
        policy.options["output_dir"] = str(tmp_path)
        answer = {"AlarmHistoryItems": [*history]}
        with watched(stubs={"cloudwatch:DescribeAlarmHistory": answer}) as calls:
            (found,) = policy.run()
        (path,) = tmp_path.rglob("action-drillsigninmonitoring")
        (receipt,) = json.loads(path.read_text())
        assert receipt == {"account_id": account.ACCOUNT, "drills": found[KEY]}
        return found[KEY], calls.made

    return run


@mock_aws
def test_the_alarm_of_an_intact_chain_is_tested_and_the_account_annotated(run):
    account.add_good_chain()
    (before,) = account.client("cloudwatch").describe_alarms()["MetricAlarms"]

    (test,), made = run(STATE_UPDATE, SUCCEEDED)

    (after,) = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (test["alarm"], test["result"]) == (ALARM, "accepted")
    assert after["StateValue"] == before["StateValue"]
    assert [call for call in made if is_write(call)] == ["cloudwatch:SetAlarmState"] * 2


@mock_aws
def test_a_history_without_an_action_is_no_acceptance(run):
    account.add_good_chain()

    (test,), _ = run(STATE_UPDATE, **{"wait-seconds": 3})

    assert (test["result"], test["why"], test["restored"]) == (
        "unanswered",
        "the alarm's history says nothing of topic Told after 3 s",
        True,
    )


@mock_aws
def test_without_any_alarm_the_test_is_skipped_with_a_reason(run):
    account.add_trail()

    (test,), made = run()

    assert (test["result"], test["why"]) == (
        "skipped",
        "no chain has an alarm that could be tested",
    )
    assert [call for call in made if is_write(call)] == []


@mock_aws
def test_calls_are_a_subset_of_the_declared_permissions(run, load):
    account.add_good_chain()

    _, made = run(SUCCEEDED)

    assert set(made) - {"sts:GetCallerIdentity"} <= load().get_permissions()


@pytest.mark.parametrize("seconds", [0, 601, "30"])
def test_a_wrong_wait_is_refused(load, seconds):
    with pytest.raises(PolicyValidationError) as caught:
        load(**{"wait-seconds": seconds})

    assert "wait-seconds" in str(caught.value)


def test_no_shipped_policy_runs_it(root):
    files = list((root / "policies").rglob("*.yml"))

    assert files
    assert [path for path in files if "test-signin-monitoring" in path.read_text()] == []
