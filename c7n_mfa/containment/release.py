# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who is contained, and the release: taking off what containment put there, and nothing else.

What denied the sessions from before keeps denying them: IAM evaluates a session's permissions at
each request, and one that is still open would live again without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from c7n_mfa.aws.change import Result
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment import decide, documents
from c7n_mfa.containment.decide import Existing
from c7n_mfa.containment.iam import GONE, Iam, sentence
from c7n_mfa.containment.keys import remembered
from c7n_mfa.containment.marks import believed
from c7n_mfa.containment.values import (
    CONTAINED,
    EVENT,
    PASSWORD_RESET,
    POLICIES,
    RELEASED,
    REQUIRE_MFA,
    REVOKE_SESSIONS,
    TAGS,
    Receipt,
    User,
)
from c7n_mfa.frozen import frozen

State = Literal["contained", "released"]
"""``released``: only what denies the sessions from before is left."""


@frozen
class Contained:
    """What is known of a contained user; ``since`` is None where no tag says it."""

    state: State
    since: datetime | None
    event: str | None
    password_reset: str | None
    policies: tuple[str, ...]

    def is_older_than(self, days: float, now: datetime) -> bool:
        """Since at least so many days; one of unknown age may be, and is therefore not missed."""
        return self.since is None or now - self.since >= timedelta(days=days)

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "since": format_time(self.since) if self.since else None,
            "event": self.event,
            "password-reset": self.password_reset,
            "policies": list(self.policies),
        }


def contained(tags: Mapping[str, str], policies: Iterable[str], now: datetime) -> Contained | None:
    """What a user's tags and the names of the inline policies say; None: not contained.

    A tag whose time lies in the future marks the user, and does not say since when.
    """
    present = set(policies)
    put = tuple(name for name in POLICIES if name in present)
    if not put and not any(key in tags for key in TAGS):
        return None
    kept, _ = believed(tags, now)
    released = _is_released(kept, put)
    return Contained(
        state="released" if released else "contained",
        since=parse_time(kept.get(RELEASED if released else CONTAINED)),
        event=kept.get(EVENT),
        password_reset=kept.get(PASSWORD_RESET),
        policies=put,
    )


def _is_released(tags: Mapping[str, str], policies: Iterable[str]) -> bool:
    is_marked = any(key in tags for key in TAGS)
    return RELEASED in tags and not is_marked and REQUIRE_MFA not in policies


# The release

