# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which Region's sign-ins are heard of: the table, and what it makes of the verdict."""

from __future__ import annotations

from dataclasses import replace

from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.values import LogGroup, MetricKey, Snapshot
from c7n_mfa.audit.verdicts import Region
from c7n_mfa.proof.requirements import REQUIREMENTS
from chains import (
    ACCOUNT,
    CIS_SSO,
    GROUP,
    METRIC,
    REGION,
    ROOT_USAGE,
    TRAIL,
    a_filter,
    a_trail,
    an_alarm,
    changed,
    denied,
    faults,
    good_snapshot,
)

WEST = "eu-west-1"
WEST_GROUP = GROUP.replace(REGION, WEST)
WEST_TRAIL = TRAIL.replace(REGION, WEST)
WEST_METRIC = MetricKey(WEST, METRIC.namespace, METRIC.metric, ACCOUNT)


def both_regions(**west_alarm) -> Snapshot:
    """Two single-Region trails, each with a whole chain of its own."""
    seen = good_snapshot()
    west = a_trail(
        arn=WEST_TRAIL, home_region=WEST, multi_region=False, log_group_arn=WEST_GROUP, name="west"
    )
    return replace(
        seen,
        regions=(WEST, REGION),
        trails=(a_trail(multi_region=False), west),
        log_groups={**seen.log_groups, WEST_GROUP: LogGroup(WEST_GROUP, "CloudTrail/Logs")},
        filters={**seen.filters, WEST_GROUP: (a_filter(log_group_arn=WEST_GROUP),)},
        alarms={**seen.alarms, WEST_METRIC: (an_alarm(**west_alarm),)},
    )


def judged(seen: Snapshot, requirement: str = "single-factor"):
    return judge(seen, REQUIREMENTS[requirement])


def verdicts(judgement) -> dict[str, str]:
    return {row.region: row.verdict for row in judgement.regions}


def test_without_a_list_of_regions_one_row_stands_for_all():
    assert judged(good_snapshot()).regions == (Region("every enabled Region", "intact", TRAIL, 0),)


def test_a_multi_region_trail_covers_every_region():
    judgement = judged(changed(good_snapshot(), regions=(WEST, REGION)))

    assert judgement.verdict == "intact"
    assert judgement.regions == (
        Region(WEST, "intact", TRAIL, 0),
        Region(REGION, "intact", TRAIL, 0),
    )


def test_single_region_trails_that_cover_every_region_between_them_are_intact():
    judgement = judged(both_regions())

    assert (judgement.verdict, faults(judgement)) == ("intact", [])
    assert [(row.region, row.trail) for row in judgement.regions] == [
        (WEST, WEST_TRAIL),
        (REGION, TRAIL),
    ]
    assert {row.chain for row in judgement.regions} == {0, 1}


def test_one_region_of_two_with_a_broken_chain_breaks_the_account():
    judgement = judged(both_regions(threshold=9.0))

    assert judgement.verdict == "broken"
    assert verdicts(judgement) == {WEST: "broken", REGION: "intact"}
    assert faults(judgement) == [("alarm", "alarm-cannot-fire")]


def test_a_region_that_no_trail_records_is_named():
    seen = changed(good_snapshot(), trail={"multi_region": False}, regions=(WEST, REGION))

    judgement = judged(seen)

    assert judgement.verdict == "broken"
    assert judgement.regions[0] == Region(WEST, "broken", None, None)
    assert verdicts(judgement) == {WEST: "broken", REGION: "intact"}
    (link,) = judgement.chains[-1].links
    assert (link.reason, link.evidence) == ("trail-regions-uncovered", {"regions": [WEST]})
    assert link.detail == "no trail records eu-west-1"


def test_a_broken_multi_region_chain_breaks_every_region():
    seen = changed(good_snapshot(), alarm=(), regions=(WEST, REGION))

    judgement = judged(seen)

    assert verdicts(judgement) == {WEST: "broken", REGION: "broken"}
    assert faults(judgement) == [("alarm", "alarm-absent")]


def test_an_unknown_region_makes_the_account_unknown():
    seen = both_regions()
    seen.alarms[WEST_METRIC] = denied("cloudwatch:DescribeAlarmsForMetric")

    judgement = judged(seen)

    assert judgement.verdict == "unknown"
    assert verdicts(judgement) == {WEST: "unknown", REGION: "intact"}


def test_filters_complete_each_other_within_a_region_only():
    seen = both_regions()
    seen.filters[GROUP] = (a_filter(CIS_SSO),)
    seen.filters[WEST_GROUP] = (a_filter(ROOT_USAGE, log_group_arn=WEST_GROUP),)

    judgement = judged(seen, "cis")

    assert judgement.verdict == "broken"
    assert verdicts(judgement) == {WEST: "broken", REGION: "broken"}
    assert {reason for _, reason in faults(judgement)} == {"filter-misses-sign-ins"}


def test_a_multi_region_trail_completes_a_single_region_one():
    seen = both_regions(threshold=9.0)
    seen.trails = (a_trail(), seen.trails[1])

    judgement = judged(seen)

    assert judgement.verdict == "intact"
    assert verdicts(judgement) == {WEST: "intact", REGION: "intact"}


def test_single_region_trails_stay_broken_where_regions_are_not_asked_for():
    judgement = judged(replace(both_regions(), regions=None))

    assert judgement.verdict == "broken"
    assert faults(judgement) == [("trail", "trail-single-region")] * 2


def test_regions_that_could_not_be_listed_take_nothing_from_a_multi_region_trail():
    seen = changed(good_snapshot(), regions=denied("ec2:DescribeRegions"))

    assert (judged(seen).verdict, faults(judged(seen))) == ("intact", [])


def test_regions_that_could_not_be_listed_leave_single_region_trails_open():
    judgement = judged(replace(both_regions(), regions=denied("ec2:DescribeRegions")))

    assert judgement.verdict == "unknown"
    assert faults(judgement) == [("trail", "regions-unreadable")]
