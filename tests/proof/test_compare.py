# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a change of patterns changes in meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.pattern import parse
from c7n_mfa.proof import compare

LOGIN = '($.eventName = "ConsoleLogin")'
CIS = f'{{ {LOGIN} && ($.additionalEventData.MFAUsed != "Yes") }}'
SSO = (
    f'{{ {LOGIN} && ($.additionalEventData.MFAUsed != "Yes") && '
    '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
)
ROOT = (
    f'{{ {LOGIN} && ($.userIdentity.type = "Root") && ($.additionalEventData.MFAUsed != "Yes") }}'
)


def relation(old: str, new: str) -> str:
    return compare([parse(old)], [parse(new)]).relation


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CIS, CIS),
        (CIS, "{$.additionalEventData.MFAUsed!=Yes&&$.eventName=ConsoleLogin}"),
        (
            CIS,
            f'{{ ({LOGIN} && ($.eventName = "ConsoleLogin")) && '
            '($.additionalEventData.MFAUsed != "Yes") }',
        ),
        # In a console sign-in the two come together.
        (
            CIS,
            '{ ($.eventName = "ConsoleL*") && ($.additionalEventData.MFAUsed != "Yes") && '
            '($.eventSource = "signin.amazonaws.com") }',
        ),
        (
            f"{{ {LOGIN} && ($.userIdentity.userName = alice) }}",
            f"{{ {LOGIN} && ($.userIdentity.userName = %^alice$%) }}",
        ),
    ],
)
def test_another_spelling_is_equal(old, new):
    assert relation(old, new) == "equal"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (CIS, SSO, "narrower"),
        (SSO, CIS, "wider"),
        (SSO, ROOT, "both"),
        (CIS, f'{{ {LOGIN} && ($.additionalEventData.MFAUsed = "No") }}', "narrower"),
        (f'{{ {LOGIN} && ($.userIdentity.userName != "bob") }}',
         f'{{ {LOGIN} && ($.userIdentity.userName != "b*") }}', "narrower"),
        (CIS, "", "wider"),
        (CIS, f"{{ {LOGIN} && ($.readOnly = *) }}", "unknown"),
    ],
)  # fmt: skip
def test_a_change_of_meaning_has_a_direction(old, new, expected):
    assert relation(old, new) == expected


def test_what_is_lost_is_named_with_an_event_and_the_condition_to_blame():
    found = compare([parse(CIS)], [parse(SSO)])

    first = found.lost[0]
    assert (first.family, first.because) == ("root", '$.userIdentity.type is "Root", not "IAMUser"')
    assert parse(CIS).match(first.event) is True
    assert parse(SSO).match(first.event) is False
    assert found.gained == ()


def test_patterns_are_compared_together():
    assert compare([parse(SSO), parse(ROOT)], [parse(SSO)]).relation == "narrower"
    assert compare([parse(SSO), parse(ROOT)], [parse(ROOT), parse(SSO)]).relation == "equal"


def test_no_pattern_is_narrower_than_any():
    found = compare([parse(CIS)], [])

    assert found.relation == "narrower"
    assert found.lost[0].because == "there is no pattern"


ATOMS = [
    '$.eventName = "ConsoleLogin"',
    '$.additionalEventData.MFAUsed != "Yes"',
    "$.additionalEventData.MFAUsed NOT EXISTS",
    '$.userIdentity.type = "IAMUser"',
    '$.userIdentity.userName = "a*"',
    '$.awsRegion != "us-*"',
]


@st.composite
def some_pattern(draw):
    atoms = draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4))
    joiner = draw(st.sampled_from([" && ", " || "]))
    return "{ " + joiner.join(f"({atom})" for atom in atoms) + " }"


@given(some_pattern(), some_pattern())
def test_a_difference_is_one_and_the_other_way_round_it_is_the_opposite(old, new):
    there, back = compare([parse(old)], [parse(new)]), compare([parse(new)], [parse(old)])

    opposite = {"narrower": "wider", "wider": "narrower"}
    assert back.relation == opposite.get(there.relation, there.relation)
    for spot in there.lost:
        assert (parse(old).match(spot.event), parse(new).match(spot.event)) == (True, False)
    for spot in there.gained:
        assert (parse(old).match(spot.event), parse(new).match(spot.event)) == (False, True)


@given(some_pattern(), some_pattern())
def test_a_conjunction_is_never_wider(one, other):
    both = f"{{ ({one[2:-2]}) && ({other[2:-2]}) }}"

    assert relation(one, both) in ("equal", "narrower")
