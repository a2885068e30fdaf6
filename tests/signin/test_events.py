# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which events are given to custodian."""

from __future__ import annotations

import pytest

from c7n_mfa.signin.events import DETAIL_TYPES, NOT_A_SIGN_IN, envelope, lacking, readable, refusal

ACCOUNT, OTHER = "123456789012", "210987654321"
RECORD = {
    "eventID": "3fcfb182-98f8-4744-bd45-10a395ab61cb",
    "eventName": "ConsoleLogin",
    "eventSource": "signin.amazonaws.com",
    "eventTime": "2026-01-15T08:30:00Z",
    "recipientAccountId": ACCOUNT,
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
}
SIGN_IN = {"event": "ConsoleLogin", "source": "signin.amazonaws.com", "ids": "eventName"}


def policy(resource="aws.account", kind="cloudtrail", events=(SIGN_IN,), **mode):
    return {"resource": resource, "mode": {"type": kind, "events": list(events), **mode}}


def refused(event, *policies, own=ACCOUNT):
    return refusal(event, policies or (policy(),), own)


def changed(**changes):
    return envelope({**RECORD, **changes}, "us-east-1", ACCOUNT)


def around(**changes):
    return {**changed(), **changes}


def without(event, *path):
    *outer, last = path
    holder = event
    for name in outer:
        holder = holder[name]
    del holder[last]
    return event


@pytest.mark.parametrize("user", [policy(), policy("aws.iam-user"), policy("iam-user")])
def test_a_sign_in_is_taken(user):
    assert refused(changed(), user) is None
    assert refused(around(**{"detail-type": DETAIL_TYPES[1]}), user) is None


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
    unsaid = without(changed(), "detail", "eventSource")

    assert refused(unsaid) == "source-unlike-policy"
    assert refused(unsaid, policy(events=["ConsoleLogin"])) == "source-unlike-policy"
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


ODD = [None, "", " ", 7, ["aws.signin"], {"a": 1}]


@pytest.mark.parametrize("source", [*ODD, "demo.signin", "AWS.signin", "aws.iam", "aws.signin "])
def test_a_sign_in_of_which_the_source_is_not_aws_is_refused(source):
    assert refused(around(source=source)) == "source-not-aws"
    assert refused(without(changed(), "source")) == "source-not-aws"


@pytest.mark.parametrize("account", [*ODD, OTHER, "", "1234567890123", f"{ACCOUNT}\n"])
def test_a_sign_in_of_another_account_is_refused(account):
    assert refused(around(account=account)) == "account-unlike-function"
    assert refused(without(changed(), "account")) == "account-unlike-function"


@pytest.mark.parametrize("own", [None, "", OTHER])
def test_a_function_that_does_not_know_its_account_takes_nothing(own):
    assert refused(changed(), own=own) == "account-unlike-function"


@pytest.mark.parametrize("account", ["", 7, [ACCOUNT], OTHER])
def test_a_record_for_another_account_is_refused(account):
    assert refused(changed(recipientAccountId=account)) == "recipient-unlike-account"


def test_a_record_need_not_say_for_which_account_it_is():
    assert refused(without(changed(), "detail", "recipientAccountId")) is None


@pytest.mark.parametrize("name", [("id",), ("detail", "eventID")])
@pytest.mark.parametrize("value", [None, "", "  ", 7, ["x"]])
def test_a_sign_in_without_an_id_is_refused(name, value):
    event = changed(eventID=value) if name[0] == "detail" else around(id=value)

    assert refused(event) == "id-absent"
    assert refused(without(changed(), *name)) == "id-absent"


@pytest.mark.parametrize("name", [("time",), ("detail", "eventTime")])
@pytest.mark.parametrize("value", [None, "", "now", 7, "2026-01-15", "2026-01-15T08:30:00"])
def test_a_sign_in_without_a_time_is_refused(name, value):
    event = changed(eventTime=value) if name[0] == "detail" else around(time=value)

    assert refused(event) == "time-absent"
    assert refused(without(changed(), *name)) == "time-absent"


def test_the_record_alone_is_refused():
    assert refused({"detail": RECORD}) == "source-not-aws"


def test_with_a_member_role_the_account_is_that_of_the_event():
    central = policy(**{"member-role": "arn:aws:iam::{account_id}:role/c7n-mfa"})
    theirs = envelope({**RECORD, "recipientAccountId": OTHER}, "eu-west-1", OTHER)

    assert refused(theirs, central) is None
    assert refused(theirs) == "account-unlike-function"
    assert refused({**theirs, "account": ACCOUNT}, central) == "recipient-unlike-account"
    assert refused({**theirs, "account": "x"}, central) == "account-unlike-function"
    assert refused({**theirs, "source": "demo"}, central) == "source-not-aws"


def test_with_a_role_to_assume_the_account_is_that_of_the_role():
    role = {"execution-options": {"assume_role": f"arn:aws:iam::{OTHER}:role/c7n-mfa"}}
    theirs = envelope({**RECORD, "recipientAccountId": OTHER}, "us-east-1", OTHER)

    assert refused(theirs, policy(**role)) is None
    assert refused(changed(), policy(**role)) == "account-unlike-function"


@pytest.mark.parametrize("events", [[SIGN_IN, "CreateBucket"], ["CreateBucket", "ConsoleLogin"]])
def test_where_sign_ins_are_among_other_events_all_have_to_be_of_aws(events):
    both = policy(events=events)
    bucket = {**RECORD, "eventName": "CreateBucket", "eventSource": "s3.amazonaws.com"}
    created = {**envelope(bucket, "us-east-1", ACCOUNT), "source": "aws.s3"}

    assert refused(changed(), both) is None
    assert refused(created, both) is None
    assert refused({**created, "source": "demo.s3"}, both) == "source-not-aws"
    assert refused(around(source="aws.s3"), both) == "source-not-aws"
    assert refused({"detail": {}}, both) == "source-not-aws"


def test_what_listens_to_other_calls_takes_them_from_aws_alone():
    keys = policy(events=[{"event": "CreateAccessKey", "source": "iam.amazonaws.com", "ids": "x"}])
    record = {**RECORD, "eventName": "CreateAccessKey", "eventSource": "iam.amazonaws.com"}
    made = {**envelope(record, "us-east-1", ACCOUNT), "source": "aws.iam"}

    assert refused(made, keys) is None
    assert refused({**made, "source": "demo.iam"}, keys) == "source-not-aws"
    assert refused({**made, "account": OTHER}, keys) == "account-unlike-function"
    assert refused({**made, "id": ""}, keys) == "id-absent"
    assert refused({"detail": record}, keys) == "source-not-aws"


@pytest.mark.parametrize(
    ("path", "lacks"),
    [
        (("detail", "recipientAccountId"), None),
        (("detail", "eventID"), "event id"),
        (("detail", "eventTime"), "time"),
    ],
)
def test_nobody_is_contained_without_account_id_and_time(path, lacks):
    assert lacking(changed()) is None
    assert lacking(without(changed(), *path)) == lacks


@pytest.mark.parametrize(
    "other",
    [
        policy(kind="periodic", events=()),
        policy(kind="guard-duty", events=()),
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
        "source-not-aws",
        "account-unlike-function",
        "recipient-unlike-account",
        "id-absent",
        "time-absent",
        "second-look-unasked",
    }


def test_an_event_is_made_readable_only_where_it_is_not():
    good = {"detail": {"userAgent": "Zürich 🙂"}}

    assert readable(good) is good
    assert readable({"a": "x\ud800y"}) == {"a": "x?y"}
    assert readable({"\udfff": [1, None, True]}) == {"?": [1, None, True]}
