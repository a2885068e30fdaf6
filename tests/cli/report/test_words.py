# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Sentences that have to be true of what was found, and of nothing else."""

from __future__ import annotations

import io
import sys

import pytest
from click.testing import CliRunner

from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.cli.report.command import report, report_on, show

from .outputs import (
    BROKEN,
    INTACT,
    NO_ALARM,
    TRAIL,
    UNKNOWN,
    audit,
    blind,
    chain,
    intact_links,
    judgement,
    links_until,
    metadata,
)

WHERE_TO_READ = "Words: docs/vocabulary.md, reasons: docs/reasons.md"
OBSERVED = ["iam-user", "root", "broker-role"]


def lines(output):
    return CliRunner().invoke(report, [str(output)]).stdout.splitlines()


def too_broad(reason, **changed):
    detail = "metric filter SignIns also fires when an IAM user signs in with MFA"
    link = "metric" if reason == "metric-shared" else "metric-filter"
    links = links_until(link, verdict="broken", reason=reason, detail=detail)
    return judgement(chain(links), **changed)


@pytest.mark.parametrize("reason", ["filter-catches-everything", "metric-shared"])
def test_an_alarm_on_everything_is_too_broad(tmp_path, reason):
    assert reason in REASONS
    spots = [blind("root", "the root user signs in", "no chain works")]
    audit(tmp_path, too_broad(reason, blind_spots=spots))

    shown = lines(tmp_path)

    assert shown[0] == (
        "123456789012: BROKEN. The alarm for a console sign-in without MFA is too broad: "
        "metric filter SignIns also fires when an IAM user signs in with MFA."
    )
    assert "└── hidden among other notifications when" in shown
    assert not any("obody is notified" in line for line in shown)


@pytest.mark.parametrize(
    ("requirement", "signin"),
    [
        ("conformity", 'a console sign-in with MFAUsed = "No"'),
        ("cis", "a console sign-in of an IAM user or of root without MFA"),
        ("cis-iam-user", "a console sign-in of an IAM user without MFA"),
        ("house", "a console sign-in that the requirement house names"),
    ],
)
def test_what_is_too_broad_is_the_alarm_that_the_requirement_names(tmp_path, requirement, signin):
    audit(tmp_path, too_broad("metric-shared", requirement=requirement))

    assert lines(tmp_path)[0].startswith(
        f"123456789012: BROKEN. The alarm for {signin} is too broad: "
    )


@pytest.mark.parametrize("reason", ["filter-misses-sign-ins", "alarm-absent"])
def test_what_notifies_nobody_is_not_too_broad(tmp_path, reason):
    links = links_until("metric-filter", verdict="broken", reason=reason, detail="it is silent")
    audit(tmp_path, judgement(chain(links)))

    assert lines(tmp_path)[0] == (
        "123456789012: BROKEN. Nobody is notified of a console sign-in without MFA: it is silent."
    )


def test_beside_a_chain_that_works_nothing_is_too_broad(tmp_path):
    spots = [blind("root", "the root user signs in", "")]
    loud = too_broad("metric-shared")["c7n:signin-monitoring"]["chains"][0]
    quiet = chain(intact_links())
    audit(tmp_path, judgement(quiet, loud, verdict="broken", blind_spots=spots))

    assert lines(tmp_path)[0] == (
        "123456789012: BROKEN. Some sign-ins reach a person, and nobody is notified when "
        "the root user signs in."
    )


def catches(output):
    return [line.partition("catches")[2] for line in lines(output) if "catches" in line]


def test_a_chain_that_catches_everything_says_so_in_words(tmp_path):
    both = chain(NO_ALARM, covers=OBSERVED), chain(intact_links(), covers=OBSERVED)
    audit(tmp_path, judgement(*both, verdict="intact"))

    assert catches(tmp_path) == [" every kind of sign-in that must be caught"] * 2


def test_a_chain_that_catches_some_says_which_in_sentences(tmp_path):
    both = chain(intact_links(), covers=["root", "root-unsaid"]), chain(NO_ALARM)
    audit(tmp_path, judgement(*both, verdict="broken"))

    assert catches(tmp_path) == [": the root user signs in with a password and no MFA"]


