# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Forwarding through c7n's own policy loading, on moto.

moto delivers from bus to bus across Regions, and asks no role whether it may.  Its account has some
forty Regions enabled; most tests see three of them.
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

import forwarded as f
from c7n_mfa.aws import read
from c7n_mfa.aws.read import Reader
from c7n_mfa.forwarding.operations import OWNER, READ
from c7n_mfa.forwarding.steps import role_policy
from c7n_mfa.forwarding.values import NAME, Place
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.signin.events import DETAIL_TYPES
from calls import denied, is_write, watched

KEY = "c7n:signin-forwarding"
FEW = ["eu-north-1", "us-east-1", "us-east-2"]
STATES = ["intact", "broken", "unknown"]
# What a good account is asked; sts only without its number, and policies only where there are some.
READ = set(READ) - {"sts:GetCallerIdentity", "iam:GetPolicy", "iam:GetPolicyVersion"}


@pytest.fixture(autouse=True)
def aws(request):
    def few(answer):
        return {"Regions": [{"RegionName": region} for region in FEW]}

    everywhere = "everywhere" in request.fixturenames
    with mock_aws(), watched(answers={} if everywhere else {"ec2:DescribeRegions": few}):
        yield


@pytest.fixture(autouse=True)
def clients(monkeypatch):
    """Clients outlive a test here: to make one takes longer than what it is asked."""
    monkeypatch.setattr(read, "Reader", lambda session: Reader(session, CLIENTS))


CLIENTS = {}


@pytest.fixture
def everywhere():
    """The account has all the Regions of moto."""


@pytest.fixture
def load(request):
    def load(*actions, name="forwarding", account=f.ACCOUNT, region=f.HOME, **options):
        signin = {"type": "signin-forwarding", "state": STATES, **options}
        policy = {"name": name, "resource": "aws.account", "filters": [signin]}
        return PyTestUtils(request).load_policy(
            {**policy, "actions": list(actions)},
            config={"region": region, "account_id": account},
        )

    return load


@pytest.fixture
def look(load):
    """The annotation on the account."""

    def look(**options):
        (account,) = load(**options).run()
        return account[KEY]

    return look


@pytest.fixture
def act(load, tmp_path):
    """Run one action: the account afterwards and the receipt that custodian wrote."""

    def act(action, account=None, **options):
        policy = load({"type": action, **(account or {})}, **options)
        policy.options["output_dir"] = str(tmp_path)
        (found,) = policy.run()
        written = next(tmp_path.rglob(f"action-{action.replace('-', '')}"))
        (receipt,) = json.loads(written.read_text())
        return found[KEY], receipt

    return act


def regions() -> list[str]:
    return sorted(r["RegionName"] for r in f.client("ec2").describe_regions()["Regions"])


def results(receipt) -> list[tuple[str, str, str]]:
    return [(s["region"], s["step"], s["result"]) for s in receipt["steps"]]


def reasons(annotation) -> dict[str, str | None]:
    return {region["region"]: region["reason"] for region in annotation["regions"]}


def write_all(act):
    act("set-signin-forwarding")


# The filter


def test_every_enabled_region_but_the_home_has_to_forward(look, everywhere):
    found = look()
    assert (found["verdict"], found["home"]) == ("broken", "us-east-1")
    expected = dict.fromkeys(regions(), "rule-absent") | {"us-east-1": None}
    assert reasons(found) == expected


@pytest.mark.parametrize(
    ("state", "kept"), [(None, 1), (["broken"], 1), (["intact"], 0), (["unknown"], 0)]
)
def test_the_state_says_which_accounts_are_kept(request, state, kept):
    options = {} if state is None else {"state": state}
    policy = PyTestUtils(request).load_policy(
        {
            "name": "forwarding",
            "resource": "aws.account",
            "filters": [{"type": "signin-forwarding", "regions": FEW, **options}],
        },
        config={"region": f.HOME, "account_id": f.ACCOUNT},
    )
    assert len(policy.run()) == kept


def test_the_home_is_the_region_of_the_policy_unless_given(look):
    assert look(region="eu-west-1")["home"] == "eu-west-1"
    assert look(region="eu-west-1", regions=FEW, home="us-east-2")["home"] == "us-east-2"


def test_only_the_named_regions_are_looked_at(look):
    with watched() as calls:
        found = look(regions=FEW[1:])
    assert list(reasons(found)) == FEW[1:]
    assert calls.counts()["ec2:DescribeRegions"] == 0


def test_custodian_without_an_account_number_asks_whose_it_is(load):
    policy = load()
    f.add_role()
    for region in ("eu-north-1", "us-east-2"):
        f.add_rule(region)
    account = {"account_id": None, "account_name": "x"}

    (found,) = policy.resource_manager.filters[0].process([account])

    assert found[KEY]["verdict"] == "intact"


