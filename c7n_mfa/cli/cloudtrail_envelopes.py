# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records out of what AWS wraps around them.

The answer of `aws cloudtrail lookup-events` (each event with its record as a text), events of
EventBridge (`detail`), messages of queues and topics, log events and what a subscription filter
sends of them (packed, in base64), rows of Logs Insights and of CloudTrail Lake.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from typing import Any, TypeAlias

from c7n_mfa.cli.cloudtrail_foreign import translated
from c7n_mfa.frozen import frozen

Record: TypeAlias = dict[str, Any]

# What an envelope holds: records, events or rows in a list, one of them as a text, or another
# envelope.
LONG_LISTS = ("Records", "Events", "events", "Messages")
_LISTS = (*LONG_LISTS, "records", "logEvents", "results", "QueryResultRows")
_TEXTS = ("CloudTrailEvent", "Message", "Body", "body", "message", "data", "Data")
_OBJECTS = ("awslogs", "kinesis", "Sns")
# The column of a row that has the record; the rest of the row may look like one.
_COLUMNS = ("@message", "eventJson", "eventjson")
# Whether a query has come to its end.
_STATES = {"results": ("status", "Complete"), "QueryResultRows": ("QueryStatus", "FINISHED")}

_RECORD_FIELDS = frozenset({"eventName", "eventVersion", "eventSource", "eventID", "eventType"})
_DIGEST_FIELD = "digestStartTime"
_CONTROL = "CONTROL_MESSAGE"  # CloudWatch Logs asks with it whether the destination is there
# S3 and others name themselves in notifications as CloudTrail names no source.
_NOTIFICATION_SOURCE = "aws:"
_NOTIFICATION = "it only names a file in a bucket; fetch that, and name it here"
_DEEPEST = 8
_NO_RECORD = "this is no CloudTrail record, and holds none"
_NO_MESSAGE = (
    "the row has no @message, which holds the record; add it to the fields of the query, and "
    "export again"
)
PACKED = "H4sI"
"""How gzip begins in base64."""
_LONGEST_PACKED = 1 << 26


@frozen
class Fault:
    """What could not be understood: on which line, and its number in a list."""

    line: int
    what: str
    record: int | None = None


def unwrapped(
    value: Any, line: int, number: int | None = None, depth: int = 0
) -> Iterator[Record | Fault]:
    """The records of a document, or a fault where it holds none."""
    if isinstance(value, list):
        value = _row(value)
    if depth > _DEEPEST:
        yield Fault(line, "it is nested too deeply", number)
    elif isinstance(value, str) and value.lstrip().startswith(("{", PACKED)):
        yield from _parsed_text("text", value, line, number, depth)
    elif not isinstance(value, dict):
        yield Fault(line, f"a CloudTrail record was expected, not {_kind(value)}", number)
    elif column := next((name for name in _COLUMNS if name in value), None):
        yield from _parsed_text(column, value[column], line, number, depth)
    elif str(value.get("eventSource", "")).startswith(_NOTIFICATION_SOURCE):
        yield from _notified(value, line, number, depth)
    elif not _RECORD_FIELDS.isdisjoint(value):
        yield value
    elif "detail-type" in value:
        yield _detail(value, line, number)
    elif record := translated(value):
        yield record
    else:
        yield from _inside(value, line, number, depth)


def _notified(value: Record, line: int, number: int | None, depth: int) -> Iterator[Record | Fault]:
    """What a queue or a stream hands to a function, or no more than the name of a file."""
    if value.keys() & {*_OBJECTS, *_TEXTS}:
        yield from _inside(value, line, number, depth)
    else:
        yield Fault(line, _NOTIFICATION, number)


def _row(cells: list[Any]) -> Any:
    """A row that comes cell by cell, as an object; any other list stays what it is."""
    if not cells or not all(isinstance(cell, dict) for cell in cells):
        return cells
    if all(isinstance(cell.get("field"), str) for cell in cells):
        return {cell["field"]: cell.get("value") for cell in cells}
    row = {name: value for cell in cells for name, value in cell.items()}
    return row if len(row) == len(cells) == sum(map(len, cells)) else cells


def _inside(value: Record, line: int, number: int | None, depth: int) -> Iterator[Record | Fault]:
    """The records of an object that is none itself."""
    if value.get("messageType") == _CONTROL:
        return
    for key in _LISTS:
        if key in value:
            yield from _listed(key, value[key], line, depth)
            yield from _unfinished(key, value, line)
            return
    for key in _OBJECTS:
        if key in value:
            yield from unwrapped(value[key], line, number, depth + 1)
            return
    for key in _TEXTS:
        if key in value:
            yield from _parsed_text(key, value[key], line, number, depth)
            return
    if _DIGEST_FIELD not in value:  # CloudTrail lays digests beside its files
        is_row = not {"@timestamp", "@ptr"}.isdisjoint(value)
        yield Fault(line, _NO_MESSAGE if is_row else _NO_RECORD, number)


def _listed(key: str, records: Any, line: int, depth: int) -> Iterator[Record | Fault]:
    if not isinstance(records, list):
        yield Fault(line, f"{key} was expected to be a list, not {_kind(records)}")
        return
    for number, record in enumerate(records, 1):
        yield from unwrapped(record, line, number, depth + 1)


def _unfinished(key: str, value: Record, line: int) -> Iterator[Fault]:
    name, final = _STATES.get(key, ("", ""))
    state = value.get(name)
    if isinstance(state, str) and state != final:
        yield Fault(line, f"the query was {state}, so rows may be missing; fetch its results again")


def _parsed_text(
    key: str, text: Any, line: int, number: int | None, depth: int
) -> Iterator[Record | Fault]:
    """What a record that stands in a text says."""
    try:
        # The console exports a message that is JSON as an object.
        value = text if isinstance(text, dict) and key in _COLUMNS else _parsed(key, text)
    except ValueError as error:
        yield Fault(line, str(error), number)
    else:
        yield from unwrapped(value, line, number, depth + 1)


def _parsed(key: str, text: Any) -> Any:
    """The JSON of a text; a `ValueError` says what is wrong with it and how to fix it."""
    if not isinstance(text, str):
        raise ValueError(f"its {key} was expected to be a text, not {_kind(text)}")
    try:
        return json.loads(unpacked(text) if text.lstrip().startswith(PACKED) else text)
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        place = f"character {error.pos + 1}"
    except RecursionError:
        reason, place = "nested too deeply", "at some depth"
    except (binascii.Error, zlib.error, EOFError):
        raise ValueError(f"its {key} is packed, and damaged; fetch it again") from None
    except ValueError:
        reason, place = "a number of too many digits", "somewhere"
    raise ValueError(
        f"its {key} is no JSON ({reason}, {place}); it was cut or changed, so fetch it again"
    )


def unpacked(text: str) -> str:
    """The text behind gzip and base64."""
    unpacking = zlib.decompressobj(wbits=31)
    content = unpacking.decompress(base64.b64decode(text), _LONGEST_PACKED)
    if not unpacking.eof:
        raise EOFError
    return content.decode(errors="replace")


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
