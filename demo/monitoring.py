# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The first half of the demo: a chain that is broken, repaired, and then proven by a sign-in."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import boto3
import yaml

from c7n_mfa.cli.report import markdown
from c7n_mfa.cli.report.command import report_on
from c7n_mfa.cli.report.values import Report
from c7n_mfa.cli.report.words import AUDIT_POLICY, REPAIR_POLICY, call_name
from c7n_mfa.cli.terminal import short_name

from .account import Inbox, seed_inbox, seed_trail
from .evaluator import Change, Observation
from .shell import Shell, Unexpected

_ROOT = Path(__file__).resolve().parent.parent
_ACTION = "set-signin-monitoring"
_ANSWER = "Would anybody hear of a console sign-in without MFA? BROKEN: nobody would hear."
_SIGN_IN = ("-m", "demo.signin", "--user", "alice")
_NOTIFICATION_SECONDS = 15.0


class Monitoring:
    """One run of the first half in one account."""

    def __init__(
        self, shell: Shell, session: boto3.Session, out: Path, observations: list[Observation]
    ) -> None:
        self.shell, self.session, self.out = shell, session, out
        self.observations = observations

    def run(self) -> Inbox:
        """From the question to the notification; raises `Unexpected` where it goes otherwise."""
        # Only what an earlier demo wrote: the directory itself may hold more.
        for name in ("audit", "repair", "audit-again"):
            shutil.rmtree(self.out / name, ignore_errors=True)
        self.out.mkdir(parents=True, exist_ok=True)
        with self.shell.console.status("auditing an account on a local AWS"):
            seed_trail(self.session)
            inbox = seed_inbox(self.session)
            report = self._audit("audit", expected="broken")
        self.shell.say(_ANSWER)
        self.shell.say()
        self.shell.say(
            "The account is on a local AWS, and has a trail into a log group and nothing behind "
            "it. What follows are real runs; only custodian's log lines are left out."
        )
        self._show("audit", report)
        self._repair(inbox)
        self._show("audit-again", self._audit("audit-again", expected="intact"))
        self._sign_in(inbox)
        return inbox

    def _audit(self, name: str, expected: str) -> Report:
        self.shell.quietly("custodian", *self._audit_words(name))
        report = report_on([self.out / name])
        if report.verdict != expected:
            raise Unexpected(
                f"the account was to be {expected} here and c7n-mfa report calls it "
                f"{report.verdict}."
            )
        _append_summary([markdown.render(report)])
        return report

    def _audit_words(self, name: str) -> list[str]:
        return ["run", "-s", str(self.out / name), AUDIT_POLICY]

    def _show(self, name: str, report: Report) -> None:
        """The commands of an audit, and what the second of them prints."""
        self.shell.say()
        self.shell.show("custodian", *self._audit_words(name))
        self.shell.show("c7n-mfa", "report", str(self.out / name))
        status = self.shell.run("c7n-mfa", "report", str(self.out / name))
        if status != report.exit_code:
            raise Unexpected(f"c7n-mfa report ended with status {status} here.")

    def _repair(self, inbox: Inbox) -> None:
        self.shell.heading("Make what is missing")
        policy = self.out / Path(REPAIR_POLICY).name
        write_policy(_ROOT / REPAIR_POLICY, policy, inbox)
        self.shell.say(f"{REPAIR_POLICY}, with a queue as its only subscription:")
        out = self.out / "repair"
        self.shell.show("custodian", "run", "-s", str(out), str(policy))
        self.shell.quietly("custodian", "run", "-s", str(out), str(policy))
        report = report_on([out])
        for account in report.accounts:
            for step in account.receipt.steps if account.receipt else ():
                resource = short_name(step.resource) if step.resource else ""
                self.shell.say(f"  {step.result}: {call_name(step.call)} {resource}")
        _append_summary([markdown.render(report)])

    def _sign_in(self, inbox: Inbox) -> None:
        self.shell.heading("And when somebody signs in without MFA?")
        # The new alarm has been evaluated once, and is OK.
        self._wait_for_change()
        del self.observations[:]
        started = time.monotonic()
        self.shell.show("python", *_SIGN_IN)
        self.shell.say(self.shell.quietly("python", *_SIGN_IN).strip())
        notification = self._notification(inbox)
        self._wait_for_change()
        for observation in self.observations:
            self.shell.say(f"  {observation}")
        self.shell.say()
        self.shell.say(f"The security team reads, {time.monotonic() - started:.0f} s later:")
        for line in _in_words(notification):
            self.shell.say(f"  {line}")
        _append_summary(["", f"One notification delivered: `{notification['AlarmName']}`."])

    def _wait_for_change(self) -> None:
        """Until the evaluator, in its thread, has said that an alarm has changed its state."""
        deadline = time.monotonic() + _NOTIFICATION_SECONDS
        while not any(isinstance(observation, Change) for observation in self.observations):
            if time.monotonic() > deadline:
                raise Unexpected(f"no alarm changed within {_NOTIFICATION_SECONDS:.0f} seconds.")
            time.sleep(0.05)

    def _notification(self, inbox: Inbox) -> dict[str, Any]:
        queues = self.session.client("sqs")
        deadline = time.monotonic() + _NOTIFICATION_SECONDS
        while time.monotonic() < deadline:
            answer = queues.receive_message(QueueUrl=inbox.url, WaitTimeSeconds=1)
            for message in answer.get("Messages", ()):
                # Read and done with: what comes later is another message.
                queues.delete_message(QueueUrl=inbox.url, ReceiptHandle=message["ReceiptHandle"])
                notification: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
                return notification
        raise Unexpected(
            f"no notification arrived in {inbox.arn} within {_NOTIFICATION_SECONDS:.0f} seconds."
        )


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


def _in_words(notification: dict[str, Any]) -> list[str]:
    return [
        f"{notification['AlarmName']} is in {notification['NewStateValue']}: "
        f"{notification['AlarmDescription'] or 'no description'}",
        f"account {notification['AWSAccountId']}, {notification['Region']}, "
        f"{notification['StateChangeTime']}",
        notification["NewStateReason"],
    ]


def _append_summary(lines: list[str]) -> None:
    """For a pipeline's job summary; the file may hold more."""
    path = os.environ.get("DEMO_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as summary:
            summary.write("\n".join(lines) + "\n")
