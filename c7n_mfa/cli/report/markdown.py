# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A report for a job summary or a comment: the same words, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from c7n_mfa.audit.verdicts import Chain

from . import words
from .next_steps import next_steps
from .values import Account, JudgedFilter, RepairReceipt, Report

_SIGNS = {"intact": "✅", "broken": "❌", "unknown": "❔"}
# A name is text, whatever is in it: no link, no table cell, no tag, no mention of a person.
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~@&])")


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def escape(text: str) -> str:
    """Any text, so that Markdown shows it as it is."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[1])};", text)


def _lines(report: Report) -> Iterator[str]:
    yield "## Who is notified of a console sign-in without MFA"
    yield ""
    overall = words.overall(report)
    if overall:
        yield f"{_SIGNS[report.verdict]} {escape(overall)}"
        yield ""
    for account in report.accounts:
        yield f"- {_SIGNS[account.verdict]} {escape(words.headline(account, report))}"
    for metric_filter in report.metric_filters:
        headline = words.filter_headline(metric_filter)
        yield f"- {_SIGNS[metric_filter.verdict]} {escape(headline)}"
    for account in report.accounts:
        yield from _account(account, report)
    for metric_filter in report.metric_filters:
        yield from _metric_filter(metric_filter)
    yield from _list("What other policies did", map(words.other_line, report.others))
    yield from _list("Could not be read", map(str, report.problems))
    yield from _list("Next", next_steps(report))


def _metric_filter(metric_filter: JudgedFilter) -> Iterator[str]:
    yield from _heading(f"### {escape(words.filter_title(metric_filter))}")
    yield escape(words.filter_pattern(metric_filter))
    for title, sentences in words.filter_notes(metric_filter):
        yield from _list(title, sentences)


def _account(account: Account, report: Report) -> Iterator[str]:
    yield ""
    yield f"### {escape(words.account_title(account, report, ': '))}"
    for chain in account.judgement.chains:
        yield from _chain(chain)
        catches = words.catches(chain, account.judgement)
        yield from ("", escape(catches)) if catches else ()
    for title, sentences in words.notes(account.judgement):
        yield from _list(title, sentences)
    if account.receipt:
        yield from _receipt(account.receipt)


def _chain(chain: Chain) -> Iterator[str]:
    yield from _heading(f"**{escape(words.chain_title(chain))}**")
    yield from _row_of_titles("link", "verdict", "what was found", "what to do")
    for link in chain.links:
        verdict = f"{_SIGNS[link.verdict]} {link.verdict}"
        advice = "; ".join(words.link_advice(link))
        yield _row(words.link_name(link.link), verdict, words.link_sentence(link), advice)
    for name in words.not_reached(chain):
        yield _row(words.link_name(name), "not reached", "", "")


def _receipt(receipt: RepairReceipt) -> Iterator[str]:
    yield from _heading(f"**Repair: {receipt.before} before, {receipt.after} after**")
    yield from _row_of_titles("step", "result", "why", "call", "error")
    for step in receipt.steps:
        call = words.call_name(step.call) or ""
        yield _row(words.link_name(step.step), step.result, step.why, call, step.error or "")


def _heading(heading: str) -> Iterator[str]:
    yield from ("", heading, "")


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"- {escape(line)}" for line in lines]
    if items:
        yield from _heading(f"**{escape(title)}**")
        yield from items


def _row_of_titles(*titles: str) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(escape(cell) for cell in cells)} |"
