# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""From custodian's files to the verdict, and every way in which the files can be wrong."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from c7n_mfa.cli.report import markdown, tree
from c7n_mfa.cli.report.command import as_dict, report_on
from c7n_mfa.cli.report.values import Problem
from c7n_mfa.cli.terminal import console_for

from .outputs import (
    BROKEN,
    DENIED,
    INTACT,
    NAMES,
    UNKNOWN,
    audit,
    chain,
    intact_links,
    judgement,
    metadata,
    receipt,
    repair,
    step,
    write,
)


def check(expected, *outputs):
    """The verdict of a report, its exit status and its problems."""
    found = report_on([Path(output) for output in outputs])
    status = {"intact": 0, "broken": 1, "unknown": 2}[expected]
    assert (found.verdict, found.exit_code) == (expected, status)
    return found


def check_problem(output, what, fix, name=""):
    """A report that could not tell, for one reason."""
    found = check("unknown", output)
    place = str(output / name)
    assert found.problems == (Problem(place, what, fix),)


@pytest.mark.parametrize(
    ("judged", "verdict"), [(INTACT, "intact"), (BROKEN, "broken"), (UNKNOWN, "unknown")]
)
def test_the_judgement_of_the_filter_is_the_verdict(tmp_path, judged, verdict):
    audit(tmp_path / "policy", judged)

    found = check(verdict, tmp_path)

    assert [each.account_id for each in found.accounts] == ["123456789012"]
    assert found.problems == ()


def test_the_policys_own_folder_may_be_named(tmp_path):
    check("intact", audit(tmp_path / "policy", INTACT))


def test_one_broken_account_among_many_is_a_finding_and_comes_first(tmp_path):
    for number, verdict in enumerate((INTACT, BROKEN, UNKNOWN), start=1):
        account = str(number) * 12
        region = tmp_path / f"account-{number}" / "us-east-1"
        audit(region / "policy", verdict | {"account_id": account})

    found = check("broken", tmp_path)

    assert [(each.account_id, each.verdict) for each in found.accounts] == [
        ("222222222222", "broken"),
        ("333333333333", "unknown"),
        ("111111111111", "intact"),
    ]


def test_several_accounts_in_one_file_are_all_judged(tmp_path):
    second = judgement(chain(intact_links()), account="210987654321")
    audit(tmp_path / "policy", INTACT, judged=[INTACT, second])

    found = check("intact", tmp_path)

    assert [each.account_id for each in found.accounts] == ["123456789012", "210987654321"]


def test_two_outputs_are_one_report(tmp_path):
    audit(tmp_path / "one" / "policy", INTACT)
    audit(tmp_path / "two" / "policy", BROKEN | {"account_id": "210987654321"})

    check("broken", tmp_path / "one", tmp_path / "two")


def test_an_output_named_twice_counts_once(tmp_path):
    audit(tmp_path / "policy", INTACT)

    found = check("intact", tmp_path, tmp_path, tmp_path / "policy")

    assert len(found.runs) == 1


def test_a_later_audit_by_the_same_policy_replaces_an_earlier_one(tmp_path):
    audit(tmp_path / "before" / "policy", BROKEN, metadata=metadata(start=1.0))
    audit(tmp_path / "after" / "policy", INTACT, metadata=metadata(start=2.0))

    found = check("intact", tmp_path)

    assert (len(found.accounts), len(found.runs)) == (1, 2)


def test_another_policys_finding_is_not_replaced(tmp_path):
    audit(tmp_path / "one", BROKEN, metadata=metadata("stricter", start=1.0))
    audit(tmp_path / "two", INTACT, metadata=metadata("looser", start=2.0))

    check("broken", tmp_path)


def test_another_requirements_finding_is_not_replaced(tmp_path):
    audit(tmp_path / "one", judgement(requirement="cis"))
    audit(tmp_path / "two", INTACT, metadata=metadata(start=2.0))

    check("broken", tmp_path)


def test_a_repair_that_worked_replaces_the_audit_before_it(tmp_path):
    audit(tmp_path / "audit", BROKEN)
    repair(tmp_path / "repair", receipt(step("alarm")))

    found = check("intact", tmp_path)

    assert [each.receipt.after for each in found.accounts] == ["intact"]


