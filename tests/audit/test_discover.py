# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is looked at beyond a good chain's ten calls, and only where it is needed.

The answers are written by hand from the API references of CloudTrail, CloudWatch, EventBridge, KMS,
SNS and STS, where the emulator has none.
"""

from __future__ import annotations

import copy
import json
import threading

import pytest

from audits import CALLS, judgement, link_of, recorded
from c7n_mfa.audit.discover import Ask
from c7n_mfa.audit.read import role_for
from calls import denied
from chains import ALARM, COMPOSITE, KEY, NOW, OTHER, REGION, TOPIC, document, statement
from mocked_account import ACCOUNT

ROLE = "arn:aws:iam::<account_id>:role/audit"
KEYS = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}
ALARMS = "cloudwatch:DescribeAlarmsForMetric"
LIST = "cloudwatch:DescribeAlarms"
HISTORY = "cloudwatch:DescribeAlarmHistory"


def changed(permission: str, change) -> dict:
    """The recorded answers, with one of them changed in place."""
    answer = copy.deepcopy(recorded()[permission])
    change(answer)
    return {**recorded(), permission: answer}


def extra(calls) -> list[str]:
    """The calls beyond those of a good chain."""
    more = list(calls.made)
    for call in CALLS:
        if call in more:
            more.remove(call)
    return more


def without_action() -> dict:
    return changed(ALARMS, lambda answer: answer["MetricAlarms"][0].update(AlarmActions=[]))


def composite(**changes) -> dict:
    return {
        "AlarmArn": COMPOSITE,
        "AlarmName": "Composite",
        "AlarmRule": "ALARM(SignIns)",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "StateValue": "OK",
        **changes,
    }


def parents(parameters: dict) -> dict:
    """AWS tells the names of an alarm's parents, and the rest only by name."""
    if parameters.get("ParentsOfAlarmName") == "SignIns":
        assert set(parameters) == {"ParentsOfAlarmName"}
        return {"CompositeAlarms": [{"AlarmArn": COMPOSITE, "AlarmName": "Composite"}]}
    if parameters.get("AlarmNames") == ["Composite"]:
        return {"CompositeAlarms": [composite()]}
    return {"MetricAlarms": [], "CompositeAlarms": []}


def test_an_alarm_without_action_is_followed_to_its_composite_alarm():
    found, calls = judgement({**without_action(), LIST: parents})

    assert found.verdict == "intact"
    assert extra(calls) == [LIST, LIST]
    (alarm,) = [link for link in found.chains[0].links if link.link == "alarm"]
    assert alarm.detail == "alarm SignIns, through composite alarm Composite"


@pytest.mark.parametrize(
    "permissions",
    [
        (
            "cloudtrail:GetTrailStatus",
            "cloudtrail:GetEventSelectors",
            "logs:DescribeMetricFilters",
        ),
        (
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "cloudwatch:ListAlarmMuteRules",
        ),
    ],
    ids=["behind the trail", "behind the alarm"],
)
def test_what_does_not_hang_on_one_another_is_read_at_once(permissions):
    meeting = threading.Barrier(len(permissions), timeout=30)
    stubs = recorded()

    def answer(permission):
        met = []

        def once(_):
            # What writes the metric is asked for later, with the same call.
            met or meeting.wait()
            met.append(permission)
            return recorded()[permission]

        return once

    found, calls = judgement({**stubs, **{name: answer(name) for name in permissions}})

    assert found.verdict == "intact"
    assert extra(calls) == []


