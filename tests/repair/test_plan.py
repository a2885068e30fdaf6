# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The plan, from values to values; what it would do is tried in imagination."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from c7n_mfa.audit.judge import judge
from c7n_mfa.audit.values import Alarm, LogGroup, MetricFilter, Snapshot, Subscription, Topic
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import Step
from c7n_mfa.proof.requirements import REQUIREMENTS
from c7n_mfa.repair.plan import make_plan
from c7n_mfa.repair.target import choose_target
from c7n_mfa.repair.values import Existing, ExistingDelivery, RepairOptions, filter_key
from chains import (
    ACCOUNT,
    ALARM,
    CIS,
    CIS_SSO,
    GROUP,
    KEY,
    METRIC,
    OTHER,
    REGION,
    SINGLE_FACTOR,
    TOPIC,
    a_filter,
    a_subscription,
    a_topic,
    an_alarm,
    changed,
    denied,
    document,
    good_snapshot,
    owner_policy,
    statement,
)

MAIL = ("email", "user@example.com")
QUEUE = ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:security")
OPTIONS = RepairOptions("single-factor", subscriptions=(QUEUE,))
OUR_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:SignInWithoutMfaAlarmSNSTopic"
OUR_ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:ConsoleSignInWithoutMfaAlarm"
NOISY = '{ ($.eventName = "ConsoleLogin") || ($.additionalEventData.MFAUsed != "Yes") }'