def test_an_audit_after_a_repair_replaces_it(tmp_path):
    repair(tmp_path / "repair", receipt(step("alarm")))
    audit(tmp_path / "audit", BROKEN, metadata=metadata(start=3.0))

    found = check("broken", tmp_path)

    assert [each.receipt for each in found.accounts] == [None]


def test_a_repair_that_stopped_is_a_finding(tmp_path):
    failed = step("alarm", result="failed", error="AccessDenied")
    repair(tmp_path, receipt(failed, after="broken"))

    check("broken", tmp_path)


def test_the_receipt_of_an_earlier_run_is_not_this_runs(tmp_path):
    # Custodian leaves it in place when the filters keep nothing to act on.
    repair(tmp_path, receipt(step("alarm")), judged=[INTACT], resources=[])

    found = check("intact", tmp_path)

    assert [each.receipt for each in found.accounts] == [None]


def test_the_receipt_of_an_earlier_run_is_not_a_dry_runs(tmp_path):
    noted = metadata("signin-monitoring-repair", dryrun=True)
    repair(tmp_path, receipt(step("alarm")), metadata=noted, judged=[BROKEN])

    check("broken", tmp_path)


def test_a_receipt_for_another_account_repairs_nothing_here(tmp_path):
    repair(tmp_path, receipt(step("alarm"), account_id="210987654321"), judged=[BROKEN])

    check("broken", tmp_path)


