# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Doing what was decided, user by user.

A call that fails becomes a receipt; nothing is raised for it, and the rest is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.containment import decide, devices, keys
from c7n_mfa.containment.documents import QUOTA, Form
from c7n_mfa.containment.exclude import MAX_AGE_HOURS, Exclusion, settled, too_old, unattributed
from c7n_mfa.containment.iam import GONE, Iam, sentence
from c7n_mfa.containment.limit import Full, HourlyLimit, Place
from c7n_mfa.containment.operations import UPDATE_LOGIN_PROFILE
from c7n_mfa.containment.person import person
from c7n_mfa.containment.values import (
    REQUIRE_MFA,
    REVOKE_SESSIONS,
    Decision,
    Occasion,
    Receipt,
    User,
)
from c7n_mfa.frozen import frozen

Decide = Callable[[Mapping[str, str]], Decision]


@frozen
class Containment:
    """Contains users on one occasion.

    Every method returns the receipt of the action first, then one for each thing beside it that
    failed.
    """

    reader: Reader
    occasion: Occasion
    exclusion: Exclusion
    max_age_hours: float = MAX_AGE_HOURS
    limit: HourlyLimit | None = None

    def require_mfa(self, user: User, form: Form, may_open: bool) -> list[Receipt]:
        """``may_open``: the sessions are revoked and the password is replaced."""
        stays_closed = form.enrolment == "open" and not may_open
        form = replace(form, enrolment="closed") if stays_closed else form
        iam = self._iam("require-mfa", user)

        def decide_it(tags: Mapping[str, str]) -> Decision:
            existing = iam.policy(REQUIRE_MFA)
            left = decide.left_alone(REQUIRE_MFA, existing, tags, user.acted, iam.now)
            return left or decide.require_mfa(iam.user.name, existing, form, tags, self.occasion)

        receipts = self._contain(iam, decide_it)
        if iam.may_act:
            receipts += devices.enrolled_since(self._iam("require-mfa", iam.user), self.occasion)
        if stays_closed and receipts[0].result in ("done", "already"):
            receipts.append(iam.receipt("failed", _STAYS_CLOSED))
        return receipts

    def revoke_sessions(self, user: User, new_keys: bool = False) -> list[Receipt]:
        """``new_keys``: deactivate the access keys that were made since the sign-in, too."""
        iam = self._iam("revoke-sessions", user)

        def decide_it(tags: Mapping[str, str]) -> Decision:
            existing = iam.policy(REVOKE_SESSIONS)
            left = decide.left_alone(REVOKE_SESSIONS, existing, tags, user.acted, iam.now)
            return left or decide.revoke_sessions(iam.user.name, existing, tags, self.occasion)

        # Without an event, the time is another each time that it is decided.
        again = decide_it if self.occasion.event_time else None
        receipts = self._contain(iam, decide_it, again)
        if new_keys and iam.may_act:
            receipts += keys.deactivate(self._iam("new-keys", iam.user), self.occasion)
        return receipts

    def reset_password(self, user: User, at_random: bool) -> list[Receipt]:
        iam = self._iam("reset-password", user)

        def decide_it(tags: Mapping[str, str]) -> Decision:
            profile = iam.login_profile()
            return decide.reset_password(iam.user.name, profile, at_random, tags, self.occasion)

        return self._contain(iam, decide_it)

    def _iam(self, action: str, user: User) -> Iam:
        return Iam(self.reader, action, user, self.occasion.now)

    def _contain(self, iam: Iam, decide_it: Decide, again: Decide | None = None) -> list[Receipt]:
        """``again`` decides once more after the write, for what others write at the same time."""
        checked = self._identified(iam) or self._checked(iam)
        if isinstance(checked, Receipt):
            return [iam.noted(checked)]
        decision = decide_it(checked)
        place = self._place(iam, decision, checked)
        if isinstance(place, Receipt):
            return [iam.noted(place)]
        iam.may_act = True
        first, *others = self._do(iam, decision, checked, again)
        if place:
            place.settle(iam.user.name if first.result == "done" else None, iam.now)
        return [iam.noted(first), *others]

    def _place(
        self, iam: Iam, decision: Decision, tags: Mapping[str, str]
    ) -> Place | Receipt | None:
        """What the user takes of `max-contained`, or the receipt of why it is not contained."""
        if self.limit is None or iam.user.begun or not decide.begins(decision, tags):
            return None
        taken = self.limit.take(iam.user.name, iam.now)
        if isinstance(taken, Full):
            receipt = _not_contained(iam, _FULL.format(len(taken.users), ", ".join(taken.users)))
            return replace(receipt, by_hand=decide.by_hand(decision))
        if isinstance(taken, ReadFailure):
            # A permission that is missing must not spare anybody.
            iam.notes.append(_UNCOUNTED.format(taken.sentence()))
            return None
        return taken

    def _identified(self, iam: Iam) -> Receipt | None:
        """Why it is not contained, before anything is read of the user who signed in."""
        # An intruder may have given the user another name since, and chosen it well.
        why = self.exclusion.by_name(self.occasion.user_name or iam.user.name)
        if why:
            return iam.receipt("skipped", why)
        why = unattributed(iam.user.name, self.occasion)
        why = why or too_old(iam.user.name, self.occasion, self.max_age_hours)
        if why:
            return _not_contained(iam, why)
        found = person(self.reader, iam.user, self.occasion)
        iam.user = found.user
        iam.notes += [found.note] if found.note else []
        iam.failures += [found.failure] if found.failure else []
        return _not_contained(iam, found.why) if found.why else None

    def _checked(self, iam: Iam) -> Mapping[str, str] | Receipt:
        """The user's tags, or the receipt of why it is not contained."""
        failures = len(iam.failures)
        tags = iam.tags()
        if tags is None:
            return _not_contained(iam, f"{GONE}, or has another name" if failures else GONE)
        if len(iam.failures) > failures and self.exclusion.tags and not iam.user.described:
            return _not_contained(iam, _MAYBE_EXCLUDED)
        why = self.exclusion.by_tag(tags)
        if why:
            return iam.receipt("skipped", why)
        why = settled(iam.user.name, tags, self.occasion)
        return _not_contained(iam, why) if why else tags

    def _do(
        self, iam: Iam, decision: Decision, tags: Mapping[str, str], again: Decide | None
    ) -> Iterator[Receipt]:
        if decision.result == "failed":
            error = "; ".join(failure.sentence() for failure in iam.failures)
            yield iam.receipt("failed", decision.why, error or None)
            return
        unmarked = next(_mark(iam, tags, decision.memory), None)
        if unmarked and not self.occasion.is_fresh:
            yield replace(unmarked, why=_NO_MEMORY)
            return
        receipt, in_place = _carry_out(iam, decision)
        if again and receipt.result == "done" and not iam.failures:
            in_place = _settle(iam, again, decision, tags)
            receipt = replace(receipt, why=in_place.why)
        yield receipt
        if in_place and unmarked:
            yield unmarked
        elif in_place:
            yield from _mark(iam, {**tags, **decision.memory}, in_place.tags)
        elif not unmarked:
            yield from _forget(iam, tags, decision.memory)
        for failure in iam.failures:
            yield iam.receipt("failed", _UNREAD, failure.sentence())


