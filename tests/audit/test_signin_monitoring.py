# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The account filter, through c7n's own policy loading, on moto."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from c7n.exceptions import PolicyValidationError
from c7n.testing import PyTestUtils
from moto import mock_aws

import mocked_account as account
from calls import denied, watched

KEY = "c7n:signin-monitoring"
ALL = ["intact", "broken", "unknown"]


@pytest.fixture
def load(request):
    def load(*actions, **options):
        return PyTestUtils(request).load_policy(
            {
                "name": "signin-monitoring-broken",
                "resource": "aws.account",
                "filters": [{"type": "signin-monitoring", **options}],
                "actions": list(actions),
            },
            config={"region": account.REGION, "account_id": account.ACCOUNT},
        )

    return load


def judged(policy) -> dict:
    (found,) = policy.run()
    return found[KEY]


def faults(judgement: dict) -> list[tuple[str, str]]:
    return [
        (link["link"], link["reason"])
        for chain in judgement["chains"]
        for link in chain["links"]
        if link["reason"]
    ]


@mock_aws
def test_a_good_chain_is_intact_and_not_kept(load):
    account.add_good_chain()

    assert load().run() == []
    judgement = judged(load(state=ALL))
    assert judgement["verdict"] == "intact"
    assert [link["link"] for link in judgement["chains"][0]["links"]] == [
        "trail",
        "log-group",
        "metric-filter",
        "metric",
        "alarm",
        "topic",
        "subscription",
    ]
    assert faults(judgement) == []
    assert judgement["blind_spots"] == []


@mock_aws
def test_the_annotation_has_the_keys_that_others_rely_on(load):
    account.add_good_chain()

    judgement = judged(load(state=ALL))

    assert judgement.keys() >= {"requirement", "verdict", "blind_spots", "chains"}
    (chain,) = judgement["chains"]
    assert chain.keys() >= {"verdict", "covers", "links"}
    for link in chain["links"]:
        assert link.keys() >= {
            "link",
            "verdict",
            "reason",
            "detail",
            "resource",
            "evidence",
            "security_hub",
        }
    assert json.loads(json.dumps(judgement)) == judgement


@mock_aws
def test_an_account_without_anything_is_broken_at_the_trail(load):
    judgement = judged(load())

    assert judgement["verdict"] == "broken"
    assert faults(judgement) == [("trail", "trail-absent")]


@mock_aws
def test_a_filter_without_alarm_is_broken_at_the_alarm(load):
    account.add_trail()
    account.add_filter()

    assert faults(judged(load())) == [("alarm", "alarm-absent")]


@mock_aws
def test_an_alarm_in_another_namespace_is_named(load):
    account.add_trail()
    account.add_filter()
    account.add_alarm(Namespace="Other")

    judgement = judged(load())

    (link,) = [link for link in judgement["chains"][0]["links"] if link["reason"]]
    assert link["reason"] == "alarm-on-other-metric"
    assert link["evidence"] == {"watches": "Other/SignIns", "writes": "Security/SignIns"}


@mock_aws
def test_the_filter_behind_the_first_page_is_found(load):
    account.add_trail()
    for number in range(60):
        account.add_filter('{ $.eventName = "Other" }', filterName=f"a-{number:02}")
    account.add_filter(filterName="z")
    account.add_topic()
    account.add_alarm()
    account.add_subscription()

    assert load().run() == []


@mock_aws
def test_the_subscription_behind_the_first_page_is_found(load):
    account.add_good_chain()
    sns = account.client("sns")
    for number in range(120):
        sns.subscribe(TopicArn=account.TOPIC, Protocol="sms", Endpoint=f"+1555010{number:04}")

    assert load().run() == []


@mock_aws
def test_the_requirement_decides(load):
    account.add_good_chain(
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    )

    assert load(requirement="cis-iam-user").run() == []
    assert {spot["family"] for spot in judged(load())["blind_spots"]} == {"root", "broker-role"}


@mock_aws
def test_strict_lets_possible_sign_ins_decide(load):
    account.add_good_chain(
        '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" }'
    )

    assert load(requirement="cis").run() == []
    strict = judged(load(requirement="cis", strict=True))
    assert strict["verdict"] == "broken"
    assert {spot["grade"] for spot in strict["blind_spots"]} == {"possible"}


@mock_aws
def test_a_good_chain_takes_ten_calls_of_ours_beside_custodians_own(load):
    account.add_good_chain()
    policy = load()

    with watched() as calls:
        policy.run()

    assert calls.counts() == Counter(
        {
            # custodian's own; it asks STS for the account too where nobody has told it.
            "iam:ListAccountAliases": 1,
            "cloudtrail:DescribeTrails": 1,
            "cloudtrail:GetTrailStatus": 1,
            "cloudtrail:GetEventSelectors": 1,
            # Those of the log group, and those that write the metric.
            "logs:DescribeMetricFilters": 2,
            "cloudwatch:DescribeAlarmsForMetric": 1,
            # The emulator does not have it: so there is no mute rule there either.
            "cloudwatch:ListAlarmMuteRules": 1,
            "sns:GetTopicAttributes": 1,
            "sns:ListSubscriptionsByTopic": 1,
            "sns:GetSubscriptionAttributes": 1,
        }
    )


