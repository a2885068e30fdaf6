# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Several trails, filters and alarms: the account is judged by its working chains together."""

from __future__ import annotations

import json
from dataclasses import replace

from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.values import LogGroup
from c7n_mfa.proof.requirements import REQUIREMENTS
from chains import (
    CIS,
    CIS_SSO,
    GROUP,
    METRIC,
    REGION,
    ROOT_USAGE,
    SECOND_GROUP,
    SECOND_TRAIL,
    TOPIC,
    a_filter,
    a_trail,
    an_alarm,
    beside,
    changed,
    denied,
    good_snapshot,
    verdicts,
)

FAR_TOPIC = f"arn:aws:sns:{REGION}:210987654321:Told"
NOISY = '{ ($.eventName = "ConsoleLogin") || ($.additionalEventData.MFAUsed != "Yes") }'


def two_filters(first: str, second: str, **alarm):
    """Two chains over one trail and one topic; ``alarm`` changes the second one's alarm."""
    return beside(good_snapshot(first), "second", a_filter(second), **alarm)


def second_trail(seen, group=SECOND_GROUP, **changes):
    trail = a_trail(arn=SECOND_TRAIL, name="second", log_group_arn=group, **changes)
    return replace(seen, trails=(*seen.trails, trail))


def test_users_and_root_watched_apart_are_covered_together():
    seen = two_filters(CIS_SSO, ROOT_USAGE)

    assert verdicts(seen, "cis") == ("intact", [])


def test_users_watched_alone_are_not_enough():
    seen = changed(good_snapshot(), filter=CIS_SSO)

    assert verdicts(seen, "cis") == ("broken", [("metric-filter", "filter-misses-sign-ins")])


def test_root_watched_alone_is_not_enough():
    seen = changed(good_snapshot(), filter=ROOT_USAGE)

    assert verdicts(seen, "cis") == ("broken", [("metric-filter", "filter-misses-sign-ins")])


def test_users_and_root_together_are_not_brokers():
    seen = two_filters(CIS_SSO, ROOT_USAGE)

    judgement = judge(seen, REQUIREMENTS["single-factor"])

    assert judgement.verdict == "broken"
    assert [spot.family for spot in judgement.blind_spots] == ["broker-role"]
    assert [chain.last.reason for chain in judgement.chains] == ["filter-misses-sign-ins"] * 2


def test_half_of_a_pair_that_is_broken_leaves_the_other_blind():
    seen = two_filters(CIS_SSO, ROOT_USAGE, actions_enabled=False)

    judgement = judge(seen, REQUIREMENTS["cis"])

    assert judgement.verdict == "broken"
    assert [spot.family for spot in judgement.blind_spots] == ["root"]


def test_half_of_a_pair_that_cannot_be_seen_leaves_the_account_unknown():
    seen = two_filters(CIS_SSO, ROOT_USAGE, actions=(FAR_TOPIC,))

    # The first filter misses root, but that is no fault as long as the second may catch it.
    assert verdicts(seen, "cis") == ("unknown", [("topic", "in-account-210987654321")])


def test_a_pair_is_read_in_any_order():
    assert verdicts(two_filters(ROOT_USAGE, CIS_SSO), "cis") == ("intact", [])


def test_two_regions_watched_apart_are_not_all_regions():
    here, there = (
        f'{{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" '
        f'&& $.awsRegion = "{region}" }}'
        for region in ("us-east-1", "eu-north-1")
    )

    judgement = judge(two_filters(here, there), REQUIREMENTS["cis"])

    assert judgement.verdict == "broken"
    event = judgement.blind_spots[0].event
    assert event["awsRegion"] not in ("us-east-1", "eu-north-1")


def test_a_region_and_all_others_are_all_regions():
    here, elsewhere = (
        f'{{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" '
        f'&& $.awsRegion {op} "us-east-1" }}'
        for op in ("=", "!=")
    )

    assert verdicts(two_filters(here, elsewhere), "cis") == ("intact", [])


def test_a_broken_chain_beside_an_intact_one_takes_nothing_from_it():
    seen = two_filters(CIS, CIS, actions=())

    assert verdicts(seen, "cis") == ("intact", [("alarm", "alarm-without-action")])


def test_the_intact_chain_is_read_first():
    seen = two_filters(CIS, CIS)
    seen.alarms[METRIC] = ()

    judgement = judge(seen, REQUIREMENTS["cis"])

    assert [chain.verdict for chain in judgement.chains] == ["intact", "broken"]


def test_of_broken_chains_the_one_that_works_furthest_is_read_first():
    seen = two_filters(CIS, CIS, threshold=9.0)
    seen.subscriptions[TOPIC] = ()

    judgement = judge(seen, REQUIREMENTS["cis"])

    assert [chain.last.reason for chain in judgement.chains] == [
        "subscription-absent",
        "alarm-cannot-fire",
    ]


def test_a_blind_filter_beside_one_that_sees_is_no_fault():
    assert verdicts(two_filters(CIS_SSO, CIS), "cis") == ("intact", [])


def test_a_noisy_filter_on_a_metric_of_its_own_takes_nothing_from_a_good_one():
    seen = two_filters(CIS, NOISY)

    assert verdicts(seen, "cis") == ("intact", [("metric-filter", "filter-catches-everything")])


