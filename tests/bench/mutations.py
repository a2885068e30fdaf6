# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The variants that other tools were tried on, with what they answered and what is right."""

from __future__ import annotations

from bench.filters import FILTER_FAULTS
from bench.parts import ELSEWHERE_TOPIC
from bench.trails import TRAIL_FAULTS
from bench.working import INTACT
from chains import FUNCTION, OTHER, TOPIC, a_filter, an_alarm

# What Prowler 5.46 answered, and c7n 0.9.53 with the community rule ECC-AWS-077.
PEERS = {
    "01": ("PASS", "PASS"),
    "02": ("FAIL", "FAIL"),
    "03": ("FAIL", "not run"),
    "04": ("FAIL", "not run"),
    "05": ("PASS", "FAIL"),
    "06": ("PASS", "PASS"),
    "07": ("PASS", "PASS"),
    "08": ("PASS", "PASS"),
    "09": ("PASS", "FAIL"),
    "10": ("PASS", "not run"),
    "11": ("PASS", "FAIL"),
    "12": ("PASS", "not run"),
    "13": ("PASS", "not run"),
    "14": ("FAIL", "FAIL"),
    "15": ("PASS in its own tests", "FAIL"),
    "16": ("not run", "FAIL"),
    "17": ("not run", "FAIL"),
    "18": ("not run", "FAIL"),
    "19": ("not run", "FAIL"),
    "20": ("not run", "FAIL"),
    "21": ("not run", "FAIL"),
    "22": ("not run", "crash"),
    "23": ("not run", "crash"),
    "24": ("not run", "crash"),
    "25": ("not run", "crash"),
}
MUTATIONS: dict[str, tuple[dict, str | None]] = {
    "01 good": ({}, None),
    "02 no alarm": ({"alarm": ()}, "alarm-absent"),
    "03 other namespace": (
        {"near_alarms": (an_alarm(namespace="Other"),)},
        "alarm-on-other-metric",
    ),
    "04 other Region": ({"alarm": ()}, "alarm-absent"),
    "05 no action": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "06 actions off": ({"alarm": {"actions_enabled": False}}, "alarm-actions-disabled"),
    "07 threshold 1e9": ({"alarm": {"threshold": 1e9}}, "alarm-cannot-fire"),
    "08 less than zero": (
        {"alarm": {"comparison": "LessThanThreshold", "threshold": 0.0}},
        "alarm-cannot-fire",
    ),
    "09 trail stopped": ({"trail": {"logging": False}}, "trail-not-logging"),
    "10 || for &&": FILTER_FAULTS["|| for &&"],
    "11 only alice": FILTER_FAULTS["only user alice"],
    "12 contradiction": FILTER_FAULTS["a contradiction"],
    "13 YesNo": FILTER_FAULTS['the value "YesNo"'],
    "14 = No": (INTACT['MFAUsed = "No"'], None),
    "15 reversed": (INTACT["clauses reversed"], None),
    "16 double blanks": (INTACT["double blanks and line breaks"], None),
    "17 first filter unused, second good": (
        {"filter": (a_filter('{ $.eventName = "Other" }', name="a", metric="a"), a_filter())},
        None,
    ),
    "18 read-only selectors": TRAIL_FAULTS["read only"],
    "19 no subscription": ({"subscription": ()}, "subscription-absent"),
    "20 pending": (
        {"subscription": {"arn": "PendingConfirmation"}},
        "subscription-pending",
    ),
    "21 only OK actions": ({"alarm": {"actions": ()}}, "alarm-without-action"),
    "22 function only": ({"alarm": {"actions": (FUNCTION,)}}, "alarm-action-not-topic"),
    "23 function and topic": ({"alarm": {"actions": (FUNCTION, TOPIC)}}, None),
    "24 deleted topic": ({"topic": None}, "topic-gone"),
    "25 topic in another account": (
        {"alarm": {"actions": (ELSEWHERE_TOPIC,)}},
        f"in-account-{OTHER}",
    ),
}
