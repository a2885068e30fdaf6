# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the seven links: from a session to a :class:`Snapshot`.

Only the path is read: the trails, the log groups they deliver to, the metric filters there, and
from then on what hangs on the filters that matter to the requirement.
The account and Region of a link come from its ARN, never from where the policy runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from typing import Any

from c7n_mfa.audit.alarm import NotifyingAlarm, notifying_alarms, topics_of
from c7n_mfa.audit.read_accounts import Readers
from c7n_mfa.audit.read_alarms import read_alarms, read_history, read_mutes
from c7n_mfa.audit.read_logs import read_log_group
from c7n_mfa.audit.read_routes import read_routes
from c7n_mfa.audit.read_topics import read_topic
from c7n_mfa.audit.read_trails import (
    log_groups,
    on_path,
    read_every_trail,
    read_trails,
    with_status,
)
from c7n_mfa.audit.topic import judge_topic
from c7n_mfa.audit.values import MetricFilter, MetricKey, Snapshot
from c7n_mfa.aws.read import Reader, ReadFailure, together

Relevant = Callable[[MetricFilter], bool]


@dataclass(frozen=True, slots=True)
class Ask:
    """What to look at beyond the chains, and the role to look into other accounts with."""

    regions: bool = False
    routes: bool = False
    read_role: str | None = None


def discover(
    session: Any, account_id: str | None, region: str, relevant: Relevant, ask: Ask | None = None
) -> Snapshot:
    """Look at every chain of the account.

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
    seen = Snapshot(account_id, region, at=datetime.now(UTC))
    if ask.regions:
        seen.trails, seen.regions = read_every_trail(reader, region)
    else:
        seen.trails = read_trails(reader, region)
    homes = _homes(seen)
    _, seen.routes = together(
        lambda: _read_chains(Readers(seen, reader, ask.read_role), seen, relevant),
        lambda: read_routes(reader, account_id, homes) if ask.routes else None,
    )
    return seen


def _whose(reader: Reader, region: str) -> str | ReadFailure:
    answer: str | ReadFailure = reader.one(
        "sts", region, "get_caller_identity", "*", lambda answer: str(answer["Account"])
    )
    return answer


def _homes(seen: Snapshot) -> tuple[str, ...]:
    """The home Regions of the trails."""
    trails = () if isinstance(seen.trails, ReadFailure) else seen.trails
    return tuple(dict.fromkeys([trail.home_region for trail in trails] or [seen.region]))


def _read_chains(readers: Readers, seen: Snapshot, relevant: Relevant) -> None:
    """Link after link; of each link, all at once.  Only this thread writes to the snapshot."""
    _read_statuses_and_log_groups(readers, seen)
    metrics = _metrics(seen, relevant)
    read_alarms(readers, seen, metrics)
    _read_what_follows(readers, seen, list(_notifying(seen, metrics)))


def _read_statuses_and_log_groups(readers: Readers, seen: Snapshot) -> None:
    if isinstance(seen.trails, ReadFailure):
        return
    trails = {trail.arn: trail for trail in seen.trails if on_path(seen, trail)}
    # A trail of the organization tells its members too, so that no role is needed for it.
    owners = [readers.of_arn(arn) or readers.own for arn in trails]
    groups = {arn: reader for arn in log_groups(seen) if (reader := readers.of_arn(arn))}
    statuses, found = together(
        lambda: together(*map(partial, repeat(with_status), owners, trails.values())),
        lambda: together(*(partial(read_log_group, r, arn) for arn, r in groups.items())),
    )
    trails = dict(zip(trails, statuses, strict=True))
    seen.trails = tuple(trails.get(trail.arn, trail) for trail in seen.trails)
    for arn, (group, filters) in zip(groups, found, strict=True):
        seen.log_groups[arn], seen.filters[arn] = group, filters


def _metrics(seen: Snapshot, relevant: Relevant) -> dict[MetricKey, list[MetricFilter]]:
    found: dict[MetricKey, list[MetricFilter]] = {}
    for filters in seen.filters.values():
        for metric_filter in () if isinstance(filters, ReadFailure) else filters:
            if relevant(metric_filter):
                found.setdefault(metric_filter.metric_key, []).append(metric_filter)
    return found


def _notifying(
    seen: Snapshot, metrics: Mapping[MetricKey, list[MetricFilter]]
) -> Iterator[NotifyingAlarm]:
    """Who would notify a topic of a match, each once."""
    met = set()
    for key, filters in metrics.items():
        alarms = seen.alarms.get(key, ())
        for alarm in () if isinstance(alarms, ReadFailure) else alarms:
            for metric_filter in filters:
                for link, notifying in notifying_alarms(seen, alarm, metric_filter):
                    if link.verdict == "intact" and notifying.arn not in met:
                        met.add(notifying.arn)
                        yield notifying


def _read_what_follows(readers: Readers, seen: Snapshot, found: list[NotifyingAlarm]) -> None:
    """What may silence an alarm, the topics that it notifies, and what became of the last time."""
    owners = {alarm.arn: readers.of_arn(alarm.arn) or readers.own for alarm in found}
    arns = dict.fromkeys(arn for alarm in found for arn in topics_of(alarm))
    topics = {arn: reader for arn in arns if (reader := readers.of_arn(arn))}
    mutes, answers = together(
        lambda: together(*(partial(read_mutes, owners[t.arn], t) for t in found)),
        lambda: together(*(partial(read_topic, reader, arn) for arn, reader in topics.items())),
    )
    seen.mutes.update(zip(owners, mutes, strict=True))
    for arn, (topic, subscriptions) in zip(topics, answers, strict=True):
        seen.topics[arn], seen.subscriptions[arn] = topic, subscriptions
    unheard = [
        alarm
        for alarm in found
        if any(judge_topic(seen, arn, alarm).verdict != "intact" for arn in topics_of(alarm))
    ]
    items = together(*(partial(read_history, owners[t.arn], t) for t in unheard))
    seen.history.update((t.arn, item) for t, item in zip(unheard, items, strict=True) if item)
