# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Events of every shape through the deployed handler, in one process.

The long run has ten thousand of them, with a new seed each time: C7N_MFA_FUZZ_SEED repeats one.

AWS answers by hand here: nothing but what is published and put on users is of interest, and an
emulator would take minutes.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from c7n_mfa import handler
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.investigation import event_history as lookup
from c7n_mfa.investigation import gather
from c7n_mfa.signin.criteria import single_factor
from c7n_mfa.signin.events import refusal
from c7n_mfa.signin.record import SignIn
from deployed import ACCOUNT, Function, event, record, shipped
from signin.records import RECORDS

EVENTS = 10_000
FEW = 300
FORGERIES = 1_000
# Of whoever the plainest record is about.
USER_ID = record("iam-user")["userIdentity"]["principalId"]
SEED = 20261121
TEXTS = (
    *("", " ", "Yes", "YES", "no", "No", "Success", "Failure", "ConsoleLogin", "Root", "IAMUser"),
    *("AssumedRole", "FederatedUser", "signin.amazonaws.com", "alice", "a b", "alice\n", "x" * 300),
    *("\ud800", "\x00", "\u202e", "{account_id}", "{", "%s", "../../x", "2026-13-45T99:99:99Z"),
    *("9999999999-01-01T00:00:00Z", "arn:aws:iam::123456789012:user/alice", "arn:", ":::::::::"),
    *("AWSReservedSSO_x", "HIDDEN_DUE_TO_SECURITY_REASONS", "192.0.2.10", "::1", "999.1.1.1"),
    *("0001-01-01T00:00:00+14:00", "10000-01-01T00:00:00Z", "2026-01-15T08:30:00"),
)
FIELDS = (
    *("eventName", "eventSource", "eventTime", "eventID", "awsRegion", "sourceIPAddress"),
    *("userAgent", "userIdentity", "responseElements", "additionalEventData", "errorCode"),
    *("errorMessage", "type", "arn", "accountId", "userName", "sessionContext", "attributes"),
    *("mfaAuthenticated", "sessionIssuer", "ConsoleLogin", "MFAUsed", "SamlProviderArn"),
    *("recipientAccountId", "detail", "region", "account", "principalId", "detail-type"),
)
ANSWERS: dict[str, Any] = {
    "PublishBatch": {},
    "Publish": {"MessageId": "m"},
    "LookupEvents": {"Events": []},
    "ListAccountAliases": {"AccountAliases": []},
    "GetUserPolicy": ClientError({"Error": {"Code": "NoSuchEntity", "Message": ""}}, "x"),
    "ListUserTags": {"Tags": []},
}


def value(chance: random.Random, depth: int = 3) -> Any:
    """Any JSON value."""
    kind = chance.randrange(9 if depth else 7)
    if kind == 7:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 8:
        return {chance.choice(FIELDS): value(chance, depth - 1) for _ in range(chance.randrange(6))}
    numbers = (0, 1, -1, 1.5, 10**30, float("inf"))
    return (None, True, False, chance.choice(numbers), *chance.choices(TEXTS, k=3))[kind]


def places(found: Any) -> list[tuple[Any, Any]]:
    """Every place of a document, as the thing that holds it and its key there."""
    here: list[tuple[Any, Any]] = []
    keys = (
        found if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
    )
    for key in list(keys):
        here += [(found, key), *places(found[key])]
    return here


def mutate(chance: random.Random, found: Any) -> Any:
    """Change, drop or add something somewhere."""
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        holder, key = chance.choice(places(found) or [({}, "")])
        if not holder:
            return value(chance)
        if isinstance(holder, dict) and chance.random() < 0.2:
            del holder[key]
        elif isinstance(holder, dict) and chance.random() < 0.2:
            holder[chance.choice(FIELDS)] = value(chance)
        else:
            holder[key] = value(chance)
    return found


def fuzzed(seed: int, count: int) -> Iterator[Any]:
    """Labelled sign-ins as they are and changed, and now and then anything at all."""
    chance = random.Random(seed)
    for _ in range(count):
        kind = chance.random()
        if kind < 0.3:
            yield value(chance)
        elif kind < 0.6:
            yield {"detail": value(chance)}
        else:
            yield mutate(chance, event(chance.choice(RECORDS).record))


