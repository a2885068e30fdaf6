# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account actions ``set-``, ``remove-`` and ``test-signin-monitoring``.

Registered in :mod:`c7n_mfa.entry`.  What reads, plans and writes is imported where it is used:
custodian loads this module for every policy on accounts.
"""

import re

from c7n.actions import BaseAction
from c7n.utils import local_session, type_schema

from c7n_mfa.audit.element import ANNOTATION, annotation, audit, write_judgements
from c7n_mfa.audit.permissions import READ
from c7n_mfa.element import DEFAULT_REQUIREMENT, REQUIREMENTS, Deployable, log_steps
from c7n_mfa.repair.operations import ALARM_TEST, DELIVERY, REMOVAL, REPAIR

_MAIL = (r"[^@\s]+@[^@\s]+", "an e-mail address")
_ARN = r"arn:[^:\s]+:{}:[^:\s]+:[^:\s]+:\S+"
# What SNS takes as the endpoint of a subscription: the forms are those of the `Subscribe` call; any
# other is refused half-way through a repair.  Firehose wants a role that there is no option for.
_ENDPOINTS = {
    "application": (_ARN.format("sns"), "the ARN of a mobile app's endpoint"),
    "email": _MAIL,
    "email-json": _MAIL,
    "http": (r"http://[^/\s]+\S*", "an address that begins with http://"),
    "https": (r"https://[^/\s]+\S*", "an address that begins with https://"),
    "lambda": (_ARN.format("lambda"), "the ARN of a function"),
    "sms": (r"\+?[0-9][0-9 ().-]{5,}", "a phone number such as +15555550100"),
    "sqs": (_ARN.format("sqs"), "the ARN of a queue"),
}


def endpoint_problem(protocol, endpoint):
    """What an endpoint should be and is not; custodian's variables in it may stand for anything.

    >>> endpoint_problem("email", "security")
    'security is not an e-mail address'
    """
    form, expected = _ENDPOINTS[protocol]
    filled_in = re.sub(r"\{\w+\}", "x", endpoint)
    return None if re.fullmatch(form, filled_in) else f"{endpoint} is not {expected}"


class _Changing(Deployable, BaseAction):
    """Audits the account, changes it, and audits it again."""

    def process(self, resources):
        receipts = [self._change(account) for account in resources]
        write_judgements(self.manager, resources)
        return receipts

    def _change(self, account):
        from c7n_mfa.aws.change import apply

        before, plan = self.plan(account)
        steps = apply(self.reader(), plan)
        options = self.audit_options(account)
        _, after = audit(self.manager, account, options)
        account[ANNOTATION] = annotation(after, options)
        log_steps(self.log, account, steps)
        return {
            "account_id": account["account_id"],
            "before": before.verdict,
            "after": after.verdict,
            "steps": [step.to_dict() for step in steps],
        }

    def reader(self):
        from c7n_mfa.aws.read import Reader

        return Reader(local_session(self.manager.session_factory))

    def audit_options(self, account):
        """The options of the audit: those of the filter, if there was one."""
        audited = account.get(ANNOTATION, {})
        return {key: audited[key] for key in ("requirement", "strict") if key in audited}


# What PutRetentionPolicy takes.
_RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192]
_RETENTIONS += [2557, 2922, 3288, 3653]


class SetSigninMonitoring(_Changing):
    """Creates what is missing between the trail and a confirmed subscriber.

    It adopts what already works, changes only what is absent or created by c7n-mfa (tag `c7n-mfa`),
    and audits the account again afterwards. Steps, in this order: topic, topic policy,
    subscriptions, metric filter, alarm. It needs a multi-Region trail that delivers to a log group,
    and creates no trail.

    With `log-delivery` `create`, a trail without a log group gets one, `c7n-mfa-cloudtrail`, and a
    role to deliver with, `c7n-mfa-cloudtrail-to-logs`; a deleted log group is created again.

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
                    "protocol": {"enum": list(_ENDPOINTS)},
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
    permissions = tuple(sorted({*READ, *REPAIR}))

    def get_permissions(self):
        """A policy that makes no log delivery needs no permission to."""
        if self.data.get("log-delivery") != "create":
            return self.permissions
        return tuple(sorted({*self.permissions, *DELIVERY}))

    def validate(self):
        key = self.data.get("kms-key", "")
        if key.endswith("alias/aws/sns"):
            self.refuse("kms-key: CloudWatch alarms cannot use alias/aws/sns; name a customer key")
        for subscription in self.data.get("subscriptions", ()):
            problem = endpoint_problem(subscription["protocol"], subscription["endpoint"])
            if problem:
                self.refuse(f"subscriptions: protocol {subscription['protocol']}: {problem}")
        return super().validate()

    def plan(self, account):
        """What repair would do to the account, writing nothing: the judgement and the plan."""
        from c7n_mfa.aws.change import Plan
        from c7n_mfa.repair.existing import read_existing
        from c7n_mfa.repair.plan import make_plan
        from c7n_mfa.repair.target import choose_target
        from c7n_mfa.repair.values import Existing

        options = self.options(account)
        snapshot, judgement = audit(self.manager, account, self.audit_options(account))
        target = choose_target(judgement, options, snapshot)
        existing = Existing()
        if target is not None and judgement.verdict == "broken":
            existing = read_existing(self.reader(), snapshot, target, options)
        return judgement, Plan(make_plan(judgement, snapshot, existing, options))

    def _change(self, account):
        requirement = self.audit_options(account)["requirement"]
        return {"account_id": account["account_id"], "requirement": requirement} | super()._change(
            account
        )

    def audit_options(self, account):
        """The filter's requirement and strictness, unless the action is given its own."""
        options = {"requirement": DEFAULT_REQUIREMENT, "strict": False}
        options |= super().audit_options(account)
        return {key: self.data.get(key, value) for key, value in options.items()}

    def options(self, account):
        from c7n_mfa.repair.values import RepairOptions

        given = {field: self.data[name] for field, name in _NAMES.items() if name in self.data}
        return RepairOptions(
            topic_given="topic" in self.data,
            subscriptions=tuple(
                (s["protocol"], s["endpoint"]) for s in self.data.get("subscriptions", ())
            ),
            kms_key=self.data.get("kms-key"),
            tags=self.data.get("tags", {}),
            log_delivery=self.data.get("log-delivery") == "create",
            **self.audit_options(account),
            **given,
        )


