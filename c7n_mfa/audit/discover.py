# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of the seven links: from a session to a :class:`Snapshot`.

Only the path is read: the trails, the log groups they deliver to, the metric filters there, and
from then on what hangs on the filters that matter to the requirement.
The account and Region of a link come from its ARN, never from where the policy runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.audit.links import judge_topic, tellers, topics_of
from c7n_mfa.audit.links.alarm import Teller
from c7n_mfa.audit.read_accounts import Readers
from c7n_mfa.audit.read_alarms import see_alarms, see_history, see_mutes
from c7n_mfa.audit.read_logs import see_log_group
from c7n_mfa.audit.read_routes import see_routes
from c7n_mfa.audit.read_topics import see_topic
from c7n_mfa.audit.read_trails import log_groups, see_regions, see_statuses, see_trails
from c7n_mfa.audit.values import MetricFilter, MetricKey, Snapshot
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure

__all__ = ["Ask", "discover", "see_topic"]

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
    _see_chains(Readers(seen, reader, ask.read_role), seen, relevant, ask)
    if ask.routes:
        see_routes(reader, seen)
    return seen


def _whose(reader: Reader, region: str) -> str | ReadFailure:
    answer: str | ReadFailure = reader.one(
        "sts", region, "get_caller_identity", "*", lambda answer: str(answer["Account"])
    )
    return answer


def _see_chains(readers: Readers, seen: Snapshot, relevant: Relevant, ask: Ask) -> None:
    see_trails(readers.own, seen)
    if ask.regions:
        see_regions(readers.own, seen)
    see_statuses(readers, seen)
    for arn in log_groups(seen):
        reader = readers.of(Arn.parse(arn).account)
        if reader is not None:
            see_log_group(reader, seen, arn)
    for key, filters in _metrics(seen, relevant).items():
        reader = readers.of(key.account)
        if reader is not None:
            see_alarms(reader, seen, key, filters)
            _see_what_follows(readers, reader, seen, list(_tellers(seen, key, filters)))


def _metrics(seen: Snapshot, relevant: Relevant) -> dict[MetricKey, list[MetricFilter]]:
    found: dict[MetricKey, list[MetricFilter]] = {}
    for filters in seen.filters.values():
        for metric_filter in () if isinstance(filters, ReadFailure) else filters:
            if relevant(metric_filter):
                found.setdefault(metric_filter.metric_key, []).append(metric_filter)
    return found


def _tellers(seen: Snapshot, key: MetricKey, filters: list[MetricFilter]) -> Iterator[Teller]:
    """Who would notify a topic of a match, and is not yet known to be silent."""
    alarms = seen.alarms.get(key, ())
    met = set()
    for alarm in () if isinstance(alarms, ReadFailure) else alarms:
        for metric_filter in filters:
            for link, teller in tellers(seen, alarm, metric_filter):
                if link.verdict == "intact" and teller.arn not in met:
                    met.add(teller.arn)
                    yield teller


def _see_what_follows(
    readers: Readers, reader: Reader, seen: Snapshot, found: list[Teller]
) -> None:
    for teller in found:
        for arn in topics_of(teller):
            owner = readers.of(Arn.parse(arn).account)
            if owner is not None and arn not in seen.topics:
                see_topic(owner, seen, arn)
        if any(judge_topic(seen, arn, teller).verdict != "intact" for arn in topics_of(teller)):
            see_history(reader, seen, teller)
        see_mutes(reader, seen, teller)