def test_a_region_takes_two_reads_and_the_rest_of_the_account_seven(look, act, everywhere):
    act("set-signin-forwarding")

    with watched() as calls:
        assert look()["verdict"] == "intact"

    counts = calls.counts()
    number = len(regions())
    # custodian's own is the alias.
    assert counts == {
        "iam:ListAccountAliases": 1,
        "ec2:DescribeRegions": 1,
        "events:ListRules": number,
        "events:ListTargetsByRule": number - 1,
        "events:DescribeEventBus": 1,
        "iam:GetRole": 1,
        "iam:ListRolePolicies": 1,
        "iam:GetRolePolicy": 1,
        "iam:ListAttachedRolePolicies": 1,
    }


def test_rules_of_other_things_cost_no_read(look):
    for number in range(5):
        f.add_rule("us-east-2", f"other-{number}", pattern={"source": ["aws.ec2"]})

    with watched() as calls:
        look()

    assert calls.counts()["events:ListTargetsByRule"] == 0


def test_the_second_page_of_rules_is_read_too(look):
    f.add_role()
    for number in range(60):
        f.add_rule("us-east-2", f"a-{number}", pattern={"source": ["aws.ec2"]}, targets=[])
    f.add_rule("us-east-2")
    assert look(regions=FEW[1:])["verdict"] == "intact"


def test_a_rule_that_a_service_manages_is_no_forwarder(look):
    f.add_role()
    f.add_rule("us-east-2", "managed")

    def managed(answer):
        return {**answer, "Rules": [{**r, "ManagedBy": "x.amazonaws.com"} for r in answer["Rules"]]}

    with watched(answers={"events:ListRules": managed}):
        assert reasons(look(regions=FEW[1:]))["us-east-2"] == "rule-absent"


def test_what_the_role_may_is_read_from_managed_policies_and_the_boundary(look):
    allowed = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    made = f.client("iam").create_policy(PolicyName="put", PolicyDocument=document)
    arn = made["Policy"]["Arn"]
    f.add_role(document=role_policy(Place(f.ACCOUNT, "aws", "eu-west-1")))
    f.client("iam").attach_role_policy(RoleName=NAME, PolicyArn=arn)
    f.client("iam").put_role_permissions_boundary(RoleName=NAME, PermissionsBoundary=arn)
    f.add_rule("us-east-2")
    assert look(regions=FEW[1:])["verdict"] == "intact"


# The action


def test_everything_is_made_and_found_intact(act, everywhere):
    after, receipt = act("set-signin-forwarding")

    others = [region for region in regions() if region != "us-east-1"]
    assert results(receipt) == [
        ("", "role", "done"),
        ("", "role-policy", "done"),
        *((region, step, "done") for region in others for step in ("rule", "target")),
    ]
    assert (receipt["home"], receipt["before"], receipt["after"]) == (
        "us-east-1",
        "broken",
        "intact",
    )
    assert after["verdict"] == "intact"


def test_a_second_run_writes_nothing(act):
    write_all(act)

    with watched() as calls:
        _, receipt = act("set-signin-forwarding")

    assert [call for call in calls.made if is_write(call)] == []
    assert (receipt["before"], receipt["after"], receipt["steps"]) == ("intact", "intact", [])


def test_what_is_made_carries_the_tags(act):
    act("set-signin-forwarding", account={"tags": {"owner": "security"}})

    tags = {"owner": "security", **f.OURS}
    rule = f.client("events", "us-east-2").list_tags_for_resource(
        ResourceARN=f.PLACE.rule("us-east-2")
    )
    role = f.client("iam").get_role(RoleName=NAME)["Role"]
    assert {tag["Key"]: tag["Value"] for tag in rule["Tags"]} == tags
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == tags


@pytest.mark.parametrize("spelling", DETAIL_TYPES)
@pytest.mark.parametrize("region", ["us-east-2", "eu-north-1"])
def test_a_sign_in_without_mfa_arrives_on_the_home_bus_and_one_with_mfa_does_not(
    act, region, spelling
):
    write_all(act)
    read = listen()

    for family in FAMILIES:
        entry = {"Source": "aws.signin", "DetailType": spelling}
        detail = json.dumps(dict(family.witness), default=dict)
        f.client("events", region).put_events(Entries=[{**entry, "Detail": detail}])

    kinds = {json.dumps(dict(x.witness), default=dict, sort_keys=True): x.kind for x in FAMILIES}
    arrived = [kinds[json.dumps(record, sort_keys=True)] for record in read()]
    assert arrived.count("single-factor") == [x.kind for x in FAMILIES].count("single-factor")
    assert {"failure", "unrelated"} & set(arrived) == set()


