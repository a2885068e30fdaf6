# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa confirm`: confirm a subscription with the token that SNS has sent to its endpoint."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.terminal import aws_problem, aws_sentence, complain
from c7n_mfa.frozen import frozen

CONFIRMED, NOT_CONFIRMED = 0, 2


@frozen
class Confirmation:
    """What SNS asks for: the topic, and the token that only the endpoint has seen."""

    topic: str
    token: str


class NotALink(ValueError):
    """The text is no confirmation link; the message is a sentence."""


def from_link(link: str) -> Confirmation:
    """The topic and the token of the link in SNS's message, which is not opened.

    >>> from_link("https://sns.us-east-1.amazonaws.com/?TopicArn=arn:aws:sns:::t&Token=ab12")
    Confirmation(topic='arn:aws:sns:::t', token='ab12')
    """
    try:
        fields = parse_qs(urlsplit(link.strip()).query)
    except ValueError as error:
        raise NotALink(
            f"{link.strip()} is no link: {error}; copy all of it from the mail"
        ) from error
    named = {name.lower(): values[0] for name, values in fields.items()}
    missing = [name for name in ("TopicArn", "Token") if not named.get(name.lower())]
    if missing:
        raise NotALink(f"the link has no {' and no '.join(missing)}; copy all of it from the mail")
    return Confirmation(named["topicarn"], named["token"])


@click.command("confirm")
@click.argument("link", required=False)
@click.option("--topic", metavar="ARN", help="The topic, when there is no link.")
@click.option("--token", help="The token of the message, when there is no link.")
@click.option(
    "--authenticate-on-unsubscribe",
    is_flag=True,
    help="Let only the owner of the topic or of the subscription end it.",
)
@click.option("--profile", help="As in custodian run.")
@click.pass_context
def confirm(
    context: click.Context,
    link: str | None,
    topic: str | None,
    token: str | None,
    authenticate_on_unsubscribe: bool,
    profile: str | None,
) -> None:
    """Confirm a subscription: by the LINK of SNS's message, or by its topic and token.

    The link is not opened. Exit status: 0 confirmed, 2 not.
    """
    try:
        asked = _asked(link, topic, token)
        arn = _confirm(asked, authenticate_on_unsubscribe, profile)
    except (NotALink, ClientError, BotoCoreError) as error:
        complain("confirm", _sentence(error))
        context.exit(NOT_CONFIRMED)
    click.echo(f"confirmed: {one_line(arn)}")


def _asked(link: str | None, topic: str | None, token: str | None) -> Confirmation:
    if link and (topic or token):
        raise NotALink("give the link, or --topic and --token, not both")
    asked = from_link(link) if link else Confirmation(topic or "", token or "")
    if not asked.topic or not asked.token:
        raise NotALink("give the link of the message, or both --topic and --token")
    where = Arn.parse(asked.topic)
    if where.service != "sns" or not where.region or not where.resource:
        raise NotALink(f"{asked.topic} is not the ARN of a topic")
    return asked


def _confirm(asked: Confirmation, authenticated: bool, profile: str | None) -> str:
    session = boto3.Session(profile_name=profile)
    sns = session.client("sns", region_name=Arn.parse(asked.topic).region)
    given = {"AuthenticateOnUnsubscribe": "true"} if authenticated else {}
    answer = sns.confirm_subscription(TopicArn=asked.topic, Token=asked.token, **given)
    return str(answer["SubscriptionArn"])


def _sentence(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return aws_sentence(error)
    code = error.response["Error"]["Code"].removesuffix("Exception")
    message = error.response["Error"].get("Message", "")
    if code not in _MEANINGS and aws_problem(f"{code}: {message}"):
        return aws_sentence(error)
    return f"{_MEANINGS.get(code, 'sns:ConfirmSubscription failed')}: {code}: {message}"


_MEANINGS = {
    "AuthorizationError": "access denied, grant sns:ConfirmSubscription",
    "AccessDenied": "access denied, grant sns:ConfirmSubscription",
    "InvalidParameter": "SNS does not take the token, which may have expired; subscribe again",
    "NotFound": "there is no such topic, or no subscription waits on it",
    "SubscriptionLimitExceeded": "the account has no more subscriptions left",
    "FilterPolicyLimitExceeded": "the account has no more filter policies left",
}
