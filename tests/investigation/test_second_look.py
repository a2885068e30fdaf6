# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The function looks again: the shipped policy on moto, and what its schedules would deliver.

moto keeps schedules and does not run them, so the tests deliver what stands in them; on the local
AWS they run by themselves.  LookupEvents and findings are set by hand, since moto has neither.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.investigation.again import Function, NextLook, due
from c7n_mfa.investigation.news import Told
from c7n_mfa.signin.second_look import Look
from calls import denied, watched
from deployed import ACCOUNT, REGION, Inbox, event, record, shipped
from deployed import Function as Deployed
from investigated import call, stamp
from investigated import event as looked_up

NAME = "signin-single-factor"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/c7n-mfa-look-again"
# Each Region takes clients of its own, and botocore its time to make them.
AT_HOME = {"regions": [REGION]}
NOW = datetime.now(UTC).replace(microsecond=0)


def sign_in(at=None, **changes):
    return record(eventTime=stamp(at or NOW), recipientAccountId=ACCOUNT, **changes)


def done(name, service="iam", **changes):
    """A call of alice's, a minute after the sign-in."""
    return looked_up(call(name, service, NOW + timedelta(seconds=60), **changes))


class Account:
    """The function, its inbox, its schedules, and the calls that CloudTrail has delivered."""

    def __init__(self, function, inbox):
        self.function, self.inbox = function, inbox
        self.delivered = []
        self.faults = {}
        self.scheduler = boto3.client("scheduler", region_name=REGION)
        boto3.client("iam").create_user(UserName="alice")

    def deliver(self, what):
        stubs = {
            "cloudtrail:LookupEvents": lambda _: {"Events": list(self.delivered)},
            "guardduty:ListFindings": {"FindingIds": []},
            "iam:SimulatePrincipalPolicy": {"EvaluationResults": []},
            "securityhub:GetFindings": {"Findings": []},
        }
        with watched(stubs=stubs, faults=self.faults) as calls:
            self.answer = self.function.deliver(what)
        self.calls = calls.made

    def schedules(self):
        found = self.scheduler.list_schedules()["Schedules"]
        return {
            each["Name"]: self.scheduler.get_schedule(Name=each["Name"])
            for each in sorted(found, key=lambda each: each["Name"])
        }

    def call_of(self, number):
        """What the schedule of a look delivers."""
        (found,) = [
            each
            for name, each in self.schedules().items()
            if name.startswith(f"c7n-mfa-look-{number}-")
        ]
        return json.loads(found["Target"]["Input"])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setattr("c7n_mfa.investigation.event_history.PACE_SECONDS", 0)
    policy = shipped(NAME)
    policy["actions"][0].update(AT_HOME)
    with mock_aws():
        yield Account(Deployed(policy, tmp_path, monkeypatch), Inbox())


