# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Commands as a person pastes them into a shell.  Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.times import format_time

# Ends the quotation that holds the JSON, and begins it again: the time at which it is pasted.
_PASTED = """"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'\""""

STOPS = "denies everything, in open sessions and with access keys too; detach-user-policy undoes it"
"""What `deny_all` does."""


def command(call: Mapping[str, Any], now: datetime | None = None) -> str:
    """A call as it is typed, from the service, operation and parameters that boto3 names.

    With ``now``, where that time is written into a document, the shell puts the time at which the
    command is pasted.

    >>> command({"service": "iam", "operation": "delete_user_policy",
    ...          "parameters": {"UserName": "alice", "PolicyName": "x"}})
    'aws iam delete-user-policy --user-name alice --policy-name x'
    """
    words = ["aws", str(call["service"]), str(call["operation"]).replace("_", "-")]
    for name, value in call["parameters"].items():
        words += _option(name, value)
    typed = shlex.join(words)
    return typed.replace(f'"{format_time(now)}"', _PASTED) if now else typed


def deny_all(name: str, arn: str | None) -> str:
    """Stops an IAM user at once, without a document to write: AWS's own policy that denies.

    >>> deny_all("alice", "arn:aws-cn:iam::123456789012:user/alice")[27:]
    '--user-name alice --policy-arn arn:aws-cn:iam::aws:policy/AWSDenyAll'
    """
    partition = Arn.parse(arn or "").partition or "aws"
    policy = f"arn:{partition}:iam::aws:policy/AWSDenyAll"
    words = ["aws", "iam", "attach-user-policy", "--user-name", name, "--policy-arn", policy]
    return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    option = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    return [f"--{option}", value if isinstance(value, str) else json.dumps(value)]
