# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The plan: from a judgement to the ordered steps that make the chain whole.  Pure, no AWS.

What works is adopted.  What is broken and not ours is left as it is, and a link of our own is built
beside it.  Where that is not possible the plan holds one refusal and no write at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from c7n_mfa.chain.judge import drowning
from c7n_mfa.chain.links import hears, judge_alarm, judge_key, may_publish, topics_of
from c7n_mfa.chain.reasons import REASONS
from c7n_mfa.chain.shapes import log_group_name
from c7n_mfa.chain.values import Arn, MetricFilter, Snapshot, Subscription, Topic, Unseen
from c7n_mfa.chain.verdicts import Chain, Judgement
from c7n_mfa.repair import calls
from c7n_mfa.repair.values import InTheWay, Step, Wish
from c7n_mfa.requirements import REQUIREMENTS


def make_plan(
    judgement: Judgement, seen: Snapshot, in_the_way: InTheWay, wish: Wish
) -> tuple[Step, ...]:
    """The steps, in the order topic, policy, subscriptions, metric filter, alarm."""
    if judgement.verdict == "intact":
        return ()
    if judgement.verdict == "unknown":
        chains = judgement.chains
        open_end = next((chain for chain in chains if chain.verdict == "unknown"), chains[0])
        return (_refuse("chain", open_end, "the audit could not tell: "),)
    base = target(judgement, wish)
    if base is None:
        return (_refuse("chain", judgement.chains[0], ""),)
    steps = tuple(_Planner(judgement, seen, in_the_way, wish, base).steps())
    refusals = tuple(step for step in steps if step.result == "skipped" and step.step != _OPTIONAL)
    return refusals or steps


# A subscription that cannot be made leaves the rest worth doing.
_OPTIONAL = "subscription"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the repaired chain runs: the log group, and the links that are adopted."""

    log_group_arn: str
    metric_filter: MetricFilter | None
    chain: Chain
    topic_arn: str


def target(judgement: Judgement, wish: Wish) -> Target | None:
    """The chain that repair completes: the one that works furthest; ``None`` without a log group.

    A metric filter is adopted when it covers the requirement alone, its alarm when it would fire,
    and the alarm's topic unless the policy asks for another one.
    """
    usable = [chain for chain in judgement.chains if _reached(chain, "log-group")]
    if not usable:
        return None
    chain = max(usable, key=lambda chain: _progress(chain, wish))
    group = chain.links[1].resource
    adopted = chain.metric_filter if _progress(chain, wish) >= 2 else None
    topic = _wished_topic(wish, chain)
    if _progress(chain, wish) >= 3 and not wish.topic_given:
        topic = _mendable_topic(chain) or topic
    return Target(group, adopted, chain, topic)


def _progress(chain: Chain, wish: Wish) -> int:
    """How much of a chain can be kept: 1 its log group, 2 its filter, 3 its alarm, 4 its topic."""
    if not chain.coverage or chain.coverage.verdict != "covers" or not _reached(chain, "metric"):
        return 1
    alone = 2 if _suits_our_alarm(chain.metric_filter) else 1
    if not _reached(chain, "alarm") or chain.alarm is None:
        return alone
    if wish.topic_given:
        return 4 if _wished_topic(wish, chain) in topics_of(chain.alarm) else alone
    if _mendable_topic(chain) is None:
        return alone
    return 4 if _reached(chain, "topic") else 3


def _suits_our_alarm(metric_filter: MetricFilter | None) -> bool:
    """Would Sum >= 1 fire on one match, and only then?"""
    if metric_filter is None:
        return False
    return float(metric_filter.value) >= 1 and not metric_filter.default


def _reached(chain: Chain, link: str) -> bool:
    return any(each.link == link and each.verdict == "intact" for each in chain.links)


def _mendable_topic(chain: Chain) -> str | None:
    """The chain's topic, when it works or a policy statement would make it work."""
    for link in chain.links:
        if link.link == "topic" and (
            link.verdict == "intact" or link.reason == "topic-refuses-alarms"
        ):
            return link.resource
    return None


