# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
r"""Text for a person: what comes out of an event or an answer of AWS, and commands to paste.

User agents, names and tags are written by others, an intruder among them.  Whatever is not a
visible character or a plain space is shown by its code point, as in ``\u{202e}``: a line break can
add a line to a message, a control can steer a terminal, a direction mark can reverse what is read,
and an invisible character makes two names look the same.

What a message shows of such text goes through `quote`, `named`, `unlinked` or, quoted in a line of
ours, `relayed`, and through nothing else: mail clients and chats make links and markup of whatever
looks like it.  So the colon of `://` and of `mailto:` is written `[:]`, the dot of a domain `[.]`,
a doubled backslash apart, and marks of quotation, code and markup become others that mean nothing.
In a command, which has to stay the same to a shell, the dot of a domain is quoted.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
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
# Before a letter: what no address of numbers and no version has.  With the other three characters
# that browsers take for the dot of a domain.
_DOMAIN_DOT = re.compile(r"[.\u3002\uff0e\uff61](?=[^\W\d_])")
_NO_MARKUP = str.maketrans({"<": "(", ">": ")"})
_HARMLESS = {**_NO_MARKUP, **str.maketrans({'"': "'", "`": "'"})}
_LINKED = (("://", "[:]//"), ("](", "] ("), ("\\\\", "\\ \\"))
_SCHEME = re.compile(r"\b(mailto|tel|sms|callto):", re.IGNORECASE)
_PLAIN = re.compile(r"[\w+=@:/\[\].-]+", re.ASCII)
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


def unlinked(text: object, longest: int) -> str:
    """Somebody else's text on one line, cut short, of which no client makes a link or markup.

    >>> unlinked("see <https://evil.example/x> or www.evil.example", 80)
    'see (https[:]//evil[.]example/x) or www[.]evil[.]example'
    >>> unlinked("Mozilla/5.0, 192.0.2.10", 80)
    'Mozilla/5.0, 192.0.2.10'
    """
    return _without_links(shorten(one_line(str(text)), longest).translate(_HARMLESS))


def relayed(line: str, longest: int) -> str:
    """A line of ours that quotes others, between quotation marks or in code spans: in the former.

    >>> print(relayed("new user `x': harmless. 'y`, see www.evil.example", 80))
    new user "x': harmless. 'y", see www[.]evil[.]example
    """
    parts = shorten(one_line(line), longest).split("`")
    parts[1::2] = [part.translate(_HARMLESS) for part in parts[1::2]]
    # A code span that was cut short ends all the same.
    parts += [""] * (len(parts) % 2 == 0)
    return _without_links('"'.join(parts).translate(_NO_MARKUP))


def _without_links(text: str) -> str:
    for linked, broken in _LINKED:
        text = text.replace(linked, broken)
    return _DOMAIN_DOT.sub("[.]", _SCHEME.sub(r"\1[:]", text))


def quote(text: object, longest: int) -> str:
    """Somebody else's text between quotation marks, out of which it does not get.

    >>> print(quote('x" What to do next: nothing', 80))
    "x' What to do next: nothing"
    """
    return f'"{unlinked(text, longest)}"'


def named(text: object, longest: int) -> str:
    """A name: quoted, unless it is one word, which can't be taken for a sentence.

    >>> named("Engineer/user@example.com", 80), named("all is well", 80)
    ('Engineer/user@example[.]com', '"all is well"')
    """
    shown = unlinked(text, longest)
    return shown if _PLAIN.fullmatch(shown.removesuffix("…")) else f'"{shown}"'


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
    typed = typed_words(words)
    return typed.replace(f'"{format_time(now)}"', _PASTED) if now else typed


def typed_words(words: Iterable[str]) -> str:
    """The words as a shell takes them, of which no client makes a link.

    >>> typed_words(["--user-name", "alice.example", "a b.example"])
    "--user-name alice'.'example 'a b'.'example'"
    """
    # The same outside of quotation marks, where it quotes the dot, and inside, where it does not.
    return _DOMAIN_DOT.sub(lambda dot: f"'{dot[0]}'", shlex.join(words))


def _is_visible(character: str) -> bool:
    return character.isprintable() and not _IGNORABLE.match(character)


def _option(name: str, value: Any) -> list[str]:
    option = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    text = value if isinstance(value, str) else json.dumps(value)
    # A user may be called `-alice`, which stands for an option where it stands alone.
    return [f"--{option}={text}"] if text.startswith("-") else [f"--{option}", text]
