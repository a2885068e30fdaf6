# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa redrive`: hand dead letters to the functions that did not get them, or failed.

SQS moves dead letters of its own queues only, and not those of Lambda and EventBridge
(`StartMessageMoveTask`); and nobody but AWS can put a sign-in on a bus again.  So each message is
handed to the functions themselves, and taken from the queue once all of them are done with it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.terminal import aws_sentence, complain
from c7n_mfa.frozen import frozen
from c7n_mfa.signin.parts import at
from c7n_mfa.signin.record import EVENT_ID

NONE_LEFT, SOME_LEFT, CANNOT_TELL = 0, 1, 2

# As long as a function may run: nobody else gets the message meanwhile.
_LONGEST_SECONDS = 900
_PATIENT = Config(read_timeout=_LONGEST_SECONDS + 10, retries={"total_max_attempts": 1})
_LONGEST_REASON = 300


@frozen
class DeadLetter:
    """A message: the event that did not get through; None when it is no JSON object."""

    handle: str
    message_id: str
    event: dict[str, Any] | None

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> DeadLetter:
        """Lambda and EventBridge send the event itself; a destination of Lambda wraps it."""
        try:
            body = json.loads(message["Body"])
        except ValueError:
            body = None
        event = body.get("requestPayload", body) if isinstance(body, dict) else None
        is_event = isinstance(event, dict)
        return cls(message["ReceiptHandle"], message["MessageId"], event if is_event else None)

    @property
    def name(self) -> str:
        """The id of the event, where AWS has given it one."""
        event_id = at(self.event, "detail", "eventID")
        is_id = isinstance(event_id, str) and EVENT_ID.fullmatch(event_id)
        return f"event {event_id}" if is_id else f"message {self.message_id}"


@click.command("redrive")
@click.argument("queue")
@click.option(
    "--function",
    "functions",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A function to hand each event to, by name or ARN; several may be given.",
)
@click.option("--region", help="The Region of a queue or function that is given by its name.")
@click.option("--profile", help="As in custodian run.")
@click.pass_context
def redrive(
    context: click.Context,
    queue: str,
    functions: Sequence[str],
    region: str | None,
    profile: str | None,
) -> None:
    """Hand the dead letters in QUEUE, a name or an ARN, to functions.

    A function that has worked on an event before does nothing again. What a function refuses or
    fails on stays in the queue. Exit status: 0 none left, 1 some left, 2 could not tell.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        found = _Redrive(session, queue, functions)
        left = [letter for letter in found.letters() if not _told(letter, found.hand_over(letter))]
        found.leave(left)
    except (ClientError, BotoCoreError) as error:
        complain("redrive", aws_sentence(error))
        context.exit(CANNOT_TELL)
    if not found.seen:
        click.echo(f"no dead letters in {one_line(queue)}")
    context.exit(SOME_LEFT if left else NONE_LEFT)


def _told(letter: DeadLetter, problems: Sequence[str]) -> bool:
    """Say what became of it; whether it is out of the queue."""
    became = f"stays in the queue: {'; '.join(problems)}" if problems else "handed over"
    click.echo(f"{letter.name}: {became}")
    return not problems


class _Redrive:
    """The queue, and the functions that get what is in it."""

    def __init__(self, session: boto3.Session, queue: str, functions: Sequence[str]) -> None:
        self.session, self.functions = session, functions
        self.queues = session.client("sqs", region_name=_region(queue))
        owner = {"QueueOwnerAWSAccountId": Arn.parse(queue).account} if ":" in queue else {}
        name = queue.rpartition(":")[2]
        self.url: str = self.queues.get_queue_url(QueueName=name, **owner)["QueueUrl"]
        self.seen = 0

    def letters(self) -> Iterator[DeadLetter]:
        """Each message once: whatever is not deleted is hidden until `leave`."""
        ask = {"QueueUrl": self.url, "WaitTimeSeconds": 1, "VisibilityTimeout": _LONGEST_SECONDS}
        while messages := self.queues.receive_message(**ask).get("Messages"):
            for message in messages:
                self.seen += 1
                yield DeadLetter.from_message(message)

    def hand_over(self, letter: DeadLetter) -> list[str]:
        """Why the functions are not done with it; deleted when there is no reason."""
        if letter.event is None:
            return ["it is no event; read it, and delete it"]
        problems = [self._invoke(function, letter.event) for function in self.functions]
        found = [problem for problem in problems if problem]
        if not found:
            self.queues.delete_message(QueueUrl=self.url, ReceiptHandle=letter.handle)
        return found

    def leave(self, letters: Sequence[DeadLetter]) -> None:
        """Show again what is left."""
        for letter in letters:
            self.queues.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=letter.handle, VisibilityTimeout=0
            )

    def _invoke(self, function: str, event: dict[str, Any]) -> str | None:
        client = self.session.client("lambda", region_name=_region(function), config=_PATIENT)
        name = function.rpartition(":")[2]
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        except (ClientError, BotoCoreError) as error:
            return f"{name} was not invoked: {aws_sentence(error)}"
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            reason = said.get("errorMessage") if isinstance(said, dict) else said
            return f"{name} failed: {one_line(str(reason))[:_LONGEST_REASON]}"
        return f"{name} refused it, and its log says why" if said is False else None


def _region(name: str) -> str | None:
    """The Region of an ARN; None for a name, which is in the session's."""
    return Arn.parse(name).region if name.startswith("arn:") else None
