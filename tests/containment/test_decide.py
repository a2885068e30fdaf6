# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What is decided about a user, from values alone."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.containment import decide, documents
from c7n_mfa.containment import operations as op
from c7n_mfa.containment.documents import Form
from c7n_mfa.containment.values import Decision, Occasion

NOW = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
SIGNED_IN = NOW - timedelta(seconds=20)
NO_EVENT = Occasion(NOW, "contain-now")
EVENT = Occasion(NOW, "contain-now", "11111111-aaaa", SIGNED_IN)
MARKS = {
    "c7n-mfa-contained": "2026-11-21T09:30:20Z",
    "c7n-mfa-event": "11111111-aaaa 2026-11-21T09:30:00Z",
}
DENIED = ReadFailure("iam:GetUserPolicy", "alice", "AccessDenied", "no")
CLOSED, OPEN = Form("console", "closed"), Form("console", "open")
CLOSED_TO_ALL, OPEN_TO_ALL = Form("all", "closed"), Form("all", "open")


def put(policy, document):
    text = json.dumps(document, separators=(",", ":"))
    parameters = {"UserName": "alice", "PolicyName": policy, "PolicyDocument": text}
    return op.PUT_USER_POLICY("", **parameters)


def delete(policy):
    return op.DELETE_USER_POLICY("", UserName="alice", PolicyName=policy)


def update(**parameters):
    return op.UPDATE_LOGIN_PROFILE("", UserName="alice", **parameters)


# require-mfa


def required(form, found=None, tags=None, occasion=EVENT):
    return decide.require_mfa("alice", found, form, tags or {}, occasion)


def test_requiring_mfa_puts_the_policy_and_says_how_to_take_it_off():
    assert required(CLOSED) == Decision(
        "done",
        "c7n-mfa-require-mfa denies everything in console sessions without MFA",
        call=put("c7n-mfa-require-mfa", documents.require_mfa(CLOSED)),
        undo=(
            delete("c7n-mfa-require-mfa").with_effect("console sessions without MFA work again"),
        ),
        tags=MARKS,
    )


def test_a_policy_that_is_there_is_left_as_it_is():
    assert required(CLOSED, documents.require_mfa(CLOSED)) == Decision(
        "already",
        "c7n-mfa-require-mfa denies everything in console sessions without MFA",
        tags=MARKS,
    )


def test_a_larger_scope_replaces_a_smaller_one_and_can_be_undone():
    before = documents.require_mfa(CLOSED)

    decision = required(CLOSED_TO_ALL, before)

    assert decision.call == put("c7n-mfa-require-mfa", documents.require_mfa(CLOSED_TO_ALL))
    assert decision.undo == (
        put("c7n-mfa-require-mfa", before).with_effect(
            "it only denies everything in console sessions without MFA, as before"
        ),
    )


def test_the_undo_of_the_scope_of_all_says_that_access_keys_work_again():
    assert required(CLOSED_TO_ALL).undo == (
        delete("c7n-mfa-require-mfa").with_effect(
            "console sessions and access keys work again without MFA"
        ),
    )


def test_a_scope_is_never_made_smaller():
    decision = required(CLOSED, documents.require_mfa(CLOSED_TO_ALL))

    assert (decision.result, decision.call) == ("already", None)
    assert decision.why == (
        "c7n-mfa-require-mfa denies everything without MFA, access keys included"
    )


def test_opening_enrolment_keeps_the_scope():
    decision = required(OPEN, documents.require_mfa(CLOSED_TO_ALL))

    assert decision.call == put("c7n-mfa-require-mfa", documents.require_mfa(OPEN_TO_ALL))


def test_open_enrolment_is_closed_again_when_asked():
    decision = required(CLOSED, documents.require_mfa(OPEN))

    assert decision.call == put("c7n-mfa-require-mfa", documents.require_mfa(CLOSED))


def test_a_policy_that_may_not_be_read_is_put_all_the_same():
    assert required(CLOSED, DENIED) == required(CLOSED)