class Imagination:
    """An account in which steps are done at once, and only those that the plan can make."""

    def __init__(self, seen: Snapshot, created: tuple[str, ...] = ()) -> None:
        self.seen = seen
        self.created = set(created)
        self.others: dict[str, Alarm] = {}
        self.records: set[str] = set()
        self.kind = "plain"
        self.as_put: dict = {}
        self.delivery: ExistingDelivery | None = None

    def plan(self, options: RepairOptions = OPTIONS) -> tuple[Step, ...]:
        judgement = self.judge(options)
        base = choose_target(judgement, options, self.seen)
        existing = self.look(base.topic_arn, options) if base else Existing()
        return make_plan(judgement, self.seen, existing, options)

    def judge(self, options: RepairOptions = OPTIONS):
        return judge(self.seen, REQUIREMENTS[options.requirement], options.strict)

    def look(self, topic_arn: str, options: RepairOptions) -> Existing:
        alarm = self.alarm_named(options.alarm_name)
        return Existing(
            topic=self.seen.topics.get(topic_arn),
            subscriptions=self.seen.subscriptions.get(topic_arn, ()),
            alarm=alarm,
            alarm_created=alarm is not None and alarm.name in self.created,
            alarm_as_put=self.put_as(alarm) if alarm else None,
            alarm_kind=self.kind,
            delivery=self.delivery,
        )

    def put_as(self, alarm: Alarm) -> dict:
        return {"AlarmName": alarm.name, "AlarmActions": [*alarm.actions], **self.as_put}

    def alarm_named(self, name: str) -> Alarm | None:
        lists = [alarms for alarms in self.seen.alarms.values() if isinstance(alarms, tuple)]
        seen = [alarm for alarms in lists for alarm in alarms]
        return next((a for a in (*seen, *self.others.values()) if a.name == name), None)

    def do(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.is_write:
                getattr(self, step.call.operation)(step.call.parameters)

    def tag_resource(self, given) -> None:
        tags = given.get("tags") or {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        self.records |= set(tags)

    def create_topic(self, given) -> None:
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{given['Name']}"
        assert arn not in self.seen.topics
        self.seen.topics[arn] = Topic(arn, owner_policy(arn))
        self.seen.subscriptions[arn] = ()

    def set_topic_attributes(self, given) -> None:
        assert given["AttributeName"] == "Policy"
        topic = self.seen.topics[given["TopicArn"]]
        policy = json.loads(given["AttributeValue"])
        self.seen.topics[topic.arn] = replace(topic, policy=policy)

    def subscribe(self, given) -> None:
        waits = given["Protocol"] == "email"
        arn = "PendingConfirmation" if waits else given["TopicArn"] + ":new"
        made = Subscription(arn, given["Protocol"], given["Endpoint"])
        topic = given["TopicArn"]
        self.seen.subscriptions[topic] = (*self.seen.subscriptions[topic], made)

    def put_metric_filter(self, given) -> None:
        (transformation,) = given["metricTransformations"]
        made = MetricFilter(
            given["filterName"],
            GROUP,
            given["filterPattern"],
            transformation["metricNamespace"],
            transformation["metricName"],
            transformation["metricValue"],
        )
        assert made.name not in [f.name for f in self.seen.filters[GROUP]]
        self.seen.filters[GROUP] = (*self.seen.filters[GROUP], made)

    def put_metric_alarm(self, given) -> None:
        made = an_alarm(
            arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{given['AlarmName']}",
            name=given["AlarmName"],
            namespace=given["Namespace"],
            metric=given["MetricName"],
            statistic=given["Statistic"],
            threshold=given["Threshold"],
            comparison=given["ComparisonOperator"],
            period=given["Period"],
            evaluation_periods=given["EvaluationPeriods"],
            datapoints_to_alarm=given["EvaluationPeriods"],
            missing=given["TreatMissingData"],
            actions_enabled=given["ActionsEnabled"],
            actions=tuple(given["AlarmActions"]),
        )
        for key, alarms in self.seen.alarms.items():
            self.seen.alarms[key] = tuple(a for a in alarms if a.name != made.name)
        key = replace(METRIC, namespace=made.namespace, metric=made.metric)
        self.seen.alarms[key] = (*self.seen.alarms.get(key, ()), made)
        self.created.add(made.name)


def imagined(*, created: tuple[str, ...] = (), **changes) -> Imagination:
    return Imagination(changed(good_snapshot(), **changes), created)


def bare() -> Imagination:
    """A trail into a log group, and nothing else."""
    return Imagination(
        replace(good_snapshot(), filters={GROUP: ()}, alarms={}, topics={}, subscriptions={})
    )


def told(steps) -> list[tuple[str, str]]:
    return [(step.step, step.result) for step in steps]


def check_repaired(account: Imagination, options: RepairOptions = OPTIONS) -> None:
    """The plan, done, leaves an intact account and nothing more to do."""
    account.do(account.plan(options))

    assert account.judge(options).verdict == "intact"
    assert account.plan(options) == ()


def check_refused(account: Imagination, options: RepairOptions = OPTIONS) -> str:
    """The plan is one refusal and no write; why."""
    (step,) = account.plan(options)
    assert step.result == "skipped"
    assert (step.call, step.undo, step.error) == (None, (), None)
    return step.why


# Nothing to do


def test_an_intact_account_has_an_empty_plan():
    assert imagined().plan() == ()


def test_an_intact_account_is_left_alone_whatever_is_asked_for():
    options = RepairOptions(
        "single-factor", topic="Another", topic_given=True, subscriptions=(MAIL,)
    )

    assert imagined().plan(options) == ()


# From nothing


def test_everything_is_built_over_a_bare_log_group():
    account = bare()

    steps = account.plan()

    assert told(steps) == [
        ("topic", "planned"),
        ("topic-policy", "planned"),
        ("subscription", "planned"),
        ("record", "planned"),
        ("metric-filter", "planned"),
        ("alarm", "planned"),
    ]
    check_repaired(account)


def test_the_calls_over_a_bare_log_group():
    topic, policy, subscription, record, metric_filter, alarm = bare().plan(
        replace(OPTIONS, tags={"team": "security"})
    )

    tags = [{"Key": "c7n-mfa", "Value": "signin-monitoring"}, {"Key": "team", "Value": "security"}]
    assert topic.to_dict() == {
        "step": "topic",
        "result": "planned",
        "resource": OUR_TOPIC,
        "why": "no topic carries the alarm's notifications",
        "call": {
            "service": "sns",
            "region": REGION,
            "operation": "create_topic",
            "parameters": {
                "Name": "SignInWithoutMfaAlarmSNSTopic",
                "Tags": [
                    tags[0],
                    {"Key": "c7n-mfa-subscription-f452261bf3ad0fb1", "Value": "signin-monitoring"},
                    tags[1],
                ],
            },
        },
        "before": None,
        "after": None,
        "undo": [
            {
                "service": "sns",
                "region": REGION,
                "operation": "delete_topic",
                "parameters": {"TopicArn": OUR_TOPIC},
            }
        ],
        "error": None,
    }
    assert json.loads(policy.call.parameters["AttributeValue"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "C7nMfaCloudWatchAlarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": OUR_TOPIC,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"},
                },
            }
        ],
    }
    assert subscription.call.parameters == {
        "TopicArn": OUR_TOPIC,
        "Protocol": QUEUE[0],
        "Endpoint": QUEUE[1],
        "ReturnSubscriptionArn": True,
    }
    assert record.call.parameters == {
        "resourceArn": GROUP.removesuffix(":*"),
        "tags": {filter_key(GROUP, "ConsoleSignInWithoutMfa"): "signin-monitoring"},
    }
    assert metric_filter.call.parameters == {
        "logGroupName": "CloudTrail/Logs",
        "filterName": "ConsoleSignInWithoutMfa",
        "filterPattern": SINGLE_FACTOR,
        "metricTransformations": [
            {
                "metricName": "ConsoleSignInWithoutMfaCount",
                "metricNamespace": "CloudTrailMetrics",
                "metricValue": "1",
            }
        ],
    }
    assert alarm.call.parameters == {
        "AlarmName": "ConsoleSignInWithoutMfaAlarm",
        "AlarmDescription": "Triggered by sign-in requests made without MFA.",
        "MetricName": "ConsoleSignInWithoutMfaCount",
        "Namespace": "CloudTrailMetrics",
        "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 1,
        "Period": 300,
        "Threshold": 1.0,
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [OUR_TOPIC],
        "Tags": tags,
    }


