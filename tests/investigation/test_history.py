# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from datetime import timedelta

import pytest

from c7n_mfa.investigation.dossier import EarlierSignIns, Origin, Place, Related, Seen
from c7n_mfa.investigation.records import earlier_sign_ins, failed_attempts, judge_origin
from investigated import AT, BROWSER, ago, call, parsed, sign_in, signed_in, the_sign_in

SINCE = ago(days=30)
ALL = Seen(SINCE, True)
TWO_DAYS = Seen(ago(hours=48), True)


def failed(**span):
    return sign_in(ago(**span), outcome="Failure")


def nowhere(address):
    return None


def judge(*history, places=nowhere, **changes):
    return judge_origin(signed_in(the_sign_in(**changes)), AT, parsed(*history), places, ALL)


def days_of_noons(days=6):
    return [sign_in(ago(days=2 + day)) for day in range(days)]


def test_failures_in_quick_succession_are_a_burst():
    found = failed_attempts(parsed(*(failed(minutes=m) for m in (2, 3, 9))), AT, SINCE)
    assert found == Related(failed=3, last_failed=ago(minutes=2), burst=True, seen=TWO_DAYS)


@pytest.mark.parametrize(
    ("attempts", "failed", "last", "burst"),
    [
        ([], None, None, None),
        ([4], 1, 4, None),
        ([4, 40, 80], 3, 4, None),
        ([4, 5, 6], 3, 4, True),
    ],
)
def test_attempts_of_which_not_all_were_read_are_at_least_so_many(attempts, failed, last, burst):
    since = ago(hours=3)
    records = parsed(*(sign_in(ago(minutes=m), outcome="Failure") for m in attempts))
    assert failed_attempts(records, AT, since) == Related(
        None, failed, last and ago(minutes=last), burst, Seen(since, False)
    )


@pytest.mark.parametrize(
    "attempts",
    [
        [failed(minutes=2), failed(minutes=3)],
        [failed(hours=h) for h in (1, 2, 3, 4)],
        [sign_in(ago(minutes=m)) for m in (1, 2, 3)],
        [failed(hours=49), failed(hours=49.1), failed(hours=49.2)],
        [failed(minutes=m) for m in (-1, -2, -3)],
        [],
    ],
)
def test_few_slow_successful_old_or_later_attempts_are_no_burst(attempts):
    assert failed_attempts(parsed(*attempts), AT, SINCE).burst is False


def test_a_failed_second_factor_counts_as_an_attempt():
    def check(answer):
        return call(
            "CheckMfa", "signin", ago(minutes=1), responseElements={"CheckMfa": answer}, eventID=""
        )

    found = failed_attempts(parsed(check("Failure"), check("Success"), check(None)), AT, SINCE)
    assert found.failed == 1


def test_earlier_sign_ins_without_mfa_are_counted_with_first_and_last():
    records = parsed(
        sign_in(ago(days=3)),
        sign_in(ago(days=9)),
        sign_in(ago(days=5), mfa="Yes"),
        failed(days=4),
        sign_in(AT + timedelta(minutes=1)),
        call("ListBuckets", "s3", ago(days=2)),
    )
    assert earlier_sign_ins(records, AT, ALL) == EarlierSignIns(3, 2, ago(days=9), ago(days=3), ALL)


def test_earlier_sign_ins_that_do_not_say_are_counted_apart():
    records = parsed(sign_in(ago(days=3)), sign_in(ago(days=4), mfa="?"))
    assert earlier_sign_ins(records, AT, ALL) == EarlierSignIns(
        2, 1, ago(days=3), ago(days=3), ALL, unknown=1
    )


def test_no_earlier_sign_in_is_a_zero():
    assert earlier_sign_ins([], AT, ALL) == EarlierSignIns(0, 0, None, None, ALL)


def test_no_sign_in_where_not_all_was_read_is_unknown():
    part = Seen(ago(days=3), False)
    with_mfa = parsed(sign_in(ago(days=2), mfa="Yes"))
    assert earlier_sign_ins([], AT, part) == EarlierSignIns(None, None, None, None, part, None)
    assert earlier_sign_ins(with_mfa, AT, part) == EarlierSignIns(1, None, None, None, part, None)


def test_a_sign_in_as_always_is_new_in_nothing():
    assert judge(*days_of_noons()) == Origin(
        compared_with=6,
        seen=ALL,
        new_address=False,
        network="192.0.2.0/24",
        new_network=False,
        usual=("192.0.2.0/24",),
        new_agent=False,
        hour=12,
        unusual_hour=False,
    )


