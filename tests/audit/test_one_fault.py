# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One change to a good chain, and exactly the reason that it must have: two-way.

A case fails when its reason is not found and when any other is.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.alarms import ALARM_FAULTS
from bench.filters import FILTER_FAULTS, METRIC_FAULTS
from bench.mutations import MUTATIONS
from bench.parts import ELSEWHERE_GROUP, ELSEWHERE_TOPIC
from bench.topics import SUBSCRIPTION_FAULTS, TOPIC_FAULTS
from bench.trails import LOG_GROUP_FAULTS, TRAIL_FAULTS
from bench.working import INTACT
from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.reasons import LINKS, REASONS
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.proof.requirements import REQUIREMENTS
from chains import (
    CIS,
    CIS_SSO,
    METRIC,
    OTHER,
    REGION,
    ROOT_USAGE,
    SINGLE_FACTOR,
    TOPIC,
    a_trail,
    an_alarm,
    changed,
    good_snapshot,
    verdicts,
)

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
    """Where a fault is found; that a link is in another account can be said of three links."""
    if code.startswith("in-account-") and "alarm" in changes:
        return "topic"
    if code.startswith("in-account-") and isinstance(changes["trail"], tuple):
        return "trail"
    return reason_of(code).link


def faulty(judgement):
    """The last link of the first chain that has a fault."""
    return next(chain.last for chain in judgement.chains if chain.verdict != "intact")


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
        assert chain.verdict in ("intact", reason_of(code).verdict)
        assert all(link.verdict == "intact" for link in chain.links[:-1])


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_a_detail_and_a_fix(name):
    changes, code = FAULTS[name]

    judgement = judge(changed(good_snapshot(), **changes), REQUIREMENTS["single-factor"])

    link = faulty(judgement)
    assert link.detail
    assert not link.detail.endswith(".")
    assert link.fix == reason_of(code).fix
    assert link.security_hub == reason_of(code).security_hub


@pytest.mark.parametrize("name", DENIED)
def test_a_denied_read_is_unknown_and_names_the_permission(name):
    changes, _ = DENIED[name]

    judgement = judge(changed(good_snapshot(), **changes), REQUIREMENTS["single-factor"])

    link = faulty(judgement)
    assert judgement.verdict == link.verdict == "unknown"
    if link.reason == f"in-account-{OTHER}" and not changes.get("accounts"):
        # Its owner need not let us look: there is no permission to grant here.
        assert link.permission is None
        return
    assert link.permission is not None
    service, operation = link.permission.split(":")
    assert service in ("cloudtrail", "ec2", "logs", "cloudwatch", "sns", "kms", "sts")
    assert f"access denied: grant {service}:{operation} on " in link.detail


def test_a_read_that_fails_otherwise_is_unknown_without_a_permission():
    look = ReadFailure("sns:GetTopicAttributes", TOPIC, "Throttling", "Rate exceeded")

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
        "fix": (
            "run the audit in the account that owns it, or name a role that may read there "
            "(read-role)"
        ),
        "security_hub": "SNS_TOPIC_CROSS_ACCOUNT",
        "permission": None,
    }


def test_an_alarm_in_another_region_is_no_alarm():
    seen = good_snapshot()
    far = replace(METRIC, region="eu-west-1")
    seen.alarms = {METRIC: (), far: (an_alarm(),)}

    assert verdicts(seen) == ("broken", [("alarm", "alarm-absent")])


def test_an_organization_trail_of_another_account_with_a_log_group_here_works():
    arn = f"arn:aws:cloudtrail:{REGION}:{OTHER}:trail/organization"

    assert verdicts(changed(good_snapshot(), trail=(a_trail(arn=arn),))) == ("intact", [])


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
    assert [spot.family for spot in judgement.blind_spots] == ["iam-user"]


def test_an_alarm_that_notifies_a_topic_elsewhere_too_works():
    seen = changed(good_snapshot(), alarm={"actions": (TOPIC, ELSEWHERE_TOPIC)})

    # Two topics, two chains: that one of them cannot be seen takes nothing from the other.
    assert verdicts(seen) == ("intact", [("topic", f"in-account-{OTHER}")])
