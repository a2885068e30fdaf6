# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A report for a person at a terminal: verdict first, then the seven links as a tree."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from c7n_mfa.audit.reasons import LINKS, Verdict
from c7n_mfa.audit.verdicts import Chain, Link
from c7n_mfa.cli.terminal import indented, section, unbroken

from . import words
from .next_steps import next_steps
from .values import Account, JudgedFilter, RepairReceipt, RepairStep, Report

_MARKS = {"intact": "✓", "broken": "✗", "unknown": "?"}
_STYLES = {"intact": "green", "broken": "bold red", "unknown": "yellow"}
_STEP_MARKS = {"done": "✓", "adopted": "✓", "failed": "✗", "planned": "·"}
_STEP_STYLES = {"done": "green", "adopted": "green", "failed": "bold red"}
_NAME_WIDTH = max(len(link) for link in LINKS)


def render(report: Report) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = []
    overall = words.overall(report)
    if overall:
        parts.append(Text(overall, style=_STYLES[report.verdict]))
    # Everybody's verdict first; what lies behind it below.
    parts += [_headline(words.headline(a, report), a.verdict) for a in report.accounts]
    parts += [_headline(words.filter_headline(f), f.verdict) for f in report.metric_filters]
    for account in report.accounts:
        parts += ["", _account(account, report)]
    for metric_filter in report.metric_filters:
        parts += ["", _metric_filter(metric_filter)]
    others = [indented(words.other_line(other)) for other in report.others]
    parts += section("What other policies did", others)
    parts += section("Could not be read", [indented(str(problem)) for problem in report.problems])
    parts += section("Next", [unbroken(step) for step in next_steps(report)])
    if set(report.verdicts) - {"intact"}:
        parts += ["", words.WHERE_TO_READ]
    return Group(*parts)


def _tree(title: str) -> Tree:
    return Tree(Text(title, style="bold"), guide_style="dim")


def _headline(headline: str, verdict: Verdict) -> Text:
    who, _, rest = headline.partition(": ")
    word, _, sentence = rest.partition(". ")
    return Text.assemble((who, "bold"), ": ", (f"{word}.", _STYLES[verdict]), f" {sentence}")


def _metric_filter(metric_filter: JudgedFilter) -> Tree:
    tree = _tree(words.filter_title(metric_filter))
    tree.add(Text(words.filter_pattern(metric_filter)))
    _add_notes(tree, words.filter_notes(metric_filter))
    return tree


def _account(account: Account, report: Report) -> Tree:
    tree = _tree(words.account_title(account, report, ", requirement "))
    for chain in account.judgement.chains:
        branch = tree.add(Text(words.chain_title(chain), style=_STYLES[chain.verdict]))
        _add_links(branch, chain)
        catches = words.catches(chain, account.judgement)
        if catches:
            branch.add(Text(catches))
    _add_notes(tree, words.notes(account.judgement))
    if account.receipt:
        _add_receipt(tree, account.receipt)
    return tree


def _add_links(tree: Tree, chain: Chain) -> None:
    for link in chain.links:
        branch = tree.add(_link(link))
        for advice in words.link_advice(link):
            branch.add(Text(advice, style="cyan"))
    for name in words.not_reached(chain):
        tree.add(Text(f"· {_padded(name)}  not reached", style="dim"))


def _link(link: Link) -> Text:
    head = f"{_MARKS[link.verdict]} {_padded(link.link)}"
    return Text.assemble((head, _STYLES[link.verdict]), "  ", words.link_sentence(link))


def _add_notes(tree: Tree, notes: words.Notes) -> None:
    for title, sentences in notes:
        if sentences:
            branch = tree.add(Text(title))
            for sentence in sentences:
                branch.add(Text(sentence))


def _add_receipt(tree: Tree, receipt: RepairReceipt) -> None:
    branch = tree.add(Text(f"repair: {receipt.before} before, {receipt.after} after"))
    for step in receipt.steps:
        branch.add(_step(step))


def _step(step: RepairStep) -> Text:
    mark, style = _STEP_MARKS.get(step.result, "·"), _STEP_STYLES.get(step.result, "dim")
    sentence = words.step_sentence(step)
    head = f"{mark} {_padded(step.step)}  {step.result}"
    return Text.assemble((head, style), f": {sentence}" if sentence else "")


def _padded(name: str) -> str:
    return words.link_name(name).ljust(_NAME_WIDTH)
