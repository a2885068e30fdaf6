# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What differs from the good chain and works all the same."""

from __future__ import annotations

from bench.parts import APP_GROUP, WRITE_ONLY, advanced, within
from c7n_mfa.audit.values import Key
from chains import (
    ACCOUNT,
    ALARM,
    CIS,
    FUNCTION,
    KEY,
    OTHER,
    REGION,
    TOPIC,
    a_filter,
    a_subscription,
    ago,
    an_alarm,
    document,
    statement,
)

INTACT = {
    "nothing changed": {},
    "selectors write only": {"trail": {"selectors": WRITE_ONLY}},
    "selectors all, management events by default": {"trail": {"selectors": ({},)}},
    "an advanced selector that keeps the sign-in service": {
        "trail": {"advanced_selectors": advanced("eventSource", NotEquals=["kms.amazonaws.com"])}
    },
    "the CIS text": {"filter": CIS},
    'MFAUsed = "No"': {
        "filter": '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "No" }'
    },
    "clauses reversed": {
        "filter": '{ ($.additionalEventData.MFAUsed != "Yes") && ($.eventName = "ConsoleLogin") }'
    },
    "double blanks and line breaks": {
        "filter": '{  $.eventName  =  "ConsoleLogin"\n&&  $.additionalEventData.MFAUsed != "Yes" }'
    },
    "unquoted": {
        "filter": "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) }"
    },
    "the filter's unit is asked for": {"filter": {"unit": "Count"}, "alarm": {"unit": "Count"}},
    "a default of zero under Sum": {"filter": {"default": 0.0}},
    "latched for an hour": {"alarm": {"evaluation_periods": 12, "missing": "notBreaching"}},
    "latched for a day": {"alarm": {"period": 86400}},
    "missing data ignored, while zeroes bring the alarm back": {
        "filter": {"default": 0.0},
        "alarm": {"missing": "ignore"},
    },
    "three of three, going by the data there is": {
        "alarm": {"evaluation_periods": 3, "datapoints_to_alarm": 3}
    },
    "the action repeated, and a function beside it": {"alarm": {"actions": (FUNCTION, TOPIC)}},
    "the topic lets CloudWatch by name": {
        "topic": {
            "policy": document(
                statement(Condition={"ArnLike": {"aws:SourceArn": ALARM[:-7] + "*"}})
            )
        }
    },
    "a customer key that CloudWatch may use": {
        "topic": {"kms_key": KEY, "key_policy": document(statement(Action="kms:*"))}
    },
    "one subscription confirmed, one pending": {
        "subscription": (a_subscription(arn="PendingConfirmation"), a_subscription())
    },
    "a subscription of a queue": {"subscription": {"protocol": "sqs", "endpoint": "q"}},
    "an empty filter policy": {"subscription": {"filter_policy": {}}},
    "the exclusion of other services' management events": {
        "trail": {"selectors": ({"ExcludeManagementEventSources": ["kms.amazonaws.com"]},)}
    },
    "an advanced selector on principals of another account": {
        "trail": {
            "advanced_selectors": advanced(
                "userIdentity.arn", NotStartsWith=["arn:aws:sts::210987654321:"]
            )
        }
    },
    "deliveries minutes ago": {
        "trail": {"delivered": ago(minutes=9), "delivered_to_bucket": ago(minutes=4)}
    },
    "zeroes of another filter on the same metric, under Sum": {
        "writers": (a_filter(), a_filter('{ $.x = "y" }', name="Zeroes", default=0.0))
    },
    "a rare call on the same metric, in another log group": {
        "writers": (
            a_filter(),
            a_filter('{ $.eventName = "DeleteTrail" }', name="Rare", log_group_arn=APP_GROUP),
        )
    },
    "a trail that began to log a moment ago": {"trail": {"started": ago(minutes=9)}},
    "a quiet trail that records no reads": {
        "trail": {"selectors": WRITE_ONLY, "delivered": ago(days=9)}
    },
    "the filter names its own account": {"filter": within(f'$.recipientAccountId = "{ACCOUNT}"')},
    "the filter names the account of the identity": {
        "filter": within(f'$.userIdentity.accountId = "{ACCOUNT}"')
    },
    "the filter leaves out another account": {
        "filter": within(f'$.recipientAccountId != "{OTHER}"')
    },
    "the filter names the partition": {"filter": within('$.userIdentity.arn = "arn:aws:*"')},
    "the filter names the account in the ARN": {
        "filter": within(f'$.userIdentity.arn = "*::{ACCOUNT}:*"')
    },
    "field selection that leaves nothing out": {
        "filter": {"field_selection": f'@aws.account IN ["{ACCOUNT}"] OR @aws.region != "x"'}
    },
    "a percentile of one value": {"alarm": {"statistic": "p99"}},
    "a trimmed mean of one value": {"alarm": {"statistic": "TM(10%:90%)"}},
    "the highest percentile among zeroes": {
        "filter": {"default": 0.0},
        "alarm": {"statistic": "p100"},
    },
    "a wall clock window": {"alarm": {"wall_clock": True}},
    "an expression that fills gaps with zero": {
        "alarm": {"reads": ("Security/SignIns",), "fill": 0.0}
    },
    "in ALARM for an hour": {"alarm": {"state": "ALARM", "since": ago(hours=1)}},
    "notified through a composite alarm": {"alarm": {"actions": ()}, "parents": {}},
    "notified through a composite alarm on several, by ARN": {
        "alarm": {"actions": (), "actions_enabled": False},
        "parents": {"rule": f'(ALARM("{ALARM}") OR ALARM(Other)) OR ALARM(Third)'},
    },
    "an alarm without action beside one that notifies": {
        "alarm": (an_alarm(), an_alarm(reads=("Security/SignIns",))),
    },
    "mute rules that have expired": {"mutes": ()},
    "a policy that trusts services of AWS": {
        "topic": {
            "policy": document(
                statement(Principal="*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})
            )
        }
    },
    "a policy that wants the source to be named": {
        "topic": {"policy": document(statement(Condition={"Null": {"aws:SourceAccount": "false"}}))}
    },
    "a customer key by its alias": {
        "topic": {
            "kms_key": "alias/alerts",
            "key": Key(KEY),
            "key_policy": document(statement(Action="kms:*")),
        }
    },
    "a filter policy on the body that lets alarms through": {
        "subscription": {
            "filter_policy": {"NewStateValue": ["ALARM"], "AlarmName": [{"prefix": "Sign"}]},
            "filter_scope": "MessageBody",
        }
    },
    "every Region asked for": {"regions": (REGION, "eu-west-1")},
    "a single-Region trail in the only Region": {
        "trail": {"multi_region": False},
        "regions": (REGION,),
    },
}
