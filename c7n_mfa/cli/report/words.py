# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sentences of a report, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.aws.text import one_line
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import REQUIREMENTS

from .shape import short_name
from .values import Account, Chain, Judgement, Link, Other, Receipt, Report, Spot, Step

REPAIR_POLICY = "policies/repair/signin-monitoring-repaired.yml"
AUDIT_POLICY = "policies/audit/signin-monitoring-broken.yml"
WHERE_TO_READ = "Words: docs/vocabulary.md, reasons: docs/reasons.md"

_SIGN_INS = {
    "single-factor": "a console sign-in without MFA",
    "conformity": 'a console sign-in with MFAUsed = "No"',
    "cis": "a console sign-in of an IAM user or of root without MFA",
    "cis-iam-user": "a console sign-in of an IAM user without MFA",
}
_MANY_SIGN_INS = {
    "single-factor": "Sign-ins without MFA",
    "conformity": 'Sign-ins with MFAUsed = "No"',
    "cis": "Sign-ins of IAM users and of root without MFA",
    "cis-iam-user": "Sign-ins of IAM users without MFA",
}
# Reasons for which somebody hears of a sign-in, and of so much else that it says nothing.
_DROWNING = {"filter-catches-everything", "metric-shared"}
_FAMILIES = {family.name: family for family in FAMILIES}
_YEAR_10000 = 253_402_300_800


def headline(account: Account, report: Report) -> str:
    """One line: who, the verdict, and why."""
    name = f" ({account.name})" if account.name else ""
    verdict = account.verdict.upper()
    which = told_apart(account, report)
    return f"{account.account_id}{name}: {verdict}. {_sentence(account)}{which}"


def told_apart(account: Account, report: Report) -> str:
    """Whose judgement it is and of when, where an account has more than one."""
    if sum(account.account_id == other.account_id for other in report.accounts) < 2:
        return ""
    run = account.run
    known = 0 < run.started < _YEAR_10000
    when = f", {datetime.fromtimestamp(run.started, UTC):%Y-%m-%d %H:%M} UTC" if known else ""
    return f" ({run.policy}{when})"


def overall(report: Report) -> str | None:
    """One line above the accounts, where they do not say it all."""
    if report.verdict == "broken" and "broken" not in report.verdicts:
        return "BROKEN. Sign-ins of some Regions do not reach the Region that responds to them."
    if report.verdicts:
        partial = report.verdict == "unknown" and set(report.verdicts) == {"intact"}
        partly = "UNKNOWN. What could be read is intact, and not everything could be read."
        return partly if partial else None
    if report.verdict == "unknown":
        if report.others:
            return (
                "UNKNOWN. No policy in it judges whether anybody hears of a console sign-in "
                "without MFA; what they did is below."
            )
        return "UNKNOWN. Could not tell whether anybody hears of a console sign-in without MFA."
    looked = sorted({run.policy for run in report.runs if run.metric_filters is not None})
    return f"INTACT. No metric filter was found by {listing(looked)}."


def other_line(other: Other) -> str:
    """One line: which of our other policies, where, and what it did."""
    where = ", ".join(part for part in (other.account_id, other.region) if part)
    return f"{other.policy}{f' ({where})' if where else ''}: {other.sentence}"


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
    return f"{chain.name or _nameless(chain)}: {chain.verdict}"


def catches(chain: Chain, judged: Judgement) -> str | None:
    """What one chain adds, where it is not alone."""
    alone = len(judged.chains) < 2 and not judged.blind_spots
    if alone or not chain.covers:
        return None
    if _catches_all(chain, judged):
        return "catches every kind of sign-in that must be caught"
    observed = [name for name in chain.covers if _grade(name) == "observed"]
    return f"catches: {'; '.join(_kind(name) for name in observed or chain.covers)}"


def notes(judged: Judgement) -> Iterator[tuple[str, list[str]]]:
    """What there is to say about sign-ins: titles with sentences."""
    yield titled("drowned when" if _drowns(judged) else "nobody hears when", judged.blind_spots)
    # Without a working chain nothing is heard anyway.
    if any(chain.verdict == "intact" for chain in judged.chains):
        yield titled("advice: nobody would hear if", judged.advice)
    yield titled("noise: somebody also hears when", judged.noise)
    yield "the answer hangs on", [each.sentence for each in judged.depends_on]
    yield "Region by Region", list(_regions(judged))
    yield "other ways to hear of it, which are not judged", list(judged.routes)


