# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The report on a policy that looks at metric filters one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from c7n.config import Config
from c7n.policy import load
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.cli.report import markdown
from c7n_mfa.cli.report.command import report, report_on
from demo.account import LOG_GROUP
from docs.build.pages import DOCS
from docs.build.policies import ROOT

from .outputs import BROKEN, INTACT, audit, blind, metadata, write

POLICY = ROOT / "policies/audit/signin-filter-never-fires.yml"
ROOT_IS_SILENT = blind("root", "the root user signs in", "$.a is absent")
SAML = blind("saml", "somebody signs in with SAML", "")


def metric_filter(*states, name="SignIns", **changed):
    return {
        "filterName": name,
        "logGroupName": "trail",
        "filterPattern": "{ $.a = 1 }",
        "c7n:signin-coverage": {
            "requirement": "single-factor",
            "states": list(states),
            "blind_spots": [],
            "advice": [],
            "noise": [],
            "depends_on": [],
        }
        | changed,
    }


def found(folder: Path, *kept, **noted):
    """A finished run of a policy that kept these metric filters."""
    noted = {"policy": "signin-filter-never-fires", "element": "signin-coverage"} | noted
    return write(folder, metadata=metadata(**noted), resources=list(kept))


def shown(output):
    result = CliRunner().invoke(report, [str(output)])
    return result.exit_code, result.stdout.splitlines()


def test_a_metric_filter_that_was_found_is_a_finding_with_name_place_states_and_why(tmp_path):
    found(tmp_path, metric_filter("misses", "never-fires", blind_spots=[ROOT_IS_SILENT]))

    assert shown(tmp_path) == (
        1,
        [
            "123456789012, us-east-1: BROKEN. Metric filter SignIns of log group trail: "
            "no console sign-in at all matches its pattern.",
            "",
            "metric filter SignIns of log group trail: misses, never-fires",
            "├── pattern: { $.a = 1 }",
            "└── silent when",
            "    └── the root user signs in: $.a is absent",
            "",
            "Next:",
            "  In 123456789012 us-east-1, metric filter SignIns of log group trail: "
            "fix its pattern, or delete it",
            "  Try a pattern: c7n-mfa pattern --requirement single-factor 'PATTERN'",
            "",
            "Words: docs/vocabulary.md, reasons: docs/reasons.md",
        ],
    )


def test_no_metric_filter_found_is_clean(tmp_path):
    found(tmp_path)

    assert shown(tmp_path) == (
        0,
        ["INTACT. No metric filter was found by signin-filter-never-fires."],
    )


@pytest.mark.parametrize(
    ("states", "verdict", "status", "why"),
    [
        (["misses"], "BROKEN", 1, "sign-ins that must be caught do not match its pattern"),
        (
            ["misses", "noisy"],
            "BROKEN",
            1,
            "sign-ins that must be caught do not match its pattern; "
            "it also fires on sign-ins that it should leave alone",
        ),
        (
            ["covers", "noisy"],
            "BROKEN",
            1,
            "it catches every kind of sign-in that must be caught; "
            "it also fires on sign-ins that it should leave alone",
        ),
        (["unknown"], "UNKNOWN", 2, "what it catches could not be decided"),
        (["covers"], "INTACT", 0, "it catches every kind of sign-in that must be caught"),
    ],
)
def test_the_states_of_a_metric_filter_are_its_verdict(tmp_path, states, verdict, status, why):
    found(tmp_path, metric_filter(*states))

    exit_code, lines = shown(tmp_path)

    assert (exit_code, lines[0]) == (
        status,
        f"123456789012, us-east-1: {verdict}. Metric filter SignIns of log group trail: {why}.",
    )


def test_what_a_noisy_filter_also_fires_on_is_shown(tmp_path):
    found(tmp_path, metric_filter("covers", "noisy", noise=[SAML]))

    assert shown(tmp_path)[1][4:6] == [
        "└── noise: it also fires when",
        "    └── somebody signs in with SAML",
    ]


def test_noise_that_was_not_asked_about_is_left_out(tmp_path):
    found(tmp_path, metric_filter("misses", noise=[SAML]))

    assert not any("noise" in line for line in shown(tmp_path)[1])


def test_what_the_answer_depends_on_is_shown(tmp_path):
    hangs = [{"name": "numbers", "sentence": "how AWS compares a text with a number"}]
    found(tmp_path, metric_filter("unknown", depends_on=hangs))

    assert shown(tmp_path)[1][4:6] == [
        "└── the answer depends on",
        "    └── how AWS compares a text with a number",
    ]


