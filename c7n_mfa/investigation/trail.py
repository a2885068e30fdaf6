# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What CloudTrail is asked about an identity: 48 hours before a sign-in and since, then history.

The pages of a Region are shared out: six of ten for what is recent, the rest for history.  Where
somebody is too busy for that, the last pages go to all sign-ins of the account, which are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from c7n_mfa.investigation.ask import Inquiry
from c7n_mfa.investigation.history import RELATED
from c7n_mfa.investigation.lookup import Lookup, Question, note_cut
from c7n_mfa.investigation.records import Record, Who, actor_of

MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Trail:
    """The records of an identity: its own, and those of role sessions that bear its name.

    `since` is how far back the earlier sign-ins of all Regions that answered were read.
    """

    own: tuple[Record, ...]
    sessions: tuple[Record, ...]
    saw_recent: bool
    since: datetime | None

    @property
    def all(self) -> tuple[Record, ...]:
        return self.own + self.sessions


def ask_trail(
    inquiry: Inquiry, who: Who, event_id: str | None, span: Span, regions: Sequence[str], pages: int
) -> Trail | None:
    """All that the pages and the time suffice for; None where there is no name to ask for."""
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
    own, sessions = _whose([r for q in asked for r in q.found], who, event_id)
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
