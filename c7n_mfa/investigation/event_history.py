# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What CloudTrail has of an identity: 48 hours before a sign-in and since, then history.

The pages of a Region are shared out: six of ten for what is recent, the rest for history.  Where
an identity has too many events for that, the last pages go to all sign-ins of the account, which
are few.

LookupEvents takes 2 requests a second in each Region, and gives 50 events a page.  Many Regions are
queried in turn, so that none waits for the pace of another.  Throttled requests are repeated, later
and later; somebody else may be querying in the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.aws.times import format_minute
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.ask import SPENT, Inquiry
from c7n_mfa.investigation.records import RELATED, Record, Who, actor_of, parse

MOST_DAYS = 90
PACE_SECONDS = 0.5
PAGE_SIZE = 50

_THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequestsException")
_PATIENCE = 3


@frozen
class Span:
    """The moment of the sign-in, now, and how far back history goes."""

    moment: datetime
    now: datetime
    days: int

    @property
    def oldest(self) -> datetime:
        return self.now - timedelta(days=MOST_DAYS)

    @property
    def history(self) -> tuple[datetime, datetime]:
        back = self.now - timedelta(days=min(self.days, MOST_DAYS))
        return back, max(back, self.moment - RELATED)

    @property
    def recent(self) -> tuple[datetime, datetime]:
        return max(self.oldest, self.moment - RELATED), self.now


@frozen
class Trail:
    """The records of an identity: its own, and those of role sessions that bear its name.

    `since` is how far back the earlier sign-ins of all Regions that answered were read.
    """

    own: tuple[Record, ...]
    sessions: tuple[Record, ...]
    has_recent: bool
    since: datetime | None

    @property
    def all(self) -> tuple[Record, ...]:
        return self.own + self.sessions


def ask_trail(
    inquiry: Inquiry, who: Who, event_id: str | None, span: Span, regions: Sequence[str], pages: int
) -> Trail | None:
    """All that the pages and the time suffice for; None where there is no name to look up."""
    if who.lookup is None:
        inquiry.note("CloudTrail", "the record has no name that events can be looked up by")
        return None
    lookup = Lookup(inquiry)
    what = "API calls since 48 hours before the sign-in"
    start, end = span.recent
    first = max(1, pages * 6 // 10)
    recent = [Question(what, r, "Username", who.lookup, start, end, first) for r in regions]
    lookup.ask(recent)
    left = {question.region: pages - question.asked for question in recent}
    history, sign_ins = _ask_history(lookup, who.lookup, span, left)
    for question in (*recent, *history, *sign_ins):
        note_cut(inquiry, question)
    asked = [*recent, *history, *sign_ins]
    own, sessions = _whose([r for q in asked for r in q.records], who, event_id)
    return Trail(own, sessions, any(q.asked for q in recent), _since(history, sign_ins))


def _ask_history(
    lookup: Lookup, name: str, span: Span, left: dict[str, int]
) -> tuple[list[Question], list[Question]]:
    start, end = span.history
    what = "history of the identity"
    history = [
        Question(what, region, "Username", name, start, end, (pages + 1) // 2)
        for region, pages in left.items()
    ]
    lookup.ask(history)
    what = "earlier sign-ins"
    sign_ins = [
        Question(
            what, q.region, "EventName", "ConsoleLogin", start, q.oldest, left[q.region] - q.asked
        )
        for q in history
        if q.asked and not q.is_complete
    ]
    lookup.ask(sign_ins)
    return history, sign_ins


def _since(history: Iterable[Question], sign_ins: Iterable[Question]) -> datetime | None:
    oldest = {q.region: q.oldest for q in history if q.asked}
    oldest |= {q.region: q.oldest for q in sign_ins if q.asked}
    return max(oldest.values(), default=None)


def _whose(
    records: Iterable[Record], who: Who, event_id: str | None
) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Each record once, the identity's own apart; the sign-in itself is no history."""
    by_id = {record.id: record for record in records if record.id != event_id}
    actors = [(actor_of(record, who), record) for record in by_id.values()]
    own = tuple(record for actor, record in actors if actor == "own")
    return own, tuple(record for actor, record in actors if actor == "session")


@dataclass
class Question:
    """Events of one attribute, in one Region, newest first, on so many pages at most."""

    what: str
    region: str
    key: str
    value: str
    start: datetime
    end: datetime
    pages: int
    token: str | None = None
    asked: int = 0
    throttled: int = 0
    unreadable: int = 0
    is_over: bool = False
    is_complete: bool = False
    records: list[Record] = field(default_factory=list)

    @property
    def oldest(self) -> datetime:
        """How far back it got."""
        if self.is_complete or not self.records:
            return self.start if self.is_complete else self.end
        return min(record.at for record in self.records)

    def parameters(self) -> dict[str, Any]:
        return {
            "LookupAttributes": [{"AttributeKey": self.key, "AttributeValue": self.value}],
            "StartTime": self.start,
            "EndTime": self.end,
            "MaxResults": PAGE_SIZE,
            **({"NextToken": self.token} if self.token else {}),
        }


@dataclass
class Lookup:
    """Queries CloudTrail; remembers for each Region when it may be queried again."""

    inquiry: Inquiry
    ready: dict[str, float] = field(default_factory=dict)

    def ask(self, questions: Iterable[Question]) -> None:
        """Fill in the questions, each until it is answered or its pages or the time are over."""
        waiting = [q for q in questions if q.start < q.end and q.pages > 0]
        while waiting:
            question = min(waiting, key=lambda q: self.ready.get(q.region, 0.0))
            self._turn(question)
            waiting = [q for q in waiting if not q.is_over]

    def _turn(self, question: Question) -> None:
        budget = self.inquiry.reader.budget
        budget.wait_until(self.ready.get(question.region, 0.0))
        answer = self.inquiry.reader.one(
            "cloudtrail",
            question.region,
            "lookup_events",
            question.what,
            _page,
            **question.parameters(),
        )
        if answer is None:
            self.inquiry.note(question.what, "there are no events", region=question.region)
            question.is_over = True
        elif isinstance(answer, ReadFailure):
            self._failed(question, answer)
        else:
            self._answered(question, *answer)
        self.ready[question.region] = budget.clock() + PACE_SECONDS * 2**question.throttled

    def _answered(self, question: Question, events: Sequence[Any], token: str | None) -> None:
        question.asked += 1
        question.throttled = 0
        question.token = token
        records = [parse(event) for event in events]
        question.records += [record for record in records if record]
        question.unreadable += records.count(None)
        question.is_complete = token is None
        question.is_over = question.is_complete or question.asked >= question.pages
        if question.is_over and question.unreadable:
            why = f"{question.unreadable} records could not be read"
            self.inquiry.note(question.what, why, region=question.region)

    def _failed(self, question: Question, failure: ReadFailure) -> None:
        if failure.code in _THROTTLED and question.throttled < _PATIENCE:
            question.throttled += 1
            return
        question.is_over = True
        if failure.code == SPENT and question.asked:
            return  # Cut off, and noted as such with all that were.
        self.inquiry.note_failure(failure, question.what, question.region)


def note_cut(inquiry: Inquiry, question: Question) -> None:
    """Say how far back a question got whose pages or time did not suffice."""
    if question.is_complete or not question.asked:
        return
    used = "page" if question.asked == 1 else "pages"
    until = format_minute(question.oldest)
    why = f"stopped after {question.asked} {used}; nothing before {until}"
    inquiry.note(question.what, why, region=question.region)


def _page(answer: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    return answer["Events"], answer.get("NextToken") or None
