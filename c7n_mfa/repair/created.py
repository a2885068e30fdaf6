# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Looking for what a repair has created: on the path of the chains, and under the options' names.

AWS has no list of all that carries a tag that every Region and every fake answers alike, so the
candidates are few and known, and each of them is asked for its tags.  Items are as AWS describes
them, so that what is taken away can be made again from the receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from c7n_mfa.audit import shapes
from c7n_mfa.audit.values import Alarm, LogGroup, Snapshot, Subscription, Trail
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure, Shape
from c7n_mfa.frozen import frozen
from c7n_mfa.repair.existing import (
    Tags,
    alarm_tags,
    group_tags,
    read_group,
    read_role,
    topic_tags,
)
from c7n_mfa.repair.values import (
    GROUP_NAME,
    RepairOptions,
    Role,
    bare,
    created,
    filter_key,
)

Item = Mapping[str, Any]


@frozen
class CandidateAlarm:
    region: str
    item: Item
    tags: Tags


@frozen
class CandidateGroup:
    """A log group; what makes it worth keeping is only read when repair has created it.

    ``filters``: None when AWS says meanwhile that it is gone; ``used_by``: metric filters and
    subscription filters that others have made; ``has_records``: events were delivered to it.
    """

    arn: str
    item: Item
    tags: Tags
    filters: tuple[Item, ...] | ReadFailure | None
    used_by: tuple[str, ...] | ReadFailure = ()
    has_records: bool | ReadFailure = False


@frozen
class CandidateTopic:
    """A topic; ``alarms`` are those that notify it and watch for something else."""

    arn: str
    attributes: Item | ReadFailure
    tags: Tags
    subscriptions: tuple[Subscription, ...] | ReadFailure = ()
    alarms: tuple[str, ...] | ReadFailure = ()


@frozen
class Candidates:
    """All that repair may have created.

    ``trails`` are those that deliver with its role; ``failures`` are other reads that failed.
    """

    account_id: str
    alarms: tuple[CandidateAlarm, ...] = ()
    groups: tuple[CandidateGroup, ...] = ()
    topics: tuple[CandidateTopic, ...] = ()
    role: Role | None = None
    trails: tuple[Item, ...] | ReadFailure = ()
    region: str = ""
    failures: tuple[ReadFailure, ...] = ()


def read_candidates(reader: Reader, snapshot: Snapshot, options: RepairOptions) -> Candidates:
    """All that repair may have created, with its tags, and what else hangs on it."""
    return _Finder(reader, snapshot, options).find()