def test_what_leaves_enrolment_open_falls_back_to_the_smaller_policy():
    decision = required(OPEN)

    assert decision.fallback == replace(
        required(CLOSED),
        why=(
            "c7n-mfa-require-mfa denies everything in console sessions without MFA; leaving "
            "enrolment open does not fit into the user's policies"
        ),
    )


def test_the_smaller_policy_has_no_fallback():
    assert required(CLOSED).fallback is None


# revoke-sessions


def revoked(found=None, occasion=EVENT):
    return decide.revoke_sessions("alice", found, {}, occasion)


def revocation(time):
    return put("c7n-mfa-revoke-sessions", documents.revoke_sessions(time))


def test_sessions_are_revoked_until_a_minute_after_the_sign_in():
    # The token of the session is issued some seconds after the sign-in.
    assert revoked() == Decision(
        "done",
        "c7n-mfa-revoke-sessions denies everything in sessions issued before 2026-11-21T09:31:00Z, "
        "and in those of aws login",
        call=revocation(SIGNED_IN + timedelta(seconds=60)),
        undo=(
            delete("c7n-mfa-revoke-sessions").with_effect(
                "sessions issued before 2026-11-21T09:31:00Z work again, and those of aws login"
            ),
        ),
        tags=MARKS,
    )


def test_sessions_are_revoked_until_now_when_the_event_comes_late():
    late = replace(EVENT, event_time=NOW - timedelta(hours=2))

    assert revoked(occasion=late).call == revocation(NOW + timedelta(seconds=1))


def test_sessions_issued_in_this_very_second_are_revoked_without_an_event():
    assert revoked(occasion=NO_EVENT).call == revocation(NOW + timedelta(seconds=1))


def test_an_event_that_comes_again_changes_nothing():
    after = SIGNED_IN + timedelta(seconds=60)
    again = replace(EVENT, now=NOW + timedelta(hours=6))

    decision = revoked(documents.revoke_sessions(after), again)

    assert (decision.result, decision.call) == ("already", None)


def test_a_second_sign_in_moves_the_time_forward():
    before = documents.revoke_sessions(SIGNED_IN + timedelta(seconds=60))
    later = NOW + timedelta(hours=1)
    second = Occasion(later, "contain-now", "22222222-bbbb", later - timedelta(seconds=5))

    decision = revoked(before, second)

    assert decision.call == revocation(later + timedelta(seconds=55))
    assert decision.undo == (
        put("c7n-mfa-revoke-sessions", before).with_effect(
            "sessions issued from 2026-11-21T09:31:00Z to 2026-11-21T10:31:15Z work again"
        ),
    )


@pytest.mark.parametrize("occasion", [EVENT, NO_EVENT], ids=["event", "no event"])
def test_the_time_never_moves_backwards(occasion):
    tomorrow = NOW + timedelta(days=1)

    call = revoked(documents.revoke_sessions(tomorrow), occasion).call

    assert call in (None, revocation(tomorrow))


def test_a_run_without_an_event_moves_the_time_forward():
    before = documents.revoke_sessions(NOW - timedelta(hours=1))

    assert revoked(before, NO_EVENT).call == revocation(NOW + timedelta(seconds=1))


# What is left alone


def left_alone(found, tags=MARKS, acted=(), policy="c7n-mfa-require-mfa"):
    return decide.left_alone(policy, found, tags, acted, NOW)


EDITED = {**documents.require_mfa(CLOSED), "Id": "tighter"}


def test_a_policy_that_somebody_changed_is_left_alone():
    assert left_alone(EDITED, {}) == Decision(
        "failed",
        "somebody changed c7n-mfa-require-mfa, and it is left as it is; delete it, or release the "
        "user, to have it put as it was",
    )


def test_a_policy_that_cannot_be_read_of_a_contained_user_is_left_alone():
    assert left_alone(DENIED) == Decision(
        "failed",
        "the user was contained before, and what c7n-mfa-require-mfa says cannot be read; it is "
        "not written over",
    )


