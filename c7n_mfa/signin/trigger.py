# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Would any sign-in reach the filter of a function, and pass?  Asked before the function is made.

Custodian deploys a function whose events never come, or whose resource is never found, without a
word.  Here the witness of every family of sign-ins goes the whole way instead: through the event
pattern of the rule and the query for the ids, as custodian makes both, to the filter's options.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from c7n.cwe import CloudWatchEvents
from c7n.mu import CloudWatchEventSource
from jmespath.exceptions import JMESPathError

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.event_pattern import matches
from c7n_mfa.proof.families import FAMILIES, Family
from c7n_mfa.signin.criteria import Wanted, identity, role_name
from c7n_mfa.signin.prefilter import envelope
from c7n_mfa.signin.record import SignIn

Mode = Mapping[str, Any]
Found = tuple[Family, SignIn]
Path = tuple[str, ...]

_SIGN_IN = {"event": "ConsoleLogin", "source": "signin.amazonaws.com"}
_IDENTITY = {"iam-user": "iam-user", "iam-role": "assumed-role"}
_KIND = {"account": "the account", "iam-user": "an IAM user", "iam-role": "a role"}
_IDS = {
    "account": "eventName",
    "iam-user": "userIdentity.userName",
    "iam-role": "userIdentity.sessionContext.sessionIssuer.userName",
}
_ENVELOPE = {(name,) for name in ("account", "region", "time", "id", "resources", "version")}


def problem(mode: Mode | None, resource: str, wanted: Wanted) -> str | None:
    """Why nothing would ever be kept, and the mend; None when some sign-in would."""
    kept = [each for each in _of(resource) if wanted.takes(each[1], each[0].witness)]
    if not kept:
        return f"keeps nothing: no sign-in of {_KIND[resource]} meets all of its options"
    if mode is None or mode.get("type") == "pull":
        return None
    return _mode_problem(mode, resource, kept)


def stopped(mode: Mode, resource: str, wanted: Wanted) -> tuple[str, ...]:
    """What the pattern of the mode stops of the sign-ins that are seen today and wanted."""
    rule = _rule(mode)
    return tuple(
        family.sentence
        for family, sign_in in _of(resource)
        if family.grade == "observed" and wanted.takes(sign_in, family.witness)
        if _passes(rule, family) is False
    )


def _of(resource: str) -> Iterator[Found]:
    """The families of sign-ins of a type of resource, those that nobody has seen among them."""
    for family in [*FAMILIES, *_odd()]:
        sign_in = SignIn.from_record(family.witness)
        if sign_in and _IDENTITY.get(resource, identity(sign_in)) == identity(sign_in):
            yield family, sign_in


def _odd() -> Iterator[Family]:
    """Sign-ins whose record cannot say what decides."""
    for family in FAMILIES:
        whose = family.witness.get("userIdentity") or {}
        for changes in (
            {"responseElements": {"ConsoleLogin": "?"}},
            {"additionalEventData": {"MFAUsed": "?"}},
            {"userIdentity": {**whose, "type": "?"}},
            {"userIdentity": {**whose, "sessionContext": None}},
        ):
            yield replace(family, witness={**family.witness, **changes}, grade="possible")


def _mode_problem(mode: Mode, resource: str, kept: Iterable[Found]) -> str | None:
    wants = f"event: ConsoleLogin, source: signin.amazonaws.com, ids: {_IDS[resource]}"
    if mode.get("type") != "cloudtrail":
        said = f"mode: type: {mode.get('type')}"
        return f"hears of no sign-in in {said}; write type: cloudtrail, and {wants}"
    if not any(map(_is_sign_in, mode.get("events", ()))):
        return f"hears of no sign-in by mode: events; write {wants}"
    if not any(_finds(mode, resource, *found) for found in kept):
        by_the_book = {"type": "cloudtrail", "events": [{**_SIGN_IN, "ids": _IDS[resource]}]}
        if any(_finds(by_the_book, resource, *found) for found in kept):
            return f"does not find {_KIND[resource]} by the ids in mode: events; write {wants}"
        return f"wants sign-ins whose records do not name {_KIND[resource]}; use resource: account"
    rule = _rule(mode)
    if all(_passes(rule, family) is False for family, _ in kept):
        return "keeps nothing: mode: pattern stops every sign-in that it wants"
    return None


def _is_sign_in(event: Any) -> bool:
    if not isinstance(event, Mapping):
        return bool(event == "ConsoleLogin")
    return {key: event.get(key) for key in _SIGN_IN} == _SIGN_IN


def _finds(mode: Mode, resource: str, family: Family, sign_in: SignIn) -> bool:
    """Does custodian take from the event what the resource is found by?"""
    try:
        found = CloudWatchEvents.get_ids(_event(family), mode)
    except (JMESPathError, ValueError):
        return False
    if resource == "account":
        return bool(found)
    name = sign_in.identity.user_name if resource == "iam-user" else role_name(sign_in)
    names = {_name(each) if resource == "iam-role" else each for each in found}
    return name is not None and names == {name}


def _name(role: str) -> str:
    """Custodian takes the ARN of a role for its name."""
    return Arn.parse(role).resource.removeprefix("role/") if role.startswith("arn:") else role


def _passes(rule: Mapping[str, Any], family: Family) -> bool | None:
    """Does the rule let a sign-in of the family through, whoever signs in, when and where?"""
    free = {("detail", *path) for path in family.free} | _ENVELOPE
    return matches(_about(rule, free), _event(family))


def _about(rule: Mapping[str, Any], free: set[Path], at: Path = ()) -> dict[str, Any]:
    """The rule without what it asks of fields that are free: some sign-in will have that."""
    left: dict[str, Any] = {}
    for name, wanted in rule.items():
        path = (*at, name)
        if name == "$or" and isinstance(wanted, list):
            left[name] = [_about(each, free, at) for each in wanted]
        elif path not in free:
            left[name] = _about(wanted, free, path) if isinstance(wanted, Mapping) else wanted
    return left


def _event(family: Family) -> dict[str, Any]:
    return envelope(dict(family.witness), "us-east-1", "123456789012")


def _rule(mode: Mode) -> dict[str, Any]:
    """The event pattern of the rule that custodian makes."""
    source = CloudWatchEventSource(copy.deepcopy(dict(mode)), None)
    return dict(json.loads(source.render_event_pattern()))
