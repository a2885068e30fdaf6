# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sentences of a report, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.audit.reasons import LINKS
from c7n_mfa.audit.verdicts import Chain, Judgement, Link
from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.terminal import short_name
from c7n_mfa.proof import Dependency, Spot
from c7n_mfa.proof.families import FAMILIES
from c7n_mfa.proof.requirements import REQUIREMENTS

from .values import Account, JudgedFilter, OtherRun, RepairReceipt, RepairStep, Report, Source

REPAIR_POLICY = "policies/repair/signin-monitoring-repair.yml"
AUDIT_POLICY = "policies/audit/signin-monitoring-broken.yml"
WHERE_TO_READ = "Words: docs/vocabulary.md, reasons: docs/reasons.md"

_SIGN_INS = {
    "single-factor": "a console sign-in without MFA",
    "conformity": 'a console sign-in with MFAUsed = "No"',
    "cis": "a console sign-in of an IAM user or of root without MFA",
    "cis-iam-user": "a console sign-in of an IAM user without MFA",
}
# Reasons for which a sign-in notifies somebody, and so much else does that it means nothing.
_TOO_BROAD = {"filter-catches-everything", "metric-shared"}
_FILTER_STATES = {
    "never-fires": "no console sign-in at all matches its pattern",
    "misses": "sign-ins that must be caught do not match its pattern",
    "noisy": "it also fires on sign-ins that it should leave alone",
    "unknown": "what it catches could not be decided",
    "covers": "it catches every kind of sign-in that must be caught",
}
_KINDS = {family.name: family.sentence for family in FAMILIES}
_OBSERVED = {family.name for family in FAMILIES if family.grade == "observed"}
_YEAR_10000 = 253_402_300_800

Notes = Iterator[tuple[str, list[str]]]


# The report as a whole


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
                "UNKNOWN. No policy in it judges whether anybody is notified of a console sign-in "
                "without MFA; what they did is below."
            )
        return (
            "UNKNOWN. Could not tell whether anybody is notified of a console sign-in without MFA."
        )
    looked = sorted({run.source.policy for run in report.runs if run.metric_filters is not None})
    return f"INTACT. No metric filter was found by {listing(looked)}."


def other_line(other: OtherRun) -> str:
    """One line: which of the other policies, where, and what it did."""
    where = _where(other.source, ", ")
    return f"{other.source.policy}{f' ({where})' if where else ''}: {other.sentence}"


def _where(source: Source, separator: str) -> str:
    return separator.join(part for part in (source.account_id, source.region) if part)


