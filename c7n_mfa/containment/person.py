# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who signed in, among the users of now.

Custodian looks for the user by the name in the event.  In between it may have been renamed, or
deleted and made again, and the name is then nobody's, or another's.  The UserId tells them apart:
it is the `principalId` of the event, stays with a user, and is never given to a second one.
"""

from __future__ import annotations

from dataclasses import replace

from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.containment.values import Occasion, User
from c7n_mfa.frozen import frozen

_PAGE = 1000


@frozen
class Person:
    """The user who signed in, or ``why`` it is nobody's to contain.

    ``note`` is what a person should know of it, ``failure`` the search that failed.
    """

    user: User
    why: str | None = None
    note: str | None = None
    failure: ReadFailure | None = None


def person(reader: Reader, user: User, occasion: Occasion) -> Person:
    """Who signed in, from the user that has the name of the event now."""
    if occasion.user_id is None or occasion.user_id == user.id:
        return Person(user, note=_renamed(user, occasion))
    named = occasion.user_name or user.name
    found = _by_id(reader, user, occasion.user_id)
    if isinstance(found, User):
        return Person(found, note=_renamed(found, occasion))
    if found is None:
        return Person(user, _gone(named, occasion.user_id, user.id))
    # Where custodian could not describe who has the name, it may be the right one.
    why = _ANOTHER.format(named, occasion.user_id, user.id) if user.id else None
    return Person(user, why, failure=found)


def _by_id(reader: Reader, user: User, user_id: str) -> User | ReadFailure | None:
    """IAM finds a user by its name alone: all are listed, a thousand with a call."""
    users = reader.every(
        "iam", "", "list_users", "Users", user.name, lambda each: each, MaxItems=_PAGE
    )
    if isinstance(users, ReadFailure):
        return users
    found = next((each for each in users or () if each["UserId"] == user_id), None)
    # The list has no tags.
    if found is None:
        return None
    user_now = User.from_resource(found)
    return replace(user_now, described=False, acted=user.acted, begun=user.begun)


def _renamed(user: User, occasion: Occasion) -> str | None:
    named = occasion.user_name or user.name
    # No two names differ in case alone.
    if occasion.user_id is None or named.lower() == user.name.lower():
        return None
    return f"who signed in as {occasion.user_name} is called {user.name} now"


def _gone(named: str, signed_in: str, has_the_name: str | None) -> str:
    why = _MADE_AGAIN if has_the_name else _DELETED
    return why.format(named, signed_in, has_the_name)


_DELETED = "the user {0} who signed in ({1}) no longer exists"
_MADE_AGAIN = (
    "the user who signed in as {0} ({1}) no longer exists; who has the name now is another user "
    "({2}), and is left alone"
)
_ANOTHER = (
    "who has the name {0} now is another user ({2}) than signed in ({1}), and is left alone; the "
    "right one could not be looked for"
)