@pytest.mark.parametrize("strict", [False, True], ids=["observed", "strict"])
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_built_over_a_bare_log_group(name, strict):
    check_repaired(bare(), RepairOptions(name, strict=strict, subscriptions=(QUEUE,)))


def test_the_names_of_the_wish_are_used():
    account = bare()
    options = replace(
        OPTIONS,
        topic="Told",
        topic_given=True,
        filter_name="f",
        metric_name="m",
        namespace="n",
        alarm_name="a",
        kms_key=KEY,
    )

    topic, _, _, _, metric_filter, alarm = account.plan(options)

    assert topic.call.parameters["Name"] == "Told"
    assert topic.call.parameters["Attributes"] == {"KmsMasterKeyId": KEY}
    assert metric_filter.call.parameters["filterName"] == "f"
    assert alarm.call.parameters["AlarmName"] == "a"
    assert (alarm.call.parameters["Namespace"], alarm.call.parameters["MetricName"]) == ("n", "m")


def test_without_subscriptions_the_rest_is_built_and_the_lack_is_said():
    account = bare()
    options = RepairOptions("single-factor")

    steps = account.plan(options)

    assert told(steps)[2] == ("subscription", "skipped")
    assert steps[2].why == (
        "nobody is subscribed and the policy names no subscription; add subscriptions:"
    )
    account.do(steps)
    assert [c.last.reason for c in account.judge(options).chains] == ["subscription-absent"]
    assert not any(step.is_write for step in account.plan(options))


def test_a_mail_waits_and_is_not_asked_for_twice():
    account = bare()
    options = RepairOptions("single-factor", subscriptions=(MAIL,))
    account.do(account.plan(options))

    steps = account.plan(options)

    assert [c.last.reason for c in account.judge(options).chains] == ["subscription-pending"]
    assert told(steps) == [
        ("topic", "adopted"),
        ("subscription", "adopted"),
        ("metric-filter", "adopted"),
        ("alarm", "adopted"),
    ]
    assert steps[1].why.startswith("it waits to be confirmed: click the link in the mail")