def _wished_topic(wish: Wish, chain: Chain) -> str:
    """The ARN of the option's topic; a name is one in the log group's account and Region."""
    if wish.topic.startswith("arn:"):
        return wish.topic
    group = Arn.parse(chain.links[1].resource)
    return f"arn:{group.partition}:sns:{group.region}:{group.account}:{wish.topic}"


def _refuse(step: str, chain: Chain, before: str) -> Step:
    link = chain.last
    fix = f"; {link.fix}" if link.fix else ""
    return Step("chain", "skipped", link.resource, f"{before}{link.detail}{fix}")


def _names(wished: str) -> Iterator[str]:
    """The wished name, and others like it for when it is taken."""
    yield wished
    yield f"{wished}-c7n-mfa"
    yield from (f"{wished}-c7n-mfa-{number}" for number in itertools.count(2))


def _may_hear(subscription: Subscription) -> bool:
    return hears(subscription) is not False


def _existing(subscription: Subscription) -> Step:
    """A subscription that is there: adopted, unless nothing gets through to it."""
    resource = f"{subscription.protocol}:{subscription.endpoint}"
    if subscription.pending:
        why = "it waits to be confirmed: " + REASONS["subscription-pending"].fix
        return Step("subscription", "adopted", resource, why)
    if not _may_hear(subscription):
        reason = REASONS["subscription-filtered"]
        return Step("subscription", "skipped", resource, f"{reason.meaning}; {reason.fix}")
    return Step("subscription", "adopted", resource, "it is subscribed")


