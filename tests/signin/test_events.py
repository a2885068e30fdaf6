# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which events are given to custodian."""

from __future__ import annotations

import pytest

from c7n_mfa.signin.events import NOT_A_SIGN_IN, readable, refusal

RECORD = {
    "eventName": "ConsoleLogin",
    "eventSource": "signin.amazonaws.com",
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
}
SIGN_IN = {"event": "ConsoleLogin", "source": "signin.amazonaws.com", "ids": "eventName"}


def policy(resource="aws.account", kind="cloudtrail", events=(SIGN_IN,)):
    return {"resource": resource, "mode": {"type": kind, "events": list(events)}}


def refused(event, *policies):
    return refusal(event, policies or (policy(),))


def changed(**changes):
    return {"detail": {**RECORD, **changes}}


@pytest.mark.parametrize("user", [policy(), policy("aws.iam-user"), policy("iam-user")])
def test_a_sign_in_is_taken(user):
    assert refused({"detail": RECORD}, user) is None


@pytest.mark.parametrize("event", [None, [], "x", 7, True, 1.5, [{"detail": RECORD}]])
def test_what_is_no_object_is_refused(event):
    assert refused(event) == "event-malformed"
    assert refused(event, policy(kind="periodic", events=())) == "event-malformed"


@pytest.mark.parametrize("detail", [None, [], "", "x", 7, True, [RECORD]])
def test_a_detail_that_is_no_object_is_refused(detail):
    assert refused({"detail": detail}) == "detail-malformed"


@pytest.mark.parametrize(
    "event",
    [{}, {"detail": {}}, {"detail": "{}"}, changed(eventName="CheckMfa"), changed(eventName=None)],
)
def test_what_is_no_sign_in_is_refused(event):
    assert refused(event) == "no-console-sign-in"


def test_a_sign_in_of_another_source_is_refused():
    del (without := {"detail": dict(RECORD)})["detail"]["eventSource"]

    assert refused(without) == "source-unlike-policy"
    assert refused(without, policy(events=["ConsoleLogin"])) == "source-unlike-policy"
    assert refused(changed(eventSource="signin.example.com")) == "source-unlike-policy"
    assert refused(changed(eventSource=["signin.amazonaws.com"])) == "source-unlike-policy"
    assert refused(changed(eventSource="SIGNIN.amazonaws.com")) == "source-unlike-policy"


@pytest.mark.parametrize("name", [7, ["alice"], {"a": 1}, True, "a b", "x" * 129, "alice\n", "ä"])
def test_a_name_that_no_user_can_have_is_refused_where_users_are_looked_up(name):
    event = changed(userIdentity={"userName": name})

    assert refused(event, policy("aws.iam-user")) == "user-name-malformed"
    assert refused(event) is None


@pytest.mark.parametrize("identity", [None, [], "alice", 7, {}, {"userName": None}])
def test_an_identity_without_a_name_finds_no_user_and_needs_no_refusal(identity):
    assert refused(changed(userIdentity=identity), policy("aws.iam-user")) is None


@pytest.mark.parametrize(
    "other",
    [
        policy(kind="periodic", events=()),
        policy(events=["CreateBucket"]),
        policy(events=[SIGN_IN, "CreateBucket"]),
        {"resource": "aws.account"},
    ],
)
def test_functions_that_listen_to_something_else_get_what_they_get(other):
    assert refused({"detail": {}}, other) is None
    assert refused({"detail": "{}"}, other) is None


def test_every_code_has_a_sentence():
    assert set(NOT_A_SIGN_IN) == {
        "event-malformed",
        "detail-malformed",
        "no-console-sign-in",
        "source-unlike-policy",
        "user-name-malformed",
    }


def test_an_event_is_made_readable_only_where_it_is_not():
    good = {"detail": {"userAgent": "Zürich 🙂"}}

    assert readable(good) is good
    assert readable({"a": "x\ud800y"}) == {"a": "x?y"}
    assert readable({"\udfff": [1, None, True]}) == {"?": [1, None, True]}
