# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What others read by machine stays as it was recorded: names, options, keys, codes, exit codes.

Sentences may be reworded, so every text with a space in it is recorded as "…", but for the calls
that a step makes and undoes.  `INTERFACES=record pytest tests/test_interfaces.py` records anew; a
difference belongs into the changelog.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from c7n.resources.aws import AWS
from c7n.schema import ElementSchema
from c7n.testing import PyTestUtils
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.cli.commands import group
from c7n_mfa.entry import initialize
from c7n_mfa.proof.requirements import REQUIREMENTS
from calls import denied, watched
from investigated import ago, event, sign_in, the_sign_in
from signin.records import RECORDS

RECORDED = Path(__file__).with_name("interfaces.jsonl")
CANONICAL = REQUIREMENTS["single-factor"].canonical
CIS = '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
CONFIG = {"region": account.REGION, "account_id": account.ACCOUNT}

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LITERAL = {"call", "undo", "pattern", "event"}


def stable(value: Any, literal: bool = False) -> Any:
    """The value without its prose, its times and its random ids."""
    if isinstance(value, dict):
        return {
            key: "<time>" if key == "started" else stable(item, literal or key in _LITERAL)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [stable(item, literal) for item in value]
    if isinstance(value, str):
        text = _UUID.sub("<uuid>", _TIME.sub("<time>", value))
        return "…" if " " in text and not literal else text
    return value


@pytest.fixture
def same(request, tmp_path):
    """Compare with what is recorded under the test's name, or record it."""

    def same(value: Any) -> None:
        name = request.node.name
        # As JSON would have it: what is compared is what others read.
        # The folder first: with a space in its name it would pass for prose.
        given = stable(json.loads(json.dumps(value).replace(str(tmp_path), "<tmp>")))
        recorded = {}
        for line in RECORDED.read_text(encoding="utf-8").splitlines():
            recorded.update(json.loads(line))
        if os.environ.get("INTERFACES") == "record":
            lines = (json.dumps({key: each}) for key, each in ({**recorded, name: given}).items())
            RECORDED.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
            return
        assert given == recorded[name]

    return same


def command(*args: str) -> dict[str, Any]:
    done = CliRunner().invoke(group, list(args))
    return {"exit": done.exit_code, "output": json.loads(done.stdout)}


# Filters and actions


def elements() -> dict[str, Any]:
    initialize()
    return {
        f"{resource}.{kind}s.{ElementSchema.name(cls)}": {
            "options": sorted(ElementSchema.schema({}, cls)["properties"]),
            "permissions": sorted(cls.permissions),
        }
        for resource, manager in AWS.resources.items()
        for kind, registry in (
            ("filter", manager.filter_registry),
            ("action", manager.action_registry),
        )
        for cls in registry.values()
        if cls.__module__.startswith("c7n_mfa.")
    }


def test_filters_and_actions_keep_their_names_options_and_permissions(same):
    same(elements())


def test_reasons_keep_their_codes(same):
    same({code: [reason.link, reason.verdict] for code, reason in sorted(REASONS.items())})


# The command line


@pytest.mark.parametrize(
    "args",
    [
        [CANONICAL],
        [CIS],
        [CIS, "--strict"],
        [CIS, "--requirement", "conformity"],
        ['{ $.additionalEventData.MFAUsed = "No" }', "--requirement", "conformity"],
        ["{ $.eventName = ConsoleLogin }", '{ $.userIdentity.type = "Root" }'],
        ['{ $.eventName = "ConsoleLogin"'],
    ],
    ids=["covers", "advice", "strict", "conformity", "broad", "together", "invalid"],
)
def test_pattern_prints_the_same_json(args, same):
    same(command("pattern", *args, "--format", "json"))


def test_signins_prints_the_same_lines(tmp_path, same):
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({"Records": [each.record for each in RECORDS]}), encoding="utf-8")
    done = CliRunner().invoke(group, ["signins", str(path), "--format", "jsonl"])
    same([done.exit_code, *map(json.loads, done.stdout.splitlines())])


# The chain


@pytest.fixture
def run(request, tmp_path):
    """Run a policy through custodian: its resources, and what its actions left."""

    def run(resource: str, filters: list[Any], actions: list[Any], name: str = "interfaces"):
        policy = PyTestUtils(request).load_policy(
            {"name": name, "resource": resource, "filters": filters, "actions": actions},
            config=CONFIG,
        )
        policy.options["output_dir"] = str(tmp_path)
        found = policy.run()
        left = {path.name: json.loads(path.read_text()) for path in tmp_path.rglob("action-*")}
        return [{key: value for key, value in each.items() if ":" in key} for each in found], left

    return run