def listing(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# An account


def headline(account: Account, report: Report) -> str:
    """One line: who, the verdict, and why."""
    name = f" ({account.name})" if account.name else ""
    verdict = account.verdict.upper()
    return f"{account.account_id}{name}: {verdict}. {_sentence(account)}{_which(account, report)}"


def account_title(account: Account, report: Report, joint: str) -> str:
    """The account, the requirement, and which judgement of it where there are several."""
    when = ", after the repair" if account.receipt else ""
    requirement = f"{account.account_id}{joint}{account.judgement.requirement}"
    return f"{requirement}{_which(account, report)}{when}"


def _which(account: Account, report: Report) -> str:
    """Whose judgement it is and of when, where an account has more than one."""
    if sum(account.account_id == other.account_id for other in report.accounts) < 2:
        return ""
    started = account.source.started
    known = 0 < started < _YEAR_10000
    when = f", {datetime.fromtimestamp(started, UTC):%Y-%m-%d %H:%M} UTC" if known else ""
    return f" ({account.source.policy}{when})"


def _sentence(account: Account) -> str:
    judgement = account.judgement
    signin = _sign_in(judgement)
    repaired = _repaired(account.receipt, signin) if account.receipt else None
    if repaired:
        return repaired
    if account.verdict == "intact":
        return f"{signin[0].upper()}{signin[1:]} reaches a person."
    if account.verdict == "unknown":
        return f"Could not tell whether anybody is notified of {signin}{_because(judgement)}"
    if any(chain.verdict == "intact" for chain in judgement.chains):
        missed = "; ".join(_spot(spot) for spot in judgement.blind_spots)
        return f"Some sign-ins reach a person, and nobody is notified when {missed}."
    if _is_too_broad(judgement):
        return f"The alarm for {signin} is too broad{_because(judgement)}"
    return f"Nobody is notified of {signin}{_because(judgement)}"


def _sign_in(judgement: Judgement) -> str:
    named = f"a console sign-in that the requirement {judgement.requirement} names"
    return _SIGN_INS.get(judgement.requirement, named)


def _repaired(receipt: RepairReceipt, signin: str) -> str | None:
    """What a repair says better than the judgement after it."""
    failed = next((step for step in receipt.steps if step.result == "failed"), None)
    if failed:
        return f"The repair stopped at the {link_name(failed.step)}: {failed.error or failed.why}."
    if (receipt.before, receipt.after) == ("broken", "intact"):
        return f"Repaired: {signin} reaches a person."
    return None


def _because(judgement: Judgement) -> str:
    """The link that decides, or what the answer depends on."""
    weakest = _weakest(judgement)
    if weakest is None and judgement.depends_on:
        return f": {'; '.join(dependency.sentence for dependency in judgement.depends_on)}."
    return f": {_what(weakest)}." if weakest else "."


def _weakest(judgement: Judgement) -> Link | None:
    """The broken (or unknown) link of the chain that comes nearest to working."""
    chain = nearest(chain for chain in judgement.chains if chain.verdict == judgement.verdict)
    links = chain.links if chain else ()
    return next((link for link in links if link.verdict == judgement.verdict), None)


def nearest(chains: Iterable[Chain]) -> Chain | None:
    """The chain that gets furthest before it stops working."""
    return max(
        chains,
        key=lambda chain: sum(link.verdict == "intact" for link in chain.links),
        default=None,
    )


def _is_too_broad(judgement: Judgement) -> bool:
    """Whether all that keeps a sign-in from a person is everything else that notifies them."""
    weakest = _weakest(judgement)
    works = any(chain.verdict == "intact" for chain in judgement.chains)
    return weakest is not None and weakest.reason in _TOO_BROAD and not works


def notes(judgement: Judgement) -> Notes:
    """What there is to say about sign-ins: titles with sentences."""
    broad = _is_too_broad(judgement)
    missed = "hidden among other notifications when" if broad else "nobody is notified when"
    yield _titled(missed, judgement.blind_spots)
    # Without a working chain nobody is notified anyway.
    if any(chain.verdict == "intact" for chain in judgement.chains):
        yield _titled("advice: nobody would be notified if", judgement.advice)
    yield _titled("noise: somebody is also notified when", judgement.noise)
    yield _depends_on(judgement.depends_on)
    yield "Region by Region", list(_regions(judgement))
    yield (
        "other ways of notification, which are not judged",
        [route.detail for route in judgement.routes or ()],
    )


def _regions(judgement: Judgement) -> Iterator[str]:
    """The table of Regions, where each was asked for; those with one answer share a line."""
    if len(judgement.regions) < 2:
        return
    groups: dict[tuple[str, str], list[str]] = {}
    for row in judgement.regions:
        known = row.chain is not None and 0 <= row.chain < len(judgement.chains)
        through = chain_name(judgement.chains[row.chain or 0]) if known else "no trail records it"
        groups.setdefault((row.verdict, through), []).append(row.region)
    for (verdict, through), names in groups.items():
        yield f"{listing(names)}: {verdict}, {through or 'an unnamed chain'}"


def _titled(title: str, spots: Sequence[Spot]) -> tuple[str, list[str]]:
    """A title with a sentence a spot; a reason they all share is said once."""
    reasons = {spot.because for spot in spots}
    if len(spots) > 1 and len(reasons) == 1 and reasons != {""}:
        return f"{title} ({reasons.pop()})", [_spot(spot) for spot in spots]
    return title, [_spot(spot) + (f": {spot.because}" if spot.because else "") for spot in spots]


def _depends_on(dependencies: Sequence[Dependency]) -> tuple[str, list[str]]:
    return "the answer depends on", [dependency.sentence for dependency in dependencies]


def _spot(spot: Spot) -> str:
    return spot.sentence or spot.family


# A chain and its links


def chain_title(chain: Chain) -> str:
    """The name of a chain and its verdict."""
    return f"{chain_name(chain) or _nameless(chain)}: {chain.verdict}"


def chain_name(chain: Chain) -> str:
    """What the chain leads through, as a person calls it."""
    return " → ".join(short_name(link.resource) for link in chain.links if _names_chain(link))


def _names_chain(link: Link) -> bool:
    """A trail has an ARN, whatever is wrong with it; other links have to be intact."""
    if link.link == "trail":
        return link.resource.startswith("arn:")
    named = link.link in ("log-group", "metric-filter") and link.verdict == "intact"
    return named and bool(link.resource)


def _nameless(chain: Chain) -> str:
    absent = any(link.reason == "trail-absent" for link in chain.links)
    return "no trail" if absent else "the account's trails"


def catches(chain: Chain, judgement: Judgement) -> str | None:
    """What one chain adds, where it is not alone."""
    alone = len(judgement.chains) < 2 and not judgement.blind_spots
    if alone or not chain.covers:
        return None
    if _catches_all(chain, judgement):
        return "catches every kind of sign-in that must be caught"
    observed = [name for name in chain.covers if name in _OBSERVED]
    return f"catches: {'; '.join(_KINDS.get(name, name) for name in observed or chain.covers)}"


def _catches_all(chain: Chain, judgement: Judgement) -> bool:
    requirement = REQUIREMENTS.get(judgement.requirement)
    if requirement is None:
        return False
    # A strict judgement names sign-ins that are only possible among its blind spots.
    needed = _OBSERVED.intersection(family.name for family in requirement.must_catch)
    return needed.union(spot.family for spot in judgement.blind_spots) <= set(chain.covers)


def link_name(link: str) -> str:
    """`log-group` as a person says it."""
    return link.replace("-", " ")


def link_sentence(link: Link) -> str:
    """What was found on one link."""
    if link.verdict == "intact":
        return _what(link)
    hub = f" (Security Hub: {link.security_hub})" if link.security_hub else ""
    return f"{link.verdict.upper()}, {link.reason or 'no reason given'}: {_what(link)}{hub}"


def link_advice(link: Link) -> Iterator[str]:
    """What to do about one link."""
    if link.fix:
        yield f"fix: {link.fix}"
    if link.permission:
        yield f"needs the permission {link.permission}"


def not_reached(chain: Chain) -> list[str]:
    """The links that follow the last one looked at."""
    reached = {link.link for link in chain.links}
    return [name for name in LINKS if name not in reached]


def _what(link: Link) -> str:
    return link.detail or link.resource or "nothing more is known"


# A step of a repair


def step_sentence(step: RepairStep) -> str:
    """What a step did, why, by which call, and what went wrong."""
    resource = short_name(step.resource) if step.resource else None
    call = " ".join(part for part in (call_name(step.call), resource) if part)
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


# A metric filter


def filter_headline(metric_filter: JudgedFilter) -> str:
    """One line: which metric filter, the verdict, and why."""
    # A filter that never fires misses everything, which goes without saying.
    states = metric_filter.coverage.states
    shown = [state for state in states if state != "misses" or "never-fires" not in states]
    why = "; ".join(_FILTER_STATES.get(state, state) for state in shown)
    where = _where(metric_filter.source, ", ") or metric_filter.source.policy
    return f"{where}: {metric_filter.verdict.upper()}. M{filter_name(metric_filter)[1:]}: {why}."


def filter_title(metric_filter: JudgedFilter) -> str:
    """The name of a metric filter, and the states that it is in."""
    return f"{filter_name(metric_filter)}: {', '.join(metric_filter.coverage.states)}"


def filter_name(metric_filter: JudgedFilter) -> str:
    return f"metric filter {metric_filter.name} of log group {metric_filter.log_group}"


def filter_place(metric_filter: JudgedFilter) -> str:
    """Where a metric filter is, in a sentence that begins with it."""
    where = _where(metric_filter.source, " ")
    name = filter_name(metric_filter)
    return f"In {where}, {name}" if where else f"M{name[1:]}"


def filter_pattern(metric_filter: JudgedFilter) -> str:
    """The pattern as it is."""
    return f"pattern: {metric_filter.pattern or 'none, which matches everything'}"


def filter_notes(metric_filter: JudgedFilter) -> Notes:
    """What there is to say about a metric filter's pattern: titles with sentences."""
    coverage = metric_filter.coverage
    yield _titled("silent when", coverage.blind_spots)
    if "noisy" in coverage.states:
        yield _titled("noise: it also fires when", coverage.noise)
    yield _depends_on(coverage.depends_on)