def test_gzipped_output_is_read_as_well(tmp_path):
    audit(tmp_path, BROKEN)
    for path in list(tmp_path.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()

    check("broken", tmp_path)


def test_a_kept_accounts_annotation_stands_in_for_a_missing_judgement(tmp_path):
    write(tmp_path, metadata=metadata(), resources=[BROKEN])

    check("broken", tmp_path)


def test_a_kept_accounts_annotation_stands_in_for_a_judgement_that_is_spoilt(tmp_path):
    audit(tmp_path, BROKEN, judged=[BROKEN | {"account_id": 5}])

    found = check("broken", tmp_path)

    assert [problem.what for problem in found.problems] == [
        "is not what was expected: at [0].account_id, a text, not a number."
    ]


def test_a_judgement_without_its_annotation_is_a_problem(tmp_path):
    audit(tmp_path, INTACT, judged=[{"account_id": "123456789012"}])

    check_problem(
        tmp_path,
        'is not what was expected: at [0]."c7n:signin-monitoring", an object, not null.',
        "Run the policy again.",
        "signin-monitoring.json",
    )


def test_a_chain_that_is_called_better_than_its_links_is_a_problem(tmp_path):
    audit(tmp_path, judgement(chain(DENIED, verdict="intact")), resources=[])

    check_problem(
        tmp_path,
        'is not what was expected: at [0]."c7n:signin-monitoring".chains[0].verdict, one of '
        "unknown, not 'intact'.",
        "Run the policy again.",
        "signin-monitoring.json",
    )


def test_other_policies_in_the_output_are_left_alone(tmp_path):
    audit(tmp_path / "ours", INTACT)
    failed = metadata("other", metrics=("PolicyException",), element="password-policy")
    write(tmp_path / "other", metadata=failed)

    check("intact", tmp_path)


def test_an_output_without_our_filter_is_no_clean_bill(tmp_path):
    audit(tmp_path / "ours", INTACT)
    other = write(tmp_path / "elsewhere", metadata=metadata(element="password-policy"))

    found = check("unknown", tmp_path / "ours", other)

    assert [problem.what for problem in found.problems] == [
        "no policy in it has a filter or an action of c7n-mfa."
    ]


def test_a_run_that_judged_nobody_is_no_clean_bill(tmp_path):
    write(tmp_path, metadata=metadata(), resources=[])

    check_problem(
        tmp_path,
        "no account was judged.",
        "Look for a filter in front of signin-monitoring that drops the account.",
    )


def test_an_account_that_a_filter_in_front_dropped_is_no_clean_bill(tmp_path):
    audit(tmp_path, INTACT, judged=[], resources=[])

    check_problem(
        tmp_path,
        "no account was judged.",
        "Look for a filter in front of signin-monitoring that drops the account.",
    )


def test_a_failed_run_is_no_clean_bill_and_says_why(tmp_path):
    log = "Traceback (most recent call last):\n  File x\nValueError: no such thing\n - policy\n"
    write(tmp_path, metadata=metadata(metrics=("PolicyException",)), log=log)

    check_problem(
        tmp_path,
        "the policy run failed: ValueError: no such thing.",
        "Run the policy again.",
    )


AGAIN = ", then run the policy again."
TRY = "`aws sts get-caller-identity` says whether they work"


@pytest.mark.parametrize(
    ("last", "cause", "fix"),
    [
        (
            "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
            "there are no AWS credentials",
            f"Give them, by AWS_PROFILE for one; {TRY}",
        ),
        (
            "botocore.exceptions.ProfileNotFound: The config profile (typo) could not be found",
            "there is no AWS profile typo",
            "Name another; `aws configure list-profiles` lists those that there are",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (ExpiredToken) when calling the "
            "ListAccountAliases operation: The security token included in the request is expired",
            "the AWS credentials have expired",
            "Sign in again (`aws sso login`, or new keys)",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (InvalidClientTokenId) when "
            "calling the ListAccountAliases operation: The security token included in the request "
            "is invalid",
            "AWS does not accept the credentials",
            f"Give others; {TRY}",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the "
            "ListAccountAliases operation: User: arn:aws:iam::123456789012:user/a is not "
            "authorized to perform: iam:ListAccountAliases on resource: *",
            "iam:ListAccountAliases was denied",
            "Allow whoever runs custodian iam:ListAccountAliases",
        ),
        (
            "botocore.errorfactory.InvalidParameterValueException: An error occurred "
            "(InvalidParameterValueException) when calling the CreateFunction operation: The role "
            "defined for the function cannot be assumed by Lambda",
            "there is no role as the policy's mode names it, or Lambda may not assume it",
            "Make the role, and let lambda.amazonaws.com assume it (docs/permissions.md)",
        ),
        (
            "botocore.errorfactory.InvalidParameterValueException: An error occurred "
            "(InvalidParameterValueException) when calling the CreateFunction operation: The "
            "provided execution role does not have permissions to call SendMessage on SQS",
            "the function's role may not send to the dead-letter queue, or there is no such queue",
            "Make the queue, and allow the role sqs:SendMessage on it",
        ),
        (
            "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: "
            '"https://iam.amazonaws.com/"',
            "AWS could not be reached",
            "Look at the network, the proxy and AWS_ENDPOINT_URL",
        ),
    ],
)
def test_a_run_that_did_not_get_through_to_aws_names_the_cause_and_the_fix(
    tmp_path, last, cause, fix
):
    log = f"Traceback (most recent call last):\n  raise\n{last}\n"
    write(tmp_path, metadata=metadata(metrics=("PolicyException",)), log=log)

    check_problem(tmp_path, f"the policy run failed: {cause} ({last}).", fix + AGAIN)


def test_a_run_that_found_no_profile_is_cut_short_for_that(tmp_path):
    # Custodian writes no metadata.json then, and goes on to sum up.
    last = "botocore.exceptions.ProfileNotFound: The config profile (typo) could not be found"
    write(tmp_path, log=f"Traceback (most recent call last):\n  raise\n{last}\nerrors:\n - a\n")

    check_problem(
        tmp_path,
        f"the run was cut short: there is no AWS profile typo ({last}).",
        "Name another; `aws configure list-profiles` lists those that there are" + AGAIN,
    )


def test_the_trouble_of_an_earlier_run_in_the_same_log_is_not_this_ones(tmp_path):
    start = "Traceback (most recent call last):\n  raise\n"
    log = f"{start}NoCredentialsError: Unable to locate credentials\n{start}KeyError: 'a'\n"
    write(tmp_path, metadata=metadata(metrics=("PolicyException",)), log=log)

    check_problem(tmp_path, "the policy run failed: KeyError: 'a'.", "Run the policy again.")


def test_a_failed_run_does_not_pass_on_what_an_earlier_one_left(tmp_path):
    audit(tmp_path, INTACT, metadata=metadata(metrics=("PolicyException",)))

    found = check("unknown", tmp_path)

    assert found.accounts == ()


def test_an_action_that_failed_leaves_the_judgement_standing(tmp_path):
    audit(tmp_path, BROKEN, metadata=metadata(metrics=("ResourceCount", "PolicyException")))

    found = check("broken", tmp_path)

    assert [problem.what for problem in found.problems] == [
        "the policy run failed: custodian left no log of why."
    ]


def test_a_run_cut_short_is_no_clean_bill(tmp_path):
    write(tmp_path, log="starting\n")

    check_problem(
        tmp_path,
        "the run was cut short: custodian wrote no metadata.json.",
        "Run the policy again.",
    )


def test_a_deployed_function_has_judged_nothing_yet(tmp_path):
    write(tmp_path, metadata=metadata("daily", mode={"type": "periodic"}))

    check_problem(
        tmp_path,
        "the policy daily was deployed as a Lambda function and judged nothing yet.",
        "Its judgements are in the function's own log and output.",
    )


def test_a_function_deployed_beside_an_audit_changes_nothing(tmp_path):
    audit(tmp_path / "audit", INTACT)
    write(tmp_path / "daily", metadata=metadata("daily", mode={"type": "periodic"}))

    check("intact", tmp_path)


def test_a_directory_that_is_not_there(tmp_path):
    output = tmp_path / "absent"

    check_problem(
        output,
        "does not exist.",
        f"Fill it first: `custodian run -s {output} policies/audit/signin-monitoring-broken.yml`. "
        "Where custodian refuses a policy it writes nothing, and the last line that it prints says "
        "why.",
    )


def test_a_file_in_place_of_a_directory(tmp_path):
    output = tmp_path / "file"
    output.write_text("")

    check_problem(output, "is a file.", "Name the directory given to `custodian run -s`.")


def test_a_bucket_in_place_of_a_directory():
    found = check("unknown", "s3://bucket/output")

    assert found.problems == (
        Problem(
            "s3://bucket/output",
            "is a bucket.",
            "Copy it first with `aws s3 sync`, and name the copy.",
        ),
    )


def test_a_directory_that_custodian_did_not_write(tmp_path):
    (tmp_path / "notes.txt").write_text("")

    check_problem(
        tmp_path,
        "holds no output of custodian.",
        "Name the directory given to `custodian run -s`, or fill it: "
        f"`custodian run -s {tmp_path} policies/audit/signin-monitoring-broken.yml`.",
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[{"account_id": "1', "is not whole JSON: Unterminated string starting at line 1, "
         "column 17."),
        ("", "is not whole JSON: Expecting value at line 1, column 1."),
        ("[" * 100_000, "is nested too deeply to be custodian's output."),
        ("[" * 100 + "]" * 100, "is nested too deeply to be custodian's output."),
        ("[" + "1" * 5000 + "]", "holds a number too long to be custodian's output."),
        ('"text"', "is not what was expected: at the top, a list, not 'text'."),
        ("[3]", "is not what was expected: at [0], an object, not a number."),
        ('[{"account_id": "1"}]', 'is not what was expected: at [0]."c7n:signin-monitoring", '
         "an object, not null."),
        (
            json.dumps([BROKEN | {"account_id": 1}]),
            "is not what was expected: at [0].account_id, a text, not a number.",
        ),
        (
            json.dumps([judgement(verdict="fine")]),
            'is not what was expected: at [0]."c7n:signin-monitoring".verdict, '
            "one of intact, broken, unknown, not 'fine'.",
        ),
        (
            json.dumps([judgement(chain(intact_links(), covers=[None]))]),
            'is not what was expected: at [0]."c7n:signin-monitoring".chains[0].covers[0], '
            "a text, not null.",
        ),
    ],
)  # fmt: skip
def test_a_judgement_that_cannot_be_understood_is_no_clean_bill(tmp_path, text, what):
    audit(tmp_path, INTACT, judged=text)

    check_problem(tmp_path, what, "Run the policy again.", "signin-monitoring.json")


def test_metadata_that_cannot_be_understood_is_no_clean_bill(tmp_path):
    audit(tmp_path, INTACT, metadata={"policy": []})

    check_problem(
        tmp_path,
        "is not what was expected: at policy, an object, not a list.",
        "Run the policy again.",
        "metadata.json",
    )


def test_a_receipt_that_cannot_be_understood_leaves_the_judgement(tmp_path):
    repair(tmp_path, receipt(after="better"))

    found = check("broken", tmp_path)

    assert [problem.what for problem in found.problems] == [
        "is not what was expected: at [0].after, one of intact, broken, unknown, not 'better'."
    ]


def test_a_gzip_that_is_cut_off_is_a_problem(tmp_path):
    audit(tmp_path, INTACT)
    plain = tmp_path / "signin-monitoring.json"
    packed = plain.with_name(f"{plain.name}.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-20])
    plain.unlink()

    found = check("unknown", tmp_path)

    assert found.problems[0].place == str(packed)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_a_problem(tmp_path):
    audit(tmp_path, INTACT)
    (tmp_path / "signin-monitoring.json").chmod(0)

    check_problem(
        tmp_path,
        "cannot be read: Permission denied.",
        "Run the policy again.",
        "signin-monitoring.json",
    )


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.sampled_from(["intact", "broken", "unknown", "alarm", "done"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
_LINK = st.fixed_dictionaries(
    {"link": st.sampled_from(NAMES), "verdict": st.sampled_from(["intact", "broken", "unknown"])},
    optional={"reason": st.text() | st.none(), "detail": st.text(), "fix": st.text()}
    | {"evidence": st.dictionaries(st.text(), _JSON, max_size=2), "permission": st.text()}
    | {"resource": st.text() | st.text().map("arn:{}".format) | st.none()},
)
_SPOTS = st.lists(
    st.fixed_dictionaries({"family": st.text(), "grade": st.sampled_from(["observed", "possible"])})
)


def whole(links):
    """A chain that is as good as the worst of its links, as every chain in an annotation is."""
    verdicts = {each["verdict"] for each in links}
    return chain(links, verdict=next(v for v in ("broken", "unknown", "intact") if v in verdicts))


_CHAINS = st.lists(st.lists(_LINK, min_size=1, max_size=4).map(whole), max_size=3)
_STEP = st.fixed_dictionaries(
    {"step": st.text(), "result": st.text()},
    optional={"call": _JSON, "why": st.text(), "error": st.text() | st.none()},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=_JSON, judged=_JSON, resources=_JSON, receipts=_JSON)
def test_any_json_at_all_makes_a_report(tmp_path, metadata, judged, resources, receipts):
    write(tmp_path, metadata=metadata, judged=judged, resources=resources, receipts=receipts)

    check_renders(report_on([tmp_path]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chains=_CHAINS, spots=_SPOTS, steps=st.lists(_STEP, max_size=4))
def test_any_judgement_and_receipt_make_a_report(tmp_path, chains, spots, steps):
    judged = judgement(*chains, blind_spots=spots, advice=spots, verdict="broken")
    repair(tmp_path, receipt(*steps), judged=[judged])

    found = report_on([tmp_path])

    assert (len(found.accounts), found.problems) == (1, ())
    check_renders(found)


_METRIC_FILTER = st.fixed_dictionaries(
    {
        "filterName": st.text(),
        "logGroupName": st.text(),
        "filterPattern": st.text() | st.none(),
        "c7n:signin-coverage": st.fixed_dictionaries(
            {"states": st.lists(st.text() | st.sampled_from(["misses", "covers", "unknown"]))}
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.lists(_METRIC_FILTER, max_size=3))
def test_any_metric_filters_make_a_report(tmp_path, kept):
    write(tmp_path, metadata=metadata(element="signin-coverage"), resources=kept)

    check_renders(report_on([tmp_path]))


_RECEIPTS = st.lists(
    st.dictionaries(
        st.sampled_from(["result", "resource", "why", "error", "steps", "drills", "subject"])
        | st.sampled_from(["before", "after", "event_id"]),
        st.text() | st.just("failed") | st.lists(_STEP, max_size=2) | st.none(),
        max_size=4,
    ),
    max_size=2,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(receipts=_RECEIPTS | _JSON, kept=_JSON)
def test_whatever_other_policies_left_makes_a_report(tmp_path, receipts, kept):
    noted = metadata(element="signin-forwarding", actions=["set-signin-forwarding", "alert-signin"])
    write(tmp_path, metadata=noted, resources=[{"c7n:signin-forwarding": kept}])
    for name in ("setsigninforwarding", "alertsignin"):
        (tmp_path / f"action-{name}").write_text(json.dumps(receipts))

    check_renders(report_on([tmp_path]))


def check_renders(found):
    """All three formats hold it, and none of them can steer a terminal."""
    with open(os.devnull, "w", encoding="ascii") as nowhere:
        console_for(nowhere).print(tree.render(found))
    json.loads(json.dumps(as_dict(found)))
    text = markdown.render(found)
    assert text.encode()
    assert "\x1b" not in text
    assert found.verdict in ("intact", "broken", "unknown")