@mock_aws
def test_log_groups_of_the_same_prefix_take_no_call_more(load):
    account.add_good_chain()
    for number in range(120):
        account.client("logs").create_log_group(logGroupName=f"{account.GROUP}-{number:03}")

    with watched() as calls:
        assert load().run() == []

    assert "logs:DescribeLogGroups" not in calls.counts()
    assert calls.counts().total() == 11


@mock_aws
def test_a_log_group_that_is_gone_is_gone_though_others_bear_its_name_longer(load):
    account.add_trail()
    logs = account.client("logs")
    logs.delete_log_group(logGroupName=account.GROUP)
    for number in range(120):
        logs.create_log_group(logGroupName=f"{account.GROUP}-{number:03}")

    with watched() as calls:
        judgement = judged(load())

    assert faults(judgement) == [("log-group", "log-group-gone")]
    assert calls.counts()["logs:DescribeLogGroups"] == 1


@mock_aws
def test_unrelated_filters_are_not_followed_to_their_alarms(load):
    account.add_good_chain()
    for number in range(30):
        account.add_filter('{ $.eventName = "Other" }', filterName=f"other-{number}")

    with watched() as calls:
        load().run()

    assert calls.counts()["cloudwatch:DescribeAlarmsForMetric"] == 1


@mock_aws
def test_a_log_group_without_a_filter_has_to_be_looked_at_itself(load):
    account.add_trail()

    with watched({"logs:DescribeLogGroups": denied}):
        assert faults(judged(load())) == [("log-group", "log-group-unreadable")]


@mock_aws
@pytest.mark.parametrize(
    ("permission", "link", "reason"),
    [
        ("cloudtrail:DescribeTrails", "trail", "trail-unreadable"),
        ("cloudtrail:GetTrailStatus", "trail", "trail-unreadable"),
        ("cloudtrail:GetEventSelectors", "trail", "trail-unreadable"),
        ("logs:DescribeMetricFilters", "metric-filter", "filters-unreadable"),
        ("cloudwatch:DescribeAlarmsForMetric", "alarm", "alarms-unreadable"),
        ("cloudwatch:ListAlarmMuteRules", "alarm", "mute-rules-unreadable"),
        ("sns:GetTopicAttributes", "topic", "topic-unreadable"),
        ("sns:ListSubscriptionsByTopic", "subscription", "subscriptions-unreadable"),
        ("sns:GetSubscriptionAttributes", "subscription", "subscriptions-unreadable"),
    ],
)
def test_a_denied_read_is_unknown_and_names_the_permission(load, permission, link, reason):
    account.add_good_chain()

    with watched({permission: denied}):
        judgement = judged(load())

    assert judgement["verdict"] == "unknown"
    assert faults(judgement) == [(link, reason)]
    (faulty,) = [each for each in judgement["chains"][0]["links"] if each["reason"]]
    assert faulty["permission"] == permission
    assert faulty["detail"].startswith(f"access denied: grant {permission} on ")


@mock_aws
def test_a_denied_list_of_all_alarms_leaves_it_open_whether_one_watches_the_metric(load):
    account.add_trail()
    account.add_filter()

    with watched({"cloudwatch:DescribeAlarms": denied}):
        judgement = judged(load())

    assert judgement["verdict"] == "unknown"
    assert faults(judgement) == [("alarm", "alarms-unreadable")]


@mock_aws
def test_calls_are_a_subset_of_the_declared_permissions(load):
    account.add_trail()
    account.add_filter()
    account.add_filter(filterName="second", metricTransformations=[_other_metric()])
    account.add_topic()
    account.add_alarm()
    account.add_subscription()
    policy = load(state=ALL)

    with watched() as calls:
        policy.run()

    assert set(calls.made) <= policy.get_permissions()
    assert "cloudwatch:DescribeAlarms" in calls.made


@mock_aws
def test_the_whole_judgement_is_left_beside_custodians_output(load, tmp_path):
    account.add_good_chain()
    policy = load()
    policy.options["output_dir"] = str(tmp_path)

    policy.run()

    (left,) = json.loads(next(tmp_path.rglob("signin-monitoring.json")).read_text())
    assert left["account_id"] == account.ACCOUNT
    assert left[KEY]["verdict"] == "intact"
    assert json.loads(next(tmp_path.rglob("resources.json")).read_text()) == []