def test_all_alarms_are_listed_once_for_all_metrics_that_none_watches():
    second = {"metricName": "Second", "metricNamespace": "Security", "metricValue": "1"}

    def double(answer):
        (first,) = answer["metricFilters"]
        other = {**first, "filterName": "second", "metricTransformations": [second]}
        answer["metricFilters"].append(other)

    def alarms(parameters):
        number = int(parameters.get("NextToken", 0)) + 1
        asked.append(parameters)
        (alarm,) = recorded()[ALARMS]["MetricAlarms"]
        item = {**alarm, "AlarmName": f"other-{number}", "MetricName": "Other"}
        return {"MetricAlarms": [item], **({"NextToken": str(number)} if number < 3 else {})}

    asked = []
    stubs = {**changed("logs:DescribeMetricFilters", double), ALARMS: {"MetricAlarms": []}}

    found, calls = judgement({**stubs, LIST: alarms})

    assert {chain.last.reason for chain in found.chains} == {"alarm-absent"}
    assert calls.counts()[ALARMS] == 2
    assert [parameters.get("NextToken") for parameters in asked] == [None, "1", "2"]
    assert {parameters["MaxRecords"] for parameters in asked} == {100}


def test_an_alarm_without_action_and_without_parents_is_broken():
    found, _ = judgement(without_action())

    assert (found.verdict, link_of(found).reason) == ("broken", "alarm-without-action")


def test_an_alarm_that_notifies_a_topic_is_not_asked_for_its_parents():
    _, calls = judgement(recorded())

    assert extra(calls) == []


def math_alarm(expression: str) -> dict:
    metric = {"Namespace": "Security", "MetricName": "SignIns"}
    return {
        **composite(AlarmArn=ALARM, AlarmName="Math"),
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "Metrics": [
            {"Id": "e1", "Expression": expression},
            {
                "Id": "m1",
                "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"},
                "ReturnData": False,
            },
        ],
    }


@pytest.mark.parametrize(
    ("expression", "verdict", "reason"),
    [
        ("FILL(m1, 0)", "intact", None),
        ("m1 * 0.5", "broken", "alarm-cannot-fire"),
        ("RATE(m1)", "unknown", "alarm-undecided"),
    ],
)
@pytest.mark.parametrize("plain", ["none", "broken"])
def test_an_alarm_on_an_expression_is_found_where_no_plain_one_works(
    expression, verdict, reason, plain
):
    stubs = changed(ALARMS, lambda answer: answer["MetricAlarms"][0].update(Threshold=9.0))
    if plain == "none":
        stubs[ALARMS] = {"MetricAlarms": []}
    stubs[LIST] = {"MetricAlarms": [math_alarm(expression)]}

    found, calls = judgement(stubs)

    assert found.verdict == verdict
    assert LIST in extra(calls)
    last = {chain.last.reason for chain in found.chains} - {"alarm-cannot-fire"}
    assert last == {reason} - {"alarm-cannot-fire"}


def test_where_alarms_on_expressions_cannot_be_listed_a_broken_one_proves_nothing():
    stubs = changed(ALARMS, lambda answer: answer["MetricAlarms"][0].update(Threshold=9.0))

    found, _ = judgement(stubs, {LIST: denied})

    assert found.verdict == "unknown"
    assert {chain.last.reason for chain in found.chains} == {
        "alarm-cannot-fire",
        "alarms-unreadable",
    }


def test_a_mute_rule_is_asked_for_by_the_name_of_who_tells():
    def rules(parameters):
        assert parameters == {"AlarmName": "SignIns", "Statuses": ["ACTIVE", "SCHEDULED"]}
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:nights"
        rule = {"AlarmMuteRuleArn": arn, "Status": "ACTIVE", "MuteType": "RECURRING"}
        return {"AlarmMuteRuleSummaries": [rule]}

    found, _ = judgement({**recorded(), "cloudwatch:ListAlarmMuteRules": rules})

    assert (found.verdict, link_of(found).reason) == ("broken", "alarm-muted")
    assert link_of(found).detail == "mute rule nights silences alarm SignIns now"


