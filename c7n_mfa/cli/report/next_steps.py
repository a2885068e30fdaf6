# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What to type or to do after a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.audit.verdicts import Link

from .values import Account, JudgedFilter, RepairStep, Report
from .words import AUDIT_POLICY, REPAIR_POLICY, filter_place, link_name, nearest

_CLICK = "Click the link in the mail that AWS sent to the subscriber."
# In this order: the shipped file subscribes nobody who reads mail.
_REPAIR = (
    f"Put your own subscriptions into {REPAIR_POLICY}",
    f"Look first: c7n-mfa plan {REPAIR_POLICY}",
    f"Repair: custodian run -s output/repair {REPAIR_POLICY}",
)
_AUDIT = f"Audit again: custodian run -s output/audit {AUDIT_POLICY}"
_FIRST_AUDIT = f"Audit: custodian run -s output/audit {AUDIT_POLICY}"
_GOES_ON = "; fix that, and the next repair goes on from there"


def next_steps(report: Report) -> list[str]:
    """What to type or to do now, in order."""
    accounts = report.accounts
    steps = [_CLICK] if any(_waits_for_mail(account) for account in accounts) else []
    steps += _permissions(accounts)
    steps += dict.fromkeys(step for account in accounts for step in _by_hand(account))
    steps += _patterns(report.metric_filters)
    steps += dict.fromkeys(step for other in report.others for step in other.next)
    if any(_repairable(account) for account in accounts):
        steps += _REPAIR
    if not accounts and report.others:
        steps.append(_FIRST_AUDIT)
    elif accounts and (report.problems or any(account.verdict != "intact" for account in accounts)):
        steps.append(_AUDIT)
    return steps


def _permissions(accounts: Iterable[Account]) -> list[str]:
    missing = {
        link.permission
        for account in accounts
        for chain in account.judgement.chains
        for link in chain.links
        if link.permission and link.verdict == "unknown"
    }
    return [f"Allow whoever runs custodian: {', '.join(sorted(missing))}"] if missing else []


def _by_hand(account: Account) -> Iterator[str]:
    """The fixes that are a person's to make, and what a repair has left to one."""
    links = [link for link in _broken(account) if link.fix and _is_a_persons(link, account)]
    for link in links:
        yield f"In {account.account_id}, {link_name(link.link)}: {link.fix}"
    for step in account.receipt.steps if account.receipt else ():
        to_do = _left_over(step)
        if to_do and not any(link.fix in to_do for link in links if link.fix):
            where = "" if step.step == "chain" else f", {link_name(step.step)}"
            yield f"In {account.account_id}{where}: {to_do}"


def _left_over(step: RepairStep) -> str | None:
    """What a refused or failed step asks for; a step that was not tried asks for nothing."""
    if step.result == "skipped":
        return step.why or "the repair left it as it is"
    if step.result == "failed":
        return (step.error or step.why or "it failed") + _GOES_ON
    return None


def _is_a_persons(link: Link, account: Account) -> bool:
    """Whether the repair does not do it; whom to notify, it cannot know."""
    if link.reason == "subscription-pending":
        return False
    return not _is_repaired(link.reason) or (
        account.receipt is not None and link.reason == "subscription-absent"
    )


def _patterns(metric_filters: Sequence[JudgedFilter]) -> list[str]:
    """What to do about metric filters that were found."""
    broken = [f for f in metric_filters if f.verdict == "broken"]
    steps = [f"{filter_place(f)}: fix its pattern, or delete it" for f in broken]
    requirements = dict.fromkeys(f.coverage.requirement for f in broken)
    tries = (f"Try a pattern: c7n-mfa pattern --requirement {r} 'PATTERN'" for r in requirements)
    return [*steps, *tries]


def _waits_for_mail(account: Account) -> bool:
    return any(link.reason == "subscription-pending" for link in _broken(account))


def _repairable(account: Account) -> bool:
    """Whether the repair policy fixes what is broken; never offered twice in a row."""
    if account.verdict != "broken" or account.receipt:
        return False
    # Blind spots between working chains have no broken link, and the repair closes them.
    return all(_is_repaired(link.reason) for link in _broken(account))


def _broken(account: Account) -> list[Link]:
    """The broken links of the chain that comes nearest to working."""
    if account.verdict != "broken":
        return []
    chain = nearest(chain for chain in account.judgement.chains if chain.verdict == "broken")
    return [link for link in chain.links if link.verdict == "broken"] if chain else []


def _is_repaired(reason: str | None) -> bool:
    known = REASONS.get(reason or "")
    return known is not None and known.repaired
