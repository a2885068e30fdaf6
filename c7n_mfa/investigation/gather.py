# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The investigation: what is looked up, in which order, and the dossier that comes of it.

IAM comes first, since it is quick and decides most; then the findings; then CloudTrail, which is
slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import UnknownRegionError

from c7n_mfa.aws.arn import is_region
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation import event_history as trail
from c7n_mfa.investigation import findings, identity
from c7n_mfa.investigation.activity import activity, reach
from c7n_mfa.investigation.advice import advice_for, without_looking_again
from c7n_mfa.investigation.ask import Budget, BudgetReader, Geo, Inquiry, merged
from c7n_mfa.investigation.dossier import Dossier, Facts, Related, Seen
from c7n_mfa.investigation.records import (
    Who,
    earlier_sign_ins,
    failed_attempts,
    judge_origin,
    record_time,
    who_signed_in,
)
from c7n_mfa.investigation.severity import reasons_for, severity_of, unseen
from c7n_mfa.signin.record import SignIn

# Where a partition records IAM and the sign-ins of root, as botocore's endpoints of IAM have it.
# Of a partition that is not here, the Region of the event is all that is known.
_GLOBAL = {
    "aws": ("us-east-1",),
    "aws-cn": ("cn-north-1",),
    "aws-us-gov": ("us-gov-west-1",),
    "aws-iso": ("us-iso-east-1",),
    "aws-iso-b": ("us-isob-east-1",),
    "aws-iso-f": ("us-isof-south-1",),
}
# At the global endpoint, the sign-ins of IAM users are recorded in one of these and in us-east-1.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
_OF_SIGN_INS = {"aws": ("us-east-2", "eu-north-1", "ap-southeast-2")}

OWNER_TAGS = ("owner", "Owner", "email", "Email", "contact", "Contact", "OwnerContact")


@frozen
class Options:
    """The options of ``investigate-signin``; `regions` is None for every enabled one.

    `account` is the one that can be queried; None where it is not known.
    """

    home: str = "us-east-1"
    regions: tuple[str, ...] | None = None
    pages: int = 40
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


def sign_in_regions(session: Any, home: str) -> tuple[str, ...]:
    """Home, and the other Regions of its partition that record sign-ins of everywhere."""
    partition = _partition(session, home)
    recording = (*_GLOBAL.get(partition, ()), *_OF_SIGN_INS.get(partition, ()))
    return tuple(dict.fromkeys((home, *recording)))


def _partition(session: Any, region: str) -> str:
    """Empty where botocore does not know it."""
    try:
        return str(session.get_partition_for_region(region))
    except UnknownRegionError:
        return ""


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
        advice = advice_for(sign_in, self.who, moment, facts)
        return Dossier(
            sign_in=sign_in,
            kind=kind,
            at=happened,
            written=self.span.now,
            severity=severity_of(reasons),
            reasons=reasons,
            unseen=unseen(kind, facts),
            facts=facts,
            gaps=merged(self.inquiry.gaps),
            advice=advice if self.span.is_fresh else without_looking_again(advice),
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
        of_iam = _GLOBAL.get(_partition(inquiry.reader.session, self.options.home), regions)
        event_id = self.sign_in.event_id
        calls = trail.ask_trail(inquiry, who, event_id, self.span, regions, of_iam, pages)
        return self._judged(facts, Related(reported), calls)

    def _regions(self) -> list[str]:
        """The event's Region, those that record sign-ins, home, and the enabled or the named."""
        options = self.options
        named = options.regions if options.regions is not None else self._enabled_regions()
        recording = sign_in_regions(self.inquiry.reader.session, options.home)
        regions = (self.sign_in.region, *recording, *named)
        return list(dict.fromkeys(r for r in regions if r and is_region(r)))

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
        moment, account = self.span.moment, self.who.account
        failed = failed_attempts(calls.own, moment, calls.attempts_since)
        sign_ins_seen = Seen.of(calls.sign_ins_since, self.span.start)
        calls_seen = Seen.of(calls.since, self.span.start)
        geo = Geo.open(self.options.geo_databases)
        judged = replace(
            facts,
            related=replace(failed, findings=related.findings),
            earlier=earlier_sign_ins(calls.own, moment, sign_ins_seen),
            origin=judge_origin(self.sign_in, moment, calls.own, geo.place, calls_seen),
            activity=activity(calls.all, moment, calls.since),
            reach=reach(calls.all, moment, account, calls.since),
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
