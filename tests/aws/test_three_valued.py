# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import itertools

import pytest

from c7n_mfa.aws.three_valued import all_of, any_of

GUESSES = {True: (True,), False: (False,), None: (True, False)}


@pytest.mark.parametrize(
    "answers",
    [row for length in range(4) for row in itertools.product(GUESSES, repeat=length)],
    ids=str,
)
@pytest.mark.parametrize(("combine", "decided"), [(all_of, all), (any_of, any)])
def test_what_holds_whatever_the_unknown_is_decides(answers, combine, decided):
    possible = {decided(row) for row in itertools.product(*(GUESSES[each] for each in answers))}

    assert combine(iter(answers)) == (possible.pop() if len(possible) == 1 else None)
