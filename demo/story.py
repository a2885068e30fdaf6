# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What the demo does and shows, step by step."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text
from rich.tree import Tree

from c7n_mfa.audit.verdicts import Chain
from c7n_mfa.cli.report import markdown
from c7n_mfa.cli.report.command import report_on
from c7n_mfa.cli.report.tree import chain_tree
from c7n_mfa.cli.report.values import Report
from c7n_mfa.cli.report.words import AUDIT_POLICY, REPAIR_POLICY
from c7n_mfa.cli.terminal import console_for

from .account import Inbox, seed_inbox, seed_trail
from .local_aws import LocalAws
from .sequel import Sequel, Unexpected
from .shell import Shell

_ROOT = Path(__file__).resolve().parent.parent
_ACTION = "set-signin-monitoring"
_REASON = "demo: what CloudWatch does when the metric filter has matched one sign-in"
# The demo makes these calls itself: the AWS command line need not be installed.
_SAME = "the same as: "
_MAIL_SECONDS = 10.0
_SHOWN_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
)


class Story:
    """One telling of the demo on one local AWS."""

    def __init__(self, aws: LocalAws, out: Path) -> None:
        self.out = out
        self.session = aws.session()
        self.console = console_for(sys.stdout)
        self.shell = Shell(self.console, aws.env())
        self.endpoint = aws.endpoint_url

    def tell(self) -> None:
        """The whole story; raises `Unexpected` where it goes otherwise."""
        started = time.monotonic()
        self._clear()
        inbox = self._an_account_with_a_trail_and_nothing_else()
        self._audit("audit", expected="broken")
        self._repair(inbox)
        chain = self._audit("audit-again", expected="intact")
        message = self._one_alarm(_resource(chain, "alarm"), inbox)
        self._end(chain, message, time.monotonic() - started)
        Sequel(self.console, self.shell, self.session, self.endpoint, self.out).tell(inbox)
        self._say(f"What custodian wrote is in {self.out}.")

    def _clear(self) -> None:
        # Only what an earlier demo wrote: the directory itself may hold more.
        for name in ("audit", "repair", "audit-again"):
            shutil.rmtree(self.out / name, ignore_errors=True)
        self.out.mkdir(parents=True, exist_ok=True)

    def _an_account_with_a_trail_and_nothing_else(self) -> Inbox:
        self._heading("A local AWS, and an account in it")
        self._say(f"It listens on {self.endpoint} and knows no other world. Clients find it by:")
        for name in _SHOWN_VARIABLES:
            self._say(f"  export {name}={self.shell.env[name]}")
        trail = seed_trail(self.session)
        inbox = seed_inbox(self.session)
        self._say(f"It has a trail into a log group: {trail}")
        self._say(f"and a queue in which its security team reads notifications: {inbox.arn}")
        return inbox

    def _audit(self, name: str, expected: str) -> Chain:
        self._heading("Would anybody hear of a console sign-in without MFA?")
        out = self.out / name
        self.shell.succeed("custodian", "run", "-s", str(out), AUDIT_POLICY)
        status = self.shell.run("c7n-mfa", "report", str(out))
        report = report_on([out])
        if report.verdict != expected or status != report.exit_code:
            raise Unexpected(
                f"the account was to be {expected} here and c7n-mfa report calls it "
                f"{report.verdict} (exit status {status})."
            )
        self._summarise(report)
        return _chain(report)

    def _repair(self, inbox: Inbox) -> None:
        self._heading("Build what is missing")
        policy = self.out / Path(REPAIR_POLICY).name
        write_policy(_ROOT / REPAIR_POLICY, policy, inbox)
        self._say(f"{policy} is {REPAIR_POLICY}")
        self._say("with the queue as its only subscription; yours would have your own address.")
        out = self.out / "repair"
        self.shell.succeed("custodian", "run", "-s", str(out), str(policy))
        self.shell.run("c7n-mfa", "report", str(out))
        self._summarise(report_on([out]))

    def _one_alarm(self, alarm: str, inbox: Inbox) -> dict[str, Any]:
        self._heading("One sign-in without MFA")
        self._say("The local AWS does not evaluate metric filters: that the filter catches the")
        self._say("sign-in was proven above. What follows it is real: alarm, topic, subscription.")
        name = alarm.rpartition(":alarm:")[2]
        self.shell.show(
            "aws", "cloudwatch", "set-alarm-state", "--alarm-name", name,
            "--state-value", "ALARM", "--state-reason", _REASON, prompt=_SAME,
        )  # fmt: skip
        cloudwatch = self.session.client("cloudwatch")
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=_REASON)
        self.shell.show("aws", "sqs", "receive-message", "--queue-url", inbox.url, prompt=_SAME)
        message = self._notification(inbox)
        if message.get("AlarmName") != name or message.get("NewStateValue") != "ALARM":
            raise Unexpected(f"what arrived in {inbox.arn} is not the notification of {name}.")
        for line in _in_words(message):
            self._say(line)
        return message

    def _notification(self, inbox: Inbox) -> dict[str, Any]:
        queues = self.session.client("sqs")
        deadline = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < deadline:
            answer = queues.receive_message(QueueUrl=inbox.url, WaitTimeSeconds=2)
            for message in answer.get("Messages", ()):
                # Read and done with: what comes later is another message.
                queues.delete_message(QueueUrl=inbox.url, ReceiptHandle=message["ReceiptHandle"])
                notification: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
                return notification
        raise Unexpected(
            f"no notification arrived in {inbox.arn} within {_MAIL_SECONDS:.0f} seconds."
        )

    def _end(self, chain: Chain, message: dict[str, Any], seconds: float) -> None:
        self._heading("From a sign-in to a person")
        tree: Tree = chain_tree(chain)
        arrived = f"delivered: {message['AlarmName']} is in {message['NewStateValue']}"
        tree.children[-1].add(Text(arrived, style="bold green"))
        self.console.print(tree)
        self._say("")
        self._say(f"Seven links, each intact, and one notification delivered, in {seconds:.0f} s.")
        _append_summary(["", f"One notification delivered: `{message['AlarmName']}`."])

    def _summarise(self, report: Report) -> None:
        _append_summary([markdown.render(report)])

    def _heading(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(title, style="bold underline"))

    def _say(self, line: str) -> None:
        self.console.print(Text(line))


