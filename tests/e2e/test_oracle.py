# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is judged intact delivers, and what is judged broken does not: on the local AWS.

Every chain of the bench that the local AWS can hold is built there and lives in virtual time:
sign-ins of several people and Regions, far apart, once among little else and once among a lot.
Each has to bring a notification to the subscriber.

What the judgement and this world share, so that a mistake in it would go unnoticed here: the
matching of one event by one pattern (`c7n_mfa.pattern`), the records of the families of sign-ins,
and what a percentile or a trimmed mean makes of one period.
What they do not share: whether a pattern catches *every* sign-in (proved there, tried here), what
selectors of a trail let through, what an alarm does over time, what topics' policies, keys and
filter policies let through (the local AWS has its own evaluation of each).
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bench.alarms import ALARM_FAULTS
from bench.filters import FILTER_FAULTS, METRIC_FAULTS
from bench.topics import SUBSCRIPTION_FAULTS, TOPIC_FAULTS
from bench.trails import LOG_GROUP_FAULTS, TRAIL_FAULTS
from bench.working import INTACT
from c7n_mfa.audit.discover import discover
from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.metric_filter import relevant
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import REQUIREMENTS
from chains import ACCOUNT, REGION, changed, faults, good_snapshot, verdicts
from demo.alarm_state import EXTRA_PERIODS
from demo.evaluator import Evaluator
from demo.local_aws import LocalAws
from demo.signin import deliver
from held import Builder, why_not

FAULTS = TRAIL_FAULTS | LOG_GROUP_FAULTS | FILTER_FAULTS | METRIC_FAULTS | ALARM_FAULTS
FAULTS |= TOPIC_FAULTS | SUBSCRIPTION_FAULTS
CHANGES = INTACT | {name: changes for name, (changes, _) in FAULTS.items()}
JUDGED = {name: verdicts(changed(good_snapshot(), **changes)) for name, changes in CHANGES.items()}
DECIDED = [name for name, (verdict, _) in JUDGED.items() if verdict != "unknown"]
NOT_HELD = {
    "a trail's status does not say when it delivered": [
        "deliveries minutes ago",
        "a quiet trail that records no reads",
        "delivered to the bucket, and no longer to the log group",
        "delivery failing",
    ],
    "a metric filter has neither a field selection nor transformed logs": [
        "field selection that leaves nothing out",
        "field selection of another account",
        "field selection without this account",
        "field selection of another Region",
        "field selection without the log group's Region",
    ],
    "nothing is written to the log groups of no trail": [
        "a rare call on the same metric, in another log group",
        "a filter on everything in another log group, on the same metric",
    ],
    "AWS keeps no metric filter on another class of log group": [
        "infrequent access",
        "delivery class",
    ],
    "a metric filter does not emit system fields": ["system dimensions, and no alarm on them"],
    "an alarm on an expression is not kept": [
        "an expression that fills gaps with zero",
        "an alarm without action beside one that notifies",
        "an expression that fills gaps with one",
        "an expression that makes it too small",
    ],
    "an alarm has no evaluation window and no treatment of few samples": [
        "a wall clock window",
        "low samples ignored",
    ],
    "how a percentile interpolates is not documented": [
        "percentile among zeroes",
        "interquartile mean among zeroes",
    ],
    "the time since when an alarm is in its state cannot be set": [
        "in ALARM for an hour",
        "in ALARM for a week",
        "composite alarm in ALARM for a week",
    ],
    "a composite alarm has no suppressor": ["composite alarm that is suppressed"],
    "it has no mute rules": [
        "muted now",
        "muted every night",
        "muted next week",
        "composite alarm muted",
    ],
    "it has no keys that AWS manages": ["key of AWS by its ARN"],
    "the Regions of an account cannot be chosen": [
        "every Region asked for",
        "a single-Region trail in the only Region",
        "a Region without a trail",
    ],
}
HELD = [name for name in DECIDED if not why_not(changed(good_snapshot(), **CHANGES[name]))]
# In every run; the others only in the long one.
ALWAYS = {
    "nothing changed",
    "notified through a composite alarm",
    "a filter policy on the body that lets alarms through",
    "stopped",
    "diluted average",
    "missing data ignored",
    "policy without CloudWatch",
    "pending",
}


def not_seen(name):
    """Why the audit of the local AWS cannot find what it should, though it is there."""
    if "parents" in CHANGES[name]:
        return "DescribeAlarms does not understand ParentsOfAlarmName"
    return "a pending subscription is listed by its ARN" if name == "pending" else None


