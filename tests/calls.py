# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a policy really calls, and calls that fail on demand, below boto3 and above any network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError

# Where the name of the endpoint is not that of the IAM permission.
_PREFIXES = {"monitoring": "cloudwatch"}

Fault = Callable[[str], Exception]
Answer = Callable[[dict], dict]


class Calls:
    """The permissions behind the calls made so far, in order; those named in `faults` fail."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        self.made: list[str] = []
        self.faults = faults

    def counts(self) -> Counter[str]:
        return Counter(self.made)


@contextmanager
def watched(
    faults: dict[str, Fault] | None = None,
    answers: dict[str, Answer] | None = None,
    stubs: dict[str, dict | Answer] | None = None,
):
    """Record every call.

    `faults` maps a permission to the error raised in its place, `answers` to what becomes of the
    answer where the emulator is blind, `stubs` to the answer where there is no emulator, or to
    what makes one of the parameters.
    """
    calls = Calls(faults or {})
    real = BaseClient._make_api_call

    def call(client, operation, parameters):
        service = client.meta.service_model.endpoint_prefix
        permission = f"{_PREFIXES.get(service, service)}:{operation}"
        calls.made.append(permission)
        if permission in calls.faults:
            raise calls.faults[permission](operation)
        if permission in (stubs or {}):
            stub = stubs[permission]
            return stub(parameters) if callable(stub) else stub
        answer = real(client, operation, parameters)
        change = (answers or {}).get(permission)
        return change(answer) if change else answer

    with mock.patch.object(BaseClient, "_make_api_call", call):
        yield calls


def is_write(permission: str) -> bool:
    operation = permission.partition(":")[2]
    return not operation.startswith(("Describe", "Get", "List", "Lookup", "Simulate"))


def denied(operation: str) -> ClientError:
    """What AWS answers to a caller without the permission."""
    message = f"User is not authorized to perform {operation}"
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)