def write_policy(source: Path, target: Path, inbox: Inbox) -> None:
    """A copy of the repair policy whose subscription is the queue."""
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    actions = [
        action
        for policy in content["policies"]
        for action in policy.get("actions", ())
        if isinstance(action, dict) and action.get("type") == _ACTION
    ]
    if not actions:
        raise Unexpected(f"{source} has no action {_ACTION}.")
    for action in actions:
        action["subscriptions"] = [{"protocol": "sqs", "endpoint": inbox.arn}]
    kept = {"policies": content["policies"]}
    target.write_text(yaml.safe_dump(kept, sort_keys=False, width=100), encoding="utf-8")


def _chain(report: Report) -> Chain:
    """The chain to go on with: one that works, else any."""
    chains = [chain for account in report.accounts for chain in account.judgement.chains]
    if not chains:
        raise Unexpected("the audit says nothing about any chain.")
    return next((chain for chain in chains if chain.verdict == "intact"), chains[0])


def _resource(chain: Chain, name: str) -> str:
    for link in chain.links:
        if link.link == name and link.resource:
            return link.resource
    raise Unexpected(f"the intact chain names no {name}.")


def _in_words(message: dict[str, Any]) -> list[str]:
    return [
        "The security team reads:",
        f"  {message['AlarmName']} is in {message['NewStateValue']}"
        f" (it was in {message['OldStateValue']})",
        f"  {message['AlarmDescription'] or 'no description'}",
        f"  account {message['AWSAccountId']}, {message['Region']}, {message['StateChangeTime']}",
        f"  because: {message['NewStateReason']}",
    ]


def _append_summary(lines: list[str]) -> None:
    """For a pipeline's job summary; the file may hold more than ours."""
    path = os.environ.get("DEMO_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as summary:
            summary.write("\n".join(lines) + "\n")