def _regions(judged: Judgement) -> Iterator[str]:
    """The table of Regions, where each was asked for; those with one answer share a line."""
    if len(judged.regions) < 2:
        return
    groups: dict[tuple[str, str], list[str]] = {}
    for row in judged.regions:
        known = row.chain is not None and 0 <= row.chain < len(judged.chains)
        through = judged.chains[row.chain or 0].name if known else "no trail records it"
        groups.setdefault((row.verdict, through), []).append(row.region)
    for (verdict, through), names in groups.items():
        yield f"{listing(names)}: {verdict}, {through or 'an unnamed chain'}"


def titled(title: str, spots: Sequence[Spot]) -> tuple[str, list[str]]:
    """A title with a sentence a spot; a reason they all share is said once."""
    reasons = {spot.because for spot in spots}
    if len(spots) > 1 and len(reasons) == 1 and reasons != {""}:
        return f"{title} ({reasons.pop()})", [_spot(spot) for spot in spots]
    return title, [_spot(spot) + (f": {spot.because}" if spot.because else "") for spot in spots]


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
    return one_line(f"{service}:{''.join(words)}")


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
    if _drowns(account.judgement):
        return f"{_many_sign_ins(account.judgement)} drown{_because(account.judgement)}"
    return f"Nobody hears of {signin}{_because(account.judgement)}"


def _sign_in(judged: Judgement) -> str:
    asked = f"a console sign-in that the requirement {judged.requirement} names"
    return _SIGN_INS.get(judged.requirement, asked)


def _many_sign_ins(judged: Judgement) -> str:
    asked = f"Sign-ins that the requirement {judged.requirement} names"
    return _MANY_SIGN_INS.get(judged.requirement, asked)


def _because(judged: Judgement) -> str:
    """The link that decides, or what the answer hangs on."""
    weak = _weakest(judged)
    if weak is None and judged.depends_on:
        return f": {'; '.join(each.sentence for each in judged.depends_on)}."
    return f": {_found(weak)}." if weak else "."


def _weakest(judged: Judgement) -> Link | None:
    """The broken (or unknown) link of the chain that comes nearest to working."""
    chain = nearest(chain for chain in judged.chains if chain.verdict == judged.verdict)
    links = chain.links if chain else ()
    return next((link for link in links if link.verdict == judged.verdict), None)


def _drowns(judged: Judgement) -> bool:
    """Whether all that stands between a sign-in and a person is everything else they hear."""
    weak = _weakest(judged)
    works = any(chain.verdict == "intact" for chain in judged.chains)
    return weak is not None and weak.reason in _DROWNING and not works


def _catches_all(chain: Chain, judged: Judgement) -> bool:
    requirement = REQUIREMENTS.get(judged.requirement)
    if requirement is None:
        return False
    # A strict judgement names conceivable sign-ins among its blind spots.
    needed = {f.name for f in requirement.must_catch if f.grade == "observed"}
    return needed.union(spot.family for spot in judged.blind_spots) <= set(chain.covers)


def _grade(name: str) -> str | None:
    return _FAMILIES[name].grade if name in _FAMILIES else None


def _kind(name: str) -> str:
    return _FAMILIES[name].sentence if name in _FAMILIES else name


def _repaired(receipt: Receipt, signin: str) -> str | None:
    """What a repair says better than the judgement after it."""
    failed = next((step for step in receipt.steps if step.result == "failed"), None)
    if failed:
        return f"The repair stopped at the {link_name(failed.step)}: {failed.error or failed.why}."
    if (receipt.before, receipt.after) == ("broken", "intact"):
        return f"Repaired: {signin} reaches a person."
    return None


def _nameless(chain: Chain) -> str:
    absent = any(link.reason == "trail-absent" for link in chain.links)
    return "no trail" if absent else "the account's trails"


def _found(link: Link) -> str:
    return link.detail or link.resource or "nothing more is known"


def _short(resource: str | None) -> str | None:
    return short_name(resource) if resource else None


def _spot(spot: Spot) -> str:
    return spot.sentence or spot.family
