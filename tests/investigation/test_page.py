# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The page that a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from c7n_mfa.investigation.dossier import Facts, Owner, Privileges
from c7n_mfa.investigation.gather import Options, investigate
from c7n_mfa.investigation.page import headline, markdown, quoted, standing, steps, to_dict
from calls import denied
from investigated import (
    AT,
    HOME,
    NOW,
    Clock,
    ago,
    answers,
    aws,
    call,
    session,
    sign_in,
    signed_in,
    the_sign_in,
    trail_of,
)

PAGE = """\
# HIGH: alice signed in without MFA

2026-11-20 12:00 UTC, account 123456789012, Region us-east-1, from `198.51.100.7`, with \
`Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`.

## Why

- high: since the sign-in: CreateUser
- medium: allowed to call s3:GetObject
- medium: no MFA device is enrolled: the password alone opens the console again
- medium: no other call from 198.51.100.0/24 since 2026-10-21
- low: the session was opened with one factor

## What was found

1. Related alerts, 48 h: findings could not be read; 0 failed attempts before, so far.
2. Earlier sign-ins without MFA: 2 of 2 sign-ins since 2026-10-21, first 2026-11-16 12:00 UTC, \
last 2026-11-17 12:00 UTC.
3. Address, browser and hour: address new, network 198.51.100.0/24 new, browser known, hour \
unknown; usual networks 192.0.2.0/24; 2 earlier calls compared.
4. API calls: 1 (iam:CreateUser 1) since, so far: CloudTrail delivers calls 5 to 15 minutes late; \
none in the 24 h before; 1 dangerous since, 0 before.
5. Owner: owner `user@example[.]com`.
6. Reach: users `bob`.
- Privileges: no administrator, no policy allows every action on every resource; allowed to call \
s3:GetObject.
- Credentials: a password, 0 MFA devices, 1 access key (AKIAEXAMPLE000000000 active).

## Dangerous calls

- 2026-11-20 12:05 UTC: iam:CreateUser `userName=bob`: creates a user (T1136.003)

## What was not checked

- findings of Security Hub in us-east-1, eu-west-1, us-east-2, eu-north-1, ap-southeast-2, \
ap-south-1: access denied; grant securityhub:GetFindings
- more than 30 days back: beyond the option days; LookupEvents keeps 90 days
- data events, such as reading S3 objects: LookupEvents does not have them
- the last minutes: CloudTrail delivers calls 5 to 15 minutes late
- the country and the network of the address: no geo-database is set

## What to do next

1. Ask alice whether this was them, by a way outside AWS: owner \
user@example\\[.\\]com.
2. If not, stop the user with AWSDenyAll (denies everything, in open sessions and with access \
keys too; detach-user-policy revives both): `aws iam \
attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AWSDenyAll`
3. Check, and undo: CreateUser (userName=bob) at 2026-11-20T12:05:00Z, which creates a user.
4. Have the owner enrol MFA: nobody else can, though a policy can force it.
5. Investigate again in a quarter of an hour, since CloudTrail delivers calls some minutes late, \
by the ID of the event: `c7n-mfa investigate EVENT`
"""


def investigated(record=None, **script):
    made = call(
        "CreateUser",
        "iam",
        AT + timedelta(minutes=5),
        requestParameters={"userName": "bob"},
        responseElements={"user": {"userName": "bob"}},
    )
    trail = trail_of(sign_in(ago(days=3)), sign_in(ago(days=4)), made)
    found = answers(
        **{
            "cloudtrail:LookupEvents": trail,
            "securityhub:GetFindings": denied("GetFindings"),
            **script,
        }
    )
    record = record or the_sign_in(sourceIPAddress="198.51.100.7")
    clock = Clock()
    with aws(found):
        return investigate(
            session(), record, signed_in(record), Options(home=HOME), NOW, clock, clock.sleep
        )


def test_the_page_reads_from_the_verdict_to_what_to_do_next():
    assert markdown(investigated()) == PAGE


def test_the_dict_carries_the_short_lines_for_whoever_tells_of_it():
    found = to_dict(investigated())
    assert found["headline"] == "HIGH: alice signed in without MFA"
    assert found["summary"][6] == "Reach: users `bob`."
    assert found["sign_in"] == {
        "who": "alice",
        "kind": "user",
        "principal": "arn:aws:iam::123456789012:user/alice",
        "account": "123456789012",
        "time": "2026-11-20T12:00:00Z",
        "region": "us-east-1",
        "address": "198.51.100.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "path": "password",
        "outcome": "success",
        "factor": "single",
        "single_factor": True,
    }
    assert found["activity"]["dangerous"][0]["at"] == "2026-11-20T12:05:00Z"
    assert found["not_searched"][0]["permission"] == "securityhub:GetFindings"