@pytest.mark.parametrize(
    "options",
    [
        {"requirment": "cis"},
        {"requirement": "cis-2"},
        {"state": ["fine"]},
        {"state": []},
        {"strict": "yes"},
        {"regions": "all"},
        {"routes": "yes"},
        {"read-role": "audit"},
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_name(load, options):
    with pytest.raises(PolicyValidationError) as caught:
        load(**options)

    (wrong,) = options.values()
    named = {*options, *(wrong if isinstance(wrong, list) else [wrong])}
    assert any(name in str(caught.value) for name in named)


@mock_aws
def test_options_add_the_permissions_that_they_take(load):
    plain = load().get_permissions()

    assert load(regions=True).get_permissions() - plain == {
        "cloudtrail:ListTrails",
        "ec2:DescribeRegions",
    }
    assert load(routes=True).get_permissions() - plain == {
        "events:ListRules",
        "events:ListTargetsByRule",
    }
    role = "arn:aws:iam::<account_id>:role/audit"
    assert load(**{"read-role": role}).get_permissions() - plain == {"sts:AssumeRole"}


@mock_aws
def test_regions_are_listed_when_they_are_asked_for(load):
    account.add_good_chain()

    judgement = judged(load(state=ALL, regions=True))

    assert judgement["verdict"] == "intact"
    assert len(judgement["regions"]) > 30
    assert {row["verdict"] for row in judgement["regions"]} == {"intact"}
    assert judged(load(state=ALL))["regions"] == [
        {
            "region": "every enabled Region",
            "trail": f"arn:aws:cloudtrail:{account.REGION}:{account.ACCOUNT}:trail/management",
            "chain": 0,
            "verdict": "intact",
        }
    ]


@mock_aws
def test_an_event_rule_is_reported_beside_the_verdict(load):
    account.add_trail()
    pattern = {"detail-type": ["AWS Console Sign In via CloudTrail"]}
    events = account.client("events")
    events.put_rule(Name="sign-ins", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="sign-ins", Targets=[{"Id": "1", "Arn": account.QUEUE}])

    judgement = judged(load(routes=True))

    assert judgement["verdict"] == "broken"
    assert [route["targets"] for route in judgement["routes"]] == [[account.QUEUE]]


@mock_aws
def test_a_role_survives_custodians_own_expansion(load):
    policy = load(**{"read-role": "arn:aws:iam::<account_id>:role/audit"})

    policy.expand_variables(policy.get_variables())
    policy.validate()

    (found,) = policy.resource_manager.filters
    assert found.data["read-role"] == "arn:aws:iam::<account_id>:role/audit"


@mock_aws
def test_a_role_of_the_account_itself_is_refused(load):
    policy = load(**{"read-role": "arn:aws:iam::{account_id}:role/audit"})
    policy.expand_variables(policy.get_variables())

    with pytest.raises(PolicyValidationError) as caught:
        policy.validate()

    assert str(caught.value) == (
        "policy:signin-monitoring-broken signin-monitoring read-role: "
        f"arn:aws:iam::{account.ACCOUNT}:role/audit is a role of the account itself; write "
        "<account_id> where the number of the other account goes (custodian replaces {account_id} "
        "with its own)"
    )


@mock_aws
def test_a_chain_in_another_account_is_followed_with_a_role(load):
    other = "210987654321"
    group = f"arn:aws:logs:{account.REGION}:{other}:log-group:{account.GROUP}:*"
    account.add_trail(CloudWatchLogsLogGroupArn=group)

    without = judged(load())
    role = "arn:aws:iam::<account_id>:role/audit"
    with_role = judged(load(**{"read-role": role}))

    assert faults(without) == [("log-group", f"in-account-{other}")]
    # moto keeps what the other account has to itself: there is no such log group.
    assert faults(with_role) == [("log-group", "log-group-gone")]


def _other_metric() -> dict[str, str]:
    return {"metricName": "Second", "metricNamespace": "Security", "metricValue": "1"}


FREEZES = """
import gc
from c7n.loader import PolicyLoader
from c7n.config import Config
from c7n_mfa.entry import initialize

initialize()
counts = [gc.get_freeze_count()]
for name in ("check-cloudtrail", "signin-monitoring", "signin-monitoring"):
    policy = {"name": "one", "resource": "aws.account", "filters": [name]}
    options = Config.empty(region="us-east-1", account_id="123456789012")
    for loaded in PolicyLoader(options).load_data({"policies": [policy]}, "one.yml"):
        loaded.validate()
    counts.append(gc.get_freeze_count())
print(*counts)
"""


def test_what_custodian_has_loaded_is_frozen_once_and_only_where_a_policy_audits():
    done = subprocess.run(
        [sys.executable, "-c", FREEZES], capture_output=True, check=True, text=True
    )

    # A few objects are frozen when the process starts, on some versions of Python.
    before, without, first, second = map(int, done.stdout.split())
    assert without == before
    assert first > before + 10_000
    assert second <= first
