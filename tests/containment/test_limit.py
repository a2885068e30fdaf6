# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""No more users than `max-contained` are contained in an hour, and whoever is next is told of."""

from __future__ import annotations

import copy
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from c7n_mfa.aws.entries import LogEntries
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.containment import element as containment
from c7n_mfa.containment.limit import Full, HourlyLimit, Place, Places
from calls import denied, watched
from deployed import REGION, Function, Inbox, event, record, shipped

NOW = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
PUT = ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"]
STREAMS = "logs:DescribeLogStreams"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that the tests set."""

    class Clock:
        now = NOW

    monkeypatch.setattr(containment, "now", lambda: Clock.now)
    with mock_aws():
        yield Clock


# The places


@pytest.fixture
def limit():
    return HourlyLimit(LogEntries(Reader(boto3.Session()), REGION, "/aws/lambda/contain"), most=3)


def contain(limit, user, now=NOW):
    """Take a place and be contained: the users in the way, or None."""
    taken = limit.take(user, now)
    if isinstance(taken, Place):
        taken.settle(user, now)
    return taken.users if isinstance(taken, Full) else None


def test_the_fourth_of_three_is_refused_and_hears_of_the_others(limit):
    assert [contain(limit, user) for user in ("alice", "bob", "carol", "dave")] == [
        None,
        None,
        None,
        ("alice", "bob", "carol"),
    ]


def test_the_same_user_takes_one_place(limit):
    assert [contain(limit, "alice") for _ in range(4)] == [None] * 4
    assert [contain(limit, user) for user in ("bob", "carol", "dave")] == [
        None,
        None,
        ("alice", "bob", "carol"),
    ]


@pytest.mark.parametrize(
    ("minutes", "refused"), [(0, True), (29, True), (31, True), (59, True), (60, False)]
)
def test_an_hour_is_sixty_minutes_before_and_not_one_of_the_clock(limit, minutes, refused):
    for user in ("alice", "bob", "carol"):
        contain(limit, user)

    found = contain(limit, "dave", NOW + timedelta(minutes=minutes))

    assert found == (("alice", "bob", "carol") if refused else None)


def test_places_come_free_one_by_one(limit):
    for minute, user in enumerate(("alice", "bob", "carol")):
        contain(limit, user, NOW + timedelta(minutes=minute))
    later = NOW + timedelta(minutes=60)

    assert contain(limit, "dave", later) is None
    assert contain(limit, "erin", later) == ("bob", "carol", "dave")


def test_midnight_is_no_way_around_it(limit):
    before = datetime(2026, 11, 21, 23, 59, 30, tzinfo=UTC)
    for user in ("alice", "bob", "carol"):
        contain(limit, user, before)

    assert contain(limit, "dave", before + timedelta(minutes=1)) == ("alice", "bob", "carol")


def test_a_refusal_takes_no_place(limit, clock):
    for user in ("alice", "bob", "carol", *"123456789"):
        contain(limit, user)

    assert contain(limit, "dave", NOW + timedelta(minutes=60)) is None


def test_whoever_was_not_contained_after_all_gives_the_place_back(limit):
    for user in ("alice", "bob", "carol", "dave"):
        limit.take(user, NOW).settle(None, NOW)

    assert [contain(limit, user) for user in ("erin", "frank", "grace", "heidi")] == [
        None,
        None,
        None,
        ("erin", "frank", "grace"),
    ]


def test_a_function_that_died_in_between_has_its_place(limit):
    for user in ("alice", "bob"):
        limit.take(user, NOW)
    contain(limit, "carol")

    assert contain(limit, "dave") == ("carol", "somebody", "somebody")


def test_a_list_that_lags_behind_gives_no_place_twice(limit):
    """AWS does not say how soon a stream is listed; to make it again fails at once."""
    with watched(stubs={STREAMS: {"logStreams": []}}):
        found = [limit.take(f"user-{number}", NOW) for number in range(20)]

    assert [isinstance(taken, Place) for taken in found] == [True] * 3 + [False] * 17


def test_twenty_at_once_are_three(limit):
    made, lock = set(), threading.Lock()

    def create(parameters):
        """moto looks and makes in two steps; AWS in one."""
        name = parameters["logStreamName"]
        with lock:
            if name in made:
                raise boto3.client("logs").exceptions.ResourceAlreadyExistsException(
                    {"Error": {"Code": "ResourceAlreadyExistsException", "Message": ""}}, "x"
                )
            made.add(name)
        return {}

    def listed(parameters):
        with lock:
            return {"logStreams": [{"logStreamName": n, "creationTime": 0} for n in made]}

    with (
        watched(stubs={"logs:CreateLogStream": create, STREAMS: listed}),
        ThreadPoolExecutor(20) as pool,
    ):
        found = list(pool.map(lambda n: contain(limit, f"user-{n}"), range(20)))

    assert found.count(None) == 3


@pytest.mark.parametrize("permission", [STREAMS, "logs:CreateLogStream"])
def test_a_count_that_cannot_be_made_is_a_failure(limit, permission):
    with watched({permission: denied}):
        found = limit.take("alice", NOW)

    assert isinstance(found, ReadFailure)
    assert found.permission == permission


def test_other_entries_are_none():
    assert Places.of(["", "x/2026-11-21T093020Z/alice", "notified"]) == Places()


# The function


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def function(inbox, tmp_path, monkeypatch):
    """The shipped policy, with the options of its containing actions changed."""

    def function(**options):
        policy = shipped("signin-single-factor-contain")
        for action in policy["actions"][:2]:
            action.update(options)
        return Function(policy, tmp_path, monkeypatch)

    return function


def sign_in(name, at=NOW, **changes):
    """A sign-in of a user who is made if there is none yet."""
    client = boto3.client("iam")
    try:
        user = client.create_user(UserName=name)["User"]
    except client.exceptions.EntityAlreadyExistsException:
        user = client.get_user(UserName=name)["User"]
    found = copy.deepcopy(record(eventID=str(uuid.uuid4()), **changes))
    found["eventTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    found["userIdentity"].update(userName=name, arn=user["Arn"], principalId=user["UserId"])
    return event(found)


def contained():
    client = boto3.client("iam")
    names = [user["UserName"] for user in client.list_users()["Users"]]
    listed = {name: client.list_user_policies(UserName=name)["PolicyNames"] for name in names}
    assert all(sorted(policies) in ([], PUT) for policies in listed.values())
    return sorted(name for name, policies in listed.items() if policies)


USERS = [f"user-{number:02}" for number in range(8)]


def test_of_eight_users_five_are_contained_and_all_are_told_of(function, inbox):
    deployed = function()

    for name in USERS:
        deployed.deliver(sign_in(name))

    assert contained() == USERS[:5]
    messages = inbox.read()
    assert [message["Subject"].split(" (")[0] for message in messages] == [
        *(f"{name} signed in without MFA, contained" for name in USERS[:5]),
        *(f"[CRITICAL] {name} signed in without MFA, NOT contained" for name in USERS[5:]),
    ]
    severities = [each["MessageAttributes"]["severity"]["Value"] for each in messages]
    assert severities == ["high"] * 5 + ["critical"] * 3
    assert (
        "- require-mfa: FAILED. NOT contained: 5 users were contained within the last hour "
        "(user-00, user-01, user-02, user-03, user-04), and max-contained is reached; look at all "
        "of them, and contain this one by hand, or raise max-contained\n"
        "  by hand: aws iam put-user-policy --user-name user-05 --policy-name c7n-mfa-require-mfa "
        "--policy-document '{"
    ) in messages[5]["Message"]


def test_the_commands_for_a_person_contain_as_the_function_would(function, inbox):
    deployed = function(**{"max-contained": 1})
    deployed.deliver(sign_in("alice"))
    deployed.deliver(sign_in("bob"))

    commands = re.findall(
        "by hand: .* --policy-name (.*) --policy-document '(.*)'", inbox.read()[1]["Message"]
    )

    client = boto3.client("iam")
    for policy, document in commands:
        client.put_user_policy(UserName="bob", PolicyName=policy, PolicyDocument=document)
    assert contained() == ["alice", "bob"]
    for policy in PUT:
        alice, bob = (
            client.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
            for name in ("alice", "bob")
        )
        assert alice == bob


def test_the_smallest_number_counts(inbox, tmp_path, monkeypatch):
    policy = shipped("signin-single-factor-contain")
    policy["actions"][1]["max-contained"] = 1
    deployed = Function(policy, tmp_path, monkeypatch)

    for name in USERS[:3]:
        deployed.deliver(sign_in(name))

    assert contained() == USERS[:1]
    assert len(inbox.read()) == 3


def test_a_sign_in_that_comes_again_and_a_second_one_count_once(function, clock):
    deployed = function(**{"max-contained": 2})
    first = sign_in("alice")
    for each in [first] * 3:
        deployed.deliver(each)
    clock.now = NOW + timedelta(minutes=5)
    deployed.deliver(sign_in("alice", clock.now))
    deployed.deliver(sign_in("bob", clock.now))

    assert contained() == ["alice", "bob"]


def test_a_contained_user_signs_in_again_when_all_places_are_taken(function, clock, inbox):
    deployed = function(**{"max-contained": 1})
    deployed.deliver(sign_in("alice"))
    clock.now = NOW + timedelta(hours=2)
    deployed.deliver(sign_in("bob", clock.now))
    inbox.read()

    deployed.deliver(sign_in("alice", clock.now))

    assert contained() == ["alice", "bob"]
    assert inbox.read()[0]["Subject"].startswith("alice signed in without MFA, contained (")
    document = boto3.client("iam").get_user_policy(UserName="alice", PolicyName=PUT[1])
    assert "2026-11-21T11:31:20Z" in str(document["PolicyDocument"])


def test_a_user_who_could_not_be_contained_takes_no_place(function):
    deployed = function(**{"max-contained": 1})
    with watched({"iam:PutUserPolicy": denied}):
        deployed.deliver(sign_in("alice"))

    deployed.deliver(sign_in("bob"))

    assert contained() == ["bob"]


@pytest.mark.parametrize("permission", [STREAMS, "logs:CreateLogStream"])
def test_where_nobody_can_count_the_user_is_contained_and_told_of(function, permission, inbox):
    deployed = function(**{"max-contained": 1})
    with watched({permission: denied}):
        for name in USERS[:3]:
            deployed.deliver(sign_in(name))

    assert contained() == USERS[:3]
    message = inbox.read()[0]
    assert message["Subject"].startswith("user-00 signed in without MFA, contained (")
    assert (
        "; how many users were contained within the hour is not known: access denied: grant "
        f"{permission} on /aws/lambda/custodian-signin-single-factor-contain\n"
    ) in message["Message"]


def test_an_excluded_user_takes_no_place(function):
    deployed = function(**{"max-contained": 1})
    deployed.deliver(sign_in("break-glass-1"))
    deployed.deliver(sign_in("alice"))

    assert contained() == ["alice"]


def test_a_password_is_for_a_person_to_think_of(inbox, tmp_path, monkeypatch):
    policy = shipped("signin-single-factor-contain")
    policy["actions"] = [{"type": "reset-password", "max-contained": 1}, policy["actions"][2]]
    deployed = Function(policy, tmp_path, monkeypatch)
    events = [sign_in(name) for name in ("alice", "bob")]
    for name in ("alice", "bob"):
        boto3.client("iam").create_login_profile(UserName=name, Password="Correct-Horse-1")

    for each in events:
        deployed.deliver(each)

    assert (
        "  by hand: aws iam update-login-profile --user-name bob --password '…' "
        "--password-reset-required\n"
    ) in inbox.read()[1]["Message"]
