# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A report for a person at a terminal: verdict first, then the seven links as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from . import words
from .filter_words import filter_headline, filter_notes, filter_title, pattern_line
from .next_steps import next_steps
from .values import LINKS, Account, Chain, Found, Link, Receipt, Report, Step, Verdict

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
    parts += [_headline(words.headline(each, report), each.verdict) for each in report.accounts]
    parts += [_headline(filter_headline(each), each.metric_filter.verdict) for each in report.found]
    for account in report.accounts:
        parts += ["", _details(account, report)]
    for found in report.found:
        parts += ["", _filter_details(found)]
    parts += _section("What other policies did", [words.other_line(o) for o in report.others])
    parts += _section("Could not be read", [str(problem) for problem in report.problems])
    parts += _section("Next", next_steps(report))
    if set(report.verdicts) - {"intact"}:
        parts += ["", words.WHERE_TO_READ]
    return Group(*parts)


def chain_tree(chain: Chain) -> Tree:
    """One chain, link by link."""
    tree = Tree(Text(words.chain_title(chain), style="bold"), guide_style="dim")
    _add_links(tree, chain.links)
    return tree


def _headline(headline: str, verdict: Verdict) -> Text:
    who, _, rest = headline.partition(": ")
    said, _, sentence = rest.partition(". ")
    return Text.assemble((who, "bold"), ": ", (f"{said}.", _STYLES[verdict]), f" {sentence}")


def _filter_details(found: Found) -> Tree:
    tree = Tree(Text(filter_title(found), style="bold"), guide_style="dim")
    tree.add(Text(pattern_line(found)))
    for note, sentences in filter_notes(found):
        _add_lines(tree, note, sentences)
    return tree


def _details(account: Account, report: Report) -> Tree:
    requirement = f"{account.account_id}, requirement {account.judgement.requirement}"
    title = f"{requirement}{words.told_apart(account, report)}"
    when = ", after the repair" if account.receipt else ""
    tree = Tree(Text(f"{title}{when}", style="bold"), guide_style="dim")
    for chain in account.judgement.chains:
        branch = tree.add(Text(words.chain_title(chain), style=_STYLES[chain.verdict]))
        _add_links(branch, chain.links)
        catches = words.catches(chain, account.judgement)
        if catches:
            branch.add(Text(catches))
    for note, sentences in words.notes(account.judgement):
        _add_lines(tree, note, sentences)
    if account.receipt:
        _add_receipt(tree, account.receipt)
    return tree


def _add_links(tree: Tree, links: Sequence[Link]) -> None:
    for link in links:
        branch = tree.add(_link(link))
        for advice in words.link_advice(link):
            branch.add(Text(advice, style="cyan"))
    for name in _not_reached(links):
        tree.add(Text(f"· {_padded(name)}  not reached", style="dim"))


def _link(link: Link) -> Text:
    head = f"{_MARKS[link.verdict]} {_padded(link.link)}"
    style = _STYLES[link.verdict]
    return Text.assemble((head, style), "  ", words.link_sentence(link))


def _not_reached(links: Sequence[Link]) -> Iterator[str]:
    """The links that follow the last one looked at."""
    seen = {link.link for link in links}
    return (name for name in LINKS if name not in seen)


def _add_lines(tree: Tree, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    branch = tree.add(Text(title))
    for line in lines:
        branch.add(Text(line))


def _add_receipt(tree: Tree, receipt: Receipt) -> None:
    branch = tree.add(Text(f"repair: {receipt.before} before, {receipt.after} after"))
    for step in receipt.steps:
        branch.add(_step(step))


def _step(step: Step) -> Text:
    mark, style = _STEP_MARKS.get(step.result, "·"), _STEP_STYLES.get(step.result, "dim")
    rest = words.step_sentence(step)
    head = f"{mark} {_padded(step.step)}  {step.result}"
    return Text.assemble((head, style), f": {rest}" if rest else "")


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    if not lines:
        return []
    return ["", Text(f"{title}:", style="bold"), *(Text(f"  {line}") for line in lines)]


def _padded(name: str) -> str:
    return words.link_name(name).ljust(_NAME_WIDTH)
