# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Operations are those of the APIs, and their permissions are named as the APIs name them."""

from __future__ import annotations

import boto3
import pytest

from c7n_mfa.aws.operation import Operation, permissions_of
from c7n_mfa.aws.read import Reader
from c7n_mfa.containment import operations as containment
from c7n_mfa.forwarding import operations as forwarding
from c7n_mfa.repair import operations as repair
from docs.build.permission_words import WHY

REGION = "us-east-1"
OPERATIONS = {
    f"{module.__name__.split('.')[1]} {name}": value
    for module in (repair, forwarding, containment)
    for name, value in vars(module).items()
    if isinstance(value, Operation)
}


@pytest.fixture(scope="module")
def reader():
    return Reader(boto3.Session(region_name=REGION))


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_one_of_its_api_and_so_is_its_permission(reader, name):
    call = OPERATIONS[name](REGION)

    model = reader.client(call.service, REGION).meta
    assert model.method_to_api_mapping[call.operation] == call.of.name
    assert reader.permission(call.service, REGION, call.operation) == call.of.permission


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_it_takes_besides_is_explained_where_permissions_are_listed(name):
    assert [permission for permission in OPERATIONS[name].also if permission not in WHY] == []


def test_permissions_are_named_once_and_sorted():
    tag, create = (
        Operation("sns", "TagResource"),
        Operation("sns", "CreateTopic", ("sns:TagResource",)),
    )

    assert permissions_of([tag, create]) == ("sns:CreateTopic", "sns:TagResource")


def test_a_call_is_published_with_the_names_of_boto3():
    delete = Operation("sns", "DeleteTopic")

    assert delete(REGION, TopicArn="arn").to_dict() == {
        "service": "sns",
        "region": REGION,
        "operation": "delete_topic",
        "parameters": {"TopicArn": "arn"},
    }


def test_without_a_region_a_call_names_none():
    assert Operation("iam", "TagUser")("", UserName="alice").to_dict() == {
        "service": "iam",
        "operation": "tag_user",
        "parameters": {"UserName": "alice"},
    }
