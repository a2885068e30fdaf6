# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""And, and or, of answers that may be unknown: ``None`` decides nothing that others do not."""

from __future__ import annotations

from collections.abc import Iterable

Answer = bool | None


def all_of(answers: Iterable[Answer]) -> Answer:
    """
    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    seen = list(answers)
    if False in seen:
        return False
    return None if None in seen else True


def any_of(answers: Iterable[Answer]) -> Answer:
    """
    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    seen = list(answers)
    if True in seen:
        return True
    return None if None in seen else False
