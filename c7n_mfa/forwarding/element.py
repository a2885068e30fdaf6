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
from c7n_mfa.aws.arn import REGION
from c7n_mfa.element import Deployable, log_steps
from c7n_mfa.forwarding import operations as op

ANNOTATION = "c7n:signin-forwarding"

_REGION = {"type": "string", "pattern": f"^{REGION}$"}
_REGIONS = {"type": "array", "items": _REGION, "minItems": 1, "uniqueItems": True}
_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,80}$"}
_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}


class _Forwarding(Deployable):
    """What the filter and the actions have in common: where to look, and through what.

    What reads, judges and writes is imported where it is used: custodian loads this module for
    every policy on accounts.
    """

    permissions: tuple[str, ...] = ()
    dead_letter_permissions: tuple[str, ...] = op.READ_DEAD_LETTERS
    data: Any
    log: Any
    manager: Any
    _reader: Any = None

    def reader(self):
        """One for all reads and writes: it keeps a client for every Region."""
        from c7n_mfa.aws.read import Reader

        if self._reader is None:
            self._reader = Reader(local_session(self.manager.session_factory))
        return self._reader

    def place(self, account):
        """The account's home Region: the option, or the Region that the policy runs in."""
        from c7n_mfa.forwarding.values import Place

        region = self.manager.config.region
        home = self.option(account, "home") or region or self.reader().session.region_name
        return Place(account["account_id"] or "", get_partition(home), home)

    def read(self, account):
        from c7n_mfa.forwarding.read import read_forwarding
        from c7n_mfa.forwarding.values import Wanted

        regions, queue = self.data.get("regions"), self.data.get("dead-letters")
        wanted = Wanted(queue, self.data.get("topic")) if queue else None
        return read_forwarding(self.reader(), self.place(account), regions, wanted)

    def audit(self, account):
        from c7n_mfa.forwarding.judge import judge

        return judge(self.read(account))

    def get_permissions(self):
        if "dead-letters" not in self.data:
            return self.permissions
        return sorted({*self.permissions, *self.dead_letter_permissions})

    def option(self, account, name):
        """An option, or what the filter of the same policy was given."""
        return self.data.get(name)


class SigninForwarding(_Forwarding, Filter):
    """Matches accounts where a Region's console sign-ins do not reach the home Region's event bus.

    Sign-ins are recorded in the Region of their endpoint, and custodian deploys a policy on
    accounts, users or roles to one Region. So each other Region needs an EventBridge rule that
    forwards them, with a role that may put events on the home bus. Rules are judged by meaning,
    whoever created them: one that drops a possible single-factor sign-in is broken.

    `home` is the Region that the responding function is deployed to, by default the one that the
    policy runs in. `regions` are those to check, by default all that are enabled. `state` says
    which verdicts match; unknown means that something could not be read.

    With `dead-letters`, the name of a queue in every Region, a Region is broken too where what does
    not get through is dropped: where the queue is missing, or a target does not name it, that of
    custodian's functions in the home Region included; where at home no alarm on it notifies
    anybody; and where something waits in it.

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
        **{"dead-letters": _NAME},
    )
    annotation_key = ANNOTATION
    permissions = op.READ

    def process(self, resources, event=None):
        states = self.data.get("state", ["broken", "unknown"])
        for account in resources:
            judgement = self.audit(account)
            account[self.annotation_key] = judgement.to_dict()
            self.log.info(
                "account:%s signin-forwarding:%s", account["account_id"], judgement.verdict
            )
        return [a for a in resources if a[self.annotation_key]["verdict"] in states]


class SetSigninForwarding(_Forwarding, BaseAction):
    """Makes every Region forward its console sign-ins to the home Region's event bus.

    A role that may put events on that bus and do nothing else, and in each Region a rule with that
    bus as its target. Rules that already forward are left alone, whoever created them. Rules with
    the name `c7n-mfa-signin-forwarding` but without the tag `c7n-mfa` are never changed. A Region
    that fails does not stop the others, and the account is audited again afterwards.

    `home` is that of the filter unless given; `tags` are added to the rules and the role.

    With `dead-letters`, the name of a queue, every Region gets one of that name, encrypted, that
    EventBridge may send to, and the targets name it, those of custodian's functions in the home
    Region included; custodian leaves that alone when it deploys again. `topic` is the name of the
    topic that an alarm on the queue notifies; an alarm notifies only a topic of its own Region, and
    is left out where there is none of that name.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-forwarding-set
            resource: account
            filters:
              - type: signin-forwarding
                home: us-east-1
                dead-letters: c7n-mfa-dead-letters
            actions:
              - type: set-signin-forwarding
                dead-letters: c7n-mfa-dead-letters
                topic: SignInWithoutMfaAlarmSNSTopic
                tags:
                  owner: security
    """

    schema = type_schema(
        "set-signin-forwarding",
        home=_REGION,
        regions=_REGIONS,
        tags=_TAGS,
        topic=_NAME,
        **{"dead-letters": _NAME},
    )
    permissions = tuple(sorted({*op.READ, *op.OWNER, *op.SET}))
    dead_letter_permissions = (*op.READ_DEAD_LETTERS, *op.SET_DEAD_LETTERS)

    def option(self, account, name):
        return self.data.get(name) or account.get(ANNOTATION, {}).get(name)

    def process(self, resources):
        return [self._set(account) for account in resources]

    def plan(self, account):
        """What would be done to the account, writing nothing: the judgement and the plan."""
        from c7n_mfa.forwarding.judge import judge
        from c7n_mfa.forwarding.plan import plan_setting
        from c7n_mfa.forwarding.read import read_owners

        state = self.read(account)
        judgement = judge(state)
        if judgement.verdict == "broken":
            read_owners(self.reader(), state)
        return judgement, plan_setting(state, judgement, self.data.get("tags", {}))

    def _set(self, account):
        from c7n_mfa.aws.change import apply

        before, plan = self.plan(account)
        steps = apply(self.reader(), plan)
        after = self.audit(account)
        account[ANNOTATION] = after.to_dict()
        log_steps(self.log, account, steps)
        return {
            "account_id": account["account_id"],
            "home": after.home,
            "before": before.verdict,
            "after": after.verdict,
            "steps": [step.to_dict() for step in steps],
        }


class RemoveSigninForwarding(_Forwarding, BaseAction):
    """Removes what `set-signin-forwarding` has created, and nothing else.

    In every enabled Region, or those of `regions`: the rule `c7n-mfa-signin-forwarding` with its
    targets, if it carries the tag `c7n-mfa`. Then the role of that name, if it carries the tag and
    no Region was left out or failed. Sign-ins of other Regions start no function from then on.
    Dead-letter queues and their alarms stay: there may be sign-ins in them.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-forwarding-removed
            resource: account
            actions:
              - type: remove-signin-forwarding
    """

    schema = type_schema("remove-signin-forwarding", home=_REGION, regions=_REGIONS)
    permissions = tuple(sorted({*op.READ, *op.OWNER, *op.REMOVE} - {"events:DescribeEventBus"}))

    def process(self, resources):
        return [self._remove(account) for account in resources]

    def _remove(self, account):
        from c7n_mfa.aws.change import apply
        from c7n_mfa.forwarding.plan import plan_removal
        from c7n_mfa.forwarding.read import read_named

        place, regions = self.place(account), self.data.get("regions")
        state = read_named(self.reader(), place, regions)
        steps = apply(self.reader(), plan_removal(state, everywhere=regions is None))
        log_steps(self.log, account, steps)
        return {
            "account_id": account["account_id"],
            "home": place.home,
            "steps": [step.to_dict() for step in steps],
        }
