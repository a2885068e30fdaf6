# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A report for a job summary or a comment: the same words, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import words
from .filter_words import filter_headline, filter_notes, filter_title, pattern_line
from .next_steps import next_steps
from .values import LINKS, Account, Chain, Found, Receipt, Report

_SIGNS = {"intact": "✅", "broken": "❌", "unknown": "❔"}
# A name is text, whatever is in it: no link, no table cell, no tag, no mention of a person.
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~@&])")


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def escape(text: str) -> str:
    """Any text, so that Markdown shows it as it is."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[1])};", text)


def _lines(report: Report) -> Iterator[str]:
    yield "## Who hears of a console sign-in without MFA"
    yield ""
    overall = words.overall(report)
    if overall:
        yield f"{_SIGNS[report.verdict]} {escape(overall)}"
        yield ""
    for account in report.accounts:
        yield f"- {_SIGNS[account.verdict]} {escape(words.headline(account, report))}"
    for found in report.found:
        yield f"- {_SIGNS[found.metric_filter.verdict]} {escape(filter_headline(found))}"
    for account in report.accounts:
        yield from _account(account, report)
    for found in report.found:
        yield from _metric_filter(found)
    yield from _list("What other policies did", map(words.other_line, report.others))
    yield from _list("Could not be read", [str(problem) for problem in report.problems])
    yield from _list("Next", next_steps(report))


def _metric_filter(found: Found) -> Iterator[str]:
    yield ""
    yield f"### {escape(filter_title(found))}"
    yield ""
    yield escape(pattern_line(found))
    for title, sentences in filter_notes(found):
        yield from _list(title, sentences)


def _account(account: Account, report: Report) -> Iterator[str]:
    when = ", after the repair" if account.receipt else ""
    title = f"{account.account_id}: {account.judgement.requirement}"
    yield ""
    yield f"### {escape(title + words.told_apart(account, report))}{when}"
    for chain in account.judgement.chains:
        yield from _chain(chain)
        catches = words.catches(chain, account.judgement)
        yield from ("", escape(catches)) if catches else ()
    for title, sentences in words.notes(account.judgement):
        yield from _list(title, sentences)
    if account.receipt:
        yield from _receipt(account.receipt)


def _chain(chain: Chain) -> Iterator[str]:
    yield ""
    yield f"**{escape(words.chain_title(chain))}**"
    yield ""
    yield "| link | verdict | what was found | what to do |"
    yield "|---|---|---|---|"
    for link in chain.links:
        found, advice = words.link_sentence(link), "; ".join(words.link_advice(link))
        verdict = f"{_SIGNS[link.verdict]} {link.verdict}"
        yield _row(words.link_name(link.link), verdict, found, advice)
    seen = {link.link for link in chain.links}
    for name in LINKS:
        if name not in seen:
            yield _row(words.link_name(name), "not reached", "", "")


def _receipt(receipt: Receipt) -> Iterator[str]:
    yield ""
    yield f"**Repair: {receipt.before} before, {receipt.after} after**"
    yield ""
    yield "| step | result | why | call | error |"
    yield "|---|---|---|---|---|"
    for step in receipt.steps:
        call = words.call_name(step.call) or ""
        yield _row(words.link_name(step.step), step.result, step.why, call, step.error or "")


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"- {escape(line)}" for line in lines]
    if items:
        yield from ("", f"**{escape(title)}**", "", *items)


def _row(*cells: str) -> str:
    return f"| {' | '.join(escape(cell) for cell in cells)} |"
