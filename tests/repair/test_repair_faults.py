# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Every call of a repair fails once, in every way: nothing is raised, and the next run completes.

On moto, whose answers are replaced by errors one call at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from calls import is_write
from longrun import long, long_but_one
from objects import objects

pytestmark = pytest.mark.usefixtures("clients_made_once")

QUEUE = {"subscriptions": [{"protocol": "sqs", "endpoint": account.QUEUE}]}
PREFIXES = {"monitoring": "cloudwatch"}
# custodian's own, which ends the run by itself.
CUSTODIANS = ("iam:ListAccountAliases",)


def error(code: str, message: str, status: int = 400) -> Callable[[str], Exception]:
    def make(operation: str) -> Exception:
        answer = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return ClientError(answer, operation)

    return make


def timed_out(operation: str) -> Exception:
    return ReadTimeoutError(endpoint_url=f"https://example.com/{operation}")


FAULTS = {
    "denied": error("AccessDenied", "not authorized"),
    # What is left when botocore's own retries have ended.
    "throttled": error("ThrottlingException", "Rate exceeded"),
    "timed out": timed_out,
    "not found": error("ResourceNotFoundException", "it does not exist"),
}
MALFORMED = "malformed"


@contextmanager
def nth_call(number: int | None, fault: str = "denied") -> Iterator[list[str]]:
    """All calls below boto3 in order; the one of this number fails, after it was made if it is a
    time-out: nobody knows then whether AWS has done it.
    """
    made: list[str] = []
    real = BaseClient._make_api_call

    def call(client, operation, parameters):
        service = client.meta.service_model.endpoint_prefix
        made.append(f"{PREFIXES.get(service, service)}:{operation}")
        if len(made) - 1 != number:
            return real(client, operation, parameters)
        if fault == MALFORMED:
            real(client, operation, parameters)
            return {}
        if fault == "timed out":
            real(client, operation, parameters)
        raise FAULTS[fault](operation)

    with mock.patch.object(BaseClient, "_make_api_call", call):
        yield made


def act(request, **action) -> Callable[[], dict]:
    """Run one action on the account: its receipt."""
    policy = PyTestUtils(request).load_policy(
        {"name": action["type"], "resource": "aws.account", "actions": [action]},
        config={"region": account.REGION, "account_id": account.ACCOUNT},
    )
    (element,) = policy.resource_manager.actions

    def run() -> dict:
        (receipt,) = element.process([{"account_id": account.ACCOUNT}])
        return receipt

    return run


@pytest.fixture
def repair(request):
    return act(request, type="set-signin-monitoring", **{"log-delivery": "create"}, **QUEUE)


@pytest.fixture
def remove(request):
    return act(request, type="remove-signin-monitoring")


def counts() -> dict[str, int]:
    found = objects(boto3.Session())
    filters = [f for group in found["log groups"].values() for f in group["filters"]]
    subscriptions = [s for topic in found["topics"].values() for s in topic["subscriptions"]]
    things = {"filters": filters, "subscriptions": subscriptions}
    kinds = ("alarms", "topics", "log groups", "roles")
    return {name: len(each) for name, each in (things | {k: found[k] for k in kinds}).items()}


ONE_CHAIN = {"filters": 1, "subscriptions": 1, "alarms": 1, "topics": 1, "log groups": 1}


def with_log_group() -> dict[str, int]:
    account.add_trail()
    return {**ONE_CHAIN, "roles": 0}


def without_log_group() -> dict[str, int]:
    account.client("s3").create_bucket(Bucket="trail-bucket")
    trails = account.client("cloudtrail")
    trails.create_trail(Name="management", S3BucketName="trail-bucket", IsMultiRegionTrail=True)
    trails.start_logging(Name="management")
    return {**ONE_CHAIN, "roles": 1}


def calls_of(repair, start) -> list[str]:
    with mock_aws(), nth_call(None) as made:
        start()
        before = len(made)
        repair()
        return made[before:]


def after_a_fault(repair, start, number: int, fault: str) -> list[str]:
    """What is wrong with the account after a repair with one fault, and a second without."""
    with mock_aws():
        expected = start()
        with nth_call(number, fault):
            first = repair()
        # A step that timed out may have been done; every other write that failed says so.
        failed = [step["error"] for step in first["steps"] if step["result"] == "failed"]
        second = repair()
        found = counts()
        wrong = [] if second["after"] == "intact" else [f"{second['after']} after the second run"]
        return wrong + ([] if found == expected else [f"{found}, first run: {failed}"])


