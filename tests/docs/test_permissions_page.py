# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The permissions that we ask people to grant: real ones, enough, and no more."""

from __future__ import annotations

import gc
import json
import re

import boto3
import botocore.session
import pytest
from c7n.config import Config
from c7n.policy import load
from moto import mock_aws

import mocked_account as account
from c7n_mfa.audit.permissions import READ
from calls import watched
from docs.build import permissions, policies
from docs.build.pages import DOCS
from docs.build.permission_words import WHY

PAGE = (DOCS / "permissions.md").read_text(encoding="utf-8")
FUNCTION = "arn:aws:lambda:*:123456789012:function:custodian-signin-monitoring-repair-daily"
TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def documents(section: str) -> list[dict]:
    """The IAM policies below a heading of the second level."""
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", body, re.DOTALL)]


def granted(document: dict) -> set[str]:
    actions = [statement["Action"] for statement in document["Statement"]]
    return {action for each in actions for action in each}


@pytest.fixture
def run(tmp_path):
    """Run a shipped policy in moto, as custodian does: the permissions that its calls take."""

    def run(name):
        (path,) = [path for path in policies.files() if path.stem == name]
        config = Config.empty(
            account_id=account.ACCOUNT, region=account.REGION, output_dir=str(tmp_path)
        )
        (policy,) = load(config, str(path))
        policy.expand_variables(policy.get_variables())
        with watched() as calls:
            policy()
        return set(calls.made)

    return run


@pytest.mark.parametrize("permission", sorted(WHY))
def test_a_permission_is_an_operation_of_its_service_or_has_a_reason(permission):
    service, _, operation = permission.partition(":")
    model = botocore.session.get_session().get_service_model(service)
    is_operation = operation in model.operation_names
    assert is_operation != (permission in permissions.NOT_OPERATIONS)


def test_every_permission_with_words_is_on_the_page_and_no_other():
    on_page = set(re.findall(r"^\| `(\w+:\w+)` \|", PAGE, re.MULTILINE))
    assert on_page == set(WHY)


def test_the_audit_may_change_nothing():
    (document,) = documents("signin-monitoring-broken")
    assert [action for action in granted(document) if not permissions.is_read(action)] == []


def test_the_audit_is_granted_what_its_filter_declares_and_custodian_needs():
    (document,) = documents("signin-monitoring-broken")
    custodian = {"iam:ListAccountAliases", "sts:GetCallerIdentity"}
    assert granted(document) == {*READ, *custodian}


@pytest.mark.parametrize("path", policies.files(), ids=lambda path: path.stem)
def test_a_document_grants_what_the_policy_declares_and_custodian_needs(path):
    policy = policies.policy(path)
    found = [d for d in documents(policy.name) if "Principal" not in d["Statement"][0]]
    mode = policy.data.get("mode", {})
    extra = permissions.LAMBDA_LOGS if mode else frozenset()
    extra |= permissions.DEAD_LETTERS if "dead_letter_config" in mode else frozenset()
    assert granted(found[0]) == policy.get_permissions() | {"sts:GetCallerIdentity"} | extra


def test_no_write_is_granted_on_everything():
    wide = [
        action
        for path in policies.files()
        for document in documents(path.stem)
        for statement in document["Statement"]
        if statement.get("Resource") == "*"
        for action in statement["Action"]
        if not permissions.is_read(action)
    ]
    assert wide == []


@mock_aws
def test_an_audit_of_a_good_chain_makes_only_granted_calls(run):
    account.add_good_chain()
    made = run("signin-monitoring-broken")
    assert made - granted(documents("signin-monitoring-broken")[0]) == set()
    assert "sns:GetTopicAttributes" in made


@mock_aws
def test_a_repair_makes_only_granted_calls(run):
    account.add_trail()
    made = run("signin-monitoring-repair")
    assert made - granted(documents("signin-monitoring-repair")[0]) == set()
    assert "cloudwatch:PutMetricAlarm" in made


