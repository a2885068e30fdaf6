# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What an event pattern does with sign-ins: judged by meaning, over the families of sign-ins.

Every candidate is tried twice: as its witness, and with whatever nobody can foresee changed or
left out.  A rule that asks for a user name, an address or an agent therefore drops sign-ins.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from c7n_mfa.aws.event_pattern import matches
from c7n_mfa.frozen import frozen
from c7n_mfa.proof.families import ACCOUNT, FAMILIES, Family, Free
from c7n_mfa.signin.events import DETAIL_TYPES, envelope
from c7n_mfa.signin.record import SignIn

# What a rule may ask for, since its own account and Region are all it sees.
_KNOWN = {"awsRegion", "recipientAccountId", "accountId"}
_REGION = "<region>"
_OTHER_SPELLING = f"a sign-in is delivered as '{DETAIL_TYPES[1]}'"


@frozen
class Passage:
    """What becomes of the candidates: the sentences of those that are dropped, by grade.

    ``unclear``: the pattern says things that are not understood here.
    """

    dropped: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    unclear: bool = False


def is_candidate(record: object) -> bool:
    """Is the record a sign-in that has a single factor, or might?"""
    sign_in = SignIn.from_record(record)
    return sign_in is not None and sign_in.is_single_factor is not False


def passage(pattern: Mapping[str, Any], region: str, account: str) -> Passage:
    """What the pattern does with every candidate of the Region."""
    lost: dict[bool, dict[str, None]] = {True: {}, False: {}}
    unclear = False
    for sentence, observed, event in _candidates(region, account):
        answer = matches(pattern, event)
        unclear = unclear or answer is None
        if answer is False:
            lost[observed][sentence] = None
    return Passage(tuple(lost[True]), tuple(lost[False]), unclear)


def may_pass(pattern: Mapping[str, Any], region: str, account: str) -> bool:
    """Is none of the observed candidates dropped?  Ends at the first that is."""
    events = (event for _, observed, event in _candidates(region, account) if observed)
    return all(matches(pattern, event) is not False for event in events)


def _candidates(region: str, account: str) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Sentence, whether it is observed, and event of each."""
    for sentence, observed, text in _templates():
        record = json.loads(text.replace(ACCOUNT, account).replace(_REGION, region))
        yield sentence, observed, envelope(record, region, account)
        yield _OTHER_SPELLING, False, envelope(record, region, account, DETAIL_TYPES[1])


@cache
def _templates() -> tuple[tuple[str, bool, str], ...]:
    """The records as JSON, with the account of the families and a Region to fill in."""
    return tuple(
        (family.sentence, family.grade == "observed", json.dumps(record))
        for family in FAMILIES
        if is_candidate(family.witness)
        for record in _records(family)
    )


def _records(family: Family) -> Iterator[dict[str, Any]]:
    """The witness, and one that differs from it wherever a record may."""
    for changed in (False, True):
        record = json.loads(json.dumps(family.witness))
        for path, free in family.free.items():
            if changed and path[-1] not in _KNOWN:
                _change(record, path, free)
        yield {**record, "awsRegion": _REGION}


def _change(record: dict[str, Any], path: tuple[str, ...], free: Free) -> None:
    node: Any = record
    for name in path[:-1]:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict) or path[-1] not in node:
        return
    if free.optional:
        del node[path[-1]]
    else:
        node[path[-1]] = _another(str(node[path[-1]]), free.like)


def _another(text: str, like: str | None) -> str:
    """Another text of the same kind, different in every place that may be."""
    # The account is in the ARN, and is known.
    start = text.rfind(":") + 1 if text.startswith("arn:") else 0
    for index in range(start, len(text)):
        for letter in string.ascii_lowercase + string.digits:
            changed = text[:index] + letter + text[index + 1 :]
            if letter != text[index] and (like is None or re.fullmatch(like, changed)):
                text = changed
                break
    return text
