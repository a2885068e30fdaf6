# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""No element of ours is put into a function that would not find it."""

from __future__ import annotations

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils

from c7n_mfa.element import FUNCTION_VARIABLE, Deployable, packing_problem
from docs.build.reference import elements

MODE = {"type": "periodic", "schedule": "rate(1 day)", "role": "c7n-mfa-audit"}
OURS = {"handler": "c7n_mfa.handler.run", "packages": ["c7n_mfa"]}


@pytest.fixture
def validate(request):
    def validate(mode, resource="account", **blocks):
        mode = {**MODE, **mode}
        if mode["type"] != "periodic":
            del mode["schedule"]
        policy = {"name": "watched", "resource": resource, "mode": mode, **blocks}
        PyTestUtils(request).load_policy(
            policy,
            config={"region": "us-east-1", "account_id": "123456789012"},
            validate=True,
        )

    return validate


def test_every_element_asks():
    assert [each.name for each in elements() if not issubclass(each.cls, Deployable)] == []


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (
            {},
            "policy:watched signin-monitoring is not known to custodian's own function; "
            "write in mode: handler: c7n_mfa.handler.run",
        ),
        (
            {**OURS, "packages": ["c7n_mfa.archive.monitoring"]},
            "policy:watched signin-monitoring finds c7n_mfa.archive.monitoring in mode: packages, "
            "which is not packed by itself; write in mode: packages: [c7n_mfa]",
        ),
    ],
)
def test_a_function_that_would_not_find_a_filter_is_refused(validate, mode, said):
    with pytest.raises(PolicyValidationError) as refused:
        validate(mode, filters=["signin-monitoring"])
    assert str(refused.value) == said


def test_a_filter_within_others_is_asked_too(validate):
    with pytest.raises(PolicyValidationError, match="policy:watched signin-monitoring is not"):
        validate({}, filters=[{"not": ["signin-monitoring"]}])


def test_an_action_of_a_family_is_named_by_its_own_name(validate):
    with pytest.raises(PolicyValidationError, match="policy:watched revoke-sessions is not packed"):
        validate({**OURS, "packages": []}, "iam-user", actions=["revoke-sessions"])


def test_in_the_function_it_is_too_late_to_refuse(validate, monkeypatch):
    monkeypatch.setenv(FUNCTION_VARIABLE, "custodian-watched")
    validate({}, filters=["signin-monitoring"])


def test_custodians_own_elements_need_nothing_of_ours(validate):
    validate({}, filters=["password-policy"])


PACKED = {"type": "cloudtrail", **OURS}


def without(key):
    return {name: value for name, value in PACKED.items() if name != key}


@pytest.mark.parametrize(
    "mode",
    [
        PACKED,
        {**PACKED, "packages": ["requests", "c7n_mfa"]},
        {**PACKED, "packages": ["c7n_mfa", "c7n_mfa"]},
        {**PACKED, "runtime": "python3.11"},
        {**PACKED, "runtime": "python3.12"},
        {**PACKED, "handler": "other.run"},
        {**PACKED, "handler": "other.run", "packages": ["other"]},
        {**without("packages"), "layers": ["arn"]},
        {"type": "pull"},
    ],
)
def test_a_function_that_finds_its_elements_is_accepted(mode):
    assert packing_problem(mode) is None


HANDLER = "write in mode: handler: c7n_mfa.handler.run"
PACKAGES = "write in mode: packages: [c7n_mfa]"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (without("handler"), f"is not known to custodian's own function; {HANDLER}"),
        (
            {**PACKED, "handler": "custodian_policy.run"},
            f"is not known to custodian's own function; {HANDLER}",
        ),
        (
            {**PACKED, "handler": "c7n.handler.run"},
            f"is not known to mode: handler: c7n.handler.run; {HANDLER}",
        ),
        (
            {**PACKED, "handler": "c7n_mfa.handler.rn"},
            f"is not known to mode: handler: c7n_mfa.handler.rn; {HANDLER}",
        ),
        (without("packages"), f"is not packed with the function; {PACKAGES}"),
        (
            {**PACKED, "packages": ["requests"]},
            f"is not packed with the function; {PACKAGES}",
        ),
        (
            {**PACKED, "packages": ["c7n-mfa"]},
            f"finds c7n-mfa in mode: packages, which is not packed by itself; {PACKAGES}",
        ),
        (
            {**PACKED, "packages": ["c7n_mfa.archive.tell"]},
            "finds c7n_mfa.archive.tell in mode: packages, which is not packed by itself; "
            f"{PACKAGES}",
        ),
        (
            {**PACKED, "packages": ["c7n_mfa", "c7n_mfa.signin"]},
            f"finds c7n_mfa.signin in mode: packages, which is not packed by itself; {PACKAGES}",
        ),
        (
            {**PACKED, "runtime": "python3.10"},
            "needs Python 3.11 or later; mode: runtime is python3.10",
        ),
    ],
)
def test_a_function_that_would_not_find_them_is_refused(mode, said):
    assert packing_problem(mode) == said
