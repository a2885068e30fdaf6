# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Links into the AWS console.  Pure.

They are the only links of a message, so they are made of nothing but what cannot be anything else:
a Region, the name of a user, the UUID of an event.  Where one of these is odd, there is no link.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from c7n_mfa.aws.arn import Arn
from c7n_mfa.signin.criteria import identity
from c7n_mfa.signin.record import EVENT_ID, SignIn

# By partition: what the names of its Regions begin with, and the host of its console.
_PARTITIONS = {
    "aws-cn": ("cn-", "console.amazonaws.cn"),
    "aws-us-gov": ("us-gov-", "console.amazonaws-us-gov.com"),
    "aws-eusc": ("eusc-", "console.amazonaws-eusc.eu"),
    "aws": ("(?!cn-|us-gov-|us-iso)[a-z]{2}-", "console.aws.amazon.com"),
}
_REGION = r"[a-z]+(-[a-z]+)*-\d{1,2}"
_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def user_link(sign_in: SignIn) -> str | None:
    """To the IAM user in the console; None for anybody else."""
    home = _home(sign_in, "iam")
    name = sign_in.identity.user_name or ""
    if home is None or identity(sign_in) != "iam-user" or not _USER.fullmatch(name):
        return None
    return f"{home}#/users/details/{quote(name, safe='')}"


def event_link(sign_in: SignIn) -> str | None:
    """To the event in the console of CloudTrail, which has it some minutes after the sign-in."""
    home = _home(sign_in, "cloudtrailv2")
    if home is None or not EVENT_ID.fullmatch(sign_in.event_id or ""):
        return None
    return f"{home}#/events/{sign_in.event_id}"


def _home(sign_in: SignIn, service: str) -> str | None:
    region = sign_in.region or ""
    partition = Arn.parse(sign_in.identity.arn or "").partition
    named, host = _PARTITIONS.get(partition, ("", ""))
    if not host or not re.fullmatch(rf"(?:{named}){_REGION}", region, re.ASCII):
        return None
    return f"https://{region}.{host}/{service}/home?region={region}"
