# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person is told to do next, and what not."""

from __future__ import annotations

from c7n_mfa.cli.report.command import report_on
from c7n_mfa.cli.report.next_steps import next_steps

from .outputs import (
    BROKEN,
    INTACT,
    PENDING,
    audit,
    chain,
    judgement,
    links_until,
    metadata,
    receipt,
    repair,
    step,
)

POLICY = "policies/repair/signin-monitoring-repair.yml"
PLACE = f"Put your own subscriptions into {POLICY}"
LOOK = f"Look first: c7n-mfa plan {POLICY}"
REPAIR = f"Repair: custodian run -s output/repair {POLICY}"
AUDIT = "Audit again: custodian run -s output/audit policies/audit/signin-monitoring-broken.yml"
NOBODY = judgement(
    chain(
        links_until(
            "subscription",
            verdict="broken",
            reason="subscription-absent",
            detail="nobody is subscribed to topic Told",
            fix="name a subscription in the repair policy (subscriptions:) and run it",
        )
    )
)


def steps(output):
    return next_steps(report_on([output]))


def repaired(folder, *made, judged=BROKEN):
    """A repair that left the account broken."""
    repair(folder, receipt(*made, after="broken"), judged=[judged])


def test_ones_own_subscriptions_come_before_the_plan_and_the_plan_before_the_repair(tmp_path):
    audit(tmp_path, BROKEN)

    assert steps(tmp_path) == [PLACE, LOOK, REPAIR, AUDIT]


def test_a_topic_without_subscriptions_is_repaired_with_ones_own(tmp_path):
    audit(tmp_path, NOBODY)

    assert steps(tmp_path) == [PLACE, LOOK, REPAIR, AUDIT]


def test_an_intact_account_asks_for_nothing(tmp_path):
    audit(tmp_path, INTACT)

    assert steps(tmp_path) == []


def test_a_refused_repair_says_what_stands_in_its_way_and_is_not_advised_again(tmp_path):
    why = "the alarm of that name watches something else; give another alarm-name"
    repaired(tmp_path, step("alarm", result="skipped", why=why))

    assert steps(tmp_path) == [f"In 123456789012, alarm: {why}", AUDIT]


def test_every_refused_and_failed_step_of_a_repair_is_named(tmp_path):
    repaired(
        tmp_path,
        step("topic", result="adopted", why="the topic exists"),
        step("subscription", result="skipped", why="the filter policy stops it; remove it"),
        step("metric-filter", result="failed", error="logs:PutMetricFilter failed: denied"),
        step("alarm", result="not-tried"),
    )

    assert steps(tmp_path) == [
        "In 123456789012, subscription: the filter policy stops it; remove it",
        "In 123456789012, metric filter: logs:PutMetricFilter failed: denied; "
        "fix that, and the next repair goes on from there",
        AUDIT,
    ]


def test_a_repair_that_nobody_was_subscribed_by_says_how_to_name_somebody(tmp_path):
    why = "nobody is subscribed and the policy names no subscription; add subscriptions:"
    repaired(tmp_path, step("subscription", result="skipped", why=why), judged=NOBODY)

    assert steps(tmp_path) == [
        "In 123456789012, subscription: name a subscription in the repair policy "
        "(subscriptions:) and run it",
        f"In 123456789012, subscription: {why}",
        AUDIT,
    ]


def test_a_repair_refused_for_want_of_a_trail_says_so_once(tmp_path):
    fix = "create a multi-Region trail"
    links = links_until("trail", verdict="broken", reason="trail-absent", detail="none", fix=fix)
    refused = step("chain", result="skipped", why=f"none; {fix}", call=None)
    repaired(tmp_path, refused, judged=judgement(chain(links)))

    assert steps(tmp_path) == [f"In 123456789012, trail: {fix}", AUDIT]


def test_a_repair_that_could_not_tell_passes_on_the_reason(tmp_path):
    why = "the audit could not tell: access denied; grant logs:DescribeMetricFilters"
    repaired(tmp_path, step("chain", result="skipped", why=why, call=None))

    assert steps(tmp_path) == [f"In 123456789012: {why}", AUDIT]


def test_a_repair_that_waits_for_a_mail_has_nothing_to_fix(tmp_path):
    done = step("subscription", why="it waits to be confirmed")
    repaired(tmp_path, done, judged=judgement(chain(PENDING)))

    assert steps(tmp_path) == [
        "Click the link in the mail that AWS sent to the subscriber.",
        AUDIT,
    ]


def test_a_repair_in_one_account_does_not_hide_that_another_needs_one(tmp_path):
    why = "the topic is in another Region; give one in us-east-1"
    repaired(tmp_path / "one", step("topic", result="skipped", why=why))
    noted = metadata(account_id="210987654321")
    audit(tmp_path / "two", BROKEN | {"account_id": "210987654321"}, metadata=noted)

    assert steps(tmp_path) == [f"In 123456789012, topic: {why}", PLACE, LOOK, REPAIR, AUDIT]
