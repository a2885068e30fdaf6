# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The slices of the plugin that a function can be packed with, and why one would not do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WHOLE = "c7n_mfa"
HANDLER = "c7n_mfa.handler.run"

_ELEMENTS = "c7n_mfa.elements"
_OLDEST_PYTHON = 11
# Asked before a function is made, and never in it.
_BEFOREHAND = "c7n_mfa.archive.slices"


@dataclass(frozen=True, slots=True)
class Slice:
    """What is packed under a name: elements with all they import, but for ``without``."""

    name: str
    elements: tuple[str, ...]
    without: frozenset[str] = frozenset()

    @property
    def roots(self) -> tuple[str, ...]:
        return ("c7n_mfa.handler", *self.elements)

    def lacks(self, module: str) -> bool:
        """Is a module in question, an element's or one that an option takes, not in it?"""
        element = module.startswith(f"{_ELEMENTS}.")
        return module in self.without or (element and module not in self.elements)


def _slice(name: str, *elements: str, without: Iterable[str] = ()) -> Slice:
    modules = tuple(f"{_ELEMENTS}.{element}" for element in elements)
    return Slice(f"c7n_mfa.archive.{name}", modules, frozenset([_BEFOREHAND, *without]))


RESPOND = _slice(
    "respond",
    *("signin", "investigation", "alert", "containment", "release"),
    # They come with the whole language of patterns, for one option of one filter.
    without=["c7n_mfa.requirements"],
)
MONITORING = _slice("monitoring", "account")
FORWARDING = _slice("forwarding", "forwarding")
SLICES: Mapping[str, Slice] = {each.name: each for each in (RESPOND, MONITORING, FORWARDING)}


def problem(mode: Mapping[str, Any], modules: Iterable[str]) -> str | None:
    """Why a function of this mode would not find the modules that an element takes, and the mend.

    A handler of somebody else's and a layer may bring them by other ways: not our business.
    """
    if mode.get("type") == "pull":
        return None
    if "handler" not in mode:
        return f"is not known to custodian's own function; add to mode: handler: {HANDLER}"
    return _wrong_python(str(mode.get("runtime", ""))) or _wrong_packages(mode, modules)


def _wrong_python(runtime: str) -> str | None:
    found = re.fullmatch(r"python3\.(\d+)", runtime)
    if found is None or int(found[1]) >= _OLDEST_PYTHON:
        return None
    return f"needs Python 3.{_OLDEST_PYTHON} or later; mode: runtime is {runtime}"


def _wrong_packages(mode: Mapping[str, Any], modules: Iterable[str]) -> str | None:
    ours = [each for each in mode.get("packages", ()) if each.partition(".")[0] == WHOLE]
    if not ours:
        missing = None if mode.get("layers") else "is not packed with the function"
        return missing and f"{missing}; add to mode: packages: [{WHOLE}]"
    if len(ours) > 1:
        return f"finds {' and '.join(ours)} in mode: packages; keep one, {WHOLE} holds them all"
    return None if ours == [WHOLE] else _wrong_slice(ours[0], modules)


def _wrong_slice(name: str, modules: Iterable[str]) -> str | None:
    if name not in SLICES:
        known = ", ".join([WHOLE, *SLICES])
        return f"finds {name} in mode: packages, which is none of {known}"
    lacking = sorted(module for module in modules if SLICES[name].lacks(module))
    if not lacking:
        return None
    return f"takes {lacking[0]}, which {name} leaves out; write in mode: packages: [{WHOLE}]"
