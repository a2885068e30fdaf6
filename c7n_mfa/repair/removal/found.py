# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What was found that a repair may have made, as plain values.

Items are as AWS describes them, so that what is taken away can be made again from the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from c7n_mfa.audit.values import Subscription
from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.repair.values import Role

Item = Mapping[str, Any]
Tags = Mapping[str, str] | ReadFailure | None


@dataclass(frozen=True, slots=True)
class FoundAlarm:
    region: str
    item: Item
    tags: Tags


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A log group; what makes it worth keeping is only looked at when it is ours.

    ``filters``: None when AWS says meanwhile that it is gone; ``used_by``: metric filters and
    subscription filters that are not ours; ``has_records``: events were delivered to it.
    """

    arn: str
    item: Item
    tags: Tags
    filters: tuple[Item, ...] | ReadFailure | None
    used_by: tuple[str, ...] | ReadFailure = ()
    has_records: bool | ReadFailure = False


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic; ``alarms`` are those that notify it, are not ours and watch for something else."""

    arn: str
    attributes: Item | ReadFailure
    tags: Tags
    subscriptions: tuple[Subscription, ...] | ReadFailure = ()
    alarms: tuple[str, ...] | ReadFailure = ()


@dataclass(frozen=True, slots=True)
class Found:
    """``trails`` are those that deliver with our role; ``unseen`` are other looks that failed."""

    account_id: str
    alarms: tuple[FoundAlarm, ...] = ()
    groups: tuple[FoundGroup, ...] = ()
    topics: tuple[FoundTopic, ...] = ()
    role: Role | None = None
    trails: tuple[Item, ...] | ReadFailure = ()
    region: str = ""
    unseen: tuple[ReadFailure, ...] = ()
