# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Would any sign-in reach the filter of a function, and match?  And would only AWS's?  Checked
before it is created.

Custodian deploys a function whose events never come, or whose resource is never found, without a
word.  Here the witness of every family of sign-ins goes the whole way instead: through the event
pattern of the rule and the query for the ids, as custodian makes both, to the filter's options.

Custodian's rules ask for the `eventSource` of a record and not for the source of the event, and so
take what anybody with `events:PutEvents` writes.  Only a source that begins with `aws.` is AWS's.
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
from c7n_mfa.aws.event_pattern import Partial, matches
from c7n_mfa.proof.families import FAMILIES, Family
from c7n_mfa.signin.criteria import SigninCriteria, identity, role_name
from c7n_mfa.signin.events import envelope
from c7n_mfa.signin.record import SignIn

Mode = Mapping[str, Any]
Example = tuple[Family, SignIn]
Path = tuple[str, ...]

_SIGN_IN = {"event": "ConsoleLogin", "source": "signin.amazonaws.com"}
_IDENTITY = {"iam-user": "iam-user", "iam-role": "assumed-role"}
_KIND = {"account": "the account", "iam-user": "an IAM user", "iam-role": "a role"}
_IDS = {
    "account": "eventName",
    "iam-user": "userIdentity.userName",
    "iam-role": "userIdentity.sessionContext.sessionIssuer.userName",
}
_WEB_IDENTITY = {"webIdFederationData": {"federatedProvider": "example.com"}}
# The modes whose rule has an event pattern; of all but the first, custodian sets the source.
_BY_EVENTS = {
    "cloudtrail",
    "asg-instance-state",
    "ec2-instance-state",
    "guard-duty",
    "hub-action",
    "hub-finding",
    "phd",
}
_AWS = "aws."
_ENVELOPE = {(name,) for name in ("account", "region", "time", "id", "resources", "version")}


def problem(mode: Mode | None, resource: str, criteria: SigninCriteria) -> str | None:
    """Why nothing would ever match, and the fix; None when some sign-in would."""
    matching = _matching(resource, criteria)
    if not matching:
        may_be = replace(criteria, single_factor=frozenset({"unknown"}))
        fix = "; add unknown to single-factor" if _matching(resource, may_be) else ""
        return f"matches nothing: no sign-in of {_KIND[resource]} meets all of its options{fix}"
    if mode is None or mode.get("type") == "pull":
        return None
    return _mode_problem(mode, resource, matching)


def stopped(mode: Mode, resource: str, criteria: SigninCriteria) -> tuple[str, ...]:
    """The observed sign-ins that match the criteria, and that the pattern of the mode stops."""
    rule = _rule(mode)
    return tuple(
        family.sentence
        for family, _ in _matching(resource, criteria)
        if family.grade == "observed" and _passes(rule, family) is False
    )


def forgeable(mode: Mode) -> str | None:
    """Why somebody else than AWS could start the function, and the fix; None when nobody can."""
    if mode.get("type") not in _BY_EVENTS:
        return None
    rule = _rule(mode)
    foreign = _foreign({name: said for name, said in rule.items() if name != "detail"})
    taken = (source for source in foreign if matches(rule, Partial(source=source)) is not False)
    source = next(taken, None)
    if source is None:
        return None
    services = rule.get("detail", {}).get("eventSource", ())
    wanted = sorted({f"aws.{service.partition('.')[0]}" for service in services})
    fix = f"write in mode: pattern: {{source: [{', '.join(wanted)}]}}"
    return (
        f"could be started by whoever may call events:PutEvents, with an event of source {source} "
        f"that says what they like; {fix if wanted else 'leave source out of mode: pattern'}"
    )


def _foreign(conditions: Any) -> Iterator[str]:
    """Sources that are not AWS's, one for everything that the conditions can tell apart."""
    texts = [text for text in _texts(conditions) if text]
    variants = (text.replace("*", "x") for text in texts)
    others = (other for v in variants for other in (v, f"x{v}", f"{v}x", v.swapcase()))
    yield from (other for other in ("example.com", *others) if not other.startswith(_AWS))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _matching(resource: str, criteria: SigninCriteria) -> list[Example]:
    examples = _examples(resource)
    return [(f, sign_in) for f, sign_in in examples if criteria.match(sign_in, f.witness)]


def _examples(resource: str) -> Iterator[Example]:
    """The families of sign-ins of a type of resource, unusual ones included."""
    for family in [*FAMILIES, *_unusual()]:
        sign_in = SignIn.from_record(family.witness)
        if sign_in and _IDENTITY.get(resource, identity(sign_in)) == identity(sign_in):
            yield family, sign_in


def _unusual() -> Iterator[Family]:
    """Sign-ins whose record does not say what decides."""
    for family in FAMILIES:
        whose = family.witness.get("userIdentity") or {}
        for changes in (
            {"responseElements": {"ConsoleLogin": "?"}},
            {"additionalEventData": {"MFAUsed": "?"}},
            {"userIdentity": {**whose, "type": "?"}},
            {"userIdentity": {**whose, "sessionContext": None}},
            {"userIdentity": {**whose, "sessionContext": _WEB_IDENTITY}},
        ):
            yield replace(family, witness={**family.witness, **changes}, grade="possible")


def _mode_problem(mode: Mode, resource: str, matching: Iterable[Example]) -> str | None:
    events = f"event: ConsoleLogin, source: signin.amazonaws.com, ids: {_IDS[resource]}"
    if mode.get("type") != "cloudtrail":
        return f"gets no sign-in by mode: type: {mode.get('type')}; use cloudtrail, with {events}"
    if not any(map(_is_sign_in, mode.get("events", ()))):
        return f"gets no sign-in by mode: events; write {events}"
    if not any(_finds(mode, resource, *example) for example in matching):
        standard = {"type": "cloudtrail", "events": [{**_SIGN_IN, "ids": _IDS[resource]}]}
        if any(_finds(standard, resource, *example) for example in matching):
            return f"does not find {_KIND[resource]} by the ids in mode: events; write {events}"
        return f"matches records that do not name {_KIND[resource]}; use resource: account"
    rule = _rule(mode)
    if all(_passes(rule, family) is False for family, _ in matching):
        return "matches nothing: mode: pattern stops every sign-in that the filter matches"
    return None


def _is_sign_in(event: Any) -> bool:
    if not isinstance(event, Mapping):
        return bool(event == "ConsoleLogin")
    return {key: event.get(key) for key in _SIGN_IN} == _SIGN_IN


def _finds(mode: Mode, resource: str, family: Family, sign_in: SignIn) -> bool:
    """Does custodian take from the event what the resource is found by?"""
    try:
        ids = CloudWatchEvents.get_ids(_event(family), mode)
    except (JMESPathError, ValueError):
        return False
    if resource == "account":
        return bool(ids)
    name = sign_in.identity.user_name if resource == "iam-user" else role_name(sign_in)
    names = {_name(text) if resource == "iam-role" else text for text in ids}
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
    for name, value in rule.items():
        path = (*at, name)
        if name == "$or" and isinstance(value, list):
            left[name] = [_about(branch, free, at) for branch in value]
        elif path not in free:
            left[name] = _about(value, free, path) if isinstance(value, Mapping) else value
    return left


def _event(family: Family) -> dict[str, Any]:
    return envelope(dict(family.witness), "us-east-1", "123456789012")


def _rule(mode: Mode) -> dict[str, Any]:
    """The event pattern of the rule that custodian makes."""
    source = CloudWatchEventSource(copy.deepcopy(dict(mode)), None)
    return dict(json.loads(source.render_event_pattern()))
