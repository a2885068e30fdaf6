# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a report says of policies that respond, forward, release or remove."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from c7n_mfa.cli.report.command import report, report_on

from .outputs import BROKEN, INTACT, RAN, audit, metadata, write

WHERE = "(123456789012, us-east-1)"
NO_JUDGEMENT = (
    "UNKNOWN. No policy in it judges whether anybody is notified of a console sign-in without "
    "MFA; what they did is below."
)
AUDIT = "Audit: custodian run -s output/audit policies/audit/signin-monitoring-broken.yml"
RELEASE = (
    "To release a user: put the name into policies/respond/signin-user-release.yml, then "
    "custodian run --cache-period 0 -s output/release policies/respond/signin-user-release.yml"
)
FORWARD = (
    "Forward them: custodian run -s output/forwarding policies/respond/signin-forwarding-repair.yml"
)
LOOK = (
    "Look again at the forwarding: custodian run -s output/forwarding "
    "policies/respond/signin-forwarding-broken.yml"
)
LAMBDA = {"type": "cloudtrail"}


def done(action="require-mfa", **changed):
    """A receipt as the actions on users write it."""
    return {
        "action": action,
        "result": "done",
        "resource": "arn:aws:iam::123456789012:user/alice",
        "why": "c7n-mfa-require-mfa denies everything in console sessions without MFA",
        "error": None,
        "undo": [],
        "at": "2026-01-15T08:30:00Z",
    } | changed


def ran(folder, policy, *actions, kept=1, receipts=None, resource="aws.iam-user", **changed):
    """A finished run of a policy with these actions, and what each of them returned."""
    noted = metadata(policy, element="value", actions=actions, resource=resource, **changed)
    write(folder, metadata=noted, resources=[{"UserName": "alice"}] * kept, log="")
    for action, receipt in (receipts or {}).items():
        (folder / f"action-{action.replace('-', '')}").write_text(json.dumps(receipt))
    return folder


def forwarding(folder, verdict, policy="signin-forwarding-broken", names=("eu-west-1",), **changed):
    """A run of the filter that kept an account with this verdict."""
    rows = [{"region": n, "verdict": verdict, "detail": "no rule forwards it"} for n in names]
    judged = {"verdict": verdict, "home": "us-east-1", "regions": rows}
    noted = metadata(policy, element="signin-forwarding", **changed)
    return write(folder, metadata=noted, resources=[{"c7n:signin-forwarding": judged}], log="")


def check(folder, sentence, *next_steps, status=2, first=NO_JUDGEMENT):
    """The report's first line, its one line on the policy, its next steps and exit status."""
    result = CliRunner().invoke(report, [str(folder)])
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0]) == (status, first)
    start = lines.index("What other policies did:") + 1
    assert lines[start : start + 1] == [f"  {sentence}"]
    assert [line.strip() for line in lines[lines.index("Next:") + 1 :]] == [*next_steps, AUDIT]


def test_a_deployed_function_is_named_with_its_log(tmp_path):
    noted = metadata("signin-single-factor", metrics=(), mode=LAMBDA, element="signin")
    write(tmp_path, metadata=noted)

    check(
        tmp_path,
        f"signin-single-factor {WHERE}: deployed as the Lambda function "
        "custodian-signin-single-factor, whose log says what it does",
        "See what it did: aws logs tail /aws/lambda/custodian-signin-single-factor --since 1d "
        "--region us-east-1",
    )


def test_a_function_of_another_prefix_is_named_by_it(tmp_path):
    mode = LAMBDA | {"function-prefix": "security-"}
    write(tmp_path, metadata=metadata("told", metrics=(), mode=mode, element="signin"))

    (other,) = report_on([tmp_path]).others
    assert "the Lambda function security-told," in other.sentence


def test_containment_is_reported_with_whom_and_the_way_back(tmp_path):
    receipts = {"require-mfa": [done()], "revoke-sessions": [done("revoke-sessions")]}
    ran(tmp_path, "contained", "revoke-sessions", "require-mfa", receipts=receipts)

    check(
        tmp_path,
        f"contained {WHERE}: revoke-sessions: 1 done (alice); require-mfa: 1 done (alice)",
        RELEASE,
    )


def test_a_crowd_is_counted_and_not_named(tmp_path):
    users = [done("release", resource=f"arn:aws:iam::123456789012:user/u{n}") for n in range(4)]
    ran(tmp_path, "released", "release", receipts={"release": users})

    check(tmp_path, f"released {WHERE}: release: 4 done")


def test_a_containment_that_was_declined_says_why_and_has_nothing_to_release(tmp_path):
    declined = done(result="skipped", why="alice is excluded by name")
    ran(tmp_path, "contained", "require-mfa", receipts={"require-mfa": [declined]})

    sentence = "require-mfa: 1 skipped (alice: alice is excluded by name)"
    check(tmp_path, f"contained {WHERE}: {sentence}")


def test_a_containment_that_failed_is_a_problem_with_its_reason(tmp_path):
    failed = done(result="failed", error="access denied: grant iam:PutUserPolicy")
    audit(tmp_path / "audit", INTACT)
    ran(tmp_path / "respond", "contained", "require-mfa", receipts={"require-mfa": [failed]})

    found = report_on([tmp_path])

    assert found.exit_code == 2
    assert [str(problem) for problem in found.problems] == [
        f"{tmp_path / 'respond' / 'action-requiremfa'}: require-mfa failed on alice: access "
        "denied: grant iam:PutUserPolicy. Fix that, and run it again."
    ]


