# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Sign-ins and histories of any shape at all: a dossier each, and never an exception."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from c7n_mfa.investigation.gather import Options, investigate
from c7n_mfa.investigation.page import markdown, to_dict
from investigated import (
    ALICE,
    HOME,
    NOW,
    Clock,
    ago,
    answers,
    aws,
    call,
    event,
    session,
    signed_in,
    stamp,
    the_sign_in,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TYPES = st.sampled_from(["IAMUser", "Root", "AssumedRole", "FederatedUser", "root", "Other"])
TIMES = st.sampled_from([stamp(ago(hours=h)) for h in (-0.1, 1, 30, 90, 900)])
IDENTITY = st.fixed_dictionaries(
    {"type": TYPES | JSON},
    optional={
        "arn": st.sampled_from([ALICE, "arn:aws:sts::1:assumed-role/R/s", "a/b/c/d", ""]) | JSON,
        "userName": st.sampled_from(["alice", "bob"]) | JSON,
        "sessionContext": st.fixed_dictionaries({"sessionIssuer": JSON}) | JSON,
    },
)
FIELDS = {
    "userIdentity": IDENTITY | JSON,
    "eventTime": TIMES | JSON,
    "sourceIPAddress": st.ip_addresses().map(str) | JSON,
    "userAgent": JSON,
    "awsRegion": st.just(HOME) | JSON,
    "errorCode": JSON,
    "responseElements": JSON,
    "requestParameters": st.dictionaries(st.sampled_from(["userName", "roleArn"]), JSON) | JSON,
    "additionalEventData": JSON,
    "resources": JSON,
    "eventID": JSON,
}
CHANGES = st.fixed_dictionaries({}, optional=FIELDS)
NAMES = st.sampled_from(
    ["ConsoleLogin", "CheckMfa", "AssumeRole", "SwitchRole", "CreateAccessKey", "CreateUser", "x"]
)
SOURCES = st.sampled_from(["iam", "sts", "signin", "s3"])
RECORDS = st.builds(
    lambda name, source, changes: {**call(name, source, ago(hours=1)), **changes},
    NAMES,
    SOURCES,
    CHANGES,
)
EVENTS = st.lists(
    RECORDS.map(event) | JSON | st.fixed_dictionaries({"CloudTrailEvent": JSON}), max_size=5
)


@given(CHANGES, EVENTS)
@example({"userIdentity": {"type": "IAMUser", "arn": "a/b/c/d", "userName": "alice"}}, [])
def test_any_sign_in_with_any_history_makes_a_dossier(changes, events):
    record = {**the_sign_in(), **changes}
    clock = Clock()
    script = answers(**{"cloudtrail:LookupEvents": {"Events": events}})

    with aws(script):
        dossier = investigate(
            session(), record, signed_in(record), Options(home=HOME), NOW, clock, clock.sleep
        )

    assert json.loads(json.dumps(to_dict(dossier)))["severity"] == dossier.severity
    page = markdown(dossier)
    assert page.count("\n# ") == 0
    assert page.startswith("# ")
