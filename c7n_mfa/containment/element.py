# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The actions ``require-mfa``, ``revoke-sessions`` and ``reset-password`` of IAM users.

Registered in :mod:`c7n_mfa.entry`.
"""

import itertools
from datetime import UTC, datetime

from c7n.actions import EventAction
from c7n.utils import local_session, type_schema

from c7n_mfa.containment import operations
from c7n_mfa.element import Deployable, own_log_group
from c7n_mfa.signin.second_look import is_marked

# What containing takes is imported where it is done: a function starts cold for each sign-in, and
# most of those are of nobody who is contained.

ANNOTATION = "c7n:containment"

_TEXT = {"type": "string", "minLength": 1}
EXCLUDE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "names": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _TEXT},
        "tags": {"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
    },
}
# What each of them has beside its own options.
_COMMON = {
    "exclude": EXCLUDE_SCHEMA,
    "max-age-hours": {"type": "number", "minimum": 1},
    "max-contained": {"type": "integer", "minimum": 1},
}


def now():
    return datetime.now(UTC)


class _Contain(Deployable, EventAction):
    """One action of containment: the receipts go to the user's annotation and custodian's output.

    It acts on whatever users it is given; which sign-ins count is the filters' business.
    """

    annotation_key = ANNOTATION

    def check_preflight(self):
        from c7n_mfa.containment import preflight

        preflight.check(self, self._containing())

    @property
    def exclude(self):
        return self.data.get("exclude", {})

    def process(self, resources, event=None):
        if is_marked(event):
            # Who was contained may have been released since; and a mark can be made up.
            self.log.info("policy:%s %s: a second look never contains", self.policy_name, self.type)
            return []
        containment = self._containment(event)
        return [
            receipt
            for user in resources
            for receipt in noted(self.log, user, self.contain(containment, user_of(user), user))
        ]

    def _containment(self, event):
        from c7n_mfa.containment.apply import Containment
        from c7n_mfa.containment.exclude import MAX_AGE_HOURS, Exclusion
        from c7n_mfa.containment.values import Occasion

        return Containment(
            reader=reader_of(self.manager),
            occasion=Occasion.of(event, now(), self.manager.ctx.policy.name),
            exclusion=Exclusion.from_option(self.exclude),
            max_age_hours=self.data.get("max-age-hours", MAX_AGE_HOURS),
            limit=self._limit() if event else None,
        )

    def _limit(self):
        """How many users may be contained; None outside Lambda, where a person looks on."""
        from c7n_mfa.aws.entries import LogEntries
        from c7n_mfa.containment.limit import MAX_CONTAINED, HourlyLimit

        group = own_log_group()
        if group is None:
            return None
        said = [action.data.get("max-contained") for action in self._containing()]
        region = self.manager.config.region or "us-east-1"
        entries = LogEntries(reader_of(self.manager), region, group)
        return HourlyLimit(entries, min(filter(None, said), default=MAX_CONTAINED))

    def _containing(self):
        return [action for action in self.manager.actions if isinstance(action, _Contain)]


def user_of(resource):
    from c7n_mfa.containment.values import User

    return User.from_resource(resource, resource.get(ANNOTATION, ()))


def reader_of(manager):
    from c7n_mfa.aws.read import Reader

    return Reader(local_session(manager.session_factory))


def noted(log, resource, receipts):
    """The receipts as JSON, appended to the resource's and logged."""
    noted_down = [receipt.to_dict() for receipt in receipts]
    resource.setdefault(ANNOTATION, []).extend(noted_down)
    for receipt in noted_down:
        level = log.error if receipt["result"] == "failed" else log.info
        level(
            "user:%s %s %s: %s",
            receipt["resource"],
            receipt["action"],
            receipt["result"],
            receipt["error"] or receipt["why"],
        )
    return noted_down


