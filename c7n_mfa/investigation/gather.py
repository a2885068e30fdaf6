# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The investigation: which questions are asked, in which order, and the dossier they make.

IAM is asked first, since it is quick and decides most; then the findings; then CloudTrail, which is
slow.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.investigation import findings, identity, trail
from c7n_mfa.investigation.activity import activity, reach
from c7n_mfa.investigation.advice import advice_for
from c7n_mfa.investigation.ask import Budget, BudgetReader, Inquiry, merged
from c7n_mfa.investigation.dossier import Dossier, Facts, Related
from c7n_mfa.investigation.geo import Geo
from c7n_mfa.investigation.history import earlier_sign_ins, failed_attempts, judge_origin
from c7n_mfa.investigation.options import Options
from c7n_mfa.investigation.records import Who, record_time, who_signed_in
from c7n_mfa.investigation.severity import reasons_for, severity_of
from c7n_mfa.signin.record import SignIn

# IAM, STS and the sign-ins of root are recorded in one Region of each partition.
_GLOBAL = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d")


def investigate(
    session: Any,
    record: Mapping[str, Any],
    sign_in: SignIn,
    options: Options,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Dossier:
    """The dossier of a sign-in.  Whatever AWS answers, or does not, this returns."""
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


@dataclass(frozen=True, slots=True)
class _Case:
    inquiry: Inquiry
    sign_in: SignIn
    who: Who
    span: trail.Span
    options: Options

    def dossier(self, happened: datetime | None) -> Dossier:
        sign_in, kind, moment = self.sign_in, self.who.kind, self.span.moment
        elsewhere = self._elsewhere()
        facts = self._nobody(elsewhere) if elsewhere or kind == "unknown" else self._facts()
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

    def _elsewhere(self) -> str | None:
        """An event bus may bring sign-ins of other accounts, with users of the same names."""
        ours, theirs = self.options.account, self.who.account
        if not ours or not theirs or ours == theirs:
            return None
        return f"it is of account {theirs}, and only {ours} can be asked from here"

    def _nobody(self, elsewhere: str | None) -> Facts:
        why = elsewhere or "the record names nobody known to IAM"
        self.inquiry.note("anything about the identity", why)
        return Facts()

    def _facts(self) -> Facts:
        who, inquiry = self.who, self.inquiry
        in_iam = bool(who.user or who.role)
        if not in_iam:
            why = "root is no IAM user" if who.kind == "root" else "the record names no IAM user"
            inquiry.note("privileges, MFA devices and access keys", why)
        asked = in_iam or who.kind == "root"
        facts = Facts(
            credentials=identity.ask_credentials(inquiry, who.user) if who.user else None,
            owner=identity.ask_owner(inquiry, who, self.options.owner_tags) if asked else None,
            privileges=identity.ask_privileges(inquiry, who) if in_iam else None,
        )
        regions = self._regions()
        found = findings.ask_findings(inquiry, who, regions, self.span.now) if asked else None
        seen = trail.ask_trail(
            inquiry, who, self.sign_in.event_id, self.span, regions, self.options.pages
        )
        return self._judged(facts, Related(found), seen)

    def _regions(self) -> list[str]:
        """The sign-in's, the one of the global services, home, and those that are asked for."""
        options = self.options
        named = options.regions if options.regions is not None else self._enabled_regions()
        everywhere = _GLOBAL.get(self.who.partition, "us-east-1")
        wanted = (self.sign_in.region, everywhere, options.home, *named)
        return list(dict.fromkeys(r for r in wanted if r and _REGION.fullmatch(r)))

    def _enabled_regions(self) -> tuple[str, ...]:
        regions = self.inquiry.one(
            "every enabled Region",
            "ec2",
            "describe_regions",
            lambda answer: tuple(str(each["RegionName"]) for each in answer["Regions"]),
            region=self.options.home,
        )
        return regions or ()

    def _judged(self, facts: Facts, related: Related, seen: trail.Trail | None) -> Facts:
        self._note_limits()
        if seen is None:
            return replace(facts, related=related)
        moment, recent = self.span.moment, seen.saw_recent
        failed = failed_attempts(seen.own, moment) if recent else Related()
        geo = Geo.open(self.options.geo_databases)
        judged = replace(
            facts,
            related=Related(related.findings, failed.failed, failed.last_failed, failed.burst),
            earlier=earlier_sign_ins(seen.own, moment, seen.since) if seen.since else None,
            origin=judge_origin(self.sign_in, moment, seen.own, geo.place) if seen.since else None,
            activity=activity(seen.all, moment) if recent else None,
            reach=reach(seen.all, moment, self.who.account) if recent else None,
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
        note("data events, as the reading of objects", "LookupEvents does not have them")
        note("the last minutes", "CloudTrail delivers calls 5 to 15 minutes late")

    def _note_trails(self, facts: Facts) -> None:
        if facts.reach and (facts.reach.roles or facts.reach.keys or facts.reach.tokens):
            what = "what was done with the roles, keys and tokens of step 6"
            self.inquiry.note(what, "their calls are recorded under other names")
