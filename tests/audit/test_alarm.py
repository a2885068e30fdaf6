# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Rules of composite alarms, after the examples of PutCompositeAlarm."""

from __future__ import annotations

import pytest

from c7n_mfa.audit.alarm import follows
from chains import ALARM, an_alarm


@pytest.mark.parametrize(
    "rule",
    [
        "ALARM(SignIns)",
        'ALARM("SignIns")',
        f'ALARM("{ALARM}")',
        "( ALARM( SignIns ) )",
        "ALARM(Other) OR ALARM(SignIns)",
        "ALARM(Other) OR\n  (ALARM(SignIns) OR ALARM(Third))",
    ],
)
def test_an_alarm_is_followed(rule):
    assert follows(rule, an_alarm()) is True


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "TRUE",
        "ALARM(Other)",
        "ALARM(SignInsToo)",
        "OK(SignIns)",
        "NOT ALARM(SignIns)",
        "ALARM(SignIns) AND ALARM(Other)",
        "ALARM(SignIns) AND NOT ALARM(Other)",
        "ALARM(SignIns) OR TRUE",
        "ALARM(SignIns) OR OK(Other)",
        "INSUFFICIENT_DATA(SignIns)",
        "ALARM(SignIns) ALARM(Other)",
    ],
)
def test_anything_else_is_not_followed(rule):
    assert follows(rule, an_alarm()) is False
