# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Would a function find what an element takes?  One thing changed from a mode that is right."""

from __future__ import annotations

import pytest

from c7n_mfa.archive.slices import SLICES, problem

SIGNIN = "c7n_mfa.elements.signin"
MODE = {
    "type": "cloudtrail",
    "handler": "c7n_mfa.handler.run",
    "packages": ["c7n_mfa.archive.respond"],
}


def without(key):
    return {name: value for name, value in MODE.items() if name != key}


@pytest.mark.parametrize(
    "mode",
    [
        MODE,
        {**MODE, "packages": ["c7n_mfa"]},
        {**MODE, "packages": ["requests", "c7n_mfa.archive.respond"]},
        {**MODE, "runtime": "python3.11"},
        {**MODE, "runtime": "python3.12"},
        {**MODE, "handler": "ours.run"},
        {
            **without("packages"),
            "layers": ["arn"],
        },
        {"type": "pull"},
    ],
)
def test_a_function_that_finds_it(mode):
    assert problem(mode, [SIGNIN]) is None


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (
            without("handler"),
            "is not known to custodian's own function; add to mode: handler: c7n_mfa.handler.run",
        ),
        (without("packages"), "is not packed with the function; add to mode: packages: [c7n_mfa]"),
        (
            {**MODE, "packages": ["c7n_mfa_other"]},
            "is not packed with the function; add to mode: packages: [c7n_mfa]",
        ),
        (
            {**MODE, "runtime": "python3.10"},
            "needs Python 3.11 or later; mode: runtime is python3.10",
        ),
        (
            {**MODE, "packages": ["c7n_mfa.archive"]},
            "finds c7n_mfa.archive in mode: packages, which is none of c7n_mfa, "
            "c7n_mfa.archive.respond, c7n_mfa.archive.monitoring, c7n_mfa.archive.forwarding",
        ),
        (
            {**MODE, "packages": ["c7n_mfa.archive.monitoring"]},
            "takes c7n_mfa.elements.signin, which c7n_mfa.archive.monitoring leaves out; "
            "write in mode: packages: [c7n_mfa]",
        ),
        (
            {**MODE, "packages": [*sorted(SLICES)[:2]]},
            "finds c7n_mfa.archive.forwarding and c7n_mfa.archive.monitoring in mode: packages; "
            "keep one, c7n_mfa holds them all",
        ),
    ],
)
def test_a_function_that_would_not(mode, said):
    assert problem(mode, [SIGNIN]) == said


def test_a_slice_does_not_do_for_an_option_that_it_leaves_out():
    assert problem(MODE, [SIGNIN, "c7n_mfa.requirements"]) == (
        "takes c7n_mfa.requirements, which c7n_mfa.archive.respond leaves out; "
        "write in mode: packages: [c7n_mfa]"
    )


def test_a_layer_does_not_help_a_slice_that_hides_it():
    mode = {**MODE, "packages": ["c7n_mfa.archive.monitoring"], "layers": ["arn"]}
    assert problem(mode, [SIGNIN]) is not None
