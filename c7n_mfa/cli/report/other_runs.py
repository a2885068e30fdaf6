# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What policies left behind that judge no chain: those that respond, forward, release or remove.

Each gets a line that says what it did, and what to do next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from c7n_mfa.audit.reasons import VERDICTS, Verdict
from c7n_mfa.cli.terminal import short_name
from c7n_mfa.entry import ELEMENTS
from c7n_mfa.frozen import frozen
from c7n_mfa.shape import Node

from .files import Folder, Metadata
from .values import OtherRun, Outcome

_ANNOTATION = "c7n:signin-forwarding"

_A_FEW = 3
_SET = "set-signin-forwarding"
_DECLINED = {"skipped", "refused"}
# That of aws.change, which needs botocore: a report reads files alone.
_IN_PLACE = {"done", "already"}
_ACTIONS = {element.name for element in ELEMENTS if element.kind == "action"}
_CONTAINING = {element.name for element in ELEMENTS if element.contains}
_BROKEN = "policies/respond/signin-forwarding-broken.yml"
_REPAIRED = "policies/respond/signin-forwarding-repair.yml"
_RELEASED = "policies/respond/signin-user-release.yml"
_RELEASE = (
    f"To release a user: put the name into {_RELEASED}, then custodian run --cache-period 0 "
    f"-s output/release {_RELEASED}"
)
_FORWARD = f"Forward them: custodian run -s output/forwarding {_REPAIRED}"
_LOOK = f"Look again at the forwarding: custodian run -s output/forwarding {_BROKEN}"


def used(metadata: Metadata) -> tuple[str, ...]:
    """The filters and actions of c7n-mfa in a policy that judge no chain."""
    others = (e for e in ELEMENTS if metadata.resource in e.resources and not e.judges)
    return tuple(element.name for element in others if element.name in metadata.elements)


def read_other(
    folder: Folder, metadata: Metadata, outcome: Outcome, resources: Node | None
) -> OtherRun:
    """What one run of one policy did, from the files that custodian wrote for it."""
    # Custodian acts on what the filters kept, and leaves the receipts of an earlier run in place.
    kept = resources if outcome == "finished" and resources and resources.value else None
    receipts = _receipts(folder, used(metadata)) if kept and not metadata.dry_run else {}
    judged = folder.parsed("resources.json", partial(_forwarding, kept)) if kept else None
    verdict, sentence = judged or (None, None)
    # What it was before it was set is in the resources.
    after = receipts[_SET].after if _SET in receipts else None
    verdict = after or verdict
    actions = "; ".join(receipt.sentence for receipt in receipts.values())
    return OtherRun(
        source=metadata.source,
        outcome=outcome,
        elements=used(metadata),
        verdict=verdict,
        sentence=actions or sentence or _nothing_done(metadata, outcome, resources),
        next=tuple(_next(metadata, outcome, receipts, verdict)),
    )


@frozen
class _Receipt:
    """What one action did, and the verdict after it where it judges again."""

    sentence: str
    did: bool
    failed: tuple[str, ...]
    after: Verdict | None


def _receipts(folder: Folder, names: tuple[str, ...]) -> dict[str, _Receipt]:
    """What each action returned, by its name."""
    receipts: dict[str, _Receipt] = {}
    for name in (name for name in names if name in _ACTIONS):
        file = f"action-{name.replace('-', '')}"
        receipt = folder.read(file, partial(_receipt, name))
        if receipt:
            receipts[name] = receipt
            for failed in receipt.failed:
                folder.problem(f"{name} failed{failed}.", "Fix that, and run it again.", file)
    return receipts


@frozen
class _Result:
    """One result of an action: what it is, whom it concerns, and why."""

    result: str
    who: str
    why: str

    def __str__(self) -> str:
        """Whom, and why where it was declined; what failed is a problem with its reason."""
        return f"{self.who}: {self.why}" if self.result in _DECLINED else self.who


