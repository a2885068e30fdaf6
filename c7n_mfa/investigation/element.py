# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The action ``investigate-signin`` of accounts, users and roles.

Registered in :mod:`c7n_mfa.entry`.
"""

import os
import re
from datetime import UTC, datetime

import boto3
from c7n.actions import EventAction
from c7n.utils import dumps, local_session, type_schema

from c7n_mfa.aws.arn import REGION
from c7n_mfa.aws.times import format_time
from c7n_mfa.element import FUNCTION_VARIABLE, Deployable
from c7n_mfa.signin.record import SignIn
from c7n_mfa.signin.second_look import AFTER_MINUTES, Look

ANNOTATION = "c7n:signin-dossier"

_PERMISSIONS = (
    "account:GetAlternateContact",
    "cloudtrail:LookupEvents",
    "ec2:DescribeRegions",
    "guardduty:GetFindings",
    "guardduty:ListDetectors",
    "guardduty:ListFindings",
    "iam:GetGroupPolicy",
    "iam:GetLoginProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "iam:ListUserPolicies",
    "iam:ListUserTags",
    "iam:SimulatePrincipalPolicy",
    "securityhub:GetFindings",
)

_REGIONS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": "string", "pattern": f"^{REGION}$"},
}
_NAMES = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": 1}}

_AGAIN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["role"],
    "properties": {
        "after-minutes": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "uniqueItems": True,
            "items": {"type": "integer", "minimum": 1, "maximum": 1440},
        },
        "role": {"type": "string", "pattern": "^arn:"},
    },
}


class InvestigateSignin(Deployable, EventAction):
    """Investigates a console sign-in, and writes a dossier of what is known about it.

    It looks up related findings, earlier sign-ins without MFA, address, browser and hour against
    the identity's own history, API calls in the 24 hours before and since, the owner, and where
    the session may have gone; and privileges, access keys and MFA devices. The dossier has a
    severity with its reasons, what was not checked, and what to do next.

    `dossier-<event id>.json` and `.md` go into the policy's output. A missing permission or a slow
    response leaves a gap that the dossier names, and stops nothing. Without an event of a sign-in
    the action does nothing.

    Calls are looked up in every enabled Region. `regions` names others in their place; the Region
    of the event, the policy's own and those that record sign-ins at the global endpoint are always
    among them. `pages` are for each Region, 50 events on each: where they do not suffice, sign-ins
    and the worst calls are asked for by name, and numbers are "at least" so many. While failed
    attempts, history, activity or privileges are not wholly seen, the severity is `high` or above.
    `geo-database` names MaxMind databases; they need the package maxminddb beside the policy.

    CloudTrail delivers calls 5 to 15 minutes late. With `again` the function looks again, by
    default 15 and 60 minutes after the sign-in (`after-minutes`), by a one-off schedule of
    EventBridge Scheduler, which calls the function through `role`. A later look passes the event on
    to the actions that follow only when it found something that was not told before, and never
    contains. If the schedule cannot be created, the dossier says so.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-investigated
            resource: iam-user
            mode:
              type: cloudtrail
              role: arn:aws:iam::{account_id}:role/c7n-mfa-respond
              packages: [c7n_mfa]
              handler: c7n_mfa.handler.run
              events:
                - source: signin.amazonaws.com
                  event: ConsoleLogin
                  ids: userIdentity.userName
              pattern:
                source: [aws.signin]
            actions:
              - type: investigate-signin
                owner-tags: [owner, team]
    """

    schema = type_schema(
        "investigate-signin",
        regions={"oneOf": [{"enum": ["all"]}, _REGIONS]},
        pages={"type": "integer", "minimum": 2, "maximum": 1000},
        days={"type": "integer", "minimum": 3, "maximum": 90},
        again=_AGAIN,
        **{
            "budget-seconds": {"type": "number", "minimum": 1, "maximum": 840},
            "owner-tags": _NAMES,
            "geo-database": {"oneOf": [{"type": "string", "minLength": 1}, _NAMES]},
        },
    )
    annotation_key = ANNOTATION
    permissions = _PERMISSIONS

    def get_permissions(self):
        if "again" not in self.data:
            return self.permissions
        from c7n_mfa.investigation.again import PERMISSIONS

        return (*self.permissions, *PERMISSIONS)

    def check_preflight(self):
        from c7n_mfa.signin.preflight import forgeable

        why = forgeable(self.manager.data.get("mode", {}))
        if why:
            self.refuse(why)
        minutes = list(self._after_minutes)
        if minutes != sorted(minutes):
            self.refuse("again: after-minutes: has to name the earlier look first")
        if minutes and self.is_being_deployed():
            self._check_role(self.data["again"]["role"])

    def _check_role(self, role):
        """Warn of a role that is missing: a message without a second look is better than none."""
        from c7n_mfa.aws.read import Reader
        from c7n_mfa.investigation.again import role_problem

        problem = role_problem(Reader(local_session(self.manager.session_factory)), role)
        if problem:
            self.log.warning("policy:%s again: role: %s %s", self.policy_name, role, problem)

    def process(self, resources, event=None):
        record = event.get("detail", {}) if isinstance(event, dict) else {}
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            why = "its event is no console sign-in" if event else "it runs without an event"
            self.log.warning("policy:%s investigates nothing: %s", self.policy_name, why)
            return []
        # Not above: a policy is read far more often than it investigates.
        from c7n_mfa.investigation.gather import investigate
        from c7n_mfa.investigation.page import markdown

        look = Look.of(event)
        dossier = investigate(
            local_session(self.manager.session_factory), record, sign_in, self._options()
        )
        dossier, looks_again = self._look_again(event, look, dossier)
        annotation = self._annotation(dossier, look, looks_again)
        for resource in resources:
            resource[self.annotation_key] = annotation
        self._write(stem(sign_in.event_id, look), annotation, markdown(dossier))
        # The name and the address of somebody are in the dossier, and not in the log.
        self.log.info(
            "policy:%s event:%s severity:%s gaps:%d look:%d",
            self.policy_name,
            file_name(sign_in.event_id),
            dossier.severity,
            len(dossier.gaps),
            look.number if look else 1,
        )
        if look and annotation["look"]["news"] is None:
            # The actions that follow get nothing, and so have nothing to tell.
            del resources[:]
        return [{"event_id": sign_in.event_id, "severity": dossier.severity}]

    def _annotation(self, dossier, look, looks_again):
        from c7n_mfa.investigation.news import Told, news_since
        from c7n_mfa.investigation.page import to_dict

        annotation = {**to_dict(dossier), "looks_again": looks_again}
        if look is None:
            return {**annotation, "look": {"number": 1}}
        news = news_since(Told.from_dict(look.told), dossier)
        found = {"summary": news.summary, "lines": list(news.lines)} if news else None
        return {**annotation, "look": {"number": look.number, "news": found}}

    def _look_again(self, event, look, dossier):
        """Have the function called again: the dossier, with a gap where that failed, and when."""
        from dataclasses import replace

        from c7n_mfa.investigation import again
        from c7n_mfa.investigation.advice import without_looking_again
        from c7n_mfa.investigation.news import Told

        before = look.number if look else 1
        # Not from when it was begun: the investigation may have taken a minute.
        due = again.due(self._after_minutes, before, dossier.at, datetime.now(UTC))
        if due is None:
            return dossier, None
        number, at = due
        told = Told.of(dossier) | Told.from_dict(look.told if look else {})
        following = again.NextLook(Look(number, told.to_dict()), at)
        gap = self._schedule(event, dossier.sign_in.event_id, following)
        if gap:
            self.log.error("policy:%s %s: %s", self.policy_name, gap.what, gap.why)
            return replace(dossier, gaps=(*dossier.gaps, gap)), None
        advice = without_looking_again(dossier.advice)
        return replace(dossier, advice=advice), format_time(at)

    def _schedule(self, event, event_id, following):
        from c7n_mfa.aws.read import Reader
        from c7n_mfa.investigation import again
        from c7n_mfa.investigation.dossier import Gap

        name = os.environ.get(FUNCTION_VARIABLE)
        if name is None:
            return Gap(again.LATER, "will not look again, outside a Lambda function")
        mode = self.manager.data.get("mode", {})
        function = again.Function(
            name=name,
            region=os.environ.get("AWS_REGION") or self.manager.config.region,
            role=self.data["again"]["role"],
            dead_letters=mode.get("dead_letter_config", {}).get("TargetArn"),
        )
        # The function's own session: custodian's may be that of a role in a member account.
        reader = Reader(boto3.Session(region_name=function.region))
        return again.schedule(reader, function, event, event_id or "", following)

    @property
    def _after_minutes(self):
        again = self.data.get("again")
        return again.get("after-minutes", AFTER_MINUTES) if again else ()

    def _write(self, stem, annotation, page):
        output = getattr(self.manager.ctx, "output", None)
        if output is None:
            return
        try:
            output.write_file(f"{stem}.json", dumps(annotation, indent=2))
            output.write_file(f"{stem}.md", page)
        except OSError as error:
            self.log.error("policy:%s %s not written: %s", self.policy_name, stem, error)

    def _options(self):
        from c7n_mfa.investigation.gather import OWNER_TAGS, Options

        databases = self.data.get("geo-database", [])
        regions = self.data.get("regions", "all")
        numbers = {name: self.data[name] for name in _NUMBERS if name in self.data}
        return Options(
            home=self.manager.config.region or "us-east-1",
            account=self.manager.config.account_id,
            regions=None if regions == "all" else tuple(regions),
            owner_tags=tuple(self.data.get("owner-tags", OWNER_TAGS)),
            geo_databases=(databases,) if isinstance(databases, str) else tuple(databases),
            **{name.replace("-", "_"): number for name, number in numbers.items()},
        )


_NUMBERS = ("pages", "days", "budget-seconds")


def file_name(event_id):
    """An event id as a part of a file name; AWS's are UUIDs, and others are anything."""
    return re.sub(r"[^A-Za-z0-9-]", "-", event_id or "unknown")[:64]


def stem(event_id, look):
    """What the files of a dossier are called; those of each look apart."""
    suffix = f"-look-{look.number}" if look else ""
    return f"dossier-{file_name(event_id)}{suffix}"