def encrypted(manager: str = "CUSTOMER", policy: dict | None = None) -> dict:
    stubs = changed(
        "sns:GetTopicAttributes",
        lambda answer: answer["Attributes"].update(KmsMasterKeyId="alias/told"),
    )

    def key_policy(parameters):
        assert parameters == {"KeyId": KEY, "PolicyName": "default"}
        return {"Policy": json.dumps(policy)}

    about = {"Arn": KEY, "KeyManager": manager, "KeyState": "Enabled"}
    return {**stubs, "kms:DescribeKey": {"KeyMetadata": about}, "kms:GetKeyPolicy": key_policy}


def test_the_key_behind_an_alias_is_looked_up():
    found, calls = judgement(encrypted(policy=document(statement(Action="kms:*"))))

    assert found.verdict == "intact"
    assert extra(calls) == ["kms:DescribeKey", "kms:GetKeyPolicy"]


def test_a_key_that_aws_manages_is_not_asked_for_its_policy():
    found, calls = judgement(encrypted("AWS"))

    assert (found.verdict, link_of(found).reason) == ("broken", "topic-key-refuses-alarms")
    assert extra(calls) == ["kms:DescribeKey", HISTORY]


@pytest.mark.parametrize("permission", ["kms:DescribeKey", "kms:GetKeyPolicy"])
def test_a_key_that_cannot_be_looked_up_is_unknown(permission):
    stubs = encrypted(policy=document(statement(Action="kms:*")))

    found, _ = judgement(stubs, {permission: denied})

    assert (found.verdict, link_of(found).permission) == ("unknown", permission)


def refusing() -> dict:
    policy = json.dumps(document(statement(Principal={"Service": "x.amazonaws.com"})))
    stubs = changed(
        "sns:GetTopicAttributes", lambda answer: answer["Attributes"].update(Policy=policy)
    )
    data = {"actionState": "Failed", "error": "not authorized", "publishedMessage": {"x": "secret"}}
    item = {
        "Timestamp": NOW,
        "HistorySummary": "Failed to execute",
        "HistoryData": json.dumps(data),
    }
    return {**stubs, HISTORY: {"AlarmHistoryItems": [item]}}


def test_the_last_action_is_evidence_beside_a_topic_that_refuses():
    found, calls = judgement(refusing())

    assert link_of(found).reason == "topic-refuses-alarms"
    assert link_of(found).evidence["last_action"] == {
        "at": NOW.isoformat(),
        "summary": "Failed to execute",
        "actionState": "Failed",
        "error": "not authorized",
    }
    assert extra(calls) == [HISTORY]


def test_a_history_that_cannot_be_read_changes_nothing():
    found, _ = judgement(refusing(), {HISTORY: denied})

    assert link_of(found).reason == "topic-refuses-alarms"
    assert "last_action" not in link_of(found).evidence


def group_elsewhere() -> dict:
    def move(answer):
        trail = answer["trailList"][0]
        arn = trail["CloudWatchLogsLogGroupArn"].replace(ACCOUNT, OTHER)
        trail["CloudWatchLogsLogGroupArn"] = arn

    return {
        **changed("cloudtrail:DescribeTrails", move),
        "sts:AssumeRole": lambda parameters: {"Credentials": KEYS, "for": parameters["RoleArn"]},
    }


def test_without_a_role_a_log_group_elsewhere_is_unknown():
    found, calls = judgement(group_elsewhere())

    assert (found.verdict, link_of(found).reason) == ("unknown", f"in-account-{OTHER}")
    assert not [call for call in calls.made if call.startswith(("logs:", "sts:"))]


def test_with_a_role_the_chain_is_followed_into_the_other_account():
    found, calls = judgement(group_elsewhere(), ask=Ask(read_role=ROLE))

    assert found.verdict == "intact"
    assert calls.counts()["sts:AssumeRole"] == 1


