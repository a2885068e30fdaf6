# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A shipped policy as a cold function in this process, and sign-ins that arrive at it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import boto3
import c7n.handler
from c7n.config import Config
from c7n.policy import load
from moto.iam import iam_backends

from c7n_mfa import handler
from c7n_mfa.signin.events import envelope
from signin.records import RECORDS

ACCOUNT = "123456789012"
REGION = "us-east-1"
RESPOND = Path(__file__).parent.parent / "policies" / "respond"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:SignInWithoutMfaAlarmSNSTopic"
EVENT_ID = "3fcfb182-98f8-4744-bd45-10a395ab61cb"

_BY_KIND = {each.kind: each.record for each in reversed(RECORDS)}


def record(kind: str = "iam-user", **changes: Any) -> dict[str, Any]:
    """The plainest labelled record of a kind, with fields of its own changed."""
    return {**copy.deepcopy(_BY_KIND[kind]), **changes}


def event(found: object, region: str = REGION) -> dict[str, Any]:
    """What EventBridge delivers for a record."""
    return envelope(copy.deepcopy(found), region, ACCOUNT)


def shipped(name: str) -> dict[str, Any]:
    """A policy of policies/respond as `custodian run` puts it into the function."""
    config = Config.empty(account_id=ACCOUNT, region=REGION, output_dir="null://")
    (policy,) = load(config, str(RESPOND / f"{name}.yml"), validate=True)
    policy.expand_variables(policy.get_variables())
    policy.validate()
    return copy.deepcopy(policy.data)


def seed_alice() -> Any:
    """The user who signs in in the records, with the UserId that they name, on moto; the client."""
    client = boto3.client("iam")
    client.create_user(UserName="alice")
    iam_backends[ACCOUNT]["aws"].users["alice"].id = record()["userIdentity"]["principalId"]
    return client


class Function:
    """The policy, deployed: `deliver` is what Lambda does with an event."""

    def __init__(self, policy: dict[str, Any], folder: Path, monkeypatch: Any) -> None:
        options = policy["mode"].setdefault("execution-options", {})
        options["output_dir"] = str(folder / "output")
        options["account_id"] = ACCOUNT
        (folder / "config.json").write_text(json.dumps({"policies": [policy]}))
        monkeypatch.chdir(folder)
        monkeypatch.setattr(c7n.handler, "policy_config", None)
        monkeypatch.setattr(c7n.handler, "policy_data", None)
        monkeypatch.setattr(c7n.handler, "C7N_DEBUG_EVENT", False)
        monkeypatch.setattr(c7n.handler, "C7N_SKIP_EVTERR", False)
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", f"custodian-{policy['name']}")
        handler.refused.clear()

    def deliver(self, event: Any) -> Any:
        # Each invocation gets its own copy, as it would from Lambda.
        return handler.run(copy.deepcopy(event), None)


class Inbox:
    """A topic with a queue behind it, on moto: what the security team reads."""

    def __init__(self, topic: str = TOPIC) -> None:
        self.topic = topic
        name = topic.rpartition(":")[2]
        self.queues = boto3.client("sqs", region_name=REGION)
        self.url = self.queues.create_queue(QueueName=name)["QueueUrl"]
        sns = boto3.client("sns", region_name=REGION)
        sns.create_topic(Name=name)
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def read(self) -> list[dict[str, Any]]:
        """The messages that have come since the last reading."""
        found = []
        while True:
            answer = self.queues.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(opened(json.loads(message["Body"])))
                self.queues.delete_message(
                    QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"]
                )

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.read()]


def opened(message: dict[str, Any]) -> dict[str, Any]:
    """The notification with the text that a mail has, and the JSON that the queue got beside it."""
    if not message["Message"].startswith("{"):
        return message
    payload = json.loads(message["Message"])
    return {**message, "Message": payload["text"], "Payload": payload}
