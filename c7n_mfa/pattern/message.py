# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""From the raw message of a log event to what patterns look at, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from .numeric import read_decimal, read_integer

Pairs = list[tuple[str, object]]


class NotJson(Exception):
    """The message is no JSON."""


class TooDeep(Exception):
    """The message is nested too deep to be read."""


def text_of_message(message: str | bytes) -> str:
    """The text of a raw message; bytes that are not UTF-8 are replaced."""
    return message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")


def read_json(message: str | bytes) -> list[object]:
    """What a message may mean as JSON: once, or twice if a key stands in it twice."""
    try:
        text = message if isinstance(message, str) else bytes(message).decode("utf-8")
        repeated: list[Pairs] = []
        last_wins = _loads(text, lambda pairs: _noting(pairs, repeated))
        if not repeated:
            return [last_wins]
        return [last_wins, _loads(text, lambda pairs: dict(reversed(pairs)))]
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise NotJson from None


def _loads(text: str, hook: Callable[[Pairs], object]) -> object:
    return json.loads(
        text,
        object_pairs_hook=hook,
        parse_int=read_integer,
        parse_float=read_decimal,
        parse_constant=_refuse,
    )


def _noting(pairs: Pairs, repeated: list[Pairs]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        repeated.append(pairs)
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def texts_of_event(event: object) -> list[str]:
    """The likely spellings of an event that was handed over parsed."""
    spellings: list[dict[str, Any]] = [
        {"separators": separators, "ensure_ascii": ascii_only}
        for separators in ((",", ":"), (", ", ": "))
        for ascii_only in (False, True)
    ]
    try:
        texts = [json.dumps(event, default=str, skipkeys=True, **how) for how in spellings]
    except RecursionError:
        raise TooDeep from None
    return list(dict.fromkeys(texts))