def test_a_role_that_may_not_be_assumed_is_named():
    found, _ = judgement(group_elsewhere(), {"sts:AssumeRole": denied}, Ask(read_role=ROLE))

    link = link_of(found)
    assert (found.verdict, link.reason) == ("unknown", f"in-account-{OTHER}")
    assert link.permission == "sts:AssumeRole"
    role = f"arn:aws:iam::{OTHER}:role/audit"
    assert link.detail == (
        f"it is in account {OTHER}: access denied: grant sts:AssumeRole on {role}"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, None),
        (ROLE, f"arn:aws:iam::{OTHER}:role/audit"),
        ("arn:aws:iam::{account_id}:role/audit", f"arn:aws:iam::{OTHER}:role/audit"),
        (f"arn:aws:iam::{OTHER}:role/audit", f"arn:aws:iam::{OTHER}:role/audit"),
        (f"arn:aws:iam::{ACCOUNT}:role/audit", None),
    ],
)
def test_the_role_for_an_account(template, expected):
    assert role_for(template, OTHER) == expected


WEST = "eu-west-1"


def single_region(**west) -> dict:
    """A single-Region trail here, and one in eu-west-1 that only its own Region tells of."""
    here = copy.deepcopy(recorded()["cloudtrail:DescribeTrails"]["trailList"][0])
    here["IsMultiRegionTrail"] = False
    there = {
        **here,
        "TrailARN": here["TrailARN"].replace(REGION, WEST),
        "HomeRegion": WEST,
        "CloudWatchLogsLogGroupArn": here["CloudWatchLogsLogGroupArn"].replace(REGION, WEST),
        **west,
    }

    def trails(parameters):
        wanted = parameters.get("trailNameList")
        assert wanted in (None, [there["TrailARN"]])
        return {"trailList": [there] if wanted else [here]}

    listed = [{"TrailARN": each["TrailARN"]} for each in (here, there)]
    regions = [{"RegionName": name} for name in (REGION, WEST)]
    return {
        **recorded(),
        "cloudtrail:DescribeTrails": trails,
        "cloudtrail:ListTrails": {"Trails": listed},
        "ec2:DescribeRegions": {"Regions": regions},
    }


def test_single_region_trails_of_other_regions_are_found_and_judged():
    found, calls = judgement(single_region(), ask=Ask(regions=True))

    assert found.verdict == "intact"
    assert {row.region: row.verdict for row in found.regions} == {
        REGION: "intact",
        WEST: "intact",
    }
    assert calls.counts()["cloudtrail:DescribeTrails"] == 2


def test_a_region_whose_trail_delivers_nowhere_breaks_the_account():
    found, _ = judgement(single_region(CloudWatchLogsLogGroupArn=None), ask=Ask(regions=True))

    assert (found.verdict, link_of(found).reason) == ("broken", "log-group-unset")
    assert {row.region: row.verdict for row in found.regions} == {
        REGION: "intact",
        WEST: "broken",
    }


def test_without_the_option_no_region_is_asked_for():
    found, calls = judgement(single_region())

    assert (found.verdict, link_of(found).reason) == ("broken", "trail-single-region")
    assert calls.made == ["cloudtrail:DescribeTrails"]


RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/sign-ins"
SIGN_INS = {"detail-type": ["AWS Console Sign In via CloudTrail"]}


def with_rule(pattern: dict, targets: list[str], **rule) -> dict:
    one = {"Name": "sign-ins", "Arn": RULE, "State": "ENABLED", "EventPattern": json.dumps(pattern)}
    return {
        **recorded(),
        "events:ListRules": {"Rules": [{**one, **rule}]},
        "events:ListTargetsByRule": {"Targets": [{"Id": "1", "Arn": arn} for arn in targets]},
    }


def test_an_event_rule_on_sign_ins_is_a_route():
    found, _ = judgement(with_rule(SIGN_INS, [TOPIC]), ask=Ask(routes=True))

    assert found.verdict == "intact"
    assert found.to_dict()["routes"] == [
        {
            "kind": "event-rule",
            "region": REGION,
            "resource": RULE,
            "detail": f"event rule sign-ins sends console sign-ins of {REGION} to 1 target(s)",
            "matches": True,
            "targets": [TOPIC],
        }
    ]


