# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What stands between a run and AWS, told from the words of botocore: the cause and the mend."""

from __future__ import annotations

import re

_SIGN_IN_AGAIN = "Sign in again (`aws sso login`, or new keys)"
_TRY_THEM = "`aws sts get-caller-identity` says whether they work"
_NAME_ONE = "`aws configure list-profiles` lists those that there are"

# The name of the error, or of its code, and the message: whichever the text has.
_TROUBLES = (
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


def trouble(text: str) -> tuple[str, str] | None:
    """The cause and what to do about it, without full stops; `None` for any other fault."""
    for pattern, cause, mend in _TROUBLES:
        found = re.search(pattern, text)
        if found:
            name = found.groupdict().get("name") or ""
            return cause.replace("{name}", name), mend.replace("{name}", name)
    return None