SO_FAR = ", so far: CloudTrail delivers calls 5 to 15 minutes late"


@pytest.mark.parametrize(
    ("minutes", "so_far"), [(0, SO_FAR), (14, SO_FAR), (15, ""), (24 * 60, "")]
)
def test_what_cloudtrail_does_not_tell_yet_is_not_said_to_be_none(minutes, so_far):
    quiet = investigated(**{"cloudtrail:LookupEvents": trail_of()})
    found = steps(replace(quiet, written=AT + timedelta(minutes=minutes)))

    assert found[3] == (
        f"API calls: none since{so_far}; none in the 24 h before; 0 dangerous since, 0 before."
    )
    assert found[5] == f"Reach: nothing beyond the session{so_far}."


def test_a_sign_in_at_an_unknown_time_is_taken_for_a_new_one():
    found = steps(replace(investigated(**{"cloudtrail:LookupEvents": trail_of()}), at=None))

    assert found[5] == f"Reach: nothing beyond the session{SO_FAR}."


def test_who_may_do_nothing_dangerous_is_said_to():
    facts = Facts(privileges=Privileges(False, "no policy allows it", may=()))

    assert standing(replace(investigated(), facts=facts))[0] == (
        "Privileges: no administrator, no policy allows it; allowed to call none of the dangerous "
        "actions that were simulated."
    )


def test_earlier_sign_ins_that_do_not_say_are_named():
    unsaid = trail_of(sign_in(ago(days=3)), sign_in(ago(days=4), mfa="?"))
    found = investigated(**{"cloudtrail:LookupEvents": unsaid})
    (line,) = [line for line in steps(found) if line.startswith("Earlier sign-ins")]
    assert line.startswith("Earlier sign-ins without MFA: 1 of 2 sign-ins since ")
    assert line.endswith("; of 1 the record does not say.")


def test_a_step_that_was_not_looked_at_says_so():
    assert steps(replace(investigated(), facts=Facts())) == (
        "Related alerts, 48 h: findings could not be read; failed attempts could not be read.",
        "Earlier sign-ins without MFA: could not be read.",
        "Address, browser and hour: could not be read.",
        "API calls: could not be read.",
        "Owner: could not be read.",
        "Reach: could not be read.",
    )


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (sign_in(outcome="Failure"), "alice failed to sign in"),
        (sign_in(mfa="Yes"), "alice signed in with MFA"),
        (
            sign_in(mfa="maybe"),
            "alice may have signed in without MFA: the record does not say",
        ),
    ],
)
def test_the_headline_says_what_is_known(record, what):
    assert headline(investigated(record)).partition(": ")[2] == what


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`rm` [click](https://example.com)", "`'rm' [click] (https[:]//example[.]com)`"),
        ("a\n# b\r\n\x1b[31mred", r"`a # b \u{1b}[31mred`"),
        ("abc\u202eexe.txt", r"`abc\u{202e}exe[.]txt`"),
        ("x" * 500, "`" + "x" * 119 + "…`"),
    ],
)
def test_what_others_write_stays_text(text, shown):
    assert quoted(text).replace("rm  [", "rm  [") == shown


def test_a_hostile_agent_adds_no_line_to_the_page():
    hostile = "x`\n\n# All is well\n\n- nothing to do"
    page = markdown(investigated(the_sign_in(userAgent=hostile, sourceIPAddress=hostile)))
    headings = [line for line in page.splitlines() if line.startswith("# ")]
    assert headings == ["# HIGH: alice signed in without MFA"]


def test_a_hostile_tag_adds_no_line_to_the_page():
    tags = {"Tags": [{"Key": "owner", "Value": "a`\n# All is well"}]}
    dossier = investigated(**{"iam:ListUserTags": tags})
    assert dossier.facts.owner == Owner((("owner", "a`\n# All is well"),))
    assert "\n# All is well" not in markdown(dossier)
    assert [line for line in to_dict(dossier)["advice"] if "\n" in line] == []


def test_a_page_takes_a_minute_whatever_happened():
    many = [
        call("CreateUser", "iam", AT + timedelta(seconds=n), requestParameters={"userName": "u"})
        for n in range(500)
    ]
    page = markdown(investigated(**{"cloudtrail:LookupEvents": trail_of(*many)}))
    assert len(page.splitlines()) < 70