LONGEST_SESSION = timedelta(hours=36)
"""How long temporary credentials live at most: those of GetSessionToken and GetFederationToken.

The console's live 12 hours at most, and so do those that `aws login` refreshes.  The sessions of
roles are not under the policies of a user.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

# A containment may deny the sessions of the minute after a sign-in; nothing of ours looks further.
_AHEAD = timedelta(minutes=2)


def release(reader: Reader, user: User, now: datetime, finish: bool = False) -> Receipt:
    """Take off what requires MFA and the tags, and leave a tag that says when.

    What denies sessions is moved to now, and stays as long as a session from before may live; of a
    user who was released, it is taken off once none can.  A reset password cannot be put back.

    ``finish``: only the latter; who is contained, perhaps since a moment ago, stays so.
    """
    iam = Iam(reader, "release", user, now)
    tags = iam.tags()
    if tags is None:
        return iam.receipt("skipped", GONE)
    marks = {key: iam.present[key] for key in TAGS if key in iam.present}
    existing = {policy: iam.policy(policy) for policy in POLICIES}
    found = {policy: document for policy, document in existing.items() if document is not None}
    taken = _Taken()
    if RELEASED in tags and not marks and any(isinstance(e, ReadFailure) for e in found.values()):
        # One who is contained is released all the same; what is left here may have to stay.
        taken.errors += [failure.sentence() for failure in iam.failures]
    elif _is_released(tags, found):
        _finish(iam, found.get(REVOKE_SESSIONS), now, taken)
    elif finish:
        return iam.receipt("skipped", _NOT_RELEASED)
    else:
        _lift(iam, found, now, taken)
        # As long as one of them denies more than that, the user is contained, and marked as such.
        if (marks or found) and not taken.errors:
            _mark_released(iam, marks, taken)
    # Tags that could not be read again are those that custodian found; say so.
    taken.errors += [failure.sentence() for failure in iam.failures if "Tags" in failure.permission]
    return iam.noted(_receipt(iam, tags, taken))


@dataclass
class _Taken:
    """What came off, the calls that put it back, and what went wrong."""

    names: list[str] = field(default_factory=list)
    undo: list[Call] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changed: bool = False


def _lift(iam: Iam, found: Mapping[str, Existing], now: datetime, taken: _Taken) -> None:
    """Deny the sessions issued until now, and only then take off what requires MFA."""
    if not found:
        return
    before = max(now + decide.TICK, _cutoff(found.get(REVOKE_SESSIONS), now) or now)
    document = documents.revoke_sessions(before)
    error = iam.write(decide.put_policy(iam.user.name, REVOKE_SESSIONS, document))
    if error is not None:
        if not error.gone:
            taken.errors.append(sentence(error))
            taken.notes.append(_STAYS)
        return
    taken.changed = True
    taken.notes.append(_left(before))
    if REQUIRE_MFA in found:
        _delete(iam, REQUIRE_MFA, found[REQUIRE_MFA], _CONTAINS_AGAIN, taken)


def _finish(iam: Iam, existing: Existing, now: datetime, taken: _Taken) -> None:
    """Take off what denies the sessions from before the release, once none of them can live."""
    if existing is None:
        return
    before = _cutoff(existing, now)
    if before is None:
        taken.errors.append(_CHANGED)
    elif now < before + LONGEST_SESSION:
        taken.notes.append(_left(before))
    else:
        effect = f"sessions issued before {format_time(before)} are denied again"
        _delete(iam, REVOKE_SESSIONS, existing, effect, taken)


def _cutoff(existing: Existing, now: datetime) -> datetime | None:
    """The time before which sessions are denied; None where it is not as we write it."""
    before = documents.cutoff_of(existing)
    return before if before and before <= now + _AHEAD else None


def _delete(iam: Iam, policy: str, existing: Existing, effect: str, taken: _Taken) -> None:
    error = iam.write(decide.delete_policy(iam.user.name, policy))
    if error is None:
        taken.names.append(policy)
        if isinstance(existing, dict):
            call = decide.put_policy(iam.user.name, policy, existing)
            taken.undo.append(call.with_effect(effect))
    elif not error.gone:
        taken.errors.append(sentence(error))


def _left(before: datetime) -> str:
    until, hours = format_time(before + LONGEST_SESSION), LONGEST_SESSION // timedelta(hours=1)
    return (
        f"{decide.revoked(before)}; it stays until {until}, because temporary credentials live "
        f"{hours} hours at most ({_SOURCE}), and a release after that removes it"
    )


_SOURCE = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
    "id_credentials_temp_control-access_disable-perms.html"
)
_CONTAINS_AGAIN = "sessions without MFA are denied again"
_STAYS = (
    f"{REQUIRE_MFA} stays: until {REVOKE_SESSIONS} denies the sessions from before, they would "
    "work again without it"
)
_NOT_RELEASED = "the user is contained, or was never released"
_CHANGED = (
    f"somebody changed {REVOKE_SESSIONS} after the release, and it is left as it is; delete it by "
    "hand if nothing else needs it"
)


def _mark_released(iam: Iam, marks: Mapping[str, str], taken: _Taken) -> None:
    """Note the release, and then take off what marks the user as contained.

    Where the note is denied, the tags stay, and the next release finishes this one.
    """
    note = decide.tag_user(iam.user.name, {RELEASED: format_time(iam.now)})
    error = iam.write(note)
    full = error is not None and error.code.startswith("LimitExceeded")
    if marks and (error is None or full):
        _untag(iam, marks, taken)
        error = iam.write(note) if full else error
    if error is None:
        undo = decide.untag_user(iam.user.name, [RELEASED])
        if RELEASED in iam.present:
            undo = decide.tag_user(iam.user.name, {RELEASED: iam.present[RELEASED]})
        taken.undo.append(undo.with_effect("an earlier sign-in that is delivered again contains"))
    elif not error.gone:
        taken.errors.append(sentence(error))
        taken.notes.append(_UNNOTED)


_UNNOTED = "the release is not noted on the user, and an event that comes again contains it again"


def _untag(iam: Iam, marks: Mapping[str, str], taken: _Taken) -> None:
    error = iam.write(decide.untag_user(iam.user.name, marks))
    if error is None:
        taken.names += marks
        undo = decide.tag_user(iam.user.name, marks)
        taken.undo.append(undo.with_effect("the user is marked as contained again"))
    else:
        taken.errors.append(sentence(error))


def _receipt(iam: Iam, tags: Mapping[str, str], taken: _Taken) -> Receipt:
    why = (
        f"removed {', '.join(taken.names)}"
        if taken.names
        else "nothing created by c7n-mfa was removed"
    )
    is_done = bool(taken.names) or taken.changed
    if PASSWORD_RESET in tags:
        why += (
            f"; the password that was reset on {tags[PASSWORD_RESET]} is not put back: an owner "
            "who has none yet gets one from an administrator: aws iam update-login-profile "
            f"--user-name {iam.user.name} --password … --password-reset-required"
        )
    _, keys = remembered(tags)
    if keys:
        why += (
            f"; the access keys {', '.join(keys)}, made after the sign-in, stay inactive; the "
            f"owner's own is activated by: aws iam update-access-key --user-name {iam.user.name} "
            "--access-key-id … --status Active"
        )
    why = "; ".join([why, *taken.notes])
    result: Result = "failed" if taken.errors else "done" if is_done else "already"
    return iam.receipt(result, why, "; ".join(taken.errors) or None, tuple(taken.undo))