def test_an_event_rule_that_cannot_be_decided_is_a_route_that_may_match():
    pattern = {**SIGN_INS, "detail": {"userIdentity": {"type": ["Root"]}}}

    found, _ = judgement(with_rule(pattern, [TOPIC]), ask=Ask(routes=True))

    assert [route.matches for route in found.routes] == [None]


@pytest.mark.parametrize(
    ("pattern", "targets", "rule"),
    [
        ({"source": ["aws.ec2"]}, [TOPIC], {}),
        ({"detail": {"userIdentity": {"type": ["Root"]}}}, [TOPIC], {}),
        (SIGN_INS, [], {}),
        (SIGN_INS, [TOPIC], {"State": "DISABLED"}),
        (SIGN_INS, [TOPIC], {"EventPattern": None}),
        ({"region": ["eu-west-1"]}, [TOPIC], {}),
    ],
    ids=["other source", "other field", "no target", "disabled", "schedule", "other Region"],
)
def test_any_other_rule_is_none(pattern, targets, rule):
    found, _ = judgement(with_rule(pattern, targets, **rule), ask=Ask(routes=True))

    assert found.routes == ()


def test_a_log_alarm_on_sign_ins_is_a_route():
    query = {"QueryString": 'filter eventName = "ConsoleLogin"'}
    alarm = composite(AlarmName="Query", ScheduledQueryConfiguration=query)
    other = composite(AlarmName="Other", ScheduledQueryConfiguration={"QueryString": "stats x"})

    found, _ = judgement({**recorded(), LIST: {"LogAlarms": [alarm, other]}}, ask=Ask(routes=True))

    (route,) = found.routes
    assert (route.kind, route.matches, route.targets) == ("log-alarm", None, (TOPIC,))


def test_a_route_changes_no_verdict():
    stubs = {**with_rule(SIGN_INS, [TOPIC]), ALARMS: {"MetricAlarms": []}}

    found, _ = judgement(stubs, ask=Ask(routes=True))

    assert (found.verdict, link_of(found).reason) == ("broken", "alarm-absent")
    assert [route.kind for route in found.routes] == ["event-rule"]


def test_routes_that_cannot_be_read_say_so():
    found, _ = judgement(recorded(), {"events:ListRules": denied}, Ask(routes=True))

    assert found.to_dict()["routes"] == [
        {"kind": "unknown", "detail": "access denied: grant events:ListRules on *"},
    ]


def test_routes_are_not_in_the_annotation_unless_asked_for():
    found, _ = judgement(recorded())

    assert "routes" not in found.to_dict()


def test_a_trail_of_the_organization_that_tells_nothing_is_in_its_account():
    def move(answer):
        trail = answer["trailList"][0]
        trail["TrailARN"] = trail["TrailARN"].replace(ACCOUNT, OTHER)
        trail["CloudWatchLogsLogGroupArn"] = trail["CloudWatchLogsLogGroupArn"].replace(
            ACCOUNT, OTHER
        )

    stubs = changed("cloudtrail:DescribeTrails", move)

    told, _ = judgement(stubs)
    untold, _ = judgement(stubs, {"cloudtrail:GetTrailStatus": denied})

    assert (link_of(told).link, link_of(told).reason) == ("log-group", f"in-account-{OTHER}")
    assert (link_of(untold).link, link_of(untold).reason) == ("trail", f"in-account-{OTHER}")
    assert told.verdict == untold.verdict == "unknown"


def test_deliveries_behind_the_bucket_are_read_from_the_status():
    def lag(answer):
        answer["LatestDeliveryTime"] = NOW
        answer["LatestCloudWatchLogsDeliveryTime"] = NOW.replace(hour=1)

    found, _ = judgement(changed("cloudtrail:GetTrailStatus", lag))

    assert (found.verdict, link_of(found).reason) == ("broken", "trail-delivery-stale")