@pytest.mark.parametrize(
    ("found", "tags", "acted", "policy"),
    [
        (None, MARKS, (), "c7n-mfa-require-mfa"),
        (documents.require_mfa(OPEN_TO_ALL), MARKS, (), "c7n-mfa-require-mfa"),
        (documents.revoke_sessions(NOW), MARKS, (), "c7n-mfa-revoke-sessions"),
        (DENIED, {}, (), "c7n-mfa-require-mfa"),
        # The tag was set a moment ago, by the action before.
        (DENIED, MARKS, ("2026-11-21T09:30:20Z",), "c7n-mfa-require-mfa"),
    ],
    ids=["absent", "ours", "our revocation", "not contained", "contained by this run"],
)
def test_all_else_is_decided_by_the_action(found, tags, acted, policy):
    assert left_alone(found, tags, acted, policy) is None


@pytest.mark.parametrize(("minutes", "left"), [(5, False), (6, True)])
def test_a_time_in_the_future_is_not_ours_and_left_alone(minutes, left):
    """It denies every session there is, and somebody may have wanted that."""
    ahead = NOW + timedelta(minutes=minutes)
    found = left_alone(documents.revoke_sessions(ahead), {}, policy="c7n-mfa-revoke-sessions")

    why = (
        "c7n-mfa-revoke-sessions denies all sessions until 2026-11-21T09:36:20Z, which lies in the "
        "future; somebody changed it, and it is left as it is; release the user to have it put "
        "right"
    )
    assert found == (Decision("failed", why) if left else None)


@pytest.mark.parametrize("policy", ["c7n-mfa-require-mfa", "c7n-mfa-revoke-sessions"])
def test_the_form_of_one_policy_is_none_of_the_other(policy):
    other = {
        "c7n-mfa-require-mfa": documents.revoke_sessions(NOW),
        "c7n-mfa-revoke-sessions": documents.require_mfa(CLOSED),
    }
    assert left_alone(other[policy], {}, policy=policy).result == "failed"


# reset-password

PROFILE = {"UserName": "alice", "PasswordResetRequired": False}
PENDING = {"UserName": "alice", "PasswordResetRequired": True}


def reset(profile=PROFILE, tags=None, occasion=EVENT, at_random=True):
    return decide.reset_password("alice", profile, at_random, tags or {}, occasion)


def test_a_password_becomes_one_that_nobody_knows():
    decision = reset()

    password = decision.call.parameters["Password"]
    assert decision == Decision(
        "done",
        "the password is now one that nobody knows; the owner gets back in with a new one from an "
        "administrator: aws iam update-login-profile --user-name alice --password … "
        "--password-reset-required",
        call=update(Password=password, PasswordResetRequired=True),
        tags={**MARKS, "c7n-mfa-password-reset": "2026-11-21T09:30:20Z"},
        memory={"c7n-mfa-password-reset": "2026-11-21T09:30:20Z"},
    )
    assert password not in decision.why


def test_the_same_password_never_comes_twice():
    passwords = {decide.random_password() for _ in range(100)}
    assert len(passwords) == 100


def test_a_password_meets_every_password_policy():
    # As long as IAM takes, and of every class that a policy can ask for.
    for _ in range(100):
        password = decide.random_password()
        assert len(password) == 128
        assert set(string.ascii_lowercase) & set(password)
        assert set(string.ascii_uppercase) & set(password)
        assert set(string.digits) & set(password)
        assert set("!@#$%^&*()_+-=[]{}|") & set(password)


def test_without_a_new_password_only_a_change_is_forced_and_can_be_undone():
    assert reset(at_random=False) == Decision(
        "done",
        "whoever signs in next with the present password has to change it; that may be the wrong "
        "person",
        call=update(PasswordResetRequired=True),
        undo=(
            update(PasswordResetRequired=False).with_effect(
                "whoever knows the present password can go on using it"
            ),
        ),
        tags=MARKS,
    )


def test_a_change_that_is_forced_already_is_left_as_it_is():
    decision = reset(PENDING, at_random=False)

    assert (decision.result, decision.call) == ("already", None)


def test_a_forced_change_does_not_stop_a_password_from_being_replaced():
    assert reset(PENDING).result == "done"


