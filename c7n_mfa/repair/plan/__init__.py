# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The plan: from a judgement to the ordered steps that make the chain whole.  Pure, no AWS.

What works is adopted.  What is broken and not ours is left as it is, and a link of our own is built
beside it.  Where that is not possible the plan holds one refusal and no write at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from c7n_mfa.audit.values import Snapshot
from c7n_mfa.audit.verdicts import Chain, Judgement
from c7n_mfa.aws.arn import Arn
from c7n_mfa.repair.plan.alarm import alarm_arn, alarm_step
from c7n_mfa.repair.plan.delivery import delivery_steps
from c7n_mfa.repair.plan.metric import filter_steps, new_filter
from c7n_mfa.repair.plan.quotas import over_quota
from c7n_mfa.repair.plan.start import Start, Target, target
from c7n_mfa.repair.plan.topic import subscription_steps, topic_steps
from c7n_mfa.repair.values import InTheWay, Step, Wish

__all__ = ["Target", "make_plan", "target"]

# A subscription that cannot be made leaves the rest worth doing.
_OPTIONAL = "subscription"


def make_plan(
    judgement: Judgement, seen: Snapshot, in_the_way: InTheWay, wish: Wish
) -> tuple[Step, ...]:
    """The steps in order: delivery, topic, policy, subscriptions, metric filter, alarm."""
    if judgement.verdict == "intact":
        return ()
    if judgement.verdict == "unknown":
        chains = judgement.chains
        open_end = next((chain for chain in chains if chain.verdict == "unknown"), chains[0])
        return (_refuse(open_end, "the audit could not tell: "),)
    base = target(judgement, wish, seen)
    if base is None:
        return (_refuse(judgement.chains[0], ""),)
    owner = Arn.parse(base.log_group_arn).account
    if owner != seen.account_id:
        why = f"the log group is in account {owner}; run the repair there"
        return (Step("chain", "skipped", base.log_group_arn, why),)
    start = Start(seen, in_the_way, wish, base)
    steps = tuple(_steps(start))
    steps = (*steps, *over_quota(start, steps))
    refusals = tuple(step for step in steps if step.result == "skipped" and step.step != _OPTIONAL)
    return refusals or steps


def _steps(start: Start) -> Iterator[Step]:
    metric_filter = start.base.metric_filter or new_filter(start)
    arn = alarm_arn(start)
    yield from delivery_steps(start)
    yield from topic_steps(start, arn)
    yield from subscription_steps(start)
    yield from filter_steps(start, metric_filter)
    yield alarm_step(start, metric_filter, arn)


def _refuse(chain: Chain, before: str) -> Step:
    link = chain.last
    fix = f"; {link.fix}" if link.fix else ""
    return Step("chain", "skipped", link.resource, f"{before}{link.detail}{fix}")
