# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sentences of a report, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from c7n_mfa.chain.reasons import REASONS

from .shape import clean, short_name
from .values import Account, Chain, Judgement, Link, Receipt, Report, Spot, Step

REPAIR_POLICY = "policies/repair/signin-monitoring-repaired.yml"
AUDIT_POLICY = "policies/audit/signin-monitoring-broken.yml"

_CLICK = "Click the link in the mail that AWS sent to the subscriber."
_SIGN_INS = {
    "single-factor": "a console sign-in without MFA",
    "conformity": 'a console sign-in with MFAUsed = "No"',
    "cis": "a console sign-in of an IAM user or of root without MFA",
    "cis-iam-user": "a console sign-in of an IAM user without MFA",
}


def headline(account: Account) -> str:
    """One line: who, the verdict, and why."""
    name = f" ({account.name})" if account.name else ""
    return f"{account.account_id}{name}: {account.verdict.upper()}. {_sentence(account)}"


def overall(report: Report) -> str | None:
    """One line above the accounts, where they do not say it all."""
    if not report.accounts:
        return "UNKNOWN. Could not tell whether anybody hears of a console sign-in without MFA."
    if report.verdict == "unknown" and all(a.verdict == "intact" for a in report.accounts):
        return "UNKNOWN. What could be read is intact, and not everything could be read."
    return None


def link_name(link: str) -> str:
    """`log-group` as a person says it."""
    return link.replace("-", " ")


def link_sentence(link: Link) -> str:
    """What was found on one link."""
    if link.verdict == "intact":
        return _found(link)
    hub = f" (Security Hub: {link.security_hub})" if link.security_hub else ""
    return f"{link.verdict.upper()}, {link.reason or 'no reason given'}: {_found(link)}{hub}"


def link_advice(link: Link) -> Iterator[str]:
    """What to do about one link."""
    if link.fix:
        yield f"fix: {link.fix}"
    if link.permission:
        yield f"needs the permission {link.permission}"


def chain_title(chain: Chain) -> str:
    """The name of a chain and its verdict."""
    return f"{chain.name or 'chain'}: {chain.verdict}"


def catches(chain: Chain, judged: Judgement) -> str | None:
    """What one chain adds, where it is not alone."""
    alone = len(judged.chains) < 2 and not judged.blind_spots
    return None if alone or not chain.covers else f"catches {listing(chain.covers)}"


def notes(judged: Judgement) -> Iterator[tuple[str, list[str]]]:
    """What there is to say about sign-ins: titles with sentences."""
    yield _titled("nobody hears when", judged.blind_spots)
    # Without a working chain nothing is heard anyway.
    if any(chain.verdict == "intact" for chain in judged.chains):
        yield _titled("advice: nobody would hear if", judged.advice)
    yield _titled("noise: somebody also hears when", judged.noise)
    yield "the answer hangs on", [each.sentence for each in judged.depends_on]


def step_sentence(step: Step) -> str:
    """What a step did, why, by which call, and what went wrong."""
    call = " ".join(part for part in (call_name(step.call), _short(step.resource)) if part)
    why = "; ".join(part for part in (step.why, step.error) if part)
    return " ".join(part for part in (why, f"({call})" if call else "") if part)


def call_name(call: Any) -> str | None:
    """`sns:CreateTopic`, from the call of a step."""
    if not isinstance(call, dict):
        return None
    service, operation = call.get("service"), call.get("operation")
    if not isinstance(service, str) or not isinstance(operation, str):
        return None
    # boto3 says create_topic where permissions and documentation say CreateTopic.
    words = (word[:1].upper() + word[1:] for word in operation.split("_"))
    return clean(f"{service}:{''.join(words)}")


def next_steps(report: Report) -> list[str]:
    """What to type or to do now."""
    steps = [_CLICK] if any(_waits_for_mail(a) for a in report.accounts) else []
    steps += _permission_steps(report.accounts)
    steps += _fix_steps(report.accounts)
    if any(_repairable(account) for account in report.accounts):
        steps.append(f"Repair: custodian run -s output/repair {REPAIR_POLICY}")
    if report.verdict != "intact" and report.accounts:
        steps.append(f"Audit again: custodian run -s output/audit {AUDIT_POLICY}")
    return steps


