# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Looking for what a repair has made: on the path of the chains, and under the options' names.

AWS has no list of all that carries a tag that every Region and every fake answers alike, so the
candidates are few and known, and each of them is asked for its tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import Alarm, LogGroup, Snapshot, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.repair import delivery_calls
from c7n_mfa.repair.existing import alarm_tags, group_tags, see_group, see_role, topic_tags
from c7n_mfa.repair.records import bare, filter_key, is_ours
from c7n_mfa.repair.removal.found import Found, FoundAlarm, FoundGroup, FoundTopic, Item
from c7n_mfa.repair.values import Role, Wish


def find_ours(session: Any, seen: Snapshot, wish: Wish) -> Found:
    """All that may be ours, with its tags, and what else hangs on it."""
    return _Finder(Reader(session), seen, wish).find()


class _Finder:
    def __init__(self, reader: Reader, seen: Snapshot, wish: Wish) -> None:
        self.reader = reader
        self.seen = seen
        self.wish = wish
        self.unseen: list[ReadFailure] = []

    def find(self) -> Found:
        alarms = tuple(self._alarms())
        groups = tuple(self._groups(alarms))
        topics = tuple(self._topics(alarms))
        role = see_role(self.reader, self.seen.region)
        return Found(
            account_id=self.seen.account_id,
            alarms=alarms,
            groups=groups,
            topics=topics,
            role=role if isinstance(role, Role) and role.ours else None,
            trails=self._trails(role),
            region=self.seen.region,
            unseen=tuple(self.unseen),
        )

    def _noted(self, answer: Any) -> Any:
        """The answer; a look that failed is noted, and is nothing found."""
        if isinstance(answer, ReadFailure):
            self.unseen.append(answer)
            return None
        return answer

    def _regions(self) -> Iterable[str]:
        """Where a repair of this account would have built anything."""
        groups = (Arn.parse(arn).region for arn in self.seen.log_groups)
        trails = (trail.home_region for trail in self._own_trails())
        return dict.fromkeys((*groups, *trails, self.seen.region))

    def _own_trails(self) -> Iterator[Trail]:
        for trail in () if isinstance(self.seen.trails, ReadFailure) else self.seen.trails:
            if trail.multi_region and Arn.parse(trail.arn).account == self.seen.account_id:
                yield trail

    # Alarms

    def _on_path(self) -> Iterator[Alarm]:
        for alarms in self.seen.alarms.values():
            if not isinstance(alarms, ReadFailure):
                yield from alarms

    def _alarms(self) -> Iterator[FoundAlarm]:
        for region in self._regions():
            here = [a.name for a in self._on_path() if Arn.parse(a.arn).region == region]
            names = list(dict.fromkeys([self.wish.alarm_name, *here]))
            for item in self._describe_alarms(region, names[0], AlarmNames=names[:100]):
                tags = self._noted(alarm_tags(self.reader, region, item["AlarmArn"]))
                yield FoundAlarm(region, item, tags)

    def _describe_alarms(self, region: str, target: str, **which: Any) -> tuple[Item, ...]:
        ask = ("cloudwatch", region, "describe_alarms", "MetricAlarms", target, dict)
        return self._noted(self.reader.every(*ask, AlarmTypes=["MetricAlarm"], **which)) or ()

    # Log groups and their metric filters

    def _groups(self, alarms: tuple[FoundAlarm, ...]) -> Iterator[FoundGroup]:
        for arn in dict.fromkeys(map(bare, self._group_arns(alarms))):
            item = self._noted(see_group(self.reader, arn))
            if item is not None:
                yield self._group(arn, item)

    def _group_arns(self, alarms: tuple[FoundAlarm, ...]) -> Iterator[str]:
        """On the path, of the name that we give one, and of filters that feed an alarm of ours."""
        yield from (arn for arn, group in self.seen.log_groups.items() if _own(self, arn, group))
        partition = next((Arn.parse(t.arn).partition for t in self._own_trails()), "aws")
        for region in self._regions():
            yield self._arn(partition, region, delivery_calls.GROUP_NAME)
        for alarm in alarms:
            if isinstance(alarm.tags, Mapping) and is_ours(alarm.tags):
                yield from self._fed_by(alarm)

    def _arn(self, partition: str, region: str, name: str) -> str:
        return f"arn:{partition}:logs:{region}:{self.seen.account_id}:log-group:{name}"

    def _fed_by(self, alarm: FoundAlarm) -> Iterator[str]:
        namespace, metric = alarm.item.get("Namespace"), alarm.item.get("MetricName")
        if not namespace or not metric:
            return
        ask = ("logs", alarm.region, "describe_metric_filters", "metricFilters", metric, dict)
        found = self.reader.every(*ask, metricName=metric, metricNamespace=namespace)
        partition = Arn.parse(alarm.item["AlarmArn"]).partition
        for item in self._noted(found) or ():
            yield self._arn(partition, alarm.region, item["logGroupName"])

    def _group(self, arn: str, item: Item) -> FoundGroup:
        region, name = Arn.parse(arn).region, item["logGroupName"]
        ask = ("logs", region, "describe_metric_filters", "metricFilters", arn, dict)
        filters = self.reader.every(*ask, logGroupName=name)
        tags = self._noted(group_tags(self.reader, arn))
        found = FoundGroup(arn, item, tags, filters)
        if not isinstance(tags, Mapping) or not is_ours(tags):
            return found
        return FoundGroup(
            arn, item, tags, filters, self._used_by(found, tags), self._has_records(arn, name)
        )

    def _used_by(self, group: FoundGroup, tags: Mapping[str, str]) -> tuple[str, ...] | ReadFailure:
        if isinstance(group.filters, ReadFailure):
            return group.filters
        names = (f["filterName"] for f in group.filters or ())
        others = tuple(name for name in names if filter_key(group.arn, name) not in tags)
        region, name = Arn.parse(group.arn).region, group.item["logGroupName"]
        ask = ("logs", region, "describe_subscription_filters", "subscriptionFilters", group.arn)
        sent = self.reader.every(*ask, lambda item: str(item["filterName"]), logGroupName=name)
        return sent if isinstance(sent, ReadFailure) else (*others, *(sent or ()))

    def _has_records(self, arn: str, name: str) -> bool | ReadFailure:
        answer = self.reader.one(
            "logs",
            Arn.parse(arn).region,
            "describe_log_streams",
            arn,
            lambda page: bool(page["logStreams"]),
            logGroupName=name,
            limit=1,
        )
        return answer if isinstance(answer, ReadFailure) else bool(answer)

    # Topics and their subscriptions

    def _topics(self, alarms: tuple[FoundAlarm, ...]) -> Iterator[FoundTopic]:
        for arn in dict.fromkeys(self._topic_arns(alarms)):
            where = Arn.parse(arn)
            if where.service == "sns" and where.account == self.seen.account_id:
                yield from self._topic(arn, alarms)

    def _topic_arns(self, alarms: tuple[FoundAlarm, ...]) -> Iterator[str]:
        yield from self._wished_topics()
        yield from self.seen.topics
        for alarm in alarms:
            yield from alarm.item.get("AlarmActions") or ()

    def _wished_topics(self) -> Iterator[str]:
        if self.wish.topic.startswith("arn:"):
            yield self.wish.topic
            return
        partition = next((Arn.parse(t.arn).partition for t in self._own_trails()), "aws")
        for region in self._regions():
            yield f"arn:{partition}:sns:{region}:{self.seen.account_id}:{self.wish.topic}"

    def _topic(self, arn: str, alarms: tuple[FoundAlarm, ...]) -> Iterator[FoundTopic]:
        ask = ("sns", Arn.parse(arn).region)
        read = self.reader.one(
            *ask,
            "get_topic_attributes",
            arn,
            lambda answer: dict(answer["Attributes"]),
            TopicArn=arn,
        )
        attributes = self._noted(read)
        if attributes is None:
            return
        tags = self._noted(topic_tags(self.reader, arn))
        listed = self.reader.every(
            *ask,
            "list_subscriptions_by_topic",
            "Subscriptions",
            arn,
            shapes.subscription,
            TopicArn=arn,
        )
        if listed is None:
            return
        ours = isinstance(tags, Mapping) and is_ours(tags)
        users = self._other_alarms(arn, alarms) if ours else ()
        yield FoundTopic(arn, attributes, tags, listed, users)

    def _other_alarms(
        self, arn: str, alarms: tuple[FoundAlarm, ...]
    ) -> tuple[str, ...] | ReadFailure:
        """Alarms that notify the topic for something else than sign-ins."""
        ask = ("cloudwatch", Arn.parse(arn).region, "describe_alarms", "MetricAlarms", arn)
        names = self.reader.every(*ask, lambda item: str(item["AlarmName"]), ActionPrefix=arn)
        if names is None or isinstance(names, ReadFailure):
            return names or ()
        known = {alarm.item["AlarmName"] for alarm in alarms}
        return tuple(name for name in names if name not in known)

    # The delivery

    def _trails(self, role: Role | ReadFailure | None) -> tuple[Item, ...] | ReadFailure:
        """The trails that deliver with our role; unknown where the role itself is."""
        if isinstance(role, ReadFailure):
            return role
        if role is None or not role.ours:
            return ()
        answer = self.reader.one(
            "cloudtrail",
            self.seen.region,
            "describe_trails",
            "*",
            lambda page: tuple(page["trailList"]),
            includeShadowTrails=True,
        )
        if answer is None:
            # It takes no name that could not be found: something else is wrong.
            return ReadFailure("cloudtrail:DescribeTrails", "*", "NotFound", "no list came back")
        if isinstance(answer, ReadFailure):
            return answer
        return tuple(t for t in answer if t.get("CloudWatchLogsRoleArn") == role.arn)


def _own(finder: _Finder, arn: str, group: LogGroup | ReadFailure | None) -> bool:
    return Arn.parse(arn).account == finder.seen.account_id and group is not None
