# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""LookupEvents within its limits: 2 requests a second in each Region, 50 events a page.

Many Regions are asked in turn, so that none waits for the pace of another.  Throttled requests are
repeated, later and later; somebody else may be asking in the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.aws.times import format_minute
from c7n_mfa.investigation.ask import SPENT, Inquiry
from c7n_mfa.investigation.records import Record, parse

PACE_SECONDS = 0.5
PAGE_SIZE = 50

_THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequestsException")
_PATIENCE = 3


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
    found: list[Record] = field(default_factory=list)

    @property
    def oldest(self) -> datetime:
        """How far back it got."""
        if self.is_complete or not self.found:
            return self.start if self.is_complete else self.end
        return min(record.at for record in self.found)

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
    """Asks CloudTrail; remembers for each Region when it may be asked again."""

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
        seen = self.inquiry.reader.one(
            "cloudtrail",
            question.region,
            "lookup_events",
            question.what,
            _page,
            **question.parameters(),
        )
        if seen is None:
            self.inquiry.note(question.what, "AWS knows no events", region=question.region)
            question.is_over = True
        elif isinstance(seen, ReadFailure):
            self._failed(question, seen)
        else:
            self._answered(question, *seen)
        self.ready[question.region] = budget.clock() + PACE_SECONDS * 2**question.throttled

    def _answered(self, question: Question, events: Sequence[Any], token: str | None) -> None:
        question.asked += 1
        question.throttled = 0
        question.token = token
        records = [parse(event) for event in events]
        question.found += [record for record in records if record]
        question.unreadable += records.count(None)
        question.is_complete = token is None
        question.is_over = question.is_complete or question.asked >= question.pages
        if question.is_over and question.unreadable:
            why = f"{question.unreadable} records could not be read"
            self.inquiry.note(question.what, why, region=question.region)

    def _failed(self, question: Question, seen: ReadFailure) -> None:
        if seen.code in _THROTTLED and question.throttled < _PATIENCE:
            question.throttled += 1
            return
        question.is_over = True
        if seen.code == SPENT and question.asked:
            return  # Cut off, and noted as such with all that were.
        self.inquiry.unseen(seen, question.what, question.region)


def note_cut(inquiry: Inquiry, question: Question) -> None:
    """Say how far back a question got whose pages or time did not suffice."""
    if question.is_complete or not question.asked:
        return
    used = "page" if question.asked == 1 else "pages"
    until = format_minute(question.oldest)
    why = f"cut off after {question.asked} {used}, nothing before {until}"
    inquiry.note(question.what, why, region=question.region)


def _page(answer: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    return answer["Events"], answer.get("NextToken") or None