@pytest.mark.parametrize("fault", [MALFORMED, *long(FAULTS)])
@pytest.mark.parametrize(
    "start", long_but_one([without_log_group, with_log_group]), ids=lambda f: f.__name__
)
def test_after_any_fault_of_any_call_the_next_run_leaves_one_chain(repair, start, fault):
    made = calls_of(repair, start)
    assert sum(map(is_write, made)) >= 6

    wrong = {
        f"call {number}, {permission}": problems
        for number, permission in enumerate(made)
        if permission not in CUSTODIANS
        if (problems := after_a_fault(repair, start, number, fault))
    }

    assert wrong == {}


class Killed(BaseException):
    """No error that anybody handles: what a kill looks like from inside."""


@contextmanager
def killed_after_write(number: int) -> Iterator[None]:
    writes = iter(range(number))
    real = BaseClient._make_api_call

    def call(client, operation, parameters):
        answer = real(client, operation, parameters)
        service = client.meta.service_model.endpoint_prefix
        if is_write(f"{service}:{operation}") and next(writes, None) == number - 1:
            raise Killed
        return answer

    with mock.patch.object(BaseClient, "_make_api_call", call), pytest.raises(Killed):
        yield


def with_a_foreign_topic() -> dict[str, int]:
    account.add_trail()
    account.client("sns").create_topic(Name="SignInWithoutMfaAlarmSNSTopic")
    return {**ONE_CHAIN, "roles": 0}


STARTS = [with_log_group, without_log_group, with_a_foreign_topic]
each_start = pytest.mark.parametrize(
    "start", long_but_one(STARTS), ids=lambda start: start.__name__
)


@each_start
def test_after_a_kill_behind_any_write_the_next_run_leaves_one_chain(repair, start):
    writes = sum(map(is_write, calls_of(repair, start)))
    for number in range(1, writes + 1):
        with mock_aws():
            expected = start()
            with killed_after_write(number):
                repair()

            assert repair()["after"] == "intact"
            assert counts() == expected, f"killed after write {number}"


@each_start
def test_after_a_kill_behind_any_write_removal_leaves_the_account_as_it_was(repair, remove, start):
    writes = sum(map(is_write, calls_of(repair, start)))
    for number in range(1, writes + 1):
        with mock_aws():
            start()
            before = objects(boto3.Session())
            with killed_after_write(number):
                repair()

            remove()

            assert objects(boto3.Session()) == before, f"killed after write {number}"


def removal_calls(repair, remove, start) -> list[str]:
    def repaired() -> None:
        start()
        repair()

    return calls_of(remove, repaired)


def left_after_a_fault(repair, remove, start, number: int, fault: str) -> list[str]:
    """What is left of a repair after a removal with one fault, and a second without."""
    with mock_aws():
        start()
        before = objects(boto3.Session())
        repair()
        with nth_call(number, fault):
            first = remove()
        failed = [step["error"] for step in first["steps"] if step["result"] == "failed"]
        remove()
        after = objects(boto3.Session())
        differ = [kind for kind in before if before[kind] != after[kind]]
        return [f"{differ} differ, first run: {failed}"] if differ else []


def is_worth_a_fault(permission: str, fault: str) -> bool:
    """To a write of a removal, "not found" is done: there is nothing left to remove."""
    return permission not in CUSTODIANS and not (fault == "not found" and is_write(permission))


@pytest.mark.parametrize("fault", long(FAULTS))
@each_start
def test_after_any_fault_of_any_call_the_next_removal_leaves_the_account_as_it_was(
    repair, remove, start, fault
):
    made = removal_calls(repair, remove, start)
    assert sum(map(is_write, made)) >= 4

    wrong = {
        f"call {number}, {permission}": problems
        for number, permission in enumerate(made)
        if is_worth_a_fault(permission, fault)
        if (problems := left_after_a_fault(repair, remove, start, number, fault))
    }

    assert wrong == {}


@pytest.mark.parametrize("fault", long_but_one(FAULTS))
def test_a_write_that_fails_is_named_and_ends_the_plan(repair, fault):
    made = calls_of(repair, with_log_group)
    writes = [number for number, permission in enumerate(made) if is_write(permission)]

    for number in writes:
        with mock_aws():
            with_log_group()
            with nth_call(number, fault):
                steps = repair()["steps"]
        results = [step["result"] for step in steps]
        at = results.index("failed")
        assert steps[at]["error"].startswith(f"{made[number]} failed: ")
        assert set(results[:at]) <= {"done", "adopted"}
        assert set(results[at + 1 :]) <= {"not-tried"}
