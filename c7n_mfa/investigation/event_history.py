# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What CloudTrail has of an identity: 48 hours before a sign-in and since, then history.

Events come newest first, and whoever makes enough harmless calls pushes what matters off the last
page.  So only a part of the pages goes to all calls.  Where they do not suffice, what matters is
asked for by its name: sign-ins and second factors first, then the most dangerous calls.  The pages
that are left then go on with all calls.

LookupEvents takes 2 requests a second in each Region, and gives 50 events a page.  All Regions are
queried at once, so that none waits for the pace of another.  Throttled requests are repeated, later
and later; somebody else may be querying in the same account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from c7n_mfa.aws.read import ReadFailure, together
from c7n_mfa.aws.times import format_minute
from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.ask import SPENT, Inquiry
from c7n_mfa.investigation.dangers import worst_calls
from c7n_mfa.investigation.records import RELATED, Record, Who, actor_of, parse

MOST_DAYS = 90
PACE_SECONDS = 0.5
PAGE_SIZE = 50
RECENT = "API calls since 48 hours before the sign-in"
HISTORY = "history of the identity"
BY_NAME = "calls asked for by their name"
SIGN_IN, SECOND_FACTOR = "ConsoleLogin", "CheckMfa"

_THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequestsException")
_PATIENCE = 3
# Events have no fractions of a second, and the last page may end in the middle of one.
_SECOND = timedelta(seconds=1)
# With `pages: 1000` the time is over before the pages are: what matters is asked for before that.
_PAGES_AT_FIRST = 4
_MOST_NAMES = 30


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

    @property
    def is_fresh(self) -> bool:
        """May CloudTrail deliver more of what followed the sign-in at once?"""
        return self.now - self.moment < timedelta(hours=1)

    @property
    def start(self) -> datetime:
        """How far back anything is asked for."""
        return min(self.history[0], self.recent[0])


@frozen
class Trail:
    """The records of an identity: its own, and those of role sessions that bear its name.

    Every Region has told all calls back to `since`, sign-ins back to `sign_ins_since`, and attempts
    to sign in back to `attempts_since`.
    """

    own: tuple[Record, ...]
    sessions: tuple[Record, ...]
    since: datetime
    sign_ins_since: datetime
    attempts_since: datetime

    @property
    def all(self) -> tuple[Record, ...]:
        return self.own + self.sessions


def ask_trail(
    inquiry: Inquiry,
    who: Who,
    event_id: str | None,
    span: Span,
    regions: Sequence[str],
    of_iam: Collection[str],
    pages: int,
) -> Trail | None:
    """All that the pages and the time suffice for; None where no Region answered.

    `of_iam` are those of the Regions that may have recorded calls of IAM.
    """
    if who.lookup is None:
        inquiry.note("CloudTrail", "the record has no name that events can be looked up by")
        return None
    asking = _Asking(
        Lookup(inquiry), who.lookup, span, of_iam, pages, dict.fromkeys(regions, pages)
    )
    asking.ask()
    asked = asking.questions
    for question in asked:
        note_cut(inquiry, question, asked)
    if not any(question.asked for question in asked):
        return None
    own, sessions = _whose([r for q in asked for r in q.records], who, event_id)
    sign_ins = asking.since(SIGN_IN)
    attempts = max(sign_ins, asking.since(SECOND_FACTOR))
    return Trail(own, sessions, asking.since(), sign_ins, attempts)