def listen():
    """A queue behind a rule of the home bus: what has arrived there."""
    made = f.client("sqs").create_queue(QueueName="home")
    arn = f"arn:aws:sqs:us-east-1:{f.ACCOUNT}:home"
    f.client("events").put_rule(Name="to-queue", EventPattern='{"source": ["aws.signin"]}')
    f.client("events").put_targets(Rule="to-queue", Targets=[{"Id": "1", "Arn": arn}])

    def read():
        bodies = []
        while True:
            answer = f.client("sqs").receive_message(
                QueueUrl=made["QueueUrl"], MaxNumberOfMessages=10, WaitTimeSeconds=0
            )
            if not answer.get("Messages"):
                return [json.loads(body)["detail"] for body in bodies]
            bodies += [message["Body"] for message in answer["Messages"]]
            for message in answer["Messages"]:
                f.client("sqs").delete_message(
                    QueueUrl=made["QueueUrl"], ReceiptHandle=message["ReceiptHandle"]
                )

    return read


def test_a_rule_of_somebody_else_that_works_is_adopted(act):
    theirs = f.add_role("theirs", tags={})
    f.add_rule("us-east-2", "central", tags={}, targets=[f.target(RoleArn=theirs)])

    _, receipt = act("set-signin-forwarding")

    assert results(receipt) == [
        ("", "role", "done"),
        ("", "role-policy", "done"),
        ("eu-north-1", "rule", "done"),
        ("eu-north-1", "target", "done"),
    ]


