# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan`, on moto."""

from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.cli.commands import group
from c7n_mfa.proof.requirements import REQUIREMENTS
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

QUEUE = POLICY.replace("protocol: email", "protocol: sqs").replace(
    "user@example.com", account.QUEUE
)
FORWARDING = """
policies:
  - name: forward
    resource: aws.account
    filters:
      - {type: signin-forwarding, home: us-east-1, regions: [eu-west-1]}
    actions:
      - {type: set-signin-forwarding, home: us-east-1, regions: [eu-west-1]}
"""
RESPOND = """
policies:
  - name: told
    resource: aws.account
    mode:
      type: cloudtrail
      role: arn:aws:iam::123456789012:role/respond
      packages: [c7n_mfa]
      handler: c7n_mfa.handler.run
      events: [{event: ConsoleLogin, source: signin.amazonaws.com, ids: eventName}]
      pattern: {source: [aws.signin]}
    filters: [signin]
    actions: [{type: alert-signin, topic: on-call}]
  - name: released
    resource: aws.iam-user
    filters: [contained]
    actions: [release]
"""
CIS_IAM_USER = REQUIREMENTS["cis-iam-user"].canonical


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
    assert lines[0] == "123456789012: 6 changes (repair; broken now)"
    assert [line for line in lines if "planned" in line and "└── + alarm" in line]
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_a_plan_ends_with_the_command_that_makes_its_changes(run, tmp_path):
    account.add_trail()

    lines = run("-r", "eu-west-1").stdout.splitlines()

    assert lines[-3:] == [
        "",
        "Next:",
        f"  Make these changes: custodian run -s output -r us-east-1 -r eu-west-1 "
        f"{shlex.quote(str(tmp_path / 'repair.yml'))}",
    ]


@mock_aws
def test_json_holds_every_step_with_call_and_undo(run):
    account.add_trail()

    (plan,) = json.loads(run("--format", "json").stdout)

    assert [(step["step"], step["result"]) for step in plan["steps"]] == [
        ("topic", "planned"),
        ("topic-policy", "planned"),
        ("subscription", "planned"),
        ("record", "planned"),
        ("metric-filter", "planned"),
        ("alarm", "planned"),
    ]
    assert [step["call"]["operation"] for step in plan["steps"]] == [
        "create_topic",
        "set_topic_attributes",
        "subscribe",
        "tag_resource",
        "put_metric_filter",
        "put_metric_alarm",
    ]


@mock_aws
def test_an_intact_chain_is_nothing_to_do_and_says_so(run):
    account.add_good_chain()

    with watched() as calls:
        result = run(policy=QUEUE)

    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "123456789012: intact, nothing to do (repair)\n",
        "",
    )
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_subscriptions_that_an_intact_account_does_not_have_are_named(run):
    account.add_good_chain()

    result = run(policy=QUEUE.replace(account.QUEUE, "arn:aws:sqs:us-east-1:123456789012:other"))

    assert (result.exit_code, result.stdout) == (
        0,
        "123456789012: intact, nothing to do (repair)\n"
        "└── not subscribed, because repair only acts on a broken account: "
        "sqs:arn:aws:sqs:us-east-1:123456789012:other\n",
    )


@mock_aws
def test_json_names_what_an_intact_account_does_not_have(run):
    account.add_good_chain()

    (plan,) = json.loads(run("--format", "json").stdout)

    assert plan == {
        "policy": "repair",
        "account_id": "123456789012",
        "verdict": "intact",
        "kept": False,
        "steps": [],
        "not_subscribed": ["email:user@example.com"],
    }


@mock_aws
def test_the_requirement_of_a_filter_that_kept_nobody_is_the_one_that_is_judged(run):
    # The CIS text leaves broker sessions alone, which the default requirement does not.
    account.add_good_chain(CIS_IAM_USER)

    asked = QUEUE.replace("type: signin-monitoring", "{type: signin-monitoring, requirement: R}")
    of_users, of_all = run(policy=asked.replace("R}", "cis-iam-user}")), run(policy=QUEUE)

    assert (of_users.exit_code, of_all.exit_code) == (0, 1)


@mock_aws
def test_a_broken_account_that_the_filters_drop_is_not_called_intact(run):
    account.add_trail()

    dropping = POLICY.replace("filters:", "filters:\n      - account_id: '210987654321'")
    result = run(policy=dropping)

    assert (result.exit_code, result.stdout) == (
        2,
        "123456789012: left alone, because the policy's filters do not keep the account "
        "(repair; broken now)\n",
    )


@mock_aws
def test_a_file_without_the_action_is_the_wrong_file(run, tmp_path):
    result = run(policy=POLICY.partition("    actions:")[0])

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        f"c7n-mfa plan: no policy in {tmp_path}/repair.yml has an action with a plan: "
        "set-signin-monitoring, remove-signin-monitoring or set-signin-forwarding; "
        "policies/repair/signin-monitoring-repair.yml has one.\n"
        "c7n-mfa plan: repair only looks: `custodian run` changes nothing.\n",
    )


@mock_aws
def test_a_folder_without_policies_is_the_wrong_one(tmp_path):
    result = CliRunner().invoke(group, ["plan", str(tmp_path), "-r", account.REGION])

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"c7n-mfa plan: no policy in {tmp_path} has an action with a plan: " in result.stderr


