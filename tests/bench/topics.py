# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""One fault of a topic, or of its subscriptions."""

from __future__ import annotations

from bench.parts import ELSEWHERE_TOPIC, ROLE, Row
from c7n_mfa.audit.values import Key
from chains import ALARM, KEY, OTHER, REGION, TOPIC, denied, document, statement

TOPIC_FAULTS: dict[str, Row] = {
    "topic gone": ({"topic": None}, "topic-gone"),
    "topic denied": ({"topic": denied("sns:GetTopicAttributes", TOPIC)}, "topic-unreadable"),
    "topic of another account": (
        {"alarm": {"actions": (ELSEWHERE_TOPIC,)}},
        f"in-account-{OTHER}",
    ),
    "policy without CloudWatch": (
        {"topic": {"policy": document(statement(Principal={"Service": "events.amazonaws.com"}))}},
        "topic-refuses-alarms",
    ),
    "policy that denies": (
        {"topic": {"policy": document(statement(), statement(Effect="Deny"))}},
        "topic-refuses-alarms",
    ),
    "policy for another account": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"StringEquals": {"aws:SourceAccount": OTHER}})
                )
            }
        },
        "topic-refuses-alarms",
    ),
    "policy for another alarm": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"ArnEquals": {"aws:SourceArn": ALARM + "2"}})
                )
            }
        },
        "topic-refuses-alarms",
    ),
    "policy with a condition nobody knows": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}})
                )
            }
        },
        "topic-undecided",
    ),
    "policy for alarms of an organization": (
        {
            "topic": {
                "policy": document(
                    statement(Condition={"StringEquals": {"aws:SourceOrgID": "o-example"}})
                )
            }
        },
        "topic-undecided",
    ),
    "policy that denies services of AWS": (
        {
            "topic": {
                "policy": document(
                    statement(),
                    statement(
                        Effect="Deny", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}
                    ),
                )
            }
        },
        "topic-refuses-alarms",
    ),
    "topic of another account, role denied": (
        {
            "alarm": {"actions": (ELSEWHERE_TOPIC,)},
            "accounts": {OTHER: denied("sts:AssumeRole", ROLE)},
        },
        f"in-account-{OTHER}",
    ),
    "FIFO topic": ({"topic": {"fifo": True}}, "topic-undecided"),
    "key of AWS by its ARN": (
        {"topic": {"kms_key": KEY, "key": Key(KEY, manager="AWS")}},
        "topic-key-refuses-alarms",
    ),
    "key disabled": (
        {
            "topic": {
                "kms_key": KEY,
                "key": Key(KEY, state="Disabled"),
                "key_policy": document(statement(Action="kms:*")),
            }
        },
        "topic-key-refuses-alarms",
    ),
    "key waiting for deletion": (
        {"topic": {"kms_key": KEY, "key": Key(KEY, state="PendingDeletion")}},
        "topic-key-refuses-alarms",
    ),
    "key denied": (
        {"topic": {"kms_key": "alias/alerts", "key": denied("kms:DescribeKey", "alias/alerts")}},
        "topic-unreadable",
    ),
    "key gone": ({"topic": {"kms_key": KEY}}, "topic-undecided"),
    "no policy read": ({"topic": {"policy": None}}, "topic-undecided"),
    "key of AWS": ({"topic": {"kms_key": "alias/aws/sns"}}, "topic-key-refuses-alarms"),
    "key without CloudWatch": (
        {"topic": {"kms_key": KEY, "key_policy": document(statement(Action="kms:Decrypt"))}},
        "topic-key-refuses-alarms",
    ),
    "key policy denied": (
        {"topic": {"kms_key": KEY, "key_policy": denied("kms:GetKeyPolicy", KEY)}},
        "topic-unreadable",
    ),
    "key by alias": ({"topic": {"kms_key": "alias/alerts"}}, "topic-undecided"),
    "key that depends on the service": (
        {
            "topic": {
                "kms_key": KEY,
                "key_policy": document(
                    statement(
                        Action="kms:*",
                        Condition={"StringEquals": {"kms:ViaService": f"sns.{REGION}.aws"}},
                    )
                ),
            }
        },
        "topic-undecided",
    ),
}

SUBSCRIPTION_FAULTS: dict[str, Row] = {
    "nobody": ({"subscription": ()}, "subscription-absent"),
    "deleted": ({"subscription": {"arn": "Deleted"}}, "subscription-absent"),
    "pending": ({"subscription": {"arn": "PendingConfirmation"}}, "subscription-pending"),
    "filtered by attributes": (
        {"subscription": {"filter_policy": {"severity": ["high"]}}},
        "subscription-filtered",
    ),
    "filtered by attributes, for messages without one": (
        {"subscription": {"filter_policy": {"severity": [{"exists": False}]}}},
        "subscription-filtered",
    ),
    "filtered by body, for another state": (
        {
            "subscription": {
                "filter_policy": {"NewStateValue": ["OK"]},
                "filter_scope": "MessageBody",
            }
        },
        "subscription-filtered",
    ),
    "filtered by body, for another metric": (
        {
            "subscription": {
                "filter_policy": {"Trigger": {"MetricName": [{"anything-but": "SignIns"}]}},
                "filter_scope": "MessageBody",
            }
        },
        "subscription-filtered",
    ),
    "filtered by body, for a state before that varies": (
        {
            "subscription": {
                "filter_policy": {"OldStateValue": ["OK"]},
                "filter_scope": "MessageBody",
            }
        },
        "subscription-undecided",
    ),
    "filtered by body, for a field that is not known": (
        {
            "subscription": {
                "filter_policy": {"severity": ["high"]},
                "filter_scope": "MessageBody",
            }
        },
        "subscription-undecided",
    ),
    "filter policy denied": (
        {"subscription": {"filter_policy": denied("sns:GetSubscriptionAttributes")}},
        "subscriptions-unreadable",
    ),
    "subscriptions denied": (
        {"subscription": denied("sns:ListSubscriptionsByTopic", TOPIC)},
        "subscriptions-unreadable",
    ),
}