@dataclass
class _Asking:
    """What is asked about one identity, and how many pages each Region has left."""

    lookup: Lookup
    name: str
    span: Span
    of_iam: Collection[str]
    pages: int
    left: dict[str, int]
    questions: list[Question] = field(default_factory=list)

    def ask(self) -> None:
        tenth, fifth = max(1, self.pages // 10), max(1, self.pages // 5)
        recent = self._all_calls(RECENT, self.span.recent, 2 * fifth)
        self._by_name(recent, lambda _: (SIGN_IN, SECOND_FACTOR), tenth)
        history = self._all_calls(HISTORY, self.span.history, fifth)
        self._by_name(history, lambda _: (SIGN_IN,), fifth)
        # Half of what is left; with the other half, all calls go on.
        self._by_name(recent, lambda region: worst_calls(of_iam=region in self.of_iam), 1, share=2)
        self._go_on(recent)
        self._go_on(history)

    def since(self, name: str | None = None) -> datetime:
        """Back to when every Region has told all calls, or all of a name."""
        now = self.span.now
        told = [[q for q in self.questions if q.region == r and q.tells(name)] for r in self.left]
        return max((told_since(questions, now) for questions in told), default=now)

    def _all_calls(self, what: str, times: tuple[datetime, datetime], pages: int) -> list[Question]:
        most = max(1, min(pages, _PAGES_AT_FIRST, self.pages // 2))
        return self._asked(
            Question(what, region, "Username", self.name, *times, min(most, left))
            for region, left in self.left.items()
        )

    def _by_name(
        self,
        all_calls: Sequence[Question],
        names_in: Callable[[str], Sequence[str]],
        pages: int,
        share: int = 1,
    ) -> None:
        """Ask for events by their names, where not all calls were told."""
        most = {each: min(_MOST_NAMES, left // (share * pages)) for each, left in self.left.items()}
        self._asked(
            Question(BY_NAME, q.region, "EventName", name, q.start, q.before, pages)
            for q in all_calls
            if q.asked and not q.is_complete
            for name in names_in(q.region)[: most[q.region]]
        )

    def _asked(self, questions: Iterable[Question]) -> list[Question]:
        asked = list(questions)
        self.lookup.ask(asked)
        for question in asked:
            self.left[question.region] -= question.asked
        self.questions += asked
        return asked

    def _go_on(self, questions: Sequence[Question]) -> None:
        going = [q for q in questions if q.token and not q.has_failed]
        for question in going:
            question.pages = question.asked + self.left[question.region]
            question.is_over = question.asked >= question.pages
        self.lookup.ask(q for q in going if not q.is_over)
        for question in going:
            self.left[question.region] = question.pages - question.asked


def told_since(questions: Iterable[Question], now: datetime) -> datetime:
    """Back to when the questions, taken together, have told everything without a hole."""
    since = now
    for question in sorted(questions, key=lambda q: q.end, reverse=True):
        if question.end >= since - _SECOND:
            since = min(since, question.since)
    return since


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
    """Events of one attribute, in one Region, newest first, on so many pages at most.

    Everything from `since` to `end` has been told.
    """

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
    has_failed: bool = False
    records: list[Record] = field(default_factory=list)
    since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.since = self.end

    @property
    def before(self) -> datetime:
        """The last moment that has not been told wholly."""
        return self.since - _SECOND

    def tells(self, name: str | None) -> bool:
        """Does it tell all calls, or all of a name?"""
        return self.key == "Username" or self.value == name

    def take(self, events: Sequence[Any], token: str | None) -> None:
        """Take a page.  An event that cannot be read may be of any kind, and is a hole."""
        self.asked += 1
        self.throttled = 0
        self.token = token
        for record in map(parse, events):
            if record is None:
                self.unreadable += 1
                continue
            self.records.append(record)
            if not self.unreadable:
                self.since = min(self.since, max(self.start, record.at + _SECOND))
        self.is_complete = token is None and not self.unreadable
        if self.is_complete:
            self.since = self.start
        self.is_over = token is None or self.asked >= self.pages

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
            turn = self._turn(waiting)
            answers = together(*(partial(self._page, question) for question in turn))
            for question, answer in zip(turn, answers, strict=True):
                self._take(question, answer)
            waiting = [q for q in waiting if not q.is_over]

    def _turn(self, waiting: Sequence[Question]) -> list[Question]:
        """The first question of each Region that may be queried, once the first of them may."""
        first: dict[str, Question] = {}
        for question in waiting:
            first.setdefault(question.region, question)
        soonest = min(self.ready.get(region, 0.0) for region in first)
        budget = self.inquiry.reader.budget
        budget.wait_until(soonest)
        by = max(soonest, budget.clock())
        return [q for region, q in first.items() if self.ready.get(region, 0.0) <= by]

    def _page(self, question: Question) -> Any:
        return self.inquiry.reader.one(
            "cloudtrail",
            question.region,
            "lookup_events",
            question.what,
            lambda answer: (answer["Events"], answer.get("NextToken") or None),
            **question.parameters(),
        )

    def _take(self, question: Question, answer: Any) -> None:
        if answer is None:
            self.inquiry.note(question.what, "there are no events", region=question.region)
            question.is_over = question.has_failed = True
        elif isinstance(answer, ReadFailure):
            self._failed(question, answer)
        else:
            question.take(*answer)
        now = self.inquiry.reader.budget.clock()
        self.ready[question.region] = now + PACE_SECONDS * 2**question.throttled

    def _failed(self, question: Question, failure: ReadFailure) -> None:
        if failure.code in _THROTTLED and question.throttled < _PATIENCE:
            question.throttled += 1
            return
        question.is_over = question.has_failed = True
        if failure.code == SPENT and question.asked:
            return  # Cut off, and noted as such with all that were.
        self.inquiry.note_failure(failure, question.what, question.region)


def note_cut(inquiry: Inquiry, question: Question, others: Sequence[Question] = ()) -> None:
    """Say how far back a question got that was not answered wholly, and what `others` add."""
    if question.unreadable:
        why = f"{question.unreadable} records could not be read"
        inquiry.note(question.what, why, region=question.region)
    if question.is_complete or not question.asked or question.token is None:
        return
    pages = "1 page" if question.asked == 1 else f"{question.asked} pages"
    of = f" of {question.value}" if question.key == "EventName" else ""
    named = [
        other.value
        for other in others
        if other.key == "EventName"
        and question.key == "Username"
        and (other.region, other.start) == (question.region, question.start)
        and other.asked
    ]
    nothing = f"nothing but {', '.join(named)}" if named else "nothing"
    why = f"stopped after {pages}{of}; {nothing} before {format_minute(question.since)}"
    inquiry.note(question.what, why, region=question.region)