# One link broken: everything before it is adopted, and nothing else is built

ADOPTED = [("topic", "adopted"), ("metric-filter", "adopted"), ("alarm", "adopted")]


def test_only_the_subscription_is_missing():
    account = imagined(subscription=())

    assert told(account.plan()) == [
        ("topic", "adopted"),
        ("record", "planned"),
        ("subscription", "planned"),
        ("metric-filter", "adopted"),
        ("alarm", "adopted"),
    ]
    assert [step.resource for step in account.plan()] == [
        TOPIC,
        TOPIC,
        ":".join(QUEUE),
        "SignIns",
        ALARM,
    ]
    check_repaired(account)


def test_only_the_topic_policy_refuses():
    foreign = statement(Sid="foreign", Principal={"Service": "events.amazonaws.com"})
    account = imagined(topic={"policy": {**document(foreign), "Id": "kept"}})

    steps = account.plan(RepairOptions("single-factor"))

    assert told(steps) == [
        ("topic", "adopted"),
        ("topic-policy", "planned"),
        ("metric-filter", "adopted"),
        ("alarm", "adopted"),
    ]
    written = json.loads(steps[1].call.parameters["AttributeValue"])
    assert (steps[1].before, steps[1].after) == ({**document(foreign), "Id": "kept"}, written)
    assert written["Statement"][0] == foreign
    assert (written["Version"], written["Id"]) == ("2012-10-17", "kept")
    (undo,) = steps[1].undo
    assert json.loads(undo.parameters["AttributeValue"]) == {**document(foreign), "Id": "kept"}
    check_repaired(account)


def test_a_policy_without_a_version_gets_none():
    # The default is another one than that of repair, and statements mean something else under it.
    foreign = statement(Sid="foreign", Principal={"Service": "events.amazonaws.com"})
    account = imagined(topic={"policy": {"Statement": [foreign]}})

    written = json.loads(account.plan()[1].call.parameters["AttributeValue"])

    assert list(written) == ["Statement"]


def test_our_own_statement_is_replaced_and_not_doubled():
    stale = statement(Sid="C7nMfaCloudWatchAlarms", Resource="arn:aws:sns:::stale")
    account = imagined(topic={"policy": document(stale)})

    account.do(account.plan())

    policy = account.seen.topics[TOPIC].policy
    assert [s["Sid"] for s in policy["Statement"]] == ["C7nMfaCloudWatchAlarms"]


def test_a_policy_of_one_statement_without_a_list_keeps_it():
    foreign = statement(Sid="foreign", Principal={"Service": "events.amazonaws.com"})
    account = imagined(topic={"policy": {"Version": "2012-10-17", "Statement": foreign}})

    account.do(account.plan())

    assert account.seen.topics[TOPIC].policy["Statement"][0] == foreign


@pytest.mark.parametrize(
    "change",
    [
        {"alarm": ()},
        {"alarm": {"threshold": 1e9}},
        {"alarm": {"actions": ()}},
        {"alarm": {"actions_enabled": False}},
        {"alarm": {"missing": "breaching"}},
        {"near_alarms": (an_alarm(namespace="Other"),)},
        {"topic": None},
        {"topic": {"kms_key": "alias/aws/sns"}},
    ],
    ids=str,
)
def test_from_the_alarm_on_a_chain_of_our_own_is_built_on_the_filter(change):
    account = imagined(**change)

    assert told(account.plan()) == [
        ("topic", "planned"),
        ("topic-policy", "planned"),
        ("subscription", "planned"),
        ("metric-filter", "adopted"),
        ("alarm", "planned"),
    ]
    alarm = account.plan()[-1].call.parameters
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Security", "SignIns")
    check_repaired(account)


