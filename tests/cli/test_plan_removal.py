# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan` of removals, of deliveries and of several policies, on moto."""

from __future__ import annotations

import json

import pytest
import yaml
from c7n.config import Config
from c7n.loader import PolicyLoader
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.cli.commands import group
from c7n_mfa.proof.requirements import REQUIREMENTS
from calls import denied, is_write, watched

REPAIR = """
policies:
  - name: repair
    resource: aws.account
    actions:
      - type: set-signin-monitoring
        subscriptions:
          - protocol: sqs
            endpoint: arn:aws:sqs:us-east-1:123456789012:security
"""

REMOVAL = """
policies:
  - name: removal
    resource: aws.account
    actions:
      - type: remove-signin-monitoring
"""


@pytest.fixture
def run(tmp_path):
    def run(*args, policy=REPAIR):
        path = tmp_path / "repair.yml"
        path.write_text(policy)
        return CliRunner().invoke(group, ["plan", str(path), "-r", account.REGION, *args])

    return run


def repair() -> None:
    """Run the action of the repair policy, without what custodian does around it."""
    config = Config.empty(region=account.REGION, account_id=account.ACCOUNT)
    (policy,) = PolicyLoader(config).load_data(yaml.safe_load(REPAIR), "memory://")
    (action,) = policy.resource_manager.actions
    action.process([{"account_id": account.ACCOUNT}])


@mock_aws
def test_a_removal_is_a_list_of_changes_too(run):
    account.add_trail()
    repair()

    with watched() as calls:
        result = run(policy=REMOVAL)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "123456789012: 5 changes (removal; intact now)"
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_a_removal_where_nothing_is_ours_is_nothing_to_do(run):
    account.add_trail()

    result = run(policy=REMOVAL)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "123456789012: nothing to do (removal; broken now)"


@mock_aws
def test_a_removal_that_could_not_look_cannot_be_told(run):
    account.add_trail()

    with watched({"logs:ListTagsForResource": denied}):
        result = run(policy=REMOVAL)

    assert result.exit_code == 2
    assert "grant logs:ListTagsForResource" in result.stdout


@mock_aws
def test_several_policies_are_planned_each_and_the_worst_ends_the_command(run, tmp_path):
    account.add_good_chain(REQUIREMENTS["cis-iam-user"].canonical)
    second = tmp_path / "second.yml"
    second.write_text(
        REPAIR.replace("name: repair", "name: second").replace(
            "subscriptions", "requirement: cis-iam-user\n        subscriptions"
        )
    )

    result = run(str(second), "--format", "json")

    plans = json.loads(result.stdout)
    assert [(plan["policy"], plan["verdict"]) for plan in plans] == [
        ("repair", "broken"),
        ("second", "intact"),
    ]
    assert result.exit_code == 1


@mock_aws
def test_a_delivery_is_planned_with_reasons_and_undo(run):
    account.client("s3").create_bucket(Bucket="trail-bucket")
    trails = account.client("cloudtrail")
    trails.create_trail(Name="management", S3BucketName="trail-bucket", IsMultiRegionTrail=True)
    trails.start_logging(Name="management")

    create = "log-delivery: create\n        subscriptions"

    with watched() as calls:
        result = run(policy=REPAIR.replace("subscriptions", create))

    lines = [line.strip("│├└─ ") for line in result.stdout.splitlines()]
    assert (result.exit_code, lines[0]) == (1, "123456789012: 11 changes (repair; broken now)")
    at = next(n for n, line in enumerate(lines) if line.startswith("+ trail delivery"))
    assert lines[at : at + 2] == [
        "+ trail delivery planned arn:aws:cloudtrail:us-east-1:123456789012:trail/management "
        "(cloudtrail:UpdateTrail): a metric filter sees only what the trail delivers to a log "
        "group",
        "undo: cloudtrail:UpdateTrail",
    ]
    assert [made for made in calls.made if is_write(made)] == []
