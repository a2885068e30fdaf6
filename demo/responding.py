# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The second half of the demo: a sign-in arrives, a person is told, and the user is contained."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import boto3

from .account import Inbox
from .response import Person, entry, seed_person, seed_response, sign_in, write_release
from .shell import Shell, Unexpected

ALERTS = "policies/respond/signin-single-factor.yml"
CONTAINS = "policies/respond/signin-single-factor-contain.yml"
RELEASES = "policies/respond/signin-user-release.yml"

_MAIL_SECONDS = 45.0
_OUTPUTS = ("respond", "contain", "release")
_NEXT_SECOND = 2.0
_DONE, _FOUND = "What was done", "What was found"


class Responding:
    """One run of the second half, in the account and with the topic of the first."""

    def __init__(self, shell: Shell, session: boto3.Session, endpoint: str, out: Path) -> None:
        self.shell, self.session = shell, session
        self.endpoint, self.out = endpoint, out

    def run(self, inbox: Inbox) -> None:
        """From the deployment to the release; raises `Unexpected` where it goes otherwise."""
        for name in _OUTPUTS:
            shutil.rmtree(self.out / name, ignore_errors=True)
        self._deploy()
        alice = seed_person(self.session, self.endpoint)
        console_session = alice.console_session()
        if alice.refusal(console_session) is not None:
            raise Unexpected("alice was to be let in before she is contained.")
        self._sign_in(alice)
        self._show(*self._messages(inbox))
        self._looks_again()
        self._refused(alice, console_session)
        self._release(alice, console_session)

    def _deploy(self) -> None:
        self.shell.heading("Who was it, and what if it was not alice?")
        self.shell.say(
            "Two policies become functions that every sign-in starts. One investigates and alerts, "
            "one contains; their roles have the permissions of docs/permissions.md, which the "
            "local AWS enforces."
        )
        seed_response(self.session)
        self._custodian("-s", str(self.out / "respond"), ALERTS)
        self._custodian("-s", str(self.out / "contain"), CONTAINS)

    def _custodian(self, *words: str) -> None:
        self.shell.show("custodian", "run", *words)
        self.shell.quietly("custodian", "run", *words)

    def _sign_in(self, alice: Person) -> None:
        self.session.client("events").put_events(Entries=[entry(sign_in(alice))])
        self.shell.say(
            "alice, an administrator, signs in with a password and nothing else; CloudTrail puts "
            "the event on the bus of EventBridge."
        )

    def _messages(self, inbox: Inbox) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the containing and the alerting policy have sent."""
        queues = self.session.client("sqs")
        received: dict[bool, dict[str, Any]] = {}
        deadline = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < deadline and len(received) < 2:
            answer = queues.receive_message(QueueUrl=inbox.url, WaitTimeSeconds=2)
            for item in answer.get("Messages", ()):
                message: dict[str, Any] = json.loads(json.loads(item["Body"])["Message"])
                received[message["containment"] == "contained"] = message
                queues.delete_message(QueueUrl=inbox.url, ReceiptHandle=item["ReceiptHandle"])
        if len(received) < 2:
            raise Unexpected(
                f"two messages were to arrive in {inbox.arn} within {_MAIL_SECONDS:.0f} seconds, "
                f"and {len(received)} did."
            )
        return received[True], received[False]

    def _show(self, contained: dict[str, Any], alert: dict[str, Any]) -> None:
        self.shell.heading("The security team reads")
        for message, part in ((alert, _FOUND), (contained, _DONE)):
            self.shell.say(f"Subject: {message['subject']}")
            for block in message["text"].split("\n\n"):
                if block.startswith(part):
                    for line in block.splitlines():
                        self.shell.say(f"  {line}".rstrip())

    def _looks_again(self) -> None:
        scheduler = self.session.client("scheduler")
        schedules = scheduler.list_schedules(NamePrefix="c7n-mfa-look-")["Schedules"]
        if len(schedules) != 1:
            raise Unexpected(f"one second look was to be scheduled, and {len(schedules)} are.")
        found = scheduler.get_schedule(Name=schedules[0]["Name"])["ScheduleExpression"]
        self.shell.say(
            f"A schedule, {found}, calls the function again, for what CloudTrail delivers late."
        )

    def _refused(self, alice: Person, console_session: dict[str, str]) -> None:
        self.shell.heading("The same session, now")
        refusal = alice.refusal(console_session)
        if refusal is None:
            raise Unexpected("alice was to be contained, and her session still may do everything.")
        if alice.refusal(alice.key) is not None:
            raise Unexpected("alice's access key was to be left alone.")
        self.shell.say(f"AccessDenied: {refusal}")
        self.shell.say("Her access key, which scripts may use, is left alone.")

    def _release(self, alice: Person, console_session: dict[str, str]) -> None:
        self.shell.heading("It was alice")
        policy = self.out / Path(RELEASES).name
        write_release(RELEASES, policy, alice.name)
        self.shell.say(f"{RELEASES}, with her name put in:")
        self._custodian("--cache-period", "0", "-s", str(self.out / "release"), str(policy))
        if alice.refusal(console_session) is None:
            raise Unexpected("a session from before the release was to stay refused.")
        # What is issued in the second of the release is refused with what was issued before.
        time.sleep(_NEXT_SECOND)
        if alice.refusal(alice.console_session()) is not None:
            raise Unexpected("alice was to be released, and a new session of hers is refused.")
        self.shell.say("A new session may do everything again; the one from before stays refused.")
