# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Where a plan starts: the chain that repair completes, and what of it can be kept."""

from __future__ import annotations

from c7n_mfa.audit.alarm import topics_of
from c7n_mfa.audit.values import MetricFilter, Snapshot
from c7n_mfa.audit.verdicts import Chain, Judgement
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.frozen import frozen
from c7n_mfa.repair.values import GROUP_NAME, Existing, RepairOptions


@frozen
class Target:
    """Where the repaired chain runs: the log group, and the links that are adopted.

    ``progress`` says how much of the chain is kept: 1 its log group, 2 its filter, 3 its alarm,
    4 its topic; 0 when the log group is still to be made for the trail ``deliver_from``.
    ``own_role``: the trail has delivered to nothing, so it needs a role too.
    """

    log_group_arn: str
    metric_filter: MetricFilter | None
    chain: Chain
    topic_arn: str
    progress: int
    deliver_from: str | None = None
    own_role: bool = False


@frozen
class Start:
    """All that a plan is made from."""

    snapshot: Snapshot
    existing: Existing
    options: RepairOptions
    target: Target


def choose_target(
    judgement: Judgement, options: RepairOptions, snapshot: Snapshot
) -> Target | None:
    """The chain that repair completes: the one that works furthest; ``None`` without a log group.

    A metric filter is adopted when it covers the requirement alone, its alarm when it would fire,
    and the alarm's topic unless the policy asks for another one.
    """
    usable = [chain for chain in judgement.chains if _reached(chain, "log-group")]
    if not usable:
        return _to_be_delivered(judgement, options, snapshot) if options.log_delivery else None
    chain = max(usable, key=lambda chain: _progress(chain, options))
    progress = _progress(chain, options)
    topic = _topic_in(options, chain.links[1].resource)
    if progress >= 3 and not options.topic_given:
        topic = _fixable_topic(chain) or topic
    adopted = chain.metric_filter if progress >= 2 else None
    return Target(chain.links[1].resource, adopted, chain, topic, progress)


def _to_be_delivered(
    judgement: Judgement, options: RepairOptions, snapshot: Snapshot
) -> Target | None:
    """A trail that lacks nothing but a log group that exists."""
    for chain in judgement.chains:
        trail = chain.links[0].resource
        gone = _gone_group(chain, snapshot)
        if gone:
            return Target(gone, None, chain, _topic_in(options, gone), 0, trail)
        if chain.last.reason == "log-group-unset":
            where = Arn.parse(trail)
            place = f"arn:{where.partition}:logs:{where.region}:{where.account}"
            group = f"{place}:log-group:{GROUP_NAME}:*"
            topic = _topic_in(options, group)
            return Target(group, None, chain, topic, 0, trail, own_role=True)
    return None


def _gone_group(chain: Chain, snapshot: Snapshot) -> str | None:
    """The log group that the chain's trail names and that is gone.

    AWS then says that the delivery fails, which is the first fault that is named.
    """
    if chain.last.reason == "log-group-gone":
        return chain.last.resource
    if chain.last.reason not in _FAILING or isinstance(snapshot.trails, ReadFailure):
        return None
    named = (t.log_group_arn for t in snapshot.trails if t.arn == chain.last.resource)
    return next((arn for arn in named if arn and snapshot.log_groups.get(arn, ...) is None), None)


_FAILING = ("trail-delivery-failing", "trail-delivery-stale", "trail-quiet")


def _progress(chain: Chain, options: RepairOptions) -> int:
    """How much of a chain can be kept, as in :class:`Target`."""
    if not chain.coverage or chain.coverage.verdict != "covers" or not _reached(chain, "metric"):
        return 1
    alone = 2 if _suits_a_new_alarm(chain.metric_filter) else 1
    if not _reached(chain, "alarm") or chain.alarm is None:
        return alone
    if options.topic_given:
        topic = _topic_in(options, chain.links[1].resource)
        return 4 if topic in topics_of(chain.alarm) else alone
    if _fixable_topic(chain) is None:
        return alone
    return 4 if _reached(chain, "topic") else 3


def _suits_a_new_alarm(metric_filter: MetricFilter | None) -> bool:
    """Would Sum >= 1 fire on one match, and only then?"""
    if metric_filter is None:
        return False
    return float(metric_filter.value) >= 1 and not metric_filter.default


def _reached(chain: Chain, name: str) -> bool:
    return any(link.link == name and link.verdict == "intact" for link in chain.links)


def _fixable_topic(chain: Chain) -> str | None:
    """The chain's topic, when it works or a policy statement would make it work."""
    for link in chain.links:
        if link.link == "topic" and (
            link.verdict == "intact" or link.reason == "topic-refuses-alarms"
        ):
            return link.resource
    return None


def _topic_in(options: RepairOptions, group_arn: str) -> str:
    """The ARN of the option's topic; a name is one in the log group's account and Region."""
    if options.topic.startswith("arn:"):
        return options.topic
    where = Arn.parse(group_arn)
    return f"arn:{where.partition}:sns:{where.region}:{where.account}:{options.topic}"
