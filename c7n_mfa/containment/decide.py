# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What each action does to a user, decided from what exists.  Pure, no AWS.

What exists under a policy's name is its document, None for nothing, or ReadFailure.  Tags are those
that are believed.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.change import IN_PLACE
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment import documents
from c7n_mfa.containment import operations as op
from c7n_mfa.containment.documents import Form
from c7n_mfa.containment.marks import is_ahead, time_in
from c7n_mfa.containment.values import (
    CONTAINED,
    EVENT,
    PASSWORD_RESET,
    REQUIRE_MFA,
    REVOKE_SESSIONS,
    Decision,
    Document,
    Occasion,
)

Existing = Document | ReadFailure | None

# A session's token is issued after the sign-in that it belongs to, by seconds.
_TOKEN_DELAY = timedelta(seconds=60)
TICK = timedelta(seconds=1)
"""The resolution of aws:TokenIssueTime."""

_SAYS: dict[Form, str] = {
    Form("console", "closed"): "denies everything in console sessions without MFA",
    Form("console", "open"): "denies everything but enrolling MFA in console sessions without MFA",
    Form("all", "closed"): "denies everything without MFA, access keys included",
    Form("all", "open"): "denies everything but enrolling MFA without MFA, access keys included",
}

_WITHOUT_MFA: dict[str, str] = {
    "console": "console sessions without MFA work again",
    "all": "console sessions and access keys work again without MFA",
}


def left_alone(
    policy: str,
    existing: Existing,
    tags: Mapping[str, str],
    acted: Collection[str],
    now: datetime,
) -> Decision | None:
    """A policy of the name that is not written over: somebody may have made it stricter.

    One that cannot be read is, when the user was contained before this run ``acted``.  A time that
    lies in the future denies all sessions there are, and was not put by us.
    """
    if isinstance(existing, ReadFailure) and tags.get(CONTAINED, _NEVER) not in {*acted, _NEVER}:
        return Decision("failed", _UNREADABLE.format(policy))
    if isinstance(existing, dict) and not documents.is_unchanged(policy, existing):
        return Decision("failed", _CHANGED.format(policy))
    cutoff = documents.cutoff_of(existing)
    if cutoff and is_ahead(cutoff, now):
        return Decision("failed", _AHEAD.format(policy, format_time(cutoff)))
    return None


_NEVER = ""
_UNREADABLE = (
    "the user was contained before, and what {} says cannot be read; it is not written over"
)
_AHEAD = (
    "{} denies all sessions until {}, which lies in the future; somebody changed it, and it is "
    "left as it is; release the user to have it put right"
)
_CHANGED = (
    "somebody changed {}, and it is left as it is; delete it, or release the user, to have it put "
    "as it was"
)


def require_mfa(
    name: str, existing: Existing, form: Form, tags: Mapping[str, str], occasion: Occasion
) -> Decision:
    """Put the policy that requires MFA; one that is there never gets a smaller scope."""
    current = documents.form_of(existing)
    if current and current.scope == "all":
        form = replace(form, scope="all")
    marks = _marks(tags, occasion)
    if current == form:
        return Decision("already", f"{REQUIRE_MFA} {_SAYS[form]}", tags=marks)
    fallback = None
    if form.enrolment == "open":
        closed = replace(form, enrolment="closed")
        fallback = require_mfa(name, existing, closed, tags, occasion)
        why = f"{fallback.why}; leaving enrolment open does not fit into the user's policies"
        fallback = replace(fallback, why=why)
    document = documents.require_mfa(form)
    why = f"{REQUIRE_MFA} {_SAYS[form]}"
    effect = f"it only {_SAYS[current]}, as before" if current else _WITHOUT_MFA[form.scope]
    decision = _put(name, REQUIRE_MFA, document, existing, why, effect, marks)
    return replace(decision, fallback=fallback)


def revoke_sessions(
    name: str, existing: Existing, tags: Mapping[str, str], occasion: Occasion
) -> Decision:
    """Deny the sessions issued until now; the time that is there only ever moves forward."""
    current = documents.cutoff_of(existing)
    needed = _needed(tags, occasion)
    marks = _marks(tags, occasion)
    if current and needed and current >= needed:
        return Decision("already", revoked(current), tags=marks)
    cutoff = max(t for t in (occasion.now + TICK, needed, current) if t)
    document = documents.revoke_sessions(cutoff)
    since = f"from {format_time(current)} to" if current else "before"
    effect = f"sessions issued {since} {format_time(cutoff)} work again"
    effect += "" if current else ", and those of aws login"
    return _put(name, REVOKE_SESSIONS, document, existing, revoked(cutoff), effect, marks)


def _needed(tags: Mapping[str, str], occasion: Occasion) -> datetime | None:
    """The earliest time that reaches the sessions of this sign-in, and of the one in the tag."""
    if occasion.event_time is None:
        return None
    other = time_in(tags.get(EVENT, ""))
    return max(occasion.event_time, other or occasion.event_time) + _TOKEN_DELAY


def revoked(cutoff: datetime) -> str:
    return (
        f"{REVOKE_SESSIONS} denies everything in sessions issued before {format_time(cutoff)}, and "
        "in those of aws login"
    )


