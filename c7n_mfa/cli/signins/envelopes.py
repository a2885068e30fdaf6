# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records out of what AWS wraps around them.

A trail file (`{"Records": [...]}`), the answer of `aws cloudtrail lookup-events` (`{"Events":
[...]}`, each with its record as a text), an event of EventBridge (`detail`), and what queues,
topics and log groups hand out (a record or an event as a text).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]

LISTS = ("Records", "Events", "events", "Messages")
_TEXTS = ("CloudTrailEvent", "Message", "Body", "body", "message")
_MARKS = frozenset({"eventName", "eventVersion", "eventSource", "eventID", "eventType"})
_DIGEST_MARK = "digestStartTime"
# What S3 and others tell a queue of themselves: their sources are not those of CloudTrail.
_NOTIFIES = "aws:"
_ELSEWHERE = "it only tells of a file in a bucket; fetch that, and name it here"
_DEEPEST = 8
_NO_RECORD = "this is no CloudTrail record, and holds none"


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be understood: on which line, and the how-manieth of a list it is."""

    line: int
    what: str
    record: int | None = None


def unwrapped(
    value: Any, line: int, number: int | None = None, depth: int = 0
) -> Iterator[Record | Fault]:
    """The records of a document, or a fault where it holds none."""
    if depth > _DEEPEST:
        yield Fault(line, "it is nested too deeply", number)
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        yield from _told("text", value, line, number, depth)
    elif not isinstance(value, dict):
        yield Fault(line, f"a CloudTrail record was expected, not {_kind(value)}", number)
    elif str(value.get("eventSource", "")).startswith(_NOTIFIES):
        yield Fault(line, _ELSEWHERE, number)
    elif not _MARKS.isdisjoint(value):
        yield value
    elif "detail-type" in value:
        yield _detail(value, line, number)
    else:
        yield from _inside(value, line, number, depth)


def _inside(value: Record, line: int, number: int | None, depth: int) -> Iterator[Record | Fault]:
    """The records of an object that is none itself."""
    for key in LISTS:
        if key in value:
            yield from _listed(key, value[key], line, depth)
            return
    for key in _TEXTS:
        if key in value:
            yield from _told(key, value[key], line, number, depth)
            return
    if _DIGEST_MARK not in value:  # CloudTrail lays digests beside its files
        yield Fault(line, _NO_RECORD, number)


def _listed(key: str, records: Any, line: int, depth: int) -> Iterator[Record | Fault]:
    if not isinstance(records, list):
        yield Fault(line, f"{key} was expected to be a list, not {_kind(records)}")
        return
    for number, record in enumerate(records, 1):
        yield from unwrapped(record, line, number, depth + 1)


def _told(
    key: str, text: Any, line: int, number: int | None, depth: int
) -> Iterator[Record | Fault]:
    """What a record that stands in a text says."""
    try:
        value = _parsed(key, text)
    except ValueError as error:
        yield Fault(line, str(error), number)
    else:
        yield from unwrapped(value, line, number, depth + 1)


def _parsed(key: str, text: Any) -> Any:
    """The JSON of a text; a `ValueError` says what is wrong with it and how to mend it."""
    if not isinstance(text, str):
        raise ValueError(f"its {key} was expected to be a text, not {_kind(text)}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        place = f"character {error.pos + 1}"
    except RecursionError:
        reason, place = "nested too deeply", "at some depth"
    except ValueError:
        reason, place = "a number of too many digits", "somewhere"
    raise ValueError(
        f"its {key} is no JSON ({reason}, {place}); it was cut or changed, so fetch it again"
    )


def _detail(event: Record, line: int, number: int | None) -> Record | Fault:
    detail = event.get("detail")
    if isinstance(detail, dict):
        return detail
    return Fault(line, f"a record was expected as detail, not {_kind(detail)}", number)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    kinds = ((dict, "an object"), (list, "a list"), (str, "a text"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "a number")
