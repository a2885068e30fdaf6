# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Would a function find what an element takes?  One thing changed from a mode that is right."""

from __future__ import annotations

import pytest

from c7n_mfa.archive.slices import SLICES
from c7n_mfa.archive.slices import problem as problem_of

SIGNIN = "c7n_mfa.elements.signin"
MODE = {
    "type": "cloudtrail",
    "handler": "c7n_mfa.handler.run",
    "packages": ["c7n_mfa.archive.respond"],
}


def problem(mode, modules, others=()):
    """Of an element that takes these modules, in a policy that takes others too."""
    return problem_of(mode, modules, [*modules, *others])


def without(key):
    return {name: value for name, value in MODE.items() if name != key}


@pytest.mark.parametrize(
    "mode",
    [
        MODE,
        {**MODE, "packages": ["c7n_mfa"]},
        {**MODE, "packages": ["c7n_mfa.archive.tell"]},
        {**MODE, "packages": ["requests", "c7n_mfa.archive.respond"]},
        {**MODE, "packages": ["c7n_mfa", "c7n_mfa"]},
        {**MODE, "runtime": "python3.11"},
        {**MODE, "runtime": "python3.12"},
        {**MODE, "handler": "ours.run"},
        {**MODE, "handler": "ours.run", "packages": ["ours"]},
        {**without("packages"), "layers": ["arn"]},
        {"type": "pull"},
    ],
)
def test_a_function_that_finds_it(mode):
    assert problem(mode, [SIGNIN]) is None


HANDLER = "write in mode: handler: c7n_mfa.handler.run"
PACKAGES = "write in mode: packages: [c7n_mfa.archive.tell]"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (without("handler"), f"is not known to custodian's own function; {HANDLER}"),
        (
            {**MODE, "handler": "custodian_policy.run"},
            f"is not known to custodian's own function; {HANDLER}",
        ),
        (
            {**MODE, "handler": "c7n.handler.run"},
            f"is not known to mode: handler: c7n.handler.run; {HANDLER}",
        ),
        (
            {**MODE, "handler": "c7n_mfa.handler.rn"},
            f"is not known to mode: handler: c7n_mfa.handler.rn; {HANDLER}",
        ),
        (without("packages"), f"is not packed with the function; {PACKAGES}"),
        (
            {**MODE, "packages": ["requests"]},
            f"is not packed with the function; {PACKAGES}",
        ),
        (
            {**MODE, "packages": ["c7n-mfa"]},
            f"finds c7n-mfa in mode: packages, which is no package of ours; {PACKAGES}",
        ),
        (
            {**MODE, "packages": ["c7n_mfa.archive"]},
            f"finds c7n_mfa.archive in mode: packages, which is no package of ours; {PACKAGES}",
        ),
        (
            {**MODE, "runtime": "python3.10"},
            "needs Python 3.11 or later; mode: runtime is python3.10",
        ),
        (
            {**MODE, "packages": ["c7n_mfa.archive.monitoring"]},
            f"is not in c7n_mfa.archive.monitoring; {PACKAGES}",
        ),
        (
            {**MODE, "packages": ["c7n_mfa.archive.tell", "c7n_mfa.archive.contain"]},
            "finds c7n_mfa.archive.tell and c7n_mfa.archive.contain in mode: packages, where one "
            f"is enough; {PACKAGES}",
        ),
    ],
)
def test_a_function_that_would_not(mode, said):
    assert problem(mode, [SIGNIN]) == said


@pytest.mark.parametrize(
    ("others", "wanted"),
    [
        ([], "c7n_mfa.archive.tell"),
        (["c7n_mfa.elements.containment"], "c7n_mfa.archive.contain"),
        (
            ["c7n_mfa.elements.containment", "c7n_mfa.elements.investigation"],
            "c7n_mfa.archive.respond",
        ),
        (["c7n_mfa.elements.account"], "c7n_mfa"),
        (["c7n_mfa.elements.drill"], "c7n_mfa"),
    ],
)
def test_what_is_proposed_holds_the_whole_policy(others, wanted):
    said = problem({**MODE, "packages": []}, [SIGNIN], others)

    assert said == f"is not packed with the function; write in mode: packages: [{wanted}]"


def test_a_slice_does_not_do_for_an_option_that_it_leaves_out():
    assert problem(MODE, [SIGNIN, "c7n_mfa.requirements"]) == (
        "with its option requirement is not in c7n_mfa.archive.respond; "
        "write in mode: packages: [c7n_mfa]"
    )


def test_a_layer_does_not_help_a_slice_that_hides_it():
    mode = {**MODE, "packages": ["c7n_mfa.archive.monitoring"], "layers": ["arn"]}
    assert problem(mode, [SIGNIN]) is not None


def test_smaller_slices_are_proposed_first():
    assert list(SLICES)[:3] == [f"c7n_mfa.archive.{n}" for n in ("tell", "contain", "respond")]
