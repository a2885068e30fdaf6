# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What SNS takes as the endpoint of a subscription, by protocol.

The forms are those of the `Subscribe` call; SNS refuses any other, half-way through a repair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MAIL = (r"[^@\s]+@[^@\s]+", "an e-mail address")
_ARN = r"arn:[^:\s]+:{}:[^:\s]+:[^:\s]+:\S+"

_FORMS: Mapping[str, tuple[str, str]] = {
    "application": (_ARN.format("sns"), "the ARN of a mobile app's endpoint"),
    "email": _MAIL,
    "email-json": _MAIL,
    "http": (r"http://[^/\s]+\S*", "an address that begins with http://"),
    "https": (r"https://[^/\s]+\S*", "an address that begins with https://"),
    "lambda": (_ARN.format("lambda"), "the ARN of a function"),
    "sms": (r"\+?[0-9][0-9 ().-]{5,}", "a phone number such as +15555550100"),
    "sqs": (_ARN.format("sqs"), "the ARN of a queue"),
}
PROTOCOLS = tuple(_FORMS)
"""All of SNS's but firehose, which wants a role that there is no option for."""


def fault(protocol: str, endpoint: str) -> str | None:
    """What an endpoint should be and is not; custodian's variables in it may stand for anything.

    >>> fault("email", "security")
    'security is not an e-mail address'
    """
    form, wanted = _FORMS[protocol]
    filled_in = re.sub(r"\{\w+\}", "x", endpoint)
    return None if re.fullmatch(form, filled_in) else f"{endpoint} is not {wanted}"