@pytest.mark.parametrize(
    "change",
    [
        {"filter": ()},
        {"filter": CIS_SSO},
        {"filter": NOISY},
        {"filter": {"value": "0"}},
        {"filter": {"dimensions": ("User",)}},
        {"filter": {"value": "0.5"}},
        {"filter": {"default": 1.0}},
        {"filter": f'{{ $.userIdentity.userName = "alice" && {CIS[2:]}'},
    ],
    ids=str,
)
def test_a_filter_that_does_not_serve_is_left_and_another_put_beside_it(change):
    account = imagined(**change)
    before = account.seen.filters[GROUP]

    assert told(account.plan())[-2:] == [("metric-filter", "planned"), ("alarm", "planned")]
    check_repaired(account)
    assert account.seen.filters[GROUP][: len(before)] == before


# Names that are taken


def test_a_filter_name_that_is_taken_is_not_overwritten():
    account = imagined(filter={"name": "ConsoleSignInWithoutMfa", "pattern": CIS_SSO})

    assert account.plan()[-2].resource == "ConsoleSignInWithoutMfa-c7n-mfa"
    check_repaired(account)


def test_two_filter_names_that_are_taken_are_not_overwritten():
    account = imagined(
        filter=(
            a_filter(CIS_SSO, name="ConsoleSignInWithoutMfa"),
            a_filter(CIS_SSO, name="ConsoleSignInWithoutMfa-c7n-mfa"),
        )
    )

    assert account.plan()[-2].resource == "ConsoleSignInWithoutMfa-c7n-mfa-2"
    check_repaired(account)


def under_our_names(pattern: str, **alarm) -> Imagination:
    """The chain of Cloud Conformity's steps, made by hand, with another pattern."""
    account = bare()
    account.do(account.plan())
    (metric_filter,) = account.seen.filters[GROUP]
    account.seen.filters[GROUP] = (replace(metric_filter, pattern=pattern),)
    ((key, (made,)),) = account.seen.alarms.items()
    account.seen.alarms[key] = (replace(made, **alarm),)
    account.created.clear()
    return account


def test_a_good_filter_beside_a_blind_one_shares_its_metric_and_alarm():
    account = under_our_names(CIS_SSO)

    assert told(account.plan()) == [
        ("topic", "adopted"),
        ("subscription", "adopted"),
        ("record", "planned"),
        ("metric-filter", "planned"),
        ("alarm", "adopted"),
    ]
    check_repaired(account)


def test_a_good_filter_beside_a_noisy_one_has_a_metric_of_its_own():
    account = under_our_names(NOISY)
    account.created.add("ConsoleSignInWithoutMfaAlarm")

    metric_filter, alarm = account.plan()[-2:]

    assert metric_filter.call.parameters["filterName"] == "ConsoleSignInWithoutMfa-c7n-mfa"
    assert alarm.call.parameters["MetricName"] == "ConsoleSignInWithoutMfaCount-c7n-mfa"
    check_repaired(account)


def test_the_alarm_on_a_noisy_metric_is_not_taken_from_its_owner():
    why = check_refused(under_our_names(NOISY))

    assert why == (
        "an alarm named ConsoleSignInWithoutMfaAlarm exists, watches "
        "CloudTrailMetrics/ConsoleSignInWithoutMfaCount and was not created by c7n-mfa (no tag "
        "c7n-mfa); rename it, or give the action another alarm-name"
    )


def test_an_alarm_of_that_name_that_others_made_is_refused_without_any_write():
    account = imagined(alarm=())
    name = "ConsoleSignInWithoutMfaAlarm"
    account.others[name] = an_alarm(name=name, namespace="AWS/EC2", metric="CPUUtilization")

    assert check_refused(account) == (
        "an alarm named ConsoleSignInWithoutMfaAlarm exists, watches AWS/EC2/CPUUtilization and "
        "was not created by c7n-mfa (no tag c7n-mfa); rename it, or give the action another "
        "alarm-name"
    )