def test_a_user_without_a_password_is_left_alone_and_not_tagged():
    assert reset(None) == Decision(
        "already", "the user has no password, and cannot sign in with one"
    )


def test_an_event_that_comes_again_does_not_take_the_new_password_away():
    tags = {"c7n-mfa-password-reset": "2026-11-21T09:30:10Z"}

    decision = reset(PROFILE, tags)

    assert (decision.result, decision.call) == ("already", None)
    assert decision.why == "the password was reset on 2026-11-21T09:30:10Z"


def test_a_sign_in_after_the_reset_resets_again():
    tags = {"c7n-mfa-password-reset": "2026-11-21T09:29:00Z"}

    decision = reset(PROFILE, tags)

    assert decision.result == "done"
    assert decision.tags["c7n-mfa-password-reset"] == "2026-11-21T09:30:20Z"


@pytest.mark.parametrize(
    ("profile", "result"), [(PENDING, "already"), (PROFILE, "done")], ids=["unused", "changed"]
)
def test_without_an_event_a_reset_is_repeated_once_the_password_was_changed(profile, result):
    tags = {"c7n-mfa-password-reset": "2026-11-20T00:00:00Z"}

    assert reset(profile, tags, NO_EVENT).result == result


def test_a_reset_of_no_readable_date_does_not_count():
    assert reset(PROFILE, {"c7n-mfa-password-reset": "yesterday"}).result == "done"


def test_a_password_of_which_nothing_may_be_read_is_replaced_all_the_same():
    assert reset(ReadFailure("iam:GetLoginProfile", "alice", "AccessDenied", "no")).result == "done"


# Tags


def test_the_date_stays_that_of_the_first_containment():
    first = {"c7n-mfa-contained": "2026-11-01T00:00:00Z", "c7n-mfa-event": "old"}

    assert required(CLOSED, tags=first).tags == {
        "c7n-mfa-contained": "2026-11-01T00:00:00Z",
        "c7n-mfa-event": "11111111-aaaa 2026-11-21T09:30:00Z",
    }


def test_a_date_that_is_none_is_replaced():
    assert required(CLOSED, tags={"c7n-mfa-contained": "soon"}).tags == MARKS


def test_without_an_event_the_policy_is_the_reason():
    assert required(CLOSED, occasion=NO_EVENT).tags == {
        "c7n-mfa-contained": "2026-11-21T09:30:20Z",
        "c7n-mfa-event": "policy:contain-now",
    }


LATER = "22222222-bbbb 2026-11-21T10:30:00Z"


@pytest.mark.parametrize(
    ("present", "kept"),
    [
        (LATER, LATER),
        ("00000000-0000 2026-11-21T09:00:00Z", MARKS["c7n-mfa-event"]),
        ("00000000-0000", MARKS["c7n-mfa-event"]),
        ("policy:contain-now", MARKS["c7n-mfa-event"]),
    ],
)
def test_the_tag_names_the_later_sign_in(present, kept):
    assert required(CLOSED, tags={**MARKS, "c7n-mfa-event": present}).tags == {
        **MARKS,
        "c7n-mfa-event": kept,
    }


# Whether enrolment may be left open


def receipt(action, result):
    return {"action": action, "result": result, "resource": "alice"}


@pytest.mark.parametrize("result", ["done", "already"])
def test_enrolment_may_be_open_once_both_are_in_place(result):
    receipts = [receipt("revoke-sessions", "done"), receipt("reset-password", result)]
    assert decide.may_open_enrolment(receipts)


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [receipt("revoke-sessions", "done")],
        [receipt("reset-password", "done")],
        [receipt("revoke-sessions", "failed"), receipt("reset-password", "done")],
        [receipt("revoke-sessions", "done"), receipt("reset-password", "failed")],
        [receipt("revoke-sessions", "skipped"), receipt("reset-password", "done")],
        [receipt("revoke-sessions", "done"), receipt("require-mfa", "done")],
    ],
    ids=str,
)
def test_enrolment_stays_closed_unless_both_are_in_place(receipts):
    assert not decide.may_open_enrolment(receipts)
