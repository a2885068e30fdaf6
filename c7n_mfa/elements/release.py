# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The action ``release`` of IAM users, and the filter ``contained`` that finds who waits for it.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.actions import BaseAction
from c7n.filters import Filter
from c7n.utils import type_schema

from c7n_mfa.chain.unseen import Unseen
from c7n_mfa.elements import containment
from c7n_mfa.elements.deployable import Deployable
from c7n_mfa.respond.contain import permissions
from c7n_mfa.respond.contain.contained import contained
from c7n_mfa.respond.contain.iam import policies_of
from c7n_mfa.respond.contain.release import release
from c7n_mfa.respond.contain.values import TAGS, User, format_time


class Release(Deployable, BaseAction):
    """Takes off an IAM user what containment put there: our two inline policies and our tags.

    A password that was reset is not put back, since nobody has kept it: the owner gets a new one
    from an administrator (`aws iam update-login-profile --password … --password-reset-required`).

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-released
            resource: iam-user
            filters:
              - contained
              - UserName: alice
            actions:
              - type: release
    """

    schema = type_schema("release")
    annotation_key = containment.ANNOTATION
    permissions = permissions.RELEASE

    def process(self, resources):
        looker, at = containment.looker_of(self.manager), format_time(containment.now())
        return [
            receipt
            for user in resources
            for receipt in containment.noted(
                self.log, user, [release(looker, User.from_resource(user), at)]
            )
        ]


class ContainedFilter(Deployable, Filter):
    """Keeps the IAM users who are contained: by our tags, or by one of our inline policies.

    `days` keeps those contained for at least so many days, and those of whom no tag says since
    when. A user without our tags whose policies may not be listed is not kept, and logged as an
    error.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-user-contained-for-long
            resource: iam-user
            filters:
              - type: contained
                days: 7
    """

    schema = type_schema("contained", days={"type": "number", "minimum": 0})
    annotation_key = "c7n:contained"
    permissions = permissions.CONTAINED

    def process(self, resources, event=None):
        looker = containment.looker_of(self.manager)
        return [resource for resource in resources if self._keeps(looker, resource)]

    def _keeps(self, looker, resource):
        user = User.from_resource(resource)
        found = contained(user.tags, self._policies(looker, user))
        if found is None:
            return False
        if "days" in self.data and not found.is_older_than(self.data["days"], containment.now()):
            return False
        resource[self.annotation_key] = found.to_dict()
        return True

    def _policies(self, looker, user):
        policies = policies_of(looker, user)
        if isinstance(policies, Unseen):
            level = self.log.warning if set(TAGS) & set(user.tags) else self.log.error
            level("user:%s contained: %s", user.arn, policies.sentence())
            return ()
        return policies or ()
