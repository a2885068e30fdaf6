# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Amazon Resource Names."""

from __future__ import annotations

import re

from c7n_mfa.frozen import frozen

REGION = "[a-z]{2,}(-[a-z]+)+-[0-9]+"
"""What the name of a Region looks like, in partitions to come too: ``eusc-de-east-1``."""


def is_region(text: str) -> bool:
    """
    >>> is_region("eusc-de-east-1"), is_region("mars")
    (True, False)
    """
    return re.fullmatch(REGION, text) is not None


@frozen
class Arn:
    """The parts of an Amazon Resource Name that say where a thing lives."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Split an ARN; whatever is missing is the empty string."""
        parts = [*text.split(":", 5), "", "", "", "", ""]
        return cls(parts[1], parts[2], parts[3], parts[4], parts[5])