def test_an_alert_is_reported_by_its_subject(tmp_path):
    told = {"severity": "high", "subject": "[HIGH] alice signed in without MFA", "result": "told"}
    ran(tmp_path, "alerted", "alert-signin", receipts={"alert-signin": [told]})

    check(tmp_path, f"alerted {WHERE}: alert-signin: 1 told ([HIGH] alice signed in without MFA)")


@pytest.mark.parametrize(
    ("kept", "dry_run", "sentence"),
    [
        (0, False, "its filters kept nothing, and nothing was done"),
        (0, True, "a dry run: its filters kept nothing"),
        (2, True, "a dry run: its filters kept 2"),
    ],
)
def test_the_receipt_of_an_earlier_run_is_not_this_runs(tmp_path, kept, dry_run, sentence):
    receipts = {"release": [done("release")]}
    ran(tmp_path, "released", "release", kept=kept, receipts=receipts, dryrun=dry_run)

    check(tmp_path, f"released {WHERE}: {sentence}")


def test_steps_are_counted_and_the_verdict_after_them_is_shown(tmp_path):
    steps = [{"step": "rule", "region": "eu-west-1", "result": r, "resource": "x", "why": "y"}
             for r in ("done", "done", "skipped")]  # fmt: skip
    receipt = {"before": "broken", "after": "broken", "home": "us-east-1", "steps": steps}
    receipts = {"set-signin-forwarding": [receipt]}
    ran(tmp_path, "forward", "set-signin-forwarding", receipts=receipts, resource="account")

    check(
        tmp_path,
        f"forward {WHERE}: set-signin-forwarding: 2 done, 1 skipped, broken before and broken "
        "after",
        LOOK,
        status=1,
        first="BROKEN. Sign-ins of some Regions do not reach the Region that responds to them.",
    )


def test_a_forwarding_that_is_broken_is_a_finding_with_the_repair(tmp_path):
    forwarding(tmp_path, "broken", names=["a", "b", "c", "d"])

    check(
        tmp_path,
        f"signin-forwarding-broken {WHERE}: the forwarding of sign-ins to us-east-1 is broken in "
        "a, b, c and 1 more: no rule forwards it",
        FORWARD,
        status=1,
        first="BROKEN. Sign-ins of some Regions do not reach the Region that responds to them.",
    )


def test_a_forwarding_that_could_not_be_looked_at_makes_no_clean_bill(tmp_path):
    audit(tmp_path / "audit", INTACT)
    forwarding(tmp_path / "forwarding", "unknown")

    assert report_on([tmp_path]).exit_code == 2


def test_an_intact_forwarding_says_nothing_of_the_chain(tmp_path):
    forwarding(tmp_path, "intact")

    assert report_on([tmp_path]).exit_code == 2


def test_a_later_repair_of_the_forwarding_replaces_the_finding(tmp_path):
    audit(tmp_path / "audit", INTACT)
    forwarding(tmp_path / "one", "broken", start=1.0)
    receipt = {"before": "broken", "after": "intact", "home": "us-east-1", "steps": []}
    ran(tmp_path / "two", "forward", "set-signin-forwarding", resource="account", start=2.0,
        receipts={"set-signin-forwarding": [receipt]})  # fmt: skip

    found = report_on([tmp_path])

    assert (found.exit_code, [other.next for other in found.others]) == (0, [(), ()])


def test_a_removal_is_shown_beside_the_judgement_after_it(tmp_path):
    noted = metadata("removed", actions=["remove-signin-monitoring"])
    audit(tmp_path, BROKEN, metadata=noted)
    steps = [{"step": "alarm", "result": "done", "resource": "a", "why": "it is ours"}]
    receipt = {"before": "intact", "after": "broken", "steps": steps}
    (tmp_path / "action-removesigninmonitoring").write_text(json.dumps([receipt]))

    found = report_on([tmp_path])

    assert (found.exit_code, [other.sentence for other in found.others]) == (
        1,
        ["remove-signin-monitoring: 1 done, intact before and broken after"],
    )


def test_a_run_that_failed_says_why(tmp_path):
    last = "The role defined for the function cannot be assumed by Lambda."
    log = f"Traceback (most recent call last):\n  raise\n{last}\n"
    metrics = ("PolicyException", *RAN)
    noted = metadata("signin-single-factor", metrics=metrics, mode=LAMBDA, element="signin")
    write(tmp_path, metadata=noted, log=log)

    result = CliRunner().invoke(report, [str(tmp_path)])

    assert result.exit_code == 2
    assert f"  signin-single-factor {WHERE}: the run failed" in result.stdout.splitlines()
    assert (
        "the policy run failed: there is no role as the policy's mode names it, or Lambda may not "
        "assume it (" in result.stdout
    )


def test_a_name_that_c7n_has_too_counts_on_resources_of_the_plugin_only(tmp_path):
    ran(tmp_path, "addresses", "release", resource="aws.elastic-ip")

    assert [problem.what for problem in report_on([tmp_path]).problems] == [
        "no policy in it has a filter or an action of c7n-mfa."
    ]