def test_the_first_look_schedules_the_second(here):
    here.deliver(event(sign_in()))

    ((name, found),) = here.schedules().items()
    at = (NOW + timedelta(minutes=15)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    target = found["Target"]
    assert (name[:15], len(name)) == ("c7n-mfa-look-2-", 47)
    assert (found["ScheduleExpression"], found["ActionAfterCompletion"]) == (at, "DELETE")
    assert target["Arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:custodian-{NAME}"
    assert target["RoleArn"] == ROLE
    assert target["DeadLetterConfig"]["Arn"].endswith(":c7n-mfa-dead-letters")
    given = json.loads(target["Input"])
    assert given.pop("c7n-mfa")["look"] == 2
    assert given == event(sign_in())
    (message,) = here.inbox.read()
    assert f" It looks again at {stamp(NOW + timedelta(minutes=15))}, and" in message["Message"]


def test_what_is_told_travels_as_digests(here):
    user = {"userName": "mallory"}
    here.delivered = [done("CreateUser", requestParameters=user, responseElements={"user": user})]

    here.deliver(event(sign_in()))

    told = here.call_of(2)["c7n-mfa"]["told"]
    assert sorted(told) == ["failed", "severity", "things", "unseen"]
    assert len(told["things"]) == 2
    assert "mallory" not in json.dumps(told)


def test_nothing_new_is_no_message_and_one_more_look(here):
    here.delivered = [done("CreateUser")]
    here.deliver(event(sign_in()))
    here.inbox.read()

    here.deliver(here.call_of(2))

    assert here.inbox.read() == []
    at = (NOW + timedelta(minutes=60)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    assert [each["ScheduleExpression"] for each in here.schedules().values()][1:] == [at]


def test_what_is_new_is_told_once_and_the_last_look_schedules_none(here):
    here.deliver(event(sign_in()))
    here.inbox.read()
    here.delivered = [
        done("CreateUser", requestParameters={"userName": "mallory"}),
        done("StopLogging", "cloudtrail", requestParameters={"name": "trail"}),
    ]

    here.deliver(here.call_of(2))

    (message,) = here.inbox.read()
    assert message["Subject"].startswith("[HIGH] Second look: alice - 2 new dangerous calls (")
    assert "What is new\n- " in message["Message"]
    assert "userName=mallory" in message["Message"]
    assert "What was found" not in message["Message"]

    here.delivered.append(done("AttachUserPolicy", requestParameters={"userName": "alice"}))
    here.deliver(here.call_of(3))

    (message,) = here.inbox.read()
    assert message["Subject"] == f"[HIGH] Third look: alice - 1 new dangerous call ({ACCOUNT})"
    assert "iam:AttachUserPolicy" in message["Message"]
    assert "iam:CreateUser" not in message["Message"].partition("What to do next")[0]
    assert "looks again" not in message["Message"]
    assert len(here.schedules()) == 2


def test_a_flood_of_new_calls_silences_no_look_and_hides_not_the_worst(here):
    here.deliver(event(sign_in()))
    here.inbox.read()
    users = [{"userName": f"nobody-{number:03d}-{'x' * 50}"} for number in range(400)]
    here.delivered = [
        *(
            done("CreateUser", requestParameters=u, errorCode="AccessDenied", eventID=u["userName"])
            for u in users
        ),
        done("DeleteTrail", "cloudtrail", requestParameters={"name": "trail"}),
    ]

    here.deliver(here.call_of(2))

    (message,) = here.inbox.read()
    new = message["Message"].partition("What is new\n")[2].partition("\n\n")[0].split("\n")
    assert "cloudtrail:DeleteTrail" in new[0]
    assert "- 389 more new dangerous calls, in the dossier" in new[:14]
    assert "What to do next" in message["Message"]


def test_what_is_told_of_a_flood_fits_into_the_event_of_the_next_look():
    things = frozenset(f"{number:012x}" for number in range(20_000))

    told = Told(things=things).to_dict()

    assert len(json.dumps(told)) < 200_000
    assert Told.from_dict(told).things < things


def test_scheduler_puts_nothing_of_its_own_into_the_event(here):
    agent = "Mozilla/5.0 <aws.scheduler.schedule-arn> \\u003c"
    here.deliver(event(sign_in(userAgent=agent)))

    ((_, found),) = here.schedules().items()
    text = found["Target"]["Input"]
    assert "<" not in text
    assert json.loads(text)["detail"]["userAgent"] == agent


def test_a_look_that_is_delivered_twice_is_one_message_and_one_schedule(here):
    here.deliver(event(sign_in()))
    here.inbox.read()
    here.delivered = [done("CreateUser")]
    second = here.call_of(2)

    here.deliver(second)
    here.deliver(second)

    assert len(here.inbox.read()) == 1
    assert len(here.schedules()) == 2


def test_an_event_that_is_delivered_twice_is_one_schedule(here):
    here.deliver(event(sign_in()))
    here.deliver(event(sign_in()))

    assert len(here.schedules()) == 1
    (message,) = here.inbox.read()
    assert "will not look again" not in message["Message"]


def test_an_hour_later_everything_is_there_and_nobody_looks_again(here):
    here.deliver(event(sign_in(NOW - timedelta(minutes=61))))

    assert here.schedules() == {}
    (message,) = here.inbox.read()
    assert "look again" not in message["Message"]
    assert "looks again" not in message["Message"]


def refused(code, message):
    return lambda operation: ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: iam:PassRole on resource: y",
            "will not look again, access denied; grant iam:PassRole",
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: scheduler:CreateSchedule on resource: y",
            "will not look again, access denied; grant scheduler:CreateSchedule",
        ),
        (
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume it.",
            "will not look again, scheduler:CreateSchedule failed with ValidationException: The "
            "execution role you provide must allow AWS EventBridge Scheduler to assume it.",
        ),
    ],
)
def test_a_schedule_that_is_refused_is_told_and_stops_nothing(here, code, said, told):
    here.faults = {"scheduler:CreateSchedule": refused(code, said)}

    here.deliver(event(sign_in()))

    (message,) = here.inbox.read()
    assert f"- calls that CloudTrail delivers later: {told}\n" in message["Message"]
    assert "looks again" not in message["Message"]


@pytest.mark.parametrize(
    "mark",
    [
        None,
        {},
        {"look": 1, "told": {}},
        {"look": 4, "told": {}},
        {"look": True, "told": {}},
        {"look": "2", "told": {}},
        {"look": 2},
        {"look": 2, "told": []},
    ],
)
def test_a_mark_that_nobody_asked_for_does_nothing(here, mark):
    here.deliver({**event(sign_in()), "c7n-mfa": mark})

    assert here.answer is False
    assert here.calls == []
    assert here.inbox.read() == []


@pytest.mark.parametrize("told", [{}, {"severity": 7, "failed": "x", "things": {"a": 1}}])
def test_what_a_look_does_not_understand_has_not_been_told(here, told):
    here.delivered = [done("CreateUser")]

    here.deliver({**event(sign_in()), "c7n-mfa": {"look": 2, "told": told}})

    (message,) = here.inbox.read()
    assert message["Subject"].startswith("[HIGH] Second look: alice - 1 new dangerous call (")


