# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The local AWS itself: what the demo and the end-to-end tests take for granted."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from demo.account import LOG_GROUP, seed_inbox, seed_trail
from demo.local_aws import LocalAws, LocalAwsError, local_aws_python, why_unavailable
from served import Served

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[2]


def test_a_session_is_in_the_account_of_its_key(session, account):
    assert session.client("sts").get_caller_identity()["Account"] == account


def test_accounts_do_not_see_each_other(local_aws, session, account):
    session.client("sns").create_topic(Name="mine")

    other = local_aws.session("222299999999")
    assert other.client("sns").list_topics()["Topics"] == []


def test_a_session_ignores_the_profile_of_whoever_runs_it(local_aws, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")

    identity = local_aws.session().client("sts").get_caller_identity()

    assert identity["Account"] == "123456789012"


def test_the_environment_carries_nothing_of_the_users_aws(local_aws, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")

    env = local_aws.env("210987654321", "eu-west-1")

    assert {key: value for key, value in env.items() if key.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": local_aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "210987654321",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def test_a_seeded_trail_delivers_every_regions_management_events_into_the_log_group(
    session, account
):
    arn = seed_trail(session)

    trails = session.client("cloudtrail")
    (trail,) = trails.describe_trails()["trailList"]
    selectors = trails.get_event_selectors(TrailName=arn)["EventSelectors"]
    assert trail["TrailARN"] == arn
    assert trail["IsMultiRegionTrail"] is True
    assert trail["CloudWatchLogsLogGroupArn"] == (
        f"arn:aws:logs:us-east-1:{account}:log-group:{LOG_GROUP}:*"
    )
    assert trails.get_trail_status(Name=arn)["IsLogging"] is True
    assert [(each["ReadWriteType"], each["IncludeManagementEvents"]) for each in selectors] == [
        ("All", True)
    ]


def test_a_seeded_account_has_nothing_behind_its_log_group(session):
    seed_trail(session)

    filters = session.client("logs").describe_metric_filters(logGroupName=LOG_GROUP)
    alarms = session.client("cloudwatch").describe_alarms()
    assert filters["metricFilters"] == []
    assert alarms["MetricAlarms"] == []
    assert session.client("sns").list_topics()["Topics"] == []


def test_an_alarm_set_off_by_hand_reaches_the_inbox(session):
    inbox = seed_inbox(session)
    topic = session.client("sns").create_topic(Name="alarms")["TopicArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    cloudwatch = session.client("cloudwatch")
    put_alarm(cloudwatch, "an-alarm", topic)

    cloudwatch.set_alarm_state(AlarmName="an-alarm", StateValue="ALARM", StateReason="a test")

    queues = session.client("sqs")
    (message,) = queues.receive_message(QueueUrl=inbox.url, WaitTimeSeconds=5)["Messages"]
    notification = json.loads(json.loads(message["Body"])["Message"])
    assert (notification["AlarmName"], notification["NewStateReason"]) == ("an-alarm", "a test")


def test_a_topic_that_does_not_let_cloudwatch_publish_gets_no_notification(session, account):
    inbox = seed_inbox(session)
    topics = session.client("sns")
    topic = topics.create_topic(Name="alarms")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{account}:alarm:other"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    topics.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    cloudwatch = session.client("cloudwatch")
    for name in ("an-alarm", "other"):
        put_alarm(cloudwatch, name, topic)
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")

    messages = session.client("sqs").receive_message(QueueUrl=inbox.url, MaxNumberOfMessages=10)

    assert [
        json.loads(json.loads(message["Body"])["Message"])["AlarmName"]
        for message in messages["Messages"]
    ] == ["other"]


def put_alarm(cloudwatch, name, topic):
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Example",
        MetricName="Count",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )


def test_started_by_hand_it_notifies_of_what_arrives_in_a_log_group(local_aws):
    with Served("demo.local_aws") as served:
        session = session_of(served.exports)
        seed_trail(session)
        inbox = seed_inbox(session)
        topic = session.client("sns").create_topic(Name="alarms")["TopicArn"]
        session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
        session.client("logs").put_metric_filter(
            logGroupName=LOG_GROUP,
            filterName="SignIns",
            filterPattern='{ $.additionalEventData.MFAUsed = "No" }',
            metricTransformations=[
                {"metricNamespace": "Example", "metricName": "Count", "metricValue": "1"}
            ],
        )
        put_alarm(session.client("cloudwatch"), "an-alarm", topic)

        with_mfa = served.sign_in("--mfa")
        without = served.sign_in("--user", "bob")
        answer = session.client("sqs").receive_message(QueueUrl=inbox.url, WaitTimeSeconds=10)
        status, printed = served.interrupt()

    assert with_mfa == f"alice signs in with MFA: recorded in {LOG_GROUP}.\n"
    assert without == f"bob signs in without MFA: recorded in {LOG_GROUP}.\n"
    (message,) = answer["Messages"]
    notification = json.loads(json.loads(message["Body"])["Message"])
    assert (notification["AlarmName"], notification["NewStateValue"]) == ("an-alarm", "ALARM")
    assert status == 0
    assert [line.split(" ", 1)[1] for line in printed.splitlines() if line[2:3] == ":"] == [
        "metric filter SignIns matches: Example/Count 1",
        "alarm an-alarm goes from INSUFFICIENT_DATA to ALARM",
    ]


def session_of(exports):
    session = boto3.Session(
        exports["AWS_ACCESS_KEY_ID"],
        exports["AWS_SECRET_ACCESS_KEY"],
        region_name=exports["AWS_DEFAULT_REGION"],
    )
    client = session.client
    session.client = functools.partial(client, endpoint_url=exports["AWS_ENDPOINT_URL"])
    return session


def test_an_inbox_takes_messages_from_topics_of_its_account_only(session, account):
    inbox = seed_inbox(session)

    answer = session.client("sqs").get_queue_attributes(
        QueueUrl=inbox.url, AttributeNames=["Policy"]
    )
    (statement,) = json.loads(answer["Attributes"]["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{account}:*"}}


def test_after_a_failure_nothing_is_left_running_or_on_the_disk(local_aws):
    seen = []

    def fail():
        with LocalAws() as aws:
            seen.extend((aws.endpoint_url, Path(aws.env()["HOME"])))
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    endpoint, home = seen
    assert not home.exists()
    assert not _answers(endpoint)


def test_a_parent_killed_outright_takes_the_server_with_it(local_aws):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from demo.local_aws import LocalAws\n"
            "aws = LocalAws(); aws.start()\n"
            "print(aws.endpoint_url, aws.env()['HOME'], flush=True); time.sleep(60)",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        endpoint, home = parent.stdout.readline().rstrip("\n").split(" ", 1)
        assert _answers(endpoint)
        parent.send_signal(signal.SIGKILL)

    assert _within(60.0, lambda: not _answers(endpoint))
    assert _within(60.0, lambda: not Path(home).exists())


def test_a_missing_environment_is_a_sentence_with_the_command_that_makes_it(tmp_path):
    python = tmp_path / "python"

    with pytest.raises(LocalAwsError) as caught:
        LocalAws(python).start()

    assert str(caught.value) == (
        f"The local AWS has no environment yet: there is no {python}. Run `make setup`, "
        "or name the interpreter that has ministack in C7N_MFA_LOCAL_AWS_PYTHON."
    )


def test_an_environment_without_the_server_is_a_sentence_with_the_reason(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"No module named 'ministack'\" >&2\nexit 1\n")
    python.chmod(0o755)

    assert why_unavailable(python) == (
        f"{python} cannot run the local AWS: No module named 'ministack'. Run `make setup`."
    )


def test_a_file_that_is_no_program_is_a_sentence(tmp_path):
    python = tmp_path / "python"
    python.write_text("no program")

    assert why_unavailable(python) == f"{python} does not run: Permission denied. Run `make setup`."


def test_a_server_that_ends_at_once_is_a_sentence_with_its_last_words(tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$2" = -c ] && exit 0\necho out of luck\nexit 1\n')
    python.chmod(0o755)
    aws = LocalAws(python)

    with pytest.raises(LocalAwsError) as caught:
        aws.start()

    assert str(caught.value) == (
        f"The local AWS did not start on 127.0.0.1:{aws.port}: out of luck. "
        "Run `make setup` to build its environment anew."
    )


def test_a_variable_names_the_interpreter(monkeypatch):
    monkeypatch.setenv("C7N_MFA_LOCAL_AWS_PYTHON", "/opt/local-aws/bin/python")

    assert local_aws_python() == Path("/opt/local-aws/bin/python")


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False
