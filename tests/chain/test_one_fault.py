# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One change to a good chain, and exactly the reason that it must have: two-way.

A case fails when its reason is not found and when any other is.
"""

from __future__ import annotations

import pytest

from c7n_mfa.chain.judge import judge
from c7n_mfa.chain.reasons import LINKS, REASONS
from c7n_mfa.chain.values import Unseen
from c7n_mfa.requirements import REQUIREMENTS
from chains import (
    ALARM,
    CIS,
    CIS_SSO,
    FUNCTION,
    GROUP,
    KEY,
    METRIC,
    OTHER,
    REGION,
    ROOT_USAGE,
    SINGLE_FACTOR,
    TOPIC,
    TRAIL,
    a_filter,
    a_subscription,
    a_trail,
    an_alarm,
    changed,
    denied,
    document,
    good_snapshot,
    statement,
    verdicts,
)

LOGIN = '$.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes"'
ELSEWHERE_TOPIC = f"arn:aws:sns:{REGION}:{OTHER}:Told"
ELSEWHERE_GROUP = f"arn:aws:logs:{REGION}:{OTHER}:log-group:CloudTrail/Logs:*"
WRITE_ONLY = ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True},)


def advanced(field: str, **test) -> tuple[dict, ...]:
    management = {"Field": "eventCategory", "Equals": ["Management"]}
    return ({"FieldSelectors": [management, {"Field": field, **test}]},)


INTACT = {
    "nothing changed": {},
    "selectors write only": {"trail": {"selectors": WRITE_ONLY}},
    "selectors all, management events by default": {"trail": {"selectors": ({},)}},
    "an advanced selector that keeps the sign-in service": {
        "trail": {"advanced_selectors": advanced("eventSource", NotEquals=["kms.amazonaws.com"])}
    },
    "the CIS text": {"filter": CIS},
    'MFAUsed = "No"': {
        "filter": '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "No" }'
    },
    "clauses reversed": {
        "filter": '{ ($.additionalEventData.MFAUsed != "Yes") && ($.eventName = "ConsoleLogin") }'
    },
    "double blanks and line breaks": {
        "filter": '{  $.eventName  =  "ConsoleLogin"\n&&  $.additionalEventData.MFAUsed != "Yes" }'
    },
    "unquoted": {
        "filter": "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) }"
    },
    "the filter's unit is asked for": {"filter": {"unit": "Count"}, "alarm": {"unit": "Count"}},
    "a default of zero under Sum": {"filter": {"default": 0.0}},
    "latched for an hour": {"alarm": {"evaluation_periods": 12, "missing": "notBreaching"}},
    "latched for a day": {"alarm": {"period": 86400}},
    "missing data ignored, while zeroes bring the alarm back": {
        "filter": {"default": 0.0},
        "alarm": {"missing": "ignore"},
    },
    "three of three, going by the data there is": {
        "alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 3}
    },
    "the action repeated, and a function beside it": {"alarm": {"actions": (FUNCTION, TOPIC)}},
    "the topic lets CloudWatch by name": {
        "topic": {
            "policy": document(
                statement(Condition={"ArnLike": {"aws:SourceArn": ALARM[:-7] + "*"}})
            )
        }
    },
    "a customer key that CloudWatch may use": {
        "topic": {"kms_key": KEY, "key_policy": document(statement(Action="kms:*"))}
    },
    "one subscription confirmed, one pending": {
        "subscription": (a_subscription(arn="PendingConfirmation"), a_subscription())
    },
    "a subscription of a queue": {"subscription": {"protocol": "sqs", "endpoint": "q"}},
    "an empty filter policy": {"subscription": {"filter_policy": {}}},
}

TRAIL_FAULTS = {
    "no trail": ({"trail": ()}, "trail-absent"),
    "trails denied": ({"trail": denied("cloudtrail:DescribeTrails")}, "trail-unreadable"),
    "single Region": ({"trail": {"multi_region": False}}, "trail-single-region"),
    "stopped": ({"trail": {"logging": False}}, "trail-not-logging"),
    "status denied": (
        {"trail": {"logging": denied("cloudtrail:GetTrailStatus", TRAIL)}},
        "trail-unreadable",
    ),
    "selectors denied": (
        {"trail": {"selectors": denied("cloudtrail:GetEventSelectors", TRAIL)}},
        "trail-unreadable",
    ),
    "read only": (
        {"trail": {"selectors": ({"ReadWriteType": "ReadOnly"},)}},
        "trail-drops-sign-ins",
    ),
    "no management events": (
        {"trail": {"selectors": ({"IncludeManagementEvents": False},)}},
        "trail-drops-sign-ins",
    ),
    "advanced, read only": (
        {"trail": {"advanced_selectors": advanced("readOnly", Equals=["true"])}},
        "trail-drops-sign-ins",
    ),
    "advanced, the sign-in service left out": (
        {
            "trail": {
                "advanced_selectors": advanced("eventSource", NotStartsWith=["signin.amazonaws"])
            }
        },
        "trail-drops-sign-ins",
    ),
    "advanced, data events only": (
        {
            "trail": {
                "advanced_selectors": (
                    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
                )
            }
        },
        "trail-drops-sign-ins",
    ),
    "advanced, some users left out": (
        {"trail": {"advanced_selectors": advanced("userIdentity.arn", NotEndsWith=["/alice"])}},
        "trail-drops-sign-ins",
    ),
    "delivery failing": (
        {"trail": {"delivery_error": "AccessDenied"}},
        "trail-delivery-failing",
    ),
}

LOG_GROUP_FAULTS = {
    "no log group": ({"trail": {"log_group_arn": None}}, "log-group-unset"),
    "log group gone": ({"log_group": None}, "log-group-gone"),
    "infrequent access": (
        {"log_group": {"group_class": "INFREQUENT_ACCESS"}},
        "log-group-class",
    ),
    "log groups denied": (
        {"log_group": denied("logs:DescribeLogGroups", GROUP)},
        "log-group-unreadable",
    ),
    "log group of another account": (
        {"trail": {"log_group_arn": ELSEWHERE_GROUP}},
        f"in-account-{OTHER}",
    ),
}

FILTER_FAULTS = {
    "no filter": ({"filter": ()}, "filter-absent"),
    "filter for something else": (
        {"filter": '{ $.eventName = "DeleteTrail" }'},
        "filter-absent",
    ),
    "only user alice": (
        {"filter": f'{{ {LOGIN} && $.userIdentity.userName = "alice" }}'},
        "filter-misses-sign-ins",
    ),
    "only one Region": (
        {"filter": f'{{ {LOGIN} && $.awsRegion = "us-east-1" }}'},
        "filter-misses-sign-ins",
    ),
    "the variant without root": ({"filter": CIS_SSO}, "filter-misses-sign-ins"),
    "a contradiction": (
        {"filter": f'{{ {LOGIN} && $.additionalEventData.MFAUsed = "Yes" }}'},
        "filter-misses-sign-ins",
    ),
    "a field that successes lack": (
        {"filter": f'{{ {LOGIN} && $.errorMessage != "Failed authentication" }}'},
        "filter-misses-sign-ins",
    ),
    "inverted": (
        {"filter": '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "Yes" }'},
        "filter-misses-sign-ins",
    ),
    "|| for &&": ({"filter": "{ " + LOGIN.replace("&&", "||") + " }"}, "filter-catches-everything"),
    'the value "YesNo"': (
        {"filter": "{ " + LOGIN.replace('"Yes"', '"YesNo"') + " }"},
        "filter-catches-everything",
    ),
    "every event": ({"filter": ""}, "filter-catches-everything"),
    "a keyword in lower case": (
        {"filter": f"{{ {LOGIN} && $.errorCode not exists }}"},
        "filter-undecided",
    ),
    "a wildcard selector": (
        {"filter": f'{{ {LOGIN} && $.userIdentity.* != "x" }}'},
        "filter-undecided",
    ),
    "a pattern that cannot be read": ({"filter": f"{{ {LOGIN} }} }}"}, "filter-undecided"),
    "field selection": (
        {"filter": {"field_selection": '@aws.region = "us-east-1"'}},
        "filter-field-selection",
    ),
    "transformed logs": ({"filter": {"transformed_logs": True}}, "filter-on-transformed-logs"),
    "filters denied": (
        {"filter": denied("logs:DescribeMetricFilters", GROUP)},
        "filters-unreadable",
    ),
}

METRIC_FAULTS = {
    "value zero": ({"filter": {"value": "0"}}, "metric-value-useless"),
    "value negative": ({"filter": {"value": "-1"}}, "metric-value-useless"),
    "value of a field": ({"filter": {"value": "$.latency"}}, "metric-value-useless"),
    "dimensions": ({"filter": {"dimensions": ("User",)}}, "metric-has-dimensions"),
    "a noisy filter on the same metric": (
        {"filter": (a_filter(), a_filter('{ $.eventSource = "ec2*" }', name="Calls"))},
        "metric-shared",
    ),
}

ALARM_FAULTS = {
    "no alarm": ({"alarm": ()}, "alarm-absent"),
    "alarms denied": ({"alarm": denied("cloudwatch:DescribeAlarmsForMetric")}, "alarms-unreadable"),
    "other namespace": (
        {"near_alarms": (an_alarm(namespace="AWS/CloudTrailMetrics"),)},
        "alarm-on-other-metric",
    ),
    "near alarms denied": ({"near_alarms": denied("cloudwatch:DescribeAlarms")}, "alarm-absent"),
    "dimensions asked for": ({"alarm": {"dimensions": (("a", "b"),)}}, "alarm-on-other-metric"),
    "unit that is not written": ({"alarm": {"unit": "Count"}}, "alarm-unit-mismatch"),
    "threshold out of reach": ({"alarm": {"threshold": 1e9}}, "alarm-cannot-fire"),
    "more than one": ({"alarm": {"comparison": "GreaterThanThreshold"}}, "alarm-cannot-fire"),
    "less than zero": (
        {"alarm": {"comparison": "LessThanThreshold", "threshold": 0.0}},
        "alarm-cannot-fire",
    ),
    "diluted average": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "Average"}},
        "alarm-cannot-fire",
    ),
    "three of three, quiet ones count": (
        {"alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 3, "missing": "notBreaching"}},
        "alarm-cannot-fire",
    ),
    "missing data breaches": ({"alarm": {"missing": "breaching"}}, "alarm-always-firing"),
    "missing data ignored": ({"alarm": {"missing": "ignore"}}, "alarm-always-firing"),
    "samples counted, defaults too": (
        {"filter": {"default": 0.0}, "alarm": {"statistic": "SampleCount"}},
        "alarm-always-firing",
    ),
    "percentile": ({"alarm": {"statistic": "p99"}}, "alarm-undecided"),
    "anomaly band": (
        {"alarm": {"comparison": "GreaterThanUpperThreshold"}},
        "alarm-undecided",
    ),
    "actions off": ({"alarm": {"actions_enabled": False}}, "alarm-actions-disabled"),
    "no action": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "a function only": ({"alarm": {"actions": (FUNCTION,)}}, "alarm-action-not-topic"),
}

TOPIC_FAULTS = {
    "topic gone": ({"topic": None}, "topic-gone"),
    "topic denied": ({"topic": denied("sns:GetTopicAttributes", TOPIC)}, "topic-unreadable"),
    "topic of another account": (
        {"alarm": {"actions": (ELSEWHERE_TOPIC,)}},
        f"in-account-{OTHER}",
    ),
    "policy without CloudWatch": (
        {"topic": {"policy": document(statement(Principal={"Service": "events.amazonaws.com"}))}},
        "topic-refuses-alarms",
    ),
    "policy that denies": (
        {"topic": {"policy": document(statement(), statement(Effect="Deny"))}},
        "topic-refuses-alarms",
    ),
    "policy for another account": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"StringEquals": {"aws:SourceAccount": OTHER}})
                )
            }
        },
        "topic-refuses-alarms",
    ),
    "policy for another alarm": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"ArnEquals": {"aws:SourceArn": ALARM + "2"}})
                )
            }
        },
        "topic-refuses-alarms",
    ),
    "policy with a condition nobody knows": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}})
                )
            }
        },
        "topic-undecided",
    ),
    "no policy seen": ({"topic": {"policy": None}}, "topic-undecided"),
    "key of AWS": ({"topic": {"kms_key": "alias/aws/sns"}}, "topic-key-refuses-alarms"),
    "key without CloudWatch": (
        {"topic": {"kms_key": KEY, "key_policy": document(statement(Action="kms:Decrypt"))}},
        "topic-key-refuses-alarms",
    ),
    "key policy denied": (
        {"topic": {"kms_key": KEY, "key_policy": denied("kms:GetKeyPolicy", KEY)}},
        "topic-unreadable",
    ),
    "key by alias": ({"topic": {"kms_key": "alias/told"}}, "topic-undecided"),
    "key that hangs on the service": (
        {
            "topic": {
                "kms_key": KEY,
                "key_policy": document(
                    statement(
                        Action="kms:*",
                        Condition={"StringEquals": {"kms:ViaService": f"sns.{REGION}.aws"}},
                    )
                ),
            }
        },
        "topic-undecided",
    ),
}

SUBSCRIPTION_FAULTS = {
    "nobody": ({"subscription": ()}, "subscription-absent"),
    "deleted": ({"subscription": {"arn": "Deleted"}}, "subscription-absent"),
    "pending": ({"subscription": {"arn": "PendingConfirmation"}}, "subscription-pending"),
    "filtered by attributes": (
        {"subscription": {"filter_policy": {"severity": ["high"]}}},
        "subscription-filtered",
    ),
    "filtered by body": (
        {
            "subscription": {
                "filter_policy": {"NewStateValue": ["OK"]},
                "filter_scope": "MessageBody",
            }
        },
        "subscription-undecided",
    ),
    "filter policy denied": (
        {"subscription": {"filter_policy": denied("sns:GetSubscriptionAttributes")}},
        "subscriptions-unreadable",
    ),
    "subscriptions denied": (
        {"subscription": denied("sns:ListSubscriptionsByTopic", TOPIC)},
        "subscriptions-unreadable",
    ),
}

FAULTS = {
    **TRAIL_FAULTS,
    **LOG_GROUP_FAULTS,
    **FILTER_FAULTS,
    **METRIC_FAULTS,
    **ALARM_FAULTS,
    **TOPIC_FAULTS,
    **SUBSCRIPTION_FAULTS,
}
DENIED = {name: case for name, case in FAULTS.items() if name.endswith("denied")}
# Where the alarms nearby cannot be listed, the alarm is absent all the same.
del DENIED["near alarms denied"]


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_the_good_chain_is_intact(requirement):
    seen = good_snapshot(REQUIREMENTS[requirement].canonical)

    assert verdicts(seen, requirement) == ("intact", [])


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_the_good_chain_is_intact_strictly(requirement):
    seen = good_snapshot(REQUIREMENTS[requirement].canonical_strict)

    assert verdicts(seen, requirement, strict=True) == ("intact", [])


def test_the_good_chain_has_all_seven_links():
    judgement = judge(good_snapshot(), REQUIREMENTS["single-factor"])

    (chain,) = judgement.chains
    assert [link.link for link in chain.links] == list(LINKS)
    assert chain.verdict == "intact"


@pytest.mark.parametrize("name", INTACT)
def test_what_works_is_intact(name):
    assert verdicts(changed(good_snapshot(), **INTACT[name])) == ("intact", [])


def reason_of(code: str):
    return REASONS["in-account" if code.startswith("in-account-") else code]


def link_of(code: str, changes: dict) -> str:
    """Where a fault is found; that a link is in another account can be said of two links."""
    if code.startswith("in-account-") and "alarm" in changes:
        return "topic"
    return reason_of(code).link


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_has_one_reason_and_no_other(name):
    changes, code = FAULTS[name]

    verdict, faults = verdicts(changed(good_snapshot(), **changes))

    assert verdict == reason_of(code).verdict
    assert faults == [(link_of(code, changes), code)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_chain_ends_at_its_fault(name):
    changes, code = FAULTS[name]

    judgement = judge(changed(good_snapshot(), **changes), REQUIREMENTS["single-factor"])

    for chain in judgement.chains:
        names = [link.link for link in chain.links]
        assert names == list(LINKS[: len(names)])
        assert chain.last.verdict == reason_of(code).verdict


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_a_detail_and_a_fix(name):
    changes, code = FAULTS[name]

    judgement = judge(changed(good_snapshot(), **changes), REQUIREMENTS["single-factor"])

    link = judgement.chains[0].last
    assert link.detail
    assert not link.detail.endswith(".")
    assert link.fix == reason_of(code).fix
    assert link.security_hub == reason_of(code).security_hub


@pytest.mark.parametrize("name", DENIED)
def test_a_denied_read_is_unknown_and_names_the_permission(name):
    changes, _ = DENIED[name]

    judgement = judge(changed(good_snapshot(), **changes), REQUIREMENTS["single-factor"])

    link = judgement.chains[0].last
    assert judgement.verdict == link.verdict == "unknown"
    assert link.permission is not None
    service, operation = link.permission.split(":")
    assert service in ("cloudtrail", "logs", "cloudwatch", "sns", "kms")
    assert link.detail.startswith(f"access denied: grant {service}:{operation} on ")


def test_a_read_that_fails_otherwise_is_unknown_without_a_permission():
    look = Unseen("sns:GetTopicAttributes", TOPIC, "Throttling", "Rate exceeded")

    judgement = judge(changed(good_snapshot(), topic=look), REQUIREMENTS["single-factor"])

    link = judgement.chains[0].last
    assert (link.verdict, link.reason, link.permission) == ("unknown", "topic-unreadable", None)
    assert link.detail == f"sns:GetTopicAttributes on {TOPIC} failed with Throttling: Rate exceeded"


def test_every_reason_is_met_by_the_bench():
    met = {reason_of(code).code for _, code in FAULTS.values()}

    assert met == set(REASONS)


def test_the_whole_link_of_a_blind_filter():
    judgement = judge(changed(good_snapshot(), filter=CIS_SSO), REQUIREMENTS["cis"])

    assert judgement.chains[0].last.to_dict() == {
        "link": "metric-filter",
        "verdict": "broken",
        "reason": "filter-misses-sign-ins",
        "detail": (
            "metric filter SignIns is silent when the root user signs in with a password and no "
            'MFA: $.userIdentity.type is "Root", not "IAMUser"'
        ),
        "resource": "SignIns",
        "evidence": {"pattern": CIS_SSO, "misses": ["root"]},
        "fix": "run the repair policy (action set-signin-monitoring)",
        "security_hub": "CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
        "permission": None,
    }


def test_the_whole_link_of_a_log_group_in_another_account():
    seen = changed(good_snapshot(), trail={"log_group_arn": ELSEWHERE_GROUP})

    judgement = judge(seen, REQUIREMENTS["single-factor"])

    assert judgement.chains[0].last.to_dict() == {
        "link": "log-group",
        "verdict": "unknown",
        "reason": f"in-account-{OTHER}",
        "detail": f"it is in account {OTHER}, which cannot be read from here",
        "resource": ELSEWHERE_GROUP,
        "evidence": {"account": OTHER},
        "fix": "run the audit in the account that owns it, or with a role that may read there",
        "security_hub": "SNS_TOPIC_CROSS_ACCOUNT",
        "permission": None,
    }


def test_an_alarm_in_another_region_is_no_alarm():
    seen = good_snapshot()
    far = type(METRIC)("eu-west-1", METRIC.namespace, METRIC.metric)
    seen.alarms = {METRIC: (), far: (an_alarm(),)}

    assert verdicts(seen) == ("broken", [("alarm", "alarm-absent")])


def test_an_organization_trail_of_another_account_with_a_log_group_here_works():
    arn = f"arn:aws:cloudtrail:{REGION}:{OTHER}:trail/organization"

    assert verdicts(changed(good_snapshot(), trail=(a_trail(arn=arn),))) == ("intact", [])


# What Prowler 5.46 and c7n with a community rule answered on these, and what is right, is in the
# names: the number of the variant in that comparison.
MUTATIONS = {
    "01 good": ({}, None),
    "02 no alarm": ({"alarm": ()}, "alarm-absent"),
    "03 other namespace": (
        {"near_alarms": (an_alarm(namespace="Other"),)},
        "alarm-on-other-metric",
    ),
    "04 other Region": ({"alarm": ()}, "alarm-absent"),
    "05 no action": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "06 actions off": ({"alarm": {"actions_enabled": False}}, "alarm-actions-disabled"),
    "07 threshold 1e9": ({"alarm": {"threshold": 1e9}}, "alarm-cannot-fire"),
    "08 less than zero": (
        {"alarm": {"comparison": "LessThanThreshold", "threshold": 0.0}},
        "alarm-cannot-fire",
    ),
    "09 trail stopped": ({"trail": {"logging": False}}, "trail-not-logging"),
    "10 || for &&": FILTER_FAULTS["|| for &&"],
    "11 only alice": FILTER_FAULTS["only user alice"],
    "12 contradiction": FILTER_FAULTS["a contradiction"],
    "13 YesNo": FILTER_FAULTS['the value "YesNo"'],
    "14 = No": (INTACT['MFAUsed = "No"'], None),
    "15 reversed": (INTACT["clauses reversed"], None),
    "16 double blanks": (INTACT["double blanks and line breaks"], None),
    "17 first filter unused, second good": (
        {"filter": (a_filter('{ $.eventName = "Other" }', name="a", metric="a"), a_filter())},
        None,
    ),
    "18 read-only selectors": TRAIL_FAULTS["read only"],
    "19 no subscription": ({"subscription": ()}, "subscription-absent"),
    "20 pending": (
        {"subscription": {"arn": "PendingConfirmation"}},
        "subscription-pending",
    ),
    "21 only OK actions": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "22 function only": ({"alarm": {"actions": (FUNCTION,)}}, "alarm-action-not-topic"),
    "23 function and topic": ({"alarm": {"actions": (FUNCTION, TOPIC)}}, None),
    "24 deleted topic": ({"topic": None}, "topic-gone"),
    "25 topic elsewhere": (
        {"alarm": {"actions": (ELSEWHERE_TOPIC,)}},
        f"in-account-{OTHER}",
    ),
}


@pytest.mark.parametrize("pattern", [SINGLE_FACTOR, CIS], ids=["single-factor", "cis-text"])
@pytest.mark.parametrize("name", MUTATIONS)
def test_the_mutations_that_other_tools_were_tried_on(name, pattern):
    changes, code = MUTATIONS[name]

    verdict, faults = verdicts(changed(good_snapshot(pattern), **changes))

    assert verdict == ("intact" if code is None else reason_of(code).verdict)
    assert faults == ([] if code is None else [(link_of(code, changes), code)])


def test_what_root_does_is_watched_but_not_what_users_do():
    seen = changed(good_snapshot(), filter=ROOT_USAGE)

    judgement = judge(seen, REQUIREMENTS["cis"])

    assert judgement.verdict == "broken"
    assert judgement.chains[0].last.reason == "filter-misses-sign-ins"
    assert judgement.chains[0].last.evidence["misses"] == ["iam-user"]
    assert [spot.family for spot in judgement.coverage.blind_spots] == ["iam-user"]


def test_an_alarm_that_notifies_a_topic_elsewhere_too_works():
    seen = changed(good_snapshot(), alarm={"actions": (TOPIC, ELSEWHERE_TOPIC)})

    # Two topics, two chains: that one of them cannot be seen takes nothing from the other.
    assert verdicts(seen) == ("intact", [("topic", f"in-account-{OTHER}")])