class Aws:
    """Answers every call, as far as it has to, and refuses what the API model does."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()

    def __call__(self, client: Any, operation: str, parameters: Any) -> Any:
        self.made[operation] += 1
        model = client.meta.service_model.operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, model) if model else None
        if report and report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        # What cannot be written as UTF-8 never reaches AWS.
        json.dumps(parameters, ensure_ascii=False, default=str).encode()
        if operation == "GetUser":
            name = parameters["UserName"]
            arn = f"arn:aws:iam::123456789012:user/{name}"
            return {"User": {"UserName": name, "Arn": arn, "UserId": USER_ID}}
        answer = ANSWERS.get(operation, {})
        if isinstance(answer, Exception):
            raise answer
        return copy.deepcopy(answer)


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setattr(lookup, "PACE_SECONDS", 0.0)
    # botocore takes its time for the clients of each Region, which answer alike.
    monkeypatch.setattr(gather, "_OF_SIGN_INS", {})
    aws = Aws()
    with mock.patch.object(BaseClient, "_make_api_call", lambda *call: aws(*call)):
        yield aws


def verdict(found: Any) -> bool | str:
    sign_in = SignIn.from_record(found.get("detail")) if isinstance(found, dict) else None
    return single_factor(sign_in) if sign_in else False


def is_delivered(found: Any) -> bool:
    """Would AWS deliver this event to the function?  As far as anybody can tell."""
    record = found["detail"]
    whose, times = record.get("recipientAccountId"), (found.get("time"), record.get("eventTime"))
    ids = (found.get("id"), record.get("eventID"))
    return (
        found.get("source") == "aws.signin"
        and record.get("eventSource") == "signin.amazonaws.com"
        and found.get("account") == ACCOUNT
        and (whose is None or whose == ACCOUNT)
        and all(isinstance(each, str) and each.strip() for each in ids)
        and all(parse_time(each) for each in times)
    )


@pytest.fixture(params=[SEED, pytest.param(None, marks=pytest.mark.long)], ids=["few", "many"])
def seed(request):
    """One that never changes for a few events, a new one for many."""
    return request.param or int(os.environ["C7N_MFA_FUZZ_SEED"])


@pytest.mark.parametrize(
    ("name", "share"), [("signin-single-factor", 1), ("signin-single-factor-contain", 5)]
)
def test_no_event_breaks_it_and_only_what_the_policy_selects_is_told(
    name, share, seed, aws, tmp_path, monkeypatch
):
    count = (FEW if seed == SEED else EVENTS) // share
    policy = shipped(name)
    function = Function(policy, tmp_path, monkeypatch)
    selected = policy["filters"][0]["single-factor"]
    wrong, told, refused = [], 0, 0

    for number, found in enumerate(fuzzed(seed, count)):
        before = aws.made["Publish"], aws.made["PutUserPolicy"]
        function.deliver(found)
        new = aws.made["Publish"] - before[0]
        contained = aws.made["PutUserPolicy"] - before[1]
        refused += refusal(found, [policy], ACCOUNT) is not None
        told += new
        is_selected = verdict(found) in selected and is_delivered(found)
        # An IAM user is looked up by name, so of the users' policy only this much is certain.
        right = new <= is_selected if name.endswith("-contain") else new == is_selected
        if not right or (contained and not is_selected):
            wrong.append((number, found, new, contained))

    assert wrong == [], f"C7N_MFA_FUZZ_SEED={seed}"
    assert told > count // 50
    assert handler.refused.total() == refused > count // 10


def test_no_single_factor_sign_in_that_aws_delivers_is_refused(seed):
    policy = shipped("signin-single-factor")
    single = [found for found in fuzzed(seed, EVENTS) if verdict(found) is True]

    refused = [found for found in single if refusal(found, [policy], ACCOUNT)]

    assert [found for found in refused if is_delivered(found)] == []
    assert [found for found in single if not is_delivered(found)] == refused
    assert len(single) > 2 * len(refused) > 0


# Forgeries


def forged(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Single-factor sign-ins that AWS would not deliver, for one reason or for several."""
    chance = random.Random(seed)
    single = [each.record for each in RECORDS if each.single_factor is True]
    while count:
        found = event({**chance.choice(single), "eventTime": format_time(datetime.now(UTC))})
        for lie in chance.choices(LIES, k=chance.choice((1, 1, 2, 3))):
            lie(chance, found, found["detail"])
        if not is_delivered(found):
            count -= 1
            yield found


def unsaid(*places: tuple[str, str]) -> Any:
    """Says something else, or nothing, in one of the places."""

    def lie(chance: random.Random, *parts: dict[str, Any]) -> None:
        part, name = chance.choice(places)
        holder = parts[part == "record"]
        holder[name] = chance.choice((value(chance), chance.choice(OTHERS), holder.get(name)))
        if chance.random() < 0.3:
            del holder[name]

    return lie


OTHERS = ("210987654321", "demo.signin", "AWS.signin", "aws.iam", "", None)
LIES = (
    unsaid(("event", "source")),
    unsaid(("event", "account"), ("record", "recipientAccountId")),
    unsaid(("event", "id"), ("record", "eventID")),
    unsaid(("event", "time"), ("record", "eventTime")),
)


@pytest.mark.parametrize("name", ["signin-single-factor", "signin-single-factor-contain"])
def test_a_forged_event_contains_nobody_and_alerts_nobody(name, seed, aws, tmp_path, monkeypatch):
    function = Function(shipped(name), tmp_path, monkeypatch)
    forgeries = list(forged(seed, FORGERIES))

    answers = {function.deliver(found) for found in forgeries}

    assert answers == {False}
    assert aws.made == {}, f"C7N_MFA_FUZZ_SEED={seed}"
    assert handler.refused.keys() >= {
        *("source-not-aws", "account-unlike-function", "recipient-unlike-account"),
        *("id-absent", "time-absent"),
    }
    # The same, as AWS delivers it.
    function.deliver(event(record("iam-user", eventTime=format_time(datetime.now(UTC)))))
    assert aws.made["Publish"] == 1
    assert (aws.made["PutUserPolicy"] > 0) is name.endswith("-contain")
