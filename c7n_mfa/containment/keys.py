# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Access keys that were made after a sign-in: often the first thing that an intruder makes.

They are deactivated, and nothing is deleted.  IAM lists a new key at once; CloudTrail says 5 to 15
minutes later who made it.  A key from before the sign-in is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from c7n_mfa.aws.change import Result
from c7n_mfa.aws.operation import Call
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment import decide
from c7n_mfa.containment import operations as op
from c7n_mfa.containment.iam import GONE, AccessKey, Iam, sentence
from c7n_mfa.containment.values import NEW_KEYS, Occasion, Receipt


def deactivate(iam: Iam, occasion: Occasion) -> Iterator[Receipt]:
    """A receipt for each key made since the sign-in, or one that says why there is none."""
    since = occasion.event_time
    if since is None:
        yield iam.receipt("skipped", _NO_TIME)
        return
    tags = iam.tags()
    if tags is None:
        yield iam.receipt("skipped", GONE)
        return
    keys = iam.access_keys()
    if isinstance(keys, ReadFailure):
        yield iam.receipt("failed", _UNREAD, keys.sentence())
        return
    looked, known = remembered(tags)
    looked = looked if looked and looked <= occasion.now else None
    new = [key for key in keys or () if key.id not in known and _is_new(key, since, looked)]
    if not new:
        yield iam.receipt("skipped", _NONE.format(format_time(since)))
    receipts = [_deactivate(iam, key) for key in new]
    yield from receipts
    if all(receipt.result != "failed" for receipt in receipts):
        ids = (*known, *(key.id for key in new))
        yield from _remember(iam, max(since, looked or since), ids)


def _is_new(key: AccessKey, since: datetime, looked: datetime | None) -> bool:
    """Made since the sign-in, and not since an event that came before: that may be the owner's.

    ``looked`` is the latest sign-in whose keys were looked at.  Both times are whole seconds, and a
    key of the same second was made after.
    """
    return since <= key.created and (looked is None or looked < since or key.created < looked)


_NO_TIME = (
    "the time of the sign-in is not known, so no access key is known to be newer; none is touched"
)
_NONE = "no access key was made since {} that was not looked at before"
_UNREAD = "whether access keys were made since the sign-in is not known; none is touched"
_UNMARKED = (
    "which access keys were deactivated is not noted on the user; an event that is delivered again "
    "looks for new ones again"
)


def _deactivate(iam: Iam, key: AccessKey) -> Receipt:
    made = f"the access key {key.id}, made {format_time(key.created)}, after the sign-in"
    if not key.active:
        return iam.receipt("already", f"{made}, is inactive")
    error = iam.write(_update(iam, key, "Inactive"))
    if error is not None:
        result: Result = "skipped" if error.gone else "failed"
        why = f"{made}, is gone" if error.gone else f"{made}, still works"
        return iam.receipt(result, why, None if error.gone else sentence(error))
    undo = _update(iam, key, "Active").with_effect(f"the access key {key.id} works again")
    return iam.receipt("done", f"{made}, is inactive now", undo=(undo,))


def _update(iam: Iam, key: AccessKey, status: str) -> Call:
    return op.UPDATE_ACCESS_KEY("", UserName=iam.user.name, AccessKeyId=key.id, Status=status)


# What is remembered in a tag: the latest sign-in that was looked into, and the keys since


def remembered(tags: Mapping[str, str]) -> tuple[datetime | None, tuple[str, ...]]:
    """
    >>> remembered({"c7n-mfa-new-keys": "2026-11-21T09:30:00Z AKIAEXAMPLE"})[1]
    ('AKIAEXAMPLE',)
    """
    time, *keys = tags.get(NEW_KEYS, "").split() or [""]
    return parse_time(time), tuple(keys)


def _remember(iam: Iam, since: datetime, keys: Iterable[str]) -> Iterator[Receipt]:
    value = " ".join([format_time(since), *dict.fromkeys(keys)])
    error = iam.write(decide.tag_user(iam.user.name, {NEW_KEYS: value[:256]}))
    if error is not None and not error.gone:
        yield iam.receipt("failed", _UNMARKED, sentence(error))