def _not_contained(iam: Iam, why: str) -> Receipt:
    """The receipt of a user who would have been contained."""
    error = "; ".join(failure.sentence() for failure in iam.failures)
    return iam.receipt("failed", f"NOT contained: {why}", error or None)


def _carry_out(iam: Iam, decision: Decision) -> tuple[Receipt, Decision | None]:
    """The receipt, and the decision that is in place now, if any."""
    if decision.call is None:
        return iam.receipt(decision.result, decision.why), decision
    error = iam.write(decision.call)
    if error is None:
        return iam.receipt("done", decision.why, undo=decision.undo), decision
    if error.gone:
        return _not_contained(iam, _gone(decision.call)), None
    if error.code.startswith("LimitExceeded"):
        if decision.fallback:
            return _carry_out(iam, decision.fallback)
        return iam.receipt("failed", _full(decision.call), sentence(error)), None
    return iam.receipt("failed", _NOT_CONTAINED, sentence(error)), None


def _settle(iam: Iam, again: Decide, decision: Decision, tags: Mapping[str, str]) -> Decision:
    """What is in place in the end: somebody else may have written in between, for a later sign-in.

    Either wrote over the other, and both look again: one at the policy, and one at the other's tag.
    """
    second = again(iam.tags() or tags)
    if iam.failures or second.result == "failed":
        return decision
    return second if second.call is None or iam.write(second.call) is None else decision


def _mark(iam: Iam, present: Mapping[str, str], tags: Mapping[str, str]) -> Iterator[Receipt]:
    """Tag the user; a receipt only when that fails."""
    missing = {key: value for key, value in tags.items() if present.get(key) != value}
    if not missing:
        return
    error = iam.write(decide.tag_user(iam.user.name, missing))
    if error is not None:
        yield iam.receipt("failed", _UNMARKED, sentence(error))


def _forget(iam: Iam, present: Mapping[str, str], memory: Mapping[str, str]) -> Iterator[Receipt]:
    """Take back the memory of what was not done after all; a receipt only when that fails."""
    for key in memory:
        call = decide.untag_user(iam.user.name, [key])
        if key in present:
            call = decide.tag_user(iam.user.name, {key: present[key]})
        error = iam.write(call)
        if error and not error.gone:
            yield iam.receipt("failed", _STALE.format(key), sentence(error))


_FULL = (
    "{} users were contained within the last hour ({}), and max-contained is reached; look at all "
    "of them, and contain this one by hand, or raise max-contained"
)
_UNCOUNTED = "how many users were contained within the hour is not known: {}"
_NOT_CONTAINED = "the user is not contained by this action"
_MAYBE_EXCLUDED = "whether the user is excluded is not known"
_NO_MEMORY = (
    "the password is not reset: that cannot be noted on the user, the sign-in is more than 15 "
    "minutes old, and its owner may have a new password by now"
)
_STALE = "the tag {} stays and speaks of what was not done; take it off"
_UNREAD = "the action went on without reading what is there"
_UNMARKED = (
    "the user does not carry the tags of c7n-mfa; `contained` and `release` know the policies by "
    "name"
)
_STAYS_CLOSED = (
    "enrolment stays closed: revoke-sessions and reset-password have not both succeeded before"
)


def _gone(call: Call) -> str:
    password = call.of == UPDATE_LOGIN_PROFILE
    return f"{GONE}, or has no password any more" if password else GONE


def _full(call: Call) -> str:
    if "PolicyDocument" not in call.parameters:
        return _NOT_CONTAINED
    policy, size = call.parameters["PolicyName"], len(call.parameters["PolicyDocument"])
    return (
        f"{policy} takes {size} characters and does not fit: the inline policies of a user may "
        f"have {QUOTA} together; make room among them, or attach a managed policy that denies"
    )