# custodian leaves the temporary file of its archive open.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <_io.FileIO")
@mock_aws(config={"lambda": {"use_docker": False}})
def test_a_deployment_makes_only_granted_calls(run):
    trust = json.dumps(permissions.TRUST)
    role = "c7n-mfa-signin-monitoring"
    boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust)

    made = run("signin-monitoring-repair-daily")

    # Here and not in whatever test comes next.
    gc.collect()
    _, _, deployer = documents("signin-monitoring-repair-daily")
    assert made - granted(deployer) == set()
    assert made >= {"lambda:CreateFunction", "events:PutTargets"}


RESPOND = [path.stem for path in policies.files() if path.stem.startswith("signin-single-factor")]
DEPLOY_CHECKS = permissions.TOPIC_CHECK | permissions.QUEUE_CHECK


@pytest.mark.parametrize("name", RESPOND)
def test_whoever_deploys_may_look_at_topic_and_queue_and_take_it_away(name):
    *_, deployer = documents(name)
    by_name = {statement["Sid"]: statement for statement in deployer["Statement"]}
    function = f"arn:aws:lambda:*:123456789012:function:custodian-{name}"
    rule = f"arn:aws:events:*:123456789012:rule/custodian-{name}"
    contains = name.endswith("-contain")
    checks = permissions.BREAK_GLASS_CHECK if contains else permissions.ROLE_CHECK
    assert set(by_name["Read"]["Action"]) == DEPLOY_CHECKS | checks | {"sts:GetCallerIdentity"}
    assert (
        by_name["DeleteFunction"]["Action"],
        by_name["DeleteFunction"]["Resource"],
    ) == (
        ["lambda:DeleteFunction"],
        function,
    )
    assert (by_name["DeleteRule"]["Action"], by_name["DeleteRule"]["Resource"]) == (
        ["events:DeleteRule", "events:RemoveTargets"],
        rule,
    )


@pytest.mark.parametrize("name", RESPOND)
def test_the_commands_that_undo_a_deployment_are_granted(name):
    page = (DOCS / "rules" / f"{name}.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ aws (events|lambda) ([a-z-]+) ", page, re.MULTILINE)
    words = [(service, verb.title().replace("-", "")) for service, verb in commands]
    *_, deployer = documents(name)
    assert words
    assert {f"{service}:{verb}" for service, verb in words} - granted(deployer) == set()


@pytest.mark.parametrize("name", [name for name in RESPOND if not name.endswith("-contain")])
def test_the_function_may_pass_its_schedules_role_to_scheduler_only(name):
    _, function, trust, schedule, _ = documents(name)
    by_name = {statement["Sid"]: statement for statement in function["Statement"]}
    role = "arn:aws:iam::123456789012:role/c7n-mfa-look-again"
    called = f"arn:aws:lambda:*:123456789012:function:custodian-{name}"
    schedules = "arn:aws:scheduler:*:123456789012:schedule/default/c7n-mfa-look-*"
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert (by_name["PassRole"]["Resource"], by_name["PassRole"]["Condition"]) == (
        role,
        to_scheduler,
    )
    assert by_name["WriteSchedulerSchedule"]["Resource"] == schedules
    assert trust["Statement"][0]["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert granted(schedule) == {"lambda:InvokeFunction", "sqs:SendMessage"}
    assert schedule["Statement"][0]["Resource"] == called


def test_a_customer_key_takes_two_permissions_more():
    (document,) = documents("With a topic or a queue that is encrypted")
    assert granted(document) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_the_deployer_may_pass_the_role_to_lambda_only():
    _, _, deployer = documents("signin-monitoring-repair-daily")
    by_name = {statement["Sid"]: statement for statement in deployer["Statement"]}
    assert by_name["PassRole"]["Condition"] == TO_LAMBDA
    assert by_name["Function"]["Resource"] == FUNCTION
