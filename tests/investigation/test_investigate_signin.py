# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The action, through c7n's own policies: users and roles on moto, events pushed.

moto is blind to LookupEvents, GuardDuty's findings and the policy simulator; those are stubbed, and
the rest of IAM is moto's own.
"""

from __future__ import annotations

import json
import logging

import boto3
import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

from c7n_mfa.investigation.element import InvestigateSignin, file_name
from calls import denied, is_write, watched
from investigated import (
    ACCOUNT,
    AT,
    EVENT_ID,
    ago,
    event,
    sign_in,
    the_root_sign_in,
    the_sign_in,
)

KEY = "c7n:signin-dossier"
STUBS = {
    "cloudtrail:LookupEvents": {"Events": [event(sign_in(ago(days=3)))]},
    "guardduty:ListFindings": {"FindingIds": []},
    "iam:SimulatePrincipalPolicy": {"EvaluationResults": []},
    "securityhub:GetFindings": {"Findings": []},
}
ACTION = {"type": "investigate-signin"}


@pytest.fixture
def load(request):
    def load(resource="iam-user", **options):
        return PyTestUtils(request).load_policy(
            {
                "name": "signin-investigated",
                "resource": resource,
                "actions": [{**ACTION, **options}],
            },
            config={"region": "us-east-1", "account_id": ACCOUNT},
        )

    return load


@pytest.fixture
def push(load, tmp_path):
    """Run the action for an event, as a deployed policy does: the resource and its output."""

    def push(detail, resource="iam-user", found=None, **options):
        policy = load(resource, **options)
        policy.options["output_dir"] = str(tmp_path)
        (action,) = policy.resource_manager.actions
        resources = [found or {"UserName": "alice"}]
        with policy.ctx:
            action.process(resources, detail)
        return resources[0], {p.name: p.read_text() for p in tmp_path.rglob("dossier-*")}

    return push


def add_alice(**tags):
    iam = boto3.client("iam")
    iam.create_user(
        UserName="alice", Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
    iam.create_login_profile(UserName="alice", Password="not-a-secret")
    iam.create_access_key(UserName="alice")
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    document = json.dumps({"Version": "2012-10-17", **everything})
    iam.put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=document)


@mock_aws
def test_a_dossier_is_annotated_and_written(push):
    add_alice(owner="user@example.com")

    with watched(stubs=STUBS):
        alice, written = push({"detail": the_sign_in()})

    found = alice[KEY]
    assert sorted(written) == [f"dossier-{EVENT_ID}.json", f"dossier-{EVENT_ID}.md"]
    assert json.loads(written[f"dossier-{EVENT_ID}.json"]) == found == json.loads(json.dumps(found))
    assert written[f"dossier-{EVENT_ID}.md"].startswith("# HIGH: alice signed in without MFA\n")
    assert found["event_id"] == EVENT_ID
    assert found["privileges"]["administrator"] is True
    assert found["credentials"]["mfa"] == []
    assert found["owner"] == {"contacts": [["owner", "user@example.com"]]}
    assert found["earlier"]["without_mfa"] == 1


@mock_aws
def test_an_investigation_writes_nothing_to_aws_and_calls_what_is_declared(push):
    add_alice()

    with watched(stubs=STUBS) as calls:
        push({"detail": the_sign_in()})

    reads = [permission for permission in calls.made if not permission.startswith("iam:Simulate")]
    assert [permission for permission in reads if is_write(permission)] == []
    assert set(calls.made) - set(InvestigateSignin.permissions) == set()


@pytest.mark.long
@mock_aws
def test_a_user_deleted_in_between_leaves_gaps(push):
    with watched(stubs=STUBS):
        alice, _ = push({"detail": the_sign_in()})

    gaps = {gap["what"]: gap["why"] for gap in alice[KEY]["not_searched"]}
    assert gaps["tags of the user"] == "it does not exist, or no longer"
    assert alice[KEY]["privileges"]["administrator"] is None


@mock_aws
def test_a_denied_permission_is_named_and_stops_nothing(push):
    add_alice()
    faults = {"cloudtrail:LookupEvents": denied}

    with watched(faults=faults, stubs=STUBS):
        alice, written = push({"detail": the_sign_in()})

    assert "access denied; grant cloudtrail:LookupEvents" in written[f"dossier-{EVENT_ID}.md"]
    assert (alice[KEY]["earlier"], alice[KEY]["activity"]) == (None, None)
    assert alice[KEY]["privileges"]["administrator"] is True


@pytest.mark.long
@mock_aws
def test_root_is_investigated_on_the_account(push):
    account = {"account_id": ACCOUNT, "account_name": "example"}
    with watched(stubs=STUBS) as calls:
        found, _ = push({"detail": the_root_sign_in()}, "account", account)

    assert found[KEY]["severity"] == "critical"
    assert [permission for permission in calls.made if permission.startswith("iam:")] == []


@mock_aws
@pytest.mark.parametrize("resource", ["account", "iam-user", "iam-role"])
@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"detail": None},
        {"detail": {}},
        {"detail": []},
        {"detail": {"eventName": "ConsoleLogout"}},
        [],
        "event",
    ],
)
def test_without_a_sign_in_nothing_is_asked_and_the_log_says_why(push, caplog, resource, odd):
    with caplog.at_level(logging.WARNING, "custodian.actions"), watched(stubs=STUBS) as calls:
        found, written = push(odd, resource, {"id": "x"})

    assert (found, written, calls.made) == ({"id": "x"}, {}, [])
    said = "its event is no console sign-in" if odd else "it runs without an event"
    assert [r.getMessage() for r in caplog.records] == [
        f"policy:signin-investigated investigates nothing: {said}"
    ]


@mock_aws
def test_the_log_names_the_event_and_nobody(push, caplog):
    add_alice()
    with caplog.at_level(logging.INFO, "custodian.actions"), watched(stubs=STUBS):
        alice, _ = push({"detail": the_sign_in()})

    gaps = len(alice[KEY]["not_searched"])
    assert [r.getMessage() for r in caplog.records] == [
        f"policy:signin-investigated event:{EVENT_ID} severity:high gaps:{gaps} look:1"
    ]


@pytest.mark.long
@mock_aws
def test_an_event_delivered_twice_makes_one_dossier(push):
    add_alice()
    with watched(stubs=STUBS):
        push({"detail": the_sign_in()})
        _, written = push({"detail": the_sign_in()})
    assert len(written) == 2


@pytest.mark.parametrize(
    ("event_id", "name"),
    [
        (EVENT_ID, EVENT_ID),
        ("../../etc/passwd", "------etc-passwd"),
        ("a\nb", "a-b"),
        (None, "unknown"),
        ("x" * 300, "x" * 64),
    ],
)
def test_an_event_id_cannot_leave_the_output(event_id, name):
    assert file_name(event_id) == name


@pytest.mark.long
@mock_aws
def test_options_reach_the_investigation(push):
    add_alice(team="blue", owner="user@example.com")
    options = {"regions": ["eu-west-1"], "owner-tags": ["team"], "budget-seconds": 90, "pages": 2}
    record = the_sign_in(eventTime=AT.isoformat())

    with watched(stubs=STUBS):
        alice, _ = push({"detail": record}, days=7, **options)

    gaps = {gap["what"]: gap["regions"] for gap in alice[KEY]["not_searched"]}
    assert alice[KEY]["owner"] == {"contacts": [["team", "blue"]]}
    regions = ["us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2", "eu-west-1"]
    assert gaps["findings of GuardDuty"] == regions
    assert "more than 7 days back" in gaps


@pytest.mark.parametrize(
    "options",
    [
        {"regions": "some"},
        {"regions": []},
        {"regions": ["US-EAST-1"]},
        {"pages": 1},
        {"pages": "10"},
        {"days": 91},
        {"days": 0},
        {"budget-seconds": 0},
        {"budget-seconds": 900},
        {"owner-tags": "owner"},
        {"geo-database": 7},
        {"budget": 60},
    ],
)
def test_wrong_options_are_refused(load, options):
    with pytest.raises(PolicyValidationError):
        load(**options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"regions": "all"},
        {"regions": ["us-gov-west-1"], "pages": 2, "days": 90},
        {"geo-database": "/opt/geo/country.mmdb"},
        {"geo-database": ["country.mmdb", "network.mmdb"]},
    ],
)
@pytest.mark.parametrize("resource", ["account", "iam-user", "iam-role"])
def test_right_options_are_taken_for_every_resource(load, resource, options):
    load(resource, **options).validate()
