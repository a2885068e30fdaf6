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
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from .account import Inbox
from .response import Person, entry, seed_person, seed_response, sign_in, write_release
from .shell import Shell

TELLS = "policies/respond/signin-single-factor.yml"
CONTAINS = "policies/respond/signin-single-factor-contained.yml"
RELEASES = "policies/respond/signin-user-released.yml"

_SAME = "the same as: "
_MAIL_SECONDS = 45.0
_OUTPUTS = ("respond", "contain", "release")
_FOUND = "What was found"


class Unexpected(Exception):
    """Something did not happen as the demo says it does; the message is one sentence."""


class Sequel:
    """One telling of the second half, in the account and with the topic of the first."""

    def __init__(
        self, console: Console, shell: Shell, session: boto3.Session, endpoint: str, out: Path
    ) -> None:
        self.console, self.shell, self.session = console, shell, session
        self.endpoint, self.out = endpoint, out

    def tell(self, inbox: Inbox) -> None:
        """From the deployment to the release; raises `Unexpected` where it goes otherwise."""
        started = time.monotonic()
        for name in _OUTPUTS:
            shutil.rmtree(self.out / name, ignore_errors=True)
        self._deploy()
        alice = seed_person(self.session, self.endpoint)
        console_session = self._may(alice)
        self._sign_in(alice)
        contained, told = self._messages(inbox)
        self._show(contained, told)
        refusal = self._may_not(alice, console_session)
        self._release(alice, console_session)
        self._end(contained, told, refusal, time.monotonic() - started)

    def _deploy(self) -> None:
        self._heading("And when somebody does sign in without MFA?")
        self._say(
            "Two policies, deployed as functions: one tells, one contains. Their roles may do"
        )
        self._say("what docs/permissions.md lists and nothing else; the local AWS enforces it.")
        self._say("They publish to the topic that the repair has made.")
        seed_response(self.session)
        self.shell.succeed("custodian", "run", "-s", str(self.out / "respond"), TELLS)
        self.shell.succeed("custodian", "run", "-s", str(self.out / "contain"), CONTAINS)

    def _may(self, alice: Person) -> dict[str, str]:
        self._heading("alice signs in, with a password and nothing else")
        self._say("There is no console here; a session of sts get-session-token, which has the")
        self._say("console's aws:MultiFactorAuthPresent of false, stands for hers. It may do")
        self._say("everything:")
        console_session = alice.console_session()
        self.shell.show("aws", "s3api", "list-buckets", prompt=_SAME)
        if alice.refusal(console_session) is not None:
            raise Unexpected("alice was to be let in before she is contained.")
        self._say("allowed")
        return console_session

    def _sign_in(self, alice: Person) -> None:
        record = entry(sign_in(alice))
        self._say("")
        self._say("CloudTrail tells EventBridge of the sign-in:")
        shown = json.dumps([{**record, "Detail": "{… ConsoleLogin, Success, MFAUsed No …}"}])
        self.shell.show(
            "aws", "events", "put-events", "--entries", shown.encode().decode("unicode_escape"),
            prompt=_SAME,
        )  # fmt: skip
        self.session.client("events").put_events(Entries=[record])

    def _messages(self, inbox: Inbox) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the containing and the telling policy have sent."""
        queues = self.session.client("sqs")
        found: dict[bool, dict[str, Any]] = {}
        deadline = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < deadline and len(found) < 2:
            answer = queues.receive_message(QueueUrl=inbox.url, WaitTimeSeconds=2)
            for received in answer.get("Messages", ()):
                message: dict[str, Any] = json.loads(received["Body"])
                found["- require-mfa: done." in message["Message"]] = message
                queues.delete_message(QueueUrl=inbox.url, ReceiptHandle=received["ReceiptHandle"])
        if len(found) < 2:
            raise Unexpected(
                f"two messages were to arrive in {inbox.arn} within {_MAIL_SECONDS:.0f} seconds, "
                f"and {len(found)} did."
            )
        return found[True], found[False]

    def _show(self, contained: dict[str, Any], told: dict[str, Any]) -> None:
        self._heading("The security team reads")
        self._say(f"Subject: {contained['Subject']}")
        self._say("")
        for line in contained["Message"].splitlines():
            self._say(f"  {line}".rstrip())
        self._say("")
        self._say(f"Subject: {told['Subject']}")
        self._say("… which also says:")
        for block in told["Message"].split("\n\n"):
            if block.startswith(_FOUND):
                for line in ["", *block.splitlines()]:
                    self._say(f"  {line}".rstrip())

    def _may_not(self, alice: Person, console_session: dict[str, str]) -> str:
        self._heading("The same session, now")
        self.shell.show("aws", "s3api", "list-buckets", prompt=_SAME)
        refusal = alice.refusal(console_session)
        if refusal is None:
            raise Unexpected("alice was to be contained, and her session still may do everything.")
        self._say(f"AccessDenied: {refusal}")
        if alice.refusal(alice.key) is not None:
            raise Unexpected("alice's access key was to be spared.")
        self._say("Her access key, which scripts may use, is spared.")
        return refusal

    def _release(self, alice: Person, console_session: dict[str, str]) -> None:
        self._heading("It was alice")
        policy = self.out / Path(RELEASES).name
        write_release(RELEASES, policy, alice.name)
        self._say(f"{policy} is {RELEASES}")
        self._say("with her name put in.")
        self.shell.succeed(
            "custodian", "run", "--cache-period", "0", "-s", str(self.out / "release"), str(policy)
        )
        self.shell.show("aws", "s3api", "list-buckets", prompt=_SAME)
        if alice.refusal(console_session) is not None:
            raise Unexpected("alice was to be released, and her session is still refused.")
        self._say("allowed")

    def _end(
        self, contained: dict[str, Any], told: dict[str, Any], refusal: str, seconds: float
    ) -> None:
        self._heading("From a sign-in to a told person and a contained user")
        tree = Tree("alice signs in without MFA")
        for mark in (
            "one event, and two functions that it starts",
            f"told: {told['Subject']}",
            f"contained: {contained['Subject']}",
            f"refused: {refusal.partition(' on resource')[0]}",
            "released, and let in again",
        ):
            tree.add(Text(f"✓ {mark}", style="green"))
        self.console.print(tree)
        self._say("")
        self._say(f"All of it in {seconds:.0f} s.")

    def _heading(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(title, style="bold underline"))

    def _say(self, line: str) -> None:
        self.console.print(Text(line))