def listing(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def nearest(chains: Iterable[Chain]) -> Chain | None:
    """The chain that gets furthest before it stops working."""
    return max(
        chains, key=lambda chain: sum(x.verdict == "intact" for x in chain.links), default=None
    )


def _sentence(account: Account) -> str:
    signin = _sign_in(account.judgement)
    repaired = _repaired(account.receipt, signin) if account.receipt else None
    if repaired:
        return repaired
    if account.verdict == "intact":
        return f"{signin[0].upper()}{signin[1:]} reaches a person."
    if account.verdict == "unknown":
        return f"Could not tell whether anybody hears of {signin}{_because(account.judgement)}"
    if any(chain.verdict == "intact" for chain in account.judgement.chains):
        missed = [_spot(spot) for spot in account.judgement.blind_spots]
        return f"Some sign-ins reach a person, and nobody hears when {'; '.join(missed)}."
    return f"Nobody hears of {signin}{_because(account.judgement)}"


def _sign_in(judged: Judgement) -> str:
    asked = f"a console sign-in that the requirement {judged.requirement} names"
    return _SIGN_INS.get(judged.requirement, asked)


def _because(judged: Judgement) -> str:
    """The broken (or unknown) link of the chain that comes nearest to working."""
    chain = nearest(chain for chain in judged.chains if chain.verdict == judged.verdict)
    links = chain.links if chain else ()
    weak = next((link for link in links if link.verdict == judged.verdict), None)
    if weak is None and judged.depends_on:
        return f": {'; '.join(each.sentence for each in judged.depends_on)}."
    return f": {_found(weak)}." if weak else "."


def _repaired(receipt: Receipt, signin: str) -> str | None:
    """What a repair says better than the judgement after it."""
    failed = next((step for step in receipt.steps if step.result == "failed"), None)
    if failed:
        return f"The repair stopped at the {link_name(failed.step)}: {failed.error or failed.why}."
    if (receipt.before, receipt.after) == ("broken", "intact"):
        return f"Repaired: {signin} reaches a person."
    return None


def _found(link: Link) -> str:
    return link.detail or link.resource or "nothing more is known"


def _short(resource: str | None) -> str | None:
    return short_name(resource) if resource else None


def _titled(title: str, spots: Sequence[Spot]) -> tuple[str, list[str]]:
    """A reason they all share is said once."""
    reasons = {spot.because for spot in spots}
    if len(spots) > 1 and len(reasons) == 1 and reasons != {""}:
        return f"{title} ({reasons.pop()})", [_spot(spot) for spot in spots]
    return title, [_spot(spot) + (f": {spot.because}" if spot.because else "") for spot in spots]


def _spot(spot: Spot) -> str:
    return spot.sentence or spot.family


def _waits_for_mail(account: Account) -> bool:
    return any(link.reason == "subscription-pending" for link in _broken(account))


def _repairable(account: Account) -> bool:
    """Whether the repair policy mends what is broken; never offered twice in a row."""
    if account.verdict != "broken" or account.receipt:
        return False
    # Blind spots between working chains have no broken link, and the repair closes them.
    return all(_mended(link.reason) for link in _broken(account))


def _fix_steps(accounts: Iterable[Account]) -> list[str]:
    """The fixes that are a person's to make."""
    fixes = (
        f"In {account.account_id}, {link_name(link.link)}: {link.fix}"
        for account in accounts
        for link in _broken(account)
        if link.fix and link.reason != "subscription-pending" and not _mended(link.reason)
    )
    return list(dict.fromkeys(fixes))


def _broken(account: Account) -> list[Link]:
    if account.verdict != "broken":
        return []
    chain = nearest(chain for chain in account.judgement.chains if chain.verdict == "broken")
    return [link for link in chain.links if link.verdict == "broken"] if chain else []


def _mended(reason: str | None) -> bool:
    known = REASONS.get(reason or "")
    return known is not None and known.repaired


def _permission_steps(accounts: Iterable[Account]) -> list[str]:
    missing = {
        link.permission
        for account in accounts
        for chain in account.judgement.chains
        for link in chain.links
        if link.permission and link.verdict == "unknown"
    }
    return [f"Allow whoever runs custodian: {', '.join(sorted(missing))}"] if missing else []
