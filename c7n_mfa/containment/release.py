# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who is contained, and the release: taking off what containment put there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.change import Result
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import Reader
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment import decide
from c7n_mfa.containment.iam import GONE, Iam, sentence
from c7n_mfa.containment.values import (
    CONTAINED,
    EVENT,
    PASSWORD_RESET,
    POLICIES,
    RELEASED,
    TAGS,
    Receipt,
    User,
)
from c7n_mfa.frozen import frozen


@frozen
class Contained:
    """What is known of a contained user; ``since`` is None where no tag says it."""

    since: datetime | None
    event: str | None
    password_reset: str | None
    policies: tuple[str, ...]

    def is_older_than(self, days: float, now: datetime) -> bool:
        """Since at least so many days; one of unknown age may be, and is therefore not missed."""
        return self.since is None or now - self.since >= timedelta(days=days)

    def to_dict(self) -> dict[str, Any]:
        return {
            "since": format_time(self.since) if self.since else None,
            "event": self.event,
            "password-reset": self.password_reset,
            "policies": list(self.policies),
        }


def contained(tags: Mapping[str, str], policies: Iterable[str]) -> Contained | None:
    """What a user's tags and the names of the inline policies say; None: not contained."""
    present = set(policies)
    put = tuple(name for name in POLICIES if name in present)
    if not put and not any(key in tags for key in TAGS):
        return None
    return Contained(
        since=parse_time(tags.get(CONTAINED)),
        event=tags.get(EVENT),
        password_reset=tags.get(PASSWORD_RESET),
        policies=put,
    )


# The release


def release(reader: Reader, user: User, at: str) -> Receipt:
    """Delete the policies and then the tags of containment, and leave one that says when.

    A reset password cannot be put back.
    """
    iam = Iam(reader, "release", user, at)
    tags = iam.tags()
    if tags is None:
        return iam.receipt("skipped", GONE)
    taken = _Taken()
    for policy in POLICIES:
        _delete(iam, policy, taken)
    marks = {key: tags[key] for key in TAGS if key in tags}
    # As long as one of the policies is there, the user is contained, and marked as such.
    if (marks or taken.names) and not taken.errors:
        _mark_released(iam, tags, marks, taken)
    # Tags that could not be read again are those that custodian found; say so.
    taken.errors += [failure.sentence() for failure in iam.failures if "Tags" in failure.permission]
    return _receipt(iam, tags, taken)


@dataclass
class _Taken:
    """What came off, the calls that put it back, and what went wrong."""

    names: list[str] = field(default_factory=list)
    undo: list[Call] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _delete(iam: Iam, policy: str, taken: _Taken) -> None:
    existing = iam.policy(policy)
    if existing is None:
        return
    error = iam.write(decide.delete_policy(iam.user.name, policy))
    if error is None:
        taken.names.append(policy)
        if isinstance(existing, dict):
            taken.undo.append(decide.put_policy(iam.user.name, policy, existing))
    elif not error.gone:
        taken.errors.append(sentence(error))


def _mark_released(
    iam: Iam, tags: Mapping[str, str], marks: Mapping[str, str], taken: _Taken
) -> None:
    """Note the release, and then take off what marks the user as contained.

    Where the note is denied, the tags stay, and the next release finishes this one.
    """
    note = decide.tag_user(iam.user.name, {RELEASED: iam.at})
    error = iam.write(note)
    full = error is not None and error.code.startswith("LimitExceeded")
    if marks and (error is None or full):
        _untag(iam, marks, taken)
        error = iam.write(note) if full else error
    if error is None:
        undo = decide.untag_user(iam.user.name, [RELEASED])
        if RELEASED in tags:
            undo = decide.tag_user(iam.user.name, {RELEASED: tags[RELEASED]})
        taken.undo.append(undo)
    elif not error.gone:
        taken.errors.append(sentence(error))
        taken.notes.append(_UNNOTED)


_UNNOTED = "the release is not noted on the user, and an event that comes again contains it again"


def _untag(iam: Iam, marks: Mapping[str, str], taken: _Taken) -> None:
    error = iam.write(decide.untag_user(iam.user.name, marks))
    if error is None:
        taken.names += marks
        taken.undo.append(decide.tag_user(iam.user.name, marks))
    else:
        taken.errors.append(sentence(error))


def _receipt(iam: Iam, tags: Mapping[str, str], taken: _Taken) -> Receipt:
    why = (
        f"removed {', '.join(taken.names)}"
        if taken.names
        else "nothing created by c7n-mfa was removed"
    )
    if PASSWORD_RESET in tags:
        why += (
            f"; the password that was reset on {tags[PASSWORD_RESET]} is not put back: an owner "
            "who has none yet gets one from an administrator: aws iam update-login-profile "
            f"--user-name {iam.user.name} --password … --password-reset-required"
        )
    why = "; ".join([why, *taken.notes])
    result: Result = "failed" if taken.errors else "done" if taken.names else "already"
    return iam.receipt(result, why, "; ".join(taken.errors) or None, tuple(taken.undo))