def _receipt(name: str, node: Node) -> _Receipt | None:
    """One action's results, counted; whom it was done to, where that is not a crowd."""
    entries = list(node.items())
    if not entries:
        return None
    results = [result for entry in entries for result in _results(entry)]
    counts = Counter(result.result for result in results)
    counted = ", ".join(f"{count} {result}" for result, count in counts.items())
    whom = list(dict.fromkeys(str(result) for result in results if result.who))
    named = f" ({', '.join(whom)})" if 0 < len(whom) <= _A_FEW else ""
    verdicts = [entries[0][when].maybe_text() for when in ("before", "after")]
    change = f", {verdicts[0]} before and {verdicts[1]} after" if all(verdicts) else ""
    return _Receipt(
        did=not _IN_PLACE.isdisjoint(counts),
        sentence=f"{name}: {counted or 'nothing to do'}{named}{change}",
        failed=tuple(f" on {r.who}: {r.why}" for r in results if r.result == "failed"),
        after=entries[0]["after"].one_of(VERDICTS) if name == _SET else None,
    )


def _results(entry: Node) -> Iterator[_Result]:
    steps = [*entry["steps"].items(), *entry["drills"].items()]
    for step in steps or [entry] * (entry["steps"].value is None):
        result = step["result"].maybe_text() or "done"
        why = step["error"].maybe_text() or step["why"].maybe_text() or "no reason given"
        whom = _whom(step)
        # Of the steps of a plan there are many, and only those that failed are worth a name.
        yield _Result(result, whom if result == "failed" or not steps else "", why.rstrip("."))


def _whom(step: Node) -> str:
    subject = step["subject"].maybe_text() or step["event_id"].maybe_text()
    resource = step["resource"].maybe_text() or step["alarm"].maybe_text() or "something unnamed"
    return subject or short_name(resource).removeprefix("user/")


def _forwarding(resources: Node) -> tuple[Verdict, str] | None:
    """The verdict of the filter on the account it kept, and what is wrong."""
    kept = [account[_ANNOTATION] for account in resources.items() if account[_ANNOTATION].value]
    if not kept:
        return None
    verdict = kept[0]["verdict"].one_of(VERDICTS)
    faulty = [row for row in kept[0]["regions"].items() if row["verdict"].value == verdict]
    names = [row["region"].text() for row in faulty]
    more = f" and {len(names) - _A_FEW} more" if len(names) > _A_FEW else ""
    where = f" in {', '.join(names[:_A_FEW])}{more}: {faulty[0]['detail'].text()}" if names else ""
    home = kept[0]["home"].text()
    what = "" if verdict == "intact" else where
    return verdict, f"the forwarding of sign-ins to {home} is {verdict}{what}"


def _nothing_done(metadata: Metadata, outcome: Outcome, resources: Node | None) -> str:
    if outcome == "deployed":
        return f"deployed as the Lambda function {metadata.function}, whose log says what it does"
    if outcome == "failed":
        return "the run failed"
    kept = len(resources.value) if resources and isinstance(resources.value, list) else 0
    what = f"its filters kept {kept or 'nothing'}"
    return f"a dry run: {what}" if metadata.dry_run else f"{what}, and nothing was done"


def _next(
    metadata: Metadata,
    outcome: Outcome,
    receipts: Mapping[str, _Receipt],
    forwarding: Verdict | None,
) -> Iterator[str]:
    if outcome == "deployed":
        region = metadata.source.region
        where = f" --region {region}" if region else ""
        yield f"See what it did: aws logs tail /aws/lambda/{metadata.function} --since 1d{where}"
    if any(receipt.did for name, receipt in receipts.items() if name in _CONTAINING):
        yield _RELEASE
    if forwarding == "broken" and _SET not in receipts:
        yield _FORWARD
    elif forwarding in ("broken", "unknown"):
        yield _LOOK