def test_a_made_up_look_contains_nobody(tmp_path, monkeypatch):
    with mock_aws():
        policy = shipped("signin-single-factor-contain")
        here = Account(Deployed(policy, tmp_path, monkeypatch), Inbox())

        here.deliver({**event(sign_in()), "c7n-mfa": {"look": 2, "told": {}}})

        assert (here.answer, here.calls) == (False, [])


def test_a_look_of_a_policy_that_contains_and_investigates_contains_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("c7n_mfa.investigation.event_history.PACE_SECONDS", 0)
    policy = shipped("signin-single-factor-contain")
    policy["actions"].insert(0, {**shipped(NAME)["actions"][0], **AT_HOME})
    with mock_aws():
        here = Account(Deployed(policy, tmp_path, monkeypatch), Inbox())
        here.delivered = [done("CreateUser")]

        here.deliver({**event(sign_in()), "c7n-mfa": {"look": 2, "told": {}}})

        (message,) = here.inbox.read()
        assert message["Payload"]["containment"] is None
        assert "contained" not in message["Subject"]
        assert [each for each in here.calls if each.startswith(("iam:Put", "iam:Tag"))] == []


# When, and what


@pytest.mark.parametrize(
    ("before", "ago", "expected"),
    [
        (1, 0, (2, 15)),
        (1, 13, (2, 15)),
        (1, 14.5, (2, 15)),
        (1, 14.6, (3, 60)),
        (2, 15, (3, 60)),
        (2, 59.6, None),
        (3, 60, None),
        (1, 600, None),
    ],
)
def test_the_next_look_is_the_next_that_lies_ahead(before, ago, expected):
    happened = NOW - timedelta(minutes=ago)

    found = due((15, 60), before, happened, NOW)

    assert found == (expected and (expected[0], happened + timedelta(minutes=expected[1])))


@pytest.mark.parametrize("happened", [None, NOW + timedelta(days=9)])
def test_without_a_time_that_can_be_minutes_count_from_now(happened):
    assert due((15,), 1, happened, NOW) == (2, NOW + timedelta(minutes=15))


def test_without_the_option_nobody_looks_again():
    assert due((), 1, NOW, NOW) is None


def test_the_function_is_called_in_the_account_of_the_role():
    function = Function("custodian-x", "cn-north-1", "arn:aws-cn:iam::210987654321:role/r")
    assert function.arn == "arn:aws-cn:lambda:cn-north-1:210987654321:function:custodian-x"


def test_outside_a_function_nobody_looks_again_and_the_dossier_says_so(request, caplog):
    policy = load(request, {"role": ROLE})
    (action,) = policy.resource_manager.actions

    gap = action._schedule({}, "id", NextLook(Look(2, {}), NOW))

    assert gap.why == "will not look again, outside a Lambda function"


def load(request, again, mode=None, **config):
    action = {"type": "investigate-signin", "again": again}
    policy = {"name": "investigated", "resource": "account", "actions": [action]}
    return PyTestUtils(request).load_policy(
        {**policy, "mode": mode} if mode else policy,
        config={"region": REGION, "account_id": ACCOUNT, **config},
    )


@pytest.fixture
def deploy(request, caplog):
    """Load the policy as `custodian run` does before it creates the function: what is warned of."""

    def deploy(*roles, **faults):
        with mock_aws(), watched(faults=faults):
            for role in roles:
                boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
            mode = shipped(NAME)["mode"]
            load(request, {"role": ROLE}, mode, command="c7n.commands.run", dryrun=False)
        return [each.message for each in caplog.records if each.levelno >= logging.WARNING]

    return deploy


MISSING = "does not exist; until it does, there is no second look, and each message says so"


def test_a_role_that_is_missing_is_warned_of_at_deploy(deploy):
    assert deploy("another") == [f"policy:investigated again: role: {ROLE} {MISSING}"]


def test_a_role_that_is_there_is_not(deploy):
    assert deploy("c7n-mfa-look-again") == []


def test_a_role_that_may_not_be_read_is_no_pass(deploy):
    assert deploy("c7n-mfa-look-again", **{"iam:GetRole": denied}) == [
        f"policy:investigated again: role: {ROLE} could not be checked: access denied: grant "
        f"iam:GetRole on {ROLE}"
    ]


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"role": "c7n-mfa-look-again"},
        {"role": ROLE, "after-minutes": []},
        {"role": ROLE, "after-minutes": [0]},
        {"role": ROLE, "after-minutes": [60, 15]},
        {"role": ROLE, "after-minutes": [15, 15]},
        {"role": ROLE, "after-minutes": 15},
        {"role": ROLE, "at": 15},
    ],
)
def test_an_option_that_makes_no_sense_is_refused(request, again):
    with pytest.raises(PolicyValidationError):
        load(request, again)


def test_the_default_is_a_quarter_of_an_hour_and_an_hour(request):
    (action,) = load(request, {"role": ROLE}).resource_manager.actions
    assert action._after_minutes == (15, 60)
    assert {"scheduler:CreateSchedule", "iam:PassRole"} <= set(action.get_permissions())
