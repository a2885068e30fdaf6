# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""No element of ours is put into a function that would not find it."""

from __future__ import annotations

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils

from c7n_mfa.elements.deployable import FUNCTION_VARIABLE, Deployable
from docs.build.reference import elements

MODE = {"type": "periodic", "schedule": "rate(1 day)", "role": "c7n-mfa-audit"}
OURS = {"handler": "c7n_mfa.handler.run", "packages": ["c7n_mfa"]}
RESPOND = {**OURS, "packages": ["c7n_mfa.archive.respond"]}


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
            RESPOND,
            "policy:watched signin-monitoring is not in c7n_mfa.archive.respond; "
            "write in mode: packages: [c7n_mfa.archive.monitoring]",
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


EVENT = {
    "type": "cloudtrail",
    "events": [{"event": "ConsoleLogin", "source": "signin.amazonaws.com", "ids": "eventName"}],
}


def test_an_option_may_take_more(validate):
    with_option = [{"type": "signin", "requirement": "cis"}]
    validate(OURS | EVENT, filters=with_option)
    validate(RESPOND | EVENT, filters=["signin"])
    with pytest.raises(PolicyValidationError, match="signin with its option requirement is not in"):
        validate(RESPOND | EVENT, filters=with_option)


def test_in_the_function_it_is_too_late_to_refuse(validate, monkeypatch):
    monkeypatch.setenv(FUNCTION_VARIABLE, "custodian-watched")
    validate({}, filters=["signin-monitoring"])


def test_custodians_own_elements_need_nothing_of_ours(validate):
    validate({}, filters=["password-policy"])
