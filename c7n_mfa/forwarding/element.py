# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account filter ``signin-forwarding``, and the actions that set it up and take it away.

Registered in :mod:`c7n_mfa.entry`.
"""

from typing import Any

from c7n.actions import BaseAction
from c7n.filters import Filter
from c7n.utils import get_partition, local_session, type_schema

from c7n_mfa.audit.reasons import VERDICTS
from c7n_mfa.element import Deployable
from c7n_mfa.forwarding import permissions as needed

ANNOTATION = "c7n:signin-forwarding"

_REGION = {"type": "string", "pattern": "^[a-z]{2,}(-[a-z]+)+-[0-9]+$"}
_REGIONS = {"type": "array", "items": _REGION, "minItems": 1, "uniqueItems": True}
_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}


def _run():
    """The rest, imported when it is used: a function that responds to a sign-in never does."""
    from c7n_mfa.forwarding import run

    return run


class _Forwarding(Deployable):
    """What the filter and the actions have in common: where to look, and through what."""

    data: Any
    log: Any
    manager: Any
    _reader: Any = None

    def reader(self):
        """One for all looks and writes: it keeps a client for every Region."""
        from c7n_mfa.aws.read import Reader

        if self._reader is None:
            self._reader = Reader(local_session(self.manager.session_factory))
        return self._reader

    def place(self, account):
        """The account's home Region: the option, or the Region that the policy runs in."""
        region = self.manager.config.region
        home = self.option(account, "home") or region or self.reader().session.region_name
        return _run().Place(account["account_id"] or "", get_partition(home), home)

    def option(self, account, name):
        """An option, or what the filter of the same policy was given."""
        return self.data.get(name)

    def tell(self, account, steps):
        for step in steps:
            level = self.log.error if step.result == "failed" else self.log.info
            level(
                "account:%s region:%s %s %s %s: %s",
                account["account_id"],
                step.region or "-",
                step.step,
                step.result,
                step.resource,
                step.error or step.why,
            )


class SigninForwarding(_Forwarding, Filter):
    """Keeps the account when a Region's console sign-ins do not reach the home Region's event bus.

    Sign-ins are recorded in the Region of their endpoint, and custodian deploys a policy on
    accounts, users or roles to one Region. So each other Region needs an EventBridge rule that
    forwards them, with a role that may put events on the home bus. Rules are judged by meaning,
    whoever made them: one that drops a sign-in which may have a single factor is broken.

    `home` is the Region that the responding function is deployed to, by default the one that the
    policy runs in. `regions` are those to look at, by default all that are enabled. `state` says
    which verdicts to keep; unknown means that something could not be looked at.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-forwarding-not-intact
            resource: account
            filters:
              - type: signin-forwarding
                home: us-east-1
                state: [broken, unknown]
    """

    schema = type_schema(
        "signin-forwarding",
        home=_REGION,
        regions=_REGIONS,
        state={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(VERDICTS)},
        },
    )
    annotation_key = ANNOTATION
    permissions = needed.LOOK

    def process(self, resources, event=None):
        wanted = self.data.get("state", ["broken", "unknown"])
        for account in resources:
            where = self.reader(), self.place(account), self.data.get("regions")
            judgement = _run().audit(*where)
            account[self.annotation_key] = judgement.to_dict()
            self.log.info(
                "account:%s signin-forwarding:%s", account["account_id"], judgement.verdict
            )
        return [a for a in resources if a[self.annotation_key]["verdict"] in wanted]


class SetSigninForwarding(_Forwarding, BaseAction):
    """Makes every Region forward its console sign-ins to the home Region's event bus.

    A role that may put events on that bus and do nothing else, and in each Region a rule with that
    bus as its target. What forwards already is left alone, whoever made it. What bears the name
    `c7n-mfa-signin-forwarding` without the tag `c7n-mfa` is never written to. A Region that fails
    does not stop the others, and the account is looked at again afterwards.

    `home` is that of the filter unless given; `tags` are put on the rules and the role.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-forwarding-set
            resource: account
            filters:
              - type: signin-forwarding
                home: us-east-1
            actions:
              - type: set-signin-forwarding
                tags:
                  owner: security
    """

    schema = type_schema("set-signin-forwarding", home=_REGION, regions=_REGIONS, tags=_TAGS)
    permissions = tuple(sorted({*needed.LOOK, *needed.OWNER, *needed.SET}))

    def option(self, account, name):
        return self.data.get(name) or account.get(ANNOTATION, {}).get(name)

    def process(self, resources):
        return [self._set(account) for account in resources]

    def plan(self, account):
        """What would be done to the account, writing nothing: the judgement and the steps."""
        return _run().plan(*self._asked(account))

    def _set(self, account):
        before, steps, after = _run().set_up(*self._asked(account))
        account[ANNOTATION] = after.to_dict()
        self.tell(account, steps)
        return {
            "account_id": account["account_id"],
            "home": after.home,
            "before": before.verdict,
            "after": after.verdict,
            "steps": [step.to_dict() for step in steps],
        }

    def _asked(self, account):
        regions, tags = self.data.get("regions"), self.data.get("tags", {})
        return self.reader(), self.place(account), regions, tags


class RemoveSigninForwarding(_Forwarding, BaseAction):
    """Takes away what `set-signin-forwarding` made, and nothing else.

    In every enabled Region, or those of `regions`: the rule `c7n-mfa-signin-forwarding` with its
    targets, if it carries the tag `c7n-mfa`. Then the role of that name, if it carries the tag and
    no Region was left out or failed. Sign-ins of other Regions start no function from then on.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-forwarding-removed
            resource: account
            actions:
              - type: remove-signin-forwarding
    """

    schema = type_schema("remove-signin-forwarding", home=_REGION, regions=_REGIONS)
    permissions = tuple(
        sorted({*needed.LOOK, *needed.OWNER, *needed.REMOVE} - {"events:DescribeEventBus"})
    )

    def process(self, resources):
        return [self._remove(account) for account in resources]

    def _remove(self, account):
        place = self.place(account)
        steps = _run().take_away(self.reader(), place, self.data.get("regions"))
        self.tell(account, steps)
        return {
            "account_id": account["account_id"],
            "home": place.home,
            "steps": [step.to_dict() for step in steps],
        }
