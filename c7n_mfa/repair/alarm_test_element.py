# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account action ``test-signin-monitoring``.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.actions import BaseAction
from c7n.utils import local_session, type_schema

from c7n_mfa.audit.element import ANNOTATION, audit
from c7n_mfa.audit.permissions import READ
from c7n_mfa.element import Deployable
from c7n_mfa.repair.permissions import ALARM_TEST


class DrillSigninMonitoring(Deployable, BaseAction):
    """Puts the alarm of a chain into ALARM for a moment, to see that its topic takes the message.

    A drill: everybody who is subscribed is told, with a reason that says that it is one. The alarm
    of every intact chain is tested, or that of the chain that gets furthest. The action waits for
    the alarm's history, at most `wait-seconds`, and puts the state back whatever happens. An alarm
    that is in ALARM already is left alone.

    No policy of ours runs it: it wakes people up.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-tested
            resource: account
            actions:
              - type: test-signin-monitoring
                wait-seconds: 30
    """

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
        from c7n_mfa.repair.alarm_test import Drill, alarms_to_test, drill

        audited = account.get(ANNOTATION, {})
        asked = {key: audited[key] for key in ("requirement", "strict") if key in audited}
        _, judgement = audit(self.manager, account, asked)
        session = local_session(self.manager.session_factory)
        seconds = self.data.get("wait-seconds", 30)
        alarms = alarms_to_test(judgement)
        drills = [drill(session, arn, seconds, self.clock) for arn in alarms]
        if not drills:
            drills = [Drill("", "skipped", "no chain has an alarm that could be tested")]
        account[self.annotation_key] = [each.to_dict() for each in drills]
        for each in drills:
            level = self.log.info if each.result == "accepted" else self.log.error
            level("account:%s drill %s: %s", account["account_id"], each.result, each.why)
        return {"account_id": account["account_id"], "drills": account[self.annotation_key]}