AUDIT = {"type": "signin-monitoring", "state": ["intact", "broken", "unknown"]}
REPAIR = {
    "type": "set-signin-monitoring",
    "subscriptions": [{"protocol": "sqs", "endpoint": account.QUEUE}],
}


@mock_aws
def test_annotation_of_a_good_chain(run, same):
    account.add_good_chain()
    same(run("aws.account", [AUDIT], []))


@mock_aws
def test_annotation_of_a_pattern_that_misses(run, same):
    account.add_good_chain(CIS)
    same(run("aws.account", [{**AUDIT, "regions": True, "routes": True}], []))


@mock_aws
def test_annotation_of_a_chain_that_cannot_be_read(run, same):
    account.add_good_chain()
    with watched({"cloudwatch:DescribeAlarmsForMetric": denied}):
        same(run("aws.account", [AUDIT], []))


@mock_aws
def test_receipts_of_repair_and_removal(run, same):
    account.add_trail()
    repaired = run("aws.account", [], [REPAIR])
    same([repaired, run("aws.account", [], ["remove-signin-monitoring"])])


@mock_aws
def test_receipt_of_a_repair_that_is_denied(run, same):
    account.add_trail()
    with watched({"logs:PutMetricFilter": denied}):
        same(run("aws.account", [], [REPAIR]))


@mock_aws
def test_plan_prints_the_same_json(tmp_path, same):
    account.add_trail()
    path = tmp_path / "repair.yml"
    policy = {"name": "repair", "resource": "aws.account", "filters": [AUDIT], "actions": [REPAIR]}
    path.write_text(json.dumps({"policies": [policy]}), encoding="utf-8")
    same(command("plan", str(path), "--format", "json"))


@mock_aws
def test_report_prints_the_same_json(run, tmp_path, same):
    account.add_trail()
    run("aws.account", [AUDIT], [])
    same(command("report", str(tmp_path), "--format", "json"))


@mock_aws
def test_annotation_of_a_metric_filter(run, same):
    account.add_trail()
    account.add_filter('{ ($.eventName = "ConsoleLogin") && ($.errorMessage != "Failed") }')
    states = ["never-fires", "misses", "covers", "unknown", "noisy"]
    found, _ = run("aws.log-metric", [{"type": "signin-coverage", "state": states}], [])
    same(found)


# Forwarding

REGIONS = {"home": "us-east-1", "regions": ["us-east-1", "eu-west-1"]}


@mock_aws
def test_annotation_and_receipts_of_forwarding(run, same):
    filters = [{"type": "signin-forwarding", "state": ["intact", "broken", "unknown"], **REGIONS}]
    made = run("aws.account", filters, [{"type": "set-signin-forwarding", **REGIONS}])
    same([made, run("aws.account", filters, [{"type": "remove-signin-forwarding", **REGIONS}])])


# The response


@mock_aws
def test_receipts_of_containment_and_release(run, same):
    iam = boto3.client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")
    contained = run("aws.iam-user", [{"UserName": "alice"}], ["revoke-sessions", "require-mfa"])
    same([contained, run("aws.iam-user", ["contained"], ["release"])])


@mock_aws
def test_dossier_of_a_sign_in(request, tmp_path, same):
    boto3.client("iam").create_user(UserName="alice")
    policy = PyTestUtils(request).load_policy(
        {"name": "dossier", "resource": "iam-user", "actions": ["investigate-signin"]},
        config=CONFIG,
    )
    policy.options["output_dir"] = str(tmp_path)
    (action,) = policy.resource_manager.actions
    resource = {"UserName": "alice", "Arn": f"arn:aws:iam::{account.ACCOUNT}:user/alice"}
    stubs = {
        "cloudtrail:LookupEvents": {"Events": [event(sign_in(ago(days=3)))]},
        "guardduty:ListFindings": {"FindingIds": []},
        "iam:SimulatePrincipalPolicy": {"EvaluationResults": []},
        "securityhub:GetFindings": {"Findings": []},
    }
    with policy.ctx, watched(stubs=stubs):
        action.process([resource], {"detail": the_sign_in(), "region": "us-east-1"})
    same(resource["c7n:signin-dossier"])