@dataclass(frozen=True, slots=True)
class _Planner:
    judgement: Judgement
    seen: Snapshot
    in_the_way: InTheWay
    wish: Wish
    base: Target

    def steps(self) -> Iterator[Step]:
        metric_filter = self.base.metric_filter or self._new_filter()
        alarm_arn = self._alarm_arn()
        yield from self._topic_steps(alarm_arn)
        yield from self._subscription_steps()
        yield self._filter_step(metric_filter)
        yield self._alarm_step(metric_filter, alarm_arn)

    # Topic

    def _topic_steps(self, alarm_arn: str) -> Iterator[Step]:
        arn, topic = self.base.topic_arn, self.in_the_way.topic
        region = Arn.parse(self.base.log_group_arn).region
        if Arn.parse(arn).region != region:
            why = f"an alarm notifies topics of its own Region only; give one in {region}"
            yield Step("topic", "skipped", arn, why)
        elif isinstance(topic, Unseen):
            yield Step("topic", "skipped", arn, topic.sentence())
        elif topic is None and self.wish.topic.startswith("arn:"):
            why = "the topic of the policy's option does not exist; create it or leave it out"
            yield Step("topic", "skipped", arn, why)
        elif topic is None:
            why = "no topic carries the alarm's notifications"
            yield calls.create_topic(arn, why, self.wish)
            yield calls.put_statement(arn, None, self.seen.account_id)
        else:
            yield from self._adopt_topic(arn, topic, alarm_arn)

    def _adopt_topic(self, arn: str, topic: Topic, alarm_arn: str) -> Iterator[Step]:
        account = self.seen.account_id
        key = judge_key(topic, Arn.parse(arn).resource, account, alarm_arn)
        if key.verdict == "broken":
            yield Step("topic", "skipped", arn, f"{key.detail}; {key.fix}")
            return
        yield Step("topic", "adopted", arn, "the topic exists")
        if may_publish(topic, alarm_arn, account) is not True:
            mended = replace(topic, policy=calls.with_statement(arn, topic.policy, account))
            if may_publish(mended, alarm_arn, account) is True:
                yield calls.put_statement(arn, topic.policy, account)
            else:
                why = "a statement of its policy denies CloudWatch alarms; take that one out"
                yield Step("topic-policy", "skipped", arn, why)

    # Subscriptions

    def _subscription_steps(self) -> Iterator[Step]:
        existing = self.in_the_way.subscriptions
        if isinstance(existing, Unseen):
            yield Step("subscription", "skipped", self.base.topic_arn, existing.sentence())
            return
        live = [s for s in existing if s.confirmed or s.pending]
        if not self.wish.subscriptions and not any(s.confirmed and _may_hear(s) for s in live):
            yield self._nobody_hears(live)
        for protocol, endpoint in self.wish.subscriptions:
            yield self._subscription_step(live, protocol, endpoint)

    def _nobody_hears(self, live: Sequence[Subscription]) -> Step:
        if live:
            return _existing(live[0])
        why = "nobody is subscribed and the policy names no subscription; add subscriptions:"
        return Step("subscription", "skipped", self.base.topic_arn, why)

    def _subscription_step(
        self, live: Sequence[Subscription], protocol: str, endpoint: str
    ) -> Step:
        for subscription in live:
            if (subscription.protocol, subscription.endpoint) == (protocol, endpoint):
                return _existing(subscription)
        return calls.subscribe(self.base.topic_arn, protocol, endpoint)

    # Metric filter

    def _new_filter(self) -> MetricFilter:
        requirement = REQUIREMENTS[self.wish.requirement]
        wished = MetricFilter(
            name=self._filter_name(),
            log_group_arn=self.base.log_group_arn,
            pattern=requirement.canonical_for(self.wish.strict),
            namespace=self.wish.namespace,
            metric=self.wish.metric_name,
        )
        # A metric that somebody else's filter writes every day can carry no alarm of ours.
        metrics = (replace(wished, metric=name) for name in _names(self.wish.metric_name))
        return next(f for f in metrics if drowning(self.seen, requirement, f) is None)

    def _filter_name(self) -> str:
        """A metric filter cannot carry tags, so one that bears the name already is not ours."""
        filters = self.seen.filters.get(self.base.log_group_arn, ())
        taken = {f.name for f in filters} if not isinstance(filters, Unseen) else set()
        return next(name for name in _names(self.wish.filter_name) if name not in taken)

    def _filter_step(self, metric_filter: MetricFilter) -> Step:
        if self.base.metric_filter:
            why = "it catches every sign-in of the requirement"
            return Step("metric-filter", "adopted", metric_filter.name, why)
        why = "no metric filter catches every sign-in of the requirement"
        group = log_group_name(self.base.log_group_arn)
        return calls.put_metric_filter(metric_filter, group, why)

    # Alarm

    def _alarm_arn(self) -> str:
        chain = self.base.chain
        if _progress(chain, self.wish) >= 3 and chain.alarm:
            return chain.alarm.arn
        where = Arn.parse(self.base.log_group_arn)
        return (
            f"arn:{where.partition}:cloudwatch:{where.region}:{where.account}:"
            f"alarm:{self.wish.alarm_name}"
        )

    def _alarm_step(self, metric_filter: MetricFilter, alarm_arn: str) -> Step:
        if _progress(self.base.chain, self.wish) >= 3:
            return Step("alarm", "adopted", alarm_arn, "it fires on one sign-in")
        existing = self.in_the_way.alarm
        if isinstance(existing, Unseen):
            return Step("alarm", "skipped", alarm_arn, existing.sentence())
        if existing is None:
            why = "no alarm on the metric notifies the topic when one sign-in is seen"
            return calls.put_alarm(metric_filter, self.base.topic_arn, alarm_arn, self.wish, why)
        works = judge_alarm(existing, metric_filter).verdict == "intact"
        same_metric = (existing.namespace, existing.metric) == (
            metric_filter.namespace,
            metric_filter.metric,
        )
        if works and same_metric and self.base.topic_arn in existing.actions:
            return Step("alarm", "adopted", alarm_arn, "it fires on one sign-in")
        if self.in_the_way.alarm_is_ours:
            why = "our alarm does not notify the topic when one sign-in is seen"
            return calls.put_alarm(
                metric_filter, self.base.topic_arn, alarm_arn, self.wish, why, existing
            )
        why = (
            f"an alarm named {existing.name} exists, watches {existing.namespace}/"
            f"{existing.metric} and is not ours (no tag {calls.OWNER_TAG}); "
            "rename it, or give the action another alarm-name"
        )
        return Step("alarm", "skipped", alarm_arn, why)