def test_with_another_alarm_name_it_is_no_obstacle():
    account = imagined(alarm=())
    name = "ConsoleSignInWithoutMfaAlarm"
    account.others[name] = an_alarm(name=name, namespace="AWS/EC2", metric="CPUUtilization")

    check_repaired(account, replace(OPTIONS, alarm_name="Another"))


def test_our_own_alarm_is_put_again_and_the_undo_puts_it_back():
    broken = {"threshold": 5.0, "missing": "ignore", "unit": "Count", "dimensions": (("a", "b"),)}
    account = under_our_names(SINGLE_FACTOR, **broken)
    account.created.add("ConsoleSignInWithoutMfaAlarm")

    step = account.plan()[-1]

    assert (step.result, step.resource) == ("planned", OUR_ALARM)
    before = {"AlarmName": "ConsoleSignInWithoutMfaAlarm", "AlarmActions": [OUR_TOPIC]}
    assert [call.to_dict() for call in step.undo] == [
        {
            "service": "cloudwatch",
            "region": REGION,
            "operation": "put_metric_alarm",
            "parameters": before,
        }
    ]
    assert (step.before, step.after) == (before, step.call.parameters)
    assert step.after["Threshold"] == 1.0
    check_repaired(account)


def test_what_our_own_alarm_notifies_besides_stays():
    other = f"arn:aws:sns:{REGION}:{ACCOUNT}:Others"
    account = under_our_names(SINGLE_FACTOR, threshold=5.0, actions=(other, OUR_TOPIC))
    account.created.add("ConsoleSignInWithoutMfaAlarm")
    account.as_put = {"OKActions": [other], "InsufficientDataActions": []}

    given = account.plan()[-1].call.parameters

    assert given["AlarmActions"] == [OUR_TOPIC, other]
    assert (given["OKActions"], given["InsufficientDataActions"]) == ([other], [])
    assert "Tags" not in given
    check_repaired(account)


@pytest.mark.parametrize("created", [False, True], ids=["by others", "by c7n-mfa"])
@pytest.mark.parametrize("kind", ["composite", "metric-math"])
def test_an_alarm_of_another_kind_under_the_name_is_refused(kind, created):
    account = imagined(alarm=())
    account.kind = kind
    if kind == "metric-math":
        name = "ConsoleSignInWithoutMfaAlarm"
        account.others[name] = an_alarm(name=name, namespace="", metric="")
        account.created |= {name} if created else set()

    assert check_refused(account) == (
        f"a {kind} alarm named ConsoleSignInWithoutMfaAlarm exists, and no plain alarm can be put "
        "in its place; rename it, or give the action another alarm-name"
    )


def test_an_alarm_whose_tags_say_nothing_is_not_put_again():
    assert "was not created by c7n-mfa" in check_refused(
        under_our_names(SINGLE_FACTOR, threshold=5.0)
    )


# Topics


def test_a_topic_that_is_wished_by_name_and_already_notified_is_adopted():
    account = imagined(subscription=())

    check_repaired(account, replace(OPTIONS, topic="Told", topic_given=True))
    assert list(account.seen.topics) == [TOPIC]


def test_a_topic_that_is_wished_and_another_than_the_alarms_gets_an_alarm_of_its_own():
    account = imagined(subscription=())
    account.seen.topics[TOPIC + "2"] = a_topic(arn=TOPIC + "2", policy=owner_policy(TOPIC + "2"))
    account.seen.subscriptions[TOPIC + "2"] = ()
    options = replace(OPTIONS, topic=TOPIC + "2", topic_given=True)

    assert told(account.plan(options))[-1] == ("alarm", "planned")
    check_repaired(account, options)
    assert account.seen.subscriptions[TOPIC] == ()


def test_a_topic_of_the_same_name_in_another_account_is_another_topic():
    far = TOPIC.replace(ACCOUNT, OTHER)
    account = imagined(alarm={"actions": (far, TOPIC + "Gone")})
    account.seen.topics[TOPIC + "Gone"] = None
    options = replace(OPTIONS, topic="Told", topic_given=True)

    # The chain into the other account cannot be seen: nothing is decided, nothing is built.
    assert "cannot be read from here" in check_refused(account, options)


