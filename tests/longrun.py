# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Cases of a parametrized test that `make test` leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def long(cases: Iterable[Any]) -> list[Any]:
    """Each case, marked for the long run."""
    return [pytest.param(case, marks=pytest.mark.long) for case in cases]


def long_but_one(cases: Iterable[Any]) -> list[Any]:
    """The first case, and the others marked for the long run."""
    first, *others = cases
    return [first, *long(others)]