def test_a_chain_that_catches_all_but_a_blind_spot_does_not_catch_every_kind(tmp_path):
    # A strict judgement: what is possible and not observed decides too.
    spots = [blind("root-unsaid", "the record has no MFAUsed", "")]
    covered = chain(intact_links(), covers=OBSERVED)
    audit(tmp_path, judgement(covered, verdict="broken", blind_spots=spots))

    assert catches(tmp_path) == [
        ": an IAM user signs in with a password and no MFA; "
        "the root user signs in with a password and no MFA; "
        "a federation broker opens a console session for a role without proof of MFA"
    ]


def test_a_family_or_requirement_of_another_release_is_named_as_it_is(tmp_path):
    covered = chain(intact_links(), covers=["passkey"]), chain(NO_ALARM)
    audit(tmp_path, judgement(*covered, requirement="house", verdict="broken"))

    assert catches(tmp_path) == [": passkey"]


def head(output):
    shown = lines(output)
    return shown[shown.index("") + 2]


def test_a_fault_of_the_trail_stands_under_the_trails_name(tmp_path):
    fault = {"verdict": "broken", "reason": "trail-not-logging", "resource": TRAIL}
    audit(tmp_path, judgement(chain(links_until("trail", **fault))))

    assert head(tmp_path) == "└── management: broken"


@pytest.mark.parametrize(
    ("verdict", "reason", "title"),
    [
        ("broken", "trail-absent", "no trail: broken"),
        ("unknown", "trail-unreadable", "the account's trails: unknown"),
    ],
)
def test_without_a_trail_to_name_the_head_says_what_is_known(tmp_path, verdict, reason, title):
    fault = {"verdict": verdict, "reason": reason, "resource": "cloudtrail"}
    audit(tmp_path, judgement(chain(links_until("trail", **fault))))

    assert head(tmp_path) == f"└── {title}"


@pytest.mark.parametrize("judged", [BROKEN, UNKNOWN])
def test_findings_end_with_where_their_words_are_explained(tmp_path, judged):
    audit(tmp_path, judged)

    assert lines(tmp_path)[-2:] == ["", WHERE_TO_READ]


def test_a_clean_report_explains_nothing(tmp_path):
    audit(tmp_path, INTACT)

    assert WHERE_TO_READ not in lines(tmp_path)


def test_judgements_of_one_account_are_kept_apart_by_policy_and_time(tmp_path):
    audit(tmp_path / "one", BROKEN, metadata=metadata("loose", start=1_795_298_345.0))
    audit(tmp_path / "two", INTACT, metadata=metadata("strict", start=0.0))

    shown = lines(tmp_path)

    assert shown[:2] == [
        "123456789012: BROKEN. Nobody is notified of a console sign-in without MFA: "
        "no alarm watches the metric. (loose, 2026-11-21 21:59 UTC)",
        "123456789012: INTACT. A console sign-in without MFA reaches a person. (strict)",
    ]
    assert [line for line in shown if "requirement" in line] == [
        "123456789012, requirement single-factor (loose, 2026-11-21 21:59 UTC)",
        "123456789012, requirement single-factor (strict)",
    ]


def test_different_accounts_need_no_policy_and_time(tmp_path):
    audit(tmp_path / "one", INTACT)
    audit(tmp_path / "two", INTACT | {"account_id": "210987654321"}, metadata=metadata("other"))

    assert lines(tmp_path)[1] == (
        "210987654321: INTACT. A console sign-in without MFA reaches a person."
    )


@pytest.mark.parametrize("start", [-1.0, 1e11 * 9, float("1e300")])
def test_a_time_that_cannot_be_is_left_out(tmp_path, start):
    audit(tmp_path / "one", BROKEN, metadata=metadata("loose", start=start))
    audit(tmp_path / "two", BROKEN, metadata=metadata("strict", start=start))

    assert [line.rpartition(" (")[2] for line in lines(tmp_path)[:2]] == ["loose)", "strict)"]


def markdown_in(encoding, output, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    show(report_on([output]), "markdown")
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def test_markdown_shows_the_same_signs_where_the_output_holds_ascii_only(tmp_path, monkeypatch):
    audit(tmp_path, BROKEN)

    shown = markdown_in("ascii", tmp_path, monkeypatch).splitlines()

    assert shown[2].startswith("- &#10060; 123456789012: BROKEN. ")
    assert shown[6] == "**management &#8594; /aws/cloudtrail: broken**"


def test_markdown_is_as_it_is_where_the_output_can_hold_it(tmp_path, monkeypatch):
    audit(tmp_path, BROKEN)

    shown = markdown_in("utf-8", tmp_path, monkeypatch).splitlines()

    assert shown[6] == "**management → /aws/cloudtrail: broken**"
