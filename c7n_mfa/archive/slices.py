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

# What custodian calls when a mode names no handler.
_CUSTODIANS_HANDLER = "custodian_policy.run"

_ELEMENTS = "c7n_mfa.elements"
_OLDEST_PYTHON = 11
REQUIREMENTS = "c7n_mfa.requirements"
# What takes a module that is no element.
_OPTIONS = {REQUIREMENTS: "with its option requirement "}
# Asked before a function is made, and never in it.
_BEFOREHAND = frozenset(
    {
        "c7n_mfa.archive.slices",
        "c7n_mfa.elements.beforehand",
        "c7n_mfa.respond.contain.beforehand",
        "c7n_mfa.respond.trigger",
    }
)


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
    return Slice(f"c7n_mfa.archive.{name}", modules, _BEFOREHAND.union(without))


# They come with the whole language of patterns, for one option of the filter signin.
_LANGUAGE = (REQUIREMENTS,)

TELL = _slice("tell", "signin", "investigation", "alert", without=_LANGUAGE)
CONTAIN = _slice("contain", "signin", "alert", "containment", "release", without=_LANGUAGE)
RESPOND = _slice(
    "respond",
    *("signin", "investigation", "alert", "containment", "release"),
    without=_LANGUAGE,
)
MONITORING = _slice("monitoring", "account")
FORWARDING = _slice("forwarding", "forwarding")
SLICES: Mapping[str, Slice] = {
    each.name: each for each in (TELL, CONTAIN, RESPOND, MONITORING, FORWARDING)
}
"""By name, the smaller ones first."""


def problem(
    mode: Mapping[str, Any], modules: Iterable[str], all_modules: Iterable[str]
) -> str | None:
    """Why a function of this mode would not find the modules that an element takes, and the mend.

    ``all_modules`` are those that the whole policy takes.  A handler of somebody else's and a layer
    may bring them by other ways: not our business.
    """
    if mode.get("type") == "pull":
        return None
    packages = [each for each in mode.get("packages", ()) if _is_meant_for_ours(each)]
    mend = f"write in mode: packages: [{_fitting(all_modules)}]"
    return (
        _wrong_handler(mode.get("handler", _CUSTODIANS_HANDLER))
        or _wrong_python(str(mode.get("runtime", "")))
        or _wrong_packages(packages, mode, modules, mend)
    )


def _fitting(modules: Iterable[str]) -> str:
    """The smallest of ours that holds all modules."""
    wanted = tuple(modules)
    fitting = (each for each in SLICES.values() if not any(map(each.lacks, wanted)))
    return next((each.name for each in fitting), WHOLE)


def _is_meant_for_ours(package: str) -> bool:
    return package.replace("-", "_").partition(".")[0] == WHOLE


def _wrong_handler(handler: str) -> str | None:
    mend = f"write in mode: handler: {HANDLER}"
    if handler == _CUSTODIANS_HANDLER:
        return f"is not known to custodian's own function; {mend}"
    if handler != HANDLER and handler.partition(".")[0] in ("c7n", WHOLE):
        return f"is not known to mode: handler: {handler}; {mend}"
    return None


def _wrong_python(runtime: str) -> str | None:
    found = re.fullmatch(r"python3\.(\d+)", runtime)
    if found is None or int(found[1]) >= _OLDEST_PYTHON:
        return None
    return f"needs Python 3.{_OLDEST_PYTHON} or later; mode: runtime is {runtime}"


def _wrong_packages(
    packages: list[str], mode: Mapping[str, Any], modules: Iterable[str], mend: str
) -> str | None:
    unknown = [each for each in packages if each not in (WHOLE, *SLICES)]
    if unknown:
        return f"finds {unknown[0]} in mode: packages, which is no package of ours; {mend}"
    if len(set(packages)) > 1:
        return f"finds {' and '.join(packages)} in mode: packages, where one is enough; {mend}"
    if not packages:
        brought = mode.get("layers") or mode["handler"] != HANDLER
        return None if brought else f"is not packed with the function; {mend}"
    if packages[0] == WHOLE:
        return None
    lacking = sorted(filter(SLICES[packages[0]].lacks, modules))
    if not lacking:
        return None
    return f"{_OPTIONS.get(lacking[0], '')}is not in {packages[0]}; {mend}"