def test_an_arn_that_does_not_exist_is_refused():
    account = imagined(alarm=())
    options = replace(OPTIONS, topic=TOPIC + "None", topic_given=True)

    assert check_refused(account, options) == (
        "the topic of the policy's option does not exist; create it or leave it out"
    )


def test_a_topic_of_another_region_is_refused():
    options = replace(OPTIONS, topic=f"arn:aws:sns:eu-west-1:{ACCOUNT}:Told", topic_given=True)

    assert check_refused(imagined(alarm=()), options) == (
        "an alarm notifies topics of its own Region only; give one in us-east-1"
    )


def test_a_topic_whose_key_cloudwatch_cannot_use_is_refused():
    account = imagined(topic={"kms_key": "alias/aws/sns"})
    options = replace(OPTIONS, topic="Told", topic_given=True)

    assert check_refused(account, options) == (
        "topic Told is encrypted with alias/aws/sns, which CloudWatch cannot use; encrypt with a "
        "customer key whose policy gives cloudwatch.amazonaws.com kms:Decrypt and "
        "kms:GenerateDataKey*"
    )


def test_a_topic_whose_policy_denies_is_refused():
    account = imagined(topic={"policy": document(statement(), statement(Effect="Deny"))})

    assert check_refused(account) == (
        "a statement of its policy denies CloudWatch alarms; take that one out"
    )


def test_a_topic_that_cannot_be_read_is_refused():
    account = imagined(alarm=())
    account.seen.topics[OUR_TOPIC] = denied("sns:GetTopicAttributes", OUR_TOPIC)

    assert check_refused(account) == (f"access denied: grant sns:GetTopicAttributes on {OUR_TOPIC}")


# Subscriptions


def test_a_subscription_that_was_deleted_is_asked_for_again():
    account = imagined(subscription=(Subscription("Deleted", *QUEUE),))

    assert told(account.plan())[1:3] == [("record", "planned"), ("subscription", "planned")]
    check_repaired(account)


def test_a_subscription_that_filters_everything_out_is_named():
    account = imagined(subscription={"filter_policy": {"a": ["b"]}})

    steps = account.plan(RepairOptions("single-factor"))

    assert told(steps)[1] == ("subscription", "skipped")
    assert steps[1].why == (
        "the subscription's filter policy lets no alarm notification through; remove the filter "
        "policy from the subscription"
    )
    assert not any(step.is_write for step in steps)


def test_beside_a_subscription_that_filters_everything_out_another_is_made():
    check_repaired(imagined(subscription={"filter_policy": {"a": ["b"]}}))


def test_subscriptions_that_cannot_be_read_are_left_alone():
    account = imagined(alarm=())
    account.seen.topics[OUR_TOPIC] = a_topic(arn=OUR_TOPIC, policy=owner_policy(OUR_TOPIC))
    account.seen.subscriptions[OUR_TOPIC] = denied("sns:ListSubscriptionsByTopic", OUR_TOPIC)

    steps = account.plan()

    assert told(steps) == [
        ("topic", "adopted"),
        ("subscription", "skipped"),
        ("metric-filter", "adopted"),
        ("alarm", "planned"),
    ]


def test_a_confirmed_subscription_that_is_wished_too_is_adopted():
    account = imagined(topic={"policy": document()}, subscription={"protocol": "sqs"})
    options = RepairOptions("single-factor", subscriptions=(("sqs", "user@example.com"),))

    assert account.plan(options)[2].to_dict() == {
        "step": "subscription",
        "result": "adopted",
        "resource": "sqs:user@example.com",
        "why": "it is subscribed",
        "call": None,
        "before": None,
        "after": None,
        "undo": [],
        "error": None,
    }


# Refusals


