# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Release: taking off a user what containment put there, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.containment import decide
from c7n_mfa.containment.apply import tag_user
from c7n_mfa.containment.iam import GONE, Iam, as_text
from c7n_mfa.containment.values import (
    PASSWORD_RESET,
    POLICIES,
    RELEASED,
    TAGS,
    Call,
    Receipt,
    Result,
    User,
)


def release(reader: Reader, user: User, at: str) -> Receipt:
    """Delete our policies and then our tags, and leave one that says when.

    A reset password cannot be put back.
    """
    iam = Iam(reader, "release", user, at)
    tags = iam.tags()
    if tags is None:
        return iam.receipt("skipped", GONE)
    taken = _Taken()
    for policy in POLICIES:
        _delete(iam, policy, taken)
    ours = {key: tags[key] for key in TAGS if key in tags}
    # As long as a policy of ours is there, the user is contained, and marked as such.
    if (ours or taken.names) and not taken.errors:
        _mark_released(iam, tags, ours, taken)
    # Tags that could not be read again are those that custodian found; say so.
    taken.errors += [each.sentence() for each in iam.unseen if "Tags" in each.permission]
    return _receipt(iam, tags, taken)


@dataclass
class _Taken:
    """What came off, the calls that put it back, and what went wrong."""

    names: list[str] = field(default_factory=list)
    undo: list[Call] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _delete(iam: Iam, policy: str, taken: _Taken) -> None:
    found = iam.policy(policy)
    if found is None:
        return
    error = iam.write(decide.delete_policy(iam.user.name, policy))
    if error is None:
        taken.names.append(policy)
        if isinstance(found, dict):
            taken.undo.append(decide.put_policy(iam.user.name, policy, found))
    elif error != GONE:
        taken.errors.append(as_text(error))


def _mark_released(
    iam: Iam, tags: Mapping[str, str], ours: Mapping[str, str], taken: _Taken
) -> None:
    """Note the release, and then take off what marks the user as contained.

    Where the note is denied, the tags stay, and the next release finishes this one.
    """
    note = tag_user(iam.user.name, {RELEASED: iam.at})
    error = iam.write(note)
    full = isinstance(error, ReadFailure) and error.code.startswith("LimitExceeded")
    if ours and (error is None or full):
        _untag(iam, ours, taken)
        error = iam.write(note) if full else error
    if error is None:
        undo = Call("untag_user", {"UserName": iam.user.name, "TagKeys": [RELEASED]})
        if RELEASED in tags:
            undo = tag_user(iam.user.name, {RELEASED: tags[RELEASED]})
        taken.undo.append(undo)
    elif error != GONE:
        taken.errors.append(as_text(error))
        taken.notes.append(_UNNOTED)


_UNNOTED = "the release is not noted on the user, and an event that comes again contains it again"


def _untag(iam: Iam, ours: Mapping[str, str], taken: _Taken) -> None:
    parameters = {"UserName": iam.user.name, "TagKeys": list(ours)}
    error = iam.write(Call("untag_user", parameters))
    if error is None:
        taken.names += ours
        taken.undo.append(tag_user(iam.user.name, ours))
    else:
        taken.errors.append(as_text(error))


def _receipt(iam: Iam, tags: Mapping[str, str], taken: _Taken) -> Receipt:
    why = f"removed {', '.join(taken.names)}" if taken.names else "nothing of ours was removed"
    if PASSWORD_RESET in tags:
        why += (
            f"; the password that was reset on {tags[PASSWORD_RESET]} is not put back: an owner "
            "who has none yet gets one from an administrator: aws iam update-login-profile "
            f"--user-name {iam.user.name} --password … --password-reset-required"
        )
    why = "; ".join([why, *taken.notes])
    result: Result = "failed" if taken.errors else "done" if taken.names else "already"
    return iam.receipt(result, why, "; ".join(taken.errors) or None, tuple(taken.undo))
