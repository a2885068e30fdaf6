# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a policy that contains, before its function is made.

In the function it is too late to refuse anything.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from c7n.filters.core import And, Or
from c7n.utils import local_session

from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.containment.exclude import catch_alls
from c7n_mfa.signin.preflight import forgeable
from c7n_mfa.signin.record import SignIn

Exclude = Mapping[str, Any]
Takes = Callable[[SignIn, object], bool]

_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_ADD = "add to filters: {type: signin, single-factor: [true]}"
_FIX = "write single-factor: [true] in the filter signin"
# Without an event, custodian gives an action all resources that the filters keep.
_WITHOUT_EVENT = {None, "pull", "periodic", "schedule"}


def check(action: Any, containing: Sequence[Any]) -> None:
    """Refuse an action of those that contain in its policy when it would reach the wrong users."""
    manager = action.manager
    others = [(other.type, other.exclude) for other in containing if other is not action]
    why = exclude_problem(action.exclude, others, action.type)
    if why:
        action.refuse(f"exclude: {why}")
    required = list(_required(manager.filters))
    mode = manager.data.get("mode")
    why = filter_problem(mode, required, bool(manager.filters)) or forgeable(mode or {})
    if why:
        action.refuse(why)
    # All of them exclude the same.
    if action is containing[0] and action.is_being_deployed():
        _look_up(action, [name for name in action.exclude.get("names", ()) if _is_exact(name)])


def _required(filters: Iterable[Any]) -> Iterator[Takes]:
    """What the filters `signin` take that every user has to pass, of an `or` any branch of it."""
    for condition in filters:
        if isinstance(condition, And):
            yield from _required(condition.filters)
        elif isinstance(condition, Or):
            branches = [list(_required([branch])) for branch in condition.filters]
            if branches and all(branches):
                yield partial(_any_takes, branches)
        elif condition.type == "signin":
            yield condition.criteria().match


def _any_takes(branches: Iterable[Iterable[Takes]], sign_in: SignIn, record: object) -> bool:
    return any(all(takes(sign_in, record) for takes in branch) for branch in branches)


def _is_exact(name: str) -> bool:
    return not set(name) & set("*?{")


def _look_up(action: Any, names: Iterable[str]) -> None:
    """A break-glass user who is misspelt is better known now than when it is contained."""
    reader = Reader(local_session(action.manager.session_factory))
    for name in names:
        exists = reader.one("iam", "", "get_user", name, lambda _: True, UserName=name)
        if exists is None:
            action.refuse(f"exclude: names: there is no user {name}; write it as IAM does")
        if isinstance(exists, ReadFailure):
            action.log.warning(
                "policy:%s %s exclude: names: whether there is a user %s is unknown: %s",
                action.manager.ctx.policy.name,
                action.type,
                name,
                exists.sentence(),
            )


def filter_problem(
    mode: Mapping[str, Any] | None, required: Sequence[Takes], is_filtered: bool
) -> str | None:
    """Why a policy would contain whom it should not, and the fix.

    ``required`` is what the filters ``signin`` take that every user has to pass.
    """
    mode = mode or {}
    if mode.get("type") in _WITHOUT_EVENT and not is_filtered:
        return (
            "would contain every user of the account; name the users in filters, as in "
            "- UserName: alice"
        )
    if not any(map(_is_sign_in, mode.get("events", ()))):
        return None
    if not required:
        return (
            "would contain users who signed in with MFA, or failed to: no filter signin stands in "
            f"the way of all of them; {_ADD}, outside of not"
        )
    return next((_harm(s) for s, r in _sign_ins() if all(takes(s, r) for takes in required)), None)


def _is_sign_in(event: Any) -> bool:
    name = event.get("event") if isinstance(event, Mapping) else event
    return bool(name == "ConsoleLogin")


def _harm(sign_in: SignIn) -> str:
    if sign_in.outcome == "failure":
        return (
            "would contain users for sign-ins that failed: anybody on the internet could lock a "
            f"user out, with the name alone; {_FIX}"
        )
    return f"would contain users who signed in with MFA; {_FIX}"


def _sign_ins() -> Iterator[tuple[SignIn, Mapping[str, Any]]]:
    """The sign-ins of an IAM user that nobody is to be contained for, of every kind."""
    outcomes, used = ("Failure", "Success", None), ("Yes", "No", "?", None)
    for outcome, mfa in itertools.product(outcomes, used):
        record = {
            "eventName": "ConsoleLogin",
            "eventSource": "signin.amazonaws.com",
            "userIdentity": {"type": "IAMUser", "userName": "alice"},
            "responseElements": {"ConsoleLogin": outcome},
            "additionalEventData": {"MFAUsed": mfa},
        }
        sign_in = SignIn.from_record(record)
        if sign_in and sign_in.is_single_factor is False:
            yield sign_in, record


def exclude_problem(mine: Exclude, others: Iterable[tuple[str, Exclude]], name: str) -> str | None:
    """Why the users of ``exclude`` would not be left alone, and the fix."""
    names = mine.get("names", ())
    for pattern in catch_alls(names):
        return f"the name {pattern} excludes every user; name the break-glass users"
    for pattern in names:
        # Custodian fills in the variables of a policy when it runs it.
        why = None if "{" in pattern else name_problem(pattern, wildcards="*?")
        if why:
            return f"names: {why}"
    for other, theirs in others:
        lacking = [(name, mine, other, theirs), (other, theirs, name, mine)]
        for lacks, less, has, more in lacking:
            what = _missing(less, more)
            if what:
                return f"{lacks} lacks {what}, which {has} has; say it on each"
    return None


def name_problem(name: str, wildcards: str = "") -> str | None:
    """Why no user has this name, and the fix.

    >>> name_problem("arn:aws:iam::123456789012:user/team/alice")
    'arn:aws:iam::123456789012:user/team/alice is an ARN; write the name alone: alice'
    """
    if name.startswith("arn:"):
        return f"{name} is an ARN; write the name alone: {name.rpartition('/')[2] or 'alice'}"
    bare = "".join(letter for letter in name if letter not in wildcards)
    if _NAME.fullmatch(bare) or (name and not bare):
        return None
    return f"{name} is no name of a user, which has letters, digits and +=,.@_- only"


def _missing(less: Exclude, more: Exclude) -> str:
    names = [name for name in more.get("names", ()) if name not in less.get("names", ())]
    tags = more.get("tags", {}).items() - less.get("tags", {}).items()
    said = [f"the name {name}" for name in names] + [f"the tag {k}={v}" for k, v in sorted(tags)]
    return " and ".join(said)