class _Finder:
    def __init__(self, reader: Reader, snapshot: Snapshot, options: RepairOptions) -> None:
        self.reader = reader
        self.snapshot = snapshot
        self.options = options
        self.failures: list[ReadFailure] = []

    def find(self) -> Candidates:
        alarms = tuple(self._alarms())
        groups = tuple(self._groups(alarms))
        topics = tuple(self._topics(alarms))
        role = read_role(self.reader, self.snapshot.region)
        return Candidates(
            account_id=self.snapshot.account_id,
            alarms=alarms,
            groups=groups,
            topics=topics,
            role=role if isinstance(role, Role) and role.created else None,
            trails=self._trails(role),
            region=self.snapshot.region,
            failures=tuple(self.failures),
        )

    def _noted(self, answer: Any) -> Any:
        """The answer; a read that failed is noted, and is nothing found."""
        if isinstance(answer, ReadFailure):
            self.failures.append(answer)
            return None
        return answer

    def _regions(self) -> Iterable[str]:
        """Where a repair of this account would have built anything."""
        groups = (Arn.parse(arn).region for arn in self.snapshot.log_groups)
        trails = (trail.home_region for trail in self._own_trails())
        return dict.fromkeys((*groups, *trails, self.snapshot.region))

    def _own_trails(self) -> Iterator[Trail]:
        trails = self.snapshot.trails
        for trail in () if isinstance(trails, ReadFailure) else trails:
            if trail.multi_region and Arn.parse(trail.arn).account == self.snapshot.account_id:
                yield trail

    def _partition(self) -> str:
        return next((Arn.parse(trail.arn).partition for trail in self._own_trails()), "aws")

    # Alarms

    def _on_path(self) -> Iterator[Alarm]:
        for alarms in self.snapshot.alarms.values():
            if not isinstance(alarms, ReadFailure):
                yield from alarms

    def _alarms(self) -> Iterator[CandidateAlarm]:
        for region in self._regions():
            here = [a.name for a in self._on_path() if Arn.parse(a.arn).region == region]
            names = list(dict.fromkeys([self.options.alarm_name, *here]))
            ask = ("cloudwatch", region, "describe_alarms", "MetricAlarms", names[0])
            shape = _with("AlarmArn", "AlarmName")
            which: Any = {"AlarmTypes": ["MetricAlarm"], "AlarmNames": names[:100]}
            for item in self._noted(self.reader.every(*ask, shape, **which)) or ():
                tags = self._noted(alarm_tags(self.reader, region, item["AlarmArn"]))
                yield CandidateAlarm(region, item, tags)

    # Log groups and their metric filters

    def _groups(self, alarms: tuple[CandidateAlarm, ...]) -> Iterator[CandidateGroup]:
        for arn in dict.fromkeys(map(bare, self._group_arns(alarms))):
            item = self._noted(read_group(self.reader, arn))
            if item is not None:
                yield self._group(arn, item)

    def _group_arns(self, alarms: tuple[CandidateAlarm, ...]) -> Iterator[str]:
        """On the path, of repair's name, and of filters that feed an alarm of repair."""
        yield from (arn for arn, group in self.snapshot.log_groups.items() if self._own(arn, group))
        for region in self._regions():
            yield self._group_arn(self._partition(), region, GROUP_NAME)
        for alarm in alarms:
            if created(alarm.tags):
                yield from self._fed_by(alarm)

    def _own(self, arn: str, group: LogGroup | ReadFailure | None) -> bool:
        return Arn.parse(arn).account == self.snapshot.account_id and group is not None

    def _group_arn(self, partition: str, region: str, name: str) -> str:
        return f"arn:{partition}:logs:{region}:{self.snapshot.account_id}:log-group:{name}"

    def _fed_by(self, alarm: CandidateAlarm) -> Iterator[str]:
        namespace, metric = alarm.item.get("Namespace"), alarm.item.get("MetricName")
        if not namespace or not metric:
            return
        ask = ("logs", alarm.region, "describe_metric_filters", "metricFilters", metric)
        which = {"metricName": metric, "metricNamespace": namespace}
        names = self.reader.every(*ask, lambda item: item["logGroupName"], **which)
        partition = Arn.parse(alarm.item["AlarmArn"]).partition
        for name in self._noted(names) or ():
            yield self._group_arn(partition, alarm.region, name)

    def _group(self, arn: str, item: Item) -> CandidateGroup:
        ask = ("logs", Arn.parse(arn).region, "describe_metric_filters", "metricFilters", arn)
        name = item["logGroupName"]
        filters = self.reader.every(*ask, _with("filterName"), logGroupName=name)
        group = CandidateGroup(arn, item, self._noted(group_tags(self.reader, arn)), filters)
        if not created(group.tags):
            return group
        return replace(group, used_by=self._used_by(group), has_records=self._has_records(group))

    def _used_by(self, group: CandidateGroup) -> tuple[str, ...] | ReadFailure:
        if isinstance(group.filters, ReadFailure):
            return group.filters
        tags = group.tags if isinstance(group.tags, Mapping) else {}
        names = (item["filterName"] for item in group.filters or ())
        others = tuple(name for name in names if filter_key(group.arn, name) not in tags)
        region, name = Arn.parse(group.arn).region, group.item["logGroupName"]
        ask = ("logs", region, "describe_subscription_filters", "subscriptionFilters", group.arn)
        sent = self.reader.every(*ask, lambda item: item["filterName"], logGroupName=name)
        return sent if isinstance(sent, ReadFailure) else (*others, *(sent or ()))

    def _has_records(self, group: CandidateGroup) -> bool | ReadFailure:
        ask = ("logs", Arn.parse(group.arn).region, "describe_log_streams", group.arn)
        which = {"logGroupName": group.item["logGroupName"], "limit": 1}
        answer = self.reader.one(*ask, lambda page: bool(page["logStreams"]), **which)
        return answer if isinstance(answer, ReadFailure) else bool(answer)

    # Topics and their subscriptions

    def _topics(self, alarms: tuple[CandidateAlarm, ...]) -> Iterator[CandidateTopic]:
        for arn in dict.fromkeys(self._topic_arns(alarms)):
            where = Arn.parse(arn)
            if where.service == "sns" and where.account == self.snapshot.account_id:
                yield from self._topic(arn, alarms)

    def _topic_arns(self, alarms: tuple[CandidateAlarm, ...]) -> Iterator[str]:
        yield from self._topics_of_the_options()
        yield from self.snapshot.topics
        for alarm in alarms:
            yield from alarm.item.get("AlarmActions") or ()

    def _topics_of_the_options(self) -> Iterator[str]:
        name, account = self.options.topic, self.snapshot.account_id
        if name.startswith("arn:"):
            yield name
            return
        for region in self._regions():
            yield f"arn:{self._partition()}:sns:{region}:{account}:{name}"

    def _topic(self, arn: str, alarms: tuple[CandidateAlarm, ...]) -> Iterator[CandidateTopic]:
        ask = ("sns", Arn.parse(arn).region)
        attributes = self._noted(
            self.reader.one(
                *ask,
                "get_topic_attributes",
                arn,
                lambda answer: dict(answer["Attributes"]),
                TopicArn=arn,
            )
        )
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
        if listed is not None:
            users = self._other_alarms(arn, alarms) if created(tags) else ()
            yield CandidateTopic(arn, attributes, tags, listed, users)

    def _other_alarms(
        self, arn: str, alarms: tuple[CandidateAlarm, ...]
    ) -> tuple[str, ...] | ReadFailure:
        """Alarms that notify the topic of something else than sign-ins."""
        ask = ("cloudwatch", Arn.parse(arn).region, "describe_alarms", "MetricAlarms", arn)
        names = self.reader.every(*ask, lambda item: item["AlarmName"], ActionPrefix=arn)
        if names is None or isinstance(names, ReadFailure):
            return names or ()
        known = {alarm.item["AlarmName"] for alarm in alarms}
        return tuple(name for name in names if name not in known)

    # The delivery

    def _trails(self, role: Role | ReadFailure | None) -> tuple[Item, ...] | ReadFailure:
        """The trails that deliver with the role of repair; unknown where the role itself is."""
        if isinstance(role, ReadFailure):
            return role
        if role is None or not role.created:
            return ()
        shape = _with("TrailARN")
        answer = self.reader.one(
            "cloudtrail",
            self.snapshot.region,
            "describe_trails",
            "*",
            lambda page: tuple(map(shape, page["trailList"])),
            includeShadowTrails=True,
        )
        if answer is None:
            # It takes no name that could not be found: something else is wrong.
            return ReadFailure("cloudtrail:DescribeTrails", "*", "NotFound", "no list came back")
        if isinstance(answer, ReadFailure):
            return answer
        return tuple(t for t in answer if t.get("CloudWatchLogsRoleArn") == role.arn)


def _with(*keys: str) -> Shape:
    """An item as AWS describes it, which has these keys."""

    def shape(item: Item) -> Item:
        return {**item, **{key: item[key] for key in keys}}

    return shape