def reset_password(
    name: str,
    profile: Mapping[str, Any] | ReadFailure | None,
    at_random: bool,
    tags: Mapping[str, str],
    occasion: Occasion,
) -> Decision:
    """Replace the password by one that nobody knows, or only ask for another at next sign-in."""
    if profile is None:
        return Decision("already", "the user has no password, and cannot sign in with one")
    marks = _marks(tags, occasion)
    pending = not isinstance(profile, ReadFailure) and profile.get("PasswordResetRequired") is True
    if _is_reset(tags, pending, occasion):
        return Decision("already", f"the password was reset on {tags[PASSWORD_RESET]}", tags=marks)
    if at_random:
        return _replace_password(name, {**marks, PASSWORD_RESET: occasion.at})
    if pending:
        return Decision("already", _FORCED, tags=marks)
    call, undo = (
        op.UPDATE_LOGIN_PROFILE("", UserName=name, PasswordResetRequired=required)
        for required in (True, False)
    )
    undo = undo.with_effect("whoever knows the present password can go on using it")
    return Decision("done", _FORCED, call, (undo,), tags=marks)


_FORCED = (
    "whoever signs in next with the present password has to change it; that may be the wrong person"
)


def _replace_password(name: str, tags: Mapping[str, str]) -> Decision:
    call = op.UPDATE_LOGIN_PROFILE(
        "", UserName=name, Password=random_password(), PasswordResetRequired=True
    )
    why = (
        "the password is now one that nobody knows; the owner gets back in with a new one from an "
        f"administrator: aws iam update-login-profile --user-name {name} --password … "
        "--password-reset-required"
    )
    memory = {PASSWORD_RESET: tags[PASSWORD_RESET]}
    return Decision("done", why, call, tags=tags, memory=memory)


def _is_reset(tags: Mapping[str, str], pending: bool, occasion: Occasion) -> bool:
    """Was the password replaced after the sign-in, or, without one, and is not yet changed?

    An event that comes again must not take the password away that the owner has been given since.
    """
    reset = parse_time(tags.get(PASSWORD_RESET))
    if reset is None:
        return False
    return reset >= occasion.event_time if occasion.event_time else pending


_SYMBOLS = "!@#$%^&*()_+-=[]{}|"
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)
_LONGEST = 128


def random_password() -> str:
    """A password as long as IAM takes, of all classes: it meets every password policy."""
    letters = [secrets.choice(letters) for letters in _CLASSES]
    everything = "".join(_CLASSES)
    letters += [secrets.choice(everything) for _ in range(_LONGEST - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def may_open_enrolment(receipts: Iterable[Mapping[str, Any]]) -> bool:
    """Are the user's sessions revoked and the password replaced, by these receipts?

    With an open session, or with the password, whoever has them could enrol a device of their own.
    """
    in_place = {receipt["action"] for receipt in receipts if receipt["result"] in IN_PLACE}
    return {"revoke-sessions", "reset-password"} <= in_place


def _put(
    name: str,
    policy: str,
    document: Document,
    existing: Existing,
    why: str,
    effect: str,
    tags: Mapping[str, str],
) -> Decision:
    """``effect`` is what works again once the policy is as it was."""
    undo = delete_policy(name, policy)
    if isinstance(existing, dict):
        undo = put_policy(name, policy, existing)
    call = put_policy(name, policy, document)
    return Decision("done", why, call, (undo.with_effect(effect),), tags=tags)


def begins(decision: Decision, tags: Mapping[str, str]) -> bool:
    """Does it contain a user who was not contained before?"""
    replaces = any(call.of == op.PUT_USER_POLICY for call in decision.undo)
    return decision.call is not None and not (replaces and CONTAINED in tags)


def by_hand(decision: Decision) -> tuple[Call, ...]:
    """The call for a person to make, who thinks of a password."""
    if decision.call is None:
        return ()
    parameters = dict(decision.call.parameters)
    if "Password" in parameters:
        parameters["Password"] = "…"
    return (replace(decision.call, parameters=parameters),)


def put_policy(name: str, policy: str, document: Document) -> Call:
    text = documents.text_of(document)
    return op.PUT_USER_POLICY("", UserName=name, PolicyName=policy, PolicyDocument=text)


def delete_policy(name: str, policy: str) -> Call:
    return op.DELETE_USER_POLICY("", UserName=name, PolicyName=policy)


def tag_user(name: str, tags: Mapping[str, str]) -> Call:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return op.TAG_USER("", UserName=name, Tags=pairs)


def untag_user(name: str, keys: Iterable[str]) -> Call:
    return op.UNTAG_USER("", UserName=name, TagKeys=list(keys))


def _marks(tags: Mapping[str, str], occasion: Occasion) -> dict[str, str]:
    """The tags of a contained user; the date stays that of the first containment."""
    since = tags.get(CONTAINED)
    return {
        CONTAINED: since if since and parse_time(since) else occasion.at,
        EVENT: _last(tags.get(EVENT, ""), occasion),
    }


def _last(present: str, occasion: Occasion) -> str:
    """The later of the sign-in that the tag names and this one."""
    time = time_in(present)
    is_later = time and occasion.event_time and time > occasion.event_time
    return present if is_later else occasion.reason