def test_the_mail_for_a_forgotten_password_makes_no_address_known():
    asked = call("PasswordRecoveryRequested", "signin", ago(days=2), sourceIPAddress="192.0.2.9")
    at_home = sign_in(ago(days=5), sourceIPAddress="198.51.100.5")

    assert judge(at_home, asked) == judge(at_home)
    assert judge(at_home, asked).new_network is True


def test_without_history_nothing_is_new_and_nothing_known():
    assert judge() == Origin(compared_with=0, seen=ALL, network="192.0.2.0/24", hour=12)


def test_a_history_that_was_not_read_is_not_an_empty_one():
    part = Seen(ago(days=3), False)
    found = judge_origin(signed_in(the_sign_in()), AT, [], nowhere, part)
    assert found == Origin(compared_with=None, seen=part, network="192.0.2.0/24", hour=12)


def test_a_neighbour_is_a_new_address_in_a_known_network():
    origin = judge(*days_of_noons(), sourceIPAddress="192.0.2.99")
    assert (origin.new_address, origin.new_network) == (True, False)


def test_another_provider_is_a_new_network():
    origin = judge(*days_of_noons(), sourceIPAddress="198.51.100.7")
    assert (origin.network, origin.new_network) == ("198.51.100.0/24", True)


def test_a_v6_network_is_a_48():
    usual = sign_in(ago(days=3), sourceIPAddress="2001:db8:1:2::3")
    origin = judge(usual, sourceIPAddress="2001:db8:1:ffff::9")
    assert (origin.network, origin.new_network, origin.new_address) == (
        "2001:db8:1::/48",
        False,
        True,
    )


@pytest.mark.parametrize("address", ["AWS Internal", "cloudformation.amazonaws.com", None, "", 7])
def test_what_is_no_address_is_neither_new_nor_known(address):
    origin = judge(*days_of_noons(), sourceIPAddress=address)
    assert (origin.new_address, origin.network, origin.new_network) == (None, None, None)


def test_services_calling_on_their_own_are_no_history():
    usual = call("ListBuckets", "s3", ago(days=3), sourceIPAddress="AWS Internal")
    assert judge(usual).new_address is None


def test_failed_attempts_make_no_address_known():
    assert judge(*days_of_noons(), failed(days=3), sourceIPAddress="192.0.2.99").new_address is True
    guessing = sign_in(ago(days=3), outcome="Failure", sourceIPAddress="192.0.2.99")
    assert judge(*days_of_noons(), guessing, sourceIPAddress="192.0.2.99").new_address is True


def test_the_day_before_makes_no_address_known():
    intruder = call("ListBuckets", "s3", ago(hours=23), sourceIPAddress="198.51.100.7")
    assert judge(*days_of_noons(), intruder, sourceIPAddress="198.51.100.7").new_network is True


def test_a_newer_version_of_the_browser_is_not_new():
    assert judge(*days_of_noons(), userAgent=BROWSER.replace("140", "141")).new_agent is False


def test_another_browser_is_new():
    assert judge(*days_of_noons(), userAgent="Mozilla/5.0 (Macintosh) Safari/1").new_agent is True


def test_tools_are_no_browsers():
    tool = call("ListBuckets", "s3", ago(days=3), userAgent="Boto3/1.40")
    assert judge(tool).new_agent is None


def test_an_hour_never_seen_is_unusual():
    night = [sign_in(ago(days=2 + day, hours=5)) for day in range(6)]
    assert judge(*night).unusual_hour is True


@pytest.mark.parametrize("hours", [1, -1])
def test_the_hours_next_to_a_usual_one_are_usual(hours):
    near = [sign_in(ago(days=2 + day, hours=hours)) for day in range(6)]
    assert judge(*near).unusual_hour is False


def test_four_days_say_nothing_about_hours():
    assert judge(*days_of_noons(4)).unusual_hour is None


def test_scripts_keep_no_hours():
    scripts = [call("ListBuckets", "s3", ago(days=2 + day)) for day in range(20)]
    assert judge(*scripts).unusual_hour is None


def test_calls_of_the_console_count_as_hours():
    clicks = [
        call("ListBuckets", "s3", ago(days=2 + day), sessionCredentialFromConsole="true")
        for day in range(6)
    ]
    assert judge(*clicks).unusual_hour is False


@pytest.mark.parametrize(("country", "new"), [("IS", True), ("DE", False)])
def test_a_country_is_compared_with_those_before(country, new):
    places = {"192.0.2.10": Place("DE", "Example"), "198.51.100.7": Place(country)}
    origin = judge(*days_of_noons(), places=places.get, sourceIPAddress="198.51.100.7")
    assert (origin.place, origin.new_country) == (Place(country), new)


def test_an_unknown_country_is_not_new():
    places = {"192.0.2.10": Place("DE")}
    origin = judge(*days_of_noons(), places=places.get, sourceIPAddress="198.51.100.7")
    assert origin.new_country is None
