# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The calls to IAM about one user; one that fails is a value."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.response import policy_document
from c7n_mfa.containment.values import Action, Call, Document, Receipt, Result, User, tags_of

GONE = "the user no longer exists"

# Another change to the same user is under way; IAM asks to come again.
_BUSY = ("ConcurrentModification", "EntityTemporarilyUnmodifiable")
_PAUSES = (0.2, 0.6, 1.8)


@dataclass
class Iam:
    """Reads and writes of one action on one user; ``unseen`` collects the reads that failed."""

    reader: Reader
    action: Action
    user: User
    at: str
    unseen: list[ReadFailure] = field(default_factory=list)

    def tags(self) -> Mapping[str, str] | None:
        """The user's tags as they are now, else as custodian found them; None: no such user."""
        tags = self._read("list_user_tags", lambda answer: tags_of(answer["Tags"]))
        return self.user.tags if isinstance(tags, ReadFailure) else tags

    def policy(self, name: str) -> Document | ReadFailure | None:
        found: Document | ReadFailure | None = self._read(
            "get_user_policy",
            policy_document,
            PolicyName=name,
        )
        return found

    def login_profile(self) -> Mapping[str, Any] | ReadFailure | None:
        profile: Mapping[str, Any] | ReadFailure | None = self._read(
            "get_login_profile", lambda answer: dict(answer["LoginProfile"])
        )
        return profile

    def _read(self, operation: str, shape: Callable[[Any], Any], **params: Any) -> Any:
        found = self._call(operation, shape, UserName=self.user.name, **params)
        if isinstance(found, ReadFailure):
            self.unseen.append(found)
        return found

    def write(self, call: Call) -> ReadFailure | str | None:
        """None when it is done, else what went wrong: `GONE` when there is no such thing."""
        for pause in (*_PAUSES, None):
            answer = self._call(call.operation, lambda _: True, **call.parameters)
            busy = (
                isinstance(answer, ReadFailure) and answer.code.removesuffix("Exception") in _BUSY
            )
            if pause is None or not busy:
                break
            time.sleep(pause)
        if isinstance(answer, ReadFailure):
            return answer
        return None if answer else GONE

    def _call(self, operation: str, shape: Callable[[Any], Any], **params: Any) -> Any:
        return self.reader.one("iam", "", operation, self.user.arn, shape, **params)

    def receipt(
        self, result: Result, why: str, error: str | None = None, undo: tuple[Call, ...] = ()
    ) -> Receipt:
        return Receipt(self.action, result, self.user.arn, why, self.at, error, undo)


def policies_of(reader: Reader, user: User) -> tuple[str, ...] | ReadFailure | None:
    """The names of the user's inline policies; None: no such user."""
    found: tuple[str, ...] | ReadFailure | None = reader.every(
        "iam", "", "list_user_policies", "PolicyNames", user.arn, str, UserName=user.name
    )
    return found


def as_text(error: ReadFailure | str) -> str:
    return error if isinstance(error, str) else error.sentence()
