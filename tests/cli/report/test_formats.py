# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person, a program and a job summary are shown."""

from __future__ import annotations

import io
import json
import sys

import pytest
from click.testing import CliRunner

from c7n_mfa.cli.report import markdown, tree
from c7n_mfa.cli.report.command import report, report_on
from c7n_mfa.cli.terminal import console_for

from .outputs import (
    BROKEN,
    DENIED,
    INTACT,
    NAMED,
    NO_ALARM,
    PENDING,
    UNKNOWN,
    audit,
    blind,
    chain,
    intact_links,
    judgement,
    link,
    links_until,
    metadata,
    named,
    receipt,
    repair,
    step,
    write,
)

AUDIT_AGAIN = (
    "Audit again: custodian run -s output/audit policies/audit/signin-monitoring-broken.yml"
)
REPAIR = [
    "Put your own subscriptions into policies/repair/signin-monitoring-repair.yml",
    "Look first: c7n-mfa plan policies/repair/signin-monitoring-repair.yml",
    "Repair: custodian run -s output/repair policies/repair/signin-monitoring-repair.yml",
]
WHERE_TO_READ = "Words: docs/vocabulary.md, reasons: docs/reasons.md"


def lines(output, encoding="utf-8"):
    """The text report as a pipeline gets it."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console_for(stream).print(tree.render(report_on([output])))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding).splitlines()


def headline(output):
    return lines(output)[0]


def next_steps(output):
    shown = lines(output)
    after = shown[shown.index("Next:") + 1 :]
    return [line.strip() for line in after[: after.index("")]]


def tree_of(output):
    """What stands between the headlines and what to do."""
    shown = lines(output)
    return shown[shown.index("") + 1 : shown.index("Next:") - 1]


def test_a_broken_chain_is_shown_verdict_first_with_the_broken_link_and_its_fix(tmp_path):
    audit(tmp_path, BROKEN | {"account_name": "production"})

    assert lines(tmp_path) == [
        "123456789012 (production): BROKEN. Nobody is notified of a console sign-in without MFA: "
        "no alarm watches the metric.",
        "",
        "123456789012, requirement single-factor",
        "└── management → /aws/cloudtrail: broken",
        "    ├── ✓ trail          trail works",
        "    ├── ✓ log group      log-group works",
        "    ├── ✓ metric filter  metric-filter works",
        "    ├── ✓ metric         metric works",
        "    ├── ✗ alarm          BROKEN, alarm-absent: no alarm watches the metric "
        "(Security Hub: CLOUDWATCH_ALARMS_NOT_PRESENT)",
        "    │   └── fix: run the repair policy",
        "    ├── · topic          not reached",
        "    └── · subscription   not reached",
        "",
        "Next:",
        *(f"  {step}" for step in REPAIR),
        f"  {AUDIT_AGAIN}",
        "",
        WHERE_TO_READ,
    ]


def test_where_the_output_holds_ascii_only_the_words_carry_it(tmp_path):
    audit(tmp_path, BROKEN)

    assert lines(tmp_path, "ascii")[2:9] == [
        "123456789012, requirement single-factor",
        "`-- management -> /aws/cloudtrail: broken",
        "    +-- + trail          trail works",
        "    +-- + log group      log-group works",
        "    +-- + metric filter  metric-filter works",
        "    +-- + metric         metric works",
        "    +-- x alarm          BROKEN, alarm-absent: no alarm watches the metric "
        "(Security Hub: CLOUDWATCH_ALARMS_NOT_PRESENT)",
    ]


def test_an_intact_chain_asks_for_nothing(tmp_path):
    audit(tmp_path, judgement(chain(intact_links(), covers=["password-root", "password-user"])))

    assert lines(tmp_path) == [
        "123456789012: INTACT. A console sign-in without MFA reaches a person.",
        "",
        "123456789012, requirement single-factor",
        "└── management → /aws/cloudtrail: intact",
        "    ├── ✓ trail          trail works",
        "    ├── ✓ log group      log-group works",
        "    ├── ✓ metric filter  metric-filter works",
        "    ├── ✓ metric         metric works",
        "    ├── ✓ alarm          alarm works",
        "    ├── ✓ topic          topic works",
        "    └── ✓ subscription   subscription works",
    ]


def test_a_link_that_could_not_be_looked_at_names_the_permission(tmp_path):
    audit(tmp_path, UNKNOWN)

    shown = lines(tmp_path)
    assert shown[0] == (
        "123456789012: UNKNOWN. Could not tell whether anybody is notified of a console sign-in "
        "without MFA: the metric filters could not be read."
    )
    assert "    │   └── needs the permission logs:DescribeMetricFilters" in shown
    assert next_steps(tmp_path) == [
        "Allow whoever runs custodian: logs:DescribeMetricFilters",
        AUDIT_AGAIN,
    ]


def test_a_working_chain_that_covers_too_little_names_what_notifies_nobody(tmp_path):
    spot = blind("root", "the root user signs in", "no filter names it")
    covered = chain(intact_links(), covers=["iam-user", "iam-user-unsaid"])
    audit(tmp_path, judgement(covered, verdict="broken", blind_spots=[spot]))

    assert headline(tmp_path) == (
        "123456789012: BROKEN. Some sign-ins reach a person, and nobody is notified when "
        "the root user signs in."
    )
    assert tree_of(tmp_path)[-4:] == [
        "│   ├── ✓ subscription   subscription works",
        "│   └── catches: an IAM user signs in with a password and no MFA",
        "└── nobody is notified when",
        "    └── the root user signs in: no filter names it",
    ]


def test_a_reason_that_all_blind_spots_share_is_said_once(tmp_path):
    spots = [
        blind("root", "the root user signs in", "there is no metric filter"),
        blind("iam-user", "an IAM user signs in", "there is no metric filter"),
    ]
    audit(tmp_path, judgement(chain(NO_ALARM), blind_spots=spots))

    assert tree_of(tmp_path)[-3:] == [
        "└── nobody is notified when (there is no metric filter)",
        "    ├── the root user signs in",
        "    └── an IAM user signs in",
    ]


def test_what_notifies_too_much_and_what_an_answer_depends_on_are_shown(tmp_path):
    noise = [blind("saml", "somebody signs in with SAML", "MFAUsed is No")]
    hangs = [{"name": "numbers", "sentence": "how AWS compares a text with a number"}]
    audit(tmp_path, judgement(chain(intact_links()), noise=noise, depends_on=hangs))

    assert lines(tmp_path)[-4:] == [
        "├── noise: somebody is also notified when",
        "│   └── somebody signs in with SAML: MFAUsed is No",
        "└── the answer depends on",
        "    └── how AWS compares a text with a number",
    ]


def test_the_chain_that_comes_nearest_gives_the_reason(tmp_path):
    far = chain(links_until("trail", verdict="broken", reason="trail-absent", detail="no trail"))
    audit(tmp_path, judgement(far, BROKEN["c7n:signin-monitoring"]["chains"][0]))

    assert headline(tmp_path) == (
        "123456789012: BROKEN. Nobody is notified of a console sign-in without MFA: "
        "no alarm watches the metric."
    )


def test_advice_is_told_apart_from_blind_spots(tmp_path):
    advice = [blind("unsaid", "the record has no MFAUsed", "AWS may omit it")]
    audit(tmp_path, judgement(chain(intact_links()), advice=advice))

    assert lines(tmp_path)[-2:] == [
        "└── advice: nobody would be notified if",
        "    └── the record has no MFAUsed: AWS may omit it",
    ]


def test_advice_waits_until_a_chain_works(tmp_path):
    advice = [blind("unsaid", "the record has no MFAUsed", "AWS may omit it")]
    audit(tmp_path, judgement(chain(NO_ALARM), advice=advice))

    assert not any("advice" in line for line in lines(tmp_path))


def test_a_chain_without_a_name_is_called_by_what_it_leads_through(tmp_path):
    links = intact_links()
    links[0]["resource"] = "arn:aws:cloudtrail:us-east-1:123456789012:trail/management"
    links[1]["resource"] = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/cloudtrail:*"
    links[2]["resource"] = "ConsoleSignIn"
    audit(tmp_path, judgement(chain(links)))

    assert lines(tmp_path)[3] == "└── management → /aws/cloudtrail → ConsoleSignIn: intact"


def test_a_pending_mail_is_clicked_and_not_repaired(tmp_path):
    audit(tmp_path, judgement(chain(PENDING)))

    assert next_steps(tmp_path) == [
        "Click the link in the mail that AWS sent to the subscriber.",
        AUDIT_AGAIN,
    ]


def test_what_the_repair_cannot_fix_is_a_persons_to_do(tmp_path):
    links = links_until(
        "trail", verdict="broken", reason="trail-absent", detail="no trail", fix="create one"
    )
    audit(tmp_path, judgement(chain(links)))

    assert next_steps(tmp_path) == ["In 123456789012, trail: create one", AUDIT_AGAIN]


def test_a_repair_is_told_step_by_step(tmp_path):
    repair(tmp_path, receipt(step("topic", result="adopted", why="it is there"), step("alarm")))

    shown = lines(tmp_path)
    assert shown[0] == (
        "123456789012: INTACT. Repaired: a console sign-in without MFA reaches a person."
    )
    assert shown[2] == "123456789012, requirement single-factor, after the repair"
    assert shown[-3:] == [
        "└── repair: broken before, intact after",
        "    ├── ✓ topic          adopted: it is there (sns:CreateTopic a-topic)",
        "    └── ✓ alarm          done: there was no alarm (sns:CreateTopic a-alarm)",
    ]


def test_a_repair_that_stopped_says_where_and_why(tmp_path):
    failed = step("metric-filter", result="failed", error="access denied: logs:PutMetricFilter")
    not_tried = step("alarm", result="not-tried", why="a step before it failed")
    repair(tmp_path, receipt(step("topic"), failed, not_tried, after="broken"))

    shown = lines(tmp_path)
    assert shown[0] == (
        "123456789012: BROKEN. The repair stopped at the metric filter: "
        "access denied: logs:PutMetricFilter."
    )
    # What was not tried is a consequence, and asks for nothing of its own.
    assert next_steps(tmp_path) == [
        "In 123456789012, metric filter: access denied: logs:PutMetricFilter; "
        "fix that, and the next repair goes on from there",
        AUDIT_AGAIN,
    ]


def test_a_repair_that_waits_for_a_mail_says_so(tmp_path):
    after = judgement(chain(PENDING))
    repair(tmp_path, receipt(step("subscription"), after="broken"), judged=[after])

    assert headline(tmp_path) == (
        "123456789012: BROKEN. Nobody is notified of a console sign-in without MFA: "
        "the only subscriptions wait to be confirmed."
    )
    assert next_steps(tmp_path) == [
        "Click the link in the mail that AWS sent to the subscriber.",
        AUDIT_AGAIN,
    ]


def test_what_could_not_be_read_is_told_above_what_was_intact(tmp_path):
    audit(tmp_path / "one", INTACT)
    write(tmp_path / "two", log="")

    shown = lines(tmp_path)
    assert shown[0] == ("UNKNOWN. What could be read is intact, and not everything could be read.")
    assert f"  {tmp_path / 'two'}: the run was cut short: custodian wrote no metadata.json. " \
        "Run the policy again." in shown  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "signin"),
    [
        ("conformity", 'A console sign-in with MFAUsed = "No"'),
        ("cis", "A console sign-in of an IAM user or of root without MFA"),
        ("cis-iam-user", "A console sign-in of an IAM user without MFA"),
        ("house", "A console sign-in that the requirement house names"),
    ],
)
def test_another_requirement_is_named_in_its_own_words(tmp_path, requirement, signin):
    audit(tmp_path, judgement(chain(intact_links()), requirement=requirement))

    assert headline(tmp_path) == f"123456789012: INTACT. {signin} reaches a person."


def test_a_name_cannot_steer_the_terminal(tmp_path):
    name = "\x1b[2Jgone\x9b\u202e\nsecond line\ud800"
    audit(tmp_path, judgement(chain(named(name))))

    assert lines(tmp_path)[3] == r"└── \u{1b}[2Jgone\u{9b}\u{202e} second line\u{d800}: intact"


def test_markup_in_a_name_is_only_text(tmp_path):
    audit(tmp_path, judgement(chain(named("[bold]:smile:[/bold]"))))

    assert lines(tmp_path)[3] == "└── [bold]:smile:[/bold]: intact"


def test_markdown_has_the_verdict_a_table_of_links_and_what_to_do(tmp_path):
    audit(tmp_path, BROKEN)

    assert markdown.render(report_on([tmp_path])).splitlines() == [
        "## Who is notified of a console sign-in without MFA",
        "",
        "- ❌ 123456789012: BROKEN. Nobody is notified of a console sign-in without MFA: "
        "no alarm watches the metric.",
        "",
        "### 123456789012: single-factor",
        "",
        "**management → /aws/cloudtrail: broken**",
        "",
        "| link | verdict | what was found | what to do |",
        "|---|---|---|---|",
        "| trail | ✅ intact | trail works |  |",
        "| log group | ✅ intact | log-group works |  |",
        "| metric filter | ✅ intact | metric-filter works |  |",
        "| metric | ✅ intact | metric works |  |",
        "| alarm | ❌ broken | BROKEN, alarm-absent: no alarm watches the metric "
        "(Security Hub: CLOUDWATCH&#95;ALARMS&#95;NOT&#95;PRESENT) | fix: run the repair policy |",
        "| topic | not reached |  |  |",
        "| subscription | not reached |  |  |",
        "",
        "**Next**",
        "",
        *(f"- {step}" for step in REPAIR),
        f"- {AUDIT_AGAIN}",
    ]


def test_markdown_shows_a_hostile_name_as_text():
    assert markdown.escape("<img src=x>|`@team`[a](b)") == (
        "&#60;img src=x&#62;&#124;&#96;&#64;team&#96;&#91;a&#93;(b)"
    )


def test_markdown_tells_a_repair_step_by_step(tmp_path):
    repair(tmp_path, receipt(step("alarm", result="failed", error="denied"), after="broken"))

    shown = markdown.render(report_on([tmp_path])).splitlines()

    assert "| alarm | failed | there was no alarm | sns:CreateTopic | denied |" in shown


def test_json_holds_everything_that_was_read(tmp_path):
    audit(tmp_path, UNKNOWN)
    result = CliRunner().invoke(report, [str(tmp_path), "--format", "json"])

    assert json.loads(result.stdout) == {
        "verdict": "unknown",
        "accounts": [
            {
                "account_id": "123456789012",
                "account_name": None,
                "verdict": "unknown",
                "requirement": "single-factor",
                "blind_spots": [],
                "advice": [],
                "noise": [],
                "depends_on": [],
                "chains": [chain(DENIED) | {"name": NAMED}],
                "regions": [],
                "routes": [],
                "receipt": None,
                "run": str(tmp_path),
            }
        ],
        "metric_filters": [],
        "runs": [
            {
                "place": str(tmp_path),
                "policy": "signin-monitoring-broken",
                "region": "us-east-1",
                "account_id": "123456789012",
                "started": 1.0,
                "outcome": "finished",
                "dry_run": False,
                "judged": ["123456789012"],
                "repaired": [],
            }
        ],
        "others": [],
        "problems": [],
    }


def test_json_holds_the_receipt_with_its_calls_and_undos(tmp_path):
    undo = [{"service": "sns", "operation": "DeleteTopic", "parameters": {}}]
    repair(tmp_path, receipt(step("topic", undo=undo)))

    result = CliRunner().invoke(report, [str(tmp_path), "--format", "json"])

    assert json.loads(result.stdout)["accounts"][0]["receipt"] == receipt(step("topic", undo=undo))


def test_json_names_the_fix_of_a_problem_and_its_name_of_before(tmp_path):
    write(tmp_path, log="")

    result = CliRunner().invoke(report, [str(tmp_path), "--format", "json"])

    assert json.loads(result.stdout)["problems"] == [
        {
            "place": str(tmp_path),
            "what": "the run was cut short: custodian wrote no metadata.json.",
            "fix": "Run the policy again.",
            "mend": "Run the policy again.",
        }
    ]


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
@pytest.mark.parametrize(("judged", "status"), [(INTACT, 0), (BROKEN, 1), (UNKNOWN, 2)])
def test_the_exit_status_is_the_verdict_in_every_format(tmp_path, judged, status, format_):
    audit(tmp_path, judged)

    result = CliRunner().invoke(report, [str(tmp_path), "--format", format_])

    assert (result.exit_code, result.stderr) == (status, "")


@pytest.mark.parametrize("arguments", [[], ["--format", "xml", "."], ["--colour", "."]])
def test_wrong_usage_is_not_taken_for_a_finding(arguments):
    result = CliRunner().invoke(report, arguments)

    assert (result.exit_code, result.stdout) == (2, "")


def test_a_pipeline_gets_no_escape_codes_and_whole_lines(tmp_path):
    long = "arn:aws:logs:us-east-1:123456789012:log-group:" + "x" * 300
    links = [*intact_links()[:-1], link("subscription", detail=long)]
    audit(tmp_path, judgement(chain(links)))

    result = CliRunner().invoke(report, [str(tmp_path)])

    assert "\x1b" not in result.stdout
    assert any(line.endswith(f" {long}") for line in result.stdout.splitlines())


def test_a_terminal_gets_colour(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    audit(tmp_path, BROKEN)

    result = CliRunner().invoke(report, [str(tmp_path)])

    assert "\x1b[1;31mBROKEN." in result.stdout


def test_the_command_is_found_by_its_name(tmp_path):
    from c7n_mfa.cli.commands import group

    audit(tmp_path, INTACT, metadata=metadata())

    result = CliRunner().invoke(group, ["report", str(tmp_path)])

    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "123456789012: INTACT. A console sign-in without MFA reaches a person.",
    )
    assert "c7n_mfa.cli.report.command" in sys.modules
