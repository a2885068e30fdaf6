# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The investigation: what is looked up, in which order, and the dossier that comes of it.

IAM comes first, since it is quick and decides most; then the findings; then CloudTrail, which is
slow.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.frozen import frozen
from c7n_mfa.investigation import event_history as trail
from c7n_mfa.investigation import findings, identity
from c7n_mfa.investigation.activity import activity, reach
from c7n_mfa.investigation.advice import advice_for
from c7n_mfa.investigation.ask import Budget, BudgetReader, Geo, Inquiry, merged
from c7n_mfa.investigation.dossier import Dossier, Facts, Related
from c7n_mfa.investigation.records import (
    Who,
    earlier_sign_ins,
    failed_attempts,
    judge_origin,
    record_time,
    who_signed_in,
)
from c7n_mfa.investigation.severity import reasons_for, severity_of
from c7n_mfa.signin.record import SignIn

# IAM, STS and the sign-ins of root are recorded in one Region of each partition.
_GLOBAL = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d")


OWNER_TAGS = ("owner", "Owner", "email", "Email", "contact", "Contact", "OwnerContact")


@frozen
class Options:
    """The options of ``investigate-signin``; `regions` is None for every enabled one.

    `account` is the one that can be queried; None where it is not known.
    """

    home: str = "us-east-1"
    regions: tuple[str, ...] | None = ()
    pages: int = 10
    days: int = 30
    budget_seconds: float = 60.0
    owner_tags: tuple[str, ...] = OWNER_TAGS
    geo_databases: tuple[str, ...] = ()
    account: str | None = None


def investigate(
    session: Any,
    record: Mapping[str, Any],
    sign_in: SignIn,
    options: Options,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Dossier:
    """The dossier of a sign-in, whatever AWS answers, or does not."""
    reader = BudgetReader(session, budget=Budget(options.budget_seconds, clock, sleep))
    now = now or datetime.now(UTC)
    happened = record_time(sign_in.event_time)
    case = _Case(
        inquiry=Inquiry(reader),
        sign_in=sign_in,
        who=who_signed_in(record, sign_in),
        span=trail.Span(min(happened or now, now), now, options.days),
        options=options,
    )
    return case.dossier(happened)


@frozen
class _Case:
    inquiry: Inquiry
    sign_in: SignIn
    who: Who
    span: trail.Span
    options: Options

    def dossier(self, happened: datetime | None) -> Dossier:
        sign_in, kind, moment = self.sign_in, self.who.kind, self.span.moment
        why = self._unanswerable()
        if why:
            self.inquiry.note("anything about the identity", why)
        facts = Facts() if why else self._facts()
        reasons = reasons_for(sign_in, kind, moment, facts)
        return Dossier(
            sign_in=sign_in,
            kind=kind,
            at=happened,
            written=self.span.now,
            severity=severity_of(reasons),
            reasons=reasons,
            facts=facts,
            gaps=merged(self.inquiry.gaps),
            advice=advice_for(sign_in, self.who, moment, facts),
        )

    def _unanswerable(self) -> str | None:
        """Why nothing can be looked up about the identity.

        An event bus may bring sign-ins of other accounts, with users of the same names.
        """
        queried, account = self.options.account, self.who.account
        if queried and account and queried != account:
            return f"it belongs to account {account}, and only {queried} can be queried"
        return "the record names nobody known to IAM" if self.who.kind == "unknown" else None

    def _facts(self) -> Facts:
        who, inquiry = self.who, self.inquiry
        in_iam = bool(who.user or who.role)
        if not in_iam:
            why = (
                "root is not an IAM user" if who.kind == "root" else "the record names no IAM user"
            )
            inquiry.note("privileges, MFA devices and access keys", why)
        is_known = in_iam or who.kind == "root"
        facts = Facts(
            credentials=identity.ask_credentials(inquiry, who.user) if who.user else None,
            owner=identity.ask_owner(inquiry, who, self.options.owner_tags) if is_known else None,
            privileges=identity.ask_privileges(inquiry, who) if in_iam else None,
        )
        regions = self._regions()
        now, pages = self.span.now, self.options.pages
        reported = findings.ask_findings(inquiry, who, regions, now) if is_known else None
        calls = trail.ask_trail(inquiry, who, self.sign_in.event_id, self.span, regions, pages)
        return self._judged(facts, Related(reported), calls)

    def _regions(self) -> list[str]:
        """The sign-in's, the one of the global services, home, and those that are asked for."""
        options = self.options
        named = options.regions if options.regions is not None else self._enabled_regions()
        of_iam = _GLOBAL.get(self.who.partition, "us-east-1")
        regions = (self.sign_in.region, of_iam, options.home, *named)
        return list(dict.fromkeys(r for r in regions if r and _REGION.fullmatch(r)))

    def _enabled_regions(self) -> tuple[str, ...]:
        regions = self.inquiry.one(
            "every enabled Region",
            "ec2",
            "describe_regions",
            lambda answer: tuple(str(region["RegionName"]) for region in answer["Regions"]),
            region=self.options.home,
        )
        return regions or ()

    def _judged(self, facts: Facts, related: Related, calls: trail.Trail | None) -> Facts:
        self._note_limits()
        if calls is None:
            return replace(facts, related=related)
        moment, recent = self.span.moment, calls.has_recent
        failed = failed_attempts(calls.own, moment) if recent else Related()
        geo = Geo.open(self.options.geo_databases)
        judged = replace(
            facts,
            related=Related(related.findings, failed.failed, failed.last_failed, failed.burst),
            earlier=earlier_sign_ins(calls.own, moment, calls.since) if calls.since else None,
            origin=judge_origin(self.sign_in, moment, calls.own, geo.place)
            if calls.since
            else None,
            activity=activity(calls.all, moment) if recent else None,
            reach=reach(calls.all, moment, self.who.account) if recent else None,
        )
        geo.close()
        self.inquiry.gaps.extend(geo.gaps)
        self._note_trails(judged)
        return judged

    def _note_limits(self) -> None:
        """What no permission and no time would have shown."""
        note, days = self.inquiry.note, min(self.options.days, trail.MOST_DAYS)
        if self.options.regions is not None:
            note("other Regions", "the option regions leaves them out")
        note(
            f"more than {days} days back",
            f"beyond the option days; LookupEvents keeps {trail.MOST_DAYS} days",
        )
        note("data events, such as reading S3 objects", "LookupEvents does not have them")
        note("the last minutes", "CloudTrail delivers calls 5 to 15 minutes late")

    def _note_trails(self, facts: Facts) -> None:
        if facts.reach and (facts.reach.roles or facts.reach.keys or facts.reach.tokens):
            what = "what was done with the roles, keys and tokens of step 6"
            self.inquiry.note(what, "their calls are recorded under other names")
