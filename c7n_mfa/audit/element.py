# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The account filter ``signin-monitoring`` and the metric-filter filter ``signin-coverage``.

Registered in :mod:`c7n_mfa.entry`.
"""

import gc
from functools import cache

from c7n.filters import Filter
from c7n.utils import dumps, get_partition, local_session, type_schema

from c7n_mfa.audit import permissions
from c7n_mfa.audit.reasons import VERDICTS
from c7n_mfa.element import DEFAULT_REQUIREMENT, REQUIREMENTS, Deployable

ANNOTATION = "c7n:signin-monitoring"
JUDGEMENT_FILE = "signin-monitoring.json"

STATES = ("covers", "misses", "never-fires", "noisy", "unknown")


def audit(manager, account, data):
    """Read the account and judge it: the snapshot and the judgement."""
    # Not above: custodian loads this module for every policy on accounts.
    from c7n_mfa.audit.discover import Ask, discover
    from c7n_mfa.audit.judge import judge
    from c7n_mfa.audit.metric_filter import relevant
    from c7n_mfa.proof import requirements

    requirement = requirements.REQUIREMENTS[data.get("requirement", DEFAULT_REQUIREMENT)]
    session = local_session(manager.session_factory)
    region = manager.config.region or session.region_name
    ask = Ask(data.get("regions", False), data.get("routes", False), data.get("read-role"))
    account_id = account["account_id"]
    snapshot = discover(session, account_id, region, lambda f: relevant(f, requirement), ask)
    return snapshot, judge(snapshot, requirement, data.get("strict", False))


def annotation(judgement, data):
    """The judgement, with the strictness that it was made with."""
    return {**judgement.to_dict(), "strict": data.get("strict", False)}


def write_judgements(manager, accounts):
    """Leave the whole judgement beside custodian's own output, clean or not.

    A clean account is filtered out and would leave no trace of what is intact.
    """
    output = getattr(manager.ctx, "output", None)
    if output is not None:
        output.write_file(JUDGEMENT_FILE, dumps(accounts, indent=2))


class SigninMonitoring(Deployable, Filter):
    """Matches accounts where delivery to a confirmed subscriber is not proven.

    What is to be delivered is an alarm for each console sign-in without MFA. Every chain from a
    trail over its log group, metric filter, metric, alarm and topic to a subscription is judged by
    meaning: the account is intact when the metric filters of its working chains, taken together,
    catch every sign-in of the requirement.

    `state` says which verdicts to match; unknown means that something could not be read.
    `strict` lets sign-ins that are only possible decide too (MFAUsed absent on a success).

    `regions` lists the enabled Regions and judges each of them, so that several single-Region
    trails may do what one multi-Region trail does. `routes` names event rules and log alarms that
    look for sign-ins; they change no verdict. `read-role` is the ARN of a role to read in the
    account that owns the log group or the topic, with `<account_id>` where the account's number
    goes; braces would be replaced by custodian, with the number of the account it runs in.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-monitoring-not-intact
            resource: account
            filters:
              - type: signin-monitoring
                requirement: single-factor
                state: [broken, unknown]
                regions: true
                read-role: arn:aws:iam::<account_id>:role/audit
    """

    schema = type_schema(
        "signin-monitoring",
        requirement={"enum": list(REQUIREMENTS)},
        strict={"type": "boolean"},
        state={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(VERDICTS)},
        },
        regions={"type": "boolean"},
        routes={"type": "boolean"},
        **{"read-role": {"type": "string", "pattern": "^arn:[a-z-]+:iam::[^:]+:role/.+$"}},
    )
    annotation_key = ANNOTATION
    permissions = permissions.READ

    def get_permissions(self):
        """Regions, routes and other accounts are read only when they are asked for."""
        options = (self.data.get(name, False) for name in ("regions", "routes", "read-role"))
        return permissions.needed(*map(bool, options))

    def validate(self):
        own = str(self.manager.config.account_id or "")
        role = self.data.get("read-role")
        if role is not None and own and _is_role_of(own, role):
            self.refuse(
                f"read-role: {role} is a role of the account itself; write <account_id> where the "
                "number of the other account goes (custodian replaces {account_id} with its own)"
            )
        _freeze_what_is_loaded()
        return super().validate()

    def process(self, resources, event=None):
        states = self.data.get("state", ["broken", "unknown"])
        for account in resources:
            _, judgement = audit(self.manager, account, self.data)
            account[self.annotation_key] = annotation(judgement, self.data)
            self.log.info(
                "account:%s signin-monitoring:%s", account["account_id"], judgement.verdict
            )
        write_judgements(self.manager, resources)
        return [a for a in resources if a[self.annotation_key]["verdict"] in states]


@cache
def _freeze_what_is_loaded():
    """Spare what custodian has loaded by now from the collection of garbage.

    It stays until the process ends, and looking through it in the middle of a run takes longer than
    reading and judging an account. Once: what a later policy leaves behind has to be collected.
    """
    gc.freeze()


def _is_role_of(account, role):
    from c7n_mfa.audit.read import role_for

    return role == role_for(role, account)


class SigninCoverage(Deployable, Filter):
    """Matches metric filters by what they catch of the console sign-ins that must be caught.

    A metric filter is judged when its pattern can match a console sign-in or names one; all
    others are left out. `state` says which to match:

    - `covers`: it catches every sign-in of the requirement
    - `misses`: a sign-in of the requirement does not match it
    - `never-fires`: no console sign-in at all matches it, though it names one
    - `noisy`: it also matches sign-ins that it should leave alone
    - `unknown`: AWS does not say what the pattern means, or it could not be decided

    A metric filter is judged alone here; what several catch together is the account filter's
    question (`signin-monitoring`).

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-filter-misses-root
            resource: aws.log-metric
            filters:
              - type: signin-coverage
                requirement: cis
                state: [misses, never-fires]
    """

    schema = type_schema(
        "signin-coverage",
        required=["state"],
        requirement={"enum": list(REQUIREMENTS)},
        strict={"type": "boolean"},
        state={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(STATES)},
        },
    )
    annotation_key = "c7n:signin-coverage"
    # The resource's own pattern is all that is read.
    permissions = ("logs:DescribeMetricFilters",)

    def process(self, resources, event=None):
        # Not above: custodian loads this module for every policy on metric filters.
        from c7n_mfa.audit.metric_filter import coverage_of
        from c7n_mfa.proof import requirements
        from c7n_mfa.proof.families import Account

        name = self.data.get("requirement", DEFAULT_REQUIREMENT)
        requirement = requirements.REQUIREMENTS[name]
        number, region = self.manager.config.account_id, self.manager.config.region
        if number:
            requirement = requirement.of(Account(str(number), get_partition(region) or "aws"))
        states = set(self.data["state"])
        matched = []
        for resource in resources:
            text = resource.get("filterPattern") or ""
            coverage = coverage_of(text, requirement, self.data.get("strict", False))
            if coverage is not None and states.intersection(coverage.states):
                resource[self.annotation_key] = coverage.to_dict()
                matched.append(resource)
        return matched
