# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The subject of the message: fewer than 100 characters, in which what matters is.  Pure."""

from __future__ import annotations

from c7n_mfa.alerting.values import Conversation
from c7n_mfa.aws.text import shorten

SUBJECT_LENGTH = 99
"""The longest subject that SNS takes, fewer than 100 characters; it has to be ASCII."""

_NAME_LENGTH = 20


def subject_of(
    head: str, name: str, happened: str, nth: str, account: str, account_name: str | None
) -> str:
    """What matters stays, however long the name is; the less it matters, the sooner it goes."""
    called = f", {account_name}" if account_name else ""
    account = shorten(account, 12)
    tails = [
        f" {happened}{nth} ({account}{called})",
        f" {happened}{nth} ({account})",
        f" {happened} ({account})",
        f" {happened}",
    ]
    needed = min(len(name), _NAME_LENGTH)
    fitting = (tail for tail in tails if len(head) + needed + len(tail) <= SUBJECT_LENGTH)
    tail = next(fitting, tails[-1])
    tail = _cut_tail(tail, SUBJECT_LENGTH - len(head) - needed)
    room = SUBJECT_LENGTH - len(head) - len(tail)
    return f"{head}{_cut_name(name, room)}{tail}".encode("ascii", "replace").decode()


def _cut_tail(tail: str, room: int) -> str:
    # Only what a later look has found can be as long as this.
    return tail if len(tail) <= room else f"{tail[: room - 3]}..."


def _cut_name(name: str, room: int) -> str:
    """
    >>> _cut_name('"an odd name"', 10)
    '"an od..."'
    """
    mark = '"' if name.startswith('"') else ""
    return name if len(name) <= room else f"{name[: room - 3 - len(mark)]}...{mark}"


def nth(conversation: Conversation) -> str:
    if conversation.count < 2 or not conversation.since:
        return ""
    return f", {ordinal(conversation.count)} since {conversation.since:%H:%M}"


def ordinal(number: int) -> str:
    """
    >>> [ordinal(number) for number in (2, 3, 4, 11, 21)]
    ['2nd', '3rd', '4th', '11th', '21st']
    """
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
