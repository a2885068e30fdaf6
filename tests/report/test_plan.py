# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan`, on moto."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.commands import group
from calls import denied, is_write, watched

POLICY = """
policies:
  - name: repair
    resource: aws.account
    filters:
      - type: signin-monitoring
    actions:
      - type: set-signin-monitoring
        subscriptions:
          - protocol: email
            endpoint: user@example.com
"""


@pytest.fixture
def run(tmp_path):
    def run(*args, policy=POLICY):
        path = tmp_path / "repair.yml"
        path.write_text(policy)
        return CliRunner().invoke(group, ["plan", str(path), "-r", account.REGION, *args])

    return run


@mock_aws
def test_a_broken_chain_is_a_list_of_changes_and_nothing_is_written(run):
    account.add_trail()

    with watched() as calls:
        result = run()

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0] == "123456789012: 5 changes (repair; broken now)"
    assert [line for line in lines if "planned" in line and "└── + alarm" in line]
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_json_holds_every_step_with_call_and_undo(run):
    account.add_trail()

    (plan,) = json.loads(run("--format", "json").stdout)

    assert [(step["step"], step["result"]) for step in plan["steps"]] == [
        ("topic", "planned"),
        ("topic-policy", "planned"),
        ("subscription", "planned"),
        ("metric-filter", "planned"),
        ("alarm", "planned"),
    ]
    assert [step["call"]["operation"] for step in plan["steps"]] == [
        "create_topic",
        "set_topic_attributes",
        "subscribe",
        "put_metric_filter",
        "put_metric_alarm",
    ]


@mock_aws
def test_an_intact_chain_is_nothing_to_do(run):
    account.add_good_chain()

    result = run()

    assert result.exit_code == 0
    assert "nothing to do" in result.stderr


@mock_aws
def test_a_chain_that_cannot_be_repaired_says_why(run):
    result = run()

    assert result.exit_code == 2
    assert result.stdout.splitlines()[0] == (
        "123456789012: cannot be repaired (repair; broken now)"
    )
    assert "create a multi-Region trail" in result.stdout


@mock_aws
def test_an_unknown_chain_cannot_be_told(run):
    account.add_trail()

    with watched({"logs:DescribeMetricFilters": denied}):
        result = run()

    assert result.exit_code == 2
    assert "grant logs:DescribeMetricFilters" in result.stdout


@mock_aws
@pytest.mark.parametrize("policy", ["policies: [", POLICY.replace("protocol", "protocl")])
def test_a_bad_policy_file_ends_with_2_and_custodians_own_words(run, policy):
    result = run(policy=policy)

    assert result.exit_code == 2
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)


@mock_aws
def test_credentials_that_do_not_work_are_a_sentence(run):
    with watched({"sts:GetCallerIdentity": denied}):
        result = run()

    assert result.exit_code == 2
    assert "access denied: grant sts:GetCallerIdentity" in result.stdout
