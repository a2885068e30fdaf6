# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Operations that change something in AWS, as values: their calls and the permissions they take.

Imports nothing that reads or calls: custodian asks for permissions when it loads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from botocore import xform_name

from c7n_mfa.frozen import frozen


@frozen
class Operation:
    """An operation, named as AWS names it in the API and in its permission.

    ``also`` are the permissions for what it is given besides: tags, or a role.
    """

    service: str
    name: str
    also: tuple[str, ...] = ()

    def __call__(self, region: str, /, **parameters: Any) -> Call:
        """One call of it."""
        return Call(self, region, parameters)

    @property
    def permission(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def takes_away(self) -> bool:
        return self.name.startswith(("Delete", "Unsubscribe", "Untag"))


@frozen
class Call:
    """One call of an operation; without a Region where the service has none.

    ``effect`` is what a person has to know before making it: of an undo, what works again.
    """

    of: Operation
    region: str
    parameters: Mapping[str, Any]
    effect: str = ""

    def with_effect(self, effect: str) -> Call:
        return replace(self, effect=effect)

    @property
    def service(self) -> str:
        return self.of.service

    @property
    def operation(self) -> str:
        """The operation's name in boto3."""
        return str(xform_name(self.of.name))

    def to_dict(self) -> dict[str, Any]:
        """As published in receipts, with the names of boto3; the keys are a stable interface."""
        return {
            "service": self.service,
            **({"region": self.region} if self.region else {}),
            "operation": self.operation,
            "parameters": dict(self.parameters),
            **({"effect": self.effect} if self.effect else {}),
        }


def permissions_of(operations: Iterable[Operation]) -> tuple[str, ...]:
    """
    >>> permissions_of([Operation("sns", "CreateTopic", ("sns:TagResource",))])
    ('sns:CreateTopic', 'sns:TagResource')
    """
    return tuple(sorted({name for each in operations for name in (each.permission, *each.also)}))
