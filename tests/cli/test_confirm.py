# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa confirm`: SNS's answers are set by hand, since moto takes any token."""

from __future__ import annotations

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError
from click.testing import CliRunner

from c7n_mfa.cli.commands import group

TOPIC = "arn:aws:sns:eu-west-1:123456789012:Told"
TOKEN = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92"
ARN = f"{TOPIC}:0a1b"
LINK = (
    "https://sns.eu-west-1.amazonaws.com/confirmation.html"
    f"?TopicArn={TOPIC}&Token={TOKEN}&Endpoint=user@example.com"
)
# What SNS posts to an HTTPS endpoint, as SubscribeURL.
SUBSCRIBE_URL = (
    "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    f"&TopicArn={TOPIC.replace(':', '%3A')}&Token={TOKEN}"
)


@pytest.fixture
def run(monkeypatch):
    """Run the command: its result, and what SNS was asked."""

    def run(*args, error=None):
        asked = []

        def answer(client, parameters):
            asked.append((client.meta.region_name, parameters))
            if error:
                raise error
            return {"SubscriptionArn": ARN}

        monkeypatch.setattr(
            BaseClient, "_make_api_call", lambda client, _, parameters: answer(client, parameters)
        )
        return CliRunner().invoke(group, ["confirm", *args]), asked

    return run


def failed(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "ConfirmSubscription")


@pytest.mark.parametrize(
    "args", [("--topic", TOPIC, "--token", TOKEN), (LINK,), (SUBSCRIBE_URL,), (f" {LINK}\n",)]
)
def test_a_token_or_a_link_confirms_in_the_topics_region(run, args):
    result, asked = run(*args)

    assert (result.exit_code, result.stdout) == (0, f"confirmed: {ARN}\n")
    assert asked == [("eu-west-1", {"TopicArn": TOPIC, "Token": TOKEN})]


def test_only_the_owner_may_unsubscribe_when_asked_for(run):
    _, asked = run(LINK, "--authenticate-on-unsubscribe")

    assert asked[0][1]["AuthenticateOnUnsubscribe"] == "true"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "give the link of the message, or both --topic and --token"),
        (("--topic", TOPIC), "give the link of the message, or both --topic and --token"),
        (("--token", TOKEN), "give the link of the message, or both --topic and --token"),
        ((LINK, "--token", TOKEN), "give the link, or --topic and --token, not both"),
        (
            ("https://example.com/?a=b",),
            "the link has no TopicArn and no Token; copy all of it from the mail",
        ),
        (
            ("https://[sns/?TopicArn=a&Token=b",),
            "https://[sns/?TopicArn=a&Token=b is no link: Invalid IPv6 URL; copy all of it from "
            "the mail",
        ),
        (
            (LINK.replace("Token=", "Tken="),),
            "the link has no Token; copy all of it from the mail",
        ),
        (("no link",), "the link has no TopicArn and no Token; copy all of it from the mail"),
        (("--topic", "Told", "--token", TOKEN), "Told is not the ARN of a topic"),
        (
            ("--topic", "arn:aws:sqs:eu-west-1:123456789012:q", "--token", TOKEN),
            "arn:aws:sqs:eu-west-1:123456789012:q is not the ARN of a topic",
        ),
    ],
)
def test_what_is_missing_is_said_and_nobody_is_asked(run, args, sentence):
    result, asked = run(*args)

    assert (result.exit_code, result.stderr) == (2, f"c7n-mfa confirm: {sentence}\n")
    assert asked == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            failed("InvalidParameter", "Invalid token"),
            "SNS does not take the token, which may have expired; subscribe again: "
            "InvalidParameter: Invalid token",
        ),
        (
            failed("AuthorizationErrorException"),
            "access denied, grant sns:ConfirmSubscription: AuthorizationError: no",
        ),
        (
            failed("NotFoundException"),
            "there is no such topic, or no subscription waits on it: NotFound: no",
        ),
        (failed("InternalError"), "sns:ConfirmSubscription failed: InternalError: no"),
        (
            failed("ExpiredToken", "The security token included in the request is expired"),
            "the AWS credentials have expired. Sign in again (`aws sso login`, or new keys).",
        ),
        (
            NoCredentialsError(),
            "there are no AWS credentials. Give them, by AWS_PROFILE for one; "
            "`aws sts get-caller-identity` says whether they work.",
        ),
    ],
)
def test_what_sns_refuses_is_a_sentence(run, error, sentence):
    result, _ = run(LINK, error=error)

    assert (result.exit_code, result.stderr) == (2, f"c7n-mfa confirm: {sentence}\n")


def test_an_unknown_profile_is_a_sentence(run):
    result, _ = run(LINK, "--profile", "nobody")

    assert (result.exit_code, result.stderr) == (
        2,
        "c7n-mfa confirm: there is no AWS profile nobody. Name another; "
        "`aws configure list-profiles` lists those that there are.\n",
    )


def test_an_answer_cannot_steer_the_terminal(run):
    result, _ = run("--topic", TOPIC, "--token", TOKEN, error=failed("Odd", "\x1b[2Jno\nconfirmed"))

    assert result.stderr == (
        r"c7n-mfa confirm: sns:ConfirmSubscription failed: Odd: \u{1b}[2Jno confirmed" "\n"
    )
