# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A look that failed, as a value.

Apart from the values of the links: whatever looks at AWS needs this, and a function that contains a
user starts cold and has nothing to do with alarms.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unseen:
    """A look that failed: the permission it takes, what it was aimed at and what AWS answered."""

    permission: str
    target: str
    code: str
    message: str

    @property
    def denied(self) -> bool:
        # "AuthorizationError" is how SNS says it, "...Exception" how the JSON services do.
        return self.code.removesuffix("Exception") in (
            "AccessDenied",
            "AuthorizationError",
            "UnauthorizedOperation",
        )

    def sentence(self) -> str:
        if self.denied:
            return f"access denied: grant {self.permission} on {self.target}"
        return f"{self.permission} on {self.target} failed with {self.code}: {self.message}"
