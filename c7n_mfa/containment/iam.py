# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The calls to IAM about one user; one that fails is a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from c7n_mfa.aws import change
from c7n_mfa.aws.change import Result, tags_in
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.response import policy_document
from c7n_mfa.aws.times import format_time
from c7n_mfa.containment.marks import believed
from c7n_mfa.containment.values import Document, Receipt, User
from c7n_mfa.frozen import frozen

GONE = "the user no longer exists"


@frozen
class AccessKey:
    id: str
    created: datetime
    active: bool

    @classmethod
    def from_answer(cls, key: Mapping[str, Any]) -> AccessKey:
        # Whatever is not known to be inactive may work.
        return cls(key["AccessKeyId"], key["CreateDate"], key.get("Status") != "Inactive")


@frozen
class Device:
    """An MFA device of a user."""

    serial: str
    enrolled: datetime

    @classmethod
    def from_answer(cls, device: Mapping[str, Any]) -> Device:
        return cls(device["SerialNumber"], device["EnableDate"])


@dataclass
class Iam:
    """Reads and writes of one action on one user.

    ``failures`` are the reads that failed, ``notes`` what a person should know beside what was
    done, ``present`` all tags that were read, whether they are believed or not.  ``may_act``: it is
    the user who signed in, and nothing speaks against containing it.
    """

    reader: Reader
    action: str
    user: User
    now: datetime
    failures: list[ReadFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    present: Mapping[str, str] = field(default_factory=dict)
    may_act: bool = False

    def tags(self) -> Mapping[str, str] | None:
        """The tags that are believed, of now, else as custodian found them; None: no such user."""
        tags = self._read("list_user_tags", lambda answer: tags_in(answer["Tags"]))
        if tags is None:
            return None
        self.present = self.user.tags if isinstance(tags, ReadFailure) else tags
        kept, notes = believed(self.present, self.now)
        self.notes += [note for note in notes if note not in self.notes]
        return kept

    def policy(self, name: str) -> Document | ReadFailure | None:
        existing: Document | ReadFailure | None = self._read(
            "get_user_policy",
            policy_document,
            PolicyName=name,
        )
        return existing

    def login_profile(self) -> Mapping[str, Any] | ReadFailure | None:
        profile: Mapping[str, Any] | ReadFailure | None = self._read(
            "get_login_profile", lambda answer: dict(answer["LoginProfile"])
        )
        return profile

    def access_keys(self) -> tuple[AccessKey, ...] | ReadFailure | None:
        """None: no such user."""
        keys: tuple[AccessKey, ...] | ReadFailure | None = self.reader.every(
            *("iam", "", "list_access_keys", "AccessKeyMetadata", self.user.arn),
            AccessKey.from_answer,
            UserName=self.user.name,
        )
        return keys

    def mfa_devices(self) -> tuple[Device, ...] | ReadFailure | None:
        """None: no such user."""
        devices: tuple[Device, ...] | ReadFailure | None = self.reader.every(
            *("iam", "", "list_mfa_devices", "MFADevices", self.user.arn),
            Device.from_answer,
            UserName=self.user.name,
        )
        return devices

    def _read(self, operation: str, shape: Callable[[Any], Any], **params: Any) -> Any:
        where = ("iam", "", operation, self.user.arn)
        answer = self.reader.one(*where, shape, UserName=self.user.name, **params)
        if isinstance(answer, ReadFailure):
            self.failures.append(answer)
        return answer

    def write(self, call: Call) -> ReadFailure | None:
        """None when it is done, else what went wrong."""
        answer = change.write(self.reader, call, self.user.arn)
        return answer if isinstance(answer, ReadFailure) else None

    def receipt(
        self, result: Result, why: str, error: str | None = None, undo: tuple[Call, ...] = ()
    ) -> Receipt:
        arn, at = self.user.arn, format_time(self.now)
        return Receipt(self.action, result, arn, why, error=error, undo=undo, at=at)

    def noted(self, receipt: Receipt) -> Receipt:
        """The receipt with what a person should know beside it."""
        return replace(receipt, why="; ".join([receipt.why, *self.notes]))


def policies_of(reader: Reader, user: User) -> tuple[str, ...] | ReadFailure | None:
    """The names of the user's inline policies; None: no such user."""
    names: tuple[str, ...] | ReadFailure | None = reader.every(
        "iam", "", "list_user_policies", "PolicyNames", user.arn, str, UserName=user.name
    )
    return names


def sentence(failure: ReadFailure) -> str:
    return GONE if failure.gone else failure.sentence()
