# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from c7n_mfa.aws.policy import allows, parse, statements
from chains import ACCOUNT, ALARM, OTHER, TOPIC, document, owner_policy, statement

CONTEXT = {
    "aws:sourceaccount": ACCOUNT,
    "aws:sourceowner": ACCOUNT,
    "aws:sourcearn": ALARM,
    "aws:securetransport": "true",
}


def may(*made: dict) -> bool | None:
    policy = document(*made)
    return allows(policy, "cloudwatch.amazonaws.com", "sns:Publish", TOPIC, CONTEXT)


def condition(operator: str, **keys) -> dict:
    return statement(Condition={operator: {k.replace("_", ":", 1): v for k, v in keys.items()}})


ALLOWED = [
    statement(),
    statement(Principal="*"),
    statement(Principal={"AWS": "*"}),
    statement(Principal={"AWS": ["111111111111", "*"]}),
    statement(Principal={"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}),
    statement(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    statement(Action="*"),
    statement(Action="SNS:*"),
    statement(Action="sns:Pub*"),
    statement(Action=["sns:Subscribe", "SNS:PUBLISH"]),
    statement(Action=None, NotAction="sns:Subscribe"),
    statement(Resource=TOPIC),
    statement(Resource="arn:aws:sns:*:*:Told"),
    statement(Resource=None),
    statement(Resource=None, NotResource=TOPIC + "2"),
    statement(Condition={}),
    condition("StringEquals", aws_SourceAccount=ACCOUNT),
    condition("StringEquals", AWS_SourceOwner=[OTHER, ACCOUNT]),
    condition("StringEqualsIfExists", aws_SourceAccount=ACCOUNT),
    condition("stringlike", aws_SourceAccount="1234*"),
    condition("StringNotEquals", aws_SourceAccount=OTHER),
    condition("ArnLike", aws_SourceArn=f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"),
    condition("ArnEquals", aws_SourceArn=ALARM),
    condition("Bool", aws_SecureTransport="true"),
    condition("Bool", aws_SecureTransport=True),
]
REFUSED = [
    statement(Principal={"Service": "events.amazonaws.com"}),
    statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    statement(Principal=None),
    statement(Principal=None, NotPrincipal={"Service": "cloudwatch.amazonaws.com"}),
    statement(Action="sns:Subscribe"),
    statement(Action="sns:publish2"),
    statement(Action=None),
    statement(Action=None, NotAction="sns:*"),
    statement(Resource=TOPIC + "2"),
    statement(Resource=TOPIC.lower()),
    statement(Resource="arn:aws:sns:us-east-1:123456789012:[T]old"),
    statement(Resource=None, NotResource="*"),
    statement(Effect="Deny"),
    statement(Effect=None),
    condition("StringEquals", aws_SourceAccount=OTHER),
    condition("StringNotEquals", aws_SourceAccount=[OTHER, ACCOUNT]),
    condition("StringNotLike", aws_SourceAccount="*"),
    condition("ArnLike", aws_SourceArn=f"arn:aws:cloudwatch:*:{OTHER}:alarm:*"),
    condition("ArnNotLike", aws_SourceArn=f"arn:aws:cloudwatch:*:{ACCOUNT}:*"),
    condition("Bool", aws_SecureTransport="false"),
    condition("Null", aws_SourceAccount="true"),
    condition("StringEquals", aws_SourceAccount=OTHER, aws_PrincipalOrgID="o-example"),
]
OPEN = [
    condition("StringEquals", aws_PrincipalOrgID="o-example"),
    condition("StringEqualsIfExists", aws_PrincipalOrgID="o-example"),
    condition("Null", aws_PrincipalOrgID="false"),
    condition("IpAddress", aws_SourceIp="192.0.2.0/24"),
    condition("ForAnyValue:StringEquals", aws_SourceAccount=ACCOUNT),
]


@pytest.mark.parametrize("made", ALLOWED, ids=str)
def test_a_statement_that_lets_alarms_publish(made):
    assert may(made) is True


@pytest.mark.parametrize("made", REFUSED, ids=str)
def test_a_statement_that_does_not(made):
    assert may(made) is False


@pytest.mark.parametrize("made", OPEN, ids=str)
def test_a_statement_that_hangs_on_what_is_not_known(made):
    assert may(made) is None


@pytest.mark.parametrize("made", ALLOWED, ids=str)
def test_what_is_allowed_and_denied_is_denied(made):
    assert may(statement(), {**made, "Effect": "Deny"}) is False


@pytest.mark.parametrize("made", REFUSED[:12], ids=str)
def test_a_denial_of_something_else_takes_nothing_away(made):
    assert may(statement(), {**made, "Effect": "Deny"}) is True


@pytest.mark.parametrize("made", OPEN, ids=str)
def test_a_denial_that_hangs_on_what_is_not_known_leaves_it_open(made):
    assert may(statement(), {**made, "Effect": "Deny"}) is None


@pytest.mark.parametrize("made", OPEN, ids=str)
def test_an_open_statement_takes_nothing_from_one_that_allows(made):
    assert may(made, statement()) is True


def test_a_policy_without_statements_lets_nobody_publish():
    assert may() is False
    assert allows({}, "cloudwatch.amazonaws.com", "sns:Publish", TOPIC, CONTEXT) is False


def test_the_default_policy_of_a_topic_lets_the_owners_alarms_publish():
    policy = owner_policy()

    assert allows(policy, "cloudwatch.amazonaws.com", "sns:Publish", TOPIC, CONTEXT) is True


def test_one_statement_needs_no_list():
    assert list(statements({"Statement": statement()})) == [statement()]


def test_what_is_no_statement_is_left_out():
    assert list(statements({"Statement": [None, "x", statement()]})) == [statement()]
    assert list(statements({"Statement": "x"})) == []


@pytest.mark.parametrize("text", [None, "", "null", "[]", "1", '"x"', "{", "not JSON"])
def test_what_is_no_policy_document(text):
    assert parse(text) is None


def test_a_policy_document():
    assert parse('{"Statement": []}') == {"Statement": []}
