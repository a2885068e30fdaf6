# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Look, judge, plan and write, put together for the filter and the actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from c7n_mfa.aws.read import Reader
from c7n_mfa.forwarding.apply import apply
from c7n_mfa.forwarding.judge import judge
from c7n_mfa.forwarding.plan import plan_removal, plan_setting
from c7n_mfa.forwarding.read import look, look_for_ours, see_owners
from c7n_mfa.forwarding.values import Judgement, Place, Plan, Step

__all__ = ["Place", "audit", "plan", "set_up", "take_away"]

Regions = Iterable[str] | None


def audit(reader: Reader, place: Place, regions: Regions = None) -> Judgement:
    return judge(look(reader, place, regions))


def plan(
    reader: Reader, place: Place, regions: Regions, tags: Mapping[str, str]
) -> tuple[Judgement, Plan]:
    """What would be done, writing nothing."""
    seen = look(reader, place, regions)
    judgement = judge(seen)
    if judgement.verdict == "broken":
        see_owners(reader, seen)
    return judgement, plan_setting(seen, judgement, tags)


def set_up(
    reader: Reader, place: Place, regions: Regions, tags: Mapping[str, str]
) -> tuple[Judgement, tuple[Step, ...], Judgement]:
    """The judgement before, what became of each step, and the judgement after."""
    before, planned = plan(reader, place, regions, tags)
    steps = apply(reader, planned)
    return before, steps, audit(reader, place, regions)


def take_away(reader: Reader, place: Place, regions: Regions) -> tuple[Step, ...]:
    """What became of each step; without ``regions`` no Region is left out."""
    seen = look_for_ours(reader, place, regions)
    return apply(reader, plan_removal(seen, everywhere=regions is None))
