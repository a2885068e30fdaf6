# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
r"""Text for a person: what comes out of an event or an answer of AWS, and commands to paste.

User agents, names and tags are written by others, an intruder among them.  Whatever is not a
visible character or a plain space is shown by its code point, as in ``\u{202e}``: a line break can
add a line to a message, a control can steer a terminal, a direction mark can reverse what is read,
and an invisible character makes two names look the same.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from c7n_mfa.aws.times import format_time

_OTHER_SPACES = re.compile(r"[^\S ]+")
# `str.isprintable` is false for the categories Cc, Cf, Cs, Co, Cn, Zl, Zp and Zs, but for the plain
# space.  What Unicode calls ignorable beside these: fillers, a joiner and variation selectors.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# Ends the quotation that holds the JSON, and begins it again: the time at which it is pasted.
_PASTED = """"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'\""""


def one_line(text: str) -> str:
    r"""The text on one line, of visible characters only; empty where there are none.

    >>> one_line("alice\r\nbob")
    'alice bob'
    >>> print(one_line("abc\u202eexe"))
    abc\u{202e}exe
    """
    spaced = _OTHER_SPACES.sub(" ", text).strip()
    if spaced.isprintable() and not _IGNORABLE.search(spaced):
        return spaced
    if not any(_is_visible(character) for character in spaced if character != " "):
        return ""
    return "".join(
        character if _is_visible(character) else f"\\u{{{ord(character):x}}}"
        for character in spaced
    )


def shorten(text: str, longest: int) -> str:
    """
    >>> shorten("a long text", 6)
    'a lon…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def command(call: Mapping[str, Any], now: datetime | None = None) -> str:
    """A call as it is typed, from the service, operation and parameters that boto3 names.

    With ``now``, where that time is written into a document, the shell puts the time at which the
    command is pasted.

    >>> command({"service": "iam", "operation": "delete_user_policy",
    ...          "parameters": {"UserName": "alice", "PolicyName": "x"}})
    'aws iam delete-user-policy --user-name alice --policy-name x'
    """
    words = ["aws", str(call["service"]), str(call["operation"]).replace("_", "-")]
    for name, value in call["parameters"].items():
        words += _option(name, value)
    typed = shlex.join(words)
    return typed.replace(f'"{format_time(now)}"', _PASTED) if now else typed


def _is_visible(character: str) -> bool:
    return character.isprintable() and not _IGNORABLE.match(character)


def _option(name: str, value: Any) -> list[str]:
    option = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    return [f"--{option}", value if isinstance(value, str) else json.dumps(value)]