# The fields of RepairOptions whose options are named with hyphens, or left to its defaults.
_NAMES = {
    "filter_name": "filter-name",
    "metric_name": "metric-name",
    "namespace": "namespace",
    "alarm_name": "alarm-name",
    "topic": "topic",
    "log_retention_days": "log-retention-days",
}


class RemoveSigninMonitoring(_Changing):
    """Removes what set-signin-monitoring has created, and nothing else.

    That is what carries the tag `c7n-mfa`, and what a tag on its log group or topic records. Steps,
    in this order: alarm, metric filter, subscriptions, topic policy, topic, and with `log-delivery`
    the trail's delivery, role and log group. What others use is left and named.

    `topic` and `alarm-name` are those that the chain was created with. A log group created by
    c7n-mfa that holds events stays unless `log-records` is `delete`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-remove
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

    def plan(self, account):
        """What removal would do to the account, writing nothing: the judgement and the plan."""
        from c7n_mfa.aws.change import Plan
        from c7n_mfa.repair.created import read_candidates
        from c7n_mfa.repair.removal import make_removal
        from c7n_mfa.repair.values import RepairOptions

        snapshot, judgement = audit(self.manager, account, self.audit_options(account))
        names = {"topic": "topic", "alarm_name": "alarm-name"}
        given = {field: self.data[name] for field, name in names.items() if name in self.data}
        options = RepairOptions(DEFAULT_REQUIREMENT, **given)
        candidates = read_candidates(self.reader(), snapshot, options)
        return judgement, Plan(make_removal(candidates, self.data.get("log-records") == "delete"))


class SigninMonitoringTest(Deployable, BaseAction):
    """Puts the alarm of a chain into ALARM for a moment, to see that its topic takes the message.

    Everybody who is subscribed is notified, with a reason that says that it is a test. The alarm of
    every intact chain is tested, or that of the chain that gets furthest. The action waits for the
    alarm's history, at most `wait-seconds`, and restores the state whatever happens. An alarm that
    is in ALARM already is left alone.

    No shipped policy runs it: it pages people.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-tested
            resource: account
            actions:
              - type: test-signin-monitoring
                wait-seconds: 30
    """

    # Of custodian's output, `action-drillsigninmonitoring`: it is published.
    name = "drillsigninmonitoring"
    schema = type_schema(
        "test-signin-monitoring",
        **{"wait-seconds": {"type": "integer", "minimum": 1, "maximum": 600}},
    )
    annotation_key = "c7n:signin-monitoring-drill"
    permissions = tuple(sorted({*READ, *ALARM_TEST}))
    # A test brings its own.
    clock = None

    def process(self, resources):
        return [self._test(account) for account in resources]

    def _test(self, account):
        from c7n_mfa.repair.alarm_test import AlarmTest, alarms_to_test, run_alarm_test

        audited = account.get(ANNOTATION, {})
        options = {key: audited[key] for key in ("requirement", "strict") if key in audited}
        _, judgement = audit(self.manager, account, options)
        session = local_session(self.manager.session_factory)
        seconds = self.data.get("wait-seconds", 30)
        alarms = alarms_to_test(judgement)
        tests = [run_alarm_test(session, arn, seconds, self.clock) for arn in alarms]
        if not tests:
            tests = [AlarmTest("", "skipped", "no chain has an alarm that could be tested")]
        account[self.annotation_key] = [test.to_dict() for test in tests]
        for test in tests:
            level = self.log.info if test.result == "accepted" else self.log.error
            level("account:%s alarm test %s: %s", account["account_id"], test.result, test.why)
        return {"account_id": account["account_id"], "drills": account[self.annotation_key]}
