# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account action ``remove-signin-monitoring``.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.actions import BaseAction
from c7n.utils import local_session, type_schema

from c7n_mfa.audit.element import ANNOTATION, annotation, audit, write_judgements
from c7n_mfa.audit.permissions import READ
from c7n_mfa.element import DEFAULT_REQUIREMENT, Deployable
from c7n_mfa.repair.permissions import REMOVAL


class RemoveSigninMonitoring(Deployable, BaseAction):
    """Takes away what set-signin-monitoring has made, and nothing else.

    Ours is what carries the tag `c7n-mfa`, and what a tag on its log group or topic notes as ours.
    Steps, in this order: alarm, metric filter, subscriptions, topic policy, topic, and with
    `log-delivery` the trail's delivery, role and log group. What others use is left and named.

    `topic` and `alarm-name` are those that the chain was made with. A log group of ours that holds
    events stays unless `log-records` is `delete`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-taken-away
            resource: account
            actions:
              - type: remove-signin-monitoring
    """

    schema = type_schema(
        "remove-signin-monitoring",
        topic={"type": "string", "minLength": 1},
        **{
            "alarm-name": {"type": "string", "minLength": 1, "maxLength": 255},
            "log-records": {"enum": ["keep", "delete"]},
        },
    )
    permissions = tuple(sorted({*READ, *REMOVAL}))

    def process(self, resources):
        receipts = [self._remove(account) for account in resources]
        write_judgements(self.manager, resources)
        return receipts

    def plan(self, account):
        """What removal would do to the account, writing nothing: the judgement and the steps."""
        from c7n_mfa.repair.removal import find_ours, make_removal

        seen, judgement = audit(self.manager, account, self._asked(account))
        session = local_session(self.manager.session_factory)
        found = find_ours(session, seen, self._wish())
        return judgement, make_removal(found, self.data.get("log-records") == "delete")

    def _remove(self, account):
        from c7n_mfa.repair.apply import apply

        asked = self._asked(account)
        before, plan = self.plan(account)
        steps = apply(local_session(self.manager.session_factory), plan)
        _, after = audit(self.manager, account, asked)
        account[ANNOTATION] = annotation(after, asked)
        for step in steps:
            level = self.log.error if step.result == "failed" else self.log.info
            said = (account["account_id"], step.step, step.result, step.resource)
            level("account:%s %s %s %s: %s", *said, step.error or step.why)
        return {
            "account_id": account["account_id"],
            "before": before.verdict,
            "after": after.verdict,
            "steps": [step.to_dict() for step in steps],
        }

    def _wish(self):
        from c7n_mfa.repair.values import Wish

        names = {"topic": "topic", "alarm-name": "alarm_name"}
        return Wish(
            DEFAULT_REQUIREMENT, **{names[n]: self.data[n] for n in names if n in self.data}
        )

    def _asked(self, account):
        """The options of the audit: those of the filter, if there was one."""
        audited = account.get(ANNOTATION, {})
        return {key: audited[key] for key in ("requirement", "strict") if key in audited}
