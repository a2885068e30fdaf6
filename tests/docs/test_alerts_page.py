# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The policies of docs/alerts.md: they load, a sign-in runs them, and what comes out is read."""

from __future__ import annotations

import base64
import copy
import json
import logging
import zlib
from pathlib import Path

import boto3
import c7n_mailer
import pytest
import yaml
from c7n.config import Config
from c7n.policy import load
from c7n_mailer.utils import get_rendered_jinja
from c7n_mailer.utils_email import get_mimetext_message
from moto import mock_aws

from deployed import ACCOUNT, EVENT_ID, REGION, Function, event, record
from docs.build.alerts import NOTIFY, SECURITY_HUB

# It asks for the time as Python 3.12 would have it no longer.
pytestmark = pytest.mark.filterwarnings("ignore:.*utc:DeprecationWarning")
TEMPLATES = [str(Path(c7n_mailer.__file__).parent / "msg-templates")]
QUEUE = "c7n-mailer"
LOG = logging.getLogger(__name__)


@pytest.fixture(autouse=True)
def aws():
    with mock_aws():
        yield


@pytest.fixture
def deploy(tmp_path, monkeypatch):
    def deploy(text):
        path = tmp_path / "policy.yml"
        path.write_text(text)
        config = Config.empty(account_id=ACCOUNT, region=REGION, output_dir="null://")
        (policy,) = load(config, str(path), validate=True)
        policy.expand_variables(policy.get_variables())
        policy.validate()
        return Function(copy.deepcopy(policy.data), tmp_path, monkeypatch)

    return deploy


@pytest.mark.parametrize("text", [SECURITY_HUB, NOTIFY], ids=["post-finding", "notify"])
def test_only_aws_starts_it(text):
    (policy,) = yaml.safe_load(text)["policies"]

    assert policy["mode"]["pattern"] == {"source": ["aws.signin"]}


# Security Hub.


@pytest.fixture
def hub():
    client = boto3.client("securityhub", region_name=REGION)
    client.enable_security_hub()
    boto3.client("iam").create_user(UserName="alice")
    return client


def test_a_sign_in_becomes_a_finding_in_awss_format(deploy, hub):
    deploy(SECURITY_HUB).deliver(event(record()))

    (finding,) = hub.get_findings()["Findings"]
    assert {key: finding[key] for key in ("Title", "GeneratorId", "AwsAccountId", "Types")} == {
        "Title": "signin-single-factor",
        "GeneratorId": "signin-as-finding",
        "AwsAccountId": ACCOUNT,
        "Types": ["TTPs/Initial Access/Valid Accounts"],
    }
    assert finding["Severity"]["Label"] == "HIGH"
    (resource,) = finding["Resources"]
    assert resource["Id"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    found = json.loads(resource["Details"]["Other"]["c7n:signin"])
    assert (found["event_id"], found["address"]) == (EVENT_ID, "192.0.2.10")


def test_a_sign_in_with_mfa_does_not(deploy, hub):
    deploy(SECURITY_HUB).deliver(event(record("mfa")))

    assert hub.get_findings()["Findings"] == []


# c7n-mailer.


@pytest.fixture
def notified(deploy):
    """What c7n-mailer takes out of its queue."""
    queues = boto3.client("sqs", region_name=REGION)
    url = queues.create_queue(QueueName=QUEUE)["QueueUrl"]

    def notified(text=NOTIFY):
        deploy(text).deliver(event(record()))
        (message,) = queues.receive_message(QueueUrl=url)["Messages"]
        return json.loads(zlib.decompress(base64.b64decode(message["Body"])))

    return notified


def test_c7n_mailer_makes_a_mail_of_it(notified):
    message = notified()
    config = {"templates_folders": TEMPLATES, "from_address": "custodian@example.com"}

    mail = get_mimetext_message(config, LOG, message, message["resources"], ["user@example.com"])

    assert mail["Subject"] == f"Console sign-in without MFA in {ACCOUNT}: {EVENT_ID}"
    assert mail["To"] == "user@example.com"
    lines = mail.get_payload(decode=True).decode().split()
    assert " ".join(lines).startswith(f"The following aws.account resources {ACCOUNT} in account:")


def test_a_template_finds_the_sign_in(notified, tmp_path):
    message = notified()
    message["action"]["template"] = "ours"
    (tmp_path / "ours.j2").write_text("{{ resources[0]['c7n:signin']['address'] }}")

    shown = get_rendered_jinja(
        "", message, message["resources"], LOG, "template", "default", [str(tmp_path)]
    )

    assert shown == "192.0.2.10"


@pytest.mark.parametrize("template", ["default.html", "slack_default"])
def test_its_other_templates_render_it_too(notified, template):
    message = notified()
    message["action"]["template"] = template

    shown = get_rendered_jinja(
        "#security", message, message["resources"], LOG, "template", "default", TEMPLATES
    )

    assert "Ask them whether this was them, by a way outside AWS." in shown