FAMILY = {family.name: family.witness for family in FAMILIES}
BOB = {**FAMILY["iam-user"], "awsRegion": "eu-west-1"}
BOB["userIdentity"] = {
    **BOB["userIdentity"],
    "userName": "bob",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/bob",
}
SIGN_INS = [FAMILY["iam-user"], FAMILY["root"], FAMILY["broker-role"], BOB]
EVERY_DAY = [FAMILY[n] for n in ("api-call", "check-mfa", "switch-role", "iam-user-mfa")]


class Listener:
    """An endpoint that is subscribed and does not confirm; it keeps what is posted to it."""

    def __init__(self):
        kinds = self.kinds = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                kinds.append(self.headers["x-amz-sns-message-type"])
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def listener():
    listener = Listener()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture(scope="module")
def world(local_aws):
    """A local AWS of its own, so that everything in it can be forgotten before each chain."""
    with LocalAws() as aws:
        yield World(aws)


class World:
    """One account, its clients, and its virtual time."""

    def __init__(self, aws):
        self.aws, self.session = aws, aws.session(ACCOUNT, REGION)
        self.clients = {}
        self.made = self.session.client
        self.session.client = self.client

    def client(self, service, region_name=None, **options):
        key = (service, region_name)
        if key not in self.clients:
            self.clients[key] = self.made(service, region_name=region_name, **options)
        return self.clients[key]

    def build(self, seen, endpoint):
        reset = urllib.request.Request(f"{self.aws.endpoint_url}/_ministack/reset", method="POST")
        urllib.request.urlopen(reset, timeout=10).close()
        self.builder = Builder(self.session, endpoint)
        self.builder.build(seen)
        self.evaluator = Evaluator(self.session)
        self.now = datetime.now(UTC).replace(second=0, microsecond=0)

    def audit(self):
        requirement = REQUIREMENTS["single-factor"]
        seen = discover(self.session, ACCOUNT, REGION, lambda f: relevant(f, requirement))
        judgement = judge(seen, requirement)
        return judgement.verdict, faults(judgement)

    def live(self, periods, period, records=(), busy=False):
        """Go on for some periods, with records in the first; whether an ALARM was heard of."""
        for number in range(periods):
            happened = self.happened(EVERY_DAY, period) if busy else []
            if number == 0:
                happened += [record | {"eventTime": self.now.isoformat()} for record in records]
            if happened:
                deliver(self.session, happened)
            self.evaluator.step(self.now)
            self.now += timedelta(seconds=period)
        return self.heard()

    def happened(self, records, period):
        """The records again and again, in the period that ends now."""
        times = [self.now - timedelta(seconds=part * period / 5) for part in range(5)]
        return [record | {"eventTime": at.isoformat()} for record in records for at in times]

    def heard(self):
        queue, heard = self.session.client("sqs"), False
        url = self.builder.inbox.url
        while messages := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                notification = json.loads(json.loads(message["Body"])["Message"])
                heard = heard or notification["NewStateValue"] == "ALARM"
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return heard

    def unheard(self, busy):
        """The sign-ins of which no notification has told."""
        alarms = self.session.client("cloudwatch").describe_alarms()["MetricAlarms"]
        period = max((alarm["Period"] for alarm in alarms), default=300)
        longest = max((alarm["EvaluationPeriods"] for alarm in alarms), default=1)
        window = longest + EXTRA_PERIODS + 1
        self.evaluator.refresh()
        self.live(window, period, busy=busy)
        unheard = []
        for signin in SIGN_INS:
            if not self.live(window, period, [signin], busy):
                unheard.append(signin["userIdentity"]["arn"])
            # Among little else there is something else, too.
            self.live(window, period, EVERY_DAY, busy)
        return unheard


CASES = [pytest.param(n, marks=() if n in ALWAYS else pytest.mark.long) for n in HELD]


@pytest.mark.local_aws
@pytest.mark.parametrize("name", CASES)
def test_intact_delivers_and_broken_does_not(world, listener, name):
    verdict, found = JUDGED[name]
    world.build(changed(good_snapshot(), **CHANGES[name]), listener.url)
    listener.kinds.clear()

    if not not_seen(name):
        assert world.audit() == (verdict, found)
    unheard = {kind: world.unheard(kind == "busy") for kind in ("quiet", "busy")}

    assert (unheard == {"quiet": [], "busy": []}) is (verdict == "intact"), unheard
    assert "Notification" not in listener.kinds


def test_what_the_local_aws_cannot_hold_is_left_out_for_a_reason():
    left_out = defaultdict(list)
    for name in DECIDED:
        if why := why_not(changed(good_snapshot(), **CHANGES[name])):
            left_out[why].append(name)

    assert left_out == NOT_HELD


def test_enough_is_tried_in_every_run():
    assert {*HELD} >= ALWAYS
    assert {JUDGED[name][0] for name in ALWAYS} == {"intact", "broken"}
