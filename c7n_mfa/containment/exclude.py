# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who is never contained: break-glass users, by name and by tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Any

from c7n_mfa.frozen import frozen


@frozen
class Exclusion:
    """Names with wildcards, and tags of which one is enough; `*` stands for any value.

    Names and the keys of tags are compared without regard to case, as IAM does.
    """

    names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> Exclusion:
        return cls(tuple(option.get("names", ())), dict(option.get("tags", {})))

    def by_name(self, name: str) -> str | None:
        """Why a user of this name is excluded."""
        for pattern in self.names:
            if fnmatchcase(name.lower(), pattern.lower()):
                return f"excluded by name: {pattern}"
        return None

    def by_tag(self, tags: Mapping[str, str]) -> str | None:
        """Why a user with these tags is excluded."""
        present = {key.lower(): value for key, value in tags.items()}
        for key, pattern in self.tags.items():
            if key.lower() in present and fnmatchcase(present[key.lower()], pattern):
                return f"excluded by tag: {key}={pattern}"
        return None


def catch_alls(names: Iterable[str]) -> list[str]:
    """The patterns that would exclude everybody.

    >>> catch_alls(["*?", "break-glass-*", "???"])
    ['*?']
    """
    return [name for name in names if "*" in name and not name.strip("*?")]