class RequireMfa(_Contain):
    """Denies an IAM user everything without MFA, by the inline policy `c7n-mfa-require-mfa`.

    `scope: console` (default) stops console sessions without MFA and leaves access keys alone;
    `scope: all` stops access keys too. An existing scope is never narrowed.

    A user without an MFA device is locked out until an administrator helps: with `release`, or with
    `enrolment: open`, which still allows the calls that enrolling a device takes. Whoever has the
    session or the password could then enrol a device of their own. Therefore `enrolment: open`
    requires `revoke-sessions` and `reset-password` before it in the same policy, stays closed for a
    user for whom either fails, and excludes `scope: all`, where an access key could enrol a device.

    An MFA device that was enrolled after the sign-in opens the console in spite of the policy: the
    user is then only partly contained, and the receipt has the command that deactivates it.

    `exclude` lists break-glass users who are left alone: `names` with wildcards, and `tags`, of
    which one match is enough. It has to be the same on each action of a policy that contains. A
    name without wildcards that no user has is refused at deployment.

    No more than `max-contained` users (5 by default) are contained within an hour for sign-ins; of
    several actions the smallest number counts. For the next one, the message is critical and has
    the commands to contain by hand. The count is in the log group of the function; where it cannot
    be read, the user is contained, and the receipt says so.

    Nobody is contained for a sign-in older than `max-age-hours` (30 by default), or from before
    the user's last release: the receipt says so, and how to contain by hand.

    A policy that sign-ins start needs the filter `signin`, so that nobody is contained for one that
    failed or that had MFA.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-requires-mfa
            resource: iam-user
            filters:
              - UserName: alice
            actions:
              - type: require-mfa
                scope: console
                exclude:
                  names: [break-glass-*]
                  tags:
                    break-glass: "*"
    """

    schema = type_schema(
        "require-mfa",
        scope={"enum": ["console", "all"]},
        enrolment={"enum": ["closed", "open"]},
        **_COMMON,
    )
    permissions = operations.REQUIRE_MFA

    def validate(self):
        super().validate()
        problem = self._problem() if self._enrolment == "open" else None
        if problem:
            self.refuse(f"enrolment: open {problem}")
        return self

    def contain(self, containment, user, resource):
        from c7n_mfa.containment.decide import may_open_enrolment
        from c7n_mfa.containment.documents import Form

        may_open = may_open_enrolment(resource.get(ANNOTATION, ()))
        return containment.require_mfa(user, Form(self._scope, self._enrolment), may_open)

    @property
    def _scope(self):
        return self.data.get("scope", "console")

    @property
    def _enrolment(self):
        return self.data.get("enrolment", "closed")

    def _problem(self):
        """Why enrolment may not be left open in this policy."""
        if self._scope == "all":
            return (
                "is not for scope: all, where an access key could enrol a device of its own and "
                "then do everything; use scope: console, and remove-keys for the keys"
            )
        before = list(itertools.takewhile(lambda action: action is not self, self.manager.actions))
        if not any(isinstance(action, RevokeSessions) for action in before):
            return "needs the action revoke-sessions before it: " + _DEVICE.format("the session")
        if not any(isinstance(action, ResetPassword) and action.at_random for action in before):
            why = _DEVICE.format("the password")
            return f"needs the action reset-password, not with random: false, before it: {why}"
        return None


_DEVICE = "whoever has {} could enrol a device of their own"


class RevokeSessions(_Contain):
    """Ends an IAM user's sessions, by the inline policy `c7n-mfa-revoke-sessions`.

    It denies everything in sessions issued until now, and for an event at least until a minute
    after the sign-in, because a session is issued after its sign-in. Access keys and sessions
    issued later are left alone: whoever has the password can sign in again. The time only moves
    forward, and a redelivered event changes nothing. Sessions of `aws login` are denied whenever
    they were issued: their credentials refresh themselves.

    `new-keys: deactivate` also deactivates the user's access keys that were made since the sign-in,
    which are often the first thing that an intruder makes. Keys from before are never touched, and
    without the time of a sign-in none is. It takes `iam:ListAccessKeys` and `iam:UpdateAccessKey`.
    `release` names these keys and leaves them inactive.

    `exclude`, `max-age-hours` and `max-contained` are as for `require-mfa`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-sessions-revoked
            resource: iam-user
            filters:
              - UserName: alice
            actions:
              - type: revoke-sessions
                exclude:
                  names: [break-glass-*]
    """

    schema = type_schema("revoke-sessions", **{"new-keys": {"enum": ["deactivate"]}}, **_COMMON)
    permissions = operations.PUT

    def get_permissions(self):
        return [*self.permissions, *(operations.NEW_KEYS if self._new_keys else ())]

    def contain(self, containment, user, resource):
        return containment.revoke_sessions(user, self._new_keys)

    @property
    def _new_keys(self):
        return "new-keys" in self.data


class ResetPassword(_Contain):
    """Resets an IAM user's password, so that whoever knows it cannot sign in again.

    By default the password is replaced by a random one that nobody knows, to be changed at the next
    sign-in. The owner gets a new password from an administrator
    (`aws iam update-login-profile --password … --password-reset-required`); nothing else is lost.

    With `random: false` the password stays, and whoever signs in next has to change it. The owner
    needs nobody for that, and neither does an attacker: use it only for users who are not under
    attack.

    Open sessions (see `revoke-sessions`) and access keys are left alone. `exclude`,
    `max-age-hours` and `max-contained` are as for `require-mfa`.

    The user is tagged with the time of the reset first, so that a redelivered event never resets
    the owner's new password. If the tag cannot be set, the password is only reset for a sign-in
    that is no more than 15 minutes old.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-password-reset
            resource: iam-user
            filters:
              - UserName: alice
            actions:
              - type: reset-password
                exclude:
                  tags:
                    break-glass: "true"
    """

    schema = type_schema("reset-password", random={"type": "boolean"}, **_COMMON)
    permissions = operations.RESET

    @property
    def at_random(self):
        return self.data.get("random", True)

    def contain(self, containment, user, resource):
        return containment.reset_password(user, self.at_random)