@pytest.mark.parametrize(
    "change",
    [
        {"trail": ()},
        {"trail": {"multi_region": False}},
        {"trail": {"logging": False}},
        {"trail": {"log_group_arn": None}},
        {"trail": {"delivery_error": "AccessDenied"}},
        {"trail": {"selectors": ({"ReadWriteType": "ReadOnly"},)}},
        {"log_group": None},
        {"log_group": {"group_class": "DELIVERY"}},
    ],
    ids=str,
)
def test_what_is_broken_before_the_filter_is_refused_with_its_fix(change):
    account = imagined(**change)

    (link,) = [chain.last for chain in account.judge().chains]
    assert check_refused(account) == f"{link.detail}; {link.fix}"


@pytest.mark.parametrize(
    "change",
    [
        {"trail": denied("cloudtrail:DescribeTrails")},
        {"log_group": denied("logs:DescribeLogGroups", GROUP)},
        {"filter": denied("logs:DescribeMetricFilters", GROUP)},
        {"filter": {"transformed_logs": True}},
        {"alarm": denied("cloudwatch:DescribeAlarmsForMetric")},
        {"topic": denied("sns:GetTopicAttributes", TOPIC)},
        {"subscription": denied("sns:ListSubscriptionsByTopic", TOPIC)},
        {"trail": {"log_group_arn": GROUP.replace(ACCOUNT, OTHER)}},
    ],
    ids=str,
)
def test_what_is_unknown_is_refused_once(change):
    why = check_refused(imagined(**change))

    assert why.startswith("the audit could not tell: ")


def test_a_log_group_that_a_role_let_us_read_elsewhere_is_not_written_to():
    far = GROUP.replace(ACCOUNT, OTHER)
    account = imagined(trail={"log_group_arn": far})
    account.seen.accounts = {OTHER: None}
    account.seen.log_groups[far] = LogGroup(far, "CloudTrail/Logs")
    account.seen.filters[far] = ()

    assert check_refused(account) == f"the log group is in account {OTHER}; run the repair there"


def test_the_refusal_names_what_is_unknown_and_not_what_works():
    account = imagined(filter=CIS_SSO)
    far = replace(account.seen.trails[0], arn="far", log_group_arn=GROUP.replace(ACCOUNT, OTHER))
    account.seen.trails = (*account.seen.trails, far)

    assert check_refused(account).startswith(
        f"the audit could not tell: it is in account {OTHER}, which cannot be read from here; "
    )


# Repair that was stopped


@pytest.mark.parametrize("done", range(6))
def test_a_repair_that_was_stopped_after_any_step_is_finished_by_the_next(done):
    account = bare()
    account.do(account.plan()[:done])

    check_repaired(account)

    assert [f.name for f in account.seen.filters[GROUP]] == ["ConsoleSignInWithoutMfa"]
    assert list(account.seen.topics) == [OUR_TOPIC]
    assert [(s.protocol, s.endpoint) for s in account.seen.subscriptions[OUR_TOPIC]] == [QUEUE]
    assert [len(alarms) for alarms in account.seen.alarms.values()] == [1]


def test_of_two_log_groups_the_one_with_the_better_chain_is_completed():
    account = imagined(subscription=())
    second = GROUP.replace("Logs:*", "Second:*")
    trail = replace(account.seen.trails[0], arn="second", log_group_arn=second)
    account.seen.trails = (trail, *account.seen.trails)
    account.seen.log_groups[second] = LogGroup(second, "CloudTrail/Second")

    assert choose_target(account.judge(), OPTIONS, account.seen).log_group_arn == GROUP
    check_repaired(account)


def test_the_log_group_decides_where_everything_is_built():
    where = Arn.parse(GROUP)
    steps = bare().plan()

    assert {step.call.region for step in steps} == {where.region}
    assert {call.region for step in steps for call in step.undo} == {where.region}


def test_a_subscription_beside_is_not_touched():
    account = imagined(subscription=(a_subscription(arn="PendingConfirmation"),))

    account.do(account.plan())

    assert account.seen.subscriptions[TOPIC][0] == a_subscription(arn="PendingConfirmation")