def test_a_rule_of_our_name_without_our_tag_is_left_as_it_is(act):
    f.add_rule("us-east-2", tags={}, pattern={"source": ["aws.ec2"]}, targets=[])
    before = f.client("events", "us-east-2").describe_rule(Name=NAME)

    after, receipt = act("set-signin-forwarding")

    now = f.client("events", "us-east-2").describe_rule(Name=NAME)
    assert {**now, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
    assert reasons(after) == {
        "eu-north-1": None,
        "us-east-1": None,
        "us-east-2": "target-absent",
    }
    assert ("us-east-2", "rule", "skipped") in results(receipt)


def test_an_account_that_moves_home_sends_everything_there(act, look):
    write_all(act)

    _, receipt = act("set-signin-forwarding", home="us-east-2")

    assert (receipt["home"], receipt["after"]) == ("us-east-2", "intact")
    assert results(receipt) == [
        ("", "role-policy", "done"),
        ("eu-north-1", "target", "done"),
        ("us-east-1", "rule", "done"),
        ("us-east-1", "target", "done"),
        ("us-east-2", "target", "done"),
        ("us-east-2", "rule", "done"),
    ]
    assert look(home="us-east-2")["verdict"] == "intact"


def test_the_actions_home_is_the_filters_unless_given(act):
    _, receipt = act("set-signin-forwarding", home="us-east-2")
    assert receipt["home"] == "us-east-2"


# Taking it away


def test_everything_of_ours_is_taken_away_and_nothing_else(act):
    f.add_rule("us-east-2", "other", tags={}, targets=[])
    act("set-signin-forwarding")

    _, receipt = act("remove-signin-forwarding")

    assert {step["result"] for step in receipt["steps"]} == {"done"}
    left = [
        (region, rule["Name"])
        for region in regions()
        for rule in f.client("events", region).list_rules()["Rules"]
    ]
    assert left == [("us-east-2", "other")]
    assert f.client("iam").list_roles()["Roles"] == []


def test_taking_it_away_twice_writes_nothing(act):
    write_all(act)
    act("remove-signin-forwarding")

    with watched() as calls:
        _, receipt = act("remove-signin-forwarding")

    assert [call for call in calls.made if is_write(call)] == []
    assert receipt["steps"] == []


def test_the_role_stays_while_a_region_is_left_out(act):
    write_all(act)

    _, receipt = act("remove-signin-forwarding", account={"regions": ["us-east-2"]})

    assert results(receipt) == [
        ("us-east-2", "target", "done"),
        ("us-east-2", "rule", "done"),
        ("", "role", "skipped"),
    ]


# Faults


def throttled(operation: str) -> ClientError:
    error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
    return ClientError(error, operation)


def not_found(operation: str) -> ClientError:
    code = "NoSuchEntity" if "Role" in operation else "ResourceNotFoundException"
    return ClientError({"Error": {"Code": code, "Message": "gone"}}, operation)


def timed_out(operation: str) -> ConnectTimeoutError:
    return ConnectTimeoutError(endpoint_url=f"https://{operation}.example.com")


@pytest.mark.parametrize("permission", sorted(READ))
@pytest.mark.parametrize("fault", [denied, throttled, timed_out])
def test_a_read_that_fails_is_unknown_and_says_what_failed(look, act, permission, fault):
    write_all(act)
    with watched({permission: fault}):
        found = look()

    assert found["verdict"] == "unknown"
    said = [r for r in found["regions"] if r["verdict"] == "unknown"]
    assert [r for r in said if permission not in r["detail"]] == []
    granted = {r["permission"] for r in said}
    assert granted == ({permission} if fault is denied else {None})


@pytest.mark.parametrize("permission", sorted(READ))
def test_what_is_gone_while_it_is_looked_at_is_never_intact(look, act, permission):
    write_all(act)
    with watched({permission: not_found}):
        found = look()

    # A role whose list of managed policies is gone still has the one in it.
    harmless = permission == "iam:ListAttachedRolePolicies"
    assert (found["verdict"] == "intact") is harmless


@pytest.mark.parametrize("permission", sorted(READ))
def test_an_answer_of_another_shape_is_unknown(look, act, permission):
    write_all(act)
    keys = {"events:ListRules": "Rules", "events:ListTargetsByRule": "Targets"}
    broken = {keys[permission]: [{}]} if permission in keys else {}
    optional = {
        "events:DescribeEventBus",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
    }

    with watched(stubs={permission: broken}):
        found = look()

    assert (found["verdict"] == "unknown") is (permission not in optional)


@pytest.mark.parametrize("fault", [denied, throttled, timed_out])
@pytest.mark.parametrize(
    "permission",
    ["iam:CreateRole", "iam:PutRolePolicy", "events:PutRule", "events:PutTargets"],
)
def test_a_write_that_fails_is_in_the_receipt_and_the_next_run_goes_on(act, permission, fault):
    with watched({permission: fault}):
        after, receipt = act("set-signin-forwarding")

    failed = [step for step in receipt["steps"] if step["result"] == "failed"]
    assert failed != []
    assert [s for s in failed if not s["error"].startswith(f"{permission} failed")] == []
    assert receipt["after"] == after["verdict"] == "broken"

    again, receipt = act("set-signin-forwarding")
    assert (again["verdict"], receipt["after"]) == ("intact", "intact")
    names = [r["Name"] for r in f.client("events", "us-east-2").list_rules()["Rules"]]
    assert names == [NAME]


@pytest.mark.parametrize("permission", [*OWNER, "iam:GetRole"])
def test_whose_a_thing_is_has_to_be_known_before_it_is_written_to(act, permission):
    f.add_role()
    f.add_rule("us-east-2", state="DISABLED")

    with watched({permission: denied}) as calls:
        _, receipt = act("set-signin-forwarding", regions=FEW[1:], account={"regions": FEW[1:]})

    assert [call for call in calls.made if is_write(call)] == []
    assert {step["result"] for step in receipt["steps"]} == {"skipped"}
    assert any(permission in step["why"] for step in receipt["steps"])


@pytest.mark.parametrize(
    "permission",
    [
        "ec2:DescribeRegions",
        "events:ListRules",
        "events:ListTargetsByRule",
        "events:ListTagsForResource",
        "events:RemoveTargets",
        "events:DeleteRule",
        "iam:GetRole",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
    ],
)
def test_a_removal_that_fails_says_so_and_the_next_run_goes_on(load, act, permission):
    f.add_role()
    f.add_rule("us-east-2")
    action = load({"type": "remove-signin-forwarding"}).resource_manager.actions[0]

    with watched({permission: denied}):
        (receipt,) = action.process([{"account_id": f.ACCOUNT}])

    assert {step["result"] for step in receipt["steps"]} & {"failed", "skipped"} != set()
    assert any(permission in (s["error"] or s["why"]) for s in receipt["steps"])

    act("remove-signin-forwarding")
    assert f.client("events", "us-east-2").list_rules()["Rules"] == []
    assert f.client("iam").list_roles()["Roles"] == []


# Options


@pytest.mark.parametrize(
    "options",
    [
        {"home": "everywhere"},
        {"regions": []},
        {"regions": ["us-east-1", "us-east-1"]},
        {"regions": "all"},
        {"state": ["fine"]},
        {"region": "us-east-1"},
    ],
)
def test_an_option_that_means_nothing_is_refused(request, options):
    policy = {
        "name": "forwarding",
        "resource": "aws.account",
        "filters": [{"type": "signin-forwarding", **options}],
    }
    with pytest.raises(PolicyValidationError):
        PyTestUtils(request).load_policy(policy, validate=True)


def test_declared_permissions_are_enough(load, act):
    with watched() as calls:
        write_all(act)
        act("remove-signin-forwarding")
    made = set(calls.made)

    declared = load(
        {"type": "set-signin-forwarding"}, {"type": "remove-signin-forwarding"}
    ).get_permissions()
    # Tagging and passing a role are no calls of their own.
    assert made - declared == set()