@mock_aws
def test_a_folder_of_policies_is_planned_as_custodian_would_run_it(tmp_path):
    account.add_trail()
    (tmp_path / "repair.yml").write_text(QUEUE)

    result = CliRunner().invoke(group, ["plan", str(tmp_path), "-r", account.REGION])

    assert (result.exit_code, result.stderr) == (1, "")


@mock_aws
@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("user@example.com", "and nobody reads mail at example.com"),
        ("user@EXAMPLE.org", "and nobody reads mail at EXAMPLE.org"),
        ("user@mail.example.net", "and nobody reads mail at mail.example.net"),
    ],
)
def test_mail_that_nobody_gets_is_warned_of(run, endpoint, fault):
    account.add_trail()

    result = run("--format", "json", policy=POLICY.replace("user@example.com", f"'{endpoint}'"))

    assert json.loads(result.stdout)
    assert result.stderr == (
        f"warning: the policy repair subscribes {endpoint}, {fault}; "
        "put your own subscriptions into the policy file\n"
    )


@mock_aws
@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("email", "user@company.test"),
        ("email", "user@myexample.com"),
        ("email", "example.com@company.test"),
        ("sms", "+15550100"),
        ("https", "https://example.com/hook"),
    ],
)
def test_whom_a_notification_may_reach_is_not_warned_of(run, protocol, endpoint):
    account.add_trail()
    policy = POLICY.replace("protocol: email", f"protocol: {protocol}")

    result = run(policy=policy.replace("user@example.com", f"'{endpoint}'"))

    assert result.stderr == ""


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


def test_a_profile_that_is_not_there_is_named(run):
    result = run("--profile", "typo")

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "c7n-mfa plan: AWS could not be asked: there is no AWS profile typo. "
        "Name another; `aws configure list-profiles` lists those that there are.\n",
    )


def test_a_profile_of_the_environment_that_is_not_there_is_named_too(run, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "typo")

    assert "there is no AWS profile typo" in run().stderr


def test_no_credentials_at_all_are_a_sentence_with_what_to_do(run, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)

    result = run(policy=QUEUE)

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "c7n-mfa plan: AWS could not be asked: there are no AWS credentials. Give them, by "
        "AWS_PROFILE for one; `aws sts get-caller-identity` says whether they work.\n",
    )


def test_no_region_at_all_is_a_sentence_with_what_to_do(tmp_path, monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "repair.yml"
    path.write_text(POLICY)

    result = CliRunner().invoke(group, ["plan", str(path)])

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "c7n-mfa plan: AWS could not be asked: there is no Region. Name one by "
        "AWS_DEFAULT_REGION or `-r`.\n",
    )


@mock_aws
def test_the_forwarding_has_a_plan_too(run):
    with watched() as calls:
        result = run(policy=FORWARDING)

    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0]) == (1, "123456789012: 4 changes (forward; broken now)")
    assert [
        line.lstrip("│├└─ ").partition(" arn:")[0] for line in lines[1 : lines.index("") : 2]
    ] == [
        "+ role planned",
        "+ role policy planned",
        "+ rule planned in eu-west-1",
        "+ target planned in eu-west-1",
    ]
    assert [made for made in calls.made if is_write(made)] == []


@mock_aws
def test_steps_that_are_alike_in_several_regions_share_a_line(run):
    policy = FORWARDING.replace("[eu-west-1]", "[eu-west-1, us-west-2]")

    lines, steps = run(policy=policy).stdout.splitlines(), run("--format", "json", policy=policy)

    assert [line.lstrip("│├└─ ") for line in lines[5 : lines.index("")]] == [
        "+ rule planned in 2 Regions rule/c7n-mfa-signin-forwarding (events:PutRule): no rule "
        "forwards its sign-ins to the home bus",
        "eu-west-1, us-west-2",
        "undo: events:DeleteRule",
        "+ target planned in 2 Regions event-bus/default (events:PutTargets): no rule forwards its "
        "sign-ins to the home bus",
        "eu-west-1, us-west-2",
        "undo: events:RemoveTargets",
    ]
    assert [(each["step"], each["region"]) for each in json.loads(steps.stdout)[0]["steps"]] == [
        ("role", ""),
        ("role-policy", ""),
        ("rule", "eu-west-1"),
        ("target", "eu-west-1"),
        ("rule", "us-west-2"),
        ("target", "us-west-2"),
    ]


@mock_aws
def test_policies_of_the_plugin_without_a_plan_are_named_with_what_to_do_instead(run, tmp_path):
    account.add_good_chain()
    second = tmp_path / "respond.yml"
    second.write_text(RESPOND)

    result = run(str(second), policy=QUEUE)

    assert (result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()) == (
        0,
        ["123456789012: intact, nothing to do (repair)"],
        [
            "c7n-mfa plan: told deploys a function: `custodian run --dryrun` runs its filters "
            "without deploying it.",
            "c7n-mfa plan: released has no plan: `custodian run --dryrun` runs its filters without "
            "acting.",
        ],
    )


@mock_aws
def test_other_policies_beside_a_repair_are_left_alone(run, tmp_path):
    account.add_good_chain()
    second = tmp_path / "other.yml"
    second.write_text("policies: [{name: other, resource: aws.iam-user, actions: [delete]}]")

    result = run(str(second), policy=QUEUE)

    assert (result.exit_code, result.stderr) == (0, "")
