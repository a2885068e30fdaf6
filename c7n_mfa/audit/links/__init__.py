# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The verdict on each of the seven links, one function a link.

The first fault of a link is the one that is named; the order within a function is the order in
which a person would mend them.
"""

from c7n_mfa.audit.links.alarm import judge_alarm, no_alarm, tellers, topics_of
from c7n_mfa.audit.links.metric import blind, judge_filter, judge_metric
from c7n_mfa.audit.links.subscription import hears, judge_subscriptions
from c7n_mfa.audit.links.topic import CLOUDWATCH, judge_key, judge_topic, may_publish
from c7n_mfa.audit.links.trail import judge_log_group, judge_trail

__all__ = [
    "CLOUDWATCH",
    "blind",
    "hears",
    "judge_alarm",
    "judge_filter",
    "judge_key",
    "judge_log_group",
    "judge_metric",
    "judge_subscriptions",
    "judge_topic",
    "judge_trail",
    "may_publish",
    "no_alarm",
    "tellers",
    "topics_of",
]
