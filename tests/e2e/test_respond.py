# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The shipped policies, deployed by custodian as they are, and a sign-in that arrives.

The local AWS enforces IAM, runs the functions in an environment that has only boto3, and takes an
event of `aws.signin` from nobody but what stands for CloudTrail (`demo/response.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from c7n_mfa.signin.events import envelope
from demo.account import Inbox, seed_inbox
from demo.local_aws import LocalAws
from demo.response import (
    DEAD_LETTERS,
    entry,
    seed_person,
    seed_response,
    sign_in,
    write_release,
)
from deployed import opened
from longrun import long_but_one
from signin.records import RECORDS

pytestmark = pytest.mark.local_aws

RESPOND = Path(__file__).parents[2] / "policies" / "respond"
TELLS = "signin-single-factor"
CONTAINS = "signin-single-factor-contain"
TOPIC = "SignInWithoutMfaAlarmSNSTopic"


class Account:
    """An account with a topic, a queue behind it and a user, and what is run in it."""

    def __init__(self, aws: LocalAws, number: str, folder: Path) -> None:
        self.number, self.env, self.folder = number, aws.env(number), folder
        self.session = aws.session(number)
        self.inbox: Inbox = seed_inbox(self.session)
        self.sqs = self.session.client("sqs")
        self.subscribe()
        seed_response(self.session)
        self.alice = seed_person(self.session, aws.endpoint_url)

    def run(self, name: str | Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a shipped policy by its name, or any by its file."""
        custodian = Path(sys.executable).with_name("custodian")
        policy = name if isinstance(name, Path) else RESPOND / f"{name}.yml"
        return subprocess.run(
            [custodian, "run", *options, "-s", self.folder / "out", policy],
            env=self.env,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=120,
        )

    def subscribe(self) -> None:
        """The topic, with the queue behind it."""
        sns = self.session.client("sns")
        self.topic = sns.create_topic(Name=TOPIC)["TopicArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.inbox.arn)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of c7n-mfa."""
        return subprocess.run(
            [sys.executable, "-m", "c7n_mfa", *words],
            env=self.env | {"PYTHONPATH": str(RESPOND.parents[1])},
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=120,
        )

    def deploy(self, *names: str) -> None:
        for name in names:
            done = self.run(name)
            assert done.returncode == 0, done.stderr

    def deliver(self, *records: dict) -> None:
        self.session.client("events").put_events(Entries=[entry(each) for each in records])

    def messages(self, count: int, quiet: float = 0.0, wait: float = 60.0) -> list[dict]:
        """So many messages, and whatever comes for so many quiet seconds after them."""
        found: list[dict] = []
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            answer = self.sqs.receive_message(QueueUrl=self.inbox.url, WaitTimeSeconds=1)
            for message in answer.get("Messages", ()):
                found.append(opened(json.loads(message["Body"])))
                self.sqs.delete_message(
                    QueueUrl=self.inbox.url, ReceiptHandle=message["ReceiptHandle"]
                )
            if len(found) >= count:
                deadline = min(deadline, time.monotonic() + quiet)
        return found


@pytest.fixture
def here(enforcing_aws: LocalAws, account: str, tmp_path: Path) -> Account:
    return Account(enforcing_aws, account, tmp_path)


def policies_of(here: Account) -> list[str]:
    iam = here.session.client("iam")
    return sorted(iam.list_user_policies(UserName="alice")["PolicyNames"])


@pytest.mark.long
def test_a_sign_in_is_investigated_and_told_and_nothing_is_changed(here):
    here.deploy(TELLS)
    session = here.alice.console_session()

    here.deliver(sign_in(here.alice))

    (message,) = here.messages(1)
    assert message["Subject"].endswith(f"alice signed in without MFA ({here.number})")
    assert "What was found\n- Related alerts, 48 h:" in message["Message"]
    assert policies_of(here) == ["everything"]
    assert here.alice.refusal(session) is None


def test_a_user_is_contained_told_of_and_released(here):
    here.deploy(CONTAINS)
    session = here.alice.console_session()
    assert here.alice.refusal(session) is None

    here.deliver(sign_in(here.alice))

    (message,) = here.messages(1)
    assert "alice signed in without MFA, contained (" in message["Subject"]
    assert "- revoke-sessions: done." in message["Message"]
    assert "- require-mfa: done." in message["Message"]
    assert here.alice.refusal(session) is not None
    # Scripts that use the access key go on.
    assert here.alice.refusal(here.alice.key) is None

    unnamed = here.run("signin-user-release", "--cache-period=0")
    write_release("policies/respond/signin-user-release.yml", here.folder / "it.yml", "alice")
    released = here.run(here.folder / "it.yml", "--cache-period=0")

    assert unnamed.returncode != 0
    assert released.returncode == 0, released.stderr
    assert here.alice.refusal(session) is not None
    time.sleep(2)
    assert here.alice.refusal(here.alice.console_session()) is None
    assert policies_of(here) == ["c7n-mfa-revoke-sessions", "everything"]


@pytest.mark.long
def test_ten_deliveries_at_once_are_one_message_and_one_containment(here):
    here.deploy(CONTAINS)
    record = sign_in(here.alice)

    here.deliver(*[record] * 10)

    messages = here.messages(1, quiet=10)
    assert len(messages) == 1
    assert policies_of(here) == ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions", "everything"]


@pytest.mark.long
def test_of_twenty_users_at_once_five_are_contained_and_all_are_told_of(here, enforcing_aws):
    here.deploy(CONTAINS)
    # All at once: AWS queues what reserved concurrency does not take, and the local AWS drops it.
    functions = here.session.client("lambda")
    functions.delete_function_concurrency(FunctionName=f"custodian-{CONTAINS}")
    people = [
        seed_person(here.session, enforcing_aws.endpoint_url, f"user-{number:02}")
        for number in range(20)
    ]
    sessions = {person.name: person.console_session() for person in people}

    for start in range(0, len(people), 10):  # PutEvents takes ten
        here.deliver(*(sign_in(person) for person in people[start : start + 10]))

    messages = here.messages(20, wait=300)
    refused = [person.name for person in people if person.refusal(sessions[person.name])]
    told = sorted(message["Subject"].split(" signed in ")[0] for message in messages)
    assert len(refused) == 5
    assert told == sorted(
        [*refused, *(f"[CRITICAL] {p.name}" for p in people if p.name not in refused)]
    )


@pytest.mark.long
def test_a_renamed_user_is_contained_and_whoever_has_the_name_now_works_on(here, enforcing_aws):
    here.deploy(CONTAINS)
    session = here.alice.console_session()
    here.session.client("iam").update_user(UserName="alice", NewUserName="bob")
    other = seed_person(here.session, enforcing_aws.endpoint_url)
    others_session = other.console_session()

    here.deliver(sign_in(here.alice))

    (message,) = here.messages(1)
    assert "; who signed in as alice is called bob now" in message["Message"]
    assert here.alice.refusal(session) is not None
    assert other.refusal(others_session) is None


@pytest.mark.long
def test_a_user_made_again_works_on_and_is_told_of(here, enforcing_aws):
    here.deploy(CONTAINS)
    iam = here.session.client("iam")
    (key,) = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="alice", PolicyName="everything")
    iam.delete_user(UserName="alice")
    other = seed_person(here.session, enforcing_aws.endpoint_url)
    session = other.console_session()

    here.deliver(sign_in(here.alice))

    (message,) = here.messages(1)
    assert message["Subject"].startswith("alice signed in without MFA, NOT contained (")
    assert f"who has the name now is another user ({other.id})" in message["Message"]
    assert other.refusal(session) is None


@pytest.mark.long
def test_tags_of_the_future_spare_nobody_and_lock_nobody_out(here):
    here.deploy(CONTAINS)
    session = here.alice.console_session()
    later = {"c7n-mfa-released": "2099-01-01T00:00:00Z", "c7n-mfa-event": "x 2099-01-01T00:00:00Z"}
    here.session.client("iam").tag_user(
        UserName="alice", Tags=[{"Key": key, "Value": value} for key, value in later.items()]
    )

    here.deliver(sign_in(here.alice))

    (message,) = here.messages(1)
    assert message["Message"].count("it counts as absent, and somebody else wrote it") == 3
    assert here.alice.refusal(session) is not None
    write_release("policies/respond/signin-user-release.yml", here.folder / "it.yml", "alice")
    assert here.run(here.folder / "it.yml", "--cache-period=0").returncode == 0
    time.sleep(2)
    assert here.alice.refusal(here.alice.console_session()) is None


@pytest.mark.long
def test_what_is_no_single_factor_sign_in_is_not_told(here):
    here.deploy(TELLS)
    kinds = ("mfa", "saml", "identity-center", "failure")
    others = [next(each.record for each in RECORDS if each.kind == kind) for kind in kinds]

    here.deliver(*others, sign_in(here.alice))

    (message,) = here.messages(1, quiet=5)
    assert "alice signed in without MFA" in message["Subject"]


@pytest.mark.long
def test_a_missing_topic_is_told_at_deploy(here):
    here.session.client("sns").delete_topic(TopicArn=here.topic)

    refused = here.run(TELLS)

    assert refused.returncode != 0
    assert (
        f"policy:{TELLS} alert-signin topic: {here.topic} does not exist; create it and subscribe "
        "to it first"
    ) in refused.stderr
    functions = here.session.client("lambda").list_functions()["Functions"]
    assert functions == []


def test_a_dry_run_keeps_nothing_and_says_so(here):
    dry = here.run(TELLS, "--dryrun")

    assert dry.returncode == 0, dry.stderr
    assert f"policy:{TELLS} signin matches nothing: it runs without an event" in dry.stderr


@pytest.mark.long
def test_the_function_is_as_the_file_says(here):
    here.deploy(TELLS)

    found = here.session.client("lambda").get_function(FunctionName=f"custodian-{TELLS}")
    configuration = found["Configuration"]
    assert configuration["Handler"] == "c7n_mfa.handler.run"
    assert (configuration["MemorySize"], configuration["Timeout"]) == (1024, 600)
    assert configuration["DeadLetterConfig"]["TargetArn"].endswith(f":{DEAD_LETTERS}")
    assert configuration["Environment"]["Variables"]["C7N_SKIP_ERR_EVENT"] == "no"


@pytest.mark.long
def test_a_message_that_cannot_be_sent_makes_the_function_fail(here):
    here.deploy(CONTAINS)
    here.session.client("sns").delete_topic(TopicArn=here.topic)

    answer = here.session.client("lambda").invoke(
        FunctionName=f"custodian-{CONTAINS}",
        Payload=json.dumps(envelope(sign_in(here.alice), "us-east-1", here.number)).encode(),
    )

    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"]
    assert "nobody is notified: sns:Publish" in error["errorMessage"]
    # Everything else was done.
    assert "c7n-mfa-require-mfa" in policies_of(here)


def forgeries(here: Account) -> dict[str, dict]:
    """What somebody with `lambda:InvokeFunction` might send: alice's sign-in, and one lie each."""
    true = envelope(sign_in(here.alice), "us-east-1", here.number)
    lies = {
        "source": {"source": "demo.signin"},
        "account": {"account": "210987654321"},
        "recipient": {"detail": {**true["detail"], "recipientAccountId": "210987654321"}},
        "id": {"detail": {**true["detail"], "eventID": None}},
        "time": {"detail": {**true["detail"], "eventTime": None}},
    }
    return {
        "record alone": {"detail": true["detail"]},
        **{name: {**true, **lie} for name, lie in lies.items()},
    }


@pytest.mark.long
def test_a_forged_event_contains_nobody_and_alerts_nobody(here):
    here.deploy(CONTAINS, TELLS)
    events, functions = here.session.client("events"), here.session.client("lambda")
    true = entry(sign_in(here.alice))
    del true["TraceHeader"]

    # Through the rule: of any source but AWS's, and of AWS's own, which it refuses.
    answer = events.put_events(
        Entries=[{**true, "Source": s} for s in ("demo.signin", "AWS.signin", "aws.signin")]
    )
    assert [each.get("ErrorCode") for each in answer["Entries"]] == [
        *(None, None, "NotAuthorizedForSourceException")
    ]
    # And straight into the functions.
    for name in (CONTAINS, TELLS):
        for lie, event in forgeries(here).items():
            answer = functions.invoke(
                FunctionName=f"custodian-{name}", Payload=json.dumps(event).encode()
            )
            assert (lie, json.loads(answer["Payload"].read())) == (lie, False)

    assert here.messages(1, wait=5) == []
    assert policies_of(here) == ["everything"]
    # The same, from AWS.
    here.deliver(sign_in(here.alice))
    assert len(here.messages(2)) == 2
    assert policies_of(here) == ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions", "everything"]


@pytest.mark.long
def test_a_dead_letter_is_handed_over_once_the_fault_is_mended(here):
    here.deploy(CONTAINS)
    here.session.client("sns").delete_topic(TopicArn=here.topic)
    queue = here.sqs.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
    event = envelope(sign_in(here.alice), "us-east-1", here.number)

    # As EventBridge does; Lambda tries it three times.
    here.session.client("lambda").invoke(
        FunctionName=f"custodian-{CONTAINS}", InvocationType="Event", Payload=json.dumps(event)
    )
    assert waiting(here, queue, 1)
    here.subscribe()
    done = here.command("redrive", DEAD_LETTERS, "--function", f"custodian-{CONTAINS}")

    event_id = event["detail"]["eventID"]
    assert (done.returncode, done.stdout) == (0, f"event {event_id}: handed over\n"), done.stderr
    (message,) = here.messages(1)
    assert event_id in message["Message"]
    assert waiting(here, queue, 0)


@pytest.mark.long
def test_the_rule_of_a_function_names_the_queue_and_keeps_it(here):
    here.deploy(TELLS, "signin-forwarding-repair")
    events = here.session.client("events")

    named = events.list_targets_by_rule(Rule=f"custodian-{TELLS}")["Targets"]
    here.deploy(TELLS)

    (target,) = named
    arn = f"arn:aws:sqs:us-east-1:{here.number}:{DEAD_LETTERS}"
    assert target["DeadLetterConfig"] == {"Arn": arn}
    assert events.list_targets_by_rule(Rule=f"custodian-{TELLS}")["Targets"] == named
    (alarm,) = here.session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["AlarmActions"]) == (DEAD_LETTERS, [here.topic])


def waiting(here: Account, queue: str, count: int) -> bool:
    """Whether so many messages wait in the queue, within a minute."""
    name = "ApproximateNumberOfMessages"
    for _ in range(60):
        ask = {"QueueUrl": queue, "AttributeNames": [name]}
        if here.sqs.get_queue_attributes(**ask)["Attributes"][name] == str(count):
            return True
        time.sleep(1)
    return False


@pytest.mark.parametrize(
    "nonsense", long_but_one([b"[]", b'"x"', b"7", b'{"detail": []}', b'{"detail": {}}'])
)
def test_nonsense_is_no_sign_in(here, nonsense):
    here.deploy(CONTAINS)

    answer = here.session.client("lambda").invoke(
        FunctionName=f"custodian-{CONTAINS}", Payload=nonsense
    )

    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) is False
