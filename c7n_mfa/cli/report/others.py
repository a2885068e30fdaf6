# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What our other policies left behind: those that respond, forward, release or remove.

They judge no chain. Each gets a line that says what it did, and what to do next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from .folder import Folder, shown
from .metadata import Metadata
from .shape import Node, short_name
from .values import Other, Outcome, Verdict

FORWARDING = "c7n:signin-forwarding"
_SIGN_IN = ("signin", "investigate-signin", "alert-signin")
ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "account": (
        *("signin-forwarding", "set-signin-forwarding", "remove-signin-forwarding"),
        *("remove-signin-monitoring", "test-signin-monitoring"),
        *_SIGN_IN,
    ),
    "iam-role": _SIGN_IN,
    "iam-user": (
        *("contained", "revoke-sessions", "require-mfa", "reset-password", "release"),
        *_SIGN_IN,
    ),
}
"""Our elements that judge no chain, by resource type."""

_A_FEW = 3
_SET = "set-signin-forwarding"
_FILTERS = ("signin-forwarding", "signin", "contained")
_IN_PLACE = {"done", "already"}
_DECLINED = {"skipped", "refused"}
_CONTAINING = {"revoke-sessions", "require-mfa", "reset-password"}
_BROKEN = "policies/respond/signin-forwarding-broken.yml"
_REPAIRED = "policies/respond/signin-forwarding-repaired.yml"
_RELEASED = "policies/respond/signin-user-released.yml"
_RELEASE = (
    f"To release a user: put the name into {_RELEASED}, then custodian run --cache-period 0 "
    f"-s output/release {_RELEASED}"
)
_FORWARD = f"Forward them: custodian run -s output/forwarding {_REPAIRED}"
_LOOK = f"Look again at the forwarding: custodian run -s output/forwarding {_BROKEN}"


def used(metadata: Metadata) -> tuple[str, ...]:
    """The elements of a policy that are ours and judge no chain."""
    ours = ELEMENTS.get(metadata.resource, ())
    return tuple(name for name in ours if name in metadata.elements)


def read_other(
    folder: Folder, metadata: Metadata, outcome: Outcome, resources: Node | None
) -> Other:
    """What one run of one policy did, from the files that custodian wrote for it."""
    acted = _acted(metadata, outcome, resources)
    receipts = _receipts(folder, used(metadata)) if acted else {}
    looked = resources if acted or metadata.dry_run else None
    found = folder.parsed("resources.json", lambda: _forwarding(looked)) if looked else None
    verdict, sentence = found or (None, None)
    did = [each.sentence for each in receipts.values()]
    # What it was before it was set is in the resources.
    after = receipts[_SET].after if _SET in receipts else None
    verdict = after or verdict
    kept = len(resources.value) if resources and isinstance(resources.value, list) else 0
    return Other(
        place=shown(folder.path),
        policy=metadata.policy,
        region=metadata.region,
        account_id=metadata.account_id,
        started=metadata.started,
        outcome=outcome,
        elements=used(metadata),
        verdict=verdict,
        sentence="; ".join(did) or sentence or _nothing_done(metadata, outcome, kept),
        next=tuple(_next(metadata, outcome, receipts, verdict)),
    )


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What one action did, and the verdict after it where it judges again."""

    sentence: str
    did: bool
    failed: tuple[str, ...]
    after: Verdict | None


def _acted(metadata: Metadata, outcome: Outcome, resources: Node | None) -> bool:
    # Custodian acts on what the filters kept, and leaves the receipts of an earlier run in place.
    kept = resources is not None and bool(resources.value)
    return outcome == "finished" and kept and not metadata.dry_run


def _receipts(folder: Folder, names: tuple[str, ...]) -> dict[str, _Receipt]:
    """What each action returned, by its name."""
    found: dict[str, _Receipt] = {}
    for name in (name for name in names if name not in _FILTERS):
        file = f"action-{name.replace('-', '')}"
        node = folder.node(file)
        receipt = folder.parsed(file, partial(_receipt, name, node)) if node else None
        if receipt:
            found[name] = receipt
            for failed in receipt.failed:
                folder.problem(f"{name} failed{failed}.", "Mend that, and run it again.", file)
    return found


def _receipt(name: str, node: Node) -> _Receipt | None:
    """One action's results, counted; whom it was done to, where that is not a crowd."""
    entries = list(node.items())
    if not entries:
        return None
    results = [result for entry in entries for result in _results(entry)]
    said = ", ".join(f"{count} {what}" for what, count in Counter(r[0] for r in results).items())
    whom = list(dict.fromkeys(_labelled(*result) for result in results if result[1]))
    named = f" ({', '.join(whom)})" if 0 < len(whom) <= _A_FEW else ""
    verdicts = [entries[0][when].maybe_text() for when in ("before", "after")]
    change = f", {verdicts[0]} before and {verdicts[1]} after" if all(verdicts) else ""
    return _Receipt(
        did=any(result in _IN_PLACE for result, *_ in results),
        sentence=f"{name}: {said or 'nothing to do'}{named}{change}",
        failed=tuple(f" on {w}: {why}" for result, w, why in results if result == "failed"),
        after=entries[0]["after"].verdict() if name == _SET else None,
    )


