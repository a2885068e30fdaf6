# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The filter ``signin`` of accounts, IAM users and roles, and the source that feeds it.

Registered in :mod:`c7n_mfa.entry`.
"""

import logging
from dataclasses import replace

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from c7n.filters import Filter
from c7n.resolver import ValuesFrom
from c7n.utils import local_session, type_schema

from c7n_mfa.element import REQUIREMENTS, Deployable
from c7n_mfa.signin.criteria import (
    ACCOUNT,
    IDENTITIES,
    SigninCriteria,
    annotation,
    is_of,
    nearest,
    networks,
)
from c7n_mfa.signin.record import SignIn

ANNOTATION = "c7n:signin"
UNDESCRIBED = "c7n:signin-undescribed"
"""On a resource that could not be described: why."""

_ADDRESSES = {
    "oneOf": [
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["value_from"],
            "properties": {"value_from": ValuesFrom.schema},
        },
    ]
}
# The options that select sign-ins by themselves; without any, it is the single-factor ones.
_DECIDING = ("single-factor", "requirement", "factor", "outcome")
_NEVER_SINGLE_FACTOR = {"saml", "identity-center"}
_NEVER_KNOWN = _NEVER_SINGLE_FACTOR | {"web-identity", "broker"}

ATTEMPTS = 2
# For all that custodian calls for this event: a service that never answers may not take the time
# in which somebody could have been notified.
_IMPATIENT = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
)
_FAILURES = (ClientError, BotoCoreError, ResponseParserError)

log = logging.getLogger("custodian.c7n_mfa")


def _some_of(*values):
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(values)}}


class Signin(Deployable, Filter):
    """Matches the resource whose single-factor sign-in started the policy.

    A single-factor sign-in is a successful console sign-in without MFA that did not come through
    SAML or Identity Center. An IAM user or a role matches if it is the one that signed in; an
    account matches whoever signed in. Without an event, as with `--dryrun`, nothing matches.

    Custodian finds the resource by `ids` under `events`: `eventName` for an account, which is
    always there, `userIdentity.userName` for an IAM user, and for a role
    `userIdentity.sessionContext.sessionIssuer.userName`. A mode that would never find one, or an
    event that would never come, is refused. So is one without `source: [aws.signin]` in its
    `pattern`: anybody with `events:PutEvents` could start it.

    Every option narrows. `single-factor`, `requirement`, `factor` and `outcome` select other
    sign-ins than the single-factor ones; the verdict is `unknown` where the record does not say, as
    of a broker's session without proof of MFA. Notify of `[true, unknown]`, contain on `[true]`.
    `requirement` selects those that the requirement says must be caught.

    `from` and `not-from` are about the address: networks, or a `value_from` as in other custodian
    filters. A list that cannot be read filters out no sign-in. An address such as `AWS Internal` is
    in no network.

    A resource that custodian cannot describe (`iam:GetUser` is denied, or the user was renamed or
    deleted since) matches with what the event says of it, so that the sign-in is not lost.
    Custodian's own filters and actions see whoever has the name now; `revoke-sessions`,
    `require-mfa` and `reset-password` act on the user who signed in, whatever its name is now.

    The annotation `c7n:signin` is flat: `address`, `region`, `factor`, `path`, `outcome`,
    `single_factor`, `who`, `identity`, `account`, `event_id`, `event_time`, `principal`, `reasons`,
    `user_agent`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-from-unknown-network
            resource: account
            mode:
              type: cloudtrail
              role: arn:aws:iam::{account_id}:role/c7n-mfa-respond
              packages: [c7n_mfa]
              handler: c7n_mfa.handler.run
              events:
                - event: ConsoleLogin
                  source: signin.amazonaws.com
                  ids: eventName
              pattern:
                source: [aws.signin]
            filters:
              - type: signin
                identity: [root, iam-user]
                not-from: [192.0.2.0/24]
    """

    schema = type_schema(
        "signin",
        requirement={"enum": list(REQUIREMENTS)},
        factor=_some_of("single", "multi", "unknown"),
        path=_some_of(
            *("password", "saml", "identity-center", "web-identity", "broker", "unknown")
        ),
        outcome=_some_of("success", "failure", "unknown"),
        identity=_some_of(*IDENTITIES.values(), "unknown"),
        **{
            "single-factor": _some_of(True, False, "unknown"),
            "from": _ADDRESSES,
            "not-from": _ADDRESSES,
        },
    )
    annotation_key = ANNOTATION

    def get_permissions(self):
        lists = [self.data.get(name) for name in ("from", "not-from")]
        urls = [option["value_from"]["url"] for option in lists if isinstance(option, dict)]
        needed = {"s3": "s3:GetObject", "dynamodb": "dynamodb:PartiQLSelect"}
        schemes = {url.partition("://")[0] for url in urls}
        return sorted(needed[scheme] for scheme in schemes & set(needed))

    def validate(self):
        paths = set(self.data.get("path", ()))
        if paths and paths <= _NEVER_KNOWN and self._verdicts() == {True}:
            never, add = "never", "factor"
            if not paths <= _NEVER_SINGLE_FACTOR:
                never, add = "never known to be", "single-factor"
            self.refuse(
                f"path: {', '.join(sorted(paths))} is {never} single-factor, and nothing would "
                f"match; add {add}: [unknown]"
            )
        self._check_networks()
        # Custodian calls this before it looks for the resource of an event, and for nothing else.
        if not isinstance(self.manager.source, SurvivingSource):
            self.manager.source = SurvivingSource(self.manager.source)
        return super().validate()

    def _check_networks(self):
        for name in ("from", "not-from"):
            option = self.data.get(name, [])
            valid, invalid = networks(option if isinstance(option, list) else [])
            for text in invalid:
                self.refuse(f"{name}: {text} is not a network; write it like {nearest(text)}")
            if name == "not-from" and any(network.prefixlen == 0 for network in valid):
                self.refuse(f"{name}: {option[0]} leaves out everybody")

    def check_preflight(self):
        """Would any sign-in come this far, and match?"""
        from c7n_mfa.signin import preflight

        mode, resource, criteria = self.manager.data.get("mode"), self.manager.type, self.criteria()
        why = preflight.problem(mode, resource, criteria)
        why = why or preflight.forgeable(mode or {})
        if why:
            self.refuse(why)
        for sentence in preflight.stopped(mode, resource, criteria) if mode else ():
            self.log.warning(
                "policy:%s signin: mode: pattern stops a sign-in that the filter matches: %s",
                self.policy_name,
                sentence,
            )

    def process(self, resources, event=None):
        record = event.get("detail") if isinstance(event, dict) else None
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            why = "its event is no console sign-in" if event else "it runs without an event"
            self.log.warning("policy:%s signin matches nothing: %s", self.policy_name, why)
            return []
        criteria = replace(
            self.criteria(), within=self._networks("from"), outside=self._networks("not-from")
        )
        matching = []
        if criteria.match(sign_in, record):
            matching = [resource for resource in resources if is_of(sign_in, resource)]
        for resource in matching:
            resource[self.annotation_key] = annotation(sign_in)
        return matching

    def _verdicts(self):
        """The verdicts that match; None for all of them."""
        if "single-factor" in self.data:
            return frozenset(self.data["single-factor"])
        return None if any(name in self.data for name in _DECIDING) else frozenset({True})

    def criteria(self):
        """Which sign-ins the options select, from whatever address."""
        return SigninCriteria(
            single_factor=self._verdicts(),
            requirement=self.data.get("requirement"),
            factors=self._set("factor"),
            paths=self._set("path"),
            outcomes=self._set("outcome"),
            identities=self._set("identity"),
        )

    def _set(self, name):
        return frozenset(self.data[name]) if name in self.data else None

    def _networks(self, name):
        """The networks of an option; None when there is none, or when its list cannot be read."""
        option = self.data.get(name)
        if not isinstance(option, dict):
            return None if option is None else networks(option)[0]
        try:
            texts = ValuesFrom(option["value_from"], self.manager).get_values()
            valid, invalid = networks(texts if isinstance(texts, list | set) else ())
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            valid, invalid = (), (str(error),)
        if invalid or not valid:
            self.log.error(
                "policy:%s signin %s: %s", self.policy_name, name, _unread(valid, invalid, option)
            )
        return valid or None


def _unread(valid, invalid, option):
    what = "entries are ignored" if valid else "the list cannot be used, and filters nothing out"
    listed = ", ".join(str(entry) for entry in invalid[:3]) or "there is no network in it"
    return f"{option['value_from']['url']}: {what}: {listed}"


class SurvivingSource:
    """A source of custodian's that falls back on what the event says of the resource.

    Custodian describes a resource before any filter sees it, takes a call that is denied or
    throttled for a resource that does not exist, and stops without one: the function would end
    well, and nobody would have been notified.  The account always exists, though, and of a user or
    a role the name is enough: whoever acts on it finds out the rest.
    """

    def __init__(self, source):
        self.source = source
        self.manager = source.manager

    def __getattr__(self, name):
        return getattr(self.source, name)

    def get_resources(self, ids, cache=True):
        session = local_session(self.manager.session_factory)
        session._session.set_default_client_config(_IMPATIENT)
        try:
            found = self.source.get_resources(ids)
        except _FAILURES as error:
            log.error("policy:%s goes on without a description: %s", self._policy, error)
            return [self._undescribed(name, _why(error)) for name in ids]
        # Custodian stops where it finds none, and nobody would hear of the sign-in.
        return found or [self._undescribed(name, _ABSENT.format(name)) for name in ids]

    def augment(self, resources):
        described = [resource for resource in resources if UNDESCRIBED not in resource]
        others = [resource for resource in resources if UNDESCRIBED in resource]
        try:
            return [*self.source.augment(described), *others]
        except _FAILURES as error:
            log.error("policy:%s goes on without details: %s", self._policy, error)
            return resources

    def _undescribed(self, name, why):
        account = self.manager.config.account_id
        if self.manager.type == "account":
            resource = {"account_id": account, "account_name": ""}
        else:
            resource = {self.manager.get_model().id: name.rpartition("/")[2], ACCOUNT: account}
        return {**resource, UNDESCRIBED: why}

    @property
    def _policy(self):
        return self.manager.ctx.policy.name


_ABSENT = "there is no {} any more: renamed or deleted since the sign-in"


def _why(error):
    if not isinstance(error, ClientError):
        return type(error).__name__
    code, operation = error.response["Error"]["Code"], error.operation_name
    return f"iam:{operation} failed with {code}"
