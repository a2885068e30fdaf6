# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Where the resource of a sign-in comes from when it cannot be described.

Custodian describes a resource before any filter sees it, and takes a call that is denied or
throttled for a resource that is not there: the function would end well, and nobody would have been
told.  The account is always there, though, and of a user or a role the name is enough: whoever acts
on it finds out the rest.
"""

import logging

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from c7n.utils import local_session

from c7n_mfa.signin.criteria import ACCOUNT

ANNOTATION = "c7n:signin-undescribed"
ATTEMPTS = 2

# For all that custodian calls for this event: a service that never answers may not take the time
# in which somebody could have been told.
_IMPATIENT = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
)
_FAILURES = (ClientError, BotoCoreError, ResponseParserError)

log = logging.getLogger("custodian.c7n_mfa")


class SurvivingSource:
    """A source of custodian's that falls back on what the event says of the resource."""

    def __init__(self, source):
        self.source = source
        self.manager = source.manager

    def __getattr__(self, name):
        return getattr(self.source, name)

    def get_resources(self, ids, cache=True):
        session = local_session(self.manager.session_factory)
        session._session.set_default_client_config(_IMPATIENT)
        try:
            return self.source.get_resources(ids)
        except _FAILURES as error:
            return [self._undescribed(each, error) for each in ids]

    def augment(self, resources):
        described = [each for each in resources if ANNOTATION not in each]
        try:
            return [*self.source.augment(described), *(r for r in resources if ANNOTATION in r)]
        except _FAILURES as error:
            log.error("policy:%s goes on without details: %s", self._policy, error)
            return resources

    def _undescribed(self, name, error):
        log.error("policy:%s goes on without a description: %s", self._policy, error)
        if self.manager.type == "account":
            found = {"account_id": self.manager.config.account_id, "account_name": ""}
        else:
            found = {self.manager.get_model().id: name, ACCOUNT: self.manager.config.account_id}
        return {**found, ANNOTATION: _why(error)}

    @property
    def _policy(self):
        return self.manager.ctx.policy.name


def _why(error):
    if not isinstance(error, ClientError):
        return type(error).__name__
    code, operation = error.response["Error"]["Code"], error.operation_name
    return f"iam:{operation} failed with {code}"