def _results(entry: Node) -> Iterator[tuple[str, str, str]]:
    """Each result of a receipt, whom it concerns, and why."""
    steps = [*entry["steps"].items(), *entry["drills"].items()]
    for step in steps or [entry] * (entry["steps"].value is None):
        result = step["result"].maybe_text() or "done"
        why = step["error"].maybe_text() or step["why"].maybe_text() or "no reason given"
        whom = _whom(step)
        # Of the steps of a plan there are many, and only those that failed are worth a name.
        yield result, whom if result == "failed" or not steps else "", why.rstrip(".")


def _labelled(result: str, who: str, why: str) -> str:
    """Whom, and why where it was declined; what failed is told with its reason elsewhere."""
    return f"{who}: {why}" if result in _DECLINED else who


def _whom(step: Node) -> str:
    said = step["subject"].maybe_text() or step["event_id"].maybe_text()
    resource = step["resource"].maybe_text() or step["alarm"].maybe_text() or "something unnamed"
    return said or short_name(resource).removeprefix("user/")


def _forwarding(resources: Node) -> tuple[Verdict, str] | None:
    """The verdict of the filter on the account it kept, and what is wrong."""
    kept = [account[FORWARDING] for account in resources.items() if account[FORWARDING].value]
    if not kept:
        return None
    verdict = kept[0]["verdict"].verdict()
    faulty = [row for row in kept[0]["regions"].items() if row["verdict"].value == verdict]
    names = [row["region"].text() for row in faulty]
    more = f" and {len(names) - _A_FEW} more" if len(names) > _A_FEW else ""
    where = f" in {', '.join(names[:_A_FEW])}{more}: {faulty[0]['detail'].text()}" if names else ""
    home = kept[0]["home"].text()
    what = "" if verdict == "intact" else where
    return verdict, f"the forwarding of sign-ins to {home} is {verdict}{what}"


def _nothing_done(metadata: Metadata, outcome: Outcome, kept: int) -> str:
    if outcome == "deployed":
        return f"deployed as the Lambda function {metadata.function}, whose log says what it does"
    if outcome == "failed":
        return "the run failed"
    what = f"its filters kept {kept or 'nothing'}"
    return f"a dry run: {what}" if metadata.dry_run else f"{what}, and nothing was done"


def _next(
    metadata: Metadata,
    outcome: Outcome,
    receipts: Mapping[str, _Receipt],
    forwarding: Verdict | None,
) -> Iterator[str]:
    if outcome == "deployed":
        where = f" --region {metadata.region}" if metadata.region else ""
        yield f"See what it did: aws logs tail /aws/lambda/{metadata.function} --since 1d{where}"
    if any(receipt.did for name, receipt in receipts.items() if name in _CONTAINING):
        yield _RELEASE
    if forwarding == "broken" and _SET not in receipts:
        yield _FORWARD
    elif forwarding in ("broken", "unknown"):
        yield _LOOK
