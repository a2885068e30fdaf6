# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The action ``investigate-signin`` of accounts, users and roles.

Registered in :mod:`c7n_mfa.entry`.
"""

import re

from c7n.actions import EventAction
from c7n.utils import dumps, local_session, type_schema

from c7n_mfa.element import Deployable
from c7n_mfa.investigation.options import OWNER_TAGS, PERMISSIONS, Options
from c7n_mfa.signin.record import SignIn

ANNOTATION = "c7n:signin-dossier"

_REGIONS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": "string", "pattern": "^[a-z]{2,3}(-[a-z]+)+-[0-9]$"},
}
_NAMES = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": 1}}


class InvestigateSignin(Deployable, EventAction):
    """Finds out what is known of a console sign-in, and writes a dossier of it.

    It asks about related findings, earlier sign-ins without MFA, address, browser and hour against
    the identity's own history, API calls in the 24 hours before and since, the owner, and where
    the session may have gone; and about privileges, access keys and MFA. The dossier says how bad
    it looks and why, what was not searched, and what to do next.

    `dossier-<event id>.json` and `.md` go into the policy's output. A missing permission or a slow
    answer leaves a gap that the dossier names, and stops nothing. Without an event of a sign-in
    the action does nothing.

    Sign-ins are looked up in the Region of the event, the policy's own and us-east-1; `regions`
    adds others, or `all` that are enabled. `pages` are for each Region, 50 events on each.
    `geo-database` names MaxMind databases; they need the package maxminddb beside the policy.

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
            actions:
              - type: investigate-signin
                regions: all
                owner-tags: [owner, team]
    """

    schema = type_schema(
        "investigate-signin",
        regions={"oneOf": [{"enum": ["all"]}, _REGIONS]},
        pages={"type": "integer", "minimum": 2, "maximum": 1000},
        days={"type": "integer", "minimum": 3, "maximum": 90},
        **{
            "budget-seconds": {"type": "number", "minimum": 1, "maximum": 840},
            "owner-tags": _NAMES,
            "geo-database": {"oneOf": [{"type": "string", "minLength": 1}, _NAMES]},
        },
    )
    annotation_key = ANNOTATION
    permissions = PERMISSIONS

    def process(self, resources, event=None):
        record = event.get("detail", {}) if isinstance(event, dict) else {}
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            said = "its event is no console sign-in" if event else "it runs without an event"
            self.log.warning("policy:%s investigates nothing: %s", self._policy, said)
            return []
        # Not above: a function that finds no reason to investigate starts sooner without these.
        from c7n_mfa.investigation.gather import investigate
        from c7n_mfa.investigation.lines import markdown, to_dict

        dossier = investigate(
            local_session(self.manager.session_factory), record, sign_in, self._options()
        )
        found = to_dict(dossier)
        for resource in resources:
            resource[self.annotation_key] = found
        self._write(sign_in.event_id, found, markdown(dossier))
        # The name and the address of somebody are in the dossier, and not in the log.
        self.log.info(
            "policy:%s event:%s severity:%s gaps:%d",
            self._policy,
            file_name(sign_in.event_id),
            dossier.severity,
            len(dossier.gaps),
        )
        return [{"event_id": sign_in.event_id, "severity": dossier.severity}]

    @property
    def _policy(self):
        return self.manager.ctx.policy.name

    def _write(self, event_id, found, page):
        output = getattr(self.manager.ctx, "output", None)
        if output is None:
            return
        stem = f"dossier-{file_name(event_id)}"
        try:
            output.write_file(f"{stem}.json", dumps(found, indent=2))
            output.write_file(f"{stem}.md", page)
        except OSError as error:
            self.log.error("policy:%s %s not written: %s", self._policy, stem, error)

    def _options(self):
        databases = self.data.get("geo-database", [])
        regions = self.data.get("regions", [])
        given = {field: self.data[name] for field, name in _OPTIONS.items() if name in self.data}
        return Options(
            home=self.manager.config.region or "us-east-1",
            account=self.manager.config.account_id,
            regions=None if regions == "all" else tuple(regions),
            owner_tags=tuple(self.data.get("owner-tags", OWNER_TAGS)),
            geo_databases=(databases,) if isinstance(databases, str) else tuple(databases),
            **given,
        )


_OPTIONS = {"pages": "pages", "days": "days", "budget_seconds": "budget-seconds"}


def file_name(event_id):
    """An event id as a part of a file name; AWS's are UUIDs, and others are anything."""
    return re.sub(r"[^A-Za-z0-9-]", "-", event_id or "unknown")[:64]