def test_a_broken_account_and_a_dead_filter_are_one_report(tmp_path):
    audit(tmp_path / "account", INTACT)
    found(tmp_path / "filters", metric_filter("never-fires"))

    exit_code, lines = shown(tmp_path)

    assert exit_code == 1
    assert [line.split(". ")[0] for line in lines[:2]] == [
        "123456789012: INTACT",
        "123456789012, us-east-1: BROKEN",
    ]
    # The account is fine, so that there is nothing of it to audit again.
    assert not any("Audit again" in line for line in lines)


def test_a_clean_run_over_metric_filters_does_not_hide_a_broken_account(tmp_path):
    audit(tmp_path / "account", BROKEN)
    found(tmp_path / "filters")

    assert shown(tmp_path)[0] == 1


def test_a_later_run_in_the_same_region_replaces_an_earlier_one(tmp_path):
    found(tmp_path / "before", metric_filter("never-fires"), start=1.0)
    found(tmp_path / "after", start=2.0)

    assert shown(tmp_path)[0] == 0


def test_another_regions_run_replaces_nothing(tmp_path):
    found(tmp_path / "one", metric_filter("never-fires"), start=1.0)
    found(tmp_path / "two", start=2.0, region="eu-west-1")

    assert shown(tmp_path)[0] == 1


def test_a_failed_run_over_metric_filters_is_no_clean_bill(tmp_path):
    found(tmp_path, metrics=("PolicyException",))

    exit_code, lines = shown(tmp_path)

    assert exit_code == 2
    assert lines[0].startswith("UNKNOWN. ")


def test_a_run_that_left_no_resources_is_no_clean_bill(tmp_path):
    noted = metadata("signin-filter-never-fires", element="signin-coverage")
    write(tmp_path, metadata=noted)

    assert [problem.what for problem in report_on([tmp_path]).problems] == [
        "custodian wrote no resources.json."
    ]


def test_resources_that_cannot_be_understood_are_no_clean_bill(tmp_path):
    found(tmp_path, {"c7n:signin-coverage": {"states": ["misses"]}})

    assert [problem.what for problem in report_on([tmp_path]).problems] == [
        "is not what was expected: at [0].filterName, a text, not null."
    ]


def test_json_holds_the_metric_filters_with_where_they_are(tmp_path):
    found(tmp_path, metric_filter("misses", blind_spots=[ROOT_IS_SILENT]))

    result = CliRunner().invoke(report, [str(tmp_path), "--format", "json"])

    assert json.loads(result.stdout)["metric_filters"] == [
        {
            "name": "SignIns",
            "log_group": "trail",
            "pattern": "{ $.a = 1 }",
            "verdict": "broken",
            "requirement": "single-factor",
            "states": ["misses"],
            "blind_spots": [ROOT_IS_SILENT],
            "noise": [],
            "depends_on": [],
            "account_id": "123456789012",
            "region": "us-east-1",
            "policy": "signin-filter-never-fires",
            "run": str(tmp_path),
        }
    ]


def test_markdown_has_a_metric_filter_in_the_same_words(tmp_path):
    found(tmp_path, metric_filter("misses", blind_spots=[ROOT_IS_SILENT], name="a|b"))

    assert markdown.render(report_on([tmp_path])).splitlines()[2:12] == [
        "- ❌ 123456789012, us-east-1: BROKEN. Metric filter a&#124;b of log group trail: "
        "sign-ins that must be caught do not match its pattern.",
        "",
        "### metric filter a&#124;b of log group trail: misses",
        "",
        "pattern: { $.a = 1 }",
        "",
        "**silent when**",
        "",
        "- the root user signs in: $.a is absent",
        "",
    ]


@mock_aws
def test_the_page_of_the_shipped_policy_shows_what_is_printed(tmp_path):
    page = (DOCS / "rules/signin-filter-never-fires.md").read_text(encoding="utf-8")
    pattern = '{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "ConsoleLogin") }'
    account.client("logs").create_log_group(logGroupName=LOG_GROUP)
    account.add_filter(pattern, logGroupName=LOG_GROUP)
    config = Config.empty(
        account_id=account.ACCOUNT, region=account.REGION, output_dir=str(tmp_path)
    )
    (policy,) = load(config, str(POLICY))

    policy()

    result = CliRunner().invoke(report, [str(tmp_path)])
    assert result.exit_code == 1
    assert f"$ c7n-mfa report output/filters\n{result.stdout.rstrip()}\n```" in page
