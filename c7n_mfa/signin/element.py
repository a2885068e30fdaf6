# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The filter ``signin`` of accounts, IAM users and roles.

Registered in :mod:`c7n_mfa.entry`.
"""

from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError
from c7n.filters import Filter
from c7n.resolver import ValuesFrom
from c7n.utils import type_schema

from c7n_mfa.element import REQUIREMENTS, Deployable
from c7n_mfa.signin.criteria import IDENTITIES, Wanted, annotation, is_of, nearest, networks
from c7n_mfa.signin.record import SignIn
from c7n_mfa.signin.source import SurvivingSource

ANNOTATION = "c7n:signin"

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
# What says by itself which sign-ins are wanted; without any, it is the single-factor ones.
_DECIDING = ("single-factor", "requirement", "factor", "outcome")
_NEVER_SINGLE_FACTOR = {"saml", "identity-center"}


def _some_of(*values):
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(values)}}


class Signin(Deployable, Filter):
    """Keeps the resource when the event that started the policy is a single-factor sign-in of it.

    A single-factor sign-in is a successful console sign-in without MFA that did not come through
    SAML or Identity Center. Of an IAM user or a role, it has to be the one who signed in; an
    account is kept for anybody's. Without an event, as with `--dryrun`, nothing is kept.

    Custodian finds the resource by `ids` under `events`: `eventName` of an account, which is always
    there, `userIdentity.userName` of an IAM user, and of a role
    `userIdentity.sessionContext.sessionIssuer.userName`. A mode that would never find one, or an
    event that would never come, is refused.

    Every option narrows. `single-factor`, `requirement`, `factor` and `outcome` say which sign-ins
    are wanted in place of the single-factor ones; the verdict is `unknown` where the record cannot
    say it. `requirement` wants those that it says must be caught.

    `from` and `not-from` are about the address: networks, or `value_from` as elsewhere in
    custodian. A list that cannot be read hides no sign-in. An address such as `AWS Internal` is in
    no network.

    A resource that custodian may not describe (`iam:GetUser` is denied, say) is kept as far as the
    event knows it, so that the sign-in is not lost.

    The annotation `c7n:signin` is flat: `address`, `region`, `factor`, `path`, `outcome`,
    `single_factor`, `who`, `identity`, `account`, `event_id`, `event_time`, `principal`, `reasons`,
    `user_agent`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-from-elsewhere
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
            filters:
              - type: signin
                identity: [root, iam-user]
                not-from: [192.0.2.0/24]
    """

    schema = type_schema(
        "signin",
        requirement={"enum": list(REQUIREMENTS)},
        factor=_some_of("single", "multi", "unknown"),
        path=_some_of("password", "saml", "identity-center", "broker", "unknown"),
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
        urls = [each["value_from"]["url"] for each in lists if isinstance(each, dict)]
        needed = {"s3": "s3:GetObject", "dynamodb": "dynamodb:PartiQLSelect"}
        schemes = {url.partition("://")[0] for url in urls}
        return sorted(needed[scheme] for scheme in schemes & set(needed))

    def validate(self):
        paths = set(self.data.get("path", ()))
        if paths and paths <= _NEVER_SINGLE_FACTOR and self._verdicts() == {True}:
            self.refuse(
                f"path: {', '.join(sorted(paths))} is never single-factor, and nothing would be "
                "kept; add factor: [unknown]"
            )
        self._check_networks()
        # Custodian calls this before it looks for the resource of an event, and for nothing else.
        if not isinstance(self.manager.source, SurvivingSource):
            self.manager.source = SurvivingSource(self.manager.source)
        return super().validate()

    def _check_networks(self):
        for name in ("from", "not-from"):
            given = self.data.get(name, [])
            found, others = networks(given if isinstance(given, list) else [])
            for text in others:
                self.refuse(f"{name}: {text} is no network; write it like {nearest(text)}")
            if name == "not-from" and any(network.prefixlen == 0 for network in found):
                self.refuse(f"{name}: {given[0]} leaves out everybody")

    def check_preflight(self):
        """Would any sign-in come this far, and be kept?"""
        from c7n_mfa.signin import trigger

        mode, resource, wanted = self.manager.data.get("mode"), self.manager.type, self.wanted()
        why = trigger.problem(mode, resource, wanted)
        if why:
            self.refuse(why)
        for sentence in trigger.stopped(mode, resource, wanted) if mode else ():
            self.log.warning(
                "policy:%s signin: mode: pattern stops a sign-in that it wants: %s",
                self._policy,
                sentence,
            )

    def process(self, resources, event=None):
        record = event.get("detail") if isinstance(event, dict) else None
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            said = "its event is no console sign-in" if event else "it runs without an event"
            self.log.warning("policy:%s signin keeps nothing: %s", self._policy, said)
            return []
        kept = []
        wanted = replace(
            self.wanted(), within=self._networks("from"), outside=self._networks("not-from")
        )
        if wanted.takes(sign_in, record):
            kept = [resource for resource in resources if is_of(sign_in, resource)]
        for resource in kept:
            resource[self.annotation_key] = annotation(sign_in)
        return kept

    @property
    def _policy(self):
        return self.manager.ctx.policy.name

    def _verdicts(self):
        """The verdicts that are wanted; None for all of them."""
        if "single-factor" in self.data:
            return frozenset(self.data["single-factor"])
        return None if any(name in self.data for name in _DECIDING) else frozenset({True})

    def wanted(self):
        """Which sign-ins the options want, wherever they come from."""
        return Wanted(
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
        given = self.data.get(name)
        if not isinstance(given, dict):
            return None if given is None else networks(given)[0]
        try:
            texts = ValuesFrom(given["value_from"], self.manager).get_values()
            found, others = networks(texts if isinstance(texts, list | set) else ())
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            found, others = (), (str(error),)
        if others or not found:
            self.log.error(
                "policy:%s signin %s: %s", self._policy, name, _unread(found, others, given)
            )
        return found or None


def _unread(found, others, given):
    what = "entries are not used" if found else "the list cannot be used, and hides nothing"
    listed = ", ".join(str(each) for each in others[:3]) or "there is no network in it"
    return f"{given['value_from']['url']}: {what}: {listed}"
