# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The action ``release`` of IAM users, and the filter ``contained`` that finds who waits for it.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.actions import BaseAction
from c7n.filters import Filter
from c7n.utils import type_schema

from c7n_mfa.aws.times import format_time
from c7n_mfa.containment import element as containment
from c7n_mfa.containment import operations
from c7n_mfa.element import Deployable


class Release(Deployable, BaseAction):
    """Undoes the containment of an IAM user: removes what requires MFA, and the tags.

    Sessions from before stay denied: `c7n-mfa-revoke-sessions` is moved to the time of the release,
    and stays for 36 hours, the longest that temporary credentials live. What the owner signs in to
    after the release works, but for `aws login`, which works once that policy is removed: by the
    next `release` of the user after the 36 hours, with the filter `contained` in the state
    `released`.

    A reset password cannot be restored, because it was not kept: the owner gets a new one from an
    administrator (`aws iam update-login-profile --password … --password-reset-required`).

    The tag `c7n-mfa-released` stays, with the time: a redelivered event of an earlier sign-in
    contains nobody.

    `finish: true` releases nobody, and only removes that policy after the 36 hours. It takes fewer
    permissions: what runs every day should not be able to write policies.

    `users` releases only users of these names, without regard to case as in IAM, and reports each
    name that was not released. Without it, all users that the filters match are released.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-release
            resource: iam-user
            filters:
              - contained
            actions:
              - type: release
                users: [alice]
    """

    schema = type_schema(
        "release",
        users={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1},
        },
        finish={"type": "boolean"},
    )
    annotation_key = containment.ANNOTATION
    permissions = operations.RELEASE

    def get_permissions(self):
        return operations.FINISH if self._finish else self.permissions

    @property
    def _finish(self):
        return self.data.get("finish", False)

    def check_preflight(self):
        from c7n_mfa.containment.preflight import name_problem

        for name in self.data.get("users", ()):
            # The file has the placeholder until somebody is released, and other policies may be run
            # from its folder.
            if (name == PLACEHOLDER or "{" in name) and not self.is_run():
                continue
            why = name_problem(name)
            if why:
                self.refuse(f"users: put the user's name in: {why}")

    def process(self, resources):
        # Not above: custodian loads this module for every policy on IAM users.
        from c7n_mfa.containment.release import release
        from c7n_mfa.containment.values import User

        reader, now = containment.reader_of(self.manager), containment.now()
        receipts = [
            receipt
            for user in resources
            if self._is_named(user)
            for receipt in containment.noted(
                self.log,
                user,
                [release(reader, User.from_resource(user), now, self._finish)],
            )
        ]
        missing = self.not_found(resources, format_time(now))
        return receipts + [receipt.to_dict() for receipt in missing]

    def not_found(self, resources, at=""):
        """Say of whom `users` names and is not among these that nobody of that name is released."""
        from c7n_mfa.containment.values import Receipt

        present = {user["UserName"].lower() for user in resources}
        missing = [name for name in self.data.get("users", ()) if name.lower() not in present]
        for name in missing:
            self.log.warning("user:%s release skipped: %s", name, _NOT_FOUND)
        return [Receipt("release", "skipped", name, _NOT_FOUND, at=at) for name in missing]

    def _is_named(self, user):
        names = self.data.get("users")
        return names is None or user["UserName"].lower() in {name.lower() for name in names}


# Stands in the policy that is shipped, and is the name of nobody.
PLACEHOLDER = "<user-name>"
_NOT_FOUND = "no such user, or not contained"


class ContainedFilter(Deployable, Filter):
    """Matches contained IAM users, by the tags or by one of the inline policies of containment.

    `state` is `[contained]` unless said otherwise. `released` are users who were released, and of
    whose containment only the policy is left that denies the sessions from before.

    `days` matches those contained (or released) for at least so many days, and those without a tag
    that says since when. A user without these tags whose policies may not be listed does not match,
    and is logged as an error.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-contained-for-long
            resource: iam-user
            filters:
              - type: contained
                days: 7
    """

    schema = type_schema(
        "contained",
        days={"type": "number", "minimum": 0},
        state={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": ["contained", "released"]},
        },
    )
    annotation_key = "c7n:contained"
    permissions = operations.CONTAINED

    def process(self, resources, event=None):
        reader = containment.reader_of(self.manager)
        kept = [resource for resource in resources if self._keeps(reader, resource)]
        for action in self.manager.actions:
            # custodian runs no action on nobody, and whoever named somebody would not hear why.
            if not kept and isinstance(action, Release) and self in self.manager.filters:
                action.not_found(kept)
        return kept

    def _keeps(self, reader, resource):
        from c7n_mfa.containment.marks import believed
        from c7n_mfa.containment.release import contained
        from c7n_mfa.containment.values import User

        user, now = User.from_resource(resource), containment.now()
        state = contained(user.tags, self._policies(reader, user), now)
        if state is None or state.state not in self.data.get("state", ("contained",)):
            return False
        for note in believed(user.tags, now)[1]:
            self.log.warning("user:%s contained: %s", user.arn, note)
        if "days" in self.data and not state.is_older_than(self.data["days"], now):
            return False
        resource[self.annotation_key] = state.to_dict()
        return True

    def _policies(self, reader, user):
        from c7n_mfa.aws.read import ReadFailure
        from c7n_mfa.containment.iam import policies_of
        from c7n_mfa.containment.values import TAGS

        policies = policies_of(reader, user)
        if isinstance(policies, ReadFailure):
            level = self.log.warning if set(TAGS) & set(user.tags) else self.log.error
            level("user:%s contained: %s", user.arn, policies.sentence())
            return ()
        return policies or ()
