# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The tags of containment, as far as they are believed.  Pure, no AWS.

Whoever may tag a user can write any time there.  One that lies in the future was written by nobody
of ours: a release of 2099 would spare the user for good, and a sign-in of 2099 would lock it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from c7n_mfa.aws.times import parse_time
from c7n_mfa.containment.values import RELEASED, TAGS

SKEW = timedelta(minutes=5)
"""How far the clock of whoever tagged a user may be ahead: AWS denies most requests of one that is
further.  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html
"""

AHEAD = "{} lies in the future: {}; it counts as absent, and somebody else wrote it"


def believed(tags: Mapping[str, str], now: datetime) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags without those of containment that lie in the future, and a sentence for each.

    >>> from datetime import UTC
    >>> believed({"c7n-mfa-released": "2099-01-01T00:00:00Z", "team": "red"}, datetime.now(UTC))[0]
    {'team': 'red'}
    """
    ahead = {
        key: tags[key]
        for key in (*TAGS, RELEASED)
        if key in tags and is_ahead(time_in(tags[key]), now)
    }
    kept = {key: value for key, value in tags.items() if key not in ahead}
    return kept, tuple(AHEAD.format(f"the tag {key}", value) for key, value in ahead.items())


def is_ahead(time: datetime | None, now: datetime) -> bool:
    return time is not None and time - now > SKEW


def time_in(value: str) -> datetime | None:
    """The time in a tag's value: all of it, behind the id of an event, or before those of keys."""
    # Whoever writes a tag may put spaces around a time, or one into it.
    words = value.split()
    said = map(parse_time, (value, *words[-1:], *words[:1]))
    return next(filter(None, said), None)
