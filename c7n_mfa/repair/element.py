# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account action ``set-signin-monitoring``.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.actions import BaseAction
from c7n.utils import local_session, type_schema

from c7n_mfa.audit import permissions
from c7n_mfa.audit.element import ANNOTATION, annotation, audit, write_judgements
from c7n_mfa.element import DEFAULT_REQUIREMENT, REQUIREMENTS, Deployable
from c7n_mfa.repair import permissions as repair
from c7n_mfa.repair.endpoints import PROTOCOLS, fault

# What PutRetentionPolicy takes.
_RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192]
_RETENTIONS += [2557, 2922, 3288, 3653]


class SetSigninMonitoring(Deployable, BaseAction):
    """Creates what is missing between the trail and a confirmed subscriber.

    It adopts what already works, changes only what is absent or created by c7n-mfa (tag `c7n-mfa`),
    and audits the account again afterwards. Steps, in this order: topic, topic policy,
    subscriptions, metric filter, alarm. It needs a multi-Region trail that delivers to a log group,
    and makes no trail.

    With `log-delivery` `create`, a trail without a log group gets one, `c7n-mfa-cloudtrail`, and a
    role to deliver with, `c7n-mfa-cloudtrail-to-logs`; a log group that is gone is made again.

    `topic` is a name or an ARN. An e-mail subscription receives nothing until its owner clicks
    the link in the mail; until then the audit says broken, subscription-pending.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-set
            resource: account
            filters:
              - type: signin-monitoring
            actions:
              - type: set-signin-monitoring
                subscriptions:
                  - protocol: email
                    endpoint: security@example.com
    """

    schema = type_schema(
        "set-signin-monitoring",
        requirement={"enum": list(REQUIREMENTS)},
        strict={"type": "boolean"},
        topic={"type": "string", "minLength": 1},
        subscriptions={
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["protocol", "endpoint"],
                "properties": {
                    "protocol": {"enum": list(PROTOCOLS)},
                    "endpoint": {"type": "string", "minLength": 1},
                },
            },
        },
        tags={"type": "object", "additionalProperties": {"type": "string"}},
        **{
            "filter-name": {"type": "string", "pattern": "^[^:*]{1,512}$"},
            "metric-name": {"type": "string", "pattern": "^[^:*$]{1,255}$"},
            "namespace": {"type": "string", "pattern": "^(?!AWS/)[^:*$]{1,255}$"},
            "alarm-name": {"type": "string", "minLength": 1, "maxLength": 255},
            "kms-key": {"type": "string", "minLength": 1},
            "log-delivery": {"enum": ["create", "leave"]},
            "log-retention-days": {"enum": _RETENTIONS},
        },
    )
    permissions = tuple(sorted({*permissions.READ, *repair.REPAIR}))

    def get_permissions(self):
        """A policy that makes no log delivery needs no permission to."""
        if self.data.get("log-delivery") != "create":
            return self.permissions
        return tuple(sorted({*self.permissions, *repair.DELIVERY}))

    def validate(self):
        key = self.data.get("kms-key", "")
        if key.endswith("alias/aws/sns"):
            self.refuse("kms-key: CloudWatch alarms cannot use alias/aws/sns; name a customer key")
        for each in self.data.get("subscriptions", ()):
            wrong = fault(each["protocol"], each["endpoint"])
            if wrong:
                self.refuse(f"subscriptions: protocol {each['protocol']}: {wrong}")
        return super().validate()

    def process(self, resources):
        receipts = [self._repair(account) for account in resources]
        write_judgements(self.manager, resources)
        return receipts

    def plan(self, account):
        """What repair would do to the account, writing nothing: the judgement and the steps."""
        from c7n_mfa.repair.existing import look_around
        from c7n_mfa.repair.plan import make_plan, target
        from c7n_mfa.repair.values import InTheWay

        wish = self._wish(account)
        seen, judgement = audit(self.manager, account, _asked(wish))
        base = target(judgement, wish, seen)
        in_the_way = InTheWay()
        if base is not None and judgement.verdict == "broken":
            session = local_session(self.manager.session_factory)
            in_the_way = look_around(session, seen, base, wish)
        return judgement, make_plan(judgement, seen, in_the_way, wish)

    def _repair(self, account):
        from c7n_mfa.repair.apply import apply

        before, plan = self.plan(account)
        steps = apply(local_session(self.manager.session_factory), plan)
        wish = self._wish(account)
        _, after = audit(self.manager, account, _asked(wish))
        account[ANNOTATION] = annotation(after, _asked(wish))
        self._tell(account, steps)
        return {
            "account_id": account["account_id"],
            "requirement": wish.requirement,
            "before": before.verdict,
            "after": after.verdict,
            "steps": [step.to_dict() for step in steps],
        }

    def _tell(self, account, steps):
        for step in steps:
            level = self.log.error if step.result == "failed" else self.log.info
            level(
                "account:%s %s %s %s: %s",
                account["account_id"],
                step.step,
                step.result,
                step.resource,
                step.error or step.why,
            )

    def _wish(self, account):
        """The action's options; requirement and strictness are the filter's unless given."""
        from c7n_mfa.repair.values import Wish

        audited = account.get(ANNOTATION, {})
        given = {field: self.data[name] for field, name in _NAMES.items() if name in self.data}
        return Wish(
            requirement=self.data.get(
                "requirement", audited.get("requirement", DEFAULT_REQUIREMENT)
            ),
            strict=self.data.get("strict", audited.get("strict", False)),
            topic_given="topic" in self.data,
            subscriptions=tuple(
                (s["protocol"], s["endpoint"]) for s in self.data.get("subscriptions", ())
            ),
            kms_key=self.data.get("kms-key"),
            tags=self.data.get("tags", {}),
            log_delivery=self.data.get("log-delivery") == "create",
            **given,
        )


# The fields of a Wish whose options are named with hyphens, or left to its defaults.
_NAMES = {
    "filter_name": "filter-name",
    "metric_name": "metric-name",
    "namespace": "namespace",
    "alarm_name": "alarm-name",
    "topic": "topic",
    "log_retention_days": "log-retention-days",
}


def _asked(wish):
    """The options of the audit that a wish is repaired and audited again for."""
    return {"requirement": wish.requirement, "strict": wish.strict}
