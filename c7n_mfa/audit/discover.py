# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Reads the seven links of every chain: from a session to a :class:`Snapshot`.

Only the path is read: the trails, the log groups they deliver to, the metric filters there, and
from then on what follows from the filters that matter to the requirement.
The account and Region of a link come from its ARN, never from where the policy runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from typing import Any

from c7n_mfa.audit.alarm import NotifyingAlarm, notifying_alarms, topics_of
from c7n_mfa.audit.read import (
    Readers,
    log_groups,
    on_path,
    read_every_trail,
    read_log_group,
    read_trails,
    with_status,
)
from c7n_mfa.audit.read_alarms import read_alarms, read_history, read_mutes
from c7n_mfa.audit.read_topics import read_routes, read_topic
from c7n_mfa.audit.topic import judge_topic
from c7n_mfa.audit.values import MetricFilter, MetricKey, Snapshot
from c7n_mfa.aws.read import Reader, ReadFailure, together
from c7n_mfa.frozen import frozen

Relevant = Callable[[MetricFilter], bool]


@frozen
class Ask:
    """What to read beyond the chains, and the role to read other accounts with."""

    regions: bool = False
    routes: bool = False
    read_role: str | None = None


def discover(
    session: Any, account_id: str | None, region: str, relevant: Relevant, ask: Ask | None = None
) -> Snapshot:
    """Read every chain of the account.

    ``relevant`` says which metric filters are worth following to their alarms.
    Without an ``account_id`` AWS is asked whose account this is: custodian goes on with none when
    it could not find out.
    """
    ask, reader = ask or Ask(), Reader(session)
    if account_id is None:
        answer = _whose(reader, region)
        if not isinstance(answer, str):
            return Snapshot("", region, trails=answer)
        account_id = answer
    snapshot = Snapshot(account_id, region, at=datetime.now(UTC))
    if ask.regions:
        snapshot.trails, snapshot.regions = read_every_trail(reader, region)
    else:
        snapshot.trails = read_trails(reader, region)
    homes = _homes(snapshot)
    _, snapshot.routes = together(
        lambda: _read_chains(Readers(snapshot, reader, ask.read_role), snapshot, relevant),
        lambda: read_routes(reader, account_id, homes) if ask.routes else None,
    )
    return snapshot


def _whose(reader: Reader, region: str) -> str | ReadFailure:
    answer: str | ReadFailure = reader.one(
        "sts", region, "get_caller_identity", "*", lambda answer: str(answer["Account"])
    )
    return answer


def _homes(snapshot: Snapshot) -> tuple[str, ...]:
    """The home Regions of the trails."""
    trails = () if isinstance(snapshot.trails, ReadFailure) else snapshot.trails
    return tuple(dict.fromkeys([trail.home_region for trail in trails] or [snapshot.region]))


def _read_chains(readers: Readers, snapshot: Snapshot, relevant: Relevant) -> None:
    """Link after link; of each link, all at once.  Only this thread writes to the snapshot."""
    _read_statuses_and_log_groups(readers, snapshot)
    metrics = _metrics(snapshot, relevant)
    read_alarms(readers, snapshot, metrics)
    _read_what_follows(readers, snapshot, list(_notifying(snapshot, metrics)))


def _read_statuses_and_log_groups(readers: Readers, snapshot: Snapshot) -> None:
    if isinstance(snapshot.trails, ReadFailure):
        return
    trails = {trail.arn: trail for trail in snapshot.trails if on_path(snapshot, trail)}
    # A trail of the organization can be read by its members, so that no role is needed for it.
    owners = [readers.of_arn(arn) or readers.own for arn in trails]
    groups = {arn: reader for arn in log_groups(snapshot) if (reader := readers.of_arn(arn))}
    statuses, contents = together(
        lambda: together(*map(partial, repeat(with_status), owners, trails.values())),
        lambda: together(*(partial(read_log_group, r, arn) for arn, r in groups.items())),
    )
    trails = dict(zip(trails, statuses, strict=True))
    snapshot.trails = tuple(trails.get(trail.arn, trail) for trail in snapshot.trails)
    for arn, (group, filters) in zip(groups, contents, strict=True):
        snapshot.log_groups[arn], snapshot.filters[arn] = group, filters


def _metrics(snapshot: Snapshot, relevant: Relevant) -> dict[MetricKey, list[MetricFilter]]:
    metrics: dict[MetricKey, list[MetricFilter]] = {}
    for filters in snapshot.filters.values():
        for metric_filter in () if isinstance(filters, ReadFailure) else filters:
            if relevant(metric_filter):
                metrics.setdefault(metric_filter.metric_key, []).append(metric_filter)
    return metrics


def _notifying(
    snapshot: Snapshot, metrics: Mapping[MetricKey, list[MetricFilter]]
) -> Iterator[NotifyingAlarm]:
    """Who would notify a topic of a match, each once."""
    met = set()
    for key, filters in metrics.items():
        alarms = snapshot.alarms.get(key, ())
        for alarm in () if isinstance(alarms, ReadFailure) else alarms:
            for metric_filter in filters:
                for link, notifying in notifying_alarms(snapshot, alarm, metric_filter):
                    if link.verdict == "intact" and notifying.arn not in met:
                        met.add(notifying.arn)
                        yield notifying


def _read_what_follows(readers: Readers, snapshot: Snapshot, alarms: list[NotifyingAlarm]) -> None:
    """What may mute the alarms, the topics that they notify, and what became of the last action."""
    owners = {alarm.arn: readers.of_arn(alarm.arn) or readers.own for alarm in alarms}
    arns = dict.fromkeys(arn for alarm in alarms for arn in topics_of(alarm))
    topics = {arn: reader for arn in arns if (reader := readers.of_arn(arn))}
    mutes, answers = together(
        lambda: together(*(partial(read_mutes, owners[a.arn], a) for a in alarms)),
        lambda: together(*(partial(read_topic, reader, arn) for arn, reader in topics.items())),
    )
    snapshot.mutes.update(zip(owners, mutes, strict=True))
    for arn, (topic, subscriptions) in zip(topics, answers, strict=True):
        snapshot.topics[arn], snapshot.subscriptions[arn] = topic, subscriptions
    failing = [
        alarm
        for alarm in alarms
        if any(judge_topic(snapshot, arn, alarm).verdict != "intact" for arn in topics_of(alarm))
    ]
    items = together(*(partial(read_history, owners[a.arn], a) for a in failing))
    snapshot.history.update((a.arn, item) for a, item in zip(failing, items, strict=True) if item)
