# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What every command prints with: a console for any stream, and errors as sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

import click
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.text import one_line

_UNWRAPPED = 100_000
_ARN_PREFIXES = ("trail/", "log-group:", "alarm:")

# What the signs become where the output cannot hold them; a word stands beside each.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "·": "-", "→": "->", "…": "...", "’": "'", "“": '"', "”": '"'}  # noqa: RUF001
)

_SIGN_IN_AGAIN = "Sign in again (`aws sso login`, or new keys)"
_TRY_THEM = "`aws sts get-caller-identity` says whether they work"
_NAME_ONE = "`aws configure list-profiles` lists those that there are"

# The name of the error, or of its code, and the message: whichever the text has.
_AWS_PROBLEMS = (
    (
        r"NoCredentialsError|Unable to locate credentials",
        "there are no AWS credentials",
        f"Give them, by AWS_PROFILE for one; {_TRY_THEM}",
    ),
    (
        r"config profile \((?P<name>[^)]*)\) could not be found",
        "there is no AWS profile {name}",
        f"Name another; {_NAME_ONE}",
    ),
    (r"ProfileNotFound", "there is no such AWS profile", f"Name another; {_NAME_ONE}"),
    (
        r"ExpiredToken|RequestExpired|Token has expired|token included in the request is expired"
        r"|SSOTokenLoadError|UnauthorizedSSOToken",
        "the AWS credentials have expired",
        _SIGN_IN_AGAIN,
    ),
    (
        r"InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch"
        r"|IncompleteSignature|AuthFailure|token included in the request is invalid",
        "AWS does not accept the credentials",
        f"Give others; {_TRY_THEM}",
    ),
    (
        r"PartialCredentialsError|Partial credentials found",
        "the AWS credentials are incomplete",
        f"Give key and secret both; {_TRY_THEM}",
    ),
    (
        r"CredentialRetrievalError|Error when retrieving credentials",
        "the AWS credentials could not be fetched",
        f"Look at where the profile takes them from; {_TRY_THEM}",
    ),
    (
        r"role defined for the function cannot be assumed",
        "there is no role as the policy's mode names it, or Lambda may not assume it",
        "Make the role, and let lambda.amazonaws.com assume it (docs/permissions.md)",
    ),
    (
        r"does not have permissions to call SendMessage on SQS",
        "the function's role may not send to the dead-letter queue, or there is no such queue",
        "Make the queue, and allow the role sqs:SendMessage on it",
    ),
    (
        r"not authorized to perform:? (?P<name>[\w-]+:\w+)",
        "{name} was denied",
        "Allow whoever runs custodian {name}",
    ),
    (
        r"NoRegionError|must specify a region|No default region",
        "there is no Region",
        "Name one by AWS_DEFAULT_REGION or `-r`",
    ),
    (
        r"EndpointConnectionError|Could not connect to the endpoint|Connect\w*Timeout|timeout on "
        r"endpoint|ProxyConnectionError",
        "AWS could not be reached",
        "Look at the network, the proxy and AWS_ENDPOINT_URL",
    ),
)


class _AsciiFile:
    """A stream that cannot hold every sign: writes the nearest thing it can."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = "ascii"

    def write(self, text: str) -> int:
        plain = text.translate(_ASCII).encode("ascii", errors="replace").decode("ascii")
        return self._stream.write(plain)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def console_for(stream: TextIO) -> Console:
    """A console on a stream: colours and wrapping on a terminal, plain whole lines in a pipe."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    file = stream if encoding.startswith("utf") else _AsciiFile(stream)
    console = Console(file=file, highlight=False, emoji=False, markup=False)  # type: ignore[arg-type]
    if not console.is_terminal:
        console.width = _UNWRAPPED
    return console


def indented(sentence: str, style: str = "", by: int = 2) -> RenderableType:
    """A sentence whose further lines are indented as its first one is."""
    return Padding.indent(Text(sentence, style=style), by)


def unbroken(line: str, by: int = 2) -> Text:
    """A line to be copied: no line break gets into it, however narrow the terminal."""
    return Text(" " * by + line, no_wrap=True, overflow="ignore")


def section(title: str, lines: Sequence[RenderableType]) -> list[RenderableType]:
    """Lines under a title, a blank line above; nothing where there are none."""
    return ["", Text(f"{title}:", style="bold"), *lines] if lines else []


def complain(command: str, sentence: str) -> None:
    """One sentence on standard error, under the name of the command."""
    click.echo(f"c7n-mfa {command}: {one_line(sentence)}", err=True)


def aws_problem(text: str) -> tuple[str, str] | None:
    """What stands between the user and AWS, in the words of botocore: the cause and the fix.

    Both without full stops; `None` for any other fault.
    """
    for pattern, cause, fix in _AWS_PROBLEMS:
        match = re.search(pattern, text)
        if match:
            name = match.groupdict().get("name") or ""
            return cause.replace("{name}", name), fix.replace("{name}", name)
    return None


def aws_sentence(error: Exception) -> str:
    """An exception of botocore with its fix where that is known, else in its own words."""
    known = aws_problem(f"{type(error).__name__}: {error}")
    return f"{known[0]}. {known[1]}." if known else str(error)


def short_name(resource: str) -> str:
    """The name at the end of an ARN; anything else as it is."""
    if not resource.startswith("arn:"):
        return resource
    name = Arn.parse(resource).resource.removesuffix(":*")
    for prefix in _ARN_PREFIXES:
        name = name.removeprefix(prefix)
    return name or resource