def test_a_noisy_filter_on_the_same_metric_drowns_the_good_one():
    seen = changed(good_snapshot(), filter=(a_filter(), a_filter(NOISY, name="Noisy")))

    judgement = judge(seen, REQUIREMENTS["single-factor"])

    assert judgement.verdict == "broken"
    assert [chain.last.reason for chain in judgement.chains] == [
        "metric-shared",
        "filter-catches-everything",
    ]
    assert judgement.chains[0].last.detail == (
        "metric filter Noisy writes Security/SignIns too, also without such a sign-in"
    )


def test_a_default_above_zero_on_the_same_metric_drowns_the_good_filter():
    other = a_filter('{ $.eventName = "DeleteTrail" }', name="Other", default=1.0)

    seen = changed(good_snapshot(), filter=(a_filter(), other))

    assert verdicts(seen) == ("broken", [("metric", "metric-shared")])


def test_a_rare_call_on_the_same_metric_takes_nothing_from_it():
    other = a_filter('{ $.eventName = "DeleteTrail" }', name="Other")

    seen = changed(good_snapshot(), filter=(a_filter(), other))

    assert verdicts(seen) == ("intact", [])


def test_two_filters_of_one_metric_and_alarm_work_together():
    seen = changed(good_snapshot(), filter=(a_filter(CIS_SSO), a_filter(ROOT_USAGE, name="Root")))

    assert verdicts(seen, "cis") == ("intact", [])


def test_two_trails_one_stopped():
    seen = second_trail(good_snapshot(), logging=False)

    assert verdicts(seen) == ("intact", [("trail", "trail-not-logging")])


def test_two_trails_into_two_log_groups_and_the_filter_on_the_second():
    seen = second_trail(changed(good_snapshot(), filter=()))
    seen.log_groups[SECOND_GROUP] = LogGroup(SECOND_GROUP, "CloudTrail/Second")
    seen.filters[SECOND_GROUP] = (a_filter(log_group_arn=SECOND_GROUP),)

    assert verdicts(seen) == ("intact", [("metric-filter", "filter-absent")])


def test_two_trails_the_other_one_denied_and_this_one_broken():
    seen = second_trail(
        changed(good_snapshot(), alarm=()), logging=denied("cloudtrail:GetTrailStatus")
    )

    assert verdicts(seen) == (
        "unknown",
        [("trail", "trail-unreadable"), ("alarm", "alarm-absent")],
    )


def test_two_trails_the_other_one_denied_and_this_one_intact():
    seen = second_trail(good_snapshot(), logging=denied("cloudtrail:GetTrailStatus"))

    assert verdicts(seen) == ("intact", [("trail", "trail-unreadable")])


def test_a_trail_into_another_account_hides_what_is_there():
    far = GROUP.replace("123456789012", "210987654321")

    seen = second_trail(changed(good_snapshot(), filter=()), group=far)

    assert verdicts(seen) == (
        "unknown",
        [("log-group", "in-account-210987654321"), ("metric-filter", "filter-absent")],
    )


def test_a_single_region_trail_takes_nothing_from_the_other():
    seen = second_trail(good_snapshot(), multi_region=False)

    assert verdicts(seen) == ("intact", [("trail", "trail-single-region")])


def test_of_several_alarms_one_works():
    idle = an_alarm(arn=f"{TOPIC}2", name="idle", actions=())

    seen = changed(good_snapshot(), alarm=(idle, an_alarm()))

    assert verdicts(seen) == ("intact", [("alarm", "alarm-without-action")])


def test_of_several_topics_one_works():
    gone = TOPIC + "Gone"
    seen = changed(good_snapshot(), alarm={"actions": (gone, TOPIC)})

    seen.topics[gone] = None

    assert verdicts(seen) == ("intact", [("topic", "topic-gone")])


def test_a_broken_chain_beside_one_that_may_cover_is_unknown():
    seen = two_filters(CIS, CIS, actions=())
    seen.topics[TOPIC] = denied("sns:GetTopicAttributes", TOPIC)

    assert verdicts(seen, "cis") == (
        "unknown",
        [("topic", "topic-unreadable"), ("alarm", "alarm-without-action")],
    )


def test_a_broken_chain_beside_an_unknown_one_that_could_not_cover_is_broken():
    seen = two_filters(CIS, ROOT_USAGE, actions=(FAR_TOPIC,))
    seen.alarms[METRIC] = ()

    verdict, faults = verdicts(seen, "cis")

    assert verdict == "broken"
    assert faults == [("alarm", "alarm-absent"), ("metric-filter", "filter-misses-sign-ins")]


def test_a_pattern_that_cannot_be_read_beside_a_broken_chain_is_unknown():
    seen = two_filters(CIS, "{ $.eventName = }", threshold=1.0)
    seen.alarms[METRIC] = ()

    assert verdicts(seen, "cis") == (
        "unknown",
        [("metric-filter", "filter-undecided"), ("alarm", "alarm-absent")],
    )


def test_a_pattern_that_cannot_be_read_beside_an_intact_chain_takes_nothing_from_it():
    seen = two_filters(CIS, "{ $.eventName = }")

    assert verdicts(seen, "cis") == ("intact", [("metric-filter", "filter-undecided")])


def test_the_judgement_as_a_whole_is_plain_json():
    judgement = judge(two_filters(CIS_SSO, ROOT_USAGE), REQUIREMENTS["cis"])

    assert json.loads(json.dumps(judgement.to_dict())) == judgement.to_dict()
    assert list(judgement.to_dict()) == [
        "requirement",
        "verdict",
        "blind_spots",
        "advice",
        "noise",
        "depends_on",
        "chains",
        "regions",
    ]
    assert judgement.to_dict()["chains"][0]["covers"] == ["iam-user", "iam-user-old-record"]
